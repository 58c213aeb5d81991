//! How many findings came and went with each run of the checks, and how long they were there: what trends are made of.

use fathom_model::{AccountId, FindingChange, Severity, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::{FindingRun, TABLE, decode_run, word};
use crate::{
    Store, StoreError,
    rows::{column, count, micros, time},
};

/// Findings alike that changed alike in the same run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingTurns {
    /// When the run was.
    pub at: Timestamp,
    /// Opened, reopened or fixed.
    pub what: FindingChange,
    /// The check.
    pub check: String,
    /// How bad they are, as of the last run.
    pub severity: Severity,
    /// The account that owns the resources.
    pub account: AccountId,
    /// Who answered for them when they were asked about last.
    pub owner: Option<String>,
    /// How many.
    pub count: u64,
}

/// Findings that were fixed, and how long they had been open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingFixes {
    /// The account that owns the resources.
    pub account: AccountId,
    /// Who answered for them when they were asked about last.
    pub owner: Option<String>,
    /// How often a finding was fixed.
    pub count: u64,
    /// The seconds for which they had been open, together.
    pub open_seconds: u64,
}

impl Store {
    /// What runs of checks opened and fixed, the oldest first. Added up, it is how many findings were failing after each run.
    pub async fn finding_turns(&self) -> Result<Vec<FindingTurns>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.at, e.what, f.check_id, f.severity, f.account, f.owner, COUNT(*) FROM finding_event e \
             JOIN finding f ON f.id = e.finding WHERE e.what IN ('opened', 'reopened', 'fixed') \
             GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read how findings changed", source))?;
        let decode = |row: &SqliteRow| {
            Ok(FindingTurns {
                at: time("finding_event", column(row, "finding_event", 0)?)?,
                what: word("finding_event", column(row, "finding_event", 1)?, FindingChange::parse)?,
                check: column(row, TABLE, 2)?,
                severity: word(TABLE, column(row, TABLE, 3)?, Severity::parse)?,
                account: AccountId::from(column::<&str>(row, TABLE, 4)?),
                owner: column(row, TABLE, 5)?,
                count: count(row, TABLE, 6)?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// What was fixed since a time, with how long it had been open: from when it failed, or failed again, until it was fixed.
    pub async fn finding_fixes(&self, since: Timestamp) -> Result<Vec<FindingFixes>, StoreError> {
        let rows = sqlx::query(
            "SELECT account, owner, COUNT(*), SUM((fixed - opened) / 1000000) FROM ( \
               SELECT f.account AS account, f.owner AS owner, e.at AS fixed, (SELECT MAX(o.at) FROM finding_event o \
                 WHERE o.finding = e.finding AND o.id < e.id AND o.what IN ('opened', 'reopened')) AS opened \
               FROM finding_event e JOIN finding f ON f.id = e.finding WHERE e.what = 'fixed' AND e.at >= $1) \
             WHERE opened IS NOT NULL GROUP BY 1, 2",
        )
        .bind(micros(since))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read how long findings were open", source))?;
        let decode = |row: &SqliteRow| {
            Ok(FindingFixes {
                account: AccountId::from(column::<&str>(row, TABLE, 0)?),
                owner: column(row, TABLE, 1)?,
                count: count(row, TABLE, 2)?,
                open_seconds: count(row, TABLE, 3)?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// The newest runs of checks, at most so many; the oldest first.
    pub async fn finding_runs(&self, most: u32) -> Result<Vec<FindingRun>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, scan, run_by, checks, resources, whole FROM finding_run ORDER BY id DESC LIMIT $1",
        )
        .bind(i64::from(most))
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the runs of checks", source))?;
        rows.iter().rev().map(decode_run).collect()
    }
}
