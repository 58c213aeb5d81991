//! One look at the cloud, from start to end.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A scan as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Counts up from 1.
    pub id: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Where it stands.
    pub state: ScanState,
    /// What it looked at, in words: accounts and regions, or the recording that was played.
    pub scope: String,
    /// The accounts it covered.
    pub accounts: Vec<String>,
    /// The regions it covered.
    pub regions: Vec<String>,
    /// Resources seen.
    pub resources: u64,
    /// Of these, understood.
    pub understood: u64,
    /// HTTP calls made.
    pub calls: u64,
    /// Rows of the coverage ledger that are unknown.
    pub coverage_unknown: u64,
    /// Why it failed, where it did.
    pub error: Option<String>,
}

/// Where a scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanState {
    /// Under way.
    Running,
    /// Ended, and its results are the current estate.
    Finished,
    /// Ended without results.
    Failed,
    /// The process ended before the scan did.
    Interrupted,
}

impl ScanState {
    /// The word used in tables and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The state of a word, as [`ScanState::as_str`] writes it.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}
