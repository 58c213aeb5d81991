//! Writes XML bodies.

use super::scalar;
use crate::model::{Kind, Service, ShapeRef, Structure, TimestampFormat};
use quick_xml::escape::escape;
use serde_json::{Map, Value};

/// A document with one root element.
pub(crate) fn document(service: &Service, target: &ShapeRef, root: &str, value: &Value) -> String {
    let mut writer = Writer { service, out: String::new() };
    writer.value(target, root, value);
    writer.out
}

/// A document whose root holds the given members of a structure.
pub(crate) fn members(
    service: &Service,
    target: &ShapeRef,
    structure: &Structure,
    root: &str,
    params: &Map<String, Value>,
) -> String {
    let mut writer = Writer { service, out: String::new() };
    writer.structure(target, structure, root, params);
    writer.out
}

struct Writer<'a> {
    service: &'a Service,
    out: String,
}

impl Writer<'_> {
    fn open(&mut self, name: &str, target: &ShapeRef, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        if let Some(namespace) = &target.namespace {
            let key = match &namespace.prefix {
                Some(prefix) if !prefix.is_empty() => format!("xmlns:{prefix}"),
                _ => "xmlns".to_owned(),
            };
            self.attribute(&key, &namespace.uri);
        }
        for (key, value) in attributes {
            self.attribute(key, value);
        }
        self.out.push('>');
    }

    fn attribute(&mut self, key: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(key);
        self.out.push_str("=\"");
        self.out.push_str(&escape(value));
        self.out.push('"');
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn structure(
        &mut self,
        target: &ShapeRef,
        structure: &Structure,
        name: &str,
        object: &Map<String, Value>,
    ) {
        let given = || {
            object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .filter_map(|(key, value)| structure.member(key).map(|member| (member, value)))
        };
        let attributes: Vec<(&str, &str)> = given()
            .filter(|(member, _)| member.target().xml_attribute)
            .filter_map(|(member, value)| Some((member.wire(), value.as_str()?)))
            .collect();
        self.open(name, target, &attributes);
        for (member, value) in given().filter(|(member, _)| !member.target().xml_attribute) {
            self.value(member.target(), member.wire(), value);
        }
        self.close(name);
    }

    fn value(&mut self, target: &ShapeRef, name: &str, value: &Value) {
        let service = self.service;
        match (service.shape(target.shape()).kind(), value) {
            (_, Value::Null) => {}
            (Kind::Structure(structure), Value::Object(object)) => {
                self.structure(target, structure, name, object);
            }
            (Kind::List(member), Value::Array(items)) => {
                if target.flattened {
                    // A name that the list's items carry themselves replaces the member's.
                    for item in items {
                        self.value(member, name, item);
                    }
                } else {
                    let item_name = member.wire.as_deref().unwrap_or("member");
                    self.open(name, target, &[]);
                    for item in items {
                        self.value(member, item_name, item);
                    }
                    self.close(name);
                }
            }
            (Kind::Map(keys, values), Value::Object(object)) => {
                if !target.flattened {
                    self.open(name, target, &[]);
                }
                let entry = if target.flattened { name } else { "entry" };
                for (key, item) in object {
                    self.out.push('<');
                    self.out.push_str(entry);
                    self.out.push('>');
                    let key = Value::String(key.clone());
                    self.value(keys, keys.wire.as_deref().unwrap_or("key"), &key);
                    self.value(values, values.wire.as_deref().unwrap_or("value"), item);
                    self.close(entry);
                }
                if !target.flattened {
                    self.close(name);
                }
            }
            (kind, value) => {
                let text = scalar::to_text(kind, target, value, TimestampFormat::Iso8601);
                self.open(name, target, &[]);
                self.out.push_str(&escape(text.as_str()));
                self.close(name);
            }
        }
    }
}
