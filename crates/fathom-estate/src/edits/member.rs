//! A member of a description that gets another value.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::declared::write::put;

/// Members that are told where one is not known.
const TOLD: usize = 30;

/// Puts a value where a path leads; says whether that changed something. `known` are the members that a description of the type
/// may have.
///
/// # Errors
/// When there can be no such member, or one of another form.
pub fn set_member(
    document: &mut Value,
    path: &str,
    value: &Value,
    known: &BTreeSet<String>,
) -> Result<bool, String> {
    let steps = steps(path)?;
    let Some(((first, _), _)) = steps.split_first() else { return Err(format!("`{path}` names no member")) };
    if document.get(*first).is_none() && !known.contains(*first) {
        let near: Vec<&str> = nearest(first, known);
        return Err(format!("it has no member `{first}`; it has {}", near.join(", ")));
    }
    let mut here: Option<&Value> = Some(document);
    let mut said = String::new();
    for (name, index) in &steps {
        here = match here {
            None | Some(Value::Null) => None,
            Some(Value::Object(members)) => members.get(*name),
            Some(other) => return Err(format!("`{said}` is {}, so it has no member `{name}`", form(other))),
        };
        said = if said.is_empty() { (*name).to_owned() } else { format!("{said}.{name}") };
        if let Some(index) = index {
            here = match here {
                None | Some(Value::Null) => None,
                Some(Value::Array(items)) if *index <= items.len() => items.get(*index),
                Some(Value::Array(items)) => {
                    return Err(format!("`{said}` has {} elements, from [0] on", items.len()));
                }
                Some(other) => return Err(format!("`{said}` is {} and no list", form(other))),
            };
            said = format!("{said}[{index}]");
        }
    }
    if let Some(there) = here
        && !there.is_null()
        && !value.is_null()
        && form(there) != form(value)
    {
        return Err(format!("`{path}` is {}, and {} was given", form(there), form(value)));
    }
    let before = document.clone();
    put(document, path, Some(value.clone()).filter(|value| !value.is_null()));
    Ok(*document != before)
}

/// A member and its place in a list, where it is one.
type Step<'p> = (&'p str, Option<usize>);

fn steps(path: &str) -> Result<Vec<Step<'_>>, String> {
    let wrong = || format!("`{path}` is no member; write it as `Member`, `Member.Inner` or `List[0].Inner`");
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let (name, index) = match segment.split_once('[') {
            Some((name, rest)) => {
                let inside = rest.strip_suffix(']').ok_or_else(wrong)?;
                (name, Some(inside.parse().map_err(|_| wrong())?))
            }
            None => (segment, None),
        };
        if name.is_empty() || name == "@" {
            return Err(wrong());
        }
        steps.push((name, index));
    }
    Ok(steps)
}

fn form(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The members that look like a word first.
fn nearest<'k>(word: &str, known: &'k BTreeSet<String>) -> Vec<&'k str> {
    let word = word.to_ascii_lowercase();
    let mut all: Vec<&str> = known.iter().map(String::as_str).collect();
    all.sort_by_key(|one| {
        let one = one.to_ascii_lowercase();
        !(one.contains(&word) || word.contains(&one))
    });
    all.truncate(TOLD);
    all
}
