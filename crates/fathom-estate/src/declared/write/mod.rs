//! What code declares, written into the description of its resource: the maps that drift compares by, the other way round.
//!
//! [`write`] changes a document as if a declaration went from one state to another. What it cannot write is told, and the
//! member of the document is named that is not known then.
//!
//! **Invariant:** an element that is made of a fact states that fact when it is read again; otherwise it is not written.

mod facts;
mod policies;
mod put;
mod values;
mod whole;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_content::declared::{AttributeMap, Beside, DeclaredMap, Form};
use serde_json::{Map, Value};

use super::{doubt, settled, unknown_why};
use crate::drift::{facts::holes, paths, same, walk};
use put::list_of;
pub use put::put;
pub use whole::write_whole;

/// What could not be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The attribute as the code names it.
    pub attribute: String,
    /// Why.
    pub why: Why,
}

/// Why an attribute could not be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Its value is not known: why.
    Unknown(String),
    /// Nothing in the resource's description is known to be this.
    NotMapped,
    /// It is known where it is, but not how to write it.
    NotWritten,
}

/// What came of writing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// What could not be written.
    pub left: BTreeSet<Left>,
    /// Members of the document that are not known now, by their paths; of a list all of it.
    pub not_known: BTreeSet<String>,
    /// What was taken to be so.
    pub assumed: BTreeSet<String>,
    /// Whether the document is another now.
    pub changed: bool,
}

/// Writes a declaration into a document: what `before` said goes, what `after` says comes. `own_id` is the id of the
/// resource, for rules that name it by a word.
pub fn write(
    document: &mut Value,
    map: &DeclaredMap,
    before: &Value,
    after: &Value,
    own_id: &str,
) -> Written {
    let old = document.clone();
    let mut work = Work { document, map, before, after, own_id, found: Written::default() };
    let mut lists: HashMap<&str, usize> = HashMap::new();
    for attribute in &map.attributes {
        *lists.entry(list_of(attribute.to.as_str()).0).or_default() += 1;
    }
    let mut covered: Vec<String> = Vec::new();
    for attribute in &map.attributes {
        covered.extend(paths::states(attribute));
        let is_shared = lists.get(list_of(attribute.to.as_str()).0).is_some_and(|count| *count > 1);
        work.attribute(attribute, is_shared);
    }
    if let Some(parent) = &map.parent {
        covered.push(parent.by.clone());
    }
    covered.extend(map.beside.iter().filter_map(|one| one.public.as_ref()).map(|one| one.when.clone()));
    covered.extend(map.ignore.iter().map(|path| paths::plain_path(path)));
    covered.extend(map.secret.iter().map(|path| paths::plain_path(path)));
    covered.extend(map.not_whole.keys().cloned());
    let names = map.identified_by.iter().flat_map(|name| holes(name.as_str()));
    covered.extend(names.map(paths::plain_path));
    covered.extend(map.made.values().filter_map(Value::as_str).flat_map(holes).map(paths::plain_path));
    work.rest(&covered);
    work.found.changed = *work.document != old;
    work.found
}

/// Writes what a declaration says of a resource that the provider keeps beside it.
pub fn write_beside(document: &mut Value, beside: &Beside, before: &Value, after: &Value) -> Written {
    let map = DeclaredMap {
        kind: String::new(),
        also: Vec::new(),
        is: beside.kind.clone(),
        part: true,
        identified_by: Vec::new(),
        attributes: Vec::new(),
        ignore: Vec::new(),
        secret: Vec::new(),
        default: BTreeMap::new(),
        default_with: BTreeMap::new(),
        made: BTreeMap::new(),
        sets: BTreeMap::new(),
        not_whole: BTreeMap::new(),
        gives: BTreeMap::new(),
        parent: None,
        beside: Vec::new(),
    };
    let old = document.clone();
    let mut work = Work { document, map: &map, before, after, own_id: "", found: Written::default() };
    for attribute in &beside.attributes {
        work.attribute(attribute, false);
    }
    work.found.changed = *work.document != old;
    work.found
}

struct Work<'a> {
    document: &'a mut Value,
    map: &'a DeclaredMap,
    before: &'a Value,
    after: &'a Value,
    own_id: &'a str,
    found: Written,
}

impl Work<'_> {
    fn left(&mut self, attribute: &str, why: Why) {
        self.found.left.insert(Left { attribute: attribute.to_owned(), why });
    }

    /// Says that a member is not known, and why.
    fn unknown(&mut self, map: &AttributeMap, why: Why) {
        let place = self.place(map);
        let path = place.split('[').next().unwrap_or_default();
        self.found.not_known.insert(path.to_owned());
        self.left(&paths::shown_path(map.from.as_str()), why);
    }

    fn attribute(&mut self, map: &AttributeMap, is_shared: bool) {
        let (before, after) = (self.before, self.after);
        let (old, new) = (walk::find(map.from.as_str(), before), walk::find(map.from.as_str(), after));
        if let Some(why) = new.unknown {
            return self.unknown(map, Why::Unknown(why.to_owned()));
        }
        if old.values == new.values && old.unknown.is_none() {
            return;
        }
        if let Some(why) = new.assumed {
            self.found.assumed.insert(format!("{}: {why}", paths::shown_path(map.from.as_str())));
        }
        let (old, new): (Vec<Value>, Vec<Value>) = (flat(&old.values), flat(&new.values));
        if map.form != Form::Facts
            && let Some(why) = new.iter().find_map(hidden)
        {
            return self.unknown(map, Why::Unknown(why));
        }
        match map.form {
            Form::Facts => self.facts(map, &old, &new),
            Form::Tags => self.tags(map, &old, &new),
            Form::InlinePolicy => {
                let named = |of: &Value, policy: &[Value]| -> Vec<Value> {
                    let name = ["name", "PolicyName"].iter().find_map(|name| of[*name].as_str());
                    let name = name.unwrap_or("of the code").to_owned();
                    let pair = |policy: &Value| {
                        Value::from_iter([("name", Value::from(name.as_str())), ("policy", policy.clone())])
                    };
                    policy.iter().map(pair).collect()
                };
                let (old, new) = (named(before, &old), named(after, &new));
                self.inline(map, &old, &new);
            }
            Form::InlinePolicies => self.inline(map, &old, &new),
            Form::DefaultPolicy => self.default_policy(map, &new),
            Form::Contains => self.contains(map, &old, &new),
            Form::NameValues => {
                let pairs = new.iter().filter_map(Value::as_object).flatten();
                let pair = |(name, value): (&String, &Value)| {
                    Value::from_iter([("Name", Value::from(name.as_str())), ("Value", value.clone())])
                };
                let list: Vec<Value> = pairs.map(pair).collect();
                let (list_path, _) = list_of(map.to.as_str());
                put(self.document, list_path, Some(list.into()));
            }
            Form::Policy | Form::Json => {
                let value = new.first().map(same::parsed);
                put(self.document, &self.place(map), value);
            }
            _ => self.plain(map, &new, is_shared),
        }
    }

    /// Of several places that a document may have something in, the one in which it has it.
    fn place(&self, map: &AttributeMap) -> String {
        let mut all = map.to.as_str().split("||").map(str::trim);
        let is_there = |path: &str| !walk::find(path, self.document).values.is_empty();
        let found = all.clone().find(|path| is_there(path)).or_else(|| all.next());
        found.unwrap_or_default().to_owned()
    }

    /// Attributes that change and that no map names.
    fn rest(&mut self, covered: &[String]) {
        let none = Map::new();
        let (before, after) =
            (self.before.as_object().unwrap_or(&none), self.after.as_object().unwrap_or(&none));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let beyond =
                |path: &String| path.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'));
            if paths::is_covered(name, covered) || covered.iter().any(beyond) {
                continue;
            }
            let (old, new) =
                (before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null));
            let is_nothing = same::is_nothing(old) && same::is_nothing(new);
            if old != new && !is_nothing {
                self.left(name, Why::NotMapped);
            }
        }
        if self
            .map
            .secret
            .iter()
            .any(|path| walk::find(path, self.before).values != walk::find(path, self.after).values)
        {
            self.left("a value that may be secret", Why::NotMapped);
        }
    }
}

/// Values without the lists around them, assumptions taken for true.
fn flat(values: &[&Value]) -> Vec<Value> {
    let one = |value: &&Value| -> Vec<Value> {
        match settled(value) {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            one => vec![one],
        }
    };
    values.iter().flat_map(one).collect()
}

/// Why a value cannot be taken: something in it is unknown, or was taken out.
fn hidden(value: &Value) -> Option<String> {
    if let Some(why) = unknown_why(value).or_else(|| doubt(value)) {
        return Some(why.to_owned());
    }
    same::is_hidden(value).then(|| "it may be secret".to_owned())
}
