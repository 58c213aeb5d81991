//! Scans: beginning one, staging what it sees, and ending it without results. `finish.rs` ends it with results.

use std::collections::HashSet;

use fathom_model::{Coverage, Edge, Resource, Scan, ScanState, Statement, Timestamp, Uid, Unknown};
use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, Listing, SYSTEM_ACTOR, Store, StoreError,
    bulk::Insert,
    documents,
    ledger::{self},
    open::Shared,
    rows::{self, column, count, micros, stored_count},
};

/// Resources staged in one transaction.
const STAGE_ROWS_MAX: usize = 4096;
/// The longest error text that is kept with a scan.
const ERROR_BYTES_MAX: usize = 2000;

/// What a scan brings home beside its resources, which were staged while it ran.
#[derive(Debug, Clone, Default)]
pub struct ScanResults {
    /// Every operation with its outcome. Replaces what was known for the same account, region and service.
    pub coverage: Vec<Coverage>,
    /// Which listings were read or not. None derives them from `coverage`: a listing was read where every operation
    /// that was made for the type in that account and region was. Give them where a detail that could not be read
    /// must not keep the store from noticing that resources are gone.
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

/// What became of staged resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StageReport {
    /// Resources taken.
    pub staged: u64,
    /// Uids that the scan had staged already, in the order given; the first resource was kept.
    pub duplicates: Vec<Uid>,
}

const STAGE: Insert = Insert {
    head: "INSERT INTO staged (scan, uid, kind, account, region, native_id, name, tags, created_at, provider_made, \
           exposed, hash) VALUES",
    columns: 12,
    tail: "ON CONFLICT (scan, uid) DO NOTHING RETURNING uid",
};

macro_rules! scan_columns {
    () => {
        "SELECT id, started_at, finished_at, state, scope, accounts, regions, resources, understood, calls, \
         coverage_unknown, error FROM scan "
    };
}

impl Store {
    /// Begins a scan and gives its number. `scope` says in words what it looks at.
    pub async fn begin_scan(
        &self,
        scope: &str,
        accounts: &[String],
        regions: &[String],
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        const OPERATION: &str = "begin a scan";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let failed = |source| shared.failed(OPERATION, source);
        let row = sqlx::query(
            "INSERT INTO scan (started_at, state, scope, accounts, regions) VALUES ($1, 'running', $2, $3, $4) \
             RETURNING id",
        )
        .bind(micros(now))
        .bind(scope)
        .bind(json!(accounts).to_string())
        .bind(json!(regions).to_string())
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        let scan: i64 = column(&row, "scan", 0)?;
        let body = json!({ "scope": scope, "accounts": listed(accounts), "regions": listed(regions) });
        ledger::append_in(&mut tx, shared, &[scan_entry("scan.started", scan, body)], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(scan)
    }

    /// Adds resources to a scan that is under way. They become part of the estate when it finishes.
    ///
    /// Of several resources with the same uid the first is kept; the others are reported.
    pub async fn stage(&self, scan: i64, resources: &[Resource]) -> Result<StageReport, StoreError> {
        let mut report = StageReport::default();
        for batch in resources.chunks(STAGE_ROWS_MAX) {
            self.stage_batch(scan, batch, &mut report).await?;
        }
        Ok(report)
    }

    async fn stage_batch(
        &self,
        scan: i64,
        batch: &[Resource],
        report: &mut StageReport,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "stage resources";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let documents: Vec<_> = batch.iter().map(|resource| resource.document.clone()).collect();
        let hashed = blocking(move || {
            documents.into_iter().map(|document| (document.hash(), document)).collect::<Vec<_>>()
        })
        .await?;
        let hashes: Vec<[u8; 32]> = hashed.iter().map(|(hash, _)| *hash).collect();
        // Documents are never removed while a scan runs, so what is known now is still known in the transaction.
        let mut reader = self.readers().acquire().await.map_err(failed)?;
        let mut known = documents::known(&mut reader, &hashes).await.map_err(failed)?;
        drop(reader);
        let fresh: Vec<_> = hashed
            .into_iter()
            .filter(|(hash, _)| known.insert(*hash))
            .map(|(hash, doc)| (doc, hash))
            .collect();
        let packed = blocking(move || documents::pack(fresh.iter())).await?;

        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        running(&mut tx, shared, scan).await?;
        documents::insert(&mut tx, &packed).await.map_err(failed)?;
        let staged: Vec<(&Resource, [u8; 32])> = batch.iter().zip(hashes).collect();
        let taken = STAGE
            .returning(&mut tx, &staged, |query, (resource, hash)| {
                query
                    .bind(scan)
                    .bind(resource.uid.as_str())
                    .bind(resource.kind.as_str())
                    .bind(resource.account.as_str())
                    .bind(resource.region.as_str())
                    .bind(resource.id.as_str())
                    .bind(resource.name.clone())
                    .bind(json!(resource.tags).to_string())
                    .bind(resource.created_at.map(micros))
                    .bind(resource.provider_made)
                    .bind(resource.exposed)
                    .bind(hash.to_vec())
            })
            .await
            .map_err(failed)?;
        let duplicates = batch.len() - taken.len();
        if duplicates > 0 {
            let mut taken: HashSet<&str> =
                taken.iter().map(|row| column(row, "staged", 0)).collect::<Result<_, _>>()?;
            let again = batch.iter().filter(|resource| !taken.remove(resource.uid.as_str()));
            report.duplicates.extend(again.map(|resource| resource.uid.clone()));
            sqlx::query("UPDATE scan SET duplicates = duplicates + $1 WHERE id = $2")
                .bind(stored_count(duplicates as u64))
                .bind(scan)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
        }
        tx.commit().await.map_err(failed)?;
        report.staged += (batch.len() - duplicates) as u64;
        Ok(())
    }

    /// Ends a scan without results. The estate stays as it was; what was staged is dropped.
    pub async fn fail_scan(&self, scan: i64, error: &str, now: Timestamp) -> Result<(), StoreError> {
        const OPERATION: &str = "end a failed scan";
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        running(&mut tx, shared, scan).await?;
        end_without_results(&mut tx, shared, scan, ScanState::Failed, error, now).await?;
        tx.commit().await.map_err(|source| shared.failed(OPERATION, source))?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(())
    }

    /// The newest scans, newest first.
    pub async fn scans(&self, limit: u32) -> Result<Vec<Scan>, StoreError> {
        let rows = sqlx::query(concat!(scan_columns!(), "ORDER BY id DESC LIMIT $1"))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read the scans", source))?;
        rows.iter().map(scan_of_row).collect()
    }

    /// One scan.
    pub async fn scan(&self, scan: i64) -> Result<Option<Scan>, StoreError> {
        let row = sqlx::query(concat!(scan_columns!(), "WHERE id = $1"))
            .bind(scan)
            .fetch_optional(self.readers())
            .await
            .map_err(|source| self.failed("read a scan", source))?;
        row.as_ref().map(scan_of_row).transpose()
    }

    /// The scan that finished last: the one that the estate is as of.
    pub async fn latest_scan(&self) -> Result<Option<Scan>, StoreError> {
        let row = sqlx::query(concat!(
            scan_columns!(),
            "WHERE state = 'finished' ORDER BY finished_at DESC, id DESC LIMIT 1"
        ))
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read the last scan", source))?;
        row.as_ref().map(scan_of_row).transpose()
    }
}

/// The scan, where it is under way.
pub(crate) async fn running(
    conn: &mut SqliteConnection,
    shared: &Shared,
    scan: i64,
) -> Result<Scan, StoreError> {
    let row = sqlx::query(concat!(scan_columns!(), "WHERE id = $1 AND state = 'running'"))
        .bind(scan)
        .fetch_optional(conn)
        .await
        .map_err(|source| shared.failed("read a scan", source))?;
    scan_of_row(&row.ok_or(StoreError::NoSuchScan { scan })?)
}

/// Ends scans that an earlier process left under way, and clears what they staged.
pub(crate) async fn interrupt_leftovers(shared: &Shared, now: Timestamp) -> Result<(), StoreError> {
    const OPERATION: &str = "end interrupted scans";
    let failed = |source| shared.failed(OPERATION, source);
    let mut guard = shared.write(OPERATION).await?;
    let mut tx = guard.begin(OPERATION).await?;
    let left: Vec<i64> = sqlx::query_scalar("SELECT id FROM scan WHERE state = 'running' ORDER BY id")
        .fetch_all(&mut *tx)
        .await
        .map_err(failed)?;
    if left.is_empty() {
        return Ok(());
    }
    for scan in left {
        tracing::warn!(scan, "the process ended before this scan did; it counts as interrupted");
        let error = "the process ended before the scan did";
        end_without_results(&mut tx, shared, scan, ScanState::Interrupted, error, now).await?;
    }
    let removed = documents::collect_garbage(&mut tx).await.map_err(failed)?;
    tracing::debug!(removed, "documents of interrupted scans removed");
    tx.commit().await.map_err(failed)
}

async fn end_without_results(
    tx: &mut SqliteConnection,
    shared: &Shared,
    scan: i64,
    state: ScanState,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let failed = |source| shared.failed("end a scan", source);
    let error = error.get(..error.floor_char_boundary(ERROR_BYTES_MAX)).unwrap_or_default();
    sqlx::query("UPDATE scan SET state = $1, finished_at = $2, error = $3 WHERE id = $4")
        .bind(state.as_str())
        .bind(micros(now))
        .bind(error)
        .bind(scan)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    clear_staged(tx, scan).await.map_err(failed)?;
    let kind = if state == ScanState::Failed { "scan.failed" } else { "scan.interrupted" };
    ledger::append_in(tx, shared, &[scan_entry(kind, scan, json!({ "error": error }))], now).await?;
    Ok(())
}

/// Empties the stage of a scan; in one step where no other scan is under way.
pub(crate) async fn clear_staged(conn: &mut SqliteConnection, scan: i64) -> Result<(), sqlx::Error> {
    let others: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM staged WHERE scan < $1 OR scan > $1)")
            .bind(scan)
            .fetch_one(&mut *conn)
            .await?;
    if others {
        sqlx::query("DELETE FROM staged WHERE scan = $1").bind(scan).execute(conn).await?;
    } else {
        sqlx::query("DELETE FROM staged").execute(conn).await?;
    }
    Ok(())
}

/// An entry about a scan.
pub(crate) fn scan_entry(kind: &str, scan: i64, body: serde_json::Value) -> EntryDraft {
    EntryDraft {
        kind: kind.to_owned(),
        actor: SYSTEM_ACTOR.to_owned(),
        subject: format!("scan:{scan}"),
        body,
    }
}

/// A list as an entry holds it: long ones by their number alone, since an entry has a limit.
pub(crate) fn listed(values: &[String]) -> serde_json::Value {
    const LISTED_MAX: usize = 200;
    if values.len() <= LISTED_MAX { json!(values) } else { json!({ "count": values.len() }) }
}

/// Runs what computes for long away from the tasks that wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)
}

fn scan_of_row(row: &SqliteRow) -> Result<Scan, StoreError> {
    const TABLE: &str = "scan";
    let list = |at| -> Result<Vec<String>, StoreError> {
        serde_json::from_str(column(row, TABLE, at)?).map_err(|_| StoreError::BadRow {
            table: TABLE,
            what: "a list is not a JSON array of text".to_owned(),
        })
    };
    let state: &str = column(row, TABLE, 3)?;
    let finished: Option<i64> = column(row, TABLE, 2)?;
    Ok(Scan {
        id: column(row, TABLE, 0)?,
        started_at: rows::time(TABLE, column(row, TABLE, 1)?)?,
        finished_at: finished.map(|at| rows::time(TABLE, at)).transpose()?,
        state: ScanState::parse(state)
            .ok_or_else(|| StoreError::BadRow { table: TABLE, what: format!("state `{state}`") })?,
        scope: column(row, TABLE, 4)?,
        accounts: list(5)?,
        regions: list(6)?,
        resources: count(row, TABLE, 7)?,
        understood: count(row, TABLE, 8)?,
        calls: count(row, TABLE, 9)?,
        coverage_unknown: count(row, TABLE, 10)?,
        error: row
            .try_get(11)
            .map_err(|_| StoreError::BadRow { table: TABLE, what: "error is not text".to_owned() })?,
    })
}
