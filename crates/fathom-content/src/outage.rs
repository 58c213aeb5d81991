//! What things need of each other: `content/outage.yaml`.

use std::{collections::BTreeSet, sync::OnceLock};

use fathom_model::{ResourceType, path::Path};
use serde::Deserialize;
use serde_json::Value;

use crate::{ContentError, parse_yaml};

const FILE: &str = "content/outage.yaml";
const TEXT: &str = include_str!("../../../content/outage.yaml");

/// What edges mean for what works, and where things are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageRules {
    /// Edges to what a thing does not work without.
    pub each: BTreeSet<String>,
    /// Edges of which one must lead to what works.
    pub any: BTreeSet<String>,
    /// Edges to what a thing does less without.
    pub less: BTreeSet<String>,
    /// What is nothing without its parts.
    #[serde(default)]
    pub wholes: Vec<Whole>,
    /// Where a document says in which zone a thing is.
    #[serde(default)]
    pub zones: Vec<InZone>,
}

/// What is nothing without its parts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The type of the parts, of which one must be left.
    pub parts: ResourceType,
}

/// Where a document says in which zone a thing is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InZone {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where the zone's name is.
    pub path: Path,
    /// What says that it goes on in another zone.
    #[serde(default)]
    pub unless: Option<Spread>,
}

/// What says that a thing goes on in another zone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The member.
    pub member: Path,
    /// What it is then.
    pub is: Value,
}

/// The rules that ship.
///
/// # Errors
/// When the file in the binary does not read.
pub fn rules() -> Result<&'static OutageRules, ContentError> {
    static RULES: OnceLock<OutageRules> = OnceLock::new();
    if let Some(rules) = RULES.get() {
        return Ok(rules);
    }
    let read: OutageRules = parse_yaml(FILE, TEXT)?;
    Ok(RULES.get_or_init(|| read))
}
