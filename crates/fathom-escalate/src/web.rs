//! Every step that is open from several starts, not only the first way to each thing: for those who follow more than
//! permissions, and ask what cannot be gone around.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use fathom_iam::{
    Context, Index, Policy, Verdict,
    organisation::{Kind, Suppose, Target},
    policy::Effect,
    verdict::Reason,
};

use crate::{
    asks::World,
    chain::{BEING, Proved, What},
    edit::Edit,
    reach::{Level, Node, owned},
    ways::{Gain, Subject, Ways},
};

/// Beyond these nothing more is followed.
const SPOTS_MAX: usize = 100_000;
const LINKS_MAX: usize = 2_000_000;
const ASKS_MAX: usize = 500_000;

/// Something that somebody can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// What kind of thing it is.
    pub what: What,
    /// An ARN, or an account that one may do everything in.
    pub name: String,
    /// Its number in the index; none of an account.
    pub member: Option<u32>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Who takes it: the place of a spot.
    pub from: usize,
    /// Who one must be too.
    pub with: Option<usize>,
    /// What one is then.
    pub to: usize,
    /// How sure it is.
    pub level: Level,
    /// The way; none where one is it by what one may do already.
    way: Option<usize>,
    as_member: u32,
}

impl Link {
    /// Whether nobody does anything for it: one may do everything in an account, or is anybody of one that one owns.
    pub fn is_being(&self) -> bool {
        self.way.is_none()
    }

    /// As whom it is taken: a number of the index.
    pub fn member(&self) -> u32 {
        self.as_member
    }
}

/// An edit that takes a statement, or an action of it, away.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What is edited. What it breaks is for who asks again to find out.
    pub edit: Edit,
    /// The policy as it is.
    pub old: Arc<Policy>,
    /// The policy as it would be.
    pub new: Arc<Policy>,
}

/// All that somebody can be who begins as any of some, and all steps between.
#[derive(Debug, Clone, Default)]
pub struct Web {
    /// What can be come by.
    pub spots: Vec<Spot>,
    /// The steps.
    pub links: Vec<Link>,
    /// Whether it ended at a limit before all was followed.
    pub cut: bool,
    nodes: Vec<Node>,
}

/// A web in the making.
#[derive(Default)]
struct Weaver {
    web: Web,
    members: HashMap<u32, usize>,
    accounts: HashMap<String, usize>,
    /// The members with what they gave themselves.
    more: HashMap<u32, Vec<usize>>,
    /// Of these the one with most, and how much that is.
    most: HashMap<u32, (usize, usize)>,
    queue: VecDeque<usize>,
    /// Steps for which one must be somebody: the way, who takes it, as whom, how surely.
    for_member: HashMap<u32, Vec<(usize, usize, u32, Level)>>,
    for_user: HashMap<u32, Vec<(usize, usize, u32, Level)>>,
    asked: usize,
}

impl Ways<'_> {
    /// Follows everything from all of the starts, numbers of the index.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn web(&self, starts: &[u32]) -> Result<Web, String> {
        let mut weaver = Weaver::default();
        let mut members: HashMap<u32, Vec<u32>> = HashMap::new();
        for member in 0..self.principals() {
            members.entry(self.account_number(member)).or_default().push(member);
        }
        for start in starts {
            self.spot(&mut weaver, Node::Member(*start))?;
        }
        while let Some(at) = weaver.queue.pop_front() {
            let is_over = weaver.web.spots.len() > SPOTS_MAX || weaver.web.links.len() > LINKS_MAX;
            if is_over || weaver.asked > ASKS_MAX {
                weaver.web.cut = true;
                break;
            }
            let Some(node) = weaver.web.nodes.get(at).cloned() else { continue };
            if let Node::Account(account) = &node {
                let number = self.worked.accounts.get(account).copied().unwrap_or(u32::MAX);
                for member in members.get(&number).into_iter().flatten() {
                    let to = self.spot(&mut weaver, Node::Member(*member))?;
                    weaver.link(Link {
                        from: at,
                        with: None,
                        to,
                        level: Level::Sure,
                        way: None,
                        as_member: *member,
                    });
                }
            }
            let is_owner = self.being(&mut weaver, at, &node)? == Some(Level::Sure);
            for (way, as_member, level) in self.all_ways_of(&mut weaver, &node, is_owner)? {
                self.follow_way(&mut weaver, (way, at, as_member, level))?;
            }
        }
        Ok(weaver.web)
    }

    /// From who may do everything in an account to that; how surely it may.
    fn being(&self, weaver: &mut Weaver, at: usize, node: &Node) -> Result<Option<Level>, String> {
        let (member, level) = match node {
            Node::Account(_) => return Ok(None),
            Node::Member(member) => (*member, self.administers(*member)),
            Node::More(member, suppose) => match self.actor(*member, suppose) {
                Some(actor) => (*member, self.world.administers(actor)?),
                None => return Ok(None),
            },
        };
        if let Some(level) = level.filter(|level| *level <= Level::OnlyIf) {
            let to = self.spot(weaver, Node::Account(self.account(member).to_owned()))?;
            weaver.link(Link { from: at, with: None, to, level, way: None, as_member: member });
        }
        Ok(level)
    }

    fn all_ways_of(
        &self,
        weaver: &mut Weaver,
        node: &Node,
        is_owner: bool,
    ) -> Result<Vec<(usize, u32, Level)>, String> {
        let (members, suppose, account) = match node {
            Node::Member(member) => {
                let open = self.worked.open.get(*member as usize).map(Vec::as_slice).unwrap_or_default();
                return Ok(open.iter().map(|(way, level)| (*way as usize, *member, *level)).collect());
            }
            Node::More(member, suppose) => (vec![*member], suppose.clone(), None),
            // Anybody of the account stands for all, but where a policy names somebody: who that is comes after.
            Node::Account(account) => (
                self.worked.anyone.get(account).copied().into_iter().collect(),
                owned()?,
                Some(account.as_str()),
            ),
        };
        let of = account.unwrap_or_else(|| members.first().map(|one| self.account(*one)).unwrap_or_default());
        let mut found = Vec::new();
        for number in self.ways_from(of) {
            let Some(way) = self.worked.ways.get(number) else { continue };
            // Within an account that one owns, one is everybody already. Who may do everything by what it gave itself may do nothing
            // else once that is closed; who may by its own policies may have others.
            if (account.is_some() || is_owner) && of == way.account {
                continue;
            }
            let named = account.map(|account| {
                let on = crate::asks::target(&way.on, Some(&way.account), true);
                self.world.index.organisation().named_of(&on, account)
            });
            let named = named.unwrap_or_default();
            let named = named.iter().filter_map(|arn| {
                let of = |kind| self.world.index.number(arn, kind);
                of(Kind::Role).or_else(|| of(Kind::User))
            });
            for member in members.iter().copied().chain(named) {
                let Some(actor) = self.actor(member, &suppose) else { continue };
                weaver.asked += way.asks.len();
                if let Some((level, _)) = self.world.all(actor, &way.asks)? {
                    found.push((number, member, level.max(way.at_best)));
                    break;
                }
            }
        }
        Ok(found)
    }

    fn follow_way(&self, weaver: &mut Weaver, taken: (usize, usize, u32, Level)) -> Result<(), String> {
        let (number, from, as_member, level) = taken;
        let Some(way) = self.worked.ways.get(number) else { return Ok(()) };
        match way.subject {
            Subject::Nobody => {
                let node = match &way.gain {
                    Gain::Member(member) => Node::Member(*member),
                    Gain::Account(account) => Node::Account(account.clone()),
                    Gain::Everything | Gain::Group { .. } | Gain::Unbound => return Ok(()),
                };
                let to = self.spot(weaver, node)?;
                weaver.link(Link { from, with: None, to, level, way: Some(number), as_member });
            }
            Subject::Member(member) => {
                weaver.for_member.entry(member).or_default().push(taken);
                for with in weaver.variants(member) {
                    self.rise_to(weaver, taken, with)?;
                }
            }
            Subject::AnyUser => {
                weaver.for_user.entry(way.account_number).or_default().push(taken);
                let mut users: Vec<u32> = weaver.members.keys().copied().collect();
                users.retain(|user| self.is_user_of(*user, way.account_number));
                users.sort_unstable();
                for with in users.into_iter().flat_map(|user| weaver.variants(user)).collect::<Vec<_>>() {
                    self.rise_to(weaver, taken, with)?;
                }
            }
        }
        Ok(())
    }

    fn is_user_of(&self, member: u32, account: u32) -> bool {
        self.account_number(member) == account && self.kind(member) == Some(Kind::User)
    }

    /// Takes a step for which one must be somebody.
    fn rise_to(
        &self,
        weaver: &mut Weaver,
        taken: (usize, usize, u32, Level),
        with: usize,
    ) -> Result<(), String> {
        let (number, from, as_member, level) = taken;
        let (Some(way), Some(subject)) = (self.worked.ways.get(number), weaver.web.nodes.get(with).cloned())
        else {
            return Ok(());
        };
        let Some(node) = self.more(&way.gain, &subject)? else { return Ok(()) };
        let to = self.spot(weaver, node)?;
        let with = Some(with).filter(|with| *with != from);
        weaver.link(Link { from, with, to, level, way: Some(number), as_member });
        Ok(())
    }

    /// The place of a node; one that is new is followed later.
    fn spot(&self, weaver: &mut Weaver, node: Node) -> Result<usize, String> {
        let known = match &node {
            Node::Member(member) => weaver.members.get(member).copied(),
            Node::Account(account) => weaver.accounts.get(account).copied(),
            Node::More(member, _) => {
                let all = weaver.more.get(member).into_iter().flatten();
                all.copied().find(|at| weaver.web.nodes.get(*at) == Some(&node))
            }
        };
        if let Some(at) = known {
            return Ok(at);
        }
        let at = weaver.web.nodes.len();
        let of = match &node {
            Node::Member(member) => {
                weaver.members.insert(*member, at);
                Some(*member)
            }
            Node::More(member, suppose) => {
                weaver.more.entry(*member).or_default().push(at);
                let size = suppose.policies.len() + usize::from(suppose.unbound);
                if weaver.most.get(member).is_none_or(|(known, _)| size > *known) {
                    weaver.most.insert(*member, (size, at));
                }
                Some(*member)
            }
            Node::Account(account) => {
                weaver.accounts.insert(account.clone(), at);
                None
            }
        };
        weaver.web.spots.push(Spot { what: self.what(&node), name: self.name(&node), member: of });
        weaver.web.nodes.push(node);
        weaver.queue.push_back(at);
        if let Some(member) = of {
            let mut waiting = weaver.for_member.get(&member).cloned().unwrap_or_default();
            if self.kind(member) == Some(Kind::User) {
                waiting
                    .extend(weaver.for_user.get(&self.account_number(member)).into_iter().flatten().copied());
            }
            for taken in waiting {
                // Where it has more by now, that is where it goes on.
                if weaver.variants(member).contains(&at) {
                    self.rise_to(weaver, taken, at)?;
                }
            }
        }
        Ok(at)
    }

    /// The id of the rule of a step, what is done, and to what.
    pub fn told<'w>(&'w self, web: &'w Web, link: &Link) -> (&'w str, &'w str, &'w str) {
        let gained = web.spots.get(link.to).map(|spot| spot.name.as_str()).unwrap_or_default();
        let way = link.way.and_then(|way| self.worked.ways.get(way));
        let rule = way.and_then(|way| self.rules.all().get(way.rule));
        match (way, rule) {
            (Some(way), Some(rule)) => (&rule.id, &rule.title, &way.on),
            _ => (BEING, "", gained),
        }
    }

    /// As whom a step is taken: the name in the index.
    pub fn taken_as(&self, link: &Link) -> &str {
        self.world.index.principal(link.as_member).map(|(name, _)| name).unwrap_or_default()
    }

    /// Every action that a step asks, and why it is allowed.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn proof(&self, web: &Web, link: &Link) -> Result<Vec<Proved>, String> {
        let (Some(way), suppose) = (link.way.and_then(|way| self.worked.ways.get(way)), supposed(web, link)?)
        else {
            return Ok(Vec::new());
        };
        let Some(actor) = self.actor(link.as_member, &suppose) else { return Ok(Vec::new()) };
        let proofs = self.world.all(actor, &way.asks)?.map(|(_, proofs)| proofs).unwrap_or_default();
        Ok(proofs.into_iter().map(Proved::from).collect())
    }

    /// How sure a step is by another index, one in which an edit took permissions away; none where it is open no more.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn still(&self, web: &Web, link: &Link, index: &Index) -> Result<Option<Level>, String> {
        let suppose = supposed(web, link)?;
        let world = World { index, ..self.world };
        if web.spots.get(link.from).is_some_and(|spot| spot.what == What::Account) && link.way.is_none() {
            return Ok(Some(Level::Sure));
        }
        let Some(actor) = world.actor(link.as_member, &suppose) else { return Ok(None) };
        match link.way.and_then(|way| self.worked.ways.get(way)) {
            None => Ok(world.administers(actor)?.filter(|level| *level <= Level::OnlyIf)),
            Some(way) => Ok(world.all(actor, &way.asks)?.map(|(level, _)| level.max(way.at_best))),
        }
    }

    /// How surely somebody of a web may do something, with what it gave itself, and why; none where it may not.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn may(
        &self,
        (web, spot): (&Web, usize),
        (action, target): (&str, &Target),
        context: Context,
        index: &Index,
    ) -> Result<Option<(Level, Verdict)>, String> {
        let (Some(node), Some(one)) = (web.nodes.get(spot), web.spots.get(spot)) else { return Ok(None) };
        let suppose = supposed_of(node)?;
        let verdict = index.organisation().ask_supposing(&one.name, action, target, context, &suppose)?;
        Ok(Level::of(verdict.decision).map(|level| (level, verdict)))
    }

    /// The edits that take away what allows an action: its statement, or the action out of it.
    pub fn fixes(&self, who: &str, action: &str, target: &Target, because: &[Reason]) -> Vec<Fix> {
        let allows = because.iter().filter(|reason| reason.effect == Effect::Allow);
        allows.flat_map(|reason| self.fixes_of(who, action, target, reason)).collect()
    }
}

/// What one who takes a step gave itself before.
fn supposed(web: &Web, link: &Link) -> Result<Suppose, String> {
    web.nodes.get(link.from).map_or_else(|| Ok(Suppose::default()), supposed_of)
}

fn supposed_of(node: &Node) -> Result<Suppose, String> {
    match node {
        Node::More(_, suppose) => Ok(suppose.clone()),
        Node::Account(_) => owned(),
        Node::Member(_) => Ok(Suppose::default()),
    }
}

impl Weaver {
    fn link(&mut self, link: Link) {
        if link.from != link.to && link.with != Some(link.to) {
            self.web.links.push(link);
        }
    }

    /// Where somebody stands, as it is and with all that it gave itself so far. What lies between is not followed: of many
    /// things that one can give oneself there are more sets than can be.
    fn variants(&self, member: u32) -> Vec<usize> {
        let most = self.most.get(&member).map(|(_, at)| *at);
        self.members.get(&member).copied().into_iter().chain(most).collect()
    }
}
