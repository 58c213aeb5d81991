//! The policies of identities, each once, with who holds it; and which statements speak of an action.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{bits::Bits, members::is_personal, resources::Resources, truths::Truths};
use crate::{
    condition::Test,
    layers::{Held, Layer},
    pattern::{self, Template},
    policy::{Effect, Element, Policy, Statement},
    steps::Steps,
    truth::Truth,
};

/// A statement of a policy that somebody holds.
#[derive(Debug)]
pub(super) struct Entry {
    policy: Arc<Policy>,
    at: usize,
    holders: Arc<Vec<u32>>,
    /// What its conditions say may be another thing for each holder.
    pub(super) has_personal_test: bool,
    /// So may what it is about.
    pub(super) has_personal_resource: bool,
    /// It is about every resource.
    everywhere: bool,
}

impl Entry {
    pub(super) fn statement(&self) -> Option<&Statement> {
        self.policy.statements.get(self.at)
    }

    pub(super) fn holders(&self) -> &[u32] {
        &self.holders
    }
}

/// All policies of identities.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    entries: Vec<Entry>,
    resources: Resources,
    /// `Action` or `NotAction` elements, each once, with the statements that have it.
    actions: Vec<(Element<String>, Vec<u32>)>,
    /// Of whom a policy could not be read.
    unread: Vec<u32>,
}

/// What statements say of one action, whatever the resource.
#[derive(Debug)]
pub(super) struct Plan {
    /// By statements about every resource without conditions.
    pub(super) allow: Truths,
    pub(super) deny: Truths,
    /// Statements to be asked about every resource.
    pub(super) asked: Vec<u32>,
    /// Statements about some resources that speak of the action.
    pub(super) speak: Bits,
}

impl Holdings {
    /// Takes in whose policies are what.
    pub(super) fn of<'a>(layers: impl Iterator<Item = (u32, &'a Layer)>) -> Self {
        let mut holdings = Self::default();
        let mut held: Vec<(Arc<Policy>, Vec<u32>)> = Vec::new();
        let mut known: HashMap<*const Policy, usize> = HashMap::new();
        for (member, layer) in layers {
            let policies = match layer {
                Layer::None => continue,
                Layer::NotRead => {
                    holdings.unread.push(member);
                    continue;
                }
                Layer::Policies(policies) => policies,
            };
            for policy in policies {
                let Held::Read(policy) = policy else {
                    holdings.unread.push(member);
                    continue;
                };
                let at = *known.entry(Arc::as_ptr(policy)).or_insert_with(|| {
                    held.push((Arc::clone(policy), Vec::new()));
                    held.len() - 1
                });
                if let Some((_, holders)) = held.get_mut(at)
                    && holders.last() != Some(&member)
                {
                    holders.push(member);
                }
            }
        }
        let mut actions: BTreeMap<(bool, &[String]), Vec<u32>> = BTreeMap::new();
        for (policy, holders) in &held {
            let holders = Arc::new(holders.clone());
            for (at, statement) in policy.statements.iter().enumerate() {
                let number = holdings.entries.len() as u32;
                let everywhere = is_everywhere(statement);
                if !everywhere {
                    holdings.resources.add(number, statement);
                }
                let key = (statement.action.negated, statement.action.patterns.as_slice());
                actions.entry(key).or_default().push(number);
                holdings.entries.push(Entry {
                    policy: Arc::clone(policy),
                    at,
                    holders: Arc::clone(&holders),
                    has_personal_test: statement.conditions.iter().any(is_personal_test),
                    has_personal_resource: has_personal_resource(statement),
                    everywhere,
                });
            }
        }
        let element =
            |(negated, patterns): (bool, &[String])| Element { negated, patterns: patterns.to_vec() };
        holdings.actions = actions.into_iter().map(|(key, numbers)| (element(key), numbers)).collect();
        holdings
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number as usize)
    }

    /// The patterns of resources that may match, with the statements that have each, apart from statements about every
    /// resource.
    pub(super) fn about<'a>(&'a self, arn: &'a str) -> impl Iterator<Item = (&'a Template, &'a [u32])> + 'a {
        self.resources.about(arn)
    }

    /// Looks once at what all statements say of an action.
    pub(super) fn plan(&self, action: &str, members: usize) -> Plan {
        let nobody = Truths::same(members, Truth::No);
        let mut plan = Plan {
            allow: nobody.clone(),
            deny: nobody,
            asked: Vec::new(),
            speak: Bits::none(self.entries.len()),
        };
        let steps = Steps::new();
        let mut known: HashMap<&str, bool> = HashMap::new();
        for (element, numbers) in &self.actions {
            let mut matches = false;
            for pattern in &element.patterns {
                matches |= *known.entry(pattern).or_insert_with(|| pattern::action(pattern, action, &steps));
            }
            if matches == element.negated {
                continue;
            }
            for number in numbers {
                self.take(&mut plan, *number);
            }
        }
        for member in &self.unread {
            plan.allow.raise(*member, Truth::Unknown);
            plan.deny.raise(*member, Truth::Unknown);
        }
        plan
    }

    fn take(&self, plan: &mut Plan, number: u32) {
        let Some((entry, statement)) = self.get(number).and_then(|entry| Some((entry, entry.statement()?)))
        else {
            return;
        };
        let leaves_out = statement.resource.as_ref().is_some_and(|element| element.negated);
        if !entry.everywhere {
            plan.speak.insert(number);
        } else if leaves_out || !statement.conditions.is_empty() {
            plan.asked.push(number);
        } else {
            let side = if statement.effect == Effect::Allow { &mut plan.allow } else { &mut plan.deny };
            for holder in entry.holders() {
                side.raise(*holder, Truth::Yes);
            }
        }
    }
}

/// Whether a statement is about every resource, or about all but some: no beginning tells what it is about.
fn is_everywhere(statement: &Statement) -> bool {
    statement
        .resource
        .as_ref()
        .is_none_or(|element| element.negated || element.patterns.iter().any(Template::is_everything))
}

/// Whether what a condition says may be another thing for each principal.
fn is_personal_test(test: &Test) -> bool {
    is_personal(&test.key) || test.values.iter().flat_map(Template::keys).any(is_personal)
}

/// Whether the resources of a statement name the principal.
pub(super) fn has_personal_resource(statement: &Statement) -> bool {
    let patterns = statement.resource.iter().flat_map(|element| &element.patterns);
    patterns.flat_map(Template::keys).any(is_personal)
}
