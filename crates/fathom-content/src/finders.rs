//! Who else is asked what there is: `content/finders.yaml`.

use fathom_model::ResourceType;
use serde::{Deserialize, Serialize};

/// What finders are asked. Without rules only those that need none are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinderRules {
    /// Types that Cloud Control is asked for, where no definition reads them.
    #[serde(default)]
    pub cloud_control: Vec<ResourceType>,
    /// Types of AWS Config that are no resources; with a `*` at the end beginnings of types.
    #[serde(default)]
    pub no_resources: Vec<String>,
}

impl FinderRules {
    /// Whether a type of AWS Config stands for a resource.
    pub fn is_resource(&self, kind: &str) -> bool {
        !self.no_resources.iter().any(|other| match other.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => kind == other,
        })
    }
}
