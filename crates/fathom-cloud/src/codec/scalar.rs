//! Single values between text and the value form.

use super::error::ParseError;
use super::time;
use crate::model::{Kind, ShapeRef, TimestampFormat};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// Whether text is one of the floating point values that JSON cannot write.
pub(crate) fn is_special_float(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}

/// Decodes base64, with white space between the characters as some services send it.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|b| b.is_ascii_whitespace()) {
        let packed: String = text.split_ascii_whitespace().collect();
        return STANDARD.decode(packed).ok();
    }
    STANDARD.decode(text).ok()
}

/// Encodes as base64.
pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads a value from text in an element or header. An empty number or moment is absent.
pub(crate) fn from_text(kind: &Kind, text: &str) -> Result<Option<Value>, ParseError> {
    let trimmed = text.trim();
    let value = match kind {
        Kind::String => Value::String(text.to_owned()),
        Kind::Blob => {
            let bytes = decode_base64(text).ok_or_else(|| ParseError::value("base64"))?;
            Value::String(encode_base64(&bytes))
        }
        Kind::Boolean => Value::Bool(trimmed.eq_ignore_ascii_case("true")),
        Kind::Integer | Kind::Float | Kind::Timestamp if trimmed.is_empty() => return Ok(None),
        Kind::Integer => integer(trimmed).ok_or_else(|| ParseError::value("a whole number"))?,
        Kind::Float => float(trimmed).ok_or_else(|| ParseError::value("a number"))?,
        // A moment that nobody can read stays as it came: it says nothing about what stands beside it.
        Kind::Timestamp => time::from_text(trimmed).map_or_else(|| Value::from(text), time::to_value),
        Kind::Structure(_) | Kind::List(_) | Kind::Map(..) => {
            return Err(ParseError::value("a single value"));
        }
    };
    Ok(Some(value))
}

fn integer(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(Value::from(number));
    }
    text.parse::<u64>().ok().map(Value::from)
}

fn float(text: &str) -> Option<Value> {
    if is_special_float(text) {
        return Some(Value::String(text.to_owned()));
    }
    Number::from_f64(text.parse().ok()?).map(Value::Number)
}

/// Brings a single JSON value into the value form.
pub(crate) fn from_json(kind: &Kind, value: Value) -> Result<Value, ParseError> {
    Ok(match (kind, value) {
        (Kind::Blob, Value::String(text)) => {
            let bytes = decode_base64(&text).ok_or_else(|| ParseError::value("base64"))?;
            Value::String(encode_base64(&bytes))
        }
        (Kind::Timestamp, value @ (Value::String(_) | Value::Number(_))) => {
            time::from_value(&value).map_or(value, time::to_value)
        }
        (Kind::Timestamp, _) => return Err(ParseError::value("a timestamp")),
        (Kind::Boolean, Value::String(text)) => Value::Bool(text.eq_ignore_ascii_case("true")),
        (Kind::Integer, Value::Number(number)) if number.is_f64() => whole(&number),
        (Kind::Integer, Value::String(text)) => {
            integer(text.trim()).ok_or_else(|| ParseError::value("a whole number"))?
        }
        (Kind::Float, Value::String(text)) => {
            float(text.trim()).ok_or_else(|| ParseError::value("a number"))?
        }
        (Kind::String | Kind::Blob, Value::Array(_) | Value::Object(_)) => {
            return Err(ParseError::value("text"));
        }
        (Kind::Boolean, Value::Array(_) | Value::Object(_)) => {
            return Err(ParseError::value("true or false"));
        }
        (Kind::Integer | Kind::Float, Value::Array(_) | Value::Object(_) | Value::Bool(_)) => {
            return Err(ParseError::value("a number"));
        }
        (_, other) => other,
    })
}

fn whole(number: &Number) -> Value {
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() < 9.0e15 => Value::from(float as i64),
        _ => Value::Number(number.clone()),
    }
}

/// Writes a single value as text for a form, path, query or element.
pub(crate) fn to_text(kind: &Kind, target: &ShapeRef, value: &Value, default: TimestampFormat) -> String {
    match (kind, value) {
        (Kind::Timestamp, value) => match time::from_value(value) {
            Some(moment) => time::to_text(moment, target.timestamp.unwrap_or(default)),
            None => String::new(),
        },
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}
