//! Scans.

use fathom_model::{AccountId, Scan, ScanState, Timestamp};
use fathom_see::{Snapshot, progress::Phase};
use fathom_store::Scope;
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
    /// What it looked at, in words; empty for callers who see a part of the estate.
    pub(crate) scope: String,
    /// The accounts it covered, those that the caller may see.
    pub(crate) accounts: Vec<String>,
    /// The regions it covered.
    pub(crate) regions: Vec<String>,
    /// Resources seen; null, as the numbers that follow, for callers who see a part of the estate.
    pub(crate) resources: Option<u64>,
    /// Of these, understood.
    pub(crate) understood: Option<u64>,
    /// Calls made.
    pub(crate) calls: Option<u64>,
    /// Rows of the coverage ledger that are unknown.
    pub(crate) coverage_unknown: Option<u64>,
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
            resources: Some(scan.resources),
            understood: Some(scan.understood),
            calls: Some(scan.calls),
            coverage_unknown: Some(scan.coverage_unknown),
            error: scan.error,
        }
    }
}

impl ScanView {
    /// The scan as somebody may see it: its numbers are about all that it looked at, and its words may name any account.
    pub(crate) fn seen(scan: Scan, scope: &Scope) -> Self {
        let mut view = Self::from(scan);
        if scope.is_all() {
            return view;
        }
        let accounts = scope.accounts.as_ref();
        view.accounts
            .retain(|account| accounts.is_some_and(|own| own.contains(&AccountId::from(account.as_str()))));
        view.scope.clear();
        (view.resources, view.understood, view.calls, view.coverage_unknown) = (None, None, None, None);
        view.error = view.error.map(|_| "the scan failed".to_owned());
        view
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
