//! Lists by the facts that their elements state: rules, routes, attachments.

use std::collections::BTreeSet;

use fathom_content::{
    declared::{AttributeMap, Facts, words},
    template::{Fill, fill_value},
};
use serde_json::{Map, Value};

use super::{
    Why, Work, policies,
    put::{elements, list_of, put},
};
use crate::drift::{facts, walk};

impl Work<'_> {
    /// Facts: those that are no longer declared go, those that are declared now come.
    pub(super) fn facts(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
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
            let made = made.or_else(|| {
                let states = |one: &&Value| facts::declared(&[*one], form).facts.contains(fact);
                let element = filled(form.whole.as_ref()?, new.iter().find(states)?, self.document)?;
                (facts_of(&element) == BTreeSet::from([fact.clone()])).then_some(element)
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

/// An element out of texts that a declaration fills; what nothing fills is left out.
fn filled(value: &Value, declared: &Value, document: &Value) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let mut made = Map::new();
            for (name, member) in members {
                let Some(mut member) = filled(member, declared, document) else { continue };
                if name == "Principal" {
                    member = policies::principal(member);
                }
                made.insert(name.clone(), member);
            }
            (!made.is_empty()).then_some(Value::Object(made))
        }
        other => {
            fill_value(other, Fill { document: Some(declared), parent: Some(document), ..Fill::default() })
        }
    }
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
