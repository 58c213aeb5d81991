//! Paths into documents: the small part of JMESPath that AWS paginators and resource definitions use.
//!
//! `Reservations[].Instances[]`, `NextMarker || Contents[-1].Key`, `resourceMethods.*` for every member, `@` for the value
//! itself. A missing step yields nothing, never an error: documents leave out what is not set.

use std::{fmt, fmt::Write as _, str::FromStr};

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
    /// Every member of an object, whatever its name.
    Members,
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
        if name == "*" {
            steps.push(Step::Members);
        } else if !name.is_empty() && name != "@" {
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
                    (Step::Members, Value::Object(map)) => {
                        map.into_iter().map(|(_, member)| member).collect()
                    }
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

    /// Takes the members out that the path leads to, each handed on with its own path (`a[0].b`). Only the
    /// first of alternatives is followed, and a path that ends in an element or `@` takes nothing.
    pub fn take_members(&self, value: &mut Value, take: &mut dyn FnMut(String, Value)) {
        if let Some(steps) = self.alternatives.first() {
            take_at(steps, value, &mut String::new(), take);
        }
    }

    /// Puts a member where [`Path::take_members`] took it; what has no such place any more stays away.
    pub fn put_member(&self, value: &mut Value, member: Value) {
        if let Some(Some((Step::Member(name), before))) =
            self.alternatives.first().map(|steps| steps.split_last())
        {
            let mut member = Some(member);
            change_at(before, value, &mut |place| {
                if let (Value::Object(members), Some(member)) = (place, member.take()) {
                    members.insert(name.clone(), member);
                }
            });
        }
    }

    /// Whether it leads to a member of something, by one way only.
    pub fn ends_in_member(&self) -> bool {
        matches!(self.alternatives.as_slice(), [steps] if matches!(steps.last(), Some(Step::Member(_))))
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
        (Step::Members, Value::Object(map)) => {
            map.values_mut().for_each(|member| change_at(rest, member, change));
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

fn take_at(steps: &[Step], value: &mut Value, place: &mut String, take: &mut dyn FnMut(String, Value)) {
    let before = place.len();
    match (steps, value) {
        ([Step::Member(name), rest @ ..], Value::Object(members)) => {
            if before > 0 {
                place.push('.');
            }
            place.push_str(name);
            if !rest.is_empty() {
                if let Some(member) = members.get_mut(name) {
                    take_at(rest, member, place, take);
                }
            } else if let Some(member) = members.remove(name) {
                take(place.clone(), member);
            }
        }
        ([Step::Members, rest @ ..], Value::Object(members)) => {
            for (name, member) in members {
                if before > 0 {
                    place.push('.');
                }
                place.push_str(name);
                take_at(rest, member, place, take);
                place.truncate(before);
            }
        }
        ([Step::Each, rest @ ..], Value::Array(items)) => {
            for (i, item) in items.iter_mut().enumerate() {
                let _infallible = write!(place, "[{i}]");
                take_at(rest, item, place, take);
                place.truncate(before);
            }
        }
        ([Step::Index(i), rest @ ..], Value::Array(items)) => {
            if let Some(at) = index(*i, items.len())
                && let Some(item) = items.get_mut(at)
            {
                let _infallible = write!(place, "[{at}]");
                take_at(rest, item, place, take);
            }
        }
        _ => {}
    }
    place.truncate(before);
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
                    (Step::Members, Value::Object(map)) => map.values().collect(),
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
        let doc = json!({"R": [{"I": [{"id": 1}, {"id": 2}]}, {"I": [{"id": 3}]}], "Next": null, "K": [{"Key": "z"}],
            "M": {"get": {"id": 4}, "put": {"id": 5}}});
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
        assert_eq!(ids("M.*.id"), ["4", "5"]);
        assert_eq!(ids("R.*.id"), [""; 0]);
        assert_eq!("@".parse::<Path>().expect("self").all(&doc), [&doc]);
    }

    #[test]
    fn members_come_out_and_go_back() {
        let whole = json!({"A": {"B": 1, "C": 2}, "L": [{"x": 1, "y": 1}, {"y": 2}, 7, {"x": null}], "M": {"p": {"z": 1}}, "T": "t"});
        let mut doc = whole.clone();
        let mut taken = Vec::new();
        for path in ["A.B", "L[].x", "M.*.z", "T", "None.At", "L[]", "T.deeper"] {
            let path: Path = path.parse().expect("a path");
            path.take_members(&mut doc, &mut |place, member| taken.push((place, member)));
        }
        assert_eq!(doc, json!({"A": {"C": 2}, "L": [{"y": 1}, {"y": 2}, 7, {}], "M": {"p": {}}}));
        let places: Vec<&str> = taken.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["A.B", "L[0].x", "L[3].x", "M.p.z", "T"]);
        for (place, member) in taken {
            place.parse::<Path>().expect("its own path").put_member(&mut doc, member);
        }
        assert_eq!(doc, whole);
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
