//! Accounting: every operation asked, and how it ended.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, ResourceType};

/// What a row of the coverage ledger is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The account asked.
    pub account: AccountId,
    /// The region asked.
    pub region: Region,
    /// The service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The type it is read for.
    pub kind: Option<ResourceType>,
}

/// How one call, or one list of pages, ended.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    /// Items it brought.
    pub items: u64,
    /// HTTP calls it took.
    pub calls: u64,
    /// Answers that were throttled.
    pub throttles: u64,
    /// Milliseconds.
    pub millis: u64,
    /// Why it was not, or not fully, answered.
    pub failure: Option<Failure>,
}

/// Why something was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of reason.
    pub reason: Reason,
    /// The permission that a denied call would need.
    pub permission: Option<String>,
    /// The service's own words.
    pub detail: String,
}

/// The longest text of a service that is kept.
const DETAIL_CHARS_MAX: usize = 400;

/// The rows so far; shared by all tasks of a scan.
#[derive(Debug, Default)]
pub struct Tally {
    rows: Mutex<BTreeMap<Key, Ending>>,
    failures: Mutex<BTreeMap<Key, u64>>,
}

impl Tally {
    /// Opens a row before the first call, so that a scan that dies still names what it did not reach.
    pub fn plan(&self, key: Key) {
        let not_reached = Ending {
            failure: Some(Failure {
                reason: Reason::NotReached,
                permission: None,
                detail: "the scan ended before its turn".to_owned(),
            }),
            ..Ending::default()
        };
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(not_reached);
    }

    /// Adds an ending to its row.
    pub fn add(&self, key: Key, ending: Ending) {
        if ending.failure.is_some() {
            *self.failures.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default() +=
                1;
        }
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let row = rows.entry(key).or_default();
        if row.failure.as_ref().is_some_and(|failure| failure.reason == Reason::NotReached) {
            row.failure = None;
        }
        row.items += ending.items;
        row.calls += ending.calls;
        row.throttles += ending.throttles;
        row.millis += ending.millis;
        // The first failure speaks for the row; the count says how many there were.
        if row.failure.is_none() {
            row.failure = ending.failure;
        }
    }

    /// The coverage ledger of the scan, sorted.
    pub fn rows(&self) -> Vec<Coverage> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter()
            .map(|(key, ending)| Coverage {
                account: key.account.clone(),
                region: key.region.clone(),
                service: key.service.clone(),
                operation: key.operation.clone(),
                resource_type: key.kind.clone(),
                outcome: match (&ending.failure, ending.items) {
                    (Some(_), _) => Outcome::Unknown,
                    (None, 0) => Outcome::Empty,
                    (None, _) => Outcome::Read,
                },
                reason: ending.failure.as_ref().map(|failure| failure.reason),
                permission: ending.failure.as_ref().and_then(|failure| failure.permission.clone()),
                detail: ending.failure.as_ref().map(|failure| shorten(&failure.detail)),
                calls: ending.calls,
                items: ending.items,
                throttles: ending.throttles,
                failures: failures.get(key).copied().unwrap_or_default(),
                millis: ending.millis,
            })
            .collect()
    }
}

/// One line of at most [`DETAIL_CHARS_MAX`] characters, without control characters.
pub fn shorten(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(DETAIL_CHARS_MAX).collect();
    if text.chars().count() > DETAIL_CHARS_MAX { format!("{clean}…") } else { clean }
}
