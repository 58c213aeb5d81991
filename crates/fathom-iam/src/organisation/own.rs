//! Where each policy of an identity or a group comes from, so that one can be changed.

use std::sync::Arc;

use crate::layers::Held;

/// Where a policy of a user, a role or a group comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The group that the user has it from; none where it is its own.
    pub(super) group: Option<Arc<str>>,
    pub(super) what: What,
}

/// What a policy is to who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Its own, of this name.
    Inline(Arc<str>),
    /// A managed policy, by its ARN.
    Attached(Arc<str>),
}

impl What {
    /// Inline policies come first.
    fn rank(&self) -> u8 {
        match self {
            Self::Inline(_) => 0,
            Self::Attached(_) => 1,
        }
    }
}

/// The places of policies, in the order of the policies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<Place>);

impl Places {
    pub(super) fn push(&mut self, place: Place) {
        self.0.push(place);
    }

    /// Those of a group, as its members have them.
    pub(super) fn of_group<'a>(&'a self, group: &'a Arc<str>) -> impl Iterator<Item = Place> + 'a {
        self.0.iter().map(|place| Place { group: Some(Arc::clone(group)), what: place.what.clone() })
    }

    pub(super) fn has(&self, what: &What) -> bool {
        self.0.iter().any(|place| place.what == *what)
    }

    pub(super) fn position(&self, place: &Place) -> Option<usize> {
        self.0.iter().position(|known| known == place)
    }

    /// Puts a policy in its place, or takes away what stands there.
    pub(super) fn set(&mut self, policies: &mut Vec<Held>, place: &Place, policy: Option<&Held>) {
        let Some(policy) = policy else {
            while let Some(at) = self.position(place).filter(|at| *at < policies.len()) {
                self.0.remove(at);
                policies.remove(at);
            }
            return;
        };
        if let Some(known) = self.position(place).and_then(|at| policies.get_mut(at)) {
            *known = policy.clone();
            return;
        }
        let is_before = |known: &Place| known.group == place.group && known.what.rank() <= place.what.rank();
        let after = self.0.iter().rposition(is_before).map(|at| at + 1);
        // Its own come before those of groups.
        let at = after.unwrap_or(if place.group.is_none() { 0 } else { self.0.len() });
        self.0.insert(at, place.clone());
        policies.insert(at, policy.clone());
    }

    /// Puts another text in the place of a managed policy, wherever it is from.
    pub(super) fn replace(&self, policies: &mut [Held], what: &What, policy: &Held) {
        for (place, known) in self.0.iter().zip(policies) {
            if place.what == *what {
                *known = policy.clone();
            }
        }
    }
}
