//! Resources that are all alike to somebody: no pattern tells one from the other.

use std::collections::HashSet;

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

/// The patterns of resources in all policies that bind some principals.
#[derive(Debug)]
pub struct PatternsOfSome<'a> {
    /// Those that are the same to everyone, each with a text that whatever it matches has in it.
    shared: Vec<(&'a Template, &'a str)>,
    /// Those that depend on who asks.
    own: Vec<Patterns<'a>>,
}

impl PatternsOfSome<'_> {
    /// Which of the patterns match an ARN. As with [`Patterns::of`], resources with the same answer are alike to each of the
    /// principals.
    pub fn of(&self, arn: &str) -> Vec<Truth> {
        let (steps, nobody) = (Steps::new(), Context::new());
        // To look for a text takes a small part of the time that matching takes, and few patterns are left.
        let shared = self.shared.iter().map(|(one, within)| {
            if arn.contains(within) { pattern::resource(one, arn, &nobody, &steps).0 } else { Truth::No }
        });
        shared.chain(self.own.iter().flat_map(|patterns| patterns.of(arn))).collect()
    }
}

impl Index {
    /// The patterns of all policies that bind any of some principals; what no variable tells apart is there once.
    pub fn patterns_of_some(&self, numbers: &[u32]) -> PatternsOfSome<'_> {
        let (mut known, mut shared, mut own) = (HashSet::new(), Vec::new(), Vec::new());
        for number in numbers {
            let Patterns { patterns, context } = self.patterns(*number);
            let (personal, same): (Vec<_>, Vec<_>) =
                patterns.into_iter().partition(|one| one.keys().next().is_some());
            shared.extend(same.into_iter().filter(|one| known.insert(*one)).map(|one| (one, literal(one))));
            if !personal.is_empty() {
                own.push(Patterns { patterns: personal, context });
            }
        }
        PatternsOfSome { shared, own }
    }

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

/// The longest text of a pattern without variables that stands in all that it matches.
fn literal(pattern: &Template) -> &str {
    let written = pattern.written();
    // `${*}` means the character itself, and is not written so in what matches.
    if written.contains('$') {
        return "";
    }
    written.split(['*', '?']).max_by_key(|part| part.len()).unwrap_or_default()
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
