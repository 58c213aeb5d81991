//! Scans that the API starts and follows.
//!
//! [`StartScan`] is what the routes need; [`ScanRunner`] does it with the collector. Whoever follows a scan watches one
//! value, [`ScanStatus`], so a slow client misses steps in between and never the end.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fathom_model::{Region, ResourceType, Scan, Timestamp};
use fathom_see::{Progress, ScanError, ScanOptions, ScanReport, Scanner, Snapshot, sources};
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::problem::chain;

/// How often the counters of a running scan are looked at.
const SAMPLE: Duration = Duration::from_millis(250);

/// How a client may narrow the scan that the server is set up for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanRequest {
    /// Only these regions; those of the server's setup where empty.
    pub regions: Vec<Region>,
    /// Only these types; those of the server's setup where empty.
    pub kinds: Vec<ResourceType>,
}

/// Where a scan stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanStatus {
    /// Its number; none until the cloud let us in.
    pub scan: Option<i64>,
    /// The counters.
    pub progress: Snapshot,
    /// How it ended.
    pub end: Option<ScanEnd>,
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq)]
pub enum ScanEnd {
    /// With results.
    Finished(Box<Scan>),
    /// Without.
    Failed {
        /// Why.
        error: String,
    },
}

/// Why no scan was started.
#[derive(Debug, thiserror::Error)]
pub enum StartScanError {
    /// One is under way.
    #[error("a scan is under way")]
    Running {
        /// Its number, where it has one already.
        scan: Option<i64>,
    },
    /// What people declare does not load.
    #[error("the declarations do not load: {0}")]
    Declarations(String),
}

/// Starts scans, one at a time.
pub trait StartScan: Send + Sync + 'static {
    /// Starts a scan. The receiver follows it; its last value has an end.
    fn start(
        &self,
        request: ScanRequest,
    ) -> BoxFuture<'_, Result<watch::Receiver<ScanStatus>, StartScanError>>;

    /// The scan that was started last, under way or ended.
    fn latest(&self) -> Option<watch::Receiver<ScanStatus>>;
}

/// Runs scans with the collector.
pub struct ScanRunner {
    scanner: Scanner,
    options: ScanOptions,
    declarations: Option<PathBuf>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    latest: Mutex<Option<watch::Receiver<ScanStatus>>>,
}

impl ScanRunner {
    /// A runner whose scans look at what `options` say, narrowed by each request. The declarations file is read anew
    /// for each scan.
    pub fn new(
        scanner: Scanner,
        options: ScanOptions,
        declarations: Option<PathBuf>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self { scanner, options, declarations, clock: Arc::new(clock), latest: Mutex::default() }
    }

    /// Takes the only place, where it is free.
    fn claim(&self) -> Result<watch::Sender<ScanStatus>, StartScanError> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = latest.as_ref() {
            let status = running.borrow();
            // A sender that is gone without an end belongs to a task that panicked.
            if status.end.is_none() && running.has_changed().is_ok() {
                return Err(StartScanError::Running { scan: status.scan });
            }
        }
        let (sender, receiver) =
            watch::channel(ScanStatus { scan: None, progress: Snapshot::default(), end: None });
        *latest = Some(receiver);
        Ok(sender)
    }
}

impl StartScan for ScanRunner {
    fn start(
        &self,
        request: ScanRequest,
    ) -> BoxFuture<'_, Result<watch::Receiver<ScanStatus>, StartScanError>> {
        Box::pin(async move {
            let sender = self.claim()?;
            let mut options = self.options.clone();
            if !request.regions.is_empty() {
                options.regions = request.regions;
            }
            if !request.kinds.is_empty() {
                options.kinds = request.kinds;
            }
            let file = self.declarations.clone();
            let read = tokio::task::spawn_blocking(move || sources::read(file.as_deref())).await;
            let declared = match read {
                Ok(Ok(declared)) => declared,
                Ok(Err(error)) => return Err(refuse(&sender, chain(&error))),
                Err(_) => return Err(refuse(&sender, "reading them was interrupted".to_owned())),
            };
            let receiver = sender.subscribe();
            let (scanner, clock) = (self.scanner.clone(), Arc::clone(&self.clock));
            tokio::spawn(async move {
                let progress = Progress::default();
                let run = scanner.run(&options, &declared, &progress, || clock());
                Box::pin(follow(run, &progress, &sender)).await;
            });
            Ok(receiver)
        })
    }

    fn latest(&self) -> Option<watch::Receiver<ScanStatus>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Ends a scan before it began.
fn refuse(sender: &watch::Sender<ScanStatus>, why: String) -> StartScanError {
    let error = StartScanError::Declarations(why);
    sender.send_modify(|status| status.end = Some(ScanEnd::Failed { error: error.to_string() }));
    error
}

/// Runs a scan to its end and tells, at most every [`SAMPLE`], what changed.
async fn follow(
    run: impl Future<Output = Result<ScanReport, ScanError>>,
    progress: &Progress,
    sender: &watch::Sender<ScanStatus>,
) {
    let mut run = std::pin::pin!(run);
    let mut ticks = tokio::time::interval(SAMPLE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let end = loop {
        tokio::select! {
            biased;
            ended = &mut run => break ended,
            _ = ticks.tick() => {
                let now = progress.snapshot();
                sender.send_if_modified(|status| {
                    let changed = status.progress != now;
                    (status.progress, status.scan) = (now, now.scan);
                    changed
                });
            }
        }
    };
    let (scan, end) = match end {
        Ok(report) => (Some(report.scan.id), ScanEnd::Finished(Box::new(report.scan))),
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(error, "scan failed");
            (progress.snapshot().scan, ScanEnd::Failed { error })
        }
    };
    sender.send_modify(|status| {
        *status = ScanStatus { scan, progress: progress.snapshot(), end: Some(end) };
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use fathom_store::{ScanResults, Store, StoreError};

    use super::*;

    /// The values that a follower of a scan can see last.
    async fn last_of(run: impl Future<Output = Result<ScanReport, ScanError>>) -> ScanStatus {
        let begin = ScanStatus { scan: None, progress: Snapshot::default(), end: None };
        let (sender, mut receiver) = watch::channel(begin);
        follow(run, &Progress::default(), &sender).await;
        receiver.wait_for(|status| status.end.is_some()).await.expect("an end").clone()
    }

    #[tokio::test]
    async fn every_scan_that_is_followed_has_an_end() {
        let dir = tempfile::tempdir().expect("a directory");
        let now = Timestamp::UNIX_EPOCH;
        let store = Store::open(dir.path(), "fathom.test/ledger", now).await.expect("a store");
        let run = async {
            let scan = store.begin_scan("one", &[], &[], now).await?;
            tokio::time::sleep(2 * SAMPLE).await;
            let scan = store.finish_scan(scan, ScanResults::default(), now).await?;
            let (coverage, kinds) = (Vec::new(), BTreeMap::new());
            Ok(ScanReport { scan, coverage, kinds, duplicates: 0, unresolved: 0, trail: None })
        };
        let status = last_of(run).await;
        assert_eq!(status.scan, Some(1));
        assert!(matches!(status.end, Some(ScanEnd::Finished(scan)) if scan.id == 1));

        let status = last_of(async { Err(StoreError::Closed.into()) }).await;
        let Some(ScanEnd::Failed { error }) = status.end else { panic!("it did not fail") };
        assert_eq!(error, "cannot keep the scan: the store is closing");
    }
}
