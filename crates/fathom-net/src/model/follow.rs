//! A network after a document changed, without reading the others again.

use std::sync::Arc;

use super::{Builder, Found, Network};

impl Builder {
    /// What one document says.
    fn of(found: Found<'_>) -> Self {
        let mut builder = Self::default();
        builder.add(found);
        builder
    }
}

impl Network {
    /// Makes of a network the one with the second document of a resource in the place of the first. Says whether it could: what a
    /// document says may count in many places, and is followed where it says the same as before, and of security groups, which count
    /// in one. Otherwise the network stays as it is, and is to be built anew.
    pub fn follow(network: &mut Arc<Self>, before: Found<'_>, after: Found<'_>) -> bool {
        let (mut old, mut new) = (Builder::of(before), Builder::of(after));
        if old == new {
            return true;
        }
        let (Some((id, group)), Some((new_id, new_group))) = (old.groups.pop(), new.groups.pop()) else {
            return false;
        };
        // Of what was read in several accounts another one's view may be the one that counts. Faults are counted over all.
        let is_alone = old == Builder::default() && new == Builder::default();
        if id != new_id || !is_alone || network.groups.get(&id) != Some(&group) {
            return false;
        }
        Arc::make_mut(network).groups.replace(&id, new_group);
        true
    }
}
