//! What an intruder can have, and the steps between.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use fathom_access::{Answer, Says};
use fathom_escalate::{Ways, Web, WorkedOut};
use fathom_net::Verdict;
use fathom_paths::{Entry, Graph, Jewel, Level};
use serde::Serialize;

use crate::{IntrudeError, ground::Ground, proof::Question};

/// Steps beyond which nothing more is derived.
pub(crate) const STEPS_MAX: usize = 3_000_000;
/// Steps of which it is not known whether they are possible, beyond which no more of these are derived: where policies were not read
/// there may be one from everybody to everything, and they leave room for those that are sure.
const VAGUE_MAX: usize = 500_000;

/// What an intruder can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A place in the internet, which everybody has.
    Internet,
    /// An account outside.
    Vendor,
    /// An access key.
    AccessKey,
    /// A user, a role or a root user.
    Principal,
    /// One of them with permissions that it gave itself.
    Grown,
    /// Everything in an account.
    Account,
    /// A load balancer that can be asked.
    Balancer,
    /// What listens on a server, to be asked over the network.
    Listener,
    /// A server or function, with code of the intruder's own on it.
    Server,
    /// The data of a thing.
    Data,
    /// A key, to take it away from those who need it.
    Keys,
    /// A backup, to destroy it.
    Backups,
    /// A log or its archive, to destroy it.
    Logs,
}

impl Kind {
    /// Where what is lost stands.
    pub(crate) fn of(jewel: Jewel) -> Self {
        match jewel {
            Jewel::Administrators => Self::Account,
            Jewel::Data => Self::Data,
            Jewel::Keys => Self::Keys,
            Jewel::Backups => Self::Backups,
            Jewel::Logs => Self::Logs,
        }
    }
}

/// Something that an intruder can have, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// An ARN, an account, an address of a kind.
    pub id: String,
}

/// How a step was derived.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// The id of its rule.
    pub(crate) rule: String,
    pub(crate) question: Question,
}

/// Nodes, steps and what was asked for each, where intruders begin and what they want.
#[derive(Debug, Clone, Default)]
pub struct Derived {
    pub(crate) web: Web,
    pub(crate) graph: Graph,
    pub(crate) spots: Vec<Named>,
    pub(crate) routes: Vec<Route>,
    pub(crate) entries: Vec<(Entry, u32)>,
    pub(crate) jewels: Vec<(Jewel, u32)>,
    /// What was not read, or not followed, in words.
    pub gaps: Vec<String>,
    /// Whether a limit ended it before all was derived.
    pub cut: bool,
    at: HashMap<(Kind, String), u32>,
    /// How many steps are not known to be possible.
    vague: usize,
    /// What listens on servers, where the step into them is there.
    pub(crate) broken: HashSet<u32>,
}

/// What was derived of a ground, to be kept for as long as that is.
#[derive(Debug, Clone)]
pub struct Walked {
    ways: Arc<WorkedOut>,
    derived: Arc<Derived>,
}

/// Says whether somebody may know of something.
type MayKnow<'a> = Box<dyn Fn(&Named) -> bool + Send + Sync + 'a>;

/// What whoever asks may know of; everything where it is none.
struct Sees<'a>(Option<MayKnow<'a>>);

impl fmt::Debug for Sees<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "a part" } else { "everything" })
    }
}

/// What was derived, with the ground that it is asked of.
#[derive(Debug)]
pub struct Walk<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) ways: Ways<'a>,
    derived: Arc<Derived>,
    sees: Sees<'a>,
}

impl Deref for Walk<'_> {
    type Target = Derived;

    fn deref(&self) -> &Derived {
        &self.derived
    }
}

/// Nobody else has what is being derived, so nothing is copied.
impl DerefMut for Walk<'_> {
    fn deref_mut(&mut self) -> &mut Derived {
        Arc::make_mut(&mut self.derived)
    }
}

impl<'a> Walk<'a> {
    /// Derives all of it.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn of(ground: &'a Ground) -> Result<Self, IntrudeError> {
        let Ground { permissions, escalating, .. } = ground;
        let ways = Ways::of(&permissions.index, &escalating.facts, &escalating.rules);
        Self::derive(ground, ways.map_err(IntrudeError::Question)?)
    }

    /// The same, where the ways of everybody were worked out before.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn with(ground: &'a Ground, worked: Arc<WorkedOut>) -> Result<Self, IntrudeError> {
        Self::derive(ground, ways(ground, worked)?)
    }

    /// The same as it was derived of this very ground before.
    ///
    /// # Errors
    /// When the catalogue of actions cannot be read.
    pub fn again(ground: &'a Ground, known: &Walked) -> Result<Self, IntrudeError> {
        let ways = ways(ground, Arc::clone(&known.ways))?;
        Ok(Self { ground, ways, derived: Arc::clone(&known.derived), sees: Sees(None) })
    }

    /// What was derived, to be kept.
    pub fn walked(&self) -> Walked {
        Walked { ways: self.ways.worked_out(), derived: Arc::clone(&self.derived) }
    }

    /// The same for somebody who may know of a part only: nothing else is found by its name, and no other jewels are asked about. Steps
    /// lead over everything all the same.
    #[must_use]
    pub fn seen_by(mut self, sees: impl Fn(&Named) -> bool + Send + Sync + 'a) -> Self {
        self.sees = Sees(Some(Box::new(sees)));
        self
    }

    /// Whether whoever asks may know of something.
    pub(crate) fn sees(&self, named: &Named) -> bool {
        self.sees.0.as_ref().is_none_or(|sees| sees(named))
    }

    fn derive(ground: &'a Ground, ways: Ways<'a>) -> Result<Self, IntrudeError> {
        let everybody: Vec<u32> = (0..ways.principals()).collect();
        let web = ways.web(&everybody).map_err(IntrudeError::Question)?;
        let mut gaps = [ground.permissions.index.organisation().unread().to_vec(), ways.gaps()].concat();
        let told = |one: &fathom_net::model::Unlisted| {
            format!("{} of {} in {}: {}", one.kind, one.at.account, one.at.region, one.why)
        };
        gaps.extend(ground.network.unlisted.iter().map(told));
        let cut = web.cut;
        let derived = Arc::new(Derived { web, gaps, cut, ..Derived::default() });
        let mut walk = Self { ground, ways, derived, sees: Sees(None) };
        walk.identity();
        walk.keys();
        walk.acts()?;
        walk.openings()?;
        walk.network();
        walk.code()?;
        walk.owns();
        walk.graph.finish();
        walk.gaps.sort();
        walk.gaps.dedup();
        walk.entries.sort_unstable();
        walk.entries.dedup();
        walk.jewels.sort_unstable();
        walk.jewels.dedup();
        Ok(walk)
    }

    /// What one step leads to from something, whatever else that step needs.
    pub fn gained_from(&self, named: &Named) -> impl Iterator<Item = Named> + '_ {
        let node = self.known(named.kind, &named.id);
        let steps = node.map(|node| self.graph.taken(node)).unwrap_or_default();
        steps.iter().filter_map(|step| Some(self.named(self.graph.get(*step)?.to)))
    }

    /// How many things an intruder can have, and how many steps lead between them.
    pub fn count(&self) -> (usize, usize) {
        (self.spots.len(), self.routes.len())
    }

    /// What intruders begin with.
    pub fn entrances(&self) -> impl Iterator<Item = Named> + '_ {
        self.entries.iter().map(|(_, node)| self.named(*node))
    }

    /// How many steps each rule led to.
    pub fn by_rule(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for route in &self.routes {
            *counts.entry(route.rule.as_str()).or_default() += 1;
        }
        counts
    }

    /// How many places there are to begin at, and how many jewels.
    pub fn ends(&self) -> (usize, usize) {
        (self.entries.len(), self.jewels.len())
    }

    pub(crate) fn named(&self, node: u32) -> Named {
        self.spots.get(node as usize).cloned().unwrap_or(Named { kind: Kind::Internet, id: String::new() })
    }

    /// The node of a thing; a new one where there is none.
    pub(crate) fn node(&mut self, kind: Kind, id: &str) -> u32 {
        self.keyed(kind, id, id)
    }

    /// The same, where several are called alike.
    pub(crate) fn keyed(&mut self, kind: Kind, key: &str, id: &str) -> u32 {
        if let Some(known) = self.at.get(&(kind, key.to_owned())) {
            return *known;
        }
        let node = self.graph.node();
        self.spots.push(Named { kind, id: id.to_owned() });
        self.at.insert((kind, key.to_owned()), node);
        node
    }

    pub(crate) fn known(&self, kind: Kind, id: &str) -> Option<u32> {
        self.at.get(&(kind, id.to_owned())).copied()
    }

    /// Adds a step by a rule; what it costs and whether it can be sure stands there.
    pub(crate) fn step(&mut self, rule: &str, needs: &[u32], to: u32, level: Level, question: Question) {
        if self.routes.len() >= STEPS_MAX {
            self.cut = true;
            return;
        }
        let rules = &self.ground.rules;
        let (cost, never_sure) = match (rules.step(rule), rules.act(rule)) {
            (Some(one), _) => (one.cost, one.only_if.is_some()),
            (None, Some(act)) => (act.cost, false),
            (None, None) => return,
        };
        let level = if never_sure { level.max(Level::OnlyIf) } else { level };
        if level == Level::Unknown {
            if self.vague >= VAGUE_MAX {
                self.cut = true;
                return;
            }
            self.vague += 1;
        }
        if self.graph.step(needs, to, level, cost).is_some() {
            self.routes.push(Route { rule: rule.to_owned(), question });
        }
    }

    /// From whoever may do everything in an account to what is in it.
    fn owns(&mut self) {
        let mut owned = Vec::new();
        for (jewel, node) in &self.jewels {
            let id = self.named(*node).id;
            if *jewel != Jewel::Administrators
                && let Some(thing) = self.ground.things.get(&id)
                && let Some(account) = self.known(Kind::Account, &thing.account)
            {
                owned.push((account, *node));
            }
        }
        for (account, node) in owned {
            self.step("owns-thing", &[account], node, Level::Yes, Question::Said(String::new()));
        }
    }
}

fn ways(ground: &Ground, worked: Arc<WorkedOut>) -> Result<Ways<'_>, IntrudeError> {
    let Ground { permissions, escalating, .. } = ground;
    Ways::again(&permissions.index, &escalating.facts, &escalating.rules, worked)
        .map_err(IntrudeError::Question)
}

/// Of a step of `fathom escalate`.
pub(crate) fn of_escalation(level: fathom_escalate::Level) -> Level {
    match level {
        fathom_escalate::Level::Sure => Level::Yes,
        fathom_escalate::Level::OnlyIf => Level::OnlyIf,
        fathom_escalate::Level::Unknown => Level::Unknown,
    }
}

pub(crate) fn of_answer(answer: Answer) -> Level {
    match answer {
        Answer::Allowed => Level::Yes,
        Answer::OnlyIf => Level::OnlyIf,
        Answer::Unknown => Level::Unknown,
    }
}

/// None of a refusal.
pub(crate) fn of_key(says: Says) -> Option<Level> {
    match says {
        Says::Allowed => Some(Level::Yes),
        Says::OnlyIf => Some(Level::OnlyIf),
        Says::Unknown => Some(Level::Unknown),
        Says::Denied => None,
    }
}

/// None of a packet that does not arrive.
pub(crate) fn of_network(verdict: Verdict) -> Option<Level> {
    match verdict {
        Verdict::Yes => Some(Level::Yes),
        Verdict::OnlyIf => Some(Level::OnlyIf),
        Verdict::Unknown => Some(Level::Unknown),
        Verdict::No => None,
    }
}
