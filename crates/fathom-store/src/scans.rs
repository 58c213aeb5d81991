//! Scans: beginning one, and ending it without results. `finish.rs` ends it with results.

use fathom_model::{Scan, ScanState, Timestamp};
use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, SYSTEM_ACTOR, Store, StoreError, documents, knowledge, ledger,
    open::Shared,
    rows::{self, column, count, micros},
};

/// The longest error text that is kept with a scan.
const ERROR_BYTES_MAX: usize = 2000;

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
        self.begin_scan_as(None, scope, accounts, regions, now).await
    }

    /// The same; `asked` are the words by which [`Store::last_asked`] finds it.
    pub async fn begin_scan_as(
        &self,
        asked: Option<&str>,
        scope: &str,
        accounts: &[String],
        regions: &[String],
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        const OPERATION: &str = "begin a scan";
        self.end_failed(now).await?;
        let shared = self.shared();
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let failed = |source| shared.failed(OPERATION, source);
        let row = sqlx::query(
            "INSERT INTO scan (started_at, state, scope, accounts, regions, asked) \
             VALUES ($1, 'running', $2, $3, $4, $5) RETURNING id",
        )
        .bind(micros(now))
        .bind(scope)
        .bind(json!(accounts).to_string())
        .bind(json!(regions).to_string())
        .bind(asked)
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

    /// Ends a scan without results. The estate stays as it was; what was staged is dropped.
    ///
    /// Where that cannot be written, it is made up for by [`Store::end_failed`], or when a next scan begins.
    pub async fn fail_scan(&self, scan: i64, error: &str, now: Timestamp) -> Result<(), StoreError> {
        let ended = self.try_fail_scan(scan, error, now).await;
        if let (Err(failure), Some(writer)) = (&ended, &self.shared().writer)
            && !matches!(failure, StoreError::NoSuchScan { .. } | StoreError::Closed)
        {
            writer.unended.lock().await.insert(scan, error.to_owned());
        }
        ended
    }

    /// Ends the scans that failed and whose end could not be written then. Gives how many there were.
    pub async fn end_failed(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut unended = self.shared().writer("end a failed scan")?.unended.lock().await;
        let mut ended = 0;
        while let Some((scan, error)) = unended.first_key_value() {
            match self.try_fail_scan(*scan, error, now).await {
                // Somebody ended it meanwhile.
                Ok(()) | Err(StoreError::NoSuchScan { .. }) => {}
                Err(failure) => return Err(failure),
            }
            unended.pop_first();
            ended += 1;
        }
        Ok(ended)
    }

    async fn try_fail_scan(&self, scan: i64, error: &str, now: Timestamp) -> Result<(), StoreError> {
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

    /// The scan that finished last. Where scans overlapped it need not be the one that began last: see
    /// [`Store::newest_scan`].
    pub async fn latest_scan(&self) -> Result<Option<Scan>, StoreError> {
        let row = sqlx::query(concat!(scan_columns!(), "WHERE turn IS NOT NULL ORDER BY turn DESC LIMIT 1"))
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
    let swept: bool = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM staged)")
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    if left.is_empty() && swept {
        return Ok(());
    }
    for scan in left {
        tracing::warn!(scan, "the process ended before this scan did; it counts as interrupted");
        let error = "the process ended before the scan did";
        end_without_results(&mut tx, shared, scan, ScanState::Interrupted, error, now).await?;
    }
    // What a scan left that was committed when the process ended.
    empty_stage(&mut tx).await.map_err(failed)?;
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
        sqlx::query("DELETE FROM staged WHERE scan = $1").bind(scan).execute(&mut *conn).await?;
        return knowledge::clear(conn, scan).await;
    }
    empty_stage(conn).await
}

/// Empties the stage of all scans, which takes no longer than for an empty one.
async fn empty_stage(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM staged",
        "DELETE FROM staged_knowledge",
        "DELETE FROM staged_edge",
        "DELETE FROM staged_edge_end",
    ] {
        sqlx::query(sql).execute(&mut *conn).await?;
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
