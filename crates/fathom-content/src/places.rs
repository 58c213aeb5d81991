//! How resources lie in the organisation: `content/places.yaml`.

use fathom_model::{EdgeKind, ResourceType};
use serde::{Deserialize, Serialize};

/// What networks and accounts are. Without rules nothing lies in a network, and accounts have no names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Types that are networks.
    #[serde(default)]
    pub networks: Vec<ResourceType>,
    /// Relations that say that a resource lies where the other one does.
    #[serde(default)]
    pub through: Vec<EdgeKind>,
    /// Types that tell the name of an account whose id is theirs.
    #[serde(default)]
    pub accounts: Vec<ResourceType>,
}

impl Places {
    /// The first type that no definition has.
    pub(crate) fn unknown(&self, is_known: &dyn Fn(&ResourceType) -> bool) -> Option<&ResourceType> {
        self.networks.iter().chain(&self.accounts).find(|kind| !is_known(kind))
    }
}
