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
    rows: Mutex<BTreeMap<Key, Row>>,
}

/// A row: what its calls came to, if there were any.
#[derive(Debug, Default)]
struct Row {
    reached: bool,
    sum: Ending,
    failures: u64,
}

impl Tally {
    /// Opens a row before the first call, so that a scan that dies still names what it did not reach.
    pub fn plan(&self, key: Key) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default();
    }

    /// Adds an ending to its row.
    pub fn add(&self, key: Key, ending: Ending) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let Row { reached, sum, failures } = rows.entry(key).or_default();
        *reached = true;
        *failures += u64::from(ending.failure.is_some());
        sum.items += ending.items;
        sum.calls += ending.calls;
        sum.throttles += ending.throttles;
        sum.millis += ending.millis;
        // The first failure speaks for the row; the count says how many there were.
        if sum.failure.is_none() {
            sum.failure = ending.failure;
        }
    }

    /// Why a row is unknown so far, if it is.
    pub fn failure(&self, key: &Key) -> Option<Failure> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.get(key).and_then(|row| row.sum.failure.clone())
    }

    /// The coverage ledger of the scan, sorted.
    pub fn rows(&self) -> Vec<Coverage> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().map(|(key, row)| row.coverage(key)).collect()
    }
}

impl Row {
    fn coverage(&self, key: &Key) -> Coverage {
        let not_reached = || Failure {
            reason: Reason::NotReached,
            permission: None,
            detail: "the scan ended before its turn".to_owned(),
        };
        let failure = if self.reached { self.sum.failure.clone() } else { Some(not_reached()) };
        Coverage {
            account: key.account.clone(),
            region: key.region.clone(),
            service: key.service.clone(),
            operation: key.operation.clone(),
            resource_type: key.kind.clone(),
            outcome: match (&failure, self.sum.items) {
                (Some(_), _) => Outcome::Unknown,
                (None, 0) => Outcome::Empty,
                (None, _) => Outcome::Read,
            },
            reason: failure.as_ref().map(|failure| failure.reason),
            detail: failure.as_ref().map(|failure| shorten(&failure.detail)),
            permission: failure.and_then(|failure| failure.permission),
            calls: self.sum.calls,
            items: self.sum.items,
            throttles: self.sum.throttles,
            failures: self.failures,
            millis: self.sum.millis,
        }
    }
}

/// An error with its causes, as one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    shorten(&text)
}

/// One line of at most [`DETAIL_CHARS_MAX`] characters, without control characters.
pub fn shorten(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(DETAIL_CHARS_MAX).collect();
    if text.chars().count() > DETAIL_CHARS_MAX { format!("{clean}…") } else { clean }
}
