//! What stands where a change would put something else.

use super::{
    Change, Organisation,
    change::group_of,
    own::{Place, Places, What},
};
use crate::layers::{Held, Layer};

impl Organisation {
    /// The policy that a change would put another in the place of; none where there is none. Of one that is attached in
    /// several places and says something else in each, that of the first.
    pub fn standing(&self, change: &Change) -> Option<&Held> {
        match change {
            Change::Inline { holder, name, .. } => self.placed(holder, What::Inline(name.as_str().into())),
            Change::Attached { holder, policy, .. } => {
                self.placed(holder, What::Attached(policy.as_str().into()))
            }
            Change::Boundary { identity, .. } => first(&self.identities.get(identity)?.boundary),
            Change::Managed { policy, .. } => self.managed.get(policy.as_str()),
            Change::Resource { resource, .. } | Change::Bucket { resource, .. } => {
                first(&self.guarded.get(resource)?.policy)
            }
            Change::Control { control, policy, target, .. } => {
                self.tree.standing(*control, policy, target.as_deref())
            }
        }
    }

    fn placed(&self, holder: &str, what: What) -> Option<&Held> {
        let place = Place { group: None, what };
        let (places, policies): (&Places, &[Held]) = if let Some(key) = group_of(holder) {
            let group = self.groups.get(&key)?;
            (&group.places, &group.policies)
        } else {
            let identity = self.identities.get(holder)?;
            let Layer::Policies(policies) = &identity.policies else { return None };
            (&identity.places, policies)
        };
        policies.get(places.position(&place)?)
    }
}

fn first(layer: &Layer) -> Option<&Held> {
    match layer {
        Layer::Policies(policies) => policies.first(),
        Layer::None | Layer::NotRead => None,
    }
}
