//! To whom each way is open.

use std::{
    collections::{HashMap, hash_map::Entry},
    rc::Rc,
};

use fathom_iam::{
    index::{Alike, Bits, Marks, Near},
    organisation::Suppose,
};

use crate::{
    asks::{Ask, on, target},
    reach::Level,
    ways::{Finder, Gain, Way},
};

/// A question about one thing whose answer is the same for all things that are alike to who asks: the action, the service
/// that a role is passed to, and whether the policy of the thing names who asks.
type Question<'w> = (&'w str, Option<&'w str>, bool);

/// What many ways ask for.
#[derive(Default)]
struct Known<'w> {
    /// How surely something is allowed to somebody, whatever way asks.
    asked: HashMap<(u32, &'w Ask), Option<Level>>,
    /// The same of one thing, and of all that are alike.
    alike: HashMap<(u32, Question<'w>, Alike), Option<Level>>,
    /// Whose own policies might allow an action.
    might: HashMap<&'w str, Bits>,
    /// The members of an account.
    members: HashMap<String, Vec<u32>>,
    /// Those of an account whose own policies might allow all that a rule asks of them.
    pools: HashMap<(usize, &'w str), Rc<Vec<u32>>>,
    /// What policies tell things by.
    marks: HashMap<&'w str, Rc<Marks>>,
}

impl Finder<'_, '_> {
    /// Finds to whom each way is open.
    pub(crate) fn open_all(&mut self) -> Result<(), String> {
        let ways = std::mem::take(&mut self.worked.ways);
        let mut known = Known::default();
        for member in 0..self.worked.open.len() as u32 {
            known.members.entry(self.world.account(member).to_owned()).or_default().push(member);
        }
        for (number, way) in (0..).zip(&ways) {
            self.place(number, way);
            let open =
                if is_within(way) { self.within(way, &mut known)? } else { self.across(way, &mut known)? };
            for (member, level) in open {
                if let Some(ways) = self.worked.open.get_mut(member as usize) {
                    ways.push((number, level));
                }
            }
        }
        self.worked.ways = ways;
        Ok(())
    }

    /// Notes of which accounts' things a way is, and whom these let in.
    fn place(&mut self, number: u32, way: &Way) {
        let mut note = |account: &str| {
            let ways = self.worked.homes.entry(account.to_owned()).or_default();
            if ways.last() != Some(&number) {
                ways.push(number);
            }
        };
        note(&way.account);
        for ask in &way.asks {
            if let Ask::On { account, .. } = ask {
                note(account);
            }
        }
        if !is_within(way) {
            let on = target(&way.on, Some(&way.account), true);
            for account in self.world.index.organisation().accounts_named(&on) {
                self.worked.doors.entry(account).or_default().push(number);
            }
        }
    }

    /// To whom a way is open that only those of its own account can take: those are asked whose policies might allow all of
    /// it, one by one, for they are few.
    fn within<'w>(&self, way: &'w Way, known: &mut Known<'w>) -> Result<Vec<(u32, Level)>, String> {
        let pool = self.pool(way, known);
        if pool.is_empty() {
            return Ok(Vec::new());
        }
        let marks = match known.marks.entry(&way.on) {
            Entry::Occupied(marks) => Rc::clone(marks.get()),
            Entry::Vacant(place) => Rc::clone(place.insert(Rc::new(self.world.index.marks(&way.on)))),
        };
        let asks: Vec<(&Ask, Option<Near<'_>>)> = way
            .asks
            .iter()
            .map(|ask| (ask, like(ask, &way.on).map(|(action, ..)| self.world.index.near(action, &marks))))
            .collect();
        let mut open = Vec::new();
        for member in pool.iter().copied().filter(|member| self.is_new(way, *member)) {
            let might = |(ask, near): &(&Ask, Option<Near<'_>>)| match near {
                Some(near) if matches!(ask, Ask::On { .. }) => near.might(member),
                _ => true,
            };
            if !asks.iter().all(might) {
                continue;
            }
            let mut surest = Some(way.at_best);
            for (ask, near) in &asks {
                let Some(before) = surest else { break };
                let sure = match near {
                    Some(near) => self.known_alike(way, ask, near, member, known)?,
                    None => self.known(&mut known.asked, member, ask)?,
                };
                surest = sure.map(|sure| sure.max(before));
            }
            open.extend(surest.map(|level| (member, level)));
        }
        Ok(open)
    }

    /// The members of a way's account whose own policies might allow all that only these can.
    fn pool<'w>(&self, way: &'w Way, known: &mut Known<'w>) -> Rc<Vec<u32>> {
        let key = (way.rule, way.account.as_str());
        if let Some(pool) = known.pools.get(&key) {
            return Rc::clone(pool);
        }
        let mut pool: Vec<u32> = known.members.get(&way.account).cloned().unwrap_or_default();
        for action in way.asks.iter().flat_map(own_actions) {
            let might = self.might(known, action);
            pool.retain(|member| might.contains(*member));
        }
        let pool = Rc::new(pool);
        known.pools.insert(key, Rc::clone(&pool));
        pool
    }

    /// To whom a way is open that others can take, too.
    fn across<'w>(&self, way: &'w Way, known: &mut Known<'w>) -> Result<Vec<(u32, Level)>, String> {
        let mut open: Option<Vec<(u32, Level)>> = None;
        for ask in &way.asks {
            let Ask::On { action, arn, account, passed_to } = ask else { continue };
            let target = target(arn, Some(account), true);
            let found = self.world.index.possible(action, &target, &on(arn, passed_to.as_deref()))?;
            let might = self.might(known, action);
            let mut both = Vec::new();
            for (member, decision) in found.into_iter().filter(|(member, _)| self.is_new(way, *member)) {
                let Some(level) = Level::of(decision) else { continue };
                // What only a policy that was not read may allow is told once and not of each.
                let is_told = level != Level::Unknown || might.contains(member);
                let before = match &open {
                    None => Some(way.at_best),
                    Some(open) => open
                        .binary_search_by_key(&member, |(known, _)| *known)
                        .ok()
                        .and_then(|at| open.get(at))
                        .map(|(_, level)| *level),
                };
                both.extend(before.filter(|_| is_told).map(|before| (member, level.max(before))));
            }
            open = Some(both);
        }
        let mut all = Vec::new();
        for (member, level) in open.unwrap_or_default() {
            let mut surest = Some(level);
            for ask in way.asks.iter().filter(|ask| !matches!(ask, Ask::On { .. })) {
                let Some(before) = surest else { break };
                surest = self.known(&mut known.asked, member, ask)?.map(|sure| sure.max(before));
            }
            all.extend(surest.map(|level| (member, level)));
        }
        Ok(all)
    }

    /// How surely an ask is allowed to somebody on one of the things that are alike to it, asked of the first.
    fn known_alike<'w>(
        &self,
        way: &'w Way,
        ask: &'w Ask,
        near: &Near<'_>,
        member: u32,
        known: &mut Known<'w>,
    ) -> Result<Option<Level>, String> {
        let key = like(ask, &way.on).and_then(|question| Some((member, question, near.alike(member)?)));
        if let Some(sure) = key.as_ref().and_then(|key| known.alike.get(key)) {
            return Ok(*sure);
        }
        let sure = self.asked(member, ask)?;
        if let Some(key) = key {
            known.alike.insert(key, sure);
        }
        Ok(sure)
    }

    /// How surely an ask is allowed to somebody, asked once: many ways ask for the same.
    fn known<'w>(
        &self,
        known: &mut HashMap<(u32, &'w Ask), Option<Level>>,
        member: u32,
        ask: &'w Ask,
    ) -> Result<Option<Level>, String> {
        if let Some(sure) = known.get(&(member, ask)) {
            return Ok(*sure);
        }
        let sure = self.asked(member, ask)?;
        known.insert((member, ask), sure);
        Ok(sure)
    }

    fn asked(&self, member: u32, ask: &Ask) -> Result<Option<Level>, String> {
        let nothing = Suppose::default();
        let Some(actor) = self.world.actor(member, &nothing) else { return Ok(None) };
        Ok(self.world.one(actor, ask)?.map(|(level, _)| level))
    }

    fn might<'k, 'w>(&self, known: &'k mut Known<'w>, action: &'w str) -> &'k Bits {
        known.might.entry(action).or_insert_with(|| self.world.index.might(action))
    }

    /// Whether it would gain somebody anything: not who administers the account, nor who is what it leads to.
    fn is_new(&self, way: &Way, member: u32) -> bool {
        way.gain != Gain::Member(member)
            && !(self.worked.administrators.contains_key(&member)
                && self.world.account(member) == way.account)
    }
}

/// What is asked of this thing, where things that are alike get the same answer: calls of IAM ask no policy of the thing, and
/// a trust policy that somebody changed is the same on every role.
fn like<'w>(ask: &'w Ask, of: &str) -> Option<Question<'w>> {
    match ask {
        Ask::On { action, arn, passed_to, .. } if is_of_iam(action) && arn == of => {
            Some((action, passed_to.as_deref(), false))
        }
        Ask::Trusted { arn, .. } if arn == of => Some((ASSUME, None, true)),
        _ => None,
    }
}

/// What a changed trust policy lets somebody do.
const ASSUME: &str = "sts:AssumeRole";

fn is_of_iam(action: &str) -> bool {
    action.starts_with("iam:")
}

/// Whether a way is open within its account alone: something of it only identity policies of the same account allow.
fn is_within(way: &Way) -> bool {
    way.asks.iter().any(|ask| !own_actions(ask).is_empty())
}

/// The actions of an ask that only identity policies of the same account allow.
fn own_actions(ask: &Ask) -> Vec<&str> {
    match ask {
        Ask::On { action, .. } if is_of_iam(action) => vec![action],
        Ask::On { .. } | Ask::Trusted { .. } => Vec::new(),
        Ask::Anywhere { action } => vec![action],
        Ask::Together { actions, .. } | Ask::OneOf { actions, .. } => {
            actions.iter().map(String::as_str).collect()
        }
    }
}
