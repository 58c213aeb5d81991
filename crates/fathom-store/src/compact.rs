//! Compaction: history that nobody asks for any more is let go of, and the disk gets its space back.
//!
//! Everything is kept for a number of days. Of what is older, the state as of certain scans is kept whole (the last of
//! each month or day, and those that a baseline stands on), and whatever only shows in scans between them is removed. A
//! resource never loses its newest version, and its row with when it was first and last seen stays for ever. Scans whose
//! state is not whole any more are marked, so that nobody reads what is left of it as what was.

use std::collections::BTreeSet;

use fathom_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{Row as _, SqliteConnection};

use crate::{EntryDraft, Store, StoreError, bulk::Insert, documents, flows, ledger, rows::micros};

/// Days of a policy; more than a century is all there is.
const KEEP_DAYS_MAX: u32 = 36_500;
/// Pages that are given back in one step, between which others may write.
const VACUUM_PAGES: u64 = 4096;
const SECONDS_A_DAY: i64 = 86_400;

/// What of the history older than the kept days stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Older {
    /// The state as of the last scan of each day (UTC).
    Daily,
    /// The state as of the last scan of each month (UTC).
    #[default]
    Monthly,
    /// Nothing.
    Nothing,
}

impl Older {
    /// The word used in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Monthly => "monthly",
            Self::Nothing => "nothing",
        }
    }

    /// What two scans have in common of which only the later one is kept.
    fn span(self, at: Timestamp) -> String {
        match self {
            Self::Daily => at.strftime("%Y-%m-%d").to_string(),
            Self::Monthly => at.strftime("%Y-%m").to_string(),
            Self::Nothing => String::new(),
        }
    }
}

/// How much history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactPolicy {
    /// Everything of so many days, 1 to 36,500.
    pub keep_days: u32,
    /// What is kept of the time before.
    pub older: Older,
}

impl Default for CompactPolicy {
    fn default() -> Self {
        Self { keep_days: 400, older: Older::default() }
    }
}

/// What a compaction removed, or would remove.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Compaction {
    /// The scan from which on everything is kept; none where no scan is older than the kept days.
    pub whole_since_scan: Option<i64>,
    /// Older scans whose state is kept.
    pub kept_scans: Vec<i64>,
    /// Versions of resources removed.
    pub versions: u64,
    /// Ended edges, statements and rows of the list removed.
    pub ended: u64,
    /// Documents removed that no version refers to any more.
    pub documents: u64,
    /// Flows of the network removed, of days before the kept ones.
    pub flows: u64,
    /// Bytes that the database file became smaller, or that later scans use again where `reusable`.
    pub bytes: u64,
    /// Whether the file keeps its size: it was made by a version of Fathom whose files do not shrink.
    pub reusable: bool,
}

/// From which scan on everything is kept, and which older ones.
struct Kept {
    whole_since: i64,
    older: BTreeSet<i64>,
}

const KEEP: Insert =
    Insert { head: "INSERT INTO keep_scan (id) VALUES", columns: 1, tail: "ON CONFLICT DO NOTHING" };

/// A version holds until the next one of its resource; the newest, which has none, is never removed.
const VERSIONS: &str = "\
DELETE FROM version WHERE (resource, scan) IN (SELECT resource, scan FROM \
    (SELECT resource, scan, LEAD(scan) OVER (PARTITION BY resource ORDER BY scan) AS next FROM version) v \
    WHERE v.next <= $1 AND NOT EXISTS (SELECT 1 FROM keep_scan k WHERE k.id >= v.scan AND k.id < v.next))";
const ENDED: [&str; 3] = [
    "DELETE FROM edge_history WHERE to_scan <= $1 \
     AND NOT EXISTS (SELECT 1 FROM keep_scan k WHERE k.id >= from_scan AND k.id < to_scan)",
    "DELETE FROM explanation_history WHERE to_scan <= $1 \
     AND NOT EXISTS (SELECT 1 FROM keep_scan k WHERE k.id >= from_scan AND k.id < to_scan)",
    "DELETE FROM unknown_history WHERE to_scan <= $1 \
     AND NOT EXISTS (SELECT 1 FROM keep_scan k WHERE k.id >= from_scan AND k.id < to_scan)",
];

impl Store {
    /// Lets go of history by a policy, and seals it in the ledger. With `dry_run` nothing changes, and the answer says
    /// what would.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] while a scan is under way, whose documents are not told from what nobody needs.
    pub async fn compact(
        &self,
        policy: CompactPolicy,
        dry_run: bool,
        by: &str,
        now: Timestamp,
    ) -> Result<Compaction, StoreError> {
        const OPERATION: &str = "compact the history";
        if policy.keep_days == 0 || policy.keep_days > KEEP_DAYS_MAX {
            return Err(StoreError::Invalid {
                what: format!("history is kept for 1 to {KEEP_DAYS_MAX} days, not {}", policy.keep_days),
            });
        }
        self.end_failed(now).await?;
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let _turn = shared.writer(OPERATION)?.finishing.clone().lock_owned().await;
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let running: Option<i64> =
            sqlx::query_scalar("SELECT id FROM scan WHERE state = 'running' ORDER BY id LIMIT 1")
                .fetch_optional(&mut *tx)
                .await
                .map_err(failed)?;
        if let Some(scan) = running {
            return Err(StoreError::Invalid {
                what: format!("scan {scan} is under way; compact the history when it has ended"),
            });
        }
        let mut done = Compaction::default();
        let page_bytes = pragma(&mut tx, "PRAGMA page_size").await.map_err(failed)?;
        done.reusable = pragma(&mut tx, "PRAGMA auto_vacuum").await.map_err(failed)? != 2;
        let free_before = pragma(&mut tx, "PRAGMA freelist_count").await.map_err(failed)?;
        if let Some(kept) = kept(&mut tx, policy, now).await.map_err(failed)? {
            remove(&mut tx, &kept, &mut done).await.map_err(failed)?;
        }
        done.flows = flows::compact(&mut tx, horizon(policy, now)).await.map_err(failed)?;
        let free = pragma(&mut tx, "PRAGMA freelist_count").await.map_err(failed)?;
        done.bytes = free.saturating_sub(if done.reusable { free_before } else { 0 }) * page_bytes;
        let removed = done.versions + done.ended + done.documents + done.flows > 0;
        if dry_run {
            tx.rollback().await.map_err(failed)?;
            return Ok(done);
        }
        if removed {
            let draft = EntryDraft {
                kind: "history.compacted".to_owned(),
                actor: by.to_owned(),
                subject: format!("scan:{}", done.whole_since_scan.unwrap_or_default()),
                body: json!({
                    "keep_days": policy.keep_days,
                    "older": policy.older.as_str(),
                    "kept_scans": done.kept_scans.len(),
                    "versions": done.versions,
                    "ended": done.ended,
                    "documents": done.documents,
                    "flows": done.flows,
                }),
            };
            ledger::append_in(&mut tx, shared, &[draft], now).await?;
        }
        tx.commit().await.map_err(failed)?;
        drop(guard);
        shared.writer(OPERATION)?.grown.notify_one();
        if !done.reusable {
            self.give_back(free).await?;
        }
        Ok(done)
    }

    /// Gives free pages back to the disk, some at a time.
    async fn give_back(&self, mut pages: u64) -> Result<(), StoreError> {
        const OPERATION: &str = "give back free space";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        while pages > 0 {
            let mut guard = shared.write(OPERATION).await?;
            let mut tx = guard.begin(OPERATION).await?;
            // The number is a constant; the statement has a row for each page that it frees.
            sqlx::query("PRAGMA incremental_vacuum(4096)").fetch_all(&mut *tx).await.map_err(failed)?;
            tx.commit().await.map_err(failed)?;
            pages = pages.saturating_sub(VACUUM_PAGES);
        }
        Ok(())
    }
}

async fn pragma(conn: &mut SqliteConnection, sql: &'static str) -> Result<u64, sqlx::Error> {
    sqlx::query_scalar::<_, i64>(sql).fetch_one(conn).await.map(i64::unsigned_abs)
}

/// When the kept days begin.
fn horizon(policy: CompactPolicy, now: Timestamp) -> Timestamp {
    let at = micros(now).saturating_sub(i64::from(policy.keep_days) * SECONDS_A_DAY * 1_000_000);
    Timestamp::from_microsecond(at).unwrap_or(Timestamp::MIN)
}

/// Which scans are kept; none where no scan is old enough.
async fn kept(
    conn: &mut SqliteConnection,
    policy: CompactPolicy,
    now: Timestamp,
) -> Result<Option<Kept>, sqlx::Error> {
    let horizon = micros(horizon(policy, now));
    let rows = sqlx::query(
        "SELECT id, finished_at FROM scan WHERE state = 'finished' AND compacted = 0 ORDER BY id",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut old: Vec<(i64, Timestamp)> = Vec::new();
    for row in rows {
        let at: i64 = row.try_get(1)?;
        // Scans that overlap may end out of order; what follows a young one is young.
        if at > horizon {
            break;
        }
        old.push((row.try_get(0)?, Timestamp::from_microsecond(at).unwrap_or_default()));
    }
    // The last of the old ones is what the estate was when the kept days began.
    let Some((whole_since, _)) = old.last().copied() else { return Ok(None) };
    let mut older: BTreeSet<i64> = if policy.older == Older::Nothing {
        BTreeSet::new()
    } else {
        let pairs = old.iter().zip(old.iter().skip(1));
        pairs
            .filter(|((_, at), (_, next))| policy.older.span(*at) != policy.older.span(*next))
            .map(|((id, _), _)| *id)
            .collect()
    };
    let baselines: Vec<i64> =
        sqlx::query_scalar("SELECT scan FROM baseline WHERE ended_at IS NULL").fetch_all(conn).await?;
    older.extend(baselines.into_iter().filter(|scan| *scan < whole_since));
    Ok(Some(Kept { whole_since, older }))
}

async fn remove(conn: &mut SqliteConnection, kept: &Kept, done: &mut Compaction) -> Result<(), sqlx::Error> {
    done.whole_since_scan = Some(kept.whole_since);
    done.kept_scans = kept.older.iter().copied().collect();
    for sql in ["CREATE TEMP TABLE IF NOT EXISTS keep_scan (id INTEGER PRIMARY KEY)", "DELETE FROM keep_scan"]
    {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    KEEP.run(conn, &done.kept_scans, |query, id| query.bind(*id)).await?;
    let gone = sqlx::query(VERSIONS).bind(kept.whole_since).execute(&mut *conn).await?;
    done.versions = gone.rows_affected();
    for sql in ENDED {
        done.ended += sqlx::query(sql).bind(kept.whole_since).execute(&mut *conn).await?.rows_affected();
    }
    if done.versions + done.ended > 0 {
        sqlx::query(
            "UPDATE scan SET compacted = 1 WHERE state = 'finished' AND id < $1 AND id NOT IN (SELECT id FROM keep_scan)",
        )
        .bind(kept.whole_since)
        .execute(&mut *conn)
        .await?;
    }
    done.documents = documents::collect_garbage(conn).await?;
    Ok(())
}
