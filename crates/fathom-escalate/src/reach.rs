//! What one principal can become: its ways followed until they lead to nothing new.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
    sync::{Arc, PoisonError},
};

use fathom_iam::organisation::{Kind, Suppose};
use serde::Serialize;

use crate::{
    asks::target,
    ways::{Gain, Subject, Taken, Way, Ways},
};

/// How sure a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All of it is allowed.
    #[serde(rename = "allowed")]
    Sure,
    /// Only if something holds that was not given.
    OnlyIf,
    /// It depends on what was not read.
    Unknown,
}

/// What one has come to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// A user or role, as it is.
    Member(u32),
    /// One of them with what it gave itself.
    More(u32, Suppose),
    /// Whoever may do everything in an account.
    Account(String),
}

/// A node, and how it was come by.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) node: Node,
    pub(crate) level: Level,
    /// Steps on the longest way to it.
    pub(crate) depth: usize,
    pub(crate) by: By,
}

/// How a node was come by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// It is where one starts.
    Start,
    /// The node before it administers its account already.
    Being(usize),
    /// A way, taken by a node of this number as this member, which another one may have to be.
    Way { way: usize, actor: usize, as_member: u32, subject: Option<usize> },
}

/// What is left to follow, and what stops the search.
const NODES_MAX: usize = 5_000;
const ASKS_MAX: usize = 400_000;

/// All that one can become.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) found: Vec<Found>,
    members: BTreeMap<u32, usize>,
    /// Which accounts were taken over, by their number.
    accounts: Vec<bool>,
    /// The newest of what a member gave itself.
    more: HashMap<u32, usize>,
    /// Ways that somebody may take, once it is the subject too.
    waiting: Vec<(usize, usize, u32, Level)>,
    known_waiting: HashSet<(usize, Level)>,
    /// Which of them wait for a member, and which for any user of an account.
    for_member: HashMap<u32, Vec<usize>>,
    for_user: HashMap<u32, Vec<usize>>,
    /// How many nodes and how many waiting ways were looked at together.
    woken: (usize, usize),
    /// The ways that nodes can take, by the nodes' numbers.
    ways: Vec<Option<Rc<Vec<Taken>>>>,
    /// Whether the search ended before all was followed.
    pub(crate) cut: bool,
    asked: usize,
}

impl Reach {
    /// Whether an account was taken over.
    fn has(&self, account: u32) -> bool {
        self.accounts.get(account as usize) == Some(&true)
    }

    fn add(&mut self, account: u32) {
        let at = account as usize;
        if self.accounts.len() <= at {
            self.accounts.resize(at + 1, false);
        }
        if let Some(place) = self.accounts.get_mut(at) {
            *place = true;
        }
    }
}

/// Whether a way leads to what is known already.
fn is_idle(reach: &Reach, way: &Way) -> bool {
    matches!(&way.gain, Gain::Member(member) if reach.members.contains_key(member))
}

/// What anybody of an account has whose owner one has become.
pub(crate) fn owned() -> Result<Suppose, String> {
    let everything = Suppose::everything(EVERYTHING)?;
    Ok(Suppose { policies: vec![everything], unbound: true, ..Suppose::default() })
}

/// What a policy is called that one gives oneself.
const EVERYTHING: &str = "a policy that allows everything";

/// Who may take a way, and how surely.
pub(crate) trait Open {
    /// The ways open to a member as it is.
    fn open_to(&self, member: u32) -> Result<Vec<(usize, Level)>, String>;

    /// Whether a member may do everything in its account, as it is, and how surely.
    fn administers(&self, member: u32) -> Result<Option<Level>, String>;
}

impl Ways<'_> {
    /// Follows what a member can become. Surer ways are followed to their end first.
    pub(crate) fn reach(&self, start: u32, open: &dyn Open) -> Result<Reach, String> {
        let mut reach = Reach::default();
        for level in [Level::Sure, Level::OnlyIf, Level::Unknown] {
            if level == Level::Sure {
                let node = Node::Member(start);
                self.put(&mut reach, Found { node, level, depth: 0, by: By::Start }, open)?;
            }
            self.follow(&mut reach, level, open)?;
        }
        Ok(reach)
    }

    fn follow(&self, reach: &mut Reach, level: Level, open: &dyn Open) -> Result<(), String> {
        let before = reach.found.len();
        let mut queue: VecDeque<usize> = (0..before).collect();
        // What was not sure enough before may be now.
        reach.woken.1 = 0;
        while let Some(at) = queue.pop_front() {
            if reach.found.len() > NODES_MAX || reach.asked > ASKS_MAX {
                reach.cut = true;
                return Ok(());
            }
            let known = reach.found.len();
            let Some(found) = reach.found.get(at).cloned() else { continue };
            for (way, as_member, sure) in self.ways_at(reach, at, &found.node, open)?.iter().copied() {
                // Surer ways of a node that was there before were taken before.
                if sure == level || (sure < level && at >= before) {
                    self.take(reach, way, at, as_member, sure.max(found.level), open)?;
                }
            }
            self.wake(reach, level, open)?;
            queue.extend(known..reach.found.len());
        }
        Ok(())
    }

    /// The ways that a node can take, looked for once.
    fn ways_at(
        &self,
        reach: &mut Reach,
        at: usize,
        node: &Node,
        open: &dyn Open,
    ) -> Result<Rc<Vec<Taken>>, String> {
        if let Some(Some(known)) = reach.ways.get(at) {
            return Ok(Rc::clone(known));
        }
        let ways = Rc::new(self.ways_of(reach, node, open)?);
        if reach.ways.len() <= at {
            reach.ways.resize(at + 1, None);
        }
        if let Some(place) = reach.ways.get_mut(at) {
            *place = Some(Rc::clone(&ways));
        }
        Ok(ways)
    }

    /// The ways that a node can take, as whom, and how surely.
    fn ways_of(&self, reach: &mut Reach, node: &Node, open: &dyn Open) -> Result<Vec<Taken>, String> {
        match node {
            Node::Member(member) => {
                let ways = open.open_to(*member)?;
                Ok(ways.into_iter().map(|(way, level)| (way, *member, level)).collect())
            }
            Node::More(member, suppose) => {
                let Some(actor) = self.actor(*member, suppose) else { return Ok(Vec::new()) };
                let mut ways = Vec::new();
                for number in self.ways_from(actor.account()) {
                    let Some(way) = self.worked.ways.get(number) else { continue };
                    if reach.has(way.account_number) || is_idle(reach, way) {
                        continue;
                    }
                    reach.asked += way.asks.len();
                    if let Some((level, _)) = self.world.all(actor, &way.asks)? {
                        ways.push((number, *member, level.max(way.at_best)));
                    }
                }
                Ok(ways)
            }
            Node::Account(account) => {
                let known =
                    self.outs.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).map(Arc::clone);
                if let Some(known) = known {
                    return Ok(known.to_vec());
                }
                let ways = Arc::new(self.ways_out(reach, account)?);
                self.outs
                    .0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(account.clone(), Arc::clone(&ways));
                Ok(ways.to_vec())
            }
        }
    }

    /// The ways that somebody of an account might take: about things of the account, and of others that let it in.
    pub(crate) fn ways_from(&self, account: &str) -> Vec<usize> {
        let doors = [account, "*"].into_iter().filter_map(|of| self.worked.doors.get(of));
        let mut ways: Vec<usize> = self
            .worked
            .homes
            .get(account)
            .into_iter()
            .chain(doors)
            .flatten()
            .map(|way| *way as usize)
            .collect();
        ways.sort_unstable();
        ways.dedup();
        ways
    }

    /// The ways out of an account that was taken over: by anybody of it, who may be given anything there.
    fn ways_out(&self, reach: &mut Reach, account: &str) -> Result<Vec<Taken>, String> {
        let owned = owned()?;
        let index = self.world.index;
        // Trust in an account is trust in any of its own; of those whom a policy names, each is asked.
        let anyone = self.worked.anyone.get(account).copied();
        let mut ways = Vec::new();
        for number in self.ways_from(account) {
            let Some(way) = self.worked.ways.get(number).filter(|way| way.account != account) else {
                continue;
            };
            let on = target(&way.on, Some(&way.account), true);
            let named = index.organisation().named_of(&on, account);
            let named = named
                .iter()
                .filter_map(|arn| index.number(arn, Kind::Role).or_else(|| index.number(arn, Kind::User)));
            for member in anyone.into_iter().chain(named) {
                let Some(actor) = self.actor(member, &owned) else { continue };
                reach.asked += way.asks.len();
                if let Some((level, _)) = self.world.all(actor, &way.asks)? {
                    ways.push((number, member, level.max(way.at_best)));
                    break;
                }
            }
        }
        Ok(ways)
    }

    fn take(
        &self,
        reach: &mut Reach,
        number: usize,
        actor: usize,
        as_member: u32,
        level: Level,
        open: &dyn Open,
    ) -> Result<(), String> {
        let Some(way) = self.worked.ways.get(number) else { return Ok(()) };
        if reach.has(way.account_number) || is_idle(reach, way) {
            return Ok(());
        }
        if way.subject == Subject::Nobody {
            return self.gain(reach, (number, way), (actor, as_member), None, level, open);
        }
        if reach.known_waiting.insert((number, level)) {
            let waits = match way.subject {
                Subject::Member(member) => reach.for_member.entry(member).or_default(),
                Subject::AnyUser | Subject::Nobody => reach.for_user.entry(way.account_number).or_default(),
            };
            waits.push(reach.waiting.len());
            reach.waiting.push((number, actor, as_member, level));
        }
        Ok(())
    }

    /// Takes the ways whose subject has been come by: those that are new, and those that wait for who is.
    fn wake(&self, reach: &mut Reach, level: Level, open: &dyn Open) -> Result<(), String> {
        let (nodes, waits) = (reach.found.len(), reach.waiting.len());
        for at in reach.woken.1..waits {
            self.rise(reach, at, None, level, open)?;
        }
        for at in reach.woken.0..nodes {
            let Some(Node::Member(member) | Node::More(member, _)) =
                reach.found.get(at).map(|found| &found.node)
            else {
                continue;
            };
            let member = *member;
            let own = reach.for_member.get(&member).cloned().unwrap_or_default();
            let of_any = reach.for_user.get(&self.account_number(member)).filter(|_| self.is_user(member));
            for wait in own.into_iter().chain(of_any.cloned().unwrap_or_default()) {
                self.rise(reach, wait, Some(member), level, open)?;
            }
        }
        reach.woken = (nodes, waits);
        Ok(())
    }

    /// Takes one way that waits, for one subject or for all that may be it.
    fn rise(
        &self,
        reach: &mut Reach,
        wait: usize,
        subject: Option<u32>,
        level: Level,
        open: &dyn Open,
    ) -> Result<(), String> {
        let Some((number, actor, as_member, sure)) = reach.waiting.get(wait).copied() else { return Ok(()) };
        let Some(way) = self.worked.ways.get(number) else { return Ok(()) };
        if sure > level || reach.has(way.account_number) {
            return Ok(());
        }
        let subjects: Vec<u32> = match (subject, way.subject) {
            (Some(member), _) | (None, Subject::Member(member)) => vec![member],
            (None, Subject::AnyUser) => {
                let users = reach.members.keys().copied();
                users
                    .filter(|user| self.account_number(*user) == way.account_number && self.is_user(*user))
                    .collect()
            }
            (None, Subject::Nobody) => Vec::new(),
        };
        for member in subjects {
            if let Some(subject) = reach.more.get(&member).or(reach.members.get(&member)).copied() {
                let sure = sure.max(reach.found.get(subject).map_or(sure, |found| found.level));
                self.gain(reach, (number, way), (actor, as_member), Some(subject), sure, open)?;
            }
        }
        Ok(())
    }

    fn is_user(&self, member: u32) -> bool {
        self.world.index.principal(member).is_some_and(|(_, kind)| kind == Kind::User)
    }

    fn gain(
        &self,
        reach: &mut Reach,
        (number, way): (usize, &Way),
        (actor, as_member): (usize, u32),
        subject: Option<usize>,
        level: Level,
        open: &dyn Open,
    ) -> Result<(), String> {
        let depth_of = |at: usize| reach.found.get(at).map_or(0, |found| found.depth);
        let depth = depth_of(actor).max(subject.map_or(0, depth_of)) + 1;
        let by = By::Way { way: number, actor, as_member, subject };
        let node = match (&way.gain, subject.and_then(|at| reach.found.get(at))) {
            (Gain::Member(member), _) => Node::Member(*member),
            (Gain::Account(account), _) => Node::Account(account.clone()),
            (gain, Some(subject)) => match self.more(gain, &subject.node)? {
                Some(node) => node,
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        self.put(reach, Found { node, level, depth, by }, open)
    }

    /// What a subject is with what it gave itself; none where it had that.
    pub(crate) fn more(&self, gain: &Gain, subject: &Node) -> Result<Option<Node>, String> {
        let (member, mut suppose) = match subject {
            Node::Member(member) => (*member, Suppose::default()),
            Node::More(member, suppose) => (*member, suppose.clone()),
            Node::Account(_) => return Ok(None),
        };
        let had = suppose.clone();
        let mut add = |held: fathom_iam::layers::Held| {
            if !suppose.policies.contains(&held) {
                suppose.policies.push(held);
            }
        };
        match gain {
            Gain::Everything => add(Suppose::everything(EVERYTHING)?),
            Gain::Group { account, name } => {
                let policies = self.world.index.organisation().group(account, name).unwrap_or_default();
                policies.iter().cloned().for_each(add);
            }
            Gain::Unbound => suppose.unbound = true,
            Gain::Member(_) | Gain::Account(_) => return Ok(None),
        }
        Ok((suppose != had).then_some(Node::More(member, suppose)))
    }

    /// Keeps a node that is new, and the account of one who administers it.
    fn put(&self, reach: &mut Reach, found: Found, open: &dyn Open) -> Result<(), String> {
        let at = reach.found.len();
        let (level, depth) = (found.level, found.depth);
        let of = match &found.node {
            Node::Account(account) => {
                let Some(number) = self.worked.accounts.get(account).copied() else { return Ok(()) };
                if reach.has(number) {
                    return Ok(());
                }
                reach.add(number);
                reach.found.push(found);
                return Ok(());
            }
            Node::Member(member) => {
                if reach.members.contains_key(member)
                    || (found.depth > 0 && reach.has(self.account_number(*member)))
                {
                    return Ok(());
                }
                reach.members.insert(*member, at);
                *member
            }
            Node::More(member, _) => {
                let known = reach.more.get(member).and_then(|at| reach.found.get(*at));
                if known.is_some_and(|known| known.node == found.node) {
                    return Ok(());
                }
                reach.more.insert(*member, at);
                *member
            }
        };
        let account = self.account_number(of);
        let administers = match &found.node {
            _ if reach.has(account) => None,
            Node::More(_, suppose) => match self.actor(of, suppose) {
                Some(actor) => self.world.administers(actor)?,
                None => None,
            },
            Node::Member(_) | Node::Account(_) => open.administers(of)?,
        };
        reach.found.push(found);
        if let Some(sure) = administers.filter(|level| *level <= Level::OnlyIf) {
            reach.add(account);
            let node = Node::Account(self.account(of).to_owned());
            reach.found.push(Found { node, level: level.max(sure), depth, by: By::Being(at) });
        }
        Ok(())
    }
}
