//! Takes secrets out of answers before they are written.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fathom_model::{path::Path, secret::hide_credentials};
use http::{HeaderMap, header};
use serde_json::Value;

use super::{Body, beyond};
use crate::{
    codec::{self, MASK, Secrets},
    model::{Kind, Models, Operation, Service, ShapeId, ShapeRef},
    wire,
};

/// Members that are secret although the models do not say so: service, operation, pointer into the value form.
const ALSO_SECRET: &[(&str, &str, &str)] = &[
    ("sts", "AssumeRole", "/Credentials/AccessKeyId"),
    ("sts", "AssumeRole", "/Credentials/SecretAccessKey"),
    ("sts", "AssumeRole", "/Credentials/SessionToken"),
];

/// A member that may hold secrets although the models do not say so, as a resource definition names it.
#[derive(Debug, Clone)]
pub struct SecretMember {
    /// Service as the models name it.
    pub service: String,
    /// Operation as the models name it.
    pub operation: String,
    /// Where the member is in the answer's value form; every text at and below it is hidden.
    pub path: Path,
}

impl SecretMember {
    fn is_of(&self, service: &Service, operation: &Operation) -> bool {
        self.service == service.name() && self.operation == operation.name()
    }
}

/// Stands for a body that cannot be read, and so cannot be searched, of an operation that may answer with secrets.
const WITHHELD: &str = "(withheld: the answer could not be read and may hold secrets)";

/// Headers that recordings keep beside those that start with `x-amz` and those that the model binds.
const KEPT: &[&str] = &["content-type", "date", "retry-after", "etag", "last-modified", "location"];

/// Headers that they never keep.
const DROPPED: &[&str] = &["x-amz-security-token", "x-amz-id-2", "x-amz-cf-id", "x-amz-cf-pop", "set-cookie"];

/// What the request's headers hold that an answer might quote: signature and session token.
pub(super) fn request_secrets(headers: &HeaderMap) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(token) = headers.get("x-amz-security-token").and_then(|value| value.to_str().ok()) {
        out.push(token.to_owned());
    }
    if let Some(line) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        out.extend(line.split("Signature=").nth(1).map(str::to_owned));
    }
    out.retain(|secret| secret.len() >= 16);
    out
}

/// The headers and the body of an answer as a recording may hold them.
pub(super) fn masked(
    service: &str,
    operation: &str,
    response: &wire::Response,
    quoted: &[String],
    members: &[SecretMember],
) -> (BTreeMap<String, String>, Body) {
    let service = Models::embedded().service(service).ok();
    let model = service.as_deref().and_then(|service| Some((service, service.operation(operation)?)));
    let mut response = wire::Response {
        status: response.status,
        headers: kept(&response.headers, model),
        body: without(&response.body, quoted),
    };
    let mut body = None;
    if let Some((service, operation)) = model.filter(|_| (200..300).contains(&response.status)) {
        if let Some(known) = beyond::without_unknown(service, operation, &response.body) {
            response.body = known;
        }
        body = of_result(service, operation, members, &mut response);
    }
    let headers = response
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    (headers, body.unwrap_or_else(|| verbatim(&response.body)))
}

fn verbatim(body: &Bytes) -> Body {
    match std::str::from_utf8(body) {
        Ok(text) => Body::Body(text.to_owned()),
        Err(_) => Body::Base64(STANDARD.encode(body)),
    }
}

fn kept(headers: &HeaderMap, model: Option<(&Service, &Operation)>) -> HeaderMap {
    let bound: HashSet<String> = model
        .and_then(|(service, operation)| service.shape(operation.output()?.shape()).structure())
        .into_iter()
        .flat_map(crate::model::Structure::members)
        .filter_map(|member| member.target().wire_name().map(str::to_ascii_lowercase))
        .collect();
    let keeps = |name: &str| {
        !DROPPED.contains(&name)
            && (name.starts_with("x-amz") || KEPT.contains(&name) || bound.contains(name))
    };
    headers.iter().filter(|(name, _)| keeps(name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// The body without texts that must not be in it, in the escapings of JSON and XML.
fn without(body: &Bytes, secrets: &[String]) -> Bytes {
    let Ok(text) = std::str::from_utf8(body) else { return body.clone() };
    let mut out = None;
    for secret in secrets {
        for form in [secret.clone(), secret.replace('/', "\\/"), xml_escaped(secret)] {
            let current: &str = out.as_deref().unwrap_or(text);
            if current.contains(&form) {
                out = Some(current.replace(&form, MASK));
            }
        }
    }
    out.map_or_else(|| body.clone(), Bytes::from)
}

/// Masks a result. Secrets are replaced in the text where reading the text again proves that exactly they are gone;
/// otherwise the value form stands in for it. None: nothing is secret.
fn of_result(
    service: &Service,
    operation: &Operation,
    members: &[SecretMember],
    response: &mut wire::Response,
) -> Option<Body> {
    let members: Vec<&SecretMember> =
        members.iter().filter(|member| member.is_of(service, operation)).collect();
    let Ok(open) = codec::parse(service, operation, response, Secrets::Keep) else {
        let may_hold = !members.is_empty() || may_hold_secrets(service, operation);
        return may_hold.then(|| Body::Body(WITHHELD.to_owned()));
    };
    let mut hidden = codec::parse(service, operation, response, Secrets::Mask).ok()?;
    for (_, _, pointer) in
        ALSO_SECRET.iter().filter(|(of, name, _)| *of == service.name() && *name == operation.name())
    {
        if let Some(value) = hidden.pointer_mut(pointer) {
            *value = Value::String(MASK.to_owned());
        }
    }
    for member in members {
        member.path.change(&mut hidden, &mut hide_texts);
    }
    hide_credentials(&mut hidden);
    if open == hidden {
        return None;
    }
    let mut secrets = Vec::new();
    differing(&open, &hidden, &mut secrets);
    let text = std::str::from_utf8(&response.body).ok().map(|text| replaced(text, &secrets));
    if let Some(text) = text {
        let candidate = wire::Response { body: Bytes::from(text.clone()), ..response.clone() };
        if codec::parse(service, operation, &candidate, Secrets::Keep).is_ok_and(|value| value == hidden) {
            return Some(Body::Body(text));
        }
    }
    // Secrets in headers stay out with the headers.
    response.headers.clear();
    Some(Body::Value(hidden))
}

/// Hides every text of a tree; what is empty stays, for "not set" is no secret.
fn hide_texts(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_empty() => *value = Value::String(MASK.to_owned()),
        Value::Array(items) => items.iter_mut().for_each(hide_texts),
        Value::Object(members) => members.values_mut().for_each(hide_texts),
        _ => {}
    }
}

/// The texts that one tree has where the other has something else.
fn differing<'v>(open: &'v Value, hidden: &Value, out: &mut Vec<&'v str>) {
    match (open, hidden) {
        (Value::Object(open), Value::Object(hidden)) => {
            for (name, value) in open {
                differing(value, hidden.get(name).unwrap_or(&Value::Null), out);
            }
        }
        (Value::Array(open), Value::Array(hidden)) if open.len() == hidden.len() => {
            for (value, hidden) in open.iter().zip(hidden) {
                differing(value, hidden, out);
            }
        }
        (Value::String(text), hidden) if Some(text.as_str()) != hidden.as_str() => out.push(text),
        _ => {}
    }
}

/// Replaces whole texts of JSON strings and XML elements.
fn replaced(text: &str, secrets: &[&str]) -> String {
    let mut secrets: Vec<&str> = secrets.to_vec();
    secrets.sort_unstable();
    secrets.dedup();
    let mut out = text.to_owned();
    for secret in secrets {
        let json = Value::String(secret.to_owned()).to_string();
        let forms = [
            (json.clone(), format!("\"{MASK}\"")),
            (ascii_json(&json), format!("\"{MASK}\"")),
            (format!(">{}</", xml_escaped(secret)), format!(">{MASK}</")),
            (format!(">{secret}</"), format!(">{MASK}</")),
        ];
        for (form, mask) in forms {
            if out.contains(&form) {
                out = out.replace(&form, &mask);
            }
        }
    }
    out
}

fn ascii_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

fn xml_escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whether anything in the operation's output is marked as secret.
fn may_hold_secrets(service: &Service, operation: &Operation) -> bool {
    if ALSO_SECRET.iter().any(|(of, name, _)| *of == service.name() && *name == operation.name()) {
        return true;
    }
    let mut seen: HashSet<ShapeId> = HashSet::new();
    let mut next: Vec<&ShapeRef> = operation.output().into_iter().collect();
    while let Some(target) = next.pop() {
        if target.is_sensitive() {
            return true;
        }
        if !seen.insert(target.shape()) {
            continue;
        }
        match service.shape(target.shape()).kind() {
            Kind::Structure(structure) => {
                next.extend(structure.members().iter().map(crate::model::Member::target));
            }
            Kind::List(item) => next.push(item),
            Kind::Map(key, value) => next.extend([key, value]),
            _ => {}
        }
    }
    false
}
