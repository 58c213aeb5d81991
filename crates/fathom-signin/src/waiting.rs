//! What waits for a second request: challenges of passkeys, and people who went to an issuer. In memory, limited in time
//! and in number; a restart forgets it, and whoever waited begins again.

use std::{
    collections::HashMap,
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
    /// Counts up, so that the oldest can be told where the clock stands still.
    number: u64,
    until: Timestamp,
}

impl<T> Waiting<T> {
    /// Room for so many things, each for so long.
    pub(crate) fn new(most: usize, time: SignedDuration) -> Self {
        Self { entries: Mutex::default(), most, time }
    }

    /// Keeps a thing under a key that was drawn for it.
    ///
    /// Where there is no room, the one that waits longest makes room: whoever floods us with beginnings must not keep
    /// others from beginning.
    pub(crate) fn put(&self, key: &[u8; 32], value: T, now: Timestamp) -> String {
        let key = URL_SAFE_NO_PAD.encode(key);
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.most {
            entries.retain(|_, entry| entry.until > now);
        }
        if entries.len() >= self.most {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.number).map(|(key, _)| key.clone());
            oldest.and_then(|key| entries.remove(&key));
        }
        let number = entries.values().map(|entry| entry.number).max().map_or(0, |last| last + 1);
        let until = now.saturating_add(self.time).unwrap_or(Timestamp::MAX);
        entries.insert(key.clone(), Entry { value, number, until });
        key
    }

    /// Takes what waits under a key: once, and in time.
    pub(crate) fn take(&self, key: &str, now: Timestamp) -> Option<T> {
        let entry = self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key)?;
        (entry.until > now).then_some(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_thing_is_taken_once_and_in_time() {
        let waiting = Waiting::new(10, SignedDuration::from_mins(5));
        let begun = at("2026-11-22T12:00:00Z");
        let key = waiting.put(&[1; 32], "first", begun);
        assert_eq!(waiting.take("other", begun), None);
        assert_eq!(waiting.take(&key, at("2026-11-22T12:04:59Z")), Some("first"));
        assert_eq!(waiting.take(&key, at("2026-11-22T12:04:59Z")), None, "twice");
        let key = waiting.put(&[2; 32], "second", begun);
        assert_eq!(waiting.take(&key, at("2026-11-22T12:05:00Z")), None, "late");
    }

    #[test]
    fn the_number_is_limited_and_the_newest_stays() {
        let waiting = Waiting::new(3, SignedDuration::from_mins(5));
        let now = at("2026-11-22T12:00:00Z");
        let keys: Vec<String> = (0..5).map(|n| waiting.put(&[n; 32], n, now)).collect();
        let kept: Vec<Option<u8>> = keys.iter().map(|key| waiting.take(key, now)).collect();
        assert_eq!(kept, [None, None, Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn what_is_over_makes_room_first() {
        let waiting = Waiting::new(2, SignedDuration::from_mins(5));
        let old = waiting.put(&[1; 32], 1, at("2026-11-22T12:00:00Z"));
        let new = waiting.put(&[2; 32], 2, at("2026-11-22T12:04:00Z"));
        let newest = waiting.put(&[3; 32], 3, at("2026-11-22T12:06:00Z"));
        let now = at("2026-11-22T12:06:00Z");
        assert_eq!(waiting.take(&old, now), None);
        assert_eq!((waiting.take(&new, now), waiting.take(&newest, now)), (Some(2), Some(3)));
    }
}
