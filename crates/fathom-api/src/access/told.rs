//! How much the ledger is told of what anybody can cause: so many entries a minute, and then how many more there were.

use std::sync::{Mutex, PoisonError};

use fathom_model::Timestamp;
use fathom_store::EntryDraft;
use jiff::SignedDuration;

use crate::{problem::chain, state::ApiState};

/// Entries of a minute.
const ENTRIES_MAX: u32 = 20;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Counts what the ledger is told.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    since: Option<Timestamp>,
    told: u32,
    more: u64,
}

impl Told {
    /// Whether one more may be told now; it is counted where not.
    pub(super) fn may_tell(&self, now: Timestamp) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.since.is_none_or(|since| now.duration_since(since) >= MINUTE) {
            (counted.since, counted.told) = (Some(now), 0);
        }
        if counted.told < ENTRIES_MAX {
            counted.told += 1;
            return true;
        }
        counted.more += 1;
        false
    }

    /// How many were not told since it was asked last: also while there is no end of them.
    pub(super) fn take_more(&self) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (counted.more > 0).then(|| std::mem::take(&mut counted.more))
    }

    /// Takes back what the ledger could not be told.
    pub(super) fn give_back(&self, more: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).more += more;
    }
}

/// An entry for the ledger.
pub(super) fn entry(kind: &str, actor: &str, subject: String, body: serde_json::Value) -> EntryDraft {
    EntryDraft { kind: kind.to_owned(), actor: actor.to_owned(), subject, body }
}

/// Tells the ledger something; the answer does not wait for what is being written.
pub(super) fn tell(state: &ApiState, entry: EntryDraft, now: Timestamp) {
    let store = state.store.clone();
    tokio::spawn(async move {
        let kind = entry.kind.clone();
        if let Err(error) = store.append(vec![entry], now).await {
            tracing::warn!(kind, error = chain(&error), "could not tell the ledger");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_floods_the_ledger_and_nothing_is_lost() {
        let told = Told::default();
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).expect("in range");
        let now = (0..100).filter(|_| told.may_tell(at(0))).count();
        assert_eq!(now, 20);
        assert_eq!(told.take_more(), Some(80), "while it goes on");
        assert_eq!(told.take_more(), None);
        told.give_back(80);
        assert!(!told.may_tell(at(59)));
        assert_eq!(told.take_more(), Some(81));
        assert!(told.may_tell(at(60)));
        assert_eq!(told.take_more(), None);
    }
}
