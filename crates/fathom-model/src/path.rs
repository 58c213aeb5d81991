//! Paths into documents: the small part of JMESPath that AWS paginators and resource definitions use.
//!
//! `Reservations[].Instances[]`, `NextMarker || Contents[-1].Key`, `@` for the value itself. A missing step yields
//! nothing, never an error: documents leave out what is not set.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A parsed path; compare, show and store it by its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    alternatives: Vec<Vec<Step>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Each,
    Index(i64),
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a path: {problem}; write members with dots, `[]` for each element, like `Reservations[].Instances[]`"
)]
pub struct PathError {
    /// The text as given.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |problem| PathError { text: text.to_owned(), problem };
        let alternatives = text
            .split("||")
            .map(|alternative| parse_steps(alternative.trim()).map_err(fail))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), alternatives })
    }
}

fn parse_steps(text: &str) -> Result<Vec<Step>, &'static str> {
    if text == "@" {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    for (i, segment) in text.split('.').enumerate() {
        let (name, brackets) = match segment.find('[') {
            Some(at) => segment.split_at(at),
            None => (segment, ""),
        };
        // A path may begin with brackets; later segments have a name.
        let may_lack_name = i == 0 && !brackets.is_empty();
        if name.is_empty() && !may_lack_name {
            return Err("a member name is missing");
        }
        if !name.is_empty() && name != "@" {
            steps.push(Step::Member(name.trim_matches('"').to_owned()));
        }
        let mut rest = brackets;
        while !rest.is_empty() {
            let end = rest.find(']').ok_or("a `[` is not closed")?;
            let inside = rest.get(1..end).ok_or("a `[` is not closed")?;
            steps.push(match inside {
                "" | "*" => Step::Each,
                number => Step::Index(number.parse().map_err(|_| "an index is not a number")?),
            });
            rest = rest.get(end + 1..).unwrap_or_default();
            if !rest.is_empty() && !rest.starts_with('[') {
                return Err("text follows a `]`");
            }
        }
    }
    Ok(steps)
}

impl Path {
    /// All values the path leads to, in document order; nulls are left out.
    pub fn all<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        for steps in &self.alternatives {
            let found = walk(steps, value);
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The first value the path leads to.
    pub fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.all(value).into_iter().next()
    }

    /// The first value as text: strings as they are, numbers and booleans written out.
    pub fn text(&self, value: &Value) -> Option<String> {
        self.first(value).and_then(scalar_text)
    }

    /// Takes the values out of a document without copying, where the path only walks members and elements.
    pub fn take_all(&self, mut value: Value) -> Vec<Value> {
        let [steps] = self.alternatives.as_slice() else {
            return self.all(&value).into_iter().cloned().collect();
        };
        let mut current = vec![std::mem::take(&mut value)];
        for step in steps {
            current = current
                .into_iter()
                .flat_map(|value| match (step, value) {
                    (Step::Member(name), Value::Object(mut map)) => map.remove(name).into_iter().collect(),
                    (Step::Each, Value::Array(items)) => items,
                    (Step::Index(i), Value::Array(mut items)) => match index(*i, items.len()) {
                        Some(i) => vec![items.swap_remove(i)],
                        None => Vec::new(),
                    },
                    _ => Vec::new(),
                })
                .filter(|value| !value.is_null())
                .collect();
        }
        current
    }

    /// Changes every value the path leads to, in place; of alternatives only the first is followed.
    pub fn change(&self, value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
        if let Some(steps) = self.alternatives.first() {
            change_at(steps, value, change);
        }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A scalar as text; arrays, objects and null have none.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn change_at(steps: &[Step], value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = steps.split_first() else {
        change(value);
        return;
    };
    match (step, value) {
        (Step::Member(name), Value::Object(map)) => {
            if let Some(member) = map.get_mut(name) {
                change_at(rest, member, change);
            }
        }
        (Step::Each, Value::Array(items)) => items.iter_mut().for_each(|item| change_at(rest, item, change)),
        (Step::Index(i), Value::Array(items)) => {
            let at = index(*i, items.len());
            if let Some(item) = at.and_then(|at| items.get_mut(at)) {
                change_at(rest, item, change);
            }
        }
        _ => {}
    }
}

fn index(i: i64, len: usize) -> Option<usize> {
    let at = if i < 0 { i64::try_from(len).ok()?.checked_add(i)? } else { i };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn walk<'v>(steps: &[Step], value: &'v Value) -> Vec<&'v Value> {
    let mut current = vec![value];
    for step in steps {
        current = current
            .into_iter()
            .flat_map(|value| -> Vec<&'v Value> {
                match (step, value) {
                    (Step::Member(name), Value::Object(map)) => map.get(name).into_iter().collect(),
                    (Step::Each, Value::Array(items)) => items.iter().collect(),
                    (Step::Index(i), Value::Array(items)) => {
                        index(*i, items.len()).and_then(|i| items.get(i)).into_iter().collect()
                    }
                    _ => Vec::new(),
                }
            })
            .filter(|value| !value.is_null())
            .collect();
    }
    current
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn walks_members_elements_indexes_and_alternatives() {
        let doc = json!({"R": [{"I": [{"id": 1}, {"id": 2}]}, {"I": [{"id": 3}]}], "Next": null, "K": [{"Key": "z"}]});
        let ids = |text: &str| -> Vec<String> {
            let path: Path = text.parse().expect("a valid path");
            let by_ref: Vec<String> = path.all(&doc).into_iter().filter_map(scalar_text).collect();
            let by_value: Vec<String> = path.take_all(doc.clone()).iter().filter_map(scalar_text).collect();
            assert_eq!(by_ref, by_value);
            by_ref
        };
        assert_eq!(ids("R[].I[].id"), ["1", "2", "3"]);
        assert_eq!(ids("R[0].I[-1].id"), ["2"]);
        assert_eq!(ids("Next || K[-1].Key"), ["z"]);
        assert_eq!(ids("R[7].I"), [""; 0]);
        assert_eq!("@".parse::<Path>().expect("self").all(&doc), [&doc]);
    }

    #[test]
    fn bad_paths_say_what_is_wrong() {
        for (text, problem) in [
            ("a..b", "a member name is missing"),
            ("a[", "a `[` is not closed"),
            ("a[x]", "an index is not a number"),
            ("a[]b", "text follows a `]`"),
            ("", "a member name is missing"),
        ] {
            assert_eq!(text.parse::<Path>().expect_err(text).problem, problem);
        }
    }
}
