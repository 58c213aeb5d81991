//! The statements that turn a stage into the estate. All of them run in the transaction of `finish.rs`.
//!
//! Scans that overlap count in the order in which they began: what a later one has said already was taken out of the
//! stage (`overlap.rs`), although that one ended first. What is known is held to `from_scan` beside it, for a scan may
//! say something about a resource that it did not see.

use std::fmt::Write as _;

use fathom_model::Timestamp;
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{Row, SqliteConnection};

use crate::rows::micros;

/// What a finished scan changed.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) seen: u64,
    pub(crate) understood: u64,
    pub(crate) added: u64,
    pub(crate) changed: u64,
    pub(crate) deleted: u64,
    pub(crate) stale: u64,
}

/// The facts of a row of `resource` or `staged` as `version` holds them.
macro_rules! facts_json {
    ($row:literal) => {
        concat!(
            "json_object('name', ",
            $row,
            ".name, 'tags', json(",
            $row,
            ".tags), 'created_at', ",
            $row,
            ".created_at, 'provider_made', ",
            $row,
            ".provider_made, 'exposed', ",
            $row,
            ".exposed)"
        )
    };
}
pub(crate) use facts_json;

/// Before a resource changes, its newest version takes the facts that the resource holds.
const SUPERSEDE: &str = concat!(
    "UPDATE version SET facts = ",
    facts_json!("r"),
    " FROM staged s JOIN resource r ON r.uid = s.uid \
     WHERE s.scan = $1 AND s.kind IS NOT NULL AND r.deleted_at IS NULL \
     AND (r.hash <> s.hash OR r.facts <> s.facts) \
     AND version.resource = r.id AND version.scan = r.changed_scan"
);

/// What is new, changed or back. In a place that was read whole it is seen with its place from now on.
const UPSERT: &str = "\
INSERT INTO resource (uid, kind, account, region, native_id, name, tags, created_at, provider_made, exposed, hash, \
    facts, first_seen, last_seen, first_scan, last_scan, changed_scan, place, stale, understood, knowledge, observed, deleted_at) \
SELECT s.uid, s.kind, s.account, s.region, s.native_id, s.name, s.tags, s.created_at, s.provider_made, s.exposed, \
    s.hash, s.facts, $1, $1, $2, $2, $2, p.id, 0, COALESCE(k.understood, 0), k.hash, s.observed, NULL \
FROM staged s LEFT JOIN bumped p ON p.account = s.account AND p.kind = s.kind AND p.region = s.region \
LEFT JOIN staged_knowledge k ON k.scan = s.scan AND k.uid = s.uid \
WHERE s.scan = $2 AND s.kind IS NOT NULL ORDER BY s.id \
ON CONFLICT (uid) DO UPDATE SET kind = excluded.kind, account = excluded.account, region = excluded.region, \
    native_id = excluded.native_id, name = excluded.name, tags = excluded.tags, created_at = excluded.created_at, \
    provider_made = excluded.provider_made, exposed = excluded.exposed, \
    changed_scan = CASE WHEN resource.hash = excluded.hash AND COALESCE(resource.facts = excluded.facts, 1) \
        AND resource.deleted_at IS NULL THEN resource.changed_scan ELSE excluded.changed_scan END, \
    hash = excluded.hash, facts = excluded.facts, last_seen = excluded.last_seen, last_scan = excluded.last_scan, \
    place = excluded.place, stale = 0, observed = excluded.observed, deleted_at = NULL";

const VERSIONS: &str = "\
INSERT INTO version (resource, scan, hash, seen_at) \
SELECT r.id, $1, r.hash, $2 FROM staged s JOIN resource r ON r.uid = s.uid \
WHERE s.scan = $1 AND s.kind IS NOT NULL AND r.changed_scan = $1 AND r.deleted_at IS NULL";

/// Unchanged ones that were not seen with their place, in places that were read whole.
const REJOIN: &str = "\
UPDATE resource INDEXED BY resource_own SET place = p.id, stale = 0 FROM bumped p \
WHERE resource.place IS NULL AND resource.deleted_at IS NULL AND resource.account = p.account \
AND resource.kind = p.kind AND resource.region = p.region \
AND EXISTS (SELECT 1 FROM staged s WHERE s.scan = $1 AND s.uid = resource.uid)";

/// Unchanged ones in places of which the scan saw a part.
const SEEN_ALONE: &str = "\
UPDATE resource SET last_seen = $2, last_scan = $1, place = NULL, stale = 0 FROM staged s \
WHERE s.scan = $1 AND s.kind IS NULL AND s.uid = resource.uid AND resource.deleted_at IS NULL \
AND EXISTS (SELECT 1 FROM partly b WHERE b.account = resource.account \
AND b.kind = resource.kind AND b.region = resource.region)";

/// What changes by itself makes no version; it is replaced where it differs.
const OBSERVED: &str = "\
UPDATE resource SET observed = NULLIF(s.observed, '') FROM staged s \
WHERE s.scan = $1 AND s.observed IS NOT NULL AND s.kind IS NULL AND s.uid = resource.uid";

/// Makes what was seen the estate.
pub(crate) async fn settle_seen(
    conn: &mut SqliteConnection,
    scan: i64,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), sqlx::Error> {
    sqlx::query(SUPERSEDE).bind(scan).execute(&mut *conn).await?;
    sqlx::query(UPSERT).bind(micros(now)).bind(scan).execute(&mut *conn).await?;
    sqlx::query(VERSIONS).bind(scan).bind(micros(now)).execute(&mut *conn).await?;
    sqlx::query(OBSERVED).bind(scan).execute(&mut *conn).await?;
    sqlx::query(REJOIN).bind(scan).execute(&mut *conn).await?;
    let partly: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM partly)").fetch_one(&mut *conn).await?;
    if partly {
        sqlx::query(SEEN_ALONE).bind(scan).bind(micros(now)).execute(&mut *conn).await?;
    }
    let row = sqlx::query(
        "SELECT COUNT(*) FILTER (WHERE r.first_scan = $1), \
         COUNT(*) FILTER (WHERE r.changed_scan = $1 AND r.first_scan <> $1) \
         FROM staged s JOIN resource r ON r.uid = s.uid WHERE s.scan = $1 AND s.kind IS NOT NULL",
    )
    .bind(scan)
    .fetch_one(conn)
    .await?;
    changes.added = row.try_get::<i64, _>(0)?.unsigned_abs();
    changes.changed = row.try_get::<i64, _>(1)?.unsigned_abs();
    Ok(())
}

/// What is said differently: what held ends in the history, and the new takes its place. Rows from before history was
/// kept (`from_scan` 0) are replaced.
const KNOWLEDGE: [&str; 10] = [
    "INSERT INTO explanation_history (resource, statements, understood, from_scan, to_scan) \
     SELECT e.resource, e.statements, e.understood, e.from_scan, $1 FROM staged_knowledge k \
     JOIN resource r ON r.uid = k.uid JOIN explanation e ON e.resource = r.id \
     WHERE k.scan = $1 AND k.statements IS NOT NULL AND e.from_scan > 0 AND e.from_scan < $1 ORDER BY e.resource",
    "INSERT INTO explanation (resource, statements, understood, from_scan) \
     SELECT r.id, k.statements, k.understood, $1 FROM staged_knowledge k JOIN resource r ON r.uid = k.uid \
     WHERE k.scan = $1 AND k.statements IS NOT NULL AND r.deleted_at IS NULL \
     ON CONFLICT (resource) DO UPDATE SET statements = excluded.statements, understood = excluded.understood, \
     from_scan = excluded.from_scan WHERE explanation.from_scan < $1",
    "INSERT INTO unknown_history (resource, severity, body, from_scan, to_scan) \
     SELECT u.resource, u.severity, u.body, u.from_scan, $1 FROM staged_knowledge k \
     JOIN resource r ON r.uid = k.uid JOIN unknown u ON u.resource = r.id \
     WHERE k.scan = $1 AND k.listed IS NOT NULL AND u.from_scan > 0 AND u.from_scan < $1 ORDER BY u.resource",
    "DELETE FROM unknown WHERE from_scan < $1 AND resource IN (SELECT r.id FROM staged_knowledge k \
     JOIN resource r ON r.uid = k.uid WHERE k.scan = $1 AND k.listed IS NOT NULL)",
    "INSERT INTO unknown (resource, severity, uid, kind, account, body, from_scan) \
     SELECT r.id, k.severity, k.uid, k.kind, k.account, k.body, $1 FROM staged_knowledge k \
     JOIN resource r ON r.uid = k.uid WHERE k.scan = $1 AND k.listed = 1 AND r.deleted_at IS NULL \
     ON CONFLICT (resource) DO NOTHING",
    "INSERT INTO edge_history (from_id, kind, to_id, target, expected, outside, path, from_scan, to_scan) \
     SELECT e.from_id, e.kind, e.to_id, e.target, e.expected, e.outside, e.path, e.from_scan, $1 FROM staged_edge_end s \
     JOIN edge e ON e.id = s.edge WHERE s.scan = $1 AND e.from_scan < $1 ORDER BY e.id",
    "DELETE FROM edge WHERE from_scan < $1 AND id IN (SELECT edge FROM staged_edge_end WHERE scan = $1)",
    "INSERT INTO edge (from_id, kind, to_id, target, expected, outside, path, from_scan) \
     SELECT f.id, s.kind, t.id, CASE WHEN t.id IS NULL THEN s.target END, s.expected, s.outside, s.path, $1 FROM staged_edge s \
     JOIN resource f ON f.uid = s.from_uid \
     LEFT JOIN resource t ON s.expected IS NULL AND t.uid = s.target \
     WHERE s.scan = $1 AND f.deleted_at IS NULL ORDER BY s.id",
    "UPDATE resource SET understood = k.understood FROM staged_knowledge k \
     WHERE k.scan = $1 AND k.uid = resource.uid AND resource.deleted_at IS NULL AND resource.understood <> k.understood",
    "UPDATE resource SET knowledge = k.hash FROM staged_knowledge k \
     WHERE k.scan = $1 AND k.uid = resource.uid AND resource.deleted_at IS NULL AND resource.knowledge IS NOT k.hash",
];

/// Makes what is known what holds.
pub(crate) async fn settle_knowledge(conn: &mut SqliteConnection, scan: i64) -> Result<(), sqlx::Error> {
    for sql in KNOWLEDGE {
        sqlx::query(sql).bind(scan).execute(&mut *conn).await?;
    }
    Ok(())
}

/// SHA-256 over the lines `<hash of the document>  <uid>` of all staged resources, sorted by the bytes of the uid:
/// the form that `sha256sum` writes, so that anybody can compute it again.
pub(crate) async fn digest_of_staged(conn: &mut SqliteConnection, scan: i64) -> Result<String, sqlx::Error> {
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
