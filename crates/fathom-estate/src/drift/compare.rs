//! One declaration against one document: attribute by attribute, first by its map, then by name.

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::declared::{AttributeMap, DeclaredMap, Form};
use fathom_model::Resource;
use serde_json::Value;

use super::{
    AttributeDrift, Skipped,
    by_name::{ALIAS, ByName, DEPTH_MAX, may_be_alias, named, same_bag, same_value},
    facts::{self, Stated},
    paths::{is_covered, plain_path, shown_path, states},
    policy, same,
    walk::{self, Found},
};
use crate::declared::{Declaration, Language, assumed_parts, doubt, settled, unknown_why};

/// The longest value that is shown whole, in bytes.
const SHOWN_BYTES_MAX: usize = 600;
/// Attributes of one declaration that are listed as not compared.
const SKIPPED_MAX: usize = 500;

/// What a comparison came to.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Attributes that were compared.
    pub(super) compared: usize,
    /// Those that differ.
    pub(super) differences: Vec<AttributeDrift>,
    /// Those that were not compared.
    pub(super) skipped: Vec<Skipped>,
    /// Facts, which several declarations may state together.
    pub(super) facts: Vec<FactsFound>,
}

/// What a declaration and a document state of one list.
#[derive(Debug)]
pub(super) struct FactsFound {
    /// The declared attribute.
    pub(super) attribute: String,
    /// The member of the document.
    pub(super) member: String,
    /// What is declared.
    pub(super) declared: Stated,
    /// What is there.
    pub(super) actual: Stated,
    /// What is there without anybody declaring it.
    pub(super) given: BTreeSet<String>,
    /// Whether it is declared with the resource itself.
    pub(super) is_whole: bool,
    /// Whether others may be there.
    pub(super) others: bool,
}

/// A resource as comparisons read it.
pub(super) struct Actual<'r> {
    pub(super) resource: &'r Resource,
    pub(super) document: &'r Value,
    /// Members that could not be read, and why.
    pub(super) unread: &'r [(String, String)],
    /// Tags that come from elsewhere: those of the stack.
    pub(super) handed_on: &'r BTreeMap<String, String>,
}

/// Compares a declaration with what is there.
pub(super) fn compare(declaration: &Declaration, map: Option<&DeclaredMap>, actual: &Actual<'_>) -> Findings {
    let mut work =
        Work { declaration, part: map.is_some_and(|map| map.part), actual, found: Findings::default() };
    let mut covered: Vec<String> = Vec::new();
    if let Some(map) = map {
        for attribute in &map.attributes {
            covered.extend(states(attribute));
            work.mapped(attribute);
        }
        covered.extend(map.ignore.iter().map(|path| plain_path(path)));
        for path in map.secret.iter().map(|path| plain_path(path)) {
            let found = walk::find(&path, &declaration.attributes);
            if found.unknown.is_some() || !found.values.is_empty() {
                work.skip(&path, "it may hold secrets, so its value is not kept");
            }
            covered.push(path);
        }
        if map.part {
            // What names the resource is what the declaration was found by.
            let names = map.identified_by.iter().flat_map(|name| facts::holes(name.as_str()));
            covered.extend(names.map(plain_path));
        }
    }
    let by_name = match map {
        // Parts are named by their map only: their own members are those of another thing.
        Some(map) => !map.part,
        None => true,
    };
    work.rest(&declaration.attributes, &covered, by_name);
    // Elements of one list lack the same; that is one attribute.
    work.found.skipped.sort();
    work.found.skipped.dedup();
    work.found
}

struct Work<'a> {
    declaration: &'a Declaration,
    part: bool,
    actual: &'a Actual<'a>,
    found: Findings,
}

impl Work<'_> {
    fn differs(&mut self, attribute: &str, declared: &Value, actual: &Value, by_name: bool) {
        self.found.differences.push(AttributeDrift {
            attribute: attribute.to_owned(),
            declared: shown(&settled(declared)),
            actual: shown(actual),
            by_name,
            seen_by: None,
            file: self.declaration.file.to_string(),
            address: self.declaration.address.clone(),
        });
    }

    fn skip(&mut self, attribute: &str, why: impl Into<String>) {
        if self.found.skipped.len() < SKIPPED_MAX {
            self.found.skipped.push(Skipped { attribute: attribute.to_owned(), why: why.into() });
        }
    }

    /// Takes a verdict on one attribute: an assumption that fails is no drift, but nothing that was compared.
    fn settle(
        &mut self,
        attribute: &str,
        declared: &Value,
        actual: &Value,
        equal: bool,
        assumed: Option<&str>,
    ) {
        match assumed {
            Some(why) if !equal => {
                self.skip(attribute, format!("it differs, but {why}; say `parameters` in fathom.yaml"));
            }
            _ => {
                self.found.compared += 1;
                if !equal {
                    self.differs(attribute, declared, actual, false);
                }
            }
        }
    }

    fn mapped(&mut self, map: &AttributeMap) {
        let attribute = shown_path(map.from.as_str());
        let found = walk::find(map.from.as_str(), &self.declaration.attributes);
        if let Some(why) = found.unknown {
            return self.skip(&attribute, why);
        }
        // A template that leaves a list out declares that it is empty; a state names every list.
        let is_empty_list = matches!(map.form, Form::Facts | Form::InlinePolicies)
            && self.declaration.language == Language::CloudFormation
            && !self.part;
        let stands = walk::first(map.from.as_str(), &self.declaration.attributes);
        if found.values.is_empty() && !is_empty_list && stands.is_none() {
            return;
        }
        let member = map.to.as_str();
        let top = member.split(['.', '[']).next().unwrap_or(member);
        if let Some((_, why)) = self.actual.unread.iter().find(|(name, _)| name == top) {
            return self.skip(&attribute, format!("`{top}` could not be read: {why}"));
        }
        if map.form == Form::Tags {
            return self.tags(&attribute, &found);
        }
        let there = map.to.all(self.actual.document);
        if there.iter().any(|value| same::is_hidden(value)) {
            return self.skip(&attribute, "it may hold secrets, so its value is not kept");
        }
        let is_stated_empty = stands.and_then(Value::as_array).is_some_and(Vec::is_empty);
        if found.values.is_empty() && !is_empty_list && !(is_stated_empty && walk::is_many(map.from.as_str()))
        {
            // A block that is not there speaks of no value, nor of none; a list without elements is empty.
            if is_stated_empty && !there.iter().all(|value| same::is_nothing(value)) {
                self.skip(&attribute, "the code has no such block, and the description has its values");
            }
            return;
        }
        match map.form {
            Form::Facts => self.facts(map, &attribute, &found, &there),
            Form::Policy => {
                let nothing = Value::Null;
                let declared = found.values.first().copied().unwrap_or(&nothing);
                self.policy(&attribute, declared, there.first().copied().unwrap_or(&nothing), found.assumed);
            }
            Form::Json => {
                let declared = found.values.first().map(|value| same::parsed(value)).unwrap_or_default();
                let actual = there.first().map(|value| same::parsed(value)).unwrap_or_default();
                if let Some(why) = doubt(&declared) {
                    return self.skip(&attribute, why);
                }
                let equal = declared == actual || (same::is_nothing(&declared) && same::is_nothing(&actual));
                self.settle(&attribute, &declared, &actual, equal, found.assumed);
            }
            Form::InlinePolicy => {
                let name = ["name", "PolicyName"]
                    .iter()
                    .find_map(|name| self.declaration.attributes.get(*name).and_then(Value::as_str));
                let document = there
                    .iter()
                    .find(|policy| policy.get("PolicyName").and_then(Value::as_str) == name)
                    .and_then(|policy| policy.get("PolicyDocument"));
                let nothing = Value::Null;
                let declared = found.values.first().copied().unwrap_or(&nothing);
                // Where there is none of that name, that is the difference.
                if document.is_some() || name.is_none() {
                    self.policy(&attribute, declared, document.unwrap_or(&nothing), found.assumed);
                } else {
                    self.found.compared += 1;
                }
                let names = name.into_iter().map(str::to_owned).collect();
                let names = Stated { facts: names, unknown: None };
                self.named_policies(map, &attribute, names, &there);
            }
            Form::InlinePolicies => self.inline_policies(map, &attribute, &found, &there),
            Form::DefaultPolicy => {
                let is_default = |version: &&&Value| {
                    version.get("IsDefaultVersion").and_then(Value::as_bool) != Some(false)
                };
                let document = there.iter().find(is_default).and_then(|version| version.get("Document"));
                let nothing = Value::Null;
                let declared = found.values.first().copied().unwrap_or(&nothing);
                self.policy(&attribute, declared, document.unwrap_or(&nothing), found.assumed);
            }
            Form::NameValues => {
                let pairs = |values: &[&Value]| -> BTreeSet<(String, String)> {
                    values.iter().flat_map(|value| named_values(value)).collect()
                };
                let (declared, actual) = (pairs(&found.values), pairs(&there));
                if let Some(why) = found.values.iter().find_map(|value| doubt(value)) {
                    return self.skip(&attribute, why);
                }
                let list = |pairs: &BTreeSet<(String, String)>| -> Value {
                    pairs.iter().map(|(name, value)| Value::from(format!("{name}={value}"))).collect()
                };
                self.settle(&attribute, &list(&declared), &list(&actual), declared == actual, found.assumed);
            }
            Form::Contains => {
                let wanted: Vec<&Value> = found
                    .values
                    .iter()
                    .flat_map(|value| match value {
                        Value::Array(items) => items.iter().collect(),
                        one => vec![*one],
                    })
                    .collect();
                let there: Vec<&Value> = there
                    .iter()
                    .flat_map(|value| match value {
                        Value::Array(items) => items.iter().collect(),
                        one => vec![*one],
                    })
                    .collect();
                for declared in &wanted {
                    if let Some(why) = doubt(declared) {
                        self.skip(&attribute, why);
                        continue;
                    }
                    let equal = there.iter().any(|actual| same::scalars(declared, actual, Form::Reference));
                    self.settle(&attribute, declared, &Value::Null, equal, found.assumed);
                }
            }
            _ => self.plain(map, &attribute, &found, &there),
        }
    }

    fn plain(&mut self, map: &AttributeMap, attribute: &str, found: &Found<'_>, there: &[&Value]) {
        let spelled = |value: &Value| -> Value {
            let word = same::text(value);
            match word.and_then(|word| map.values.get(&word)) {
                Some(word) => Value::from(word.as_str()),
                None => value.clone(),
            }
        };
        let many = walk::is_many(map.from.as_str()) || walk::is_many(map.to.as_str());
        let lists =
            map.form == Form::CommaList || found.values.iter().chain(there).any(|value| value.is_array());
        if many || lists {
            let flat = |values: &[&Value]| -> Vec<Value> {
                values
                    .iter()
                    .flat_map(|value| match value {
                        Value::Array(items) => items.clone(),
                        Value::String(text) if map.form == Form::CommaList => {
                            text.split(',').map(|part| Value::from(part.trim())).collect()
                        }
                        one => vec![(*one).clone()],
                    })
                    .filter(|value| !value.is_null())
                    .collect()
            };
            let declared: Vec<Value> = flat(&found.values).iter().map(spelled).collect();
            let actual = flat(there);
            if let Some(why) = declared.iter().find_map(doubt) {
                return self.skip(attribute, why);
            }
            let equal = same_bag(&declared, &actual, map.form);
            return self.settle(attribute, &declared.into(), &actual.into(), equal, found.assumed);
        }
        let Some(declared) = found.values.first() else { return };
        if let Some(why) = doubt(declared) {
            return self.skip(attribute, why);
        }
        let actual = there.first().copied().unwrap_or(&Value::Null);
        if may_be_alias(declared, actual) {
            return self.skip(attribute, ALIAS);
        }
        let word = spelled(declared);
        let may_lack =
            same::is_nothing(declared) || same::text(declared).is_some_and(|text| map.absent.contains(&text));
        let equal = (may_lack && same::is_nothing(actual)) || same_value(&word, actual, map.form, 0);
        self.settle(attribute, declared, actual, equal, found.assumed);
    }

    fn policy(&mut self, attribute: &str, declared: &Value, actual: &Value, assumed: Option<&str>) {
        if same::is_nothing(declared) && same::is_nothing(actual) {
            self.found.compared += 1;
            return;
        }
        if let Some(why) = unknown_why(declared) {
            return self.skip(attribute, why);
        }
        let difference = policy::compare(declared, actual);
        if let Some(why) = difference.doubt {
            self.skip(attribute, why);
        }
        let equal = difference.declared.is_empty() && difference.actual.is_empty();
        self.settle(attribute, &difference.declared.into(), &difference.actual.into(), equal, assumed);
    }

    fn tags(&mut self, attribute: &str, found: &Found<'_>) {
        let Some(declared) = found.values.first() else { return };
        let declared: BTreeMap<String, Value> = match declared {
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
            }
            Value::Array(items) => items
                .iter()
                .filter_map(|item| {
                    let part = |names: [&str; 2]| names.iter().find_map(|name| item.get(*name));
                    let key = same::text(part(["Key", "key"])?)?;
                    Some((key, part(["Value", "value"]).cloned().unwrap_or_default()))
                })
                .collect(),
            _ => return self.skip(attribute, "it is no list of tags"),
        };
        self.found.compared += 1;
        let actual = &self.actual.resource.tags;
        for (key, value) in &declared {
            let name = format!("{attribute}.{key}");
            if let Some(why) = doubt(value) {
                let equal = assumed_parts(value).is_some_and(|(value, _)| {
                    same::text(value).as_deref() == actual.get(key).map(String::as_str)
                });
                if !equal {
                    self.skip(&name, why);
                }
                continue;
            }
            match actual.get(key) {
                Some(there) if same::text(value).unwrap_or_default() == *there => {}
                there => {
                    let there = there.map_or(Value::Null, |there| Value::from(there.as_str()));
                    self.differs(&name, value, &there, false);
                }
            }
        }
        if self.part {
            return;
        }
        let handed_on = self.actual.handed_on;
        for (key, value) in actual {
            let own = !key.starts_with("aws:") && !declared.contains_key(key);
            if own && handed_on.get(key) != Some(value) {
                self.differs(
                    &format!("{attribute}.{key}"),
                    &Value::Null,
                    &Value::from(value.as_str()),
                    false,
                );
            }
        }
    }

    fn facts(&mut self, map: &AttributeMap, attribute: &str, found: &Found<'_>, there: &[&Value]) {
        let Some(form) = &map.facts else { return };
        let flat = |values: &[&Value]| -> Vec<Value> {
            values
                .iter()
                .flat_map(|value| match value {
                    Value::Array(items) => items.clone(),
                    one => vec![(*one).clone()],
                })
                .collect()
        };
        let (declared, actual) = (flat(&found.values), flat(there));
        let mut stated = facts::declared(&declared.iter().collect::<Vec<_>>(), form);
        if let (Some(why), None) = (found.assumed, &stated.unknown) {
            stated.unknown = Some((1, why.to_owned()));
        }
        let mut there = facts::actual(&actual.iter().collect::<Vec<_>>(), form);
        // A group that lets itself in: code may say so in a word, the description has its id.
        let own = format!(" {}", self.actual.resource.id);
        for facts in [&mut stated.facts, &mut there.facts] {
            *facts = std::mem::take(facts)
                .into_iter()
                .map(|fact| fact.strip_suffix(&own).map(|rest| format!("{rest} self")).unwrap_or(fact))
                .collect();
        }
        // Terraform takes away what it is given, and its states name every list.
        let keeps_given = self.part || self.declaration.language == Language::CloudFormation;
        let given = |fact: &&String| keeps_given && facts::is_given(fact, form);
        self.found.compared += 1;
        self.found.facts.push(FactsFound {
            attribute: attribute.to_owned(),
            member: map.to.as_str().to_owned(),
            given: there.facts.iter().filter(given).cloned().collect(),
            declared: stated,
            actual: there,
            is_whole: !self.part,
            others: form.others,
        });
    }

    /// A list of policies: by name, each by what it says.
    fn inline_policies(&mut self, map: &AttributeMap, attribute: &str, found: &Found<'_>, there: &[&Value]) {
        let mut names = Stated::default();
        let mut doubtful = |why: &str| {
            let count = names.unknown.as_ref().map_or(0, |(count, _)| *count);
            names.unknown = Some((count + 1, why.to_owned()));
        };
        let mut known = BTreeSet::new();
        let mut elements = Vec::new();
        for value in &found.values {
            match value {
                Value::Array(items) => elements.extend(items),
                one => elements.push(one),
            }
        }
        for element in elements {
            let (element, assumed) = assumed_parts(element)
                .map_or((element, found.assumed), |(element, why)| (element, found.assumed.or(Some(why))));
            let part = |names: [&str; 2]| names.iter().find_map(|name| element.get(*name));
            let Some(name) = part(["PolicyName", "name"]).filter(|name| !name.is_null()) else {
                // A state may hold an empty block, which declares that there is none.
                if !same::is_nothing(element) {
                    doubtful(doubt(element).unwrap_or("its name is not stated"));
                }
                continue;
            };
            if let (Some(why), _) | (None, Some(why)) = (doubt(name), assumed) {
                doubtful(why);
                continue;
            }
            let Some(name) = same::text(name).filter(|name| !name.is_empty()) else { continue };
            let document = there
                .iter()
                .find(|policy| policy.get("PolicyName").and_then(Value::as_str) == Some(&name))
                .and_then(|policy| policy.get("PolicyDocument"));
            if let Some(document) = document {
                let nothing = Value::Null;
                let declared = part(["PolicyDocument", "policy"]).unwrap_or(&nothing);
                self.policy(&format!("{attribute}.{name}"), declared, document, None);
            }
            known.insert(name);
        }
        names.facts = known;
        self.found.compared += 1;
        self.named_policies(map, attribute, names, there);
    }

    /// The names of policies, which several declarations may state together.
    fn named_policies(&mut self, map: &AttributeMap, attribute: &str, declared: Stated, there: &[&Value]) {
        let names = there.iter().filter_map(|policy| policy.get("PolicyName").and_then(same::text));
        self.found.facts.push(FactsFound {
            attribute: attribute.to_owned(),
            member: map.to.as_str().to_owned(),
            declared,
            actual: Stated { facts: names.collect(), unknown: None },
            given: BTreeSet::new(),
            is_whole: !self.part,
            // Who declares one policy says nothing of the others.
            others: map.form == Form::InlinePolicy,
        });
    }

    /// Everything that no map names.
    fn rest(&mut self, attributes: &Value, covered: &[String], by_name: bool) {
        let Some(members) = attributes.as_object() else { return };
        for (name, declared) in members {
            if declared.is_null() || is_covered(name, covered) {
                continue;
            }
            let within: Vec<String> = covered
                .iter()
                .filter_map(|path| path.strip_prefix(name.as_str())?.strip_prefix('.').map(str::to_owned))
                .collect();
            if within.is_empty() {
                self.unmapped(name, declared, by_name);
            } else {
                // A map names some of what is below; the rest is not compared.
                self.below(name, declared, &within, 0);
            }
        }
    }

    fn unmapped(&mut self, name: &str, declared: &Value, by_name: bool) {
        const WHY: &str = "nothing in the resource's description is known to be this";
        if !by_name {
            return self.skip(name, WHY);
        }
        let Some((member, actual)) = named(self.actual.document, name) else { return self.skip(name, WHY) };
        if let Some((_, why)) = self.actual.unread.iter().find(|(unread, _)| unread == member) {
            return self.skip(name, format!("`{member}` could not be read: {why}"));
        }
        let mut compared = ByName::default();
        compared.at(declared, actual, name, 0);
        self.found.compared += compared.compared;
        for (path, declared, actual) in compared.differences {
            self.differs(&path, &declared, &actual, true);
        }
        for (path, why) in compared.skipped {
            self.skip(&path, why);
        }
    }

    fn below(&mut self, path: &str, declared: &Value, covered: &[String], depth: usize) {
        match declared {
            _ if depth > DEPTH_MAX => self.skip(path, "it is nested too deeply"),
            Value::Array(items) => items.iter().for_each(|item| self.below(path, item, covered, depth + 1)),
            Value::Object(members) if doubt(declared).is_none() || unknown_why(declared).is_none() => {
                for (name, member) in members {
                    if member.is_null() || is_covered(name, covered) {
                        continue;
                    }
                    let within: Vec<String> = covered
                        .iter()
                        .filter_map(|path| {
                            path.strip_prefix(name.as_str())?.strip_prefix('.').map(str::to_owned)
                        })
                        .collect();
                    let path = format!("{path}.{name}");
                    if within.is_empty() {
                        self.skip(&path, "nothing in the resource's description is known to be this");
                    } else {
                        self.below(&path, member, &within, depth + 1);
                    }
                }
            }
            _ => self.skip(path, doubt(declared).unwrap_or("its form is not known").to_owned()),
        }
    }
}

/// A map, or a list of names and values, as pairs.
fn named_values(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(members) => {
            members.iter().filter_map(|(name, value)| Some((name.clone(), same::text(value)?))).collect()
        }
        Value::Array(items) => items
            .iter()
            .filter_map(|item| {
                let part =
                    |names: [&str; 2]| names.iter().find_map(|name| item.get(*name)).and_then(same::text);
                Some((part(["Name", "name"])?, part(["Value", "value"])?))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// A value as it may be shown: what is long is cut.
fn shown(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= SHOWN_BYTES_MAX {
        return value.clone();
    }
    let cut: String = text.chars().take(SHOWN_BYTES_MAX).collect();
    Value::from(format!("{cut}…"))
}
