//! What a scan is doing, for a progress display or an event stream.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// Counters that all tasks of a scan share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// 0 until the scan has a number.
    scan: AtomicI64,
    accounts: AtomicU64,
    regions: AtomicU64,
    planned: AtomicU64,
    done: AtomicU64,
    resources: AtomicU64,
    unanswered: AtomicU64,
    phase: watch::Sender<Phase>,
}

/// The part of a scan that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Finding out who we are, which accounts and regions there are.
    #[default]
    SigningIn,
    /// Asking.
    Reading,
    /// Joining references, explaining, ranking.
    Understanding,
    /// Committing and sealing.
    Sealing,
    /// Over.
    Done,
}

/// The counters at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The scan's number; none until the cloud let us in.
    pub scan: Option<i64>,
    /// What is under way.
    pub phase: Phase,
    /// Accounts in scope.
    pub accounts: u64,
    /// Regions in scope, over all accounts.
    pub regions: u64,
    /// Listings planned so far; grows while parents bring children.
    pub planned: u64,
    /// Listings ended.
    pub done: u64,
    /// Resources found.
    pub resources: u64,
    /// Listings and enrichments that were not answered.
    pub unanswered: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Inner {
            scan: AtomicI64::default(),
            accounts: AtomicU64::default(),
            regions: AtomicU64::default(),
            planned: AtomicU64::default(),
            done: AtomicU64::default(),
            resources: AtomicU64::default(),
            unanswered: AtomicU64::default(),
            phase: watch::Sender::new(Phase::default()),
        }))
    }
}

impl Progress {
    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        let Inner { scan, accounts, regions, planned, done, resources, unanswered, phase } = &*self.0;
        let scan = scan.load(Relaxed);
        Snapshot {
            scan: (scan != 0).then_some(scan),
            phase: *phase.borrow(),
            accounts: accounts.load(Relaxed),
            regions: regions.load(Relaxed),
            planned: planned.load(Relaxed),
            done: done.load(Relaxed),
            resources: resources.load(Relaxed),
            unanswered: unanswered.load(Relaxed),
        }
    }

    /// Tells when the phase changes.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.0.phase.subscribe()
    }

    pub(crate) fn begun(&self, scan: i64) {
        self.0.scan.store(scan, Relaxed);
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.phase.send_replace(phase);
    }

    pub(crate) fn scope(&self, accounts: usize, regions: usize) {
        self.0.accounts.fetch_add(accounts as u64, Relaxed);
        self.0.regions.fetch_add(regions as u64, Relaxed);
    }

    pub(crate) fn planned(&self) {
        self.0.planned.fetch_add(1, Relaxed);
    }

    pub(crate) fn done(&self) {
        self.0.done.fetch_add(1, Relaxed);
    }

    pub(crate) fn found(&self, resources: usize) {
        self.0.resources.fetch_add(resources as u64, Relaxed);
    }

    pub(crate) fn unanswered(&self) {
        self.0.unanswered.fetch_add(1, Relaxed);
    }
}
