//! Whose a network interface is, for what is no server: `content/network/owners.yaml`.

use std::sync::OnceLock;

use fathom_model::{ResourceType, path::Path};
use serde::Deserialize;

use crate::{ContentError, Template, parse_yaml};

const FILE: &str = "content/network/owners.yaml";
const TEXT: &str = include_str!("../../../content/network/owners.yaml");

/// How things of a type are known by their interfaces: one of `interfaces`, `addresses`, `described` and `alike`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRule {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where its document has the ids of its interfaces.
    #[serde(default)]
    pub interfaces: Option<Path>,
    /// Where its document has its private addresses.
    #[serde(default)]
    pub addresses: Option<Path>,
    /// The VPC of these.
    #[serde(default)]
    pub vpc: Option<Path>,
    /// The subnets of these.
    #[serde(default)]
    pub subnets: Option<Path>,
    /// How its interfaces are described.
    #[serde(default)]
    pub described: Option<Template>,
    /// What its interfaces have in common with others'.
    #[serde(default)]
    pub alike: Option<Alike>,
    /// Where its document has its port.
    #[serde(default)]
    pub listens: Option<Path>,
    /// Its ports where the document has none.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// The page that says so.
    pub source: String,
}

/// What its interfaces have in common with others'.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    /// The ids of their security groups, all of them.
    pub groups: Path,
    /// The ids of the subnets that they may lie in; any where it is not set.
    #[serde(default)]
    pub subnets: Option<Path>,
    /// How the service describes all of them.
    pub described: String,
    /// What parts of it call it.
    pub id: Path,
    /// What it is a part of.
    #[serde(default)]
    pub part_of: Option<Path>,
}

/// All rules.
///
/// # Errors
/// When the file in the binary does not read.
pub fn rules() -> Result<&'static [OwnerRule], ContentError> {
    static RULES: OnceLock<Vec<OwnerRule>> = OnceLock::new();
    if let Some(rules) = RULES.get() {
        return Ok(rules);
    }
    let read: Vec<OwnerRule> = parse_yaml(FILE, TEXT)?;
    Ok(RULES.get_or_init(|| read))
}

impl OwnerRule {
    /// All paths into the document, for checks against the provider's models.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let alike = self.alike.iter().flat_map(|alike| {
            [Some(&alike.groups), alike.subnets.as_ref(), Some(&alike.id), alike.part_of.as_ref()]
        });
        let own = [&self.interfaces, &self.addresses, &self.vpc, &self.subnets, &self.listens];
        own.into_iter().flatten().chain(alike.flatten())
    }
}
