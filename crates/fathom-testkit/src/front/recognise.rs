//! Which call a request is: service, operation, region and caller, for all five protocols.

use std::{collections::BTreeMap, sync::Arc};

use http::{HeaderMap, Method, Uri, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;

use super::model::{Metadata, Model, Operation, Protocol};

/// A request's parts that matter for recognising it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query as sent.
    pub uri: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// What the signature says about the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The access key id.
    pub access_key: String,
    /// The region that signs.
    pub region: String,
    /// The service's signing name.
    pub signing_name: String,
}

/// A recognised call.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The service's model; none for a service without one.
    pub model: Option<Arc<Model>>,
    /// The service as the models name it, else its signing name.
    pub service: String,
    /// The operation, if it could be told; it need not be in the model.
    pub operation: String,
    /// What the signature says.
    pub scope: Scope,
    /// Path labels by name, decoded.
    pub labels: BTreeMap<String, String>,
}

impl Seen {
    /// The model and the operation's row in it.
    pub fn modelled(&self) -> Option<(&Model, &Operation)> {
        let model = self.model.as_deref()?;
        Some((model, model.operations.get(&self.operation)?))
    }
}

/// Reads the credential scope of a Signature Version 4 header; empty parts where there is none.
pub fn scope(headers: &HeaderMap) -> Scope {
    let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credential = text.split_once("Credential=").map_or("", |(_, rest)| rest);
    let credential = credential.split([',', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = credential.split('/').collect();
    match parts.as_slice() {
        [key, _date, region, service, ..] => Scope {
            access_key: (*key).to_owned(),
            region: (*region).to_owned(),
            signing_name: (*service).to_owned(),
        },
        _ => Scope::default(),
    }
}

/// The pairs of a query string or form, decoded, in order.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let split = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key), decode(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

/// Says which call a request is.
pub fn recognise(message: &Message<'_>) -> Seen {
    let scope = scope(message.headers);
    let candidates: Vec<(&String, &Metadata)> = Model::index()
        .iter()
        .filter(|(_, metadata)| {
            scope.signing_name.is_empty() || metadata.signing_name() == scope.signing_name
        })
        .collect();
    let found = by_target(message, &candidates)
        .or_else(|| by_action(message, &candidates, &scope))
        .or_else(|| by_path(message, &candidates));
    if let Some((service, operation, labels)) = found {
        return Seen { model: Model::of(&service), service, operation, scope, labels };
    }
    let named = candidates.iter().find(|(name, _)| **name == scope.signing_name);
    let service = named.or(candidates.first()).filter(|_| !scope.signing_name.is_empty());
    let service = service.map_or_else(|| scope.signing_name.clone(), |(name, _)| (*name).clone());
    let model = Model::of(&service);
    Seen { model, service, operation: String::new(), scope, labels: BTreeMap::new() }
}

type Found = (String, String, BTreeMap<String, String>);

fn by_target(message: &Message<'_>, candidates: &[(&String, &Metadata)]) -> Option<Found> {
    let target = message.headers.get("x-amz-target")?.to_str().ok()?;
    let (prefix, operation) = target.rsplit_once('.')?;
    let is_it = |metadata: &Metadata| metadata.target_prefix.as_deref() == Some(prefix);
    let (service, _) = candidates.iter().find(|(_, metadata)| is_it(metadata))?;
    Some(((*service).clone(), operation.to_owned(), BTreeMap::new()))
}

fn by_action(message: &Message<'_>, candidates: &[(&String, &Metadata)], scope: &Scope) -> Option<Found> {
    let is_query = |metadata: &Metadata| matches!(metadata.protocol(), Protocol::Query | Protocol::Ec2);
    if !candidates.iter().any(|(_, metadata)| is_query(metadata)) {
        return None;
    }
    let body = std::str::from_utf8(message.body).ok()?;
    let mut form = pairs(message.uri.query().unwrap_or_default());
    form.extend(pairs(body));
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let operation = value("Action")?;
    let version = value("Version").unwrap_or_default();
    let fits =
        |metadata: &Metadata| is_query(metadata) && (version.is_empty() || metadata.api_version == version);
    let fitting: Vec<&String> =
        candidates.iter().filter(|(_, metadata)| fits(metadata)).map(|(name, _)| *name).collect();
    let has = |name: &String| Model::of(name).is_some_and(|model| model.operations.contains_key(operation));
    // Services that share signing name and version (rds, docdb, neptune) count as the one that the name is of.
    let service = fitting
        .iter()
        .find(|name| **name == &scope.signing_name && has(name))
        .or_else(|| fitting.iter().find(|name| has(name)))
        .or_else(|| fitting.iter().find(|name| **name == &scope.signing_name))
        .or(fitting.first())?;
    Some(((*service).clone(), operation.to_owned(), BTreeMap::new()))
}

/// Operations that share method and address with the one that is meant: old forms, and another host's.
const NOT_MEANT: &[(&str, &str)] =
    &[("s3", "GetBucketLifecycle"), ("s3", "GetBucketNotification"), ("s3", "ListDirectoryBuckets")];

fn by_path(message: &Message<'_>, candidates: &[(&String, &Metadata)]) -> Option<Found> {
    let query = pairs(message.uri.query().unwrap_or_default());
    // More literal text first, then more literal and required query keys.
    let mut best: Option<((usize, usize, bool), Found)> = None;
    for (service, metadata) in candidates {
        if !matches!(metadata.protocol(), Protocol::RestJson | Protocol::RestXml) {
            continue;
        }
        let Some(model) = Model::of(service) else { continue };
        for (name, operation) in &model.operations {
            if operation.http.method.as_deref().unwrap_or("POST") != message.method.as_str() {
                continue;
            }
            let template = operation.http.request_uri.as_deref().unwrap_or("/");
            let (path, literal) = template.split_once('?').unwrap_or((template, ""));
            let literal = pairs(literal);
            let has = |key: &str, value: &str| {
                query.iter().any(|(k, v)| k == key && (value.is_empty() || v == value))
            };
            if !literal.iter().all(|(key, value)| has(key, value)) {
                continue;
            }
            let Some((labels, fixed)) = labels(path, message.uri.path()) else { continue };
            let Some(required) = required_in_query(&model, operation, &|key| has(key, "")) else { continue };
            let is_current = !NOT_MEANT.contains(&(service.as_str(), name.as_str()));
            let rank = (fixed, literal.len() + required, is_current);
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                best = Some((rank, ((*service).clone(), name.clone(), labels)));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// How many required members the query has; none if one is missing, there or in the headers.
fn required_in_query(model: &Model, operation: &Operation, has: &dyn Fn(&str) -> bool) -> Option<usize> {
    let Some(input) = &operation.input else { return Some(0) };
    let input = model.shape(input);
    let mut count = 0;
    for name in &input.required {
        let Some(member) = input.members.get(name) else { continue };
        if member.traits.location.as_deref() == Some("querystring") {
            if !has(model.wire(member).unwrap_or(name)) {
                return None;
            }
            count += 1;
        }
    }
    Some(count)
}

/// Labels of a path by its template, and how much of the template is literal.
fn labels(template: &str, path: &str) -> Option<(BTreeMap<String, String>, usize)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut found = BTreeMap::new();
    let mut fixed = 0;
    let mut rest = path.trim_start_matches('/').trim_end_matches('/');
    let template = template.trim_start_matches('/').trim_end_matches('/');
    if template.is_empty() {
        return rest.is_empty().then_some((found, 1));
    }
    let parts: Vec<&str> = template.split('/').collect();
    for (at, part) in parts.iter().enumerate() {
        let label = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        if let Some(greedy) = label.and_then(|label| label.strip_suffix('+')) {
            // A greedy label leaves what the literal parts after it need.
            let after = parts.len() - at - 1;
            let pieces: Vec<&str> = rest.split('/').collect();
            let taken = pieces.len().checked_sub(after).filter(|taken| *taken > 0)?;
            let text = pieces.get(..taken)?.join("/");
            if text.is_empty() {
                return None;
            }
            rest = rest.get(text.len()..)?.trim_start_matches('/');
            found.insert(greedy.to_owned(), decode(&text));
            continue;
        }
        let (piece, remaining) = rest.split_once('/').unwrap_or((rest, ""));
        match label {
            Some(_) if piece.is_empty() => return None,
            Some(label) => {
                found.insert(label.to_owned(), decode(piece));
            }
            None if decode(piece) == *part => fixed += part.len() + 1,
            None => return None,
        }
        rest = remaining;
    }
    rest.is_empty().then_some((found, fixed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_template() {
        let found = |template, path| labels(template, path).map(|(labels, _)| labels);
        let map = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        assert_eq!(found("/", "/"), map(&[]));
        assert_eq!(found("/{Bucket}/{Key+}", "/b/a/c%20d"), map(&[("Bucket", "b"), ("Key", "a/c d")]));
        assert_eq!(found("/{Bucket}/{Key+}", "/b"), None);
        assert_eq!(found("/tags/{arn}", "/tags/arn%3Aaws%3Ax%2Fy"), map(&[("arn", "arn:aws:x/y")]));
        assert_eq!(found("/2015-03-31/functions/", "/2015-03-31/functions"), map(&[]));
        assert_eq!(found("/a/{x}/b", "/a/1/c"), None);
    }

    #[test]
    fn the_signature_names_region_service_and_key() {
        let mut headers = HeaderMap::new();
        assert_eq!(scope(&headers), Scope::default());
        let text = "AWS4-HMAC-SHA256 Credential=AKIA1/20260102/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
        headers.insert(AUTHORIZATION, text.parse().expect("a header"));
        let scope = scope(&headers);
        assert_eq!((scope.access_key.as_str(), scope.region.as_str()), ("AKIA1", "eu-west-1"));
        assert_eq!(scope.signing_name, "ec2");
    }
}
