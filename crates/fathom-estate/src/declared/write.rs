//! What code declares, written into the description of its resource: the maps that drift compares by, the other way round.
//!
//! [`write`] changes a document as if a declaration went from one state to another. What it cannot write is told, and the
//! member of the document is named that is not known then.
//!
//! **Invariant:** an element that is made of a fact states that fact when it is read again; otherwise it is not written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_content::declared::{AttributeMap, Beside, DeclaredMap, Facts, Form, words};
use serde_json::{Map, Value};

use super::{doubt, settled, unknown_why};
use crate::drift::{facts, paths, same, walk};

/// How deep members are made that are not there.
const DEPTH_MAX: usize = 32;
/// Elements of one list.
const ELEMENTS_MAX: usize = 20_000;

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
    /// Members of the document that are not known now.
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
    let names = map.identified_by.iter().flat_map(|name| facts::holes(name.as_str()));
    covered.extend(names.map(paths::plain_path));
    covered.extend(map.made.values().filter_map(Value::as_str).flat_map(facts::holes).map(paths::plain_path));
    work.rest(&covered);
    work.found.changed = *work.document != old;
    work.found
}

/// Writes what a declaration says of a resource that the provider keeps beside it.
pub fn write_beside(document: &mut Value, beside: &Beside, before: &Value, after: &Value) -> Written {
    let map = DeclaredMap {
        kind: String::new(),
        is: beside.kind.clone(),
        part: true,
        identified_by: Vec::new(),
        attributes: Vec::new(),
        ignore: Vec::new(),
        secret: Vec::new(),
        made: BTreeMap::new(),
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
        let top = map.to.as_str().split(['.', '[', ' ']).next().unwrap_or_default();
        self.found.not_known.insert(top.to_owned());
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
                let value = new.first().map(parsed);
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

    /// A value, or a list of values.
    fn plain(&mut self, map: &AttributeMap, new: &[Value], is_shared: bool) {
        let place = self.place(map);
        let spelled = |value: &Value| -> Value {
            let word = same::text(value);
            match &word {
                Some(word) if map.absent.contains(word) => Value::Null,
                Some(word) => {
                    map.values.get(word).map_or_else(|| value.clone(), |word| Value::from(word.as_str()))
                }
                None => value.clone(),
            }
        };
        let (list, member) = list_of(&place);
        if list == place {
            // No element of a list in the document: one value, or a list as it is.
            let is_list = walk::is_many(map.from.as_str())
                || walk::find(map.from.as_str(), self.after).values.iter().any(|value| value.is_array());
            let value = match new {
                _ if map.form == Form::CommaList => {
                    let texts: Vec<String> = new.iter().filter_map(same::text).collect();
                    (!texts.is_empty()).then(|| Value::from(texts.join(",")))
                }
                [] => None,
                [one] if map.form == Form::Reference => Some(self.named(&place, one)),
                [one] if !is_list => Some(spelled(one)).filter(|value| !value.is_null()),
                many => Some(many.iter().map(spelled).collect()),
            };
            put(self.document, &place, value);
            return;
        }
        if member.contains("[]") {
            return self.unknown(map, Why::NotWritten);
        }
        let values: Vec<Value> = if is_shared {
            each(map.from.as_str(), self.after).iter().map(settled).collect()
        } else {
            new.to_vec()
        };
        let there = elements(self.document, list);
        let taken = |at: usize, value: &Value| -> Value {
            if is_shared {
                return there.get(at).cloned().unwrap_or_else(|| Value::Object(Map::new()));
            }
            let has = |element: &&Value| walk::find(&member, element).values.first() == Some(&value);
            there.iter().find(has).cloned().unwrap_or_else(|| Value::Object(Map::new()))
        };
        let mut made = Vec::new();
        for (at, value) in values.iter().enumerate().take(ELEMENTS_MAX) {
            let value = spelled(value);
            if member.is_empty() {
                made.push(value);
                continue;
            }
            let mut element = taken(at, &value);
            put(&mut element, &member, Some(value).filter(|value| !value.is_null()));
            made.push(element);
        }
        put(self.document, list, Some(made.into()));
    }

    /// A reference as the document writes it: where it has an ARN, one that ends in the declared name.
    fn named(&self, place: &str, declared: &Value) -> Value {
        let found = walk::find(place, self.document);
        let (Some(there), Some(name)) =
            (found.values.first().and_then(|one| one.as_str()), declared.as_str())
        else {
            return declared.clone();
        };
        if same::scalars(declared, &Value::from(there), Form::Reference) {
            return Value::from(there);
        }
        match there.rfind(['/', ':']) {
            Some(at) if there.starts_with("arn:") && !name.starts_with("arn:") => {
                Value::from(format!("{}{name}", there.get(..=at).unwrap_or_default()))
            }
            _ => declared.clone(),
        }
    }

    fn contains(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let (list, member) = list_of(map.to.as_str());
        let list = list.to_owned();
        let is = |element: &Value, value: &Value| {
            let found = walk::find(if member.is_empty() { "@" } else { &member }, element);
            found.values.iter().any(|one| same::scalars(value, one, Form::Reference))
        };
        let mut all = elements(self.document, &list);
        all.retain(|element| {
            new.iter().any(|value| is(element, value)) || !old.iter().any(|value| is(element, value))
        });
        for value in new {
            if !all.iter().any(|element| is(element, value)) {
                let mut element = Value::Object(Map::new());
                if member.is_empty() {
                    element = value.clone();
                } else {
                    put(&mut element, &member, Some(value.clone()));
                }
                all.push(element);
            }
        }
        put(self.document, &list, Some(all.into()));
    }

    fn tags(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let pairs = |values: &[Value]| -> Vec<(String, Value)> {
            let one = |value: &Value| -> Vec<(String, Value)> {
                if let Some(key) = ["Key", "key"].iter().find_map(|name| value[*name].as_str()) {
                    let value = ["Value", "value"].iter().find_map(|name| value.get(*name));
                    return vec![(key.to_owned(), value.cloned().unwrap_or_default())];
                }
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            };
            values.iter().flat_map(one).collect()
        };
        let (old, new) = (pairs(old), pairs(new));
        let place = self.place(map);
        let place = list_of(&place).0.to_owned();
        let there = walk::find(&place, self.document).values.first().map(|value| (*value).clone());
        if let Some(Value::Object(mut members)) = there {
            members.retain(|key, _| !old.iter().any(|(one, _)| one == key));
            members.extend(new);
            put(self.document, &place, Some(Value::Object(members)));
            return;
        }
        let mut all = elements(self.document, &place);
        let is_of = |element: &Value, pairs: &[(String, Value)]| {
            let key = ["Key", "TagKey", "key"].iter().find_map(|name| element[*name].as_str());
            pairs.iter().any(|(one, _)| Some(one.as_str()) == key)
        };
        all.retain(|element| !is_of(element, &old) && !is_of(element, &new));
        all.extend(
            new.into_iter()
                .map(|(key, value)| Value::from_iter([("Key", Value::from(key)), ("Value", value)])),
        );
        put(self.document, &place, Some(all.into()));
    }

    /// Policies of a list, by name.
    fn inline(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let name = |policy: &Value| -> Option<String> {
            let name = ["PolicyName", "name"].iter().find_map(|name| policy[*name].as_str());
            name.map(str::to_owned)
        };
        let (list, _) = list_of(map.to.as_str());
        let mut all = elements(self.document, list);
        let gone: Vec<String> = old.iter().chain(new).filter_map(name).collect();
        all.retain(|policy| name(policy).is_none_or(|name| !gone.contains(&name)));
        for policy in new {
            let document = ["PolicyDocument", "policy"].iter().find_map(|name| policy.get(*name));
            // A state may hold an empty block, which declares that there is none.
            if let (Some(name), Some(document)) = (name(policy), document.filter(|one| !one.is_null())) {
                all.push(Value::from_iter([
                    ("PolicyName", Value::from(name)),
                    ("PolicyDocument", parsed(document)),
                ]));
            }
        }
        put(self.document, list, Some(all.into()));
    }

    /// The version of a policy that holds.
    fn default_policy(&mut self, map: &AttributeMap, new: &[Value]) {
        let (list, _) = list_of(map.to.as_str());
        let mut all = elements(self.document, list);
        let document = new.first().map(parsed).unwrap_or_default();
        let is_default = |version: &&mut Value| version["IsDefaultVersion"].as_bool() != Some(false);
        match all.iter_mut().find(is_default) {
            Some(version) => put(version, "Document", Some(document)),
            None => all.push(Value::from_iter([
                ("VersionId", Value::from("v1")),
                ("IsDefaultVersion", Value::from(true)),
                ("Document", document),
            ])),
        }
        put(self.document, list, Some(all.into()));
    }

    /// Facts: those that are no longer declared go, those that are declared now come.
    fn facts(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let Some(form) = &map.facts else { return };
        let of = |values: &[Value]| facts::declared(&values.iter().collect::<Vec<_>>(), form);
        let (stated, wanted) = (of(old), of(new));
        if let Some((_, why)) = &wanted.unknown {
            self.unknown(map, Why::Unknown(why.clone()));
        }
        let own = |fact: &String| match fact.strip_suffix(" self") {
            Some(rest) if !self.own_id.is_empty() => format!("{rest} {}", self.own_id),
            _ => fact.clone(),
        };
        let stated: BTreeSet<String> = stated.facts.iter().map(own).collect();
        let wanted: BTreeSet<String> = wanted.facts.iter().map(own).collect();
        if stated == wanted {
            // It differs in what facts do not say.
            return;
        }
        let (list, member) = list_of(map.to.as_str());
        let list = list.to_owned();
        let source = if member.is_empty() { "@" } else { &member };
        let facts_of = |element: &Value| -> BTreeSet<String> {
            let found = walk::find(source, element);
            facts::actual(&found.values, form).facts
        };
        let gone: BTreeSet<&String> = stated.difference(&wanted).collect();
        let mut all: Vec<Value> = Vec::new();
        for element in elements(self.document, &list) {
            let own = facts_of(&element);
            if own.iter().all(|fact| !gone.contains(fact)) {
                all.push(element);
                continue;
            }
            let parts = split(&element, form).into_iter();
            all.extend(parts.filter(|part| facts_of(part).iter().any(|fact| !gone.contains(fact))));
        }
        let there: BTreeSet<String> = all.iter().flat_map(&facts_of).collect();
        let mut is_whole = true;
        for fact in wanted.difference(&there) {
            let made = form.declared.iter().zip(&form.makes).find_map(|(_, at)| {
                let mut element = Value::Object(Map::new());
                make(&mut element, source, form.actual.get(*at)?, fact, form)?;
                (facts_of(&element) == BTreeSet::from([fact.clone()])
                    && is_of(new, form, *at, fact, self.own_id))
                .then_some(element)
            });
            match made {
                Some(element) => all.push(element),
                None => is_whole = false,
            }
        }
        if !is_whole {
            self.unknown(map, Why::NotWritten);
        }
        put(self.document, &list, Some(all.into()));
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

/// Whether the declared elements state a fact by the text that an element is made by.
fn is_of(declared: &[Value], form: &Facts, at: usize, fact: &str, own_id: &str) -> bool {
    let texts: Vec<String> = form
        .declared
        .iter()
        .zip(&form.makes)
        .filter(|(_, to)| **to == at)
        .map(|(text, _)| text.clone())
        .collect();
    let only = Facts { declared: texts, ..form.clone() };
    let stated = facts::declared(&declared.iter().collect::<Vec<_>>(), &only).facts;
    stated.iter().any(|one| {
        one == fact || one.strip_suffix(" self").is_some_and(|rest| format!("{rest} {own_id}") == fact)
    })
}

/// Makes an element of a fact: each word of it goes where the hole of the text leads.
fn make(element: &mut Value, source: &str, text: &str, fact: &str, form: &Facts) -> Option<()> {
    let (holes, found): (Vec<&str>, Vec<&str>) = (words(text), fact.split(' ').collect());
    if holes.len() != found.len() {
        return None;
    }
    let at = |path: &str| {
        if source == "@" {
            path.to_owned()
        } else if path == "@" {
            source.to_owned()
        } else {
            format!("{source}.{path}")
        }
    };
    for (hole, word) in holes.into_iter().zip(found) {
        let mut rest = hole;
        // `{Egress=true}{RuleNumber}`: what must be so, and then the hole itself.
        while let Some((inside, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            rest = after;
            if let Some((path, wanted)) = inside.split_once('=') {
                let value = wanted.parse::<bool>().map_or_else(|_| Value::from(wanted), Value::from);
                put(element, &at(path), Some(value));
                continue;
            }
            let path = inside.strip_suffix('?').unwrap_or(inside);
            let path = path.strip_suffix("|last").unwrap_or(path);
            if word.is_empty() {
                continue;
            }
            let number =
                form.numbers.iter().any(|one| one == path).then(|| word.parse::<i64>().ok()).flatten();
            put(element, &at(path), Some(number.map_or_else(|| Value::from(word), Value::from)));
        }
    }
    for (path, value) in &form.with {
        put(element, &at(path), Some(value.clone()));
    }
    Some(())
}

/// An element as several that state one fact each: of each list in it one item.
fn split(element: &Value, form: &Facts) -> Vec<Value> {
    let lists: BTreeSet<&str> = form
        .actual
        .iter()
        .flat_map(|text| facts::holes(text))
        .filter_map(|hole| hole.split_once("[]").map(|(list, _)| list))
        .collect();
    let mut parts = Vec::new();
    for list in &lists {
        for item in elements(element, list) {
            let mut part = element.clone();
            for other in &lists {
                if other == list {
                    put(&mut part, other, Some(Value::Array(vec![item.clone()])));
                } else if part.get(*other).is_some() {
                    put(&mut part, other, Some(Value::Array(Vec::new())));
                }
            }
            parts.push(part);
        }
    }
    parts
}

/// The list that a path leads into, and the path in its elements.
fn list_of(path: &str) -> (&str, String) {
    match path.split_once("[]") {
        Some((list, rest)) => (list, rest.trim_start_matches('.').to_owned()),
        None => (path, String::new()),
    }
}

fn elements(document: &Value, list: &str) -> Vec<Value> {
    let found = walk::find(list, document);
    match found.values.first() {
        Some(Value::Array(items)) => items.clone(),
        // A block may be written as a list of one or by itself.
        Some(one @ Value::Object(_)) => vec![(*one).clone()],
        _ => Vec::new(),
    }
}

/// The values of each element, null where an element has none.
fn each(path: &str, value: &Value) -> Vec<Value> {
    let (list, member) = list_of(path);
    let all = elements(value, list);
    if member.is_empty() {
        return all;
    }
    let of = |element: &Value| walk::find(&member, element).values.first().map(|value| (*value).clone());
    all.iter().map(|element| of(element).unwrap_or_default()).collect()
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

/// JSON that may be written as text.
fn parsed(value: &Value) -> Value {
    same::parsed(value)
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
