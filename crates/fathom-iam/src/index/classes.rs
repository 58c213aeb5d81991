//! Resources that are all alike to somebody: no pattern tells one from the other.

use super::Index;
use crate::{
    context::Context,
    layers::{Held, Layer, Path},
    pattern::{self, Template},
    steps::Steps,
    truth::Truth,
};

/// The patterns of resources in all policies that bind one principal, with its context.
#[derive(Debug)]
pub struct Patterns<'a> {
    patterns: Vec<&'a Template>,
    context: Context,
}

impl Patterns<'_> {
    /// Which of the patterns match an ARN. Two resources of one type and account with the same answer, neither of which
    /// has a policy of its own, are alike to the principal, whatever it wants to do with them.
    pub fn of(&self, arn: &str) -> Vec<Truth> {
        let steps = Steps::new();
        self.patterns.iter().map(|one| pattern::resource(one, arn, &self.context, &steps).0).collect()
    }
}

impl Index {
    /// The patterns of all policies that bind a principal: its own, its boundary, and the organisation's.
    pub fn patterns(&self, number: u32) -> Patterns<'_> {
        let mut patterns = Vec::new();
        let member = self.members.get(number);
        let identity = member.and_then(|member| self.organisation.identities.get(&member.name));
        for layer in identity.into_iter().flat_map(|identity| [&identity.policies, &identity.boundary]) {
            if let Layer::Policies(policies) = layer {
                add(&mut patterns, policies);
            }
        }
        let own = member.and_then(|member| self.organisation.accounts.get(&member.account));
        let paths = own.map(|account| &account.scps);
        let paths = paths.into_iter().chain(self.organisation.accounts.values().map(|account| &account.rcps));
        for path in paths {
            if let Path::Levels(levels) = path {
                for level in levels {
                    add(&mut patterns, &level.policies);
                }
            }
        }
        let context = self.members.context(number, &self.organisation).cloned().unwrap_or_default();
        Patterns { patterns, context }
    }
}

fn add<'a>(patterns: &mut Vec<&'a Template>, policies: &'a [Held]) {
    for held in policies {
        let Held::Read(policy) = held else { continue };
        for one in
            policy.statements.iter().filter_map(|one| one.resource.as_ref()).flat_map(|one| &one.patterns)
        {
            if !patterns.contains(&one) {
                patterns.push(one);
            }
        }
    }
}
