//! What a user or a role holds.

use super::Organisation;
use crate::layers::Layer;

impl Organisation {
    /// The identity policies of a user or a role, those of its groups too; none where it is not known.
    pub fn policies_of(&self, principal: &str) -> Option<&Layer> {
        Some(&self.identities.get(principal)?.policies)
    }

    /// All users and roles, by ARN, with whether one is a user.
    pub fn identities(&self) -> impl Iterator<Item = (&str, bool)> {
        self.identities.iter().map(|(arn, identity)| (arn.as_str(), identity.is_user))
    }
}
