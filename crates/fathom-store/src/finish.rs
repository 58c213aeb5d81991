//! The end of a scan: what was staged becomes the estate, in one transaction with its entry in the ledger.
//!
//! What takes long is done before that transaction and does not hold the writer: knowledge is compared with what the
//! estate holds and only differences are staged ([`Finishing::explain`], short transactions), and all counts are taken
//! by a reader. Scans are finished one after the other, so what was compared still holds when the transaction begins.
//! Readers see nothing of it until it is committed, and a process that dies before leaves the estate as it was.

use std::collections::{BTreeMap, HashSet};

use fathom_model::{Coverage, Edge, Outcome, Reason, Scan, Statement, Timestamp, Uid, Unknown};
use serde_json::json;
use sqlx::Row as _;
use tokio::sync::OwnedMutexGuard;

use crate::{
    Knowledge, Listing, Store, StoreError, catalog,
    commit::{self, Changes},
    coverage, figures, knowledge, ledger, overlap,
    reconcile::Listings,
    rows::{micros, stored_count},
    scans::{blocking, clear_staged, listed, running, scan_entry},
    unseen::{self, Unseen},
};

/// Resources that are compared, and staged, at once.
const EXPLAIN_ROWS_MAX: usize = 4096;

/// A scan that is being finished. Dropped without [`Finishing::commit`], it leaves the scan under way.
#[derive(Debug)]
pub struct Finishing {
    store: Store,
    scan: Scan,
    read_at: Timestamp,
    counts: Counts,
    /// No other scan is finished as long as this one is.
    _turn: OwnedMutexGuard<()>,
}

/// What was handed in, for the ledger.
#[derive(Debug, Default)]
struct Counts {
    edges: u64,
    statements: u64,
    unknowns: u64,
}

/// All that a scan brings home beside its resources, in one piece.
#[derive(Debug, Clone, Default)]
pub struct ScanResults {
    /// As [`ScanEnd::coverage`].
    pub coverage: Vec<Coverage>,
    /// As [`ScanEnd::listings`].
    pub listings: Option<Vec<Listing>>,
    /// All edges of the resources seen.
    pub edges: Vec<Edge>,
    /// All statements on the resources seen.
    pub statements: Vec<(Uid, Statement)>,
    /// The resources that are not understood.
    pub unknowns: Vec<Unknown>,
    /// The uids of those that are.
    pub understood: HashSet<Uid>,
    /// HTTP calls made, retries included.
    pub calls: u64,
}

/// What a scan brings home beside its resources and what is known about them.
#[derive(Debug, Clone, Default)]
pub struct ScanEnd {
    /// Every operation with its outcome. Replaces what was known for the same account, region and service.
    pub coverage: Vec<Coverage>,
    /// Which listings were read or not. None derives them from `coverage`: a listing was read where every operation
    /// that was made for the type in that account and region was. Give them where a detail that could not be read
    /// must not keep the store from noticing that resources are gone.
    pub listings: Option<Vec<Listing>>,
    /// HTTP calls made, retries included.
    pub calls: u64,
    /// For what looked at single resources only, as an import does: those that it says are gone. Nothing else is gone
    /// then, and nothing is stale, whatever `listings` say.
    pub only: Option<Vec<Uid>>,
    /// For a scan that looked at a part only: nothing but what its listings name is stale, and of the coverage
    /// only the operations that it asked are replaced.
    pub narrowed: bool,
    /// For one of many small scans: no figures for the trend are kept.
    pub brief: bool,
}

impl Store {
    /// Ends a scan: makes what was staged the estate, lets go of what is gone, and seals it in the ledger.
    ///
    /// Edges, statements and unknowns are replaced for every resource that was seen, is gone, or is named in the
    /// results; resources that could not be seen keep theirs and are marked stale. For large estates use
    /// [`Store::begin_finish`], which takes the same in batches.
    pub async fn finish_scan(
        &self,
        scan: i64,
        results: ScanResults,
        now: Timestamp,
    ) -> Result<Scan, StoreError> {
        let ScanResults { coverage, listings, edges, statements, unknowns, understood, calls } = results;
        let mut finishing = self.begin_finish(scan, now).await?;
        finishing.counts = Counts {
            edges: edges.len() as u64,
            statements: statements.len() as u64,
            unknowns: unknowns.len() as u64,
        };
        let mut grouped = knowledge::Grouped::new(edges, statements, unknowns, understood);
        let mut after = 0;
        loop {
            let (uids, last) = self.staged_uids(scan, after).await?;
            let Some(last) = last else { break };
            after = last;
            let batch = uids.iter().map(|uid| grouped.take(uid)).collect();
            finishing.stage_differences(batch).await?;
        }
        let named: Vec<Knowledge> = grouped.rest().iter().map(|uid| grouped.take(uid)).collect();
        finishing.stage_differences(named).await?;
        finishing.commit(ScanEnd { coverage, listings, calls, ..ScanEnd::default() }, now).await
    }

    /// Begins to finish a scan; waits while another one is being finished.
    ///
    /// Statements as of `read_at` are stored without a time of their own, as of every later scan that finds the same.
    pub async fn begin_finish(&self, scan: i64, read_at: Timestamp) -> Result<Finishing, StoreError> {
        const OPERATION: &str = "finish a scan";
        let shared = self.shared();
        let turn = shared.writer(OPERATION)?.finishing.clone().lock_owned().await;
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let begun = running(&mut tx, shared, scan).await?;
        // What an attempt that failed has left.
        let failed = |source| shared.failed(OPERATION, source);
        knowledge::clear(&mut tx, scan).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(Finishing { store: self.clone(), scan: begun, read_at, counts: Counts::default(), _turn: turn })
    }

    /// The uids staged after a row, and the last row; none at the end.
    async fn staged_uids(&self, scan: i64, after: i64) -> Result<(Vec<Uid>, Option<i64>), StoreError> {
        let rows =
            sqlx::query("SELECT id, uid FROM staged WHERE id > $1 AND +scan = $2 ORDER BY id LIMIT $3")
                .bind(after)
                .bind(scan)
                .bind(EXPLAIN_ROWS_MAX as i64)
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read what was staged", source))?;
        let failed = |source| self.failed("read what was staged", source);
        let last = rows.last().map(|row| row.try_get(0)).transpose().map_err(failed)?;
        let uids = rows.iter().map(|row| row.try_get::<&str, _>(1).map(Uid::new)).collect::<Result<_, _>>();
        Ok((uids.map_err(failed)?, last))
    }
}

impl Finishing {
    /// Takes what is known about some resources, each once in a scan. What is said already costs a look-up. Seen
    /// resources that are never named keep what was known about them.
    pub async fn explain(&mut self, batch: Vec<Knowledge>) -> Result<(), StoreError> {
        for one in &batch {
            self.counts.edges += one.edges.len() as u64;
            self.counts.statements += one.statements.len() as u64;
            self.counts.unknowns += u64::from(one.listed.is_some());
        }
        self.stage_differences(batch).await
    }

    async fn stage_differences(&self, mut batch: Vec<Knowledge>) -> Result<(), StoreError> {
        const OPERATION: &str = "stage what is known";
        let shared = self.store.shared();
        let failed = |source| shared.failed(OPERATION, source);
        while !batch.is_empty() {
            let rest = batch.split_off(batch.len().min(EXPLAIN_ROWS_MAX));
            let read_at = self.read_at;
            let encoded = blocking(move || knowledge::encode(batch, read_at)).await?;
            batch = rest;
            let mut reader = self.store.readers().acquire().await.map_err(failed)?;
            let differences = knowledge::compare(&mut reader, self.scan.id, encoded).await.map_err(failed)?;
            drop(reader);
            if differences.is_empty() {
                continue;
            }
            let mut guard = shared.write(OPERATION).await?;
            let mut tx = guard.begin(OPERATION).await?;
            knowledge::stage(&mut tx, self.scan.id, &differences).await.map_err(failed)?;
            tx.commit().await.map_err(failed)?;
        }
        Ok(())
    }

    /// Makes it the estate: one transaction, all of it or none.
    pub async fn commit(self, end: ScanEnd, now: Timestamp) -> Result<Scan, StoreError> {
        const OPERATION: &str = "finish a scan";
        let shared = self.store.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let scan = self.scan.id;
        let mut listings = Listings::new(&self.scan, end.listings.as_deref(), &end.coverage);
        listings.only.clone_from(&end.only);
        listings.narrowed = end.narrowed;
        let mut reader = self.store.readers().acquire().await.map_err(failed)?;
        let unseen = Unseen::find(&mut reader, scan, &listings).await.map_err(failed)?;
        let digest = commit::digest_of_staged(&mut reader, scan).await.map_err(failed)?;
        drop(reader);

        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        running(&mut tx, shared, scan).await?;
        let read_since = &shared.writer(OPERATION)?.read_since;
        overlap::leave_to_later(&mut tx, scan, &*read_since.lock().await).await.map_err(failed)?;
        let stale = catalog::stale(&mut tx).await.map_err(failed)?;
        let mut changes =
            Changes { seen: unseen.seen(), understood: unseen.understood(), ..Changes::default() };
        unseen::settle(&mut tx, scan, &unseen, now, &mut changes).await.map_err(failed)?;
        unseen::bump_places(&mut tx, scan, &unseen, now).await.map_err(failed)?;
        commit::settle_seen(&mut tx, scan, now, &mut changes).await.map_err(failed)?;
        commit::settle_knowledge(&mut tx, scan).await.map_err(failed)?;
        coverage::replace(&mut tx, scan, &end.coverage, end.narrowed).await.map_err(failed)?;
        if !end.brief {
            figures::keep(&mut tx, scan).await.map_err(failed)?;
        }
        let unread = end.coverage.iter().filter(|row| row.outcome == Outcome::Unknown).count() as u64;
        let mut more = unseen.ids();
        more.extend(stale);
        let touched = catalog::touched(&mut tx, scan, &more).await.map_err(failed)?;
        let (duplicates, turn): (i64, i64) = sqlx::query_as(
            "UPDATE scan SET state = 'finished', finished_at = $1, resources = $2, understood = $3, calls = $4, \
             coverage_unknown = $5, turn = (SELECT COALESCE(MAX(turn), 0) + 1 FROM scan) WHERE id = $6 \
             RETURNING duplicates, turn",
        )
        .bind(micros(now))
        .bind(stored_count(changes.seen))
        .bind(stored_count(changes.understood))
        .bind(stored_count(end.calls))
        .bind(stored_count(unread))
        .bind(scan)
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        let body = self.entry_body(&end, &changes, duplicates, &digest);
        ledger::append_in(&mut tx, shared, &[scan_entry("scan.finished", scan, body)], now).await?;
        let oldest_running = overlap::oldest_running(&mut tx).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        drop(guard);
        let is_much = touched.is_none();
        if let Ok(mut all) = shared.touched.lock() {
            all.add(turn, touched);
        }
        if is_much && shared.catalog.try_read().is_ok_and(|known| known.is_some()) {
            // Whoever asks next would wait for it.
            let store = self.store.clone();
            tokio::spawn(async move {
                if let Err(error) = store.warm().await {
                    tracing::debug!(%error, "the columns were not read");
                }
            });
        }
        read_since.lock().await.finished(scan, &listings, oldest_running);
        shared.writer(OPERATION)?.grown.notify_one();
        self.sweep().await;
        self.store.scan(scan).await?.ok_or(StoreError::NoSuchScan { scan })
    }

    fn entry_body(
        &self,
        end: &ScanEnd,
        changes: &Changes,
        duplicates: i64,
        digest: &str,
    ) -> serde_json::Value {
        json!({
            "scope": self.scan.scope,
            "accounts": listed(&self.scan.accounts),
            "regions": listed(&self.scan.regions),
            "started_at": self.scan.started_at,
            "resources": changes.seen,
            "understood": changes.understood,
            "added": changes.added,
            "changed": changes.changed,
            "deleted": changes.deleted,
            "stale": changes.stale,
            "duplicates": duplicates,
            "resources_sha256": digest,
            "edges": self.counts.edges,
            "statements": self.counts.statements,
            "unknowns": self.counts.unknowns,
            "calls": end.calls,
            "coverage": coverage_counts(&end.coverage),
        })
    }

    /// Empties the stage, in a transaction of its own: the scan is committed, so a failure here only leaves rows that
    /// the next scan, or the next start, removes.
    async fn sweep(&self) {
        const OPERATION: &str = "empty the stage";
        let swept = async {
            let shared = self.store.shared();
            let failed = |source| shared.failed(OPERATION, source);
            let mut guard = shared.write(OPERATION).await?;
            let mut tx = guard.begin(OPERATION).await?;
            clear_staged(&mut tx, self.scan.id).await.map_err(failed)?;
            tx.commit().await.map_err(failed)
        };
        if let Err(error) = swept.await {
            tracing::warn!(scan = self.scan.id, %error, "the stage of a finished scan was not emptied");
        }
    }
}

/// How many operations ended how, and why.
fn coverage_counts(coverage: &[Coverage]) -> serde_json::Value {
    let count = |outcome| coverage.iter().filter(|row| row.outcome == outcome).count();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for reason in coverage.iter().filter_map(|row| row.reason) {
        *reasons.entry(Reason::as_str(reason)).or_default() += 1;
    }
    json!({
        "read": count(Outcome::Read),
        "empty": count(Outcome::Empty),
        "unknown": count(Outcome::Unknown),
        "reasons": reasons,
    })
}
