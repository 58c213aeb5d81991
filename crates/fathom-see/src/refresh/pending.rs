//! Gathers what events are about, and spaces out refreshes; pure, time is an argument.
//!
//! Events come in bursts: one call of a person is ten calls of a tool. A place waits a few seconds for more of the same,
//! and is not looked at again too soon after the last time, so that a storm becomes one refresh.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::scope::TypeIn;

/// How refreshes are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long the first event of a place waits for others.
    pub gather: Duration,
    /// The least time from one refresh of a place to the next; four a minute are 15 s.
    pub apart: Duration,
    /// The most places of one refresh.
    pub places_max: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { gather: Duration::from_secs(3), apart: Duration::from_secs(15), places_max: 200 }
    }
}

/// Places that wait. Times are measured from any fixed moment.
#[derive(Debug, Default)]
pub struct Pending {
    pace: Pace,
    /// Since when each waits.
    waiting: BTreeMap<TypeIn, Duration>,
    /// When each was refreshed last.
    last: BTreeMap<TypeIn, Duration>,
}

impl Pending {
    /// An empty one.
    pub fn new(pace: Pace) -> Self {
        Self { pace, ..Self::default() }
    }

    /// Notes that something changed in a place. One that waits already keeps its turn.
    pub fn add(&mut self, place: TypeIn, now: Duration) {
        self.waiting.entry(place).or_insert(now);
    }

    /// How many places wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next place is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.waiting.iter().map(|(place, since)| self.due(place, *since)).min()
    }

    fn due(&self, place: &TypeIn, since: Duration) -> Duration {
        let gathered = since + self.pace.gather;
        self.last.get(place).map_or(gathered, |last| gathered.max(*last + self.pace.apart))
    }

    /// Takes the places that are due, those that wait longest first.
    pub fn take_due(&mut self, now: Duration) -> BTreeSet<TypeIn> {
        // Times of refreshes that hold nothing back any more need no room.
        let apart = self.pace.apart;
        self.last.retain(|_, last| *last + apart > now);
        let mut due: Vec<(Duration, TypeIn)> = self
            .waiting
            .iter()
            .filter(|(place, since)| self.due(place, **since) <= now)
            .map(|(place, since)| (*since, place.clone()))
            .collect();
        due.sort();
        let due: BTreeSet<TypeIn> =
            due.into_iter().take(self.pace.places_max).map(|(_, place)| place).collect();
        for place in &due {
            self.waiting.remove(place);
            self.last.insert(place.clone(), now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(kind: &str) -> TypeIn {
        TypeIn { account: "1".into(), region: "a".into(), kind: kind.into() }
    }

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn a_storm_becomes_one_refresh_and_then_few() {
        let mut pending = Pending::new(Pace::default());
        let mut refreshes = Vec::new();
        // Ten events a second for a minute.
        for tenth in 0..600 {
            let now = Duration::from_millis(tenth * 100);
            pending.add(place("T"), now);
            if !pending.take_due(now).is_empty() {
                refreshes.push(now.as_secs());
            }
        }
        assert_eq!(refreshes, [3, 18, 33, 48]);
        assert_eq!(pending.len(), 1, "what came last is not lost");
    }

    #[test]
    fn places_wait_apart_from_each_other() {
        let mut pending = Pending::new(Pace { places_max: 1, ..Pace::default() });
        assert_eq!(pending.next_due(), None);
        pending.add(place("B"), seconds(0));
        pending.add(place("A"), seconds(1));
        assert_eq!(pending.next_due(), Some(seconds(3)));
        assert!(pending.take_due(seconds(2)).is_empty());
        assert_eq!(pending.take_due(seconds(4)), BTreeSet::from([place("B")]), "the one that waits longest");
        assert_eq!(pending.take_due(seconds(4)), BTreeSet::from([place("A")]));
        assert!(pending.is_empty());
        pending.add(place("A"), seconds(5));
        assert_eq!(pending.next_due(), Some(seconds(19)));
    }
}
