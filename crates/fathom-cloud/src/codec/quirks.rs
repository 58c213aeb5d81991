//! Where a service breaks its own protocol. Each exception is a row or a function here and nowhere else.

use super::error::ParseError;
use super::xml::Xml;
use super::{Context, DEPTH_MAX, Secrets, check};
use crate::model::{Operation, Service, Shape};
use crate::wire;
use http::HeaderValue;
use http::header::ACCEPT;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Text shapes that hold a percent-encoded JSON document.
const JSON_IN_TEXT: &[(&str, &str)] = &[("iam", "policyDocumentType")];

/// Path labels that the service also gives out with a path before them (`/hostedzone/Z1`), but takes only without.
const IDS_WITH_PATH: &[(&str, &str)] = &[
    ("route53", "ResourceId"),
    ("route53", "DelegationSetId"),
    ("route53", "ChangeId"),
    ("route53", "TagResourceId"),
];

/// Services that answer in another form unless asked for JSON.
const ASKS_FOR_JSON: &[&str] = &["apigateway"];

/// Services that may put an error into an answer with a success status.
const ERRORS_IN_SUCCESS: &[&str] = &["s3"];

/// Operations whose answer is one element that stands for its only member: (service, operation, root, member).
const ROOT_IS_MEMBER: &[(&str, &str, &str, &str)] =
    &[("s3", "GetBucketLocation", "LocationConstraint", "LocationConstraint")];

fn listed(table: &[(&str, &str)], service: &Service, shape: &Shape) -> bool {
    table.iter().any(|(name, of)| *name == service.name() && *of == shape.name())
}

pub(crate) fn amend_request(service: &Service, request: &mut wire::Request) {
    if ASKS_FOR_JSON.contains(&service.name()) {
        request.headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    }
}

/// The part of an id that goes into the path.
pub(crate) fn path_label<'a>(service: &Service, shape: &Shape, text: &'a str) -> &'a str {
    if listed(IDS_WITH_PATH, service, shape) {
        return text.rsplit_once('/').map_or(text, |(_, id)| id);
    }
    text
}

/// The document in a text that holds one; none where it is plain text or does not read.
pub(crate) fn json_in_text(service: &Service, shape: &Shape, text: &str) -> Option<Value> {
    if !listed(JSON_IN_TEXT, service, shape) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    serde_json::from_str(&decoded).ok().filter(|value| check::fits(value, DEPTH_MAX))
}

/// Whether a success answer of such a service has an error as its root element.
pub(crate) fn has_embedded_error(service: &Service, response: &wire::Response) -> bool {
    if !ERRORS_IN_SUCCESS.contains(&service.name()) || response.status >= 300 {
        return false;
    }
    let context = Context { service, secrets: Secrets::Mask };
    // Only the beginning matters: the root's start tag follows the declaration at once.
    let Some(beginning) = response.body.get(..response.body.len().min(512)) else { return false };
    let beginning = match std::str::from_utf8(beginning) {
        Ok(_) => beginning,
        Err(error) => &beginning[..error.valid_up_to()],
    };
    let Ok(mut xml) = Xml::new(context, beginning) else { return false };
    matches!(xml.root(), Ok(Some(root)) if super::xml::local(&root) == "Error")
}

/// The members of an answer that is not a structure although the model says so.
pub(crate) fn whole_body(
    service: &Service,
    operation: &Operation,
    body: &[u8],
) -> Result<Option<Map<String, Value>>, ParseError> {
    let row =
        ROOT_IS_MEMBER.iter().find(|(name, of, _, _)| *name == service.name() && *of == operation.name());
    let Some((_, _, element, member)) = row else { return Ok(None) };
    let mut out = Map::new();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Some(out));
    }
    let mut xml = Xml::new(Context { service, secrets: Secrets::Keep }, body)?;
    if let Some(root) = xml.root()?
        && super::xml::local(&root) == *element
    {
        let text = xml.text()?;
        if !text.is_empty() {
            out.insert((*member).to_owned(), Value::String(text.into_owned()));
        }
    }
    Ok(Some(out))
}
