//! What waits for a second request: challenges of passkeys, and people who went to an issuer. In memory, limited in time
//! and in number; a restart forgets it, and whoever waited begins again.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fathom_model::Timestamp;
use jiff::SignedDuration;

/// Things by a key that cannot be guessed.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    entries: Mutex<HashMap<String, Entry<T>>>,
    most: usize,
    time: SignedDuration,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    /// The network that it came from.
    from: IpAddr,
    /// Counts up, so that the oldest can be told where the clock stands still.
    number: u64,
    until: Timestamp,
}

impl<T> Waiting<T> {
    /// Room for so many things, each for so long.
    pub(crate) fn new(most: usize, time: SignedDuration) -> Self {
        Self { entries: Mutex::default(), most, time }
    }

    /// Keeps a thing that came from a network, under a key that was drawn for it.
    ///
    /// Where there is no room, the network that has most makes it, with what it has had for longest: whoever floods us
    /// with beginnings must neither keep others from beginning nor from ending.
    pub(crate) fn put(&self, key: &[u8; 32], value: T, from: IpAddr, now: Timestamp) -> String {
        let key = URL_SAFE_NO_PAD.encode(key);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.most {
            entries.retain(|_, entry| entry.until > now);
        }
        if entries.len() >= self.most {
            let oldest = oldest_of_most(&entries);
            oldest.and_then(|key| entries.remove(&key));
        }
        let number = entries.values().map(|entry| entry.number).max().map_or(0, |last| last + 1);
        let until = now.saturating_add(self.time).unwrap_or(Timestamp::MAX);
        entries.insert(key.clone(), Entry { value, from, number, until });
        key
    }

    /// Takes what waits under a key: once, and in time.
    pub(crate) fn take(&self, key: &str, now: Timestamp) -> Option<T> {
        let entry = self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key)?;
        (entry.until > now).then_some(entry.value)
    }
}

/// The oldest thing of the network that has most; of networks that have as many, the oldest of all.
fn oldest_of_most<T>(entries: &HashMap<String, Entry<T>>) -> Option<String> {
    let mut held: HashMap<IpAddr, u64> = HashMap::new();
    for entry in entries.values() {
        *held.entry(entry.from).or_default() += 1;
    }
    let has = |entry: &Entry<T>| held.get(&entry.from).copied().unwrap_or_default();
    let first = entries.iter().min_by_key(|(_, entry)| (Reverse(has(entry)), entry.number));
    first.map(|(key, _)| key.clone())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_thing_is_taken_once_and_in_time() {
        let waiting = Waiting::new(10, SignedDuration::from_mins(5));
        let begun = at("2026-11-22T12:00:00Z");
        let key = waiting.put(&[1; 32], "first", HOME, begun);
        assert_eq!(waiting.take("other", begun), None);
        assert_eq!(waiting.take(&key, at("2026-11-22T12:04:59Z")), Some("first"));
        assert_eq!(waiting.take(&key, at("2026-11-22T12:04:59Z")), None, "twice");
        let key = waiting.put(&[2; 32], "second", HOME, begun);
        assert_eq!(waiting.take(&key, at("2026-11-22T12:05:00Z")), None, "late");
    }

    #[test]
    fn the_number_is_limited_and_the_newest_stays() {
        let waiting = Waiting::new(3, SignedDuration::from_mins(5));
        let now = at("2026-11-22T12:00:00Z");
        let keys: Vec<String> = (0..5).map(|n| waiting.put(&[n; 32], n, HOME, now)).collect();
        let kept: Vec<Option<u8>> = keys.iter().map(|key| waiting.take(key, now)).collect();
        assert_eq!(kept, [None, None, Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn whoever_floods_us_makes_room_and_nobody_else() {
        let waiting = Waiting::new(10, SignedDuration::from_mins(5));
        let now = at("2026-11-22T12:00:00Z");
        let other = |n: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, n));
        let ada = waiting.put(&[200; 32], 200, HOME, now);
        let flood: Vec<String> = (0..100).map(|n| waiting.put(&[n; 32], n, other(1), now)).collect();
        let bob = waiting.put(&[201; 32], 201, other(2), now);
        assert_eq!(waiting.take(&ada, now), Some(200));
        assert_eq!(waiting.take(&bob, now), Some(201));
        let kept: Vec<u8> = flood.iter().filter_map(|key| waiting.take(key, now)).collect();
        assert_eq!(kept, [92, 93, 94, 95, 96, 97, 98, 99], "its newest stay");
    }

    #[test]
    fn what_is_over_makes_room_first() {
        let waiting = Waiting::new(2, SignedDuration::from_mins(5));
        let old = waiting.put(&[1; 32], 1, HOME, at("2026-11-22T12:00:00Z"));
        let new = waiting.put(&[2; 32], 2, HOME, at("2026-11-22T12:04:00Z"));
        let newest = waiting.put(&[3; 32], 3, HOME, at("2026-11-22T12:06:00Z"));
        let now = at("2026-11-22T12:06:00Z");
        assert_eq!(waiting.take(&old, now), None);
        assert_eq!((waiting.take(&new, now), waiting.take(&newest, now)), (Some(2), Some(3)));
    }
}
