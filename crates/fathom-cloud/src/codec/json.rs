//! The JSON protocol, and JSON bodies for the REST protocol.

use super::error::{ParseError, SerializeError};
use super::{Context, DEPTH_MAX, MASK, Secrets, check, scalar, time};
use crate::model::{Kind, Operation, Service, ShapeRef, Structure, TimestampFormat};
use crate::wire;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

pub(crate) fn serialize(
    service: &Service,
    operation: &Operation,
    params: &Map<String, Value>,
) -> Result<wire::Request, SerializeError> {
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: &str| match HeaderValue::from_str(value) {
        Ok(value) => {
            headers.insert(name, value);
            Ok(())
        }
        Err(source) => Err(SerializeError::Header { path: name.to_owned(), source: source.into() }),
    };
    put("x-amz-target", &format!("{}.{}", service.target_prefix(), operation.name()))?;
    put(CONTENT_TYPE.as_str(), &format!("application/x-amz-json-{}", service.json_version()))?;
    if service.is_query_compatible() {
        put("x-amzn-query-mode", "true")?;
    }
    let body = match operation.input().and_then(|input| service.structure(input)) {
        Some(structure) => to_body(&structure_out(service, structure, params))?,
        None => Bytes::from_static(b"{}"),
    };
    Ok(wire::Request {
        method: operation.method().clone(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers,
        body,
        host_prefix: None,
    })
}

pub(crate) fn to_body(value: &Value) -> Result<Bytes, SerializeError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(SerializeError::Json)
}

/// A structure with its members under their wire names; what is bound elsewhere must be left out before.
pub(crate) fn structure_out(service: &Service, structure: &Structure, params: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    for (name, value) in params {
        if let Some(member) = structure.member(name)
            && !value.is_null()
        {
            out.insert(member.wire().to_owned(), value_out(service, member.target(), value));
        }
    }
    Value::Object(out)
}

/// A value in the form it has in a JSON body.
pub(crate) fn value_out(service: &Service, target: &ShapeRef, value: &Value) -> Value {
    match (service.shape(target.shape()).kind(), value) {
        (Kind::Structure(structure), Value::Object(object)) if !structure.is_document() => {
            structure_out(service, structure, object)
        }
        (Kind::List(member), Value::Array(items)) => {
            Value::Array(items.iter().map(|item| value_out(service, member, item)).collect())
        }
        (Kind::Map(_, values), Value::Object(object)) => Value::Object(
            object.iter().map(|(key, item)| (key.clone(), value_out(service, values, item))).collect(),
        ),
        (Kind::Timestamp, value) => match (time::from_value(value), target.timestamp) {
            (None, _) => value.clone(),
            (Some(moment), None | Some(TimestampFormat::Unix)) => Value::Number(time::to_number(moment)),
            (Some(moment), Some(format)) => Value::String(time::to_text(moment, format)),
        },
        (_, value) => value.clone(),
    }
}

pub(crate) fn parse(context: Context<'_>, output: &ShapeRef, body: &[u8]) -> Result<Value, ParseError> {
    match body_value(body)? {
        Value::Null => Ok(Value::Object(Map::new())),
        value => value_in(context, output, value, 0),
    }
}

/// The body as JSON; an empty body is an empty object.
pub(crate) fn body_value(body: &[u8]) -> Result<Value, ParseError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).map_err(ParseError::Json)
}

/// Brings a value from a JSON body into the value form.
pub(crate) fn value_in(
    context: Context<'_>,
    target: &ShapeRef,
    value: Value,
    depth: usize,
) -> Result<Value, ParseError> {
    if depth > DEPTH_MAX {
        return Err(ParseError::TooDeep);
    }
    let masked = target.sensitive && context.secrets == Secrets::Mask;
    match (context.service.shape(target.shape()).kind(), value) {
        (Kind::Map(..), Value::Object(object)) if masked => {
            Ok(Value::Object(object.into_iter().map(|(key, _)| (key, Value::from(MASK))).collect()))
        }
        (Kind::List(item), Value::Array(items)) if masked => Ok(match name_of_pair(context, item) {
            // Like a map of them: the names say what is set, the values may be secrets.
            Some(name) => Value::Array(items.iter().map(|item| masked_pair(item, name)).collect()),
            None => Value::from(MASK),
        }),
        (_, _) if masked => Ok(Value::from(MASK)),
        (Kind::Structure(structure), value) if structure.is_document() => {
            if check::fits(&value, DEPTH_MAX - depth) { Ok(value) } else { Err(ParseError::TooDeep) }
        }
        (Kind::Structure(structure), Value::Object(object)) => {
            structure_in(context, structure, object, depth).map(Value::Object)
        }
        (Kind::List(member), Value::Array(items)) => {
            let mut out = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                out.push(match item {
                    Value::Null => Value::Null,
                    item => value_in(context, member, item, depth + 1)
                        .map_err(|error| error.inside(&format!("[{index}]")))?,
                });
            }
            Ok(Value::Array(out))
        }
        (Kind::List(_), _) => Err(ParseError::value("a list")),
        (Kind::Map(_, values), Value::Object(object)) => {
            let mut out = Map::new();
            for (key, item) in object {
                if !item.is_null() {
                    let item =
                        value_in(context, values, item, depth + 1).map_err(|error| error.inside(&key))?;
                    out.insert(key, item);
                }
            }
            Ok(Value::Object(out))
        }
        (Kind::Structure(_) | Kind::Map(..), _) => Err(ParseError::value("an object")),
        (kind, value) => scalar::from_json(kind, value),
    }
}

/// The member that names, where items are pairs of a name and a value: environment variables, tags.
fn name_of_pair<'c>(context: Context<'c>, item: &ShapeRef) -> Option<&'c str> {
    let [one, two] = context.service.shape(item.shape()).structure()?.members() else { return None };
    let is_name = |name: &str| name.eq_ignore_ascii_case("name") || name.eq_ignore_ascii_case("key");
    match (one.name(), two.name()) {
        (name, value) | (value, name) if is_name(name) && value.eq_ignore_ascii_case("value") => Some(name),
        _ => None,
    }
}

fn masked_pair(item: &Value, name: &str) -> Value {
    let Value::Object(members) = item else { return Value::from(MASK) };
    let shown = |key: &String, value: &Value| match value {
        Value::String(_) if key == name => value.clone(),
        _ => Value::from(MASK),
    };
    Value::Object(members.iter().map(|(key, value)| (key.clone(), shown(key, value))).collect())
}

/// Brings a structure from a JSON body into the value form; what the model does not know is dropped, except that an
/// unknown member of a union is named under `SDK_UNKNOWN_MEMBER`.
pub(crate) fn structure_in(
    context: Context<'_>,
    structure: &Structure,
    object: Map<String, Value>,
    depth: usize,
) -> Result<Map<String, Value>, ParseError> {
    let mut out = Map::new();
    let mut unknown = None;
    for (key, value) in object {
        if value.is_null() {
            continue;
        }
        match structure.by_key(&key) {
            Some(member) if member.target().event_stream => {}
            Some(member) => {
                let value = value_in(context, member.target(), value, depth + 1)
                    .map_err(|error| error.inside(member.name()))?;
                out.insert(member.name().to_owned(), value);
            }
            None if key != "__type" => unknown = Some(key),
            None => {}
        }
    }
    if let Some(tag) = unknown
        && structure.is_union()
        && out.is_empty()
    {
        out.insert("SDK_UNKNOWN_MEMBER".to_owned(), serde_json::json!({ "name": tag }));
    }
    Ok(out)
}
