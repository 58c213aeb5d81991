//! Values as recorded and values as stored, made comparable.
//!
//! Moments have many forms, documents are text or not, and a recording says `null` or nothing where the other says an
//! empty list.

use std::collections::BTreeMap;

use fathom_model::{Resource, Timestamp};
use fathom_testkit::front::model::{Model, Ref};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::oracle::Expected;

const SECRET: &str = "(secret)";

/// Compares a stored resource with what the recording says; the number of masked values, or the first difference.
pub(super) fn resource(expected: &Expected, stored: &Resource) -> Result<usize, String> {
    let same = |what: &str, expected: &str, stored: &str| {
        if expected == stored {
            Ok(())
        } else {
            Err(format!("has {what} `{stored}`, recorded is `{expected}`"))
        }
    };
    same("type", expected.kind.as_str(), stored.kind.as_str())?;
    same("id", &expected.id, &stored.id)?;
    same("region", &expected.region, stored.region.as_str())?;
    if expected.tags != stored.tags {
        return Err(format!("has tags {:?}, recorded are {:?}", stored.tags, expected.tags));
    }
    if let (Some(created), None) = (&expected.created, stored.created_at) {
        return Err(format!("was created at {created}, which is not understood"));
    }
    let document = stored.document.whole().value();
    for path in &expected.secret {
        let shown = path.all(&document).into_iter().find_map(shown);
        if let Some(shown) = shown {
            return Err(format!("shows `{shown}` at {path}"));
        }
    }
    let mut masked = 0;
    let stored = canonical(&document);
    match difference(&expected.document, &stored, &mut masked) {
        None => Ok(masked),
        Some((path, expected, stored)) => {
            Err(format!("has at {path}: {stored:.200}\n    recorded is: {expected:.200}"))
        }
    }
}

/// Text that a secret's place still shows.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Array(items) => items.iter().find_map(shown),
        Value::Object(members) => members.values().find_map(shown),
        Value::String(text) if text.is_empty() || text == SECRET => None,
        other => Some(other.to_string()),
    }
}

/// The first place where two values differ, with what is there.
fn difference(expected: &Value, stored: &Value, masked: &mut usize) -> Option<(String, String, String)> {
    match (expected, stored) {
        (expected, Value::String(text)) if text == SECRET && !expected.is_null() => {
            *masked += 1;
            None
        }
        (first, second) if is_hollow(first) && is_hollow(second) => None,
        (Value::Object(first), Value::Object(second)) => {
            let names: std::collections::BTreeSet<&String> = first.keys().chain(second.keys()).collect();
            names.into_iter().find_map(|name| {
                let (first, second) = (first.get(name), second.get(name));
                let found = difference(first.unwrap_or(&Value::Null), second.unwrap_or(&Value::Null), masked);
                found.map(|(path, first, second)| (format!(".{name}{path}"), first, second))
            })
        }
        (Value::Array(first), Value::Array(second)) if first.len() == second.len() => {
            first.iter().zip(second).enumerate().find_map(|(i, (first, second))| {
                let found = difference(first, second, masked);
                found.map(|(path, first, second)| (format!("[{i}]{path}"), first, second))
            })
        }
        (first, second) if first == second => None,
        (first, second) => Some((String::new(), first.to_string(), second.to_string())),
    }
}

/// A value in one form: moments in UTC, documents opened, whole numbers without a fraction.
pub(super) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), canonical(value))).collect()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => Value::from(float as i64),
            _ => value.clone(),
        },
        Value::String(text) => {
            if let Some(document) = document(text) {
                return canonical(&document);
            }
            text.parse::<Timestamp>().map_or_else(|_| value.clone(), |moment| Value::from(moment.to_string()))
        }
        other => other.clone(),
    }
}

/// Whether a value says no more than its absence.
fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn document(text: &str) -> Option<Value> {
    let decoded =
        if text.starts_with("%7B") { percent_decode_str(text).decode_utf8().ok()? } else { text.into() };
    decoded.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(&decoded).ok()).flatten()
}

/// A recorded output without what the model does not know, with scalars in the types that the model gives them.
pub(super) fn known(service: &str, operation: &str, value: &Value) -> Value {
    let Some(model) = Model::of(service) else { return value.clone() };
    model.output(operation).map_or(Value::Null, |(target, _)| of_shape(&model, target, value))
}

fn of_shape(model: &Model, target: &Ref, value: &Value) -> Value {
    let shape = model.shape(target);
    match (shape.r#type.as_str(), value) {
        ("structure", Value::Object(members)) if !shape.document => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .filter_map(|(name, value)| {
                Some((name.clone(), of_shape(model, shape.members.get(name)?, value)))
            })
            .collect(),
        ("map", Value::Object(entries)) => {
            let Some(of) = &shape.value else { return value.clone() };
            entries.iter().map(|(name, value)| (name.clone(), of_shape(model, of, value))).collect()
        }
        ("list", Value::Array(items)) => {
            let Some(of) = &shape.member else { return value.clone() };
            items.iter().map(|value| of_shape(model, of, value)).collect()
        }
        ("timestamp", Value::Number(seconds)) => {
            let micros = seconds.as_f64().map(|seconds| (seconds * 1e6).round() as i64);
            let moment = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
            moment.map_or_else(|| value.clone(), |moment| Value::from(moment.to_string()))
        }
        ("string", Value::Number(number)) => Value::from(number.to_string()),
        _ => value.clone(),
    }
}

/// Tags as services give them: a map, or pairs whose members are called key and value in some way.
pub(super) fn tags(value: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| {
                let member = |end: &str| {
                    let mut members = pair.as_object().into_iter().flatten();
                    let found = members.find(|(name, _)| name.to_lowercase().ends_with(end));
                    found.map(|(_, value)| text(value)).unwrap_or_default()
                };
                (member("key"), member("value"))
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}
