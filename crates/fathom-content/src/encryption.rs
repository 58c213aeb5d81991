//! What actions need of the key under which a resource keeps its data: `content/iam/encryption.yaml`.

use std::sync::OnceLock;

use fathom_model::{ResourceType, path::Path};
use serde::Deserialize;
use serde_json::Value;

use crate::{ContentError, parse_yaml};

const FILE: &str = "content/iam/encryption.yaml";
const TEXT: &str = include_str!("../../../content/iam/encryption.yaml");

/// How resources of a type name their key, and what it takes to use it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionRule {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Where the document names the key: an ARN, an id or an alias.
    pub key: Path,
    /// What must hold for the key to count.
    #[serde(default, rename = "where")]
    pub only: Option<Only>,
    /// The alias of the key that AWS manages, where the document names none.
    #[serde(default)]
    pub own: Option<String>,
    /// The member of the document without which the key is not known.
    #[serde(default)]
    pub unread: Option<String>,
    /// The service in `kms:ViaService`, without the region.
    pub via: String,
    /// What its actions need.
    pub needs: Vec<Need>,
    /// What whoever reads the answer should know.
    #[serde(default)]
    pub note: Option<String>,
    /// The page that says what the actions need.
    pub source: String,
}

/// A condition on the document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The member.
    pub path: Path,
    /// One of these.
    pub is: Vec<String>,
}

/// What actions need of the key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The actions on the resource.
    pub actions: Vec<String>,
    /// The actions on the key, all of which it takes.
    pub of_key: Vec<String>,
}

impl EncryptionRule {
    /// The text by which a document names its key; none where it is under no key that has a policy.
    pub fn key_of(&self, document: &Value) -> Option<String> {
        if let Some(only) = &self.only
            && !only
                .path
                .all(document)
                .iter()
                .filter_map(|value| value.as_str())
                .any(|value| only.is.iter().any(|wanted| wanted == value))
        {
            return None;
        }
        self.key.text(document).filter(|text| !text.is_empty()).or_else(|| self.own.clone())
    }

    /// What an action needs of the key, all of it; nothing where that is empty.
    pub fn need(&self, action: &str) -> &[String] {
        let is_of = |need: &&Need| need.actions.iter().any(|one| one.eq_ignore_ascii_case(action));
        self.needs.iter().find(is_of).map(|need| need.of_key.as_slice()).unwrap_or_default()
    }
}

/// All rules.
///
/// # Errors
/// When the file in the binary does not read.
pub fn rules() -> Result<&'static [EncryptionRule], ContentError> {
    static RULES: OnceLock<Vec<EncryptionRule>> = OnceLock::new();
    if let Some(rules) = RULES.get() {
        return Ok(rules);
    }
    let read: Vec<EncryptionRule> = parse_yaml(FILE, TEXT)?;
    Ok(RULES.get_or_init(|| read))
}
