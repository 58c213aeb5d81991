//! Answers on the wire: output values in the form that each protocol gives them.
//!
//! Members that the model does not know are left out, `null` is absent. The forms are those of the AWS protocol
//! documents as `botocore` reads them.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::{
    model::{Model, Namespace, Protocol, Ref, Shape},
    value::{Moment, base64, bytes_of, text},
    xml,
};

/// An answer that is whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers that the answer defines.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The id that all answers carry.
pub const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert("x-amzn-requestid", HeaderValue::from_static(REQUEST_ID));
        Reply { status, headers, body: body.into() }
    }
}

/// The content type of a service's bodies.
pub(crate) fn content_type(model: &Model) -> &'static str {
    match model.protocol() {
        Protocol::Json if model.metadata.json_version.as_deref() == Some("1.1") => {
            "application/x-amz-json-1.1"
        }
        Protocol::Json => "application/x-amz-json-1.0",
        Protocol::RestJson => "application/json",
        Protocol::Query | Protocol::Ec2 => "text/xml;charset=UTF-8",
        Protocol::RestXml => "application/xml",
    }
}

/// Writes an operation's output. A value that is not an object counts as an empty one.
pub fn encode(model: &Model, operation: &str, value: &Value) -> Reply {
    let empty = Map::new();
    let object = value.as_object().unwrap_or(&empty);
    let mut reply = Reply::new(200, content_type(model), Bytes::new());
    let output = model.output(operation);
    match model.protocol() {
        Protocol::Query => {
            let namespace = model.metadata.xml_namespace.as_ref().map(Namespace::attribute);
            let mut body = format!("<{operation}Response{}>", namespace.unwrap_or_default());
            if let Some((target, shape)) = output {
                let wrapper = target.traits.result_wrapper.as_deref();
                xml::wrapped(&mut body, wrapper, |body| xml::members(model, shape, object, body));
            }
            body.push_str("<ResponseMetadata><RequestId>");
            body.push_str(REQUEST_ID);
            body.push_str("</RequestId></ResponseMetadata>");
            let _ = write!(body, "</{operation}Response>");
            reply.body = body.into();
        }
        Protocol::Ec2 => {
            let version = &model.metadata.api_version;
            let mut body = format!("<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/{version}/\">");
            let _ = write!(body, "<requestId>{REQUEST_ID}</requestId>");
            if let Some((_, shape)) = output {
                xml::members(model, shape, object, &mut body);
            }
            let _ = write!(body, "</{operation}Response>");
            reply.body = body.into();
        }
        Protocol::Json => {
            let value = output.map(|(_, shape)| json_members(model, shape, object, |_| true));
            reply.body = value.unwrap_or_else(|| Value::Object(Map::new())).to_string().into();
        }
        Protocol::RestJson | Protocol::RestXml => {
            if let Some((target, shape)) = output {
                rest(model, operation, target, shape, object, &mut reply);
            }
        }
    }
    reply
}

fn rest(
    model: &Model,
    operation: &str,
    target: &Ref,
    shape: &Shape,
    object: &Map<String, Value>,
    reply: &mut Reply,
) {
    // Where the output says which type its body has, only the output says it.
    let is_type = |(name, member): (&String, &Ref)| {
        member.traits.location.as_deref() == Some("header")
            && model.wire(member).unwrap_or(name).eq_ignore_ascii_case(CONTENT_TYPE.as_str())
    };
    if shape.members.iter().any(is_type) {
        reply.headers.remove(CONTENT_TYPE);
    }
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let Some(member) = shape.members.get(name) else { continue };
        let wire = model.wire(member).unwrap_or(name);
        match member.traits.location.as_deref() {
            Some("statusCode") => {
                let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
                reply.status = status.unwrap_or(reply.status);
            }
            Some("header") => put(&mut reply.headers, wire, &header_text(model, member, value)),
            Some("headers") => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    put(&mut reply.headers, &format!("{wire}{key}"), &text(value));
                }
            }
            _ => {}
        }
    }
    let is_json = model.protocol() == Protocol::RestJson;
    if let Some(payload) = &shape.payload {
        if let (Some(member), Some(value)) = (shape.members.get(payload), object.get(payload)) {
            reply.body = payload_body(model, payload, member, value, is_json);
        }
        return;
    }
    if is_json {
        reply.body = json_members(model, shape, object, in_body).to_string().into();
    } else if let Some(root) = root_is_member(&model.name, operation) {
        let value = object.get(root).map(text).unwrap_or_default();
        reply.body = format!("<{root}>{}</{root}>", xml::escaped(&value)).into();
    } else if shape.members.values().any(in_body) {
        let root = target.traits.location_name.as_deref().or(shape.traits.location_name.as_deref());
        let root = root.unwrap_or(&target.shape);
        let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let namespace = model.with(target, |traits| traits.xml_namespace.as_ref());
        let namespace = namespace.or(model.metadata.xml_namespace.as_ref());
        let _ = write!(body, "<{root}{}>", namespace.map(Namespace::attribute).unwrap_or_default());
        xml::members(model, shape, object, &mut body);
        let _ = write!(body, "</{root}>");
        reply.body = body.into();
    }
}

/// S3's location is a document that consists of its only member.
fn root_is_member(service: &str, operation: &str) -> Option<&'static str> {
    (service == "s3" && operation == "GetBucketLocation").then_some("LocationConstraint")
}

fn payload_body(model: &Model, name: &str, member: &Ref, value: &Value, is_json: bool) -> Bytes {
    match model.shape(member).r#type.as_str() {
        "blob" => bytes_of(value).into(),
        "string" => text(value).into(),
        _ if is_json => json_value(model, member, value).to_string().into(),
        _ => {
            let mut body = String::new();
            let root = model.wire(member).unwrap_or(&member.shape);
            let root = if root.is_empty() { name } else { root };
            xml::element(model, member, root, value, &mut body);
            body.into()
        }
    }
}

fn in_body(member: &Ref) -> bool {
    !matches!(member.traits.location.as_deref(), Some("header" | "headers" | "statusCode"))
}

fn header_text(model: &Model, member: &Ref, value: &Value) -> String {
    if model.is(member, |traits| traits.jsonvalue) {
        return base64(value.to_string().as_bytes());
    }
    let shape = model.shape(member);
    match (shape.r#type.as_str(), value) {
        ("timestamp", _) => text(&moment(model, member, Moment::Rfc822).write(value)),
        ("list", Value::Array(items)) => {
            let part = |item: &Value| match shape.member.as_ref() {
                Some(of) if model.shape(of).r#type == "timestamp" => {
                    text(&moment(model, of, Moment::Rfc822).write(item))
                }
                _ => {
                    let text = text(item);
                    let plain = !text.contains([',', '"']);
                    if plain { text } else { format!("\"{}\"", text.replace('"', "\\\"")) }
                }
            };
            items.iter().map(part).collect::<Vec<_>>().join(", ")
        }
        _ => text(value),
    }
}

fn put(headers: &mut HeaderMap, name: &str, text: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    let value = HeaderValue::from_bytes(text.as_bytes());
    if let (Ok(name), Ok(value)) = (name, value) {
        headers.insert(name, value);
    }
}

/// The form of a moment at a place, by the model or else the protocol.
pub(crate) fn moment(model: &Model, target: &Ref, default: Moment) -> Moment {
    model.with(target, |traits| traits.timestamp_format.as_deref()).map_or(default, Moment::named)
}

fn json_members(
    model: &Model,
    shape: &Shape,
    object: &Map<String, Value>,
    wanted: impl Fn(&Ref) -> bool,
) -> Value {
    let mut out = Map::new();
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        if let Some(member) = shape.members.get(name).filter(|member| wanted(member)) {
            out.insert(model.wire(member).unwrap_or(name).to_owned(), json_value(model, member, value));
        }
    }
    Value::Object(out)
}

/// A value inside a JSON body.
pub(crate) fn json_value(model: &Model, target: &Ref, value: &Value) -> Value {
    let shape = model.shape(target);
    match (shape.r#type.as_str(), value) {
        ("structure", Value::Object(object)) if !shape.document => {
            json_members(model, shape, object, |_| true)
        }
        ("list", Value::Array(items)) => match &shape.member {
            Some(member) => items.iter().map(|item| json_value(model, member, item)).collect(),
            None => value.clone(),
        },
        ("map", Value::Object(object)) => match &shape.value {
            Some(of) => Value::Object(
                object.iter().map(|(key, item)| (key.clone(), json_value(model, of, item))).collect(),
            ),
            None => value.clone(),
        },
        ("timestamp", _) => moment(model, target, Moment::Unix).write(value),
        ("string", Value::Object(_) | Value::Array(_)) => Value::String(value.to_string()),
        _ => value.clone(),
    }
}
