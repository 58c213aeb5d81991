//! What each class of data demands, layer by layer: `content/protection.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::DataClass;
use serde::{Deserialize, Serialize};

use crate::declarations::Pattern;

/// The layers. Without any, nothing is demanded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectionRules {
    /// In the order in which they are told.
    pub layers: Vec<ProtectionLayer>,
}

/// A side from which data is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectionLayer {
    /// What it is called by: `rest`.
    pub id: String,
    /// What holds where all of it holds, in words.
    pub title: String,
    /// Patterns over names of checks, by the lowest class that demands them.
    pub demands: BTreeMap<DataClass, Vec<String>>,
}

impl ProtectionLayer {
    /// The checks that a class demands, of those that there are.
    pub fn checks<'c>(&self, class: DataClass, all: impl Iterator<Item = &'c str>) -> BTreeSet<&'c str> {
        let patterns: Vec<Pattern> = self
            .demands
            .range(..=class)
            .flat_map(|(_, patterns)| patterns)
            .filter_map(|pattern| Pattern::parse(pattern).ok())
            .collect();
        all.filter(|id| patterns.iter().any(|pattern| pattern.matches(id))).collect()
    }
}

impl ProtectionRules {
    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        for layer in &self.layers {
            if !seen.insert(layer.id.as_str()) {
                return Some(format!("the layer `{}` is there twice", layer.id));
            }
            for pattern in layer.demands.values().flatten() {
                if let Err(why) = Pattern::parse(pattern) {
                    return Some(format!("layer `{}`: `{pattern}`: {why}", layer.id));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_yaml;

    fn read(text: &str) -> ProtectionRules {
        parse_yaml("protection.yaml", text).expect("it reads")
    }

    #[test]
    fn a_class_demands_what_lower_ones_do() {
        let text = "layers:\n- {id: rest, title: t, demands: {internal: ['*_encrypted'], restricted: ['*_own_key']}}\n";
        let layer = read(text).layers.swap_remove(0);
        let all = ["disk_encrypted", "disk_own_key", "disk_named"];
        let of = |class| layer.checks(class, all.into_iter()).into_iter().collect::<Vec<_>>();
        assert_eq!(of(DataClass::Public), [""; 0]);
        assert_eq!(of(DataClass::Confidential), ["disk_encrypted"]);
        assert_eq!(of(DataClass::Restricted), ["disk_encrypted", "disk_own_key"]);
    }

    #[test]
    fn layers_that_are_there_twice_are_refused() {
        let layer = "- {id: rest, title: t, demands: {}}\n";
        assert_eq!(read(&format!("layers:\n{layer}")).problem(), None);
        assert!(read(&format!("layers:\n{layer}{layer}")).problem().is_some_and(|why| why.contains("twice")));
        assert!(
            parse_yaml::<ProtectionRules>("f", "layers:\n- {id: a, title: t, demands: {secret: []}}\n")
                .is_err()
        );
    }
}
