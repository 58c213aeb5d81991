//! What `fathom serve` does by itself: scans when they are due, and refreshes when events come.

use std::{sync::Arc, time::Duration};

use fathom_api::{ScanEnd, ScanRequest, ScanRunner, ScheduleStatus, StartScan, StartScanError};
use fathom_model::{ScanState, Timestamp};
use fathom_store::{LastAsked, Store};
use tokio::{sync::watch, time::sleep};

use crate::wiring;

/// The pause after a scan that failed; doubled with each further one, up to an hour and no more than the interval.
const PAUSE: Duration = Duration::from_mins(1);
const PAUSE_MAX: Duration = Duration::from_hours(1);
/// How often the clock is looked at: it may be set, and the machine may sleep.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Scans that begin by themselves.
pub(crate) struct Schedule {
    /// What scans.
    pub(crate) runner: Arc<ScanRunner>,
    /// Where they are kept.
    pub(crate) store: Store,
    /// What they look at, as the store knows it.
    pub(crate) asked: String,
    /// From the beginning of one to that of the next.
    pub(crate) every: Duration,
}

impl Schedule {
    /// Goes on for ever.
    pub(crate) async fn run(&self, status: &watch::Sender<ScheduleStatus>) {
        loop {
            let last = match self.store.last_asked(&self.asked).await {
                Ok(last) => last,
                Err(error) => {
                    tracing::error!(%error, "the schedule cannot read the scans");
                    sleep(LOOK_EVERY).await;
                    continue;
                }
            };
            let due = due(last.as_ref(), self.every, wiring::now());
            status.send_replace(ScheduleStatus {
                every_seconds: self.every.as_secs(),
                next_at: due,
                failures: last.as_ref().map_or(0, |last| last.failures),
            });
            match due {
                Some(due) if due <= wiring::now() => self.scan().await,
                Some(due) => {
                    let left = due.duration_since(wiring::now()).unsigned_abs();
                    sleep(left.min(LOOK_EVERY)).await;
                }
                None => {
                    sleep(LOOK_EVERY).await;
                    // One that failed where not even that could be written would be under way for ever.
                    if let Err(error) = self.store.end_failed(wiring::now()).await {
                        tracing::error!(%error, "the schedule cannot note a scan that failed");
                    }
                }
            }
        }
    }

    /// Starts a scan and waits for its end.
    async fn scan(&self) {
        let failure = match self.runner.start(ScanRequest::default()).await {
            Ok(mut following) => {
                // Where the task panicked, the last value has no end.
                let _said = following.wait_for(|status| status.end.is_some()).await.is_ok();
                let status = following.borrow().clone();
                let failure = match status.end {
                    Some(ScanEnd::Finished(scan)) => {
                        tracing::info!(scan = scan.id, "a scan of the schedule finished");
                        return;
                    }
                    Some(ScanEnd::Failed { error }) => error,
                    None => "the scan ended without saying how".to_owned(),
                };
                if let Some(scan) = status.scan {
                    return self.check_ended(scan, &failure).await;
                }
                failure
            }
            Err(StartScanError::Running { .. }) => {
                // Somebody started one; whether it was of this scope shows when it has ended.
                sleep(LOOK_EVERY).await;
                return;
            }
            Err(error @ StartScanError::Declarations(_)) => {
                let error = error.to_string();
                tracing::warn!(error, "a scan of the schedule did not begin");
                error
            }
        };
        self.note(&failure).await;
    }

    /// Sees to it that a scan that failed is none that is under way.
    async fn check_ended(&self, scan: i64, failure: &str) {
        let checked = async {
            match self.store.scan(scan).await? {
                Some(scan) if scan.state == ScanState::Running => {
                    self.store.fail_scan(scan.id, failure, wiring::now()).await
                }
                _ => Ok(()),
            }
        };
        if let Err(error) = checked.await {
            tracing::error!(scan, %error, "the schedule cannot note a scan that failed");
        }
    }

    async fn note(&self, failure: &str) {
        // One that had no number yet is written down too, so that people see it and the next try waits.
        let noted = async {
            let now = wiring::now();
            let scan = self.store.begin_scan_as(Some(&self.asked), "by schedule", &[], &[], now).await?;
            self.store.fail_scan(scan, failure, now).await
        };
        if let Err(error) = noted.await {
            tracing::error!(%error, "the schedule cannot note a scan that failed");
            sleep(PAUSE).await;
        }
    }
}

/// When the next scan is due; none while one is under way. It follows from the list of scans alone, so that a restart
/// neither forgets nor repeats one.
fn due(last: Option<&LastAsked>, every: Duration, now: Timestamp) -> Option<Timestamp> {
    let Some(LastAsked { scan, failures }) = last else { return Some(now) };
    let after = |at: Timestamp, pause: Duration| at.checked_add(pause).unwrap_or(Timestamp::MAX);
    // A clock that was set back must not hold up scans for longer than the interval.
    let at_most = after(now, every);
    let due = match scan.state {
        ScanState::Running => return None,
        ScanState::Finished => after(scan.started_at, every),
        ScanState::Failed | ScanState::Interrupted => {
            let doubled = PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
            after(scan.finished_at.unwrap_or(scan.started_at), doubled.min(PAUSE_MAX).min(every))
        }
    };
    Some(due.min(at_most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_model::Scan;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn last(state: ScanState, failures: u32) -> LastAsked {
        let scan = Scan {
            id: 1,
            started_at: at(1000),
            finished_at: (state != ScanState::Running).then(|| at(1100)),
            state,
            scope: String::new(),
            accounts: Vec::new(),
            regions: Vec::new(),
            resources: 0,
            understood: 0,
            calls: 0,
            coverage_unknown: 0,
            error: None,
        };
        LastAsked { scan, failures }
    }

    #[test]
    fn a_scan_is_due_when_the_list_of_scans_says_so() {
        let hour = Duration::from_hours(1);
        let due = |last: Option<LastAsked>, now: i64| super::due(last.as_ref(), hour, at(now));
        assert_eq!(due(None, 5), Some(at(5)), "there was none: now");
        assert_eq!(due(Some(last(ScanState::Finished, 0)), 2000), Some(at(4600)), "from its beginning");
        assert_eq!(
            due(Some(last(ScanState::Finished, 0)), 9000),
            Some(at(4600)),
            "a restart finds it overdue"
        );
        assert_eq!(due(Some(last(ScanState::Running, 0)), 9000), None);
        for (failures, wait) in [(1, 60), (2, 120), (4, 480), (20, 3600)] {
            let found = due(Some(last(ScanState::Failed, failures)), 1100);
            assert_eq!(found, Some(at(1100 + wait)), "{failures} failures");
        }
        assert_eq!(due(Some(last(ScanState::Interrupted, 1)), 1100), Some(at(1160)));
        let short = super::due(Some(&last(ScanState::Failed, 5)), Duration::from_secs(30), at(1100));
        assert_eq!(short, Some(at(1130)), "no longer than the interval");
        assert_eq!(due(Some(last(ScanState::Finished, 0)), 0), Some(at(3600)), "the clock was set back");
    }
}
