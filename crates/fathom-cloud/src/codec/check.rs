//! Checks parameters against the model before anything is written.

use super::error::SerializeError;
use super::{DEPTH_MAX, scalar, time};
use crate::model::{Kind, Location, Operation, Service, ShapeRef, Structure};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The parameters as an object, or none where the operation takes none.
pub(crate) fn params<'a>(
    service: &Service,
    operation: &Operation,
    params: &'a Value,
) -> Result<Option<&'a Map<String, Value>>, SerializeError> {
    let object = match params {
        Value::Null => None,
        Value::Object(object) => Some(object),
        other => return Err(wrong(String::new(), "an object", other)),
    };
    match operation.input() {
        Some(input) => {
            if let Some(structure) = service.structure(input) {
                let empty = Map::new();
                let mut checker = Checker { service, path: Vec::new() };
                checker.structure(structure, object.unwrap_or(&empty), 0)?;
            }
        }
        None => {
            if let Some((name, _)) =
                object.and_then(|object| object.iter().find(|(_, value)| !value.is_null()))
            {
                return Err(SerializeError::UnknownParameter { path: name.clone() });
            }
        }
    }
    Ok(object)
}

/// The label before the endpoint's host, with parameters filled in.
pub(crate) fn host_prefix(
    service: &Service,
    operation: &Operation,
    params: &Map<String, Value>,
) -> Result<Option<String>, SerializeError> {
    let Some(template) = operation.host_prefix() else { return Ok(None) };
    let mut out = template.to_owned();
    let members = operation.input().and_then(|input| service.structure(input));
    for member in members.into_iter().flat_map(Structure::members) {
        if !member.target().host_label {
            continue;
        }
        let Some(Value::String(value)) = params.get(member.name()) else {
            return Err(SerializeError::MissingParameter { path: member.name().to_owned() });
        };
        let is_label = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if value.is_empty() || !value.bytes().all(is_label) {
            let reason = "a host label has only letters, digits, `-` and `.`";
            return Err(SerializeError::InvalidValue { path: member.name().to_owned(), reason });
        }
        out = out.replace(&format!("{{{}}}", member.name()), value);
    }
    Ok(Some(out))
}

enum Step<'a> {
    Member(&'a str),
    Index(usize),
}

struct Checker<'a> {
    service: &'a Service,
    path: Vec<Step<'a>>,
}

impl<'a> Checker<'a> {
    fn path(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Member(name) => {
                    if !out.is_empty() {
                        out.push('.');
                    }
                    out.push_str(name);
                }
                Step::Index(index) => {
                    // Writing into text cannot fail.
                    let _ = write!(out, "[{index}]");
                }
            }
        }
        out
    }

    fn structure(
        &mut self,
        structure: &Structure,
        object: &'a Map<String, Value>,
        depth: usize,
    ) -> Result<(), SerializeError> {
        for (name, value) in object {
            self.path.push(Step::Member(name));
            let Some(member) = structure.member(name) else {
                return Err(SerializeError::UnknownParameter { path: self.path() });
            };
            if !value.is_null() {
                self.value(member.target(), value, depth + 1)?;
            }
            self.path.pop();
        }
        let present = |name: &str| object.get(name).is_some_and(|value| !value.is_null());
        for member in structure.required() {
            if !present(member.name()) {
                let mut path = self.path();
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(member.name());
                return Err(SerializeError::MissingParameter { path });
            }
        }
        if structure.is_union() && object.values().filter(|value| !value.is_null()).count() != 1 {
            let reason = "exactly one member of a union must be given";
            return Err(SerializeError::InvalidValue { path: self.path(), reason });
        }
        Ok(())
    }

    fn value(&mut self, target: &ShapeRef, value: &'a Value, depth: usize) -> Result<(), SerializeError> {
        if depth > DEPTH_MAX {
            return Err(SerializeError::TooDeep { path: self.path() });
        }
        let service = self.service;
        match (service.shape(target.shape()).kind(), value) {
            (Kind::Structure(structure), value) if structure.is_document() => self.document(value, depth),
            (Kind::Structure(structure), Value::Object(object)) => self.structure(structure, object, depth),
            (Kind::List(member), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Step::Index(index));
                    if !item.is_null() {
                        self.value(member, item, depth + 1)?;
                    }
                    self.path.pop();
                }
                Ok(())
            }
            (Kind::List(_), other) => Err(wrong(self.path(), "a list", other)),
            (Kind::Map(_, values), Value::Object(object)) => {
                for (key, item) in object {
                    self.path.push(Step::Member(key));
                    if !item.is_null() {
                        self.value(values, item, depth + 1)?;
                    }
                    self.path.pop();
                }
                Ok(())
            }
            (Kind::Structure(_) | Kind::Map(..), other) => Err(wrong(self.path(), "an object", other)),
            (Kind::String, value) if target.is_json_value() => self.document(value, depth),
            (Kind::String, Value::String(text)) => {
                if text.is_empty() && target.location() == Location::Uri {
                    let reason = "a part of the path cannot be empty";
                    return Err(SerializeError::InvalidValue { path: self.path(), reason });
                }
                Ok(())
            }
            (Kind::String, other) => Err(wrong(self.path(), "text", other)),
            (Kind::Blob, Value::String(text)) => {
                if scalar::decode_base64(text).is_none() {
                    return Err(SerializeError::InvalidValue { path: self.path(), reason: "not base64" });
                }
                Ok(())
            }
            (Kind::Blob, other) => Err(wrong(self.path(), "base64 text", other)),
            (Kind::Boolean, Value::Bool(_)) | (Kind::Float, Value::Number(_)) => Ok(()),
            (Kind::Boolean, other) => Err(wrong(self.path(), "true or false", other)),
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(()),
            (Kind::Integer, other) => Err(wrong(self.path(), "a whole number", other)),
            (Kind::Float, Value::String(text)) if scalar::is_special_float(text) => Ok(()),
            (Kind::Float, other) => Err(wrong(self.path(), "a number", other)),
            (Kind::Timestamp, value @ (Value::String(_) | Value::Number(_))) => {
                if time::from_value(value).is_none() {
                    let reason = "not a moment in RFC 3339 or seconds since 1970";
                    return Err(SerializeError::InvalidValue { path: self.path(), reason });
                }
                Ok(())
            }
            (Kind::Timestamp, other) => Err(wrong(self.path(), "a timestamp", other)),
        }
    }

    fn document(&self, value: &Value, depth: usize) -> Result<(), SerializeError> {
        if fits(value, DEPTH_MAX.saturating_sub(depth)) {
            Ok(())
        } else {
            Err(SerializeError::TooDeep { path: self.path() })
        }
    }
}

/// Whether free JSON nests at most that deep.
pub(crate) fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| fits(item, levels - 1)),
        Value::Object(object) => levels > 0 && object.values().all(|item| fits(item, levels - 1)),
        _ => true,
    }
}

fn wrong(path: String, expected: &'static str, found: &Value) -> SerializeError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    SerializeError::WrongType { path, expected, found }
}
