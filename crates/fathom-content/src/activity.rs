//! Which call in a provider's audit log made, changed or removed which resource, and where the log names it.
//!
//! One file a service in `content/activity/aws/`, and `tools.yaml` for what programs call themselves.

use std::{collections::BTreeMap, fmt, str::FromStr};

use fathom_model::{
    Action, ResourceType,
    path::{Path, scalar_text},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{
    ContentError,
    resource::Condition,
    template::{Fill, Template},
};

/// What the events of one service mean.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceActivity {
    /// The service as events name it: `ec2.amazonaws.com`.
    pub source: String,
    /// The same as models and permissions name it: `ec2`.
    pub service: String,
    /// Further models whose operations this source logs: API Gateway has two.
    #[serde(default)]
    pub services: Vec<String>,
    /// What happens to which type.
    pub resources: Vec<TypeActivity>,
    /// Event names that are no operation of the models (events a service logs by itself, names it kept from before).
    #[serde(default)]
    pub not_operations: Vec<String>,
}

/// Which events concern resources of one type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeActivity {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where events name the resource, unless they say otherwise.
    #[serde(default)]
    pub id: Option<EventRef>,
    /// Whether the provider's creation time may be later than the creation: an instance shows its last start.
    #[serde(default)]
    pub created_moves: bool,
    /// Events that make one.
    #[serde(default)]
    pub creates: Vec<EventRule>,
    /// Events that make one or replace what is there.
    #[serde(default)]
    pub puts: Vec<EventRule>,
    /// Events that change it.
    #[serde(default)]
    pub changes: Vec<EventRule>,
    /// Events that remove it.
    #[serde(default)]
    pub deletes: Vec<EventRule>,
}

/// An event, with where it names the resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EventRule {
    /// Where the type's `id` says.
    Name(String),
    /// At places of its own, and maybe only where the record says so.
    At(BTreeMap<String, EventPlace>),
}

/// Where an event names the resource, and on what condition it does this to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EventPlace {
    /// Always.
    Always(EventRef),
    /// Only where the record fulfils a condition.
    When {
        /// Where it names the resource.
        at: EventRef,
        /// The condition, with paths into the record.
        when: Condition,
    },
}

/// Where an event names resources: a path into the record, or a text with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventRef {
    /// All values of a path, of which several alternatives may be given with `||`.
    Path(Path),
    /// One text.
    Template(Template),
}

impl EventRef {
    /// The references in a record, without empty ones.
    pub fn all(&self, record: &Value, fill: Fill<'_>) -> Vec<String> {
        let mut found: Vec<String> = match self {
            Self::Path(path) => path.all(record).into_iter().filter_map(scalar_text).collect(),
            Self::Template(template) => {
                template.fill(Fill { document: Some(record), ..fill }).into_iter().collect()
            }
        };
        found.retain(|text| !text.is_empty());
        found
    }
}

impl FromStr for EventRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('{') {
            text.parse().map(Self::Template)
        } else {
            text.parse().map(Self::Path).map_err(|error: fathom_model::path::PathError| error.to_string())
        }
    }
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Template(template) => template.fmt(f),
        }
    }
}

impl Serialize for EventRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What programs call themselves, and which identity providers sign pipelines in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// Programs, the more telling first.
    #[serde(default)]
    pub agents: Vec<Agent>,
    /// Parts of the names of identity providers that give tokens to pipelines.
    #[serde(default)]
    pub pipelines: Vec<String>,
}

/// A program by its user agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// What people call it.
    pub name: String,
    /// A part of its user agent.
    pub has: String,
}

/// What all events mean: one rule for each resource type that an event concerns.
#[derive(Debug, Clone, Default)]
pub struct ActivityRules {
    by_event: BTreeMap<String, BTreeMap<String, Vec<Rule>>>,
    services: BTreeMap<String, String>,
    moving: Vec<ResourceType>,
    /// Programs and pipelines.
    pub tools: Tools,
}

/// What one event does to resources of one type.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The type.
    pub kind: ResourceType,
    /// What becomes of it.
    pub action: Action,
    /// Where the event names it.
    pub at: EventRef,
    /// On what condition; always without one.
    pub when: Option<Condition>,
}

impl ActivityRules {
    /// Adds the events of a service.
    pub(crate) fn add(&mut self, file: &str, service: ServiceActivity) -> Result<(), ContentError> {
        let invalid = |message: String| ContentError::Invalid { file: file.to_owned(), message };
        let ServiceActivity { source, service, resources, .. } = service;
        let events = self.by_event.entry(source.clone()).or_default();
        for one in resources {
            if one.created_moves {
                self.moving.push(one.kind.clone());
            }
            for (action, rules) in [
                (Action::Created, one.creates),
                (Action::Put, one.puts),
                (Action::Changed, one.changes),
                (Action::Deleted, one.deletes),
            ] {
                for rule in rules {
                    let named = match rule {
                        EventRule::Name(name) => {
                            let id = one.id.clone().ok_or_else(|| {
                                invalid(format!(
                                    "`{name}` of {} does not say where it names the resource; write `{name}: path`, or \
                                     `id` for the type",
                                    one.kind
                                ))
                            })?;
                            vec![(name, id, None)]
                        }
                        EventRule::At(map) => map
                            .into_iter()
                            .map(|(name, place)| match place {
                                EventPlace::Always(at) => (name, at, None),
                                EventPlace::When { at, when } => (name, at, Some(when)),
                            })
                            .collect(),
                    };
                    for (name, at, when) in named {
                        let rules = events.entry(name.clone()).or_default();
                        if rules.iter().any(|rule| rule.kind == one.kind && rule.action == action) {
                            return Err(invalid(format!("`{name}` is named twice for {}", one.kind)));
                        }
                        rules.push(Rule { kind: one.kind.clone(), action, at, when });
                    }
                }
            }
        }
        self.services.insert(source, service);
        Ok(())
    }

    /// The rules for an event. Some services add the version of their interface to the name:
    /// `CreateFunction20150331v2`, `CreateDistribution2020_05_31`.
    pub fn of(&self, source: &str, name: &str) -> &[Rule] {
        let Some(events) = self.by_event.get(source) else { return &[] };
        events.get(name).or_else(|| events.get(without_version(name))).map(Vec::as_slice).unwrap_or_default()
    }

    /// The service of an event source as permissions name it; the source's first label where it is not known.
    pub fn service<'s>(&'s self, source: &'s str) -> &'s str {
        self.services.get(source).map_or_else(|| source.split('.').next().unwrap_or(source), String::as_str)
    }

    /// Whether the provider's creation time of a type may be later than the creation.
    pub fn created_moves(&self, kind: &ResourceType) -> bool {
        self.moving.contains(kind)
    }

    /// How many pairs of source and event name are described.
    pub fn events(&self) -> usize {
        self.by_event.values().map(BTreeMap::len).sum()
    }

    /// The types of which an event of some kind is described.
    pub fn kinds(&self, action: Action) -> std::collections::BTreeSet<&ResourceType> {
        self.by_event
            .values()
            .flat_map(BTreeMap::values)
            .flatten()
            .filter(|rule| rule.action == action)
            .map(|rule| &rule.kind)
            .collect()
    }
}

/// An event's name without the version that some services put at its end.
pub fn without_version(name: &str) -> &str {
    let cut = |name: &'_ str| -> Option<usize> {
        let version = name.rfind('v').filter(|at| {
            let tail = name.get(at + 1..).unwrap_or_default();
            !tail.is_empty() && tail.len() <= 2 && tail.bytes().all(|b| b.is_ascii_digit())
        });
        let head = version.and_then(|at| name.get(..at)).unwrap_or(name);
        let plain = head.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        let digits = head.len() - plain.len();
        let date = head.get(plain.len()..).unwrap_or_default();
        let looks = date.starts_with("20") && (digits == 8 || (digits == 10 && date.contains('_')));
        looks.then_some(plain.len())
    };
    cut(name).and_then(|at| name.get(..at)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_at_the_end_of_names_are_left_out() {
        for (name, plain) in [
            ("CreateFunction20150331", "CreateFunction"),
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("CreateDistribution2020_05_31", "CreateDistribution"),
            ("CreateUser", "CreateUser"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("PublishVersion2", "PublishVersion2"),
        ] {
            assert_eq!(without_version(name), plain);
        }
    }
}
