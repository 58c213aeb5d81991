//! How much one query may take.

use std::time::Duration;

/// The limits of one query. All are hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most rows of an answer; more are cut off and the answer says so.
    pub rows_max: u64,
    /// Most bytes that sorting, grouping and joining may hold at once; a query that needs more fails.
    pub bytes_max: usize,
    /// Most seconds from the start of the query to its last row; a slower one fails.
    pub seconds_max: u64,
}

impl Limits {
    /// The time limit.
    pub fn time_max(&self) -> Duration {
        Duration::from_secs(self.seconds_max)
    }
}

impl Default for Limits {
    /// 100,000 rows, 1 GiB, 60 seconds.
    fn default() -> Self {
        Self { rows_max: 100_000, bytes_max: 1 << 30, seconds_max: 60 }
    }
}
