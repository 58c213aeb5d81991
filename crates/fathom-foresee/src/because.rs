//! Which changes a difference comes from: those whose resources its proof names.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::Uid;
use serde::Serialize;

/// Ids that are shorter may be words of something else.
const ID_MIN: usize = 8;

/// The changes, by what proofs name their resources by.
#[derive(Debug, Clone, Default)]
pub struct Causes {
    by_name: BTreeMap<String, BTreeSet<String>>,
    /// All of them, where there is one alone.
    only: Option<String>,
}

impl Causes {
    /// Of resources with the changes that touch them.
    pub fn of_touched(touched: &BTreeMap<Uid, Vec<String>>) -> Self {
        let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (uid, addresses) in touched {
            let uid = uid.as_str();
            let id = uid.rsplit(['/', ':']).next().unwrap_or_default();
            // `sg-0a1b2c3d`: an id that means one thing wherever it stands.
            let is_id = id.len() >= ID_MIN && id.rsplit_once('-').is_some_and(|(_, end)| end.len() >= ID_MIN);
            for name in std::iter::once(uid).chain(Some(id).filter(|_| is_id)) {
                by_name.entry(name.to_owned()).or_default().extend(addresses.iter().cloned());
            }
        }
        let all: BTreeSet<&String> = touched.values().flatten().collect();
        let only = all.first().filter(|_| all.len() == 1).map(|one| (*one).clone());
        Self { by_name, only }
    }

    /// The changes that something comes from, as far as what is told of it names their resources; the only one where there is
    /// one alone.
    pub fn of(&self, what: &impl Serialize) -> Vec<String> {
        let text = serde_json::to_string(what).unwrap_or_default();
        let named = self.by_name.iter().filter(|(name, _)| text.contains(name.as_str()));
        let found: BTreeSet<String> = named.flat_map(|(_, addresses)| addresses).cloned().collect();
        if found.is_empty() { self.only.iter().cloned().collect() } else { found.into_iter().collect() }
    }
}
