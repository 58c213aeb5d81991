//! What answers requests of the web, and where its web firewall is named: `content/network/web.yaml`.

use std::sync::OnceLock;

use fathom_model::{ResourceType, path::Path};
use serde::Deserialize;

use crate::{ContentError, Template, parse_yaml, resource::Condition};

const FILE: &str = "content/network/web.yaml";
const TEXT: &str = include_str!("../../../content/network/web.yaml");

/// How things of a type answer the web.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebRule {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// What it is, in a few words.
    pub what: String,
    /// Packets are followed to it; otherwise the provider's own endpoint answers.
    #[serde(default)]
    pub network: bool,
    /// What must all hold of its document.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// The thing whose part it is.
    #[serde(default)]
    pub part_of: Option<PartOf>,
    /// Where these hold, of the thing or of what it is a part of, it answers only if `only_if` does.
    #[serde(default)]
    pub only_when: Vec<Condition>,
    /// What must hold beside.
    #[serde(default)]
    pub only_if: Option<String>,
    /// Where its document names the web ACL.
    #[serde(default)]
    pub acl: Option<Path>,
    /// Why no web ACL can stand before it.
    #[serde(default)]
    pub cannot: Option<String>,
    /// The names that it answers to.
    #[serde(default)]
    pub hosts: Vec<Path>,
    /// A name that it answers to and that no document has.
    #[serde(default)]
    pub host: Option<Template>,
    /// The names that it asks in turn.
    #[serde(default)]
    pub origins: Option<Path>,
    /// The page that says so.
    pub source: String,
}

/// What something is a part of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartOf {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where the ARN of the part goes on.
    pub cut: String,
    /// What must all hold of its document.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// All rules.
///
/// # Errors
/// When the file in the binary does not read.
pub fn rules() -> Result<&'static [WebRule], ContentError> {
    static RULES: OnceLock<Vec<WebRule>> = OnceLock::new();
    if let Some(rules) = RULES.get() {
        return Ok(rules);
    }
    let read: Vec<WebRule> = parse_yaml(FILE, TEXT)?;
    Ok(RULES.get_or_init(|| read))
}

impl WebRule {
    /// The types that it reads.
    pub fn kinds(&self) -> impl Iterator<Item = &ResourceType> {
        std::iter::once(&self.kind).chain(self.part_of.iter().map(|part| &part.kind))
    }

    /// All paths into its own document, for checks against the provider's models.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let own = self.when.iter().map(|condition| &condition.path);
        let only = self.only_when.iter().filter(|_| self.part_of.is_none()).map(|condition| &condition.path);
        own.chain(only).chain(&self.acl).chain(&self.hosts).chain(&self.origins)
    }

    /// All paths into the document of what it is a part of.
    pub fn paths_of_whole(&self) -> impl Iterator<Item = &Path> {
        let own = self.part_of.iter().flat_map(|part| &part.when).map(|condition| &condition.path);
        own.chain(self.only_when.iter().filter(|_| self.part_of.is_some()).map(|condition| &condition.path))
    }
}
