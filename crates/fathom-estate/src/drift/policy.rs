//! IAM policies compared by what they say: one action or a list of one, any order, any case of actions.

use serde_json::{Map, Value};

use super::same;
use crate::declared::doubt;

/// What one policy has and another has not.
#[derive(Debug, Default)]
pub(super) struct PolicyDifference {
    /// Statements that are declared only.
    pub(super) declared: Vec<Value>,
    /// Statements that are there only.
    pub(super) actual: Vec<Value>,
    /// Why a declared statement could not be judged.
    pub(super) doubt: Option<String>,
}

/// Compares two policies; either may be JSON as text.
pub(super) fn compare(declared: &Value, actual: &Value) -> PolicyDifference {
    let mut difference = PolicyDifference::default();
    let mut rest: Vec<Value> = statements(&same::parsed(actual));
    let mut doubtful = 0;
    for statement in statements(&same::parsed(declared)) {
        if let Some(at) = rest.iter().position(|other| *other == statement) {
            rest.swap_remove(at);
        } else if let Some(why) = doubt(&statement) {
            difference.doubt = Some(why.to_owned());
            doubtful += 1;
        } else {
            difference.declared.push(statement);
        }
    }
    // Each statement that is not fully known may be one of those left.
    if rest.len() > doubtful {
        difference.actual = rest;
    } else if rest.len() < doubtful {
        difference.declared.push(Value::from(format!("{} more", doubtful - rest.len())));
    }
    difference
}

fn statements(policy: &Value) -> Vec<Value> {
    let listed: &[Value] = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(statement) => std::slice::from_ref(statement),
        None => &[],
    };
    listed.iter().map(statement).collect()
}

/// A statement in one spelling; its name is no part of what it says.
fn statement(statement: &Value) -> Value {
    let Some(members) = statement.as_object() else { return statement.clone() };
    let mut plain = Map::new();
    for (name, member) in members {
        let value = match name.as_str() {
            "Sid" => continue,
            "Action" | "NotAction" => list(member, str::to_ascii_lowercase),
            "Resource" | "NotResource" => list(member, str::to_owned),
            "Principal" | "NotPrincipal" => principal(member),
            "Condition" => condition(member),
            _ => member.clone(),
        };
        plain.insert(name.clone(), value);
    }
    Value::Object(plain)
}

fn list(value: &Value, spell: impl Fn(&str) -> String) -> Value {
    let mut items: Vec<Value> = match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    for item in &mut items {
        if let Some(text) = same::text(item) {
            *item = Value::from(spell(&text));
        }
    }
    items.sort_by_key(ToString::to_string);
    items.dedup();
    Value::Array(items)
}

fn principal(value: &Value) -> Value {
    match value {
        Value::String(all) if all == "*" => {
            Value::Object(Map::from_iter([("AWS".to_owned(), Value::Array(vec![Value::from("*")]))]))
        }
        Value::Object(members)
            if doubt(value).is_none() || !members.keys().any(|k| k.starts_with("fathom:")) =>
        {
            members.iter().map(|(name, member)| (name.clone(), list(member, account_of_root))).collect()
        }
        other => other.clone(),
    }
}

/// An account and its root are one principal.
fn account_of_root(text: &str) -> String {
    text.strip_suffix(":root")
        .and_then(|text| text.rsplit(':').next())
        .filter(|account| !account.is_empty())
        .unwrap_or(text)
        .to_owned()
}

fn condition(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    operators
        .iter()
        .map(|(operator, keys)| {
            let keys = match keys.as_object() {
                Some(keys) => keys
                    .iter()
                    .map(|(key, values)| (key.to_ascii_lowercase(), list(values, str::to_owned)))
                    .collect(),
                None => keys.clone(),
            };
            (operator.clone(), keys)
        })
        .collect()
}
