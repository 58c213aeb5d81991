//! Where in a document a path leads, and putting something there.

use serde_json::{Map, Value};

use crate::drift::walk;

/// How deep members are made that are not there.
const DEPTH_MAX: usize = 32;
/// Elements of one list.
pub(super) const ELEMENTS_MAX: usize = 20_000;

/// The list that a path leads into, and the path in its elements.
pub(super) fn list_of(path: &str) -> (&str, String) {
    match path.split_once("[]") {
        Some((list, rest)) => (list, rest.trim_start_matches('.').to_owned()),
        None => (path, String::new()),
    }
}

pub(super) fn elements(document: &Value, list: &str) -> Vec<Value> {
    let found = walk::find(list, document);
    match found.values.first() {
        Some(Value::Array(items)) => items.clone(),
        // A block may be written as a list of one or by itself.
        Some(one @ Value::Object(_)) => vec![(*one).clone()],
        _ => Vec::new(),
    }
}

/// The values of each element, null where an element has none.
pub(super) fn each(path: &str, value: &Value) -> Vec<Value> {
    let (list, member) = list_of(path);
    let all = elements(value, list);
    if member.is_empty() {
        return all;
    }
    let of = |element: &Value| walk::find(&member, element).values.first().map(|value| (*value).clone());
    all.iter().map(|element| of(element).unwrap_or_default()).collect()
}

/// Puts a value where a path leads, members made on the way; none takes it away, and what is empty then.
pub fn put(document: &mut Value, path: &str, value: Option<Value>) {
    let mut steps: Vec<(&str, Option<usize>)> = Vec::new();
    for segment in path.split('.').filter(|segment| !segment.is_empty() && *segment != "@") {
        let (name, bracket) = segment.split_once('[').map_or((segment, ""), |(name, rest)| (name, rest));
        let index = bracket.split(']').next().and_then(|inside| {
            if inside.is_empty() { (!bracket.is_empty()).then_some(0) } else { inside.parse().ok() }
        });
        steps.push((name, index));
    }
    if steps.len() > DEPTH_MAX {
        return;
    }
    if steps.is_empty() {
        *document = value.unwrap_or_default();
        return;
    }
    put_at(document, &steps, value);
}

fn put_at(place: &mut Value, steps: &[(&str, Option<usize>)], value: Option<Value>) {
    let Some(((name, index), rest)) = steps.split_first() else { return };
    if !place.is_object() {
        if value.is_none() {
            return;
        }
        *place = Value::Object(Map::new());
    }
    let Some(members) = place.as_object_mut() else { return };
    if value.is_none() && !members.contains_key(*name) {
        return;
    }
    if rest.is_empty() && index.is_none() {
        match value {
            Some(value) => drop(members.insert((*name).to_owned(), value)),
            None => drop(members.remove(*name)),
        }
        return;
    }
    let member = members.entry((*name).to_owned()).or_insert(Value::Null);
    let inner = match index {
        None => member,
        Some(at) => {
            if !member.is_array() {
                *member = Value::Array(Vec::new());
            }
            let Some(items) = member.as_array_mut() else { return };
            while items.len() <= *at && items.len() < ELEMENTS_MAX {
                items.push(Value::Null);
            }
            let Some(item) = items.get_mut(*at) else { return };
            item
        }
    };
    if rest.is_empty() {
        *inner = value.unwrap_or_default();
        return;
    }
    let is_taken = value.is_none();
    put_at(inner, rest, value);
    if is_taken && index.is_none() && inner.as_object().is_some_and(Map::is_empty) {
        members.remove(*name);
    }
}
