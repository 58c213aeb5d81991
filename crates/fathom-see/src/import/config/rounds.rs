//! Earlier states of resources, in rounds: small scans one after the other, at most one state of a resource in each, so
//! that each becomes a version of its own.
//!
//! The ledger and the list of scans say when the import was; when AWS Config captured a state stands in its document.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{CAPTURED, Timestamp};
use fathom_store::StoredResource;
use serde_json::Value;

use super::{
    Problem, Round, State,
    items::{Item, Kept, Key},
};
use crate::import::{ImportError, Importer};

/// The states that come before the newest ones.
pub(super) struct Planned<'s> {
    /// The oldest first.
    pub(super) rounds: Vec<Vec<&'s Kept>>,
    /// The resources that they are of. Their newest states are news, too.
    pub(super) resources: BTreeSet<&'s Key>,
    /// How many states they hold.
    pub(super) states: u64,
    /// States that are not newer than what is known, or do not say when they were captured.
    pub(super) left_out: u64,
}

/// The rounds with their names.
pub(super) fn of<'p, 's>(rounds: &'p [Vec<&'s Kept>], name: &'p str) -> impl Iterator<Item = Round<'s>> + 'p {
    rounds.iter().enumerate().map(move |(index, states)| {
        let times = || states.iter().filter_map(|kept| kept.captured);
        let captured = match (times().min(), times().max()) {
            (Some(first), Some(last)) if first != last => format!(", captured {first} to {last}"),
            (Some(at), _) => format!(", captured {at}"),
            _ => String::new(),
        };
        let label = format!("{name}: older states, {} of {}{captured}", index + 1, rounds.len());
        let states = states.iter().map(|kept| State { kept, is_news: true }).collect();
        Round { states, label, is_last: false }
    })
}

/// Up to when what is known of a resource is known: when AWS Config captured it where it told, or else when it was seen.
pub(super) fn known_until(known: &StoredResource) -> Timestamp {
    let observed = known.resource.document.observed();
    let captured = observed.and_then(|text| {
        serde_json::from_str::<Value>(text).ok()?.get(CAPTURED)?.as_str()?.parse::<Timestamp>().ok()
    });
    known.deleted_at.or(captured).unwrap_or(known.last_seen)
}

/// What makes a state another one than that after it.
#[derive(Clone, PartialEq)]
struct Print {
    deleted: bool,
    hash: [u8; 32],
    name: Option<String>,
    tags: BTreeMap<String, String>,
}

impl Importer {
    /// Puts the states before the newest of each resource into rounds.
    pub(super) async fn older_states<'s>(
        &self,
        items: &'s BTreeMap<Key, Vec<Kept>>,
        problems: &mut Vec<Problem>,
    ) -> Result<Planned<'s>, ImportError> {
        let mut planned = Planned { rounds: Vec::new(), resources: BTreeSet::new(), states: 0, left_out: 0 };
        let mut of_resources: Vec<Vec<&Kept>> = Vec::new();
        for (key, states) in items.iter().filter(|(_, states)| states.len() > 1) {
            let (taken, left_out) = self.older_of(states, problems).await?;
            if !taken.is_empty() {
                planned.resources.insert(key);
            }
            planned.states += taken.len() as u64;
            planned.left_out += left_out;
            of_resources.push(taken);
        }
        let most = of_resources.iter().map(Vec::len).max().unwrap_or_default();
        planned.rounds.resize_with(most, Vec::new);
        for taken in of_resources {
            // The last of each stand together, right before the newest.
            for (round, kept) in planned.rounds.iter_mut().rev().zip(taken.into_iter().rev()) {
                round.push(kept);
            }
        }
        Ok(planned)
    }

    /// The states of one resource before its newest that are news, oldest first, and how many were left out.
    async fn older_of<'s>(
        &self,
        states: &'s [Kept],
        problems: &mut Vec<Problem>,
    ) -> Result<(Vec<&'s Kept>, u64), ImportError> {
        let Some((newest, older)) = states.split_last() else { return Ok((Vec::new(), 0)) };
        // What is wrong with the newest is told when its turn comes. Any that reads tells who it is.
        let newest = self.converted(newest).ok();
        let uid = |converted: &super::Converted| converted.item.resource.uid.clone();
        let uid = newest.as_ref().map(|(_, converted)| uid(converted)).or_else(|| {
            older
                .iter()
                .rev()
                .find_map(|kept| self.converted(kept).ok().map(|(_, converted)| uid(&converted)))
        });
        let Some(uid) = uid else { return Ok((Vec::new(), 0)) };
        let known = self.store.resource(&uid).await?;
        let until = known.as_ref().map(known_until);
        let there = known.filter(|known| known.deleted_at.is_none());
        let print = |item: &Item, converted: &super::Converted| {
            let resource = &converted.item.resource;
            // Of what is gone nothing else is kept.
            if item.deleted {
                return Print { deleted: true, hash: [0; 32], name: None, tags: BTreeMap::new() };
            }
            Print {
                deleted: false,
                hash: resource.document.hash(),
                name: resource.name.clone(),
                tags: resource.tags.clone(),
            }
        };
        let mut after = newest.map(|(item, converted)| print(&item, &converted));
        let mut taken: Vec<(&Kept, Print)> = Vec::new();
        let mut left_out = 0;
        for kept in older.iter().rev() {
            if kept.captured.is_none_or(|captured| until.is_some_and(|until| captured <= until)) {
                left_out += 1;
                continue;
            }
            match self.converted(kept) {
                Ok((item, converted)) => {
                    let own = print(&item, &converted);
                    // Captured again without a change.
                    if after.as_ref() != Some(&own) {
                        taken.push((kept, own.clone()));
                        after = Some(own);
                    }
                }
                Err(message) => problems.push(Problem::new(&kept.file, message)),
            }
        }
        // The oldest of them may be no news: what is known already, or that something went which nobody has seen.
        taken.pop_if(|(_, own)| match &there {
            Some(known) => {
                !own.deleted
                    && hex::encode(own.hash) == known.version_hash
                    && own.tags == known.resource.tags
                    && own.name == known.resource.name
            }
            None => own.deleted,
        });
        taken.reverse();
        Ok((taken.into_iter().map(|(kept, _)| kept).collect(), left_out))
    }
}
