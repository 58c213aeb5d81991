//! The query protocol and EC2's variant: form-encoded requests, XML answers.

use super::error::ParseError;
use super::{Context, scalar, xml};
use crate::model::{Kind, Operation, Protocol, Service, ShapeRef, Structure, TimestampFormat};
use crate::wire;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Everything but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(crate) fn serialize(
    service: &Service,
    operation: &Operation,
    params: &Map<String, Value>,
) -> wire::Request {
    let mut form = Form { service, ec2: service.protocol() == Protocol::Ec2, body: String::new() };
    form.pair("Action", operation.name());
    form.pair("Version", service.api_version());
    if let Some(structure) = operation.input().and_then(|input| service.structure(input)) {
        form.structure(structure, params, "");
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    wire::Request {
        method: operation.method().clone(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers,
        body: Bytes::from(form.body),
        host_prefix: None,
    }
}

struct Form<'a> {
    service: &'a Service,
    ec2: bool,
    body: String,
}

impl Form<'_> {
    fn pair(&mut self, key: &str, value: &str) {
        if !self.body.is_empty() {
            self.body.push('&');
        }
        self.body.extend(utf8_percent_encode(key, RESERVED));
        self.body.push('=');
        self.body.extend(utf8_percent_encode(value, RESERVED));
    }

    fn structure(&mut self, structure: &Structure, params: &Map<String, Value>, prefix: &str) {
        for (name, value) in params {
            let Some(member) = structure.member(name) else { continue };
            let name = self.name(member.target(), name);
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            self.value(member.target(), value, &key);
        }
    }

    fn name(&self, target: &ShapeRef, default: &str) -> String {
        if !self.ec2 {
            return target.wire.as_deref().unwrap_or(default).to_owned();
        }
        if let Some(name) = &target.query_name {
            return name.to_string();
        }
        let mut chars = target.wire.as_deref().unwrap_or(default).chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
    }

    fn value(&mut self, target: &ShapeRef, value: &Value, key: &str) {
        let service = self.service;
        match (service.shape(target.shape()).kind(), value) {
            (_, Value::Null) => {}
            (Kind::Structure(structure), Value::Object(object)) => self.structure(structure, object, key),
            (Kind::List(member), Value::Array(items)) => self.list(target, member, items, key),
            (Kind::Map(keys, values), Value::Object(object)) => {
                let base = if target.flattened { key.to_owned() } else { format!("{key}.entry") };
                let key_name = self.name(keys, "key");
                let value_name = self.name(values, "value");
                for (index, (entry_key, entry)) in object.iter().enumerate() {
                    let number = index + 1;
                    self.pair(&format!("{base}.{number}.{key_name}"), entry_key);
                    self.value(values, entry, &format!("{base}.{number}.{value_name}"));
                }
            }
            (kind, value) => {
                let text = scalar::to_text(kind, target, value, TimestampFormat::Iso8601);
                self.pair(key, &text);
            }
        }
    }

    fn list(&mut self, target: &ShapeRef, member: &ShapeRef, items: &[Value], key: &str) {
        let base = if self.ec2 {
            key.to_owned()
        } else if items.is_empty() {
            // Query says "an empty list" by an empty value; EC2 has no way to say it.
            self.pair(key, "");
            return;
        } else if target.flattened && target.wire.is_some() {
            key.to_owned()
        } else if target.flattened {
            match (&member.wire, key.rsplit_once('.')) {
                (Some(name), Some((parent, _))) => format!("{parent}.{name}"),
                (Some(name), None) => name.to_string(),
                (None, _) => key.to_owned(),
            }
        } else {
            format!("{key}.{}", member.wire.as_deref().unwrap_or("member"))
        };
        for (index, item) in items.iter().enumerate() {
            self.value(member, item, &format!("{base}.{}", index + 1));
        }
    }
}

pub(crate) fn parse(
    context: Context<'_>,
    output: &ShapeRef,
    response: &wire::Response,
) -> Result<Value, ParseError> {
    xml::parse_body(context, output, &response.body, output.result_wrapper.as_deref())
}
