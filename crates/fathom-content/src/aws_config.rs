//! Where AWS Config names types and members otherwise than the APIs do: `imports/aws-config.yaml`.

use std::collections::BTreeMap;

use fathom_model::{ResourceType, path::Path};
use serde::{Deserialize, Serialize};

/// The names, by the type as AWS Config has it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AwsConfigNames(BTreeMap<ResourceType, TypeNames>);

/// What AWS Config names otherwise of one type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeNames {
    /// What the type is called here.
    #[serde(default)]
    pub named: Option<ResourceType>,
    /// Members with other names.
    #[serde(default)]
    pub rename: Vec<Rename>,
}

/// A member with another name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The objects that hold it; `@` for the configuration itself.
    pub inside: Path,
    /// Its name in AWS Config.
    pub from: String,
    /// Its name in the API, in any case; what is there under that name already is replaced.
    pub to: String,
}

impl AwsConfigNames {
    /// What is named otherwise of a type.
    pub fn of(&self, kind: &str) -> Option<&TypeNames> {
        self.0.get(kind)
    }

    /// A type that is named and that no definition reads.
    pub(crate) fn unknown<'a>(&'a self, known: &dyn Fn(&ResourceType) -> bool) -> Option<&'a ResourceType> {
        self.0.values().filter_map(|names| names.named.as_ref()).find(|kind| !known(kind))
    }
}
