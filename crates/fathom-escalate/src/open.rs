//! To whom each way is open.

use std::collections::HashMap;

use fathom_iam::{index::Bits, organisation::Suppose};

use crate::{
    asks::{Ask, on, target},
    reach::Level,
    ways::{Finder, Gain, Way},
};

/// What many ways ask for.
#[derive(Default)]
struct Known {
    /// How surely asks are allowed to somebody.
    asked: HashMap<(u32, Ask), Option<Level>>,
    /// Whose own policies might allow an action.
    might: HashMap<String, Bits>,
    /// The members of an account.
    members: HashMap<String, Vec<u32>>,
}

impl Finder<'_, '_> {
    /// Finds to whom each way is open.
    pub(crate) fn open_all(&mut self) -> Result<(), String> {
        let mut known = Known::default();
        for member in 0..self.worked.open.len() as u32 {
            known.members.entry(self.world.account(member).to_owned()).or_default().push(member);
        }
        for number in 0..self.worked.ways.len() {
            let Some(way) = self.worked.ways.get(number) else { continue };
            if !is_within(way) {
                let on = target(&way.on, Some(&way.account), true);
                for account in self.world.index.organisation().accounts_named(&on) {
                    self.worked.doors.entry(account).or_default().push(number as u32);
                }
            }
            let open =
                if is_within(way) { self.within(way, &mut known)? } else { self.across(way, &mut known)? };
            for (member, level) in open {
                if let Some(ways) = self.worked.open.get_mut(member as usize) {
                    ways.push((number as u32, level));
                }
            }
        }
        Ok(())
    }

    /// To whom a way is open that only those of its own account can take: those are asked whose policies might allow all of
    /// it, one by one, for they are few.
    fn within(&self, way: &Way, known: &mut Known) -> Result<Vec<(u32, Level)>, String> {
        let mut pool: Vec<u32> = known.members.get(&way.account).cloned().unwrap_or_default();
        pool.retain(|member| self.is_new(way, *member));
        for action in way.asks.iter().flat_map(own_actions) {
            if pool.is_empty() {
                break;
            }
            let might = self.might(known, action);
            pool.retain(|member| might.contains(*member));
        }
        let mut open = Vec::new();
        for member in pool {
            open.extend(self.all(way, member, Level::Sure, &way.asks, known)?.map(|level| (member, level)));
        }
        Ok(open)
    }

    /// To whom a way is open that others can take, too: everybody is asked at once.
    fn across(&self, way: &Way, known: &mut Known) -> Result<Vec<(u32, Level)>, String> {
        let index = self.world.index;
        let mut levels: Option<HashMap<u32, Level>> = None;
        let (fixed, other): (Vec<Ask>, Vec<Ask>) =
            way.asks.iter().cloned().partition(|ask| matches!(ask, Ask::On { .. }));
        for ask in &fixed {
            let Ask::On { action, arn, account, passed_to } = ask else { continue };
            let decided =
                index.decide(action, &target(arn, Some(account), true), &on(arn, passed_to.as_deref()))?;
            let might = self.might(known, action);
            let mut found = HashMap::new();
            for member in decided.possible().iter().filter(|member| self.is_new(way, *member)) {
                let Some(level) = Level::of(decided.of(member)) else { continue };
                // What only a policy that was not read may allow is told once and not of each.
                let is_told = level != Level::Unknown || might.contains(member);
                let before = levels.as_ref().map_or(Some(Level::Sure), |levels| levels.get(&member).copied());
                if let Some(before) = before.filter(|_| is_told) {
                    found.insert(member, level.max(before));
                }
            }
            levels = Some(found);
        }
        let mut open = Vec::new();
        let mut found: Vec<(u32, Level)> = levels.unwrap_or_default().into_iter().collect();
        found.sort_unstable_by_key(|(member, _)| *member);
        for (member, level) in found {
            open.extend(self.all(way, member, level, &other, known)?.map(|level| (member, level)));
        }
        Ok(open)
    }

    /// How surely somebody is allowed all of these asks; none where not.
    fn all(
        &self,
        way: &Way,
        member: u32,
        level: Level,
        asks: &[Ask],
        known: &mut Known,
    ) -> Result<Option<Level>, String> {
        let mut surest = level.max(way.at_best);
        for ask in asks {
            let Some(sure) = self.known(&mut known.asked, member, ask)? else { return Ok(None) };
            surest = surest.max(sure);
        }
        Ok(Some(surest))
    }

    /// How surely an ask is allowed to somebody, asked once: many ways ask for the same.
    fn known(
        &self,
        known: &mut HashMap<(u32, Ask), Option<Level>>,
        member: u32,
        ask: &Ask,
    ) -> Result<Option<Level>, String> {
        let key = (member, ask.clone());
        if let Some(sure) = known.get(&key) {
            return Ok(*sure);
        }
        let nothing = Suppose::default();
        let Some(actor) = self.world.actor(member, &nothing) else { return Ok(None) };
        let sure = self.world.one(actor, ask)?.map(|(level, _)| level);
        known.insert(key, sure);
        Ok(sure)
    }

    fn might<'k>(&self, known: &'k mut Known, action: &str) -> &'k Bits {
        known.might.entry(action.to_owned()).or_insert_with(|| self.world.index.might(action))
    }

    /// Whether it would gain somebody anything: not who administers the account, nor who is what it leads to.
    fn is_new(&self, way: &Way, member: u32) -> bool {
        way.gain != Gain::Member(member)
            && !(self.worked.administrators.contains_key(&member)
                && self.world.account(member) == way.account)
    }
}

/// Whether a way is open within its account alone: something of it only identity policies of the same account allow.
fn is_within(way: &Way) -> bool {
    way.asks.iter().any(|ask| !own_actions(ask).is_empty())
}

/// The actions of an ask that only identity policies of the same account allow.
fn own_actions(ask: &Ask) -> Vec<&str> {
    match ask {
        Ask::On { action, .. } if action.starts_with("iam:") => vec![action],
        Ask::On { .. } | Ask::Trusted { .. } => Vec::new(),
        Ask::Anywhere { action } => vec![action],
        Ask::Together { actions, .. } | Ask::OneOf { actions, .. } => {
            actions.iter().map(String::as_str).collect()
        }
    }
}
