//! Single values and paths in the value form, as this side of the wire sees them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

/// Forms of a moment on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Iso8601,
    Rfc822,
    Unix,
}

impl Moment {
    /// The form a model names.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "rfc822" => Moment::Rfc822,
            "unixTimestamp" | "unixtimestamp" => Moment::Unix,
            _ => Moment::Iso8601,
        }
    }

    /// A moment of the value form as a JSON value of this form.
    pub(crate) fn write(self, value: &Value) -> Value {
        let Some(moment) = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else {
            return value.clone();
        };
        match self {
            Moment::Iso8601 => Value::String(moment.to_string()),
            Moment::Rfc822 => Value::String(moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            Moment::Unix if moment.subsec_nanosecond() == 0 => Value::from(moment.as_second()),
            Moment::Unix => Value::from(moment.as_microsecond() as f64 / 1e6),
        }
    }
}

/// A moment from seconds since 1970.
pub(crate) fn moment_of_seconds(number: &Number) -> Value {
    let micros = number.as_f64().map(|seconds| (seconds * 1e6).round() as i64);
    let moment = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    moment.map_or_else(|| Value::Number(number.clone()), |moment| Value::String(moment.to_string()))
}

/// A single value as text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Bytes of a blob in the value form.
pub(crate) fn bytes_of(value: &Value) -> Vec<u8> {
    value.as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default()
}

/// Whether text can be a blob in the value form.
pub(crate) fn is_base64(text: &str) -> bool {
    STANDARD.decode(text).is_ok()
}

/// A blob in the value form.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Puts a value at a path of members (`DistributionList.NextMarker`), making the objects on the way.
pub(crate) fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}
