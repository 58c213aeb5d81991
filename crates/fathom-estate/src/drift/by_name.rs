//! Values compared by the names of their members, where no map says which attribute is which member.

use fathom_content::declared::Form;
use serde_json::{Map, Value};

use super::same;
use crate::declared::{assumed_parts, doubt, unknown_why};

/// How deep values are compared by name.
pub(super) const DEPTH_MAX: usize = 40;
/// Pairs of elements that are tried for one list.
const PAIRS_MAX: usize = 40_000;

/// Values compared by their names alone. Where names do not agree, nothing is said about drift.
#[derive(Default)]
pub(super) struct ByName {
    pub(super) compared: usize,
    pub(super) differences: Vec<(String, Value, Value)>,
    pub(super) skipped: Vec<(String, String)>,
}

impl ByName {
    pub(super) fn at(&mut self, declared: &Value, actual: &Value, path: &str, depth: usize) {
        if depth > DEPTH_MAX {
            return self.skipped.push((path.to_owned(), "it is nested too deeply".to_owned()));
        }
        if let Some(why) = unknown_why(declared) {
            return self.skipped.push((path.to_owned(), why.to_owned()));
        }
        if let Some((declared, why)) = assumed_parts(declared) {
            let mut inner = Self::default();
            inner.at(declared, actual, path, depth + 1);
            if inner.differences.is_empty() {
                self.compared += inner.compared;
                self.skipped.append(&mut inner.skipped);
            } else {
                let why = format!("it differs, but {why}; say `parameters` in fathom.yaml");
                self.skipped.push((path.to_owned(), why));
            }
            return;
        }
        if same::is_hidden(actual) {
            let why = "it may hold secrets, so its value is not kept".to_owned();
            return self.skipped.push((path.to_owned(), why));
        }
        match (declared, actual) {
            // A block is written as a list of one.
            (Value::Array(items), Value::Object(_)) if matches!(items.as_slice(), [Value::Object(_)]) => {
                if let [one] = items.as_slice() {
                    self.at(one, actual, path, depth + 1);
                }
            }
            (Value::Object(_), Value::Array(items)) if matches!(items.as_slice(), [Value::Object(_)]) => {
                if let [one] = items.as_slice() {
                    self.at(declared, one, path, depth + 1);
                }
            }
            (Value::Object(declared), Value::Object(_)) => self.members(declared, actual, path, depth),
            (Value::Array(declared), Value::Array(actual)) => self.lists(declared, actual, path, depth),
            (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
                self.skipped.push((path.to_owned(), "the description has it in another form".to_owned()));
            }
            (declared, actual) if may_be_alias(declared, actual) => {
                self.skipped.push((path.to_owned(), ALIAS.to_owned()));
            }
            (declared, actual) => {
                self.compared += 1;
                let equal =
                    (same::is_nothing(declared) && same::is_nothing(actual)) || loosely(declared, actual);
                if !equal {
                    self.differences.push((path.to_owned(), declared.clone(), actual.clone()));
                }
            }
        }
    }

    pub(super) fn members(
        &mut self,
        declared: &Map<String, Value>,
        actual: &Value,
        path: &str,
        depth: usize,
    ) {
        for (name, member) in declared {
            let path = format!("{path}.{name}");
            match named(actual, name) {
                Some((_, there)) => self.at(member, there, &path, depth + 1),
                None if member.is_null() => {}
                None => self.skipped.push((
                    path,
                    doubt(member)
                        .unwrap_or("nothing in the resource's description is known to be this")
                        .to_owned(),
                )),
            }
        }
    }

    pub(super) fn lists(&mut self, declared: &[Value], actual: &[Value], path: &str, depth: usize) {
        if let Some(why) = declared.iter().find_map(doubt) {
            return self.skipped.push((path.to_owned(), why.to_owned()));
        }
        if declared.iter().chain(actual).all(|item| same::text(item).is_some()) {
            self.compared += 1;
            let mut rest: Vec<&Value> = actual.iter().collect();
            let missing = declared.iter().any(|item| {
                let at = rest.iter().position(|other| loosely(item, other));
                at.map(|at| rest.swap_remove(at)).is_none()
            });
            if missing || !rest.is_empty() {
                self.differences.push((path.to_owned(), declared.into(), actual.into()));
            }
            return;
        }
        if declared.len().saturating_mul(actual.len()) > PAIRS_MAX {
            return self.skipped.push((path.to_owned(), "there are too many to compare".to_owned()));
        }
        let mut rest: Vec<&Value> = actual.iter().collect();
        let mut lost = Vec::new();
        let (mut compared, mut skipped) = (0, Vec::new());
        for item in declared {
            let mut fits = None;
            for (at, other) in rest.iter().enumerate() {
                let mut trial = Self::default();
                trial.at(item, other, path, depth + 1);
                let equal = *item == **other;
                if equal || (trial.differences.is_empty() && trial.compared > 0) {
                    trial.compared = trial.compared.max(1);
                    fits = Some((at, trial));
                    break;
                }
            }
            match fits {
                Some((at, mut trial)) => {
                    rest.swap_remove(at);
                    compared += trial.compared;
                    skipped.append(&mut trial.skipped);
                }
                None => lost.push(item.clone()),
            }
        }
        // Where nothing agrees, the two may be written in other ways; that is no proof of a difference.
        if compared == 0 && !declared.is_empty() && !actual.is_empty() {
            return self.skipped.push((path.to_owned(), "the description has it in another form".to_owned()));
        }
        self.compared += compared.max(1);
        skipped.sort();
        skipped.dedup();
        self.skipped.append(&mut skipped);
        if !lost.is_empty() || !rest.is_empty() {
            let extra: Vec<Value> = rest.into_iter().cloned().collect();
            self.differences.push((path.to_owned(), lost.into(), extra.into()));
        }
    }
}

/// A member whose name is the same but for its spelling: `db_name`, `DBName`; `SubnetIds`, `subnet_id`.
pub(super) fn named<'v>(value: &'v Value, name: &str) -> Option<(&'v str, &'v Value)> {
    let members = value.as_object()?;
    if let Some((name, member)) = members.get_key_value(name) {
        return Some((name.as_str(), member)).filter(|(_, member)| !member.is_null());
    }
    let wanted = plain(name);
    let singular = |text: &str| text.strip_suffix('s').unwrap_or(text).to_owned();
    let found = |same: &dyn Fn(&str) -> bool| {
        members.iter().find(|(name, member)| !member.is_null() && same(&plain(name)))
    };
    found(&|other| other == wanted)
        .or_else(|| found(&|other| singular(other) == singular(&wanted)))
        .map(|(name, member)| (name.as_str(), member))
}

pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Two scalars that names alone brought together: spelling is no difference.
pub(super) fn loosely(declared: &Value, actual: &Value) -> bool {
    same::scalars(declared, actual, Form::Caseless) || same::scalars(declared, actual, Form::Reference)
}

/// Why a key and an alias are not compared.
pub(super) const ALIAS: &str = "an alias may stand for the key";

/// Whether one of two texts is an alias, which may stand for the other.
pub(super) fn may_be_alias(declared: &Value, actual: &Value) -> bool {
    let is_alias = |text: &str| text.starts_with("alias/") || text.contains(":alias/");
    matches!((declared.as_str(), actual.as_str()), (Some(a), Some(b)) if is_alias(a) != is_alias(b))
}

pub(super) fn same_value(declared: &Value, actual: &Value, form: Form, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    match (declared, actual) {
        (Value::Object(a), Value::Object(b)) => a.iter().all(|(name, member)| {
            b.get(name)
                .map_or_else(|| same::is_nothing(member), |other| same_value(member, other, form, depth + 1))
        }),
        (Value::Array(a), Value::Array(b)) => same_bag(a, b, form),
        (a, b) => same::scalars(a, b, form),
    }
}

/// Whether two lists hold the same, in any order.
pub(super) fn same_bag(declared: &[Value], actual: &[Value], form: Form) -> bool {
    let mut rest: Vec<&Value> = actual.iter().collect();
    let all = declared.iter().all(|item| {
        rest.iter()
            .position(|other| same_value(item, other, form, 1))
            .map(|at| rest.swap_remove(at))
            .is_some()
    });
    all && rest.is_empty()
}
