//! A declaration written where it is not known what was declared before: only what differs, and nothing is taken away.

use std::collections::BTreeSet;

use fathom_content::{DeclaredMap, declared::Language};
use fathom_model::Resource;
use serde_json::Value;

use super::{Left, Why, Work, Written};
use crate::drift::{differing::differing, paths, walk};

/// Elements that are told where it is not known whether they stay.
const TOLD: usize = 8;

/// Writes what a declaration says that the description of its resource does not. Whether what the description says beyond it
/// stays is told as not known.
pub fn write_whole(
    document: &mut Value,
    map: &DeclaredMap,
    after: &Value,
    language: Language,
    resource: &Resource,
) -> Written {
    let old = document.clone();
    let differs = differing(after, language, map, resource, document);
    let mut work =
        Work { document, map, before: &Value::Null, after, own_id: &resource.id, found: Written::default() };
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for attribute in &map.attributes {
        let name = paths::shown_path(attribute.from.as_str());
        let is_within = |other: &str| {
            other.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let stands = walk::first(attribute.from.as_str(), after).is_some() || attribute.from.as_str() == "@";
        if let Some((is_missing, extra)) = differs.lists.get(&name).filter(|_| stands) {
            if *is_missing || differs.mapped.iter().any(|other| is_within(other)) {
                work.attribute(attribute, false);
            }
            if !extra.is_empty() {
                let some: Vec<String> = extra.iter().take(TOLD).map(|fact| short(fact)).collect();
                let more = extra.len().saturating_sub(TOLD);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let why = format!(
                    "whether these stay, which it does not state: {}{more}; what was declared before would tell",
                    some.join(", ")
                );
                work.left(&name, Why::Unknown(why));
            }
        } else if differs.mapped.iter().any(|other| is_within(other)) {
            work.attribute(attribute, false);
        }
        for (skipped, why) in differs.skipped.iter().filter(|(skipped, _)| is_within(skipped)) {
            told.insert(skipped);
            work.unknown(attribute, Why::Unknown(why.clone()));
        }
    }
    for name in differs.by_name.iter().chain(differs.skipped.keys()) {
        if !told.contains(name.as_str()) {
            work.found.left.insert(Left { attribute: name.clone(), why: Why::NotMapped });
        }
    }
    work.found.changed = *work.document != old;
    work.found
}

/// A fact without the places of what it lacks.
fn short(fact: &str) -> String {
    fact.split_whitespace().collect::<Vec<_>>().join(" ")
}
