//! What of one declaration is not as the resource is: for whoever writes only that.

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::DeclaredMap;
use fathom_model::Resource;
use serde_json::Value;

use super::compare::{Actual, compare};
use crate::declared::{Declaration, Language, Planned};

/// What differs, by the names of attributes as the code has them.
#[derive(Debug, Default)]
pub(crate) struct Differing {
    /// Attributes that a map names, or parts of them.
    pub(crate) mapped: BTreeSet<String>,
    /// Attributes that differ and that no map names.
    pub(crate) by_name: BTreeSet<String>,
    /// Attributes that could not be compared, and why.
    pub(crate) skipped: BTreeMap<String, String>,
    /// Of lists: whether something is declared that is not there, and what is there that is not declared.
    pub(crate) lists: BTreeMap<String, (bool, BTreeSet<String>)>,
}

/// Compares what is declared of a resource with its description.
pub(crate) fn differing(
    declared: &Value,
    language: Language,
    map: &DeclaredMap,
    resource: &Resource,
    document: &Value,
) -> Differing {
    let declaration = Declaration {
        language,
        kind: map.kind.clone(),
        file: "".into(),
        address: String::new(),
        source: String::new(),
        attributes: declared.clone(),
        note: None,
        physical_id: None,
        place: None,
        seen_by_tool: Vec::new(),
        planned: Planned::Stays,
    };
    let none = BTreeMap::new();
    let found =
        compare(&declaration, Some(map), &Actual { resource, document, unread: &[], handed_on: &none });
    let mut differs = Differing::default();
    // What is there and not declared stays as it is.
    for one in found.differences.into_iter().filter(|one| !one.declared.is_null()) {
        let list = if one.by_name { &mut differs.by_name } else { &mut differs.mapped };
        list.insert(one.attribute);
    }
    differs.skipped = found.skipped.into_iter().map(|one| (one.attribute, one.why)).collect();
    for list in found.facts {
        let is_missing = list.declared.facts.difference(&list.actual.facts).next().is_some();
        let beyond = |fact: &&String| {
            list.is_whole
                && !list.others
                && !list.declared.facts.contains(*fact)
                && !list.given.contains(*fact)
        };
        let extra = list.actual.facts.iter().filter(beyond).cloned().collect();
        differs.lists.insert(list.attribute, (is_missing || list.declared.unknown.is_some(), extra));
    }
    differs
}
