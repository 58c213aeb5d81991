//! The REST protocols: which part of the message carries which member.

use super::error::{ParseError, SerializeError};
use super::form::RESERVED;
use super::{Context, MASK, Secrets, check, json, quirks, scalar, xml, xml_write};
use crate::model::{
    Kind, Location, Member, Operation, Protocol, Service, ShapeRef, Structure, TimestampFormat,
};
use crate::wire;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use serde_json::{Map, Value};

/// What a greedy label leaves as it is.
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

pub(crate) fn serialize(
    service: &Service,
    operation: &Operation,
    params: &Map<String, Value>,
) -> Result<wire::Request, SerializeError> {
    let mut request = wire::Request {
        method: operation.method().clone(),
        path: String::new(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        host_prefix: None,
    };
    let input = operation.input().and_then(|input| Some((input, service.structure(input)?)));
    let (path, query) = operation.uri().split_once('?').unwrap_or((operation.uri(), ""));
    request.path = render_path(service, input.map(|(_, structure)| structure), path, params)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        request.query.push((key.to_owned(), value.to_owned()));
    }
    let Some((target, structure)) = input else { return Ok(request) };

    let mut body = Map::new();
    let mut open_queries = Vec::new();
    for (name, value) in params {
        let Some(member) = structure.member(name) else { continue };
        match member.target().location() {
            _ if value.is_null() => {}
            Location::Uri => {}
            Location::Query => match (service.shape(member.target().shape()).kind(), value) {
                (Kind::Map(_, values), Value::Object(object)) => open_queries.push((values, object)),
                _ => query_pairs(service, member.target(), member.wire(), value, &mut request.query),
            },
            Location::Header => header(service, member, value, &mut request.headers)?,
            Location::Headers => prefix_headers(member, value, &mut request.headers)?,
            Location::Body | Location::Status => {
                body.insert(name.clone(), value.clone());
            }
        }
    }
    // Members with a name of their own win over a map's entries of that name.
    let named: Vec<String> = request.query.iter().map(|(key, _)| key.clone()).collect();
    for (values, object) in open_queries {
        for (key, value) in object.iter().filter(|(key, _)| !named.contains(key)) {
            query_pairs(service, values, key, value, &mut request.query);
        }
    }
    write_body(service, operation, target, structure, &body, &mut request)?;
    Ok(request)
}

fn write_body(
    service: &Service,
    operation: &Operation,
    target: &ShapeRef,
    structure: &Structure,
    body: &Map<String, Value>,
    request: &mut wire::Request,
) -> Result<(), SerializeError> {
    let is_json = service.protocol() == Protocol::RestJson;
    let mut content = if is_json { "application/json" } else { "application/xml" };
    if let Some(payload) = structure.payload() {
        let shape = service.shape(payload.target().shape());
        let value = body.get(payload.name());
        request.body = match (shape.kind(), value) {
            (Kind::Blob, value) => {
                content = "application/octet-stream";
                Bytes::from(value.and_then(Value::as_str).and_then(scalar::decode_base64).unwrap_or_default())
            }
            (Kind::String, value) => {
                content = "text/plain";
                Bytes::from(value.and_then(Value::as_str).unwrap_or_default().to_owned())
            }
            (_, Some(value)) if is_json => json::to_body(&json::value_out(service, payload.target(), value))?,
            (_, Some(value)) => {
                let root = payload.target().wire_name().unwrap_or(shape.name());
                Bytes::from(xml_write::document(service, payload.target(), root, value))
            }
            (Kind::Structure(structure), None) if is_json && !structure.is_union() => {
                Bytes::from_static(b"{}")
            }
            (_, None) => Bytes::new(),
        };
    } else if is_json {
        let has_body = structure.members().iter().any(|member| member.target().location() == Location::Body);
        if has_body {
            request.body = json::to_body(&json::structure_out(service, structure, body))?;
        }
    } else if !body.is_empty() {
        let default = format!("{}Request", operation.name());
        let root = target.wire_name().unwrap_or(&default);
        request.body = Bytes::from(xml_write::members(service, target, structure, root, body));
    }
    if !request.body.is_empty() {
        request.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content));
    }
    Ok(())
}

fn render_path(
    service: &Service,
    structure: Option<&Structure>,
    template: &str,
    params: &Map<String, Value>,
) -> Result<String, SerializeError> {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((label, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        let (label, encoding) = match label.strip_suffix('+') {
            Some(label) => (label, RESERVED_BUT_SLASH),
            None => (label, RESERVED),
        };
        let member = structure
            .into_iter()
            .flat_map(Structure::members)
            .find(|member| member.target().location() == Location::Uri && member.wire() == label);
        let missing = || SerializeError::MissingParameter { path: label.to_owned() };
        let member = member.ok_or_else(missing)?;
        let value = params.get(member.name()).filter(|value| !value.is_null()).ok_or_else(missing)?;
        let shape = service.shape(member.target().shape());
        let text = scalar::to_text(shape.kind(), member.target(), value, TimestampFormat::Iso8601);
        let text = quirks::path_label(service, shape, &text);
        if text.is_empty() {
            let reason = "a part of the path cannot be empty";
            return Err(SerializeError::InvalidValue { path: member.name().to_owned(), reason });
        }
        out.extend(utf8_percent_encode(text, encoding));
        rest = after;
    }
    out.push_str(rest);
    if !out.starts_with('/') {
        out.insert(0, '/');
    }
    Ok(out)
}

fn query_pairs(
    service: &Service,
    target: &ShapeRef,
    key: &str,
    value: &Value,
    out: &mut Vec<(String, String)>,
) {
    match (service.shape(target.shape()).kind(), value) {
        (Kind::List(member), Value::Array(items)) => {
            for item in items.iter().filter(|item| !item.is_null()) {
                query_pairs(service, member, key, item, out);
            }
        }
        (_, Value::Null) => {}
        (kind, value) => {
            out.push((key.to_owned(), scalar::to_text(kind, target, value, TimestampFormat::Iso8601)));
        }
    }
}

fn header(
    service: &Service,
    member: &Member,
    value: &Value,
    headers: &mut HeaderMap,
) -> Result<(), SerializeError> {
    let target = member.target();
    let text = match (service.shape(target.shape()).kind(), value) {
        (Kind::List(item), Value::Array(items)) => {
            let kind = service.shape(item.shape()).kind();
            let is_text = matches!(kind, Kind::String);
            let parts = items.iter().filter(|item| !item.is_null()).map(|value| {
                let text = scalar::to_text(kind, item, value, TimestampFormat::Rfc822);
                if is_text && text.contains(['"', ',']) {
                    format!("\"{}\"", text.replace('"', "\\\""))
                } else {
                    text
                }
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        (_, value) if target.is_json_value() => scalar::encode_base64(value.to_string().as_bytes()),
        (kind, value) => scalar::to_text(kind, target, value, TimestampFormat::Rfc822),
    };
    put(headers, member.wire(), &text, member.name())
}

fn prefix_headers(member: &Member, value: &Value, headers: &mut HeaderMap) -> Result<(), SerializeError> {
    let prefix = member.target().wire_name().unwrap_or_default();
    for (key, value) in value.as_object().into_iter().flatten() {
        if let Some(text) = value.as_str() {
            put(headers, &format!("{prefix}{key}"), text, &format!("{}.{key}", member.name()))?;
        }
    }
    Ok(())
}

fn put(headers: &mut HeaderMap, name: &str, text: &str, path: &str) -> Result<(), SerializeError> {
    let wrong = |source: http::Error| SerializeError::Header { path: path.to_owned(), source };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|source| wrong(source.into()))?;
    let value = HeaderValue::from_str(text).map_err(|source| wrong(source.into()))?;
    headers.insert(name, value);
    Ok(())
}

pub(crate) fn parse(
    context: Context<'_>,
    operation: &Operation,
    output: &ShapeRef,
    response: &wire::Response,
) -> Result<Value, ParseError> {
    let Some(structure) = context.service.structure(output) else {
        return Ok(Value::Object(Map::new()));
    };
    let mut out = bound_members(context, structure, response)?;
    let body = body_members(context, operation, output, structure, response)?;
    out.extend(body);
    Ok(Value::Object(out))
}

/// The members that headers and the status carry.
pub(crate) fn bound_members(
    context: Context<'_>,
    structure: &Structure,
    response: &wire::Response,
) -> Result<Map<String, Value>, ParseError> {
    let mut out = Map::new();
    for member in structure.members() {
        let target = member.target();
        let value = match target.location() {
            Location::Status => Some(Value::from(response.status)),
            Location::Headers => Some(headers_with_prefix(target.wire_name().unwrap_or_default(), response)),
            Location::Header => match header_text(response, member.wire()) {
                Some(_) if target.sensitive && context.secrets == Secrets::Mask => Some(Value::from(MASK)),
                Some(text) => from_header(context.service, target, &text)
                    .map_err(|error| error.inside(member.name()))?,
                None => None,
            },
            Location::Body | Location::Uri | Location::Query => None,
        };
        if let Some(value) = value {
            out.insert(member.name().to_owned(), value);
        }
    }
    Ok(out)
}

fn headers_with_prefix(prefix: &str, response: &wire::Response) -> Value {
    let prefix = prefix.to_ascii_lowercase();
    let mut out = Map::new();
    for name in response.headers.keys() {
        if let Some(rest) = name.as_str().strip_prefix(&prefix)
            && let Some(text) = header_text(response, name.as_str())
        {
            out.insert(rest.to_owned(), Value::String(text));
        }
    }
    Value::Object(out)
}

/// All values of a header, joined as lists are.
pub(crate) fn header_text(response: &wire::Response, name: &str) -> Option<String> {
    let mut values = response.headers.get_all(name).iter();
    let mut text = String::from_utf8_lossy(values.next()?.as_bytes()).into_owned();
    for value in values {
        text.push_str(", ");
        text.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    Some(text)
}

fn from_header(service: &Service, target: &ShapeRef, text: &str) -> Result<Option<Value>, ParseError> {
    match service.shape(target.shape()).kind() {
        Kind::List(item) => {
            let kind = service.shape(item.shape()).kind();
            let dates = matches!(kind, Kind::Timestamp)
                && matches!(item.timestamp, None | Some(TimestampFormat::Rfc822));
            let mut out = Vec::new();
            for part in split_header(text, dates) {
                out.extend(scalar::from_text(kind, &part)?);
            }
            Ok(Some(Value::Array(out)))
        }
        Kind::String if target.is_json_value() => {
            let bytes = scalar::decode_base64(text).ok_or_else(|| ParseError::value("base64"))?;
            let value: Value = serde_json::from_slice(&bytes).map_err(ParseError::Json)?;
            if check::fits(&value, super::DEPTH_MAX) { Ok(Some(value)) } else { Err(ParseError::TooDeep) }
        }
        kind => scalar::from_text(kind, text),
    }
}

/// Splits a header at its commas: not inside quotes, and for HTTP dates, which have a comma of their own, at every
/// second one.
fn split_header(text: &str, dates: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    let mut commas = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => part.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => {
                commas += 1;
                if dates && commas % 2 == 1 {
                    part.push(',');
                } else {
                    parts.push(std::mem::take(&mut part).trim().to_owned());
                }
            }
            c => part.push(c),
        }
    }
    parts.push(part.trim().to_owned());
    parts
}

fn body_members(
    context: Context<'_>,
    operation: &Operation,
    output: &ShapeRef,
    structure: &Structure,
    response: &wire::Response,
) -> Result<Map<String, Value>, ParseError> {
    let is_json = context.service.protocol() == Protocol::RestJson;
    let Some(payload) = structure.payload() else {
        if let Some(special) = quirks::whole_body(context.service, operation, &response.body)? {
            return Ok(special);
        }
        if is_json {
            return match json::body_value(&response.body)? {
                Value::Object(object) => json::structure_in(context, structure, object, 0),
                Value::Null => Ok(Map::new()),
                _ => Err(ParseError::value("an object")),
            };
        }
        return match xml::parse_body(context, output, &response.body, None)? {
            Value::Object(members) => Ok(members),
            _ => Ok(Map::new()),
        };
    };
    let target = payload.target();
    let masked = target.sensitive && context.secrets == Secrets::Mask;
    let empty = response.body.is_empty();
    let value = match context.service.shape(target.shape()).kind() {
        _ if target.event_stream => None,
        Kind::Blob | Kind::String if empty => None,
        Kind::Structure(structure) if empty && structure.is_union() => None,
        _ if masked && !empty => Some(Value::from(MASK)),
        Kind::Blob => Some(Value::String(scalar::encode_base64(&response.body))),
        Kind::String => {
            let text = std::str::from_utf8(&response.body).map_err(ParseError::NotUtf8)?;
            Some(Value::String(text.to_owned()))
        }
        _ if is_json => {
            let value = json::body_value(&response.body)?;
            let value = json::value_in(context, target, value, 1);
            Some(value.map_err(|error| error.inside(payload.name()))?)
        }
        _ => {
            let value = xml::parse_body(context, target, &response.body, None);
            Some(value.map_err(|error| error.inside(payload.name()))?)
        }
    };
    let mut out = Map::new();
    if let Some(value) = value {
        out.insert(payload.name().to_owned(), value);
    }
    Ok(out)
}
