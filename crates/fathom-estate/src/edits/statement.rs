//! A policy with a statement or an action more or less.

use serde_json::{Map, Value};

use super::{At, Change};
use crate::drift::same;

/// Changes a policy. What is left of one that goes is null.
///
/// # Errors
/// When it has no such statement or action, or when taking it out would take more.
pub fn change_policy(policy: &mut Value, change: &Change) -> Result<(), String> {
    if *change == Change::Goes {
        if policy.is_null() {
            return Err("it has no such policy".to_owned());
        }
        *policy = Value::Null;
        return Ok(());
    }
    // A few descriptions keep the text.
    *policy = same::parsed(policy);
    if policy.is_null() {
        if !matches!(change, Change::Adds(_)) {
            return Err("it has no policy".to_owned());
        }
        *policy = Value::from_iter([
            ("Version", Value::from("2012-10-17")),
            ("Statement", Value::Array(Vec::new())),
        ]);
    }
    let Some(members) = policy.as_object_mut() else {
        return Err("its policy is no JSON that is understood".to_owned());
    };
    let statements = members.entry("Statement").or_insert_with(|| Value::Array(Vec::new()));
    if statements.is_object() {
        *statements = Value::Array(vec![statements.take()]);
    }
    let Some(statements) = statements.as_array_mut() else {
        return Err("its policy has no list of statements".to_owned());
    };
    match change {
        Change::Goes => {}
        Change::Adds(statement) => {
            let is_whole = ["Effect", "Action", "NotAction"].map(|name| statement.get(name).is_some());
            if !(is_whole[0] && (is_whole[1] || is_whole[2])) {
                return Err("a statement needs `Effect` and `Action`".to_owned());
            }
            statements.push(statement.clone());
        }
        Change::Takes(at) => {
            let at = find(statements, at)?;
            statements.remove(at);
        }
        Change::AddsAction(at, action) => {
            let at = find(statements, at)?;
            let statement =
                statements.get_mut(at).and_then(Value::as_object_mut).ok_or("it is no statement")?;
            let mut all = actions(statement, at)?;
            if !all.iter().any(|one| one.eq_ignore_ascii_case(action)) {
                all.push(action.clone());
            }
            statement.insert("Action".to_owned(), all.into());
        }
        Change::TakesAction(at, action) => {
            let at = find(statements, at)?;
            let statement =
                statements.get_mut(at).and_then(Value::as_object_mut).ok_or("it is no statement")?;
            let mut all = actions(statement, at)?;
            let count = all.len();
            all.retain(|one| !one.eq_ignore_ascii_case(action));
            if all.len() == count {
                return Err(format!("statement {at} does not name {action}; it names {}", all.join(", ")));
            }
            if all.is_empty() {
                statements.remove(at);
            } else {
                statement.insert("Action".to_owned(), all.into());
            }
        }
    }
    Ok(())
}

/// The place of a statement.
fn find(statements: &[Value], at: &At) -> Result<usize, String> {
    let sid_of = |statement: &Value| statement["Sid"].as_str().map(str::to_owned);
    if let Some(number) = at.number {
        let Some(statement) = statements.get(number) else {
            return Err(match statements.len() {
                0 => "the policy has no statement".to_owned(),
                1 => format!("the policy has no statement {number}; it has only statement 0"),
                count => format!("the policy has no statement {number}; it has 0 to {}", count - 1),
            });
        };
        return match &at.sid {
            Some(sid) if sid_of(statement).as_ref() != Some(sid) => {
                Err(format!("statement {number} is not called `{sid}`"))
            }
            _ => Ok(number),
        };
    }
    let Some(sid) = &at.sid else { return Err("it names no statement".to_owned()) };
    let mut found = statements.iter().enumerate().filter(|(_, one)| sid_of(one).as_ref() == Some(sid));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (Some(_), Some(_)) => Err(format!("several statements are called `{sid}`; write its number")),
        (None, _) => {
            let known: Vec<String> = statements.iter().filter_map(sid_of).collect();
            let known = if known.is_empty() { "none has an id".to_owned() } else { known.join(", ") };
            Err(format!("no statement of the policy is called `{sid}`: {known}; or write its number, from 0"))
        }
    }
}

fn actions(statement: &Map<String, Value>, at: usize) -> Result<Vec<String>, String> {
    match statement.get("Action") {
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(all)) => Ok(all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()),
        _ => Err(format!(
            "statement {at} says what it is not about (`NotAction`), so no action can be named in it"
        )),
    }
}
