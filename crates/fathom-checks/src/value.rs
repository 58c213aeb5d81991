//! Values of expressions. Documents are read where they lie: nothing of them is converted but the scalars that are looked at.

use std::{borrow::Cow, cmp::Ordering, rc::Rc};

use fathom_model::path::scalar_text;
use serde_json::Value;

/// A value while an expression is evaluated.
#[derive(Debug, Clone)]
pub(crate) enum V<'a> {
    /// A list or members of a document, or a scalar of one that nobody looked at yet.
    Json(&'a Value),
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, str>),
    List(Rc<Vec<V<'a>>>),
    Optional(Option<Box<V<'a>>>),
}

impl<'a> V<'a> {
    /// Scalars of documents as values of their own; lists and members stay.
    pub(crate) fn open(self) -> Self {
        match self {
            Self::Json(value) => Self::of(value),
            other => other,
        }
    }

    pub(crate) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                // What is larger than a signed number holds is compared as what it is nearest to.
                None => Self::Double(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Self::Json(value),
        }
    }

    /// What it is, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Json(Value::Array(_)) | Self::List(_) => "a list",
            Self::Json(Value::Object(_)) => "members",
            Self::Json(_) => "a value",
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Double(_) => "a number",
            Self::Text(_) => "a text",
            Self::Optional(_) => "something that may be absent (add `.orValue(…)`)",
        }
    }

    /// Elements of a list, or the names of members.
    pub(crate) fn elements(&self) -> Option<Elements<'a>> {
        match self {
            Self::Json(Value::Array(items)) => Some(Elements::Json(items)),
            Self::Json(Value::Object(members)) => {
                Some(Elements::List(Rc::new(members.keys().map(|key| V::Text(Cow::Borrowed(key))).collect())))
            }
            Self::List(items) => Some(Elements::List(Rc::clone(items))),
            _ => None,
        }
    }
}

/// What a fold goes through.
#[derive(Debug, Clone)]
pub(crate) enum Elements<'a> {
    Json(&'a [Value]),
    List(Rc<Vec<V<'a>>>),
}

impl<'a> Elements<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::List(items) => items.len(),
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<V<'a>> {
        match self {
            Self::Json(items) => items.get(at).map(V::Json),
            Self::List(items) => items.get(at).cloned(),
        }
    }
}

/// Whether two values are the same; values of different kinds are not, numbers are compared whatever their kind.
pub(crate) fn equal(one: &V<'_>, other: &V<'_>) -> bool {
    match (one.clone().open(), other.clone().open()) {
        (V::Null, V::Null) => true,
        (V::Bool(one), V::Bool(other)) => one == other,
        (V::Text(one), V::Text(other)) => one == other,
        (V::Int(_) | V::Double(_), V::Int(_) | V::Double(_)) => order(one, other) == Some(Ordering::Equal),
        (V::Json(Value::Object(one)), V::Json(Value::Object(other))) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    other.get(name).is_some_and(|same| equal(&V::Json(value), &V::Json(same)))
                })
        }
        (V::Optional(one), V::Optional(other)) => match (one, other) {
            (Some(one), Some(other)) => equal(&one, &other),
            (None, None) => true,
            _ => false,
        },
        (one @ (V::Json(Value::Array(_)) | V::List(_)), other @ (V::Json(Value::Array(_)) | V::List(_))) => {
            match (one.elements(), other.elements()) {
                (Some(one), Some(other)) => {
                    one.len() == other.len()
                        && (0..one.len()).all(|at| match (one.get(at), other.get(at)) {
                            (Some(one), Some(other)) => equal(&one, &other),
                            _ => false,
                        })
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Which of two values comes first; none where they cannot be compared.
pub(crate) fn order(one: &V<'_>, other: &V<'_>) -> Option<Ordering> {
    match (one.clone().open(), other.clone().open()) {
        (V::Int(one), V::Int(other)) => Some(one.cmp(&other)),
        (V::Double(one), V::Double(other)) => one.partial_cmp(&other),
        (V::Int(one), V::Double(other)) => whole_and_part(one, other),
        (V::Double(one), V::Int(other)) => whole_and_part(other, one).map(Ordering::reverse),
        (V::Text(one), V::Text(other)) => Some(one.cmp(&other)),
        (V::Bool(one), V::Bool(other)) => Some(one.cmp(&other)),
        _ => None,
    }
}

fn whole_and_part(whole: i64, part: f64) -> Option<Ordering> {
    (whole as f64).partial_cmp(&part)
}

/// A value as people read it: texts in quotes, lists and members as JSON, passwords in addresses hidden.
pub(crate) fn shown(value: &Value, chars_max: usize) -> String {
    let mut text = match value {
        Value::String(text) => {
            let hidden = fathom_model::secret::without_credentials(text);
            format!("\"{}\"", hidden.as_deref().unwrap_or(text))
        }
        Value::Array(_) | Value::Object(_) => {
            let mut copy = value.clone();
            fathom_model::secret::hide_credentials(&mut copy);
            copy.to_string()
        }
        other => scalar_text(other).unwrap_or_else(|| other.to_string()),
    };
    if text.chars().count() > chars_max {
        text = text.chars().take(chars_max).chain(['…']).collect();
    }
    text
}
