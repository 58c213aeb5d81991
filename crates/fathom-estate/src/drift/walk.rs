//! Reads declared values by path, through what is assumed and up to what is unknown.

use serde_json::Value;

use crate::declared::{assumed_parts, unknown_why};

/// What a path leads to in a declaration.
#[derive(Debug, Default)]
pub(crate) struct Found<'v> {
    /// The values, nulls left out.
    pub(crate) values: Vec<&'v Value>,
    /// Why there may be others.
    pub(crate) unknown: Option<&'v str>,
    /// On what the values depend.
    pub(crate) assumed: Option<&'v str>,
}

/// One step of a path as written in maps: a member, an index, or each element.
enum Step<'p> {
    Member(&'p str),
    Index(usize),
    Each,
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let (name, mut brackets) = segment.find('[').map_or((segment, ""), |at| segment.split_at(at));
        if !name.is_empty() && name != "@" {
            steps.push(Step::Member(name));
        }
        while let Some((inside, rest)) = brackets.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            steps.push(inside.parse().map_or(Step::Each, Step::Index));
            brackets = rest;
        }
    }
    steps
}

/// Whether a path may lead to several values.
pub(crate) fn is_many(path: &str) -> bool {
    path.contains("[]")
}

/// Follows a path; the first of alternatives that leads to something.
pub(crate) fn find<'v>(path: &str, value: &'v Value) -> Found<'v> {
    let mut found = Found::default();
    for alternative in path.split("||") {
        follow(&steps(alternative.trim()), value, &mut found);
        if !found.values.is_empty() {
            break;
        }
    }
    found
}

/// The first member of a path, where it is there and not null.
pub(crate) fn first<'v>(path: &str, value: &'v Value) -> Option<&'v Value> {
    path.split("||").find_map(|alternative| match steps(alternative.trim()).first() {
        Some(Step::Member(name)) => value.get(*name).filter(|member| !member.is_null()),
        _ => None,
    })
}

fn follow<'v>(steps: &[Step<'_>], value: &'v Value, found: &mut Found<'v>) {
    if let Some(why) = unknown_why(value) {
        found.unknown = found.unknown.or(Some(why));
        return;
    }
    if let Some((inner, why)) = assumed_parts(value) {
        found.assumed = found.assumed.or(Some(why));
        follow(steps, inner, found);
        return;
    }
    match (steps, value) {
        (_, Value::Null) => {}
        ([], value) => found.values.push(value),
        ([Step::Member(name), rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get(*name) {
                follow(rest, member, found);
            }
        }
        ([Step::Each, rest @ ..], Value::Array(items)) => {
            for item in items {
                follow(rest, item, found);
            }
        }
        // An unknown element may stand for several.
        ([Step::Index(at), rest @ ..], Value::Array(items)) => {
            if let Some(item) = items.get(*at) {
                follow(rest, item, found);
            }
        }
        // A block may be written as a list of one or by itself.
        ([Step::Index(0) | Step::Each, rest @ ..], value @ Value::Object(_)) => follow(rest, value, found),
        _ => {}
    }
}
