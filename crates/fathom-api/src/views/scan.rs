//! Scans.

use fathom_model::{Scan, ScanState, Timestamp};
use fathom_see::{Snapshot, progress::Phase};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScanStateView {
    /// Under way.
    Running,
    /// Ended; its results are the current estate.
    Finished,
    /// Ended without results.
    Failed,
    /// The process ended before the scan did.
    Interrupted,
}

/// One look at the cloud.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ScanView {
    /// Counts up from 1.
    pub(crate) id: i64,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) finished_at: Option<Timestamp>,
    /// Where it stands.
    pub(crate) state: ScanStateView,
    /// What it looked at, in words.
    pub(crate) scope: String,
    /// The accounts it covered.
    pub(crate) accounts: Vec<String>,
    /// The regions it covered.
    pub(crate) regions: Vec<String>,
    /// Resources seen.
    pub(crate) resources: u64,
    /// Of these, understood.
    pub(crate) understood: u64,
    /// Calls made.
    pub(crate) calls: u64,
    /// Rows of the coverage ledger that are unknown.
    pub(crate) coverage_unknown: u64,
    /// Why it failed, where it did.
    pub(crate) error: Option<String>,
}

impl From<Scan> for ScanView {
    fn from(scan: Scan) -> Self {
        Self {
            id: scan.id,
            started_at: scan.started_at,
            finished_at: scan.finished_at,
            state: match scan.state {
                ScanState::Running => ScanStateView::Running,
                ScanState::Finished => ScanStateView::Finished,
                ScanState::Failed => ScanStateView::Failed,
                ScanState::Interrupted => ScanStateView::Interrupted,
            },
            scope: scan.scope,
            accounts: scan.accounts,
            regions: scan.regions,
            resources: scan.resources,
            understood: scan.understood,
            calls: scan.calls,
            coverage_unknown: scan.coverage_unknown,
            error: scan.error,
        }
    }
}

/// The part of a scan that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhaseView {
    /// Finding out who we are, which accounts and regions there are.
    SigningIn,
    /// Asking.
    Reading,
    /// Joining, explaining, ranking.
    Understanding,
    /// Committing and sealing.
    Sealing,
    /// Over.
    Done,
}

/// The counters of a scan that is under way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProgressView {
    /// The scan's number; null until the cloud let us in.
    pub(crate) scan: Option<i64>,
    /// What is under way.
    pub(crate) phase: PhaseView,
    /// Accounts in scope.
    pub(crate) accounts: u64,
    /// Regions in scope, over all accounts.
    pub(crate) regions: u64,
    /// Listings planned so far; grows while parents bring children.
    pub(crate) planned: u64,
    /// Listings ended.
    pub(crate) done: u64,
    /// Resources found.
    pub(crate) resources: u64,
    /// Listings that were not answered.
    pub(crate) unanswered: u64,
}

impl ProgressView {
    pub(crate) fn new(scan: Option<i64>, now: Snapshot) -> Self {
        Self {
            scan,
            phase: match now.phase {
                Phase::SigningIn => PhaseView::SigningIn,
                Phase::Reading => PhaseView::Reading,
                Phase::Understanding => PhaseView::Understanding,
                Phase::Sealing => PhaseView::Sealing,
                Phase::Done => PhaseView::Done,
            },
            accounts: now.accounts,
            regions: now.regions,
            planned: now.planned,
            done: now.done,
            resources: now.resources,
            unanswered: now.unanswered,
        }
    }
}
