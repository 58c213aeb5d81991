//! Whether two scalars, lists or texts mean the same, each in the spelling of its side.

use fathom_content::{declared::Form, template::last_segment};
use fathom_model::secret;
use serde_json::Value;

/// Nothing: absent, null, or what states nothing.
pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
    }
}

/// Whether a document hides a value.
pub(crate) fn is_hidden(value: &Value) -> bool {
    match value {
        // A part of it may be hidden: the password of an address.
        Value::String(text) => text.contains(secret::MARK),
        Value::Array(items) => items.iter().any(is_hidden),
        Value::Object(members) => members.values().any(is_hidden),
        _ => false,
    }
}

/// A scalar as text; none for lists and maps.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether two scalars are the same: numbers and truth values also where one side writes them as text.
pub(crate) fn scalars(declared: &Value, actual: &Value, form: Form) -> bool {
    let (Some(a), Some(b)) = (text(declared), text(actual)) else { return false };
    if a == b {
        return true;
    }
    if declared.is_number() || actual.is_number() {
        return matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < f64::EPSILON);
    }
    if let (Some(a), Some(b)) = (truth(&a), truth(&b)) {
        return a == b;
    }
    match form {
        Form::Caseless => a.eq_ignore_ascii_case(&b),
        Form::DnsName => a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.')),
        // Two ARNs may end alike and mean two things: a policy of the provider and one of the account.
        Form::Reference => {
            let is_arn = |text: &str| text.starts_with("arn:");
            is_arn(&a) != is_arn(&b) && !a.is_empty() && !b.is_empty() && last_segment(&a) == last_segment(&b)
        }
        _ => false,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// JSON that may be written as text.
pub(crate) fn parsed(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
        value => value.clone(),
    }
}
