//! The end of a scan: what was staged becomes the estate, in one transaction with its entry in the ledger.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};

use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, ResourceType, Scan, Timestamp, Uid};
use futures::TryStreamExt as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{Row, SqliteConnection};

use crate::{
    ScanResults, Store, StoreError,
    bulk::Insert,
    coverage, edges, explanations, ledger,
    reconcile::{Listings, Verdict},
    rows::{column, micros, stored_count},
    scans::{clear_staged, listed, running, scan_entry},
    unknowns,
};

const UPSERT: &str = "\
INSERT INTO resource (uid, kind, account, region, native_id, name, tags, created_at, provider_made, exposed, hash, \
    first_seen, last_seen, first_scan, last_scan, changed_scan, stale, understood, deleted_at) \
SELECT s.uid, s.kind, s.account, s.region, s.native_id, s.name, s.tags, s.created_at, s.provider_made, s.exposed, \
    s.hash, $1, $1, $2, $2, $2, 0, EXISTS (SELECT 1 FROM understood_uid u WHERE u.uid = s.uid), NULL \
FROM staged s WHERE s.scan = $2 ORDER BY s.id \
ON CONFLICT (uid) DO UPDATE SET name = excluded.name, tags = excluded.tags, created_at = excluded.created_at, \
    provider_made = excluded.provider_made, exposed = excluded.exposed, \
    changed_scan = CASE WHEN resource.hash = excluded.hash THEN resource.changed_scan ELSE excluded.changed_scan END, \
    hash = excluded.hash, last_seen = excluded.last_seen, last_scan = excluded.last_scan, stale = 0, \
    understood = excluded.understood, deleted_at = NULL, \
    moved = CASE WHEN resource.kind = excluded.kind AND resource.account = excluded.account \
        AND resource.region = excluded.region AND resource.native_id = excluded.native_id THEN 0 ELSE 1 END";

/// A definition may give a resource another type or place; rare, so the indexes on them stay untouched otherwise.
const MOVE: &str = "\
UPDATE resource SET moved = 0, (kind, account, region, native_id) = \
    (SELECT s.kind, s.account, s.region, s.native_id FROM staged s WHERE s.scan = $1 AND s.uid = resource.uid) \
WHERE moved = 1";

const VERSIONS: &str = "\
INSERT INTO version (resource, scan, hash, seen_at) \
SELECT id, $1, hash, $2 FROM resource WHERE changed_scan = $1";

const UNDERSTOOD: Insert =
    Insert { head: "INSERT INTO understood_uid (uid) VALUES", columns: 1, tail: "ON CONFLICT DO NOTHING" };
const KEEP: Insert =
    Insert { head: "INSERT INTO keep_uid (uid) VALUES", columns: 1, tail: "ON CONFLICT DO NOTHING" };

/// What a finished scan changed.
#[derive(Default)]
struct Changes {
    seen: u64,
    understood: u64,
    added: u64,
    changed: u64,
    deleted: u64,
    stale: u64,
}

impl Store {
    /// Ends a scan: makes what was staged the estate, lets go of what is gone, and seals it in the ledger.
    ///
    /// All of it is one transaction. Edges, statements and unknowns are replaced for every resource that was seen, is
    /// gone, or is named in the results; resources that could not be seen keep theirs and are marked stale.
    pub async fn finish_scan(
        &self,
        scan: i64,
        results: ScanResults,
        now: Timestamp,
    ) -> Result<Scan, StoreError> {
        const OPERATION: &str = "finish a scan";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let begun = running(&mut tx, shared, scan).await?;

        let mut understood: Vec<&Uid> = results.understood.iter().collect();
        understood.sort_unstable();
        temporary(&mut tx, "understood_uid").await.map_err(failed)?;
        UNDERSTOOD.run(&mut tx, &understood, |query, uid| query.bind(uid.as_str())).await.map_err(failed)?;

        sqlx::query(UPSERT).bind(micros(now)).bind(scan).execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(MOVE).bind(scan).execute(&mut *tx).await.map_err(failed)?;
        sqlx::query(VERSIONS).bind(scan).bind(micros(now)).execute(&mut *tx).await.map_err(failed)?;

        let listings = Listings::new(&begun, results.listings.as_deref(), &results.coverage);
        let mut changes = Changes::default();
        settle_unseen(&mut tx, scan, &listings, now, &mut changes).await.map_err(failed)?;
        replace_knowledge(&mut tx, scan, &results).await.map_err(failed)?;
        coverage::replace(&mut tx, scan, &results.coverage).await.map_err(failed)?;

        let digest = digest_of_staged(&mut tx, scan).await.map_err(failed)?;
        count_changes(&mut tx, scan, &mut changes).await.map_err(failed)?;
        let duplicates: i64 = sqlx::query_scalar("SELECT duplicates FROM scan WHERE id = $1")
            .bind(scan)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        clear_staged(&mut tx, scan).await.map_err(failed)?;
        sqlx::query("DELETE FROM understood_uid").execute(&mut *tx).await.map_err(failed)?;

        let unread = results.coverage.iter().filter(|row| row.outcome == Outcome::Unknown).count() as u64;
        sqlx::query(
            "UPDATE scan SET state = 'finished', finished_at = $1, resources = $2, understood = $3, calls = $4, \
             coverage_unknown = $5 WHERE id = $6",
        )
        .bind(micros(now))
        .bind(stored_count(changes.seen))
        .bind(stored_count(changes.understood))
        .bind(stored_count(results.calls))
        .bind(stored_count(unread))
        .bind(scan)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let body = json!({
            "scope": begun.scope,
            "accounts": listed(&begun.accounts),
            "regions": listed(&begun.regions),
            "started_at": begun.started_at,
            "resources": changes.seen,
            "understood": changes.understood,
            "added": changes.added,
            "changed": changes.changed,
            "deleted": changes.deleted,
            "stale": changes.stale,
            "duplicates": duplicates,
            "resources_sha256": digest,
            "edges": results.edges.len(),
            "statements": results.statements.len(),
            "unknowns": results.unknowns.len(),
            "calls": results.calls,
            "coverage": coverage_counts(&results.coverage),
        });
        ledger::append_in(&mut tx, shared, &[scan_entry("scan.finished", scan, body)], now).await?;
        tx.commit().await.map_err(failed)?;
        drop(guard);
        shared.writer(OPERATION)?.grown.notify_one();
        self.scan(scan).await?.ok_or(StoreError::NoSuchScan { scan })
    }
}

/// Makes an empty temporary table of uids. The name is a constant of this module.
async fn temporary(conn: &mut SqliteConnection, table: &'static str) -> Result<(), sqlx::Error> {
    let (create, clear) = match table {
        "understood_uid" => (
            "CREATE TEMP TABLE IF NOT EXISTS understood_uid (uid TEXT PRIMARY KEY)",
            "DELETE FROM understood_uid",
        ),
        _ => ("CREATE TEMP TABLE IF NOT EXISTS keep_uid (uid TEXT PRIMARY KEY)", "DELETE FROM keep_uid"),
    };
    sqlx::query(create).execute(&mut *conn).await?;
    sqlx::query(clear).execute(conn).await?;
    Ok(())
}

/// Lets go of resources whose listing does not show them any more, and marks those whose listing is unknown.
async fn settle_unseen(
    conn: &mut SqliteConnection,
    scan: i64,
    listings: &Listings,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), sqlx::Error> {
    let groups = sqlx::query(
        "SELECT account, kind, region FROM resource WHERE deleted_at IS NULL AND last_scan <> $1 \
         GROUP BY account, kind, region",
    )
    .bind(scan)
    .fetch_all(&mut *conn)
    .await?;
    for group in groups {
        let (account, kind, region): (&str, &str, &str) =
            (group.try_get(0)?, group.try_get(1)?, group.try_get(2)?);
        let verdict =
            listings.verdict(&AccountId::new(account), &ResourceType::new(kind), &Region::new(region));
        let (sql, counter) = match verdict {
            Verdict::Gone => (
                "UPDATE resource SET deleted_at = $1, stale = 0 WHERE deleted_at IS NULL AND kind = $2 \
                 AND account = $3 AND region = $4 AND last_scan <> $5",
                &mut changes.deleted,
            ),
            Verdict::Stale => (
                "UPDATE resource SET stale = 1 WHERE $1 IS NOT NULL AND deleted_at IS NULL AND kind = $2 \
                 AND account = $3 AND region = $4 AND last_scan <> $5",
                &mut changes.stale,
            ),
            Verdict::NotAsked => continue,
        };
        let done = sqlx::query(sql)
            .bind(micros(now))
            .bind(kind)
            .bind(account)
            .bind(region)
            .bind(scan)
            .execute(&mut *conn)
            .await?;
        *counter += done.rows_affected();
    }
    Ok(())
}

/// Replaces edges, statements and unknowns, but for resources that were not seen and that the results do not name.
async fn replace_knowledge(
    conn: &mut SqliteConnection,
    scan: i64,
    results: &ScanResults,
) -> Result<(), sqlx::Error> {
    let unseen: Vec<String> =
        sqlx::query_scalar("SELECT uid FROM resource WHERE deleted_at IS NULL AND last_scan <> $1")
            .bind(scan)
            .fetch_all(&mut *conn)
            .await?;
    let keeps_some = !unseen.is_empty();
    if keeps_some {
        let named: HashSet<&str> = results
            .edges
            .iter()
            .map(|edge| &edge.from)
            .chain(results.statements.iter().map(|(uid, _)| uid))
            .chain(results.unknowns.iter().map(|unknown| &unknown.uid))
            .chain(&results.understood)
            .map(Uid::as_str)
            .collect();
        let keep: Vec<&str> = unseen.iter().map(String::as_str).filter(|uid| !named.contains(uid)).collect();
        temporary(conn, "keep_uid").await?;
        KEEP.run(conn, &keep, |query, uid| query.bind(*uid)).await?;
        for sql in [
            "DELETE FROM edge WHERE from_uid NOT IN (SELECT uid FROM keep_uid)",
            "DELETE FROM explanation WHERE uid NOT IN (SELECT uid FROM keep_uid)",
            "DELETE FROM unknown WHERE uid NOT IN (SELECT uid FROM keep_uid)",
        ] {
            sqlx::query(sql).execute(&mut *conn).await?;
        }
        sqlx::query(
            "UPDATE resource SET understood = EXISTS (SELECT 1 FROM understood_uid u WHERE u.uid = resource.uid) \
             WHERE deleted_at IS NULL AND last_scan <> $1 AND uid NOT IN (SELECT uid FROM keep_uid)",
        )
        .bind(scan)
        .execute(&mut *conn)
        .await?;
        sqlx::query("DELETE FROM keep_uid").execute(&mut *conn).await?;
    } else {
        for sql in ["DELETE FROM edge", "DELETE FROM explanation", "DELETE FROM unknown"] {
            sqlx::query(sql).execute(&mut *conn).await?;
        }
    }
    edges::insert(conn, &results.edges).await?;
    explanations::insert(conn, &results.statements).await?;
    unknowns::insert(conn, &results.unknowns).await?;
    if keeps_some {
        unknowns::renumber(conn).await?;
    }
    Ok(())
}

/// SHA-256 over the lines `<hash of the document>  <uid>` of all staged resources, sorted by the bytes of the uid:
/// the form that `sha256sum` writes, so that anybody can compute it again.
async fn digest_of_staged(conn: &mut SqliteConnection, scan: i64) -> Result<String, sqlx::Error> {
    let mut sha = Sha256::new();
    let mut line = String::new();
    let mut rows =
        sqlx::query("SELECT hash, uid FROM staged WHERE scan = $1 ORDER BY uid").bind(scan).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        line.clear();
        let (hash, uid): (&[u8], &str) = (row.try_get(0)?, row.try_get(1)?);
        // Writing to a text never fails.
        let _infallible = writeln!(line, "{}  {uid}", hex::encode(hash));
        sha.update(line.as_bytes());
    }
    Ok(hex::encode(sha.finalize()))
}

async fn count_changes(
    conn: &mut SqliteConnection,
    scan: i64,
    changes: &mut Changes,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE understood = 1), COUNT(*) FILTER (WHERE first_scan = $1), \
         COUNT(*) FILTER (WHERE changed_scan = $1 AND first_scan <> $1) FROM resource WHERE last_scan = $1",
    )
    .bind(scan)
    .fetch_one(conn)
    .await?;
    let number = |at| column::<i64>(&row, "resource", at).ok().and_then(|n| u64::try_from(n).ok());
    let numbers = [number(0), number(1), number(2), number(3)].map(Option::unwrap_or_default);
    [changes.seen, changes.understood, changes.added, changes.changed] = numbers;
    Ok(())
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
