//! Who might do something to anything at all, and what their statements are about: for questions that name no resource.

use super::{Index, bits::Bits};
use crate::{
    layers::{Held, Layer},
    pattern::Template,
    policy::{Effect, Statement},
    steps::Steps,
};

impl Index {
    /// Who holds a statement that allows an action on something, or is a root user; also those whose policies could not
    /// all be read. No one else is ever allowed it by an identity policy.
    pub fn might(&self, action: &str) -> Bits {
        let plans = self.plans(action);
        let plan = &plans.identities;
        let mut might = self.anywhere(plan).clone();
        for number in plan.speak.iter() {
            let Some(entry) = self.identities.get(number) else { continue };
            if entry.statement().is_some_and(|statement| statement.effect == Effect::Allow) {
                for holder in entry.holders() {
                    might.insert(*holder);
                }
            }
        }
        might
    }

    /// The patterns of resources in the statements that allow somebody an action, as they are written; `*` of a statement
    /// that leaves some out.
    pub fn allowed_patterns(&self, member: u32, action: &str) -> Vec<&str> {
        let identity = self.members.get(member).and_then(|one| self.organisation.identities.get(&one.name));
        let Some(Layer::Policies(held)) = identity.map(|identity| &identity.policies) else {
            return Vec::new();
        };
        let steps = Steps::new();
        let speaks = |one: &&Statement| one.effect == Effect::Allow && one.action.speaks_of(action, &steps);
        let mut found: Vec<&str> = Vec::new();
        for policy in held {
            let Held::Read(policy) = policy else { continue };
            for statement in policy.statements.iter().filter(speaks) {
                match &statement.resource {
                    Some(element) if !element.negated => {
                        found.extend(element.patterns.iter().map(Template::written));
                    }
                    _ => found.push("*"),
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
