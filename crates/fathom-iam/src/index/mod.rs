//! Who can, of everyone at once: the policies of all identities taken apart once, and each question answered with sets.
//!
//! [`Index::decide`] says of every user, role and root user what [`Organisation::ask`] says of one. It asks the same
//! tables and the same matchers of texts, statement by statement instead of caller by caller: what a statement says to
//! all its holders is worked out once.
//!
//! **Invariant:** an index says what the reference evaluator says; `tests/it/index.rs` compares them.

mod ask;
mod bits;
mod classes;
mod decide;
mod holdings;
mod members;
mod might;
mod near;
mod possible;
mod resources;
mod say;
mod sides;
mod truths;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub use bits::Bits;
pub use classes::{Patterns, PatternsOfSome};
pub use decide::Decisions;
use holdings::{Holdings, Plan};
use members::{Members, is_personal};
pub use near::{Alike, Marks, Near};
use truths::Truths;

use crate::{
    condition::Test,
    context::Context,
    layers::{Held, Layer, Path},
    limits::TESTS_MAX,
    organisation::{BadChange, Change, Identity, Kind, Organisation, Touched},
    pattern::Template,
    policy::Policy,
    steps::Steps,
    truth::Truth,
};

/// An organisation, taken apart for questions about everyone. It never changes: [`Index::with`] makes another of it, which
/// shares what did not change, and another scan makes another anew.
#[derive(Debug)]
pub struct Index {
    organisation: Arc<Organisation>,
    members: Arc<Members>,
    identities: Holdings,
    boundaries: Holdings,
    /// Who has no permissions boundary.
    unbound: Bits,
    /// Of whom it is not known whether there is one.
    unread_boundary: Bits,
    /// Paths of service control policies, each once, with whom they bind.
    scps: Arc<Vec<(Path, Bits)>>,
    /// Of whom a condition holds that is about the principal alone, by its text: the same to all snapshots.
    tests: Arc<Mutex<HashMap<String, Arc<Truths>>>>,
    /// Patterns of resources in the organisation's policies, each once.
    controls: OnceLock<Vec<Template>>,
}

/// What statements say of one action, whatever the resource.
#[derive(Debug)]
struct Plans {
    identities: Arc<Plan>,
    boundaries: Arc<Plan>,
}

impl Index {
    /// Takes an organisation apart.
    pub fn new(organisation: Arc<Organisation>) -> Self {
        let members = Members::of(&organisation);
        let identity = |number| organisation.identities.get(&members.get(number)?.name);
        let numbers = 0..members.len() as u32;
        let identities =
            || numbers.clone().filter_map(|number| identity(number).map(|identity| (number, identity)));
        let held = |layer: fn(&Identity) -> &Layer| {
            Holdings::of(identities().map(|(number, identity)| (number, layer(identity))))
        };
        let which = |is: fn(&Layer) -> bool| {
            let those = identities().filter(|(_, identity)| is(&identity.boundary)).map(|(number, _)| number);
            Bits::of(members.len(), those)
        };
        let unbound = which(|layer| *layer != Layer::None).others();
        let unread_boundary = which(|layer| *layer == Layer::NotRead);
        let (identity, boundaries) = (held(|one| &one.policies), held(|one| &one.boundary));
        Self {
            identities: identity,
            boundaries,
            scps: Arc::new(scps(&organisation, &members)),
            organisation,
            members: Arc::new(members),
            unbound,
            unread_boundary,
            tests: Arc::default(),
            controls: OnceLock::new(),
        }
    }

    /// The index of the organisation with changes made, in their order. What does not change is shared, so that this takes
    /// a small part of the time that [`Index::new`] takes; this index stays as it is.
    ///
    /// # Errors
    /// When a change is about somebody or something that is not known; no change is made then.
    pub fn with(&self, changes: &[Change]) -> Result<Self, BadChange> {
        let (organisation, touched) = self.organisation.changed(changes)?;
        Ok(self.of(organisation, &touched))
    }

    /// The same with another policy in the place of one, with everybody and everything that has it.
    #[must_use]
    pub fn with_policy(&self, old: &Arc<Policy>, new: &Arc<Policy>) -> Self {
        let organisation = self.organisation.with_policy(old, new);
        let identities = organisation.identities.others(&self.organisation.identities).collect();
        self.of(organisation, &Touched { identities, scps: false })
    }

    /// The index of an organisation that was made of this one's, where only so much was touched.
    fn of(&self, organisation: Organisation, touched: &Touched) -> Self {
        // Members have the numbers of the identities, which no change adds to.
        let pairs = || {
            touched.identities.iter().filter_map(|number| {
                let old = self.organisation.identities.at(*number)?;
                Some((*number, old, organisation.identities.at(*number)?))
            })
        };
        let identities =
            self.identities.with(pairs().map(|(at, old, new)| (at, &old.policies, &new.policies)));
        let boundaries =
            self.boundaries.with(pairs().map(|(at, old, new)| (at, &old.boundary, &new.boundary)));
        let (mut unbound, mut unread_boundary) = (self.unbound.clone(), self.unread_boundary.clone());
        for (number, _, new) in pairs() {
            unbound.set(number, new.boundary == Layer::None);
            unread_boundary.set(number, new.boundary == Layer::NotRead);
        }
        let scps =
            if touched.scps { Arc::new(scps(&organisation, &self.members)) } else { Arc::clone(&self.scps) };
        Self {
            organisation: Arc::new(organisation),
            members: Arc::clone(&self.members),
            identities,
            boundaries,
            unbound,
            unread_boundary,
            scps,
            tests: Arc::clone(&self.tests),
            controls: OnceLock::new(),
        }
    }

    /// Who has other policies, another boundary or other service control policies than in the index that this one was made
    /// of with changes, by number.
    pub fn touched(&self, before: &Self) -> Bits {
        let (now, then) = (&self.organisation, &before.organisation);
        let mut touched = Bits::of(self.members.len(), now.identities.others(&then.identities));
        for number in now.accounts.others(&then.accounts) {
            let (Some(one), Some(other)) = (now.accounts.at(number), then.accounts.at(number)) else {
                continue;
            };
            let id = now.accounts.keys().nth(number as usize);
            if one.scps != other.scps
                && let Some(mask) = id.and_then(|id| self.members.accounts.get(id))
            {
                touched.add(mask);
            }
        }
        touched
    }

    /// How many users, roles and root users there are.
    pub fn principals(&self) -> usize {
        self.members.len()
    }

    /// How many statements their policies have, each counted once.
    pub fn statements(&self) -> usize {
        self.identities.len()
    }

    /// What a number of an answer stands for: an ARN, or the account of a root user.
    pub fn principal(&self, number: u32) -> Option<(&str, Kind)> {
        self.members.get(number).map(|member| (member.name.as_str(), member.kind))
    }

    /// The number of somebody of this name and kind.
    pub fn number(&self, name: &str, kind: Kind) -> Option<u32> {
        self.members.number(name, kind)
    }

    /// Everyone of this name: an ARN, a name with or without its path, an account for its root user.
    pub fn called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = u32> + 'a {
        let is_arn = name.starts_with("arn:");
        let is_called =
            move |found: &str| found == name || (!is_arn && found.rsplit('/').next() == Some(name));
        (0..)
            .zip(&self.members.all)
            .filter(move |(_, member)| is_called(&member.name))
            .map(|(number, _)| number)
    }

    /// The organisation it is about.
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    fn plans(&self, action: &str) -> Plans {
        let members = self.members.len();
        let (identities, boundaries) =
            (self.identities.plan(action, members), self.boundaries.plan(action, members));
        Plans { identities, boundaries }
    }

    /// Of whom a condition holds that is about the principal alone.
    fn held_by(&self, test: &Test) -> Truths {
        let values: Vec<&str> = test.values.iter().map(Template::written).collect();
        let variables: Vec<bool> = test.values.iter().map(|value| value.keys().next().is_some()).collect();
        let key = format!("{:?}", (&test.operator.written, test.key.to_ascii_lowercase(), values, variables));
        if let Some(truths) = self.tests.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Truths::clone(truths);
        }
        let steps = Steps::new();
        let mut truths = Truths::same(self.members.len(), Truth::No);
        for member in 0..self.members.len() as u32 {
            if let Some(context) = self.members.context(member, &self.organisation) {
                truths.set(member, test.holds(context, &steps).0);
            }
        }
        let mut tests = self.tests.lock().unwrap_or_else(PoisonError::into_inner);
        if tests.len() >= TESTS_MAX {
            tests.clear();
        }
        tests.insert(key, Arc::new(truths.clone()));
        truths
    }

    /// Whether what is given of a request would take the place of what follows from who asks.
    fn is_about_the_asker(given: &Context) -> bool {
        given.is_complete() || given.names().any(is_personal)
    }
}

/// Paths of service control policies, each once, with whom they bind.
fn scps(organisation: &Organisation, members: &Members) -> Vec<(Path, Bits)> {
    let none_read = Path::NotRead;
    let mut known: HashMap<Vec<Vec<usize>>, usize> = HashMap::new();
    let mut paths: Vec<(Path, Bits)> = Vec::new();
    for (account, mask) in &members.accounts {
        let path = organisation.accounts.get(account).map_or(&none_read, |account| &account.scps);
        let at = *known.entry(path_key(path)).or_insert_with(|| {
            paths.push((path.clone(), Bits::none(members.len())));
            paths.len() - 1
        });
        if let Some((_, bound)) = paths.get_mut(at) {
            bound.add(mask);
        }
    }
    paths
}

/// What tells one path from another: which policies it has. Those that could not be read are all alike.
fn path_key(path: &Path) -> Vec<Vec<usize>> {
    match path {
        Path::None => Vec::new(),
        Path::NotRead => vec![vec![0]],
        Path::Levels(levels) => std::iter::once(vec![1])
            .chain(levels.iter().map(|level| level.policies.iter().map(held_key).collect()))
            .collect(),
    }
}

fn held_key(held: &Held) -> usize {
    match held {
        Held::Read(policy) => Arc::as_ptr(policy) as usize,
        Held::Bad(_) => 0,
    }
}
