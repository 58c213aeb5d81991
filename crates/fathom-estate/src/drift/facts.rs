//! Sets of short texts that both sides come to: a firewall rule with two ranges and two rules with one each.

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::declared::Facts;
use serde_json::Value;

use super::{same, walk};
use crate::declared::doubt;

/// The most facts of one list; more would not be read by anybody.
const FACTS_MAX: usize = 20_000;

/// What one list states.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stated {
    /// The facts.
    pub(crate) facts: BTreeSet<String>,
    /// How many elements hold something unknown, and why the first does.
    pub(crate) unknown: Option<(usize, String)>,
}

/// The facts that declared elements state.
pub(crate) fn declared(elements: &[&Value], facts: &Facts) -> Stated {
    stated(elements, &facts.declared, facts)
}

/// The facts that the document's elements state, but those that the provider adds itself.
pub(crate) fn actual(elements: &[&Value], facts: &Facts) -> Stated {
    let mut all = stated(elements, &facts.actual, facts);
    all.facts.retain(|fact| !facts.own.iter().any(|own| is_like(own, fact)));
    all
}

/// Whether such a resource has a fact where none is declared.
pub(crate) fn is_given(fact: &str, facts: &Facts) -> bool {
    facts.given.iter().any(|given| is_like(given, fact))
}

/// Whether a text is as a pattern says; `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some((_, after)) = rest.split_once(before) else { return false };
            rest = after;
        }
    }
    match last {
        Some(end) => rest.ends_with(end),
        None => rest.is_empty(),
    }
}

/// The paths in a template's holes.
pub(crate) fn holes(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).map(|after| {
        let hole = after.split_once('}').map_or(after, |(hole, _)| hole);
        let hole = hole.split_once('=').map_or(hole, |(path, _)| path);
        let hole = hole.strip_suffix('?').unwrap_or(hole);
        hole.strip_suffix("|last").unwrap_or(hole)
    })
}

fn stated(elements: &[&Value], templates: &[String], form: &Facts) -> Stated {
    let mut all = Stated::default();
    for element in elements {
        let mut made = Vec::new();
        let mut why = None;
        for template in templates {
            match texts(template, element) {
                Ok(texts) => made.extend(texts),
                Err(reason) => why = Some(reason),
            }
        }
        if let Some(why) = why {
            let count = all.unknown.as_ref().map_or(0, |(count, _)| *count);
            all.unknown = Some((count + 1, why));
        }
        for fact in made {
            if all.facts.len() >= FACTS_MAX {
                all.unknown = Some((usize::MAX, "there are too many to compare".to_owned()));
                return all;
            }
            let fact = if form.dns { plain_dns(&fact) } else { fact };
            all.facts.insert(respelled(fact, &form.same));
        }
    }
    all
}

/// A fact in the spelling that both sides share: whole, or by its beginning where the key ends in `*`.
fn respelled(fact: String, same: &BTreeMap<String, String>) -> String {
    for (from, to) in same {
        match from.strip_suffix('*') {
            Some(beginning) => {
                if let Some(rest) = fact.strip_prefix(beginning) {
                    return format!("{}{rest}", to.trim_end_matches('*'));
                }
            }
            None if *from == fact => return to.clone(),
            None => {}
        }
    }
    fact
}

/// A fact of domain names: in lower case, without last dots, `*` as itself. Values in quotes keep their case.
fn plain_dns(fact: &str) -> String {
    let words: Vec<String> = fact
        .split(' ')
        .map(|word| {
            if word.starts_with('"') {
                word.to_owned()
            } else {
                word.trim_end_matches('.').to_ascii_lowercase().replace("\\052", "*")
            }
        })
        .collect();
    words.join(" ")
}

/// One text for each combination of the values in the holes. A hole that ends in `?` may be empty; another that is
/// empty makes no text. Fails with the reason where a hole is unknown.
fn texts(template: &str, element: &Value) -> Result<Vec<String>, String> {
    let mut made = vec![String::new()];
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, tail) = after.split_once('}').unwrap_or((after, ""));
        rest = tail;
        if let Some((path, word)) = hole.split_once('=') {
            let is_so = walk::find(path, element)
                .values
                .iter()
                .any(|value| same::text(value).as_deref() == Some(word));
            if !is_so {
                return Ok(Vec::new());
            }
            for text in &mut made {
                text.push_str(before);
            }
            continue;
        }
        let (path, may_lack) = hole.strip_suffix('?').map_or((hole, false), |path| (path, true));
        let (path, last) = path.strip_suffix("|last").map_or((path, false), |path| (path, true));
        let found = walk::find(path, element);
        if let Some(why) = found.unknown.or(found.assumed) {
            return Err(why.to_owned());
        }
        let mut values: Vec<String> = Vec::new();
        for value in found.values {
            if let Some(why) = doubt(value) {
                return Err(why.to_owned());
            }
            match value {
                Value::Array(items) => values.extend(items.iter().filter_map(same::text)),
                one => values.extend(same::text(one)),
            }
        }
        values.retain(|value| !value.is_empty());
        if last {
            for value in &mut values {
                *value = fathom_content::template::last_segment(value).to_owned();
            }
        }
        if values.is_empty() {
            if !may_lack {
                return Ok(Vec::new());
            }
            values.push(String::new());
        }
        made = made
            .iter()
            .flat_map(|text| values.iter().map(move |value| format!("{text}{before}{value}")))
            .take(FACTS_MAX)
            .collect();
    }
    for text in &mut made {
        text.push_str(rest);
    }
    Ok(made)
}
