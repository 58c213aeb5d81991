//! What a fix makes of a document: members that are set, elements of lists that are taken out.

use serde_json::{Map, Value, json};

use super::template::mistake;
use crate::tree::Mistake;

/// Steps of a path.
const STEPS_MAX: usize = 12;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member.
    Name(String),
    /// Each element of a list.
    Each,
}

/// Reads a path: `A.B[].C`. A name with dots or brackets in it stands in quotes: `A."a.b"`.
pub(super) fn path(text: &str) -> Result<Vec<Step>, Mistake> {
    let wrong = || mistake(format!("`{text}` is no path like `A.B[].C`"));
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        if name.is_empty() {
            return Err(wrong());
        }
        steps.push(Step::Name(name.to_owned()));
        rest = after;
        while let Some(after) = rest.strip_prefix("[]") {
            steps.push(Step::Each);
            rest = after;
        }
        if steps.len() > STEPS_MAX {
            return Err(wrong());
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(steps),
            None => return Err(wrong()),
        }
    }
}

/// Whether a path leads into what lies at another one, as documents tell what was not read: `Policy`, `Rules[0].Port`.
pub(super) fn is_within(steps: &[Step], outer: &str) -> bool {
    let outer: Vec<&str> = outer.split(['.', '[']).map(|step| step.trim_end_matches(']')).collect();
    steps.len() > outer.len()
        && steps.iter().zip(outer).all(|(step, outer)| match step {
            Step::Name(name) => name == outer,
            Step::Each => true,
        })
}

/// Puts a value where a path leads; null takes away what is there. Members on the way are made, lists are not.
pub(super) fn put(at: &mut Value, steps: &[Step], value: &Value) {
    match steps {
        [] => *at = value.clone(),
        [Step::Each, rest @ ..] => {
            for item in at.as_array_mut().into_iter().flatten() {
                put(item, rest, value);
            }
        }
        [Step::Name(name), rest @ ..] => {
            if at.is_null() {
                *at = json!({});
            }
            let Some(members) = at.as_object_mut() else { return };
            if rest.is_empty() && value.is_null() {
                members.remove(name);
                return;
            }
            put(members.entry(name).or_insert(Value::Null), rest, value);
        }
    }
}

/// The elements of the list at a path; one thing where a list may stand is a list of one.
pub(super) fn list<'d>(document: &'d Value, steps: &[Step]) -> Vec<&'d Value> {
    match steps {
        [] => match document {
            Value::Array(items) => items.iter().collect(),
            Value::Null => Vec::new(),
            one => vec![one],
        },
        [Step::Name(name), rest @ ..] => document.get(name).map(|at| list(at, rest)).unwrap_or_default(),
        [Step::Each, rest @ ..] => {
            document.as_array().into_iter().flatten().flat_map(|at| list(at, rest)).collect()
        }
    }
}

/// An element without some elements of its lists, and one with only those. The first is none where nothing is left, the second where
/// nothing was taken. `goes` says of a list by its name and an element of it whether it goes.
pub(super) fn split<E>(
    element: &Value,
    lists: &[&str],
    keeps: &[String],
    mut goes: impl FnMut(&str, &Value) -> Result<bool, E>,
) -> Result<(Option<Value>, Option<Value>), E> {
    let Some(members) = element.as_object() else { return Ok((Some(element.clone()), None)) };
    let (mut stays, mut taken) = (members.clone(), Map::new());
    for name in lists {
        let mut left = Vec::new();
        let mut gone = Vec::new();
        for item in members.get(*name).and_then(Value::as_array).into_iter().flatten() {
            if goes(name, item)? { &mut gone } else { &mut left }.push(item.clone());
        }
        if !gone.is_empty() {
            stays.insert((*name).to_owned(), Value::Array(left));
            taken.insert((*name).to_owned(), Value::Array(gone));
        }
    }
    if taken.is_empty() {
        return Ok((Some(element.clone()), None));
    }
    for name in keeps {
        if let Some(value) = members.get(name) {
            taken.insert(name.clone(), value.clone());
        }
    }
    let is_something = |(name, value): (&String, &Value)| {
        !keeps.contains(name) && value.as_array().is_none_or(|items| !items.is_empty())
    };
    let stays = stays.iter().any(is_something).then_some(Value::Object(stays));
    Ok((stays, Some(Value::Object(taken))))
}
