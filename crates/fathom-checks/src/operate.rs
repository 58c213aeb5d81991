//! What operators and functions do with values that are known: lists, costs and numbers.

use std::rc::Rc;

use serde_json::Value;

use crate::{evaluate::Stop, tree::Op, value::V};

/// A list as it is; anything else as a list of one, as providers write both in policies.
pub(crate) fn each(value: V<'_>) -> V<'_> {
    match value {
        V::Json(Value::Array(_)) | V::List(_) => value,
        V::Null => V::List(Rc::new(Vec::new())),
        value => V::List(Rc::new(vec![value])),
    }
}

/// What looking at a value as a whole costs, in steps.
pub(crate) fn weight(value: &V<'_>) -> u64 {
    fn of(json: &Value) -> u64 {
        match json {
            Value::Array(items) => 1 + items.iter().map(of).sum::<u64>(),
            Value::Object(members) => 1 + members.values().map(of).sum::<u64>(),
            Value::String(text) => 1 + text.len() as u64 / 256,
            _ => 1,
        }
    }
    match value {
        V::Json(json) => of(json),
        V::List(items) => items.len() as u64,
        V::Text(text) => text.len() as u64 / 256,
        _ => 0,
    }
}

/// An operation on whole numbers.
pub(crate) fn whole_number(op: Op, one: i64, other: i64) -> Result<i64, Stop> {
    let value = match op {
        Op::Add => one.checked_add(other),
        Op::Sub => one.checked_sub(other),
        Op::Mul => one.checked_mul(other),
        Op::Div => one.checked_div(other),
        _ => one.checked_rem(other),
    };
    value.ok_or_else(overflow)
}

/// An operation on numbers; none where it has no value.
pub(crate) fn number(op: Op, one: f64, other: f64) -> Option<f64> {
    Some(match op {
        Op::Add => one + other,
        Op::Sub => one - other,
        Op::Mul => one * other,
        Op::Div => one / other,
        _ => return None,
    })
}

/// A number that is none.
pub(crate) fn overflow() -> Stop {
    Stop::Wrong("a number becomes too large, or is divided by nothing".to_owned())
}

/// A value of a kind that something cannot take.
pub(crate) fn wrong(what: &str, value: &V<'_>) -> Stop {
    Stop::Wrong(format!("{what} cannot take {}", value.word()))
}
