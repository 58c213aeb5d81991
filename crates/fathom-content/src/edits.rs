//! What people may write after `fathom what-if --edit`, and what it means in descriptions: `content/edits.yaml`.

use std::collections::BTreeMap;

use fathom_model::{EdgeKind, ResourceType};
use serde::Deserialize;
use serde_json::Value;

use crate::declared::{DeclaredMaps, Language};

/// What edits are understood beside those of policies, members and whole resources.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditRules {
    /// What `add … to` and `take … out of` are about.
    #[serde(default)]
    pub parts: Vec<PartRule>,
    /// Sentences that set members.
    #[serde(default)]
    pub settings: Vec<SettingRule>,
    /// The kinds of relations by which something runs as a role.
    #[serde(default)]
    pub runs_as: Vec<EdgeKind>,
    /// The member in which a resource of each type keeps its own policy.
    #[serde(default)]
    pub policies: BTreeMap<ResourceType, String>,
}

/// A part of a resource, in words: a declaration that is made or taken away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartRule {
    /// The words, with `{holes}`.
    pub says: String,
    /// The language of the declaration.
    pub language: Language,
    /// Its type as the language names it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The attributes of `{traffic}`.
    #[serde(default)]
    pub traffic: Option<TrafficRule>,
    /// Of each other hole the attribute, by the form of what stands there: `ipv4`, `ipv6`, `arn`, `word`, or the beginning of
    /// an id.
    #[serde(default)]
    pub holes: BTreeMap<String, BTreeMap<String, String>>,
}

/// The attributes that say what traffic a rule is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficRule {
    /// The protocol, `-1` for all.
    pub protocol: String,
    /// The first port, or the ICMP type.
    pub first: String,
    /// The last port, or the ICMP code.
    pub last: String,
}

/// A sentence about a resource, and the members that it sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingRule {
    /// The words, with `{resource}` at the end.
    pub says: String,
    /// The members by the type of the resource.
    pub sets: BTreeMap<ResourceType, BTreeMap<String, Value>>,
}

impl EditRules {
    /// What is wrong with them: holes without attributes, types that there are not.
    pub(crate) fn problem(
        &self,
        declared: &DeclaredMaps,
        is_known: &dyn Fn(&ResourceType) -> bool,
    ) -> Option<String> {
        for rule in &self.parts {
            let Some(map) = declared.get(rule.language, &rule.kind).filter(|map| map.part) else {
                return Some(format!("`{}`: `{}` has no map that declares parts", rule.says, rule.kind));
            };
            for hole in rule.says.split(['{', '}']).skip(1).step_by(2) {
                let is_filled =
                    if hole == "traffic" { rule.traffic.is_some() } else { rule.holes.contains_key(hole) };
                if !is_filled {
                    return Some(format!("`{}`: `{{{hole}}}` has no attribute", rule.says));
                }
            }
            let is_written = map.attributes.iter().all(|one| {
                one.facts.as_ref().is_none_or(|facts| !facts.makes.is_empty() || facts.whole.is_some())
            });
            if !is_written {
                return Some(format!("`{}`: how `{}` is written is not known", rule.says, rule.kind));
            }
        }
        if let Some(rule) = self.settings.iter().find(|rule| !rule.says.ends_with(" {resource}")) {
            return Some(format!("`{}` does not end in `{{resource}}`", rule.says));
        }
        let named = self.settings.iter().flat_map(|rule| rule.sets.keys()).chain(self.policies.keys());
        named
            .into_iter()
            .find(|kind| !is_known(kind))
            .map(|kind| format!("no resource definition is called `{kind}`"))
    }
}
