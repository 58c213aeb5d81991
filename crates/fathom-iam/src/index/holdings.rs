//! The policies of identities, each once, with who holds it; and which statements speak of an action.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{bits::Bits, members::is_personal, resources::Resources, truths::Truths};
use crate::{
    condition::Test,
    layers::{Held, Layer},
    limits::PLANS_MAX,
    pattern::{self, Template},
    policy::{Effect, Element, Policy, Statement},
    shared::{Map, Slots},
    steps::Steps,
    truth::Truth,
};

/// A statement of a policy that somebody holds.
#[derive(Debug, Clone)]
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

/// All policies of identities. A copy shares what both have.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    entries: Slots<Arc<Entry>>,
    /// Policies by their address.
    policies: Map<usize, Arc<Taken>>,
    resources: Resources,
    /// `Action` or `NotAction` elements, each once, with the statements that have it.
    elements: Slots<Arc<Spoken>>,
    known: Map<Element<String>, u32>,
    /// Of whom a policy could not be read.
    unread: BTreeSet<u32>,
    /// What statements say of an action, by its name in lower case. Snapshots between which nothing changed here share it.
    plans: Arc<Mutex<HashMap<Arc<str>, Arc<Plan>>>>,
}

/// A policy that was taken in.
#[derive(Debug, Clone)]
struct Taken {
    /// Kept, so that no other policy gets its address.
    policy: Arc<Policy>,
    holders: Arc<Vec<u32>>,
    /// Its statements.
    entries: Vec<u32>,
}

/// An element with the statements that have it.
#[derive(Debug, Clone)]
struct Spoken {
    element: Element<String>,
    statements: Vec<u32>,
}

/// Who has a policy that did not, and who no longer has it.
#[derive(Debug)]
struct Moved {
    policy: Arc<Policy>,
    lost: Vec<u32>,
    gained: Vec<u32>,
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
    /// Those of `asked` that are about all resources but some.
    pub(super) leaving_out: Vec<u32>,
    /// Who might be allowed the action by statements about every resource.
    pub(super) anywhere: OnceLock<Bits>,
}

impl Holdings {
    /// Takes in whose policies are what, each once, by growing number.
    pub(super) fn of<'a>(layers: impl Iterator<Item = (u32, &'a Layer)>) -> Self {
        let mut holdings = Self::default();
        let mut held: Vec<(Arc<Policy>, Vec<u32>)> = Vec::new();
        let mut known: HashMap<*const Policy, usize> = HashMap::new();
        for (member, layer) in layers {
            let (policies, is_unread) = read_of(layer);
            if is_unread {
                holdings.unread.insert(member);
            }
            for policy in policies {
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
        for (policy, holders) in held {
            holdings.add(policy, Arc::new(holders));
        }
        holdings
    }

    /// The same, where some have other policies: their numbers, what each had, and what it has.
    pub(super) fn with<'a>(&self, changes: impl Iterator<Item = (u32, &'a Layer, &'a Layer)>) -> Self {
        let mut unread = self.unread.clone();
        let mut moved: BTreeMap<usize, Moved> = BTreeMap::new();
        for (member, old, new) in changes {
            let ((old, _), (new, is_unread)) = (read_of(old), read_of(new));
            if is_unread {
                unread.insert(member);
            } else {
                unread.remove(&member);
            }
            let (before, after): (Addresses, Addresses) = (addresses(&old), addresses(&new));
            let mut note = |(address, policy): (&usize, &&Arc<Policy>), is_lost: bool| {
                let nobody = || Moved { policy: Arc::clone(policy), lost: Vec::new(), gained: Vec::new() };
                let moved = moved.entry(*address).or_insert_with(nobody);
                if is_lost { moved.lost.push(member) } else { moved.gained.push(member) }
            };
            before.iter().filter(|(at, _)| !after.contains_key(at)).for_each(|one| note(one, true));
            after.iter().filter(|(at, _)| !before.contains_key(at)).for_each(|one| note(one, false));
        }
        let mut changed = Self {
            entries: self.entries.clone(),
            policies: self.policies.clone(),
            resources: self.resources.clone(),
            elements: self.elements.clone(),
            known: self.known.clone(),
            unread,
            plans: Arc::clone(&self.plans),
        };
        if changed.unread != self.unread {
            changed.plans = Arc::default();
        } else if !moved.is_empty() {
            changed.plans = Arc::new(Mutex::new(self.plans_without(&moved)));
        }
        for (address, moved) in moved {
            changed.apply(address, moved);
        }
        changed
    }

    /// Plans of the actions of which no moved policy speaks.
    fn plans_without(&self, moved: &BTreeMap<usize, Moved>) -> HashMap<Arc<str>, Arc<Plan>> {
        let statements = moved.values().flat_map(|moved| &moved.policy.statements);
        let elements: HashSet<&Element<String>> = statements.map(|statement| &statement.action).collect();
        let steps = Steps::new();
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let stays = |action: &str| !elements.iter().any(|element| element.speaks_of(action, &steps));
        let plans = plans.iter().filter(|(action, _)| stays(action));
        plans.map(|(action, plan)| (Arc::clone(action), Arc::clone(plan))).collect()
    }

    fn apply(&mut self, address: usize, moved: Moved) {
        let known = self.policies.get(&address).filter(|taken| Arc::ptr_eq(&taken.policy, &moved.policy));
        let Some(taken) = known.map(Arc::clone) else {
            self.add(moved.policy, Arc::new(moved.gained));
            return;
        };
        let lost: HashSet<u32> = moved.lost.into_iter().collect();
        let mut holders: Vec<u32> =
            taken.holders.iter().copied().filter(|holder| !lost.contains(holder)).collect();
        holders.extend(moved.gained);
        holders.sort_unstable();
        holders.dedup();
        if holders.is_empty() {
            self.policies.remove(&address);
            for number in &taken.entries {
                self.drop_entry(*number);
            }
            return;
        }
        let holders = Arc::new(holders);
        for number in &taken.entries {
            if let Some(entry) = self.entries.get_mut(*number) {
                Arc::make_mut(entry).holders = Arc::clone(&holders);
            }
        }
        self.policies.insert(address, Arc::new(Taken { holders, ..Taken::clone(&taken) }));
    }

    fn add(&mut self, policy: Arc<Policy>, holders: Arc<Vec<u32>>) {
        let mut entries = Vec::with_capacity(policy.statements.len());
        for (at, statement) in policy.statements.iter().enumerate() {
            let everywhere = is_everywhere(statement);
            let number = self.entries.insert(Arc::new(Entry {
                policy: Arc::clone(&policy),
                at,
                holders: Arc::clone(&holders),
                has_personal_test: statement.conditions.iter().any(is_personal_test),
                has_personal_resource: has_personal_resource(statement),
                everywhere,
            }));
            if !everywhere {
                self.resources.add(number, statement);
            }
            let element = self.known.get(&statement.action).copied().unwrap_or_else(|| {
                let element = statement.action.clone();
                let at = self
                    .elements
                    .insert(Arc::new(Spoken { element: element.clone(), statements: Vec::new() }));
                self.known.insert(element, at);
                at
            });
            if let Some(spoken) = self.elements.get_mut(element) {
                Arc::make_mut(spoken).statements.push(number);
            }
            entries.push(number);
        }
        self.policies.insert(Arc::as_ptr(&policy) as usize, Arc::new(Taken { policy, holders, entries }));
    }

    fn drop_entry(&mut self, number: u32) {
        let Some(entry) = self.entries.remove(number) else { return };
        let Some(statement) = entry.statement() else { return };
        if !entry.everywhere {
            self.resources.remove(number, statement);
        }
        let Some(at) = self.known.get(&statement.action).copied() else { return };
        let Some(spoken) = self.elements.get_mut(at) else { return };
        let spoken = Arc::make_mut(spoken);
        spoken.statements.retain(|known| *known != number);
        if spoken.statements.is_empty() {
            self.elements.remove(at);
            self.known.remove(&statement.action);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number).map(Arc::as_ref)
    }

    /// The patterns of resources that may match, with the statements that have each, apart from statements about every
    /// resource.
    pub(super) fn about<'a>(&'a self, arn: &'a str) -> impl Iterator<Item = (&'a Template, &'a [u32])> + 'a {
        self.resources.about(arn)
    }

    /// What all statements say of an action, looked at once.
    pub(super) fn plan(&self, action: &str, members: usize) -> Arc<Plan> {
        let key: Arc<str> = action.to_ascii_lowercase().into();
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&key) {
            return Arc::clone(plan);
        }
        if plans.len() >= PLANS_MAX {
            plans.clear();
        }
        let plan = Arc::new(self.look(action, members));
        plans.insert(key, Arc::clone(&plan));
        plan
    }

    fn look(&self, action: &str, members: usize) -> Plan {
        let nobody = Truths::same(members, Truth::No);
        let mut plan = Plan {
            allow: nobody.clone(),
            deny: nobody,
            asked: Vec::new(),
            speak: Bits::none(self.entries.end()),
            leaving_out: Vec::new(),
            anywhere: OnceLock::new(),
        };
        let steps = Steps::new();
        let mut known: HashMap<&str, bool> = HashMap::new();
        for Spoken { element, statements } in self.elements.iter().map(Arc::as_ref) {
            let mut matches = false;
            for pattern in element.patterns.iter().filter(|one| !pattern::begins_otherwise(one, action)) {
                matches |= *known.entry(pattern).or_insert_with(|| pattern::action(pattern, action, &steps));
            }
            if matches == element.negated {
                continue;
            }
            for number in statements {
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
            if leaves_out {
                plan.leaving_out.push(number);
            }
        } else {
            let side = if statement.effect == Effect::Allow { &mut plan.allow } else { &mut plan.deny };
            for holder in entry.holders() {
                side.raise(*holder, Truth::Yes);
            }
        }
    }
}

/// Policies by their address.
type Addresses<'a> = BTreeMap<usize, &'a Arc<Policy>>;

fn addresses<'a>(policies: &[&'a Arc<Policy>]) -> Addresses<'a> {
    policies.iter().map(|policy| (Arc::as_ptr(policy) as usize, *policy)).collect()
}

/// The policies of a layer that could be read, and whether some could not.
fn read_of(layer: &Layer) -> (Vec<&Arc<Policy>>, bool) {
    let held = match layer {
        Layer::None => return (Vec::new(), false),
        Layer::NotRead => return (Vec::new(), true),
        Layer::Policies(held) => held,
    };
    let read = held.iter().filter_map(|held| match held {
        Held::Read(policy) => Some(policy),
        Held::Bad(_) => None,
    });
    let read: Vec<&Arc<Policy>> = read.collect();
    let is_unread = read.len() < held.len();
    (read, is_unread)
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
