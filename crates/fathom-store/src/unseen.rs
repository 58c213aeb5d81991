//! Resources that a scan did not see: gone, stale, or not asked for; and the places that it read whole.
//!
//! What is unseen is found by counting: where a place shows as many resources as exist there, nobody needs to be looked
//! for. This is done by a reader before the transaction that ends the scan.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{AccountId, Region, ResourceType, Timestamp};
use sqlx::{Row, SqliteConnection};

use crate::{
    bulk::Insert,
    commit::{Changes, facts_json},
    overlap::is_overtaken,
    reconcile::{Listings, Verdict},
    rows::micros,
};

/// Account, type and region.
type Place = (String, String, String);

/// What a scan did not see, and which places it read whole.
#[derive(Default)]
pub(crate) struct Unseen {
    seen: u64,
    /// Of the seen, those that will be understood.
    understood: u64,
    /// Every resource there was seen, or is settled below.
    whole: Vec<Place>,
    /// Some resources there were seen, and nothing is said about the others.
    partly: Vec<Place>,
    gone: Vec<i64>,
    stale: Vec<i64>,
    stale_before: u64,
}

/// How many resources of a place exist, and how many of them the scan saw.
#[derive(Default)]
struct Tally {
    exist: i64,
    seen: i64,
    /// Whether the scan brings anything at all from there.
    brought: bool,
}

impl Unseen {
    /// Finds them. Nothing but the end of a scan changes what exists, so it holds until this scan's transaction.
    pub(crate) async fn find(
        conn: &mut SqliteConnection,
        scan: i64,
        listings: &Listings,
    ) -> Result<Self, sqlx::Error> {
        let mut found = Self::default();
        let mut tallies: BTreeMap<Place, Tally> = BTreeMap::new();
        let rows = sqlx::query(
            "SELECT account, kind, region, COUNT(*) FROM resource WHERE deleted_at IS NULL \
             GROUP BY kind, account, region",
        )
        .fetch_all(&mut *conn)
        .await?;
        for row in rows {
            let place = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            tallies.entry(place).or_default().exist = row.try_get(3)?;
        }
        let rows = sqlx::query(
            "SELECT r.account, r.kind, r.region, COUNT(*), SUM(r.understood) FROM staged s \
             CROSS JOIN resource r ON r.uid = s.uid AND +r.deleted_at IS NULL WHERE s.scan = $1 GROUP BY 1, 2, 3",
        )
        .bind(scan)
        .fetch_all(&mut *conn)
        .await?;
        let mut understood = 0;
        for row in rows {
            let place = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let tally = tallies.entry(place).or_default();
            tally.seen = row.try_get(3)?;
            tally.brought = true;
            understood += row.try_get::<i64, _>(4)?;
        }
        let rows = sqlx::query(
            "SELECT DISTINCT account, kind, region FROM staged WHERE scan = $1 AND kind IS NOT NULL",
        )
        .bind(scan)
        .fetch_all(&mut *conn)
        .await?;
        for row in rows {
            let place = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            tallies.entry(place).or_default().brought = true;
        }
        let later = read_later(conn, scan).await?;
        for (place, tally) in tallies {
            let later = later.contains(&place);
            found.judge(conn, scan, place, &tally, listings, later).await?;
        }
        for uid in listings.only.iter().flatten() {
            let id: Option<i64> = sqlx::query_scalar(
                "SELECT r.id FROM resource r LEFT JOIN place p ON p.id = r.place \
                 WHERE r.uid = $1 AND +r.deleted_at IS NULL AND COALESCE(p.last_scan, r.last_scan) < $2 \
                 AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.scan = $2 AND s.uid = r.uid)",
            )
            .bind(uid.as_str())
            .bind(scan)
            .fetch_optional(&mut *conn)
            .await?;
            found.gone.extend(id);
        }
        found.seen = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM staged WHERE scan = $1")
            .bind(scan)
            .fetch_one(&mut *conn)
            .await?
            .unsigned_abs();
        let more: i64 = sqlx::query_scalar(
            "SELECT COALESCE(SUM(k.understood - COALESCE(r.understood, 0)), 0) FROM staged_knowledge k \
             CROSS JOIN staged s ON s.scan = k.scan AND s.uid = k.uid \
             LEFT JOIN resource r ON r.uid = k.uid AND +r.deleted_at IS NULL WHERE k.scan = $1",
        )
        .bind(scan)
        .fetch_one(conn)
        .await?;
        found.understood = u64::try_from(understood + more).unwrap_or_default();
        Ok(found)
    }

    async fn judge(
        &mut self,
        conn: &mut SqliteConnection,
        scan: i64,
        place: Place,
        tally: &Tally,
        listings: &Listings,
        later: bool,
    ) -> Result<(), sqlx::Error> {
        let complete = tally.exist <= tally.seen;
        let verdict = if complete {
            None
        } else {
            let (account, kind, region) = &place;
            let verdict =
                listings.verdict(&AccountId::new(account), &ResourceType::new(kind), &Region::new(region));
            Some(verdict)
        };
        if let Some(verdict @ (Verdict::Gone | Verdict::Stale)) = verdict {
            // What a scan that began later has seen exists, whatever this one did not see.
            let rows = sqlx::query(
                "SELECT r.id, r.stale FROM resource r INDEXED BY resource_facets LEFT JOIN place p ON p.id = r.place \
                 WHERE r.deleted_at IS NULL AND r.account = $1 AND r.kind = $2 AND r.region = $3 \
                 AND r.last_scan < $4 AND COALESCE(p.last_scan, 0) < $4 \
                 AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.scan = $4 AND s.uid = r.uid) ORDER BY r.id",
            )
            .bind(&place.0)
            .bind(&place.1)
            .bind(&place.2)
            .bind(scan)
            .fetch_all(conn)
            .await?;
            for row in rows {
                let (id, stale): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
                match verdict {
                    Verdict::Gone => self.gone.push(id),
                    _ if stale => self.stale_before += 1,
                    _ => self.stale.push(id),
                }
            }
        }
        if tally.brought {
            // What is seen with a place is seen whenever the place was, so nothing joins one that was read later.
            if later || verdict == Some(Verdict::NotAsked) {
                self.partly.push(place);
            } else {
                self.whole.push(place);
            }
        }
        Ok(())
    }

    /// Those that are gone or stale from now on.
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.gone.iter().chain(&self.stale).copied().collect()
    }

    /// How many resources the scan saw.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// Of these, those that are understood once the scan has ended.
    pub(crate) fn understood(&self) -> u64 {
        self.understood
    }
}

/// The places that scans which began after this one have read whole.
async fn read_later(conn: &mut SqliteConnection, scan: i64) -> Result<BTreeSet<Place>, sqlx::Error> {
    if !is_overtaken(conn, scan).await? {
        return Ok(BTreeSet::new());
    }
    let rows = sqlx::query("SELECT account, kind, region FROM place WHERE last_scan > $1")
        .bind(scan)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

const LEAVING: Insert =
    Insert { head: "INSERT INTO leaving (id) VALUES", columns: 1, tail: "ON CONFLICT DO NOTHING" };
const WHOLE: Insert =
    Insert { head: "INSERT INTO bumped (account, kind, region) VALUES", columns: 3, tail: "" };
const PARTLY: Insert =
    Insert { head: "INSERT INTO partly (account, kind, region) VALUES", columns: 3, tail: "" };

/// A resource that leaves its place takes along when it was last seen there.
macro_rules! take_along {
    () => {
        "last_seen = COALESCE((SELECT p.last_seen FROM place p WHERE p.id = place), last_seen), \
         last_scan = COALESCE((SELECT p.last_scan FROM place p WHERE p.id = place), last_scan), place = NULL"
    };
}

/// What becomes of resources that are gone: a version without a document, and what was known ends.
const GONE: [&str; 9] = [
    concat!(
        "UPDATE version SET facts = (SELECT ",
        facts_json!("r"),
        " FROM resource r WHERE r.id = version.resource) \
         WHERE (resource, scan) IN (SELECT r.id, r.changed_scan FROM leaving l CROSS JOIN resource r ON r.id = l.id \
         WHERE r.changed_scan <= $1)"
    ),
    concat!(
        "UPDATE resource SET ",
        take_along!(),
        ", stale = 0, understood = 0, knowledge = NULL, deleted_at = $2, changed_scan = $1 \
         WHERE id IN (SELECT id FROM leaving)"
    ),
    "INSERT INTO version (resource, scan, hash, seen_at) SELECT id, $1, NULL, $2 FROM leaving",
    "INSERT INTO explanation_history (resource, statements, understood, from_scan, to_scan) \
     SELECT resource, statements, understood, from_scan, $1 FROM explanation \
     WHERE resource IN (SELECT id FROM leaving) AND from_scan > 0",
    "DELETE FROM explanation WHERE resource IN (SELECT id FROM leaving)",
    "INSERT INTO unknown_history (resource, severity, body, from_scan, to_scan) \
     SELECT resource, severity, body, from_scan, $1 FROM unknown \
     WHERE resource IN (SELECT id FROM leaving) AND from_scan > 0",
    "DELETE FROM unknown WHERE resource IN (SELECT id FROM leaving)",
    "INSERT INTO edge_history (from_id, kind, to_id, target, expected, outside, path, from_scan, to_scan) \
     SELECT e.from_id, e.kind, e.to_id, e.target, e.expected, e.outside, e.path, e.from_scan, $1 FROM edge e \
     WHERE e.from_id IN (SELECT id FROM leaving) ORDER BY e.id",
    "DELETE FROM edge WHERE from_id IN (SELECT id FROM leaving)",
];

const STALE: &str =
    concat!("UPDATE resource SET ", take_along!(), ", stale = 1 WHERE id IN (SELECT id FROM leaving)");

/// Lets go of what is gone, and marks what could not be seen. Comes before [`bump_places`].
pub(crate) async fn settle(
    conn: &mut SqliteConnection,
    scan: i64,
    unseen: &Unseen,
    now: Timestamp,
    changes: &mut Changes,
) -> Result<(), sqlx::Error> {
    changes.deleted = unseen.gone.len() as u64;
    changes.stale = unseen.stale.len() as u64 + unseen.stale_before;
    sqlx::query("CREATE TEMP TABLE IF NOT EXISTS leaving (id INTEGER PRIMARY KEY)")
        .execute(&mut *conn)
        .await?;
    if !unseen.gone.is_empty() {
        sqlx::query("DELETE FROM leaving").execute(&mut *conn).await?;
        LEAVING.run(conn, &unseen.gone, |query, id| query.bind(*id)).await?;
        for sql in GONE {
            let mut query = sqlx::query(sql);
            if sql.contains("$1") {
                query = query.bind(scan);
            }
            if sql.contains("$2") {
                query = query.bind(micros(now));
            }
            query.execute(&mut *conn).await?;
        }
    }
    if !unseen.stale.is_empty() {
        sqlx::query("DELETE FROM leaving").execute(&mut *conn).await?;
        LEAVING.run(conn, &unseen.stale, |query, id| query.bind(*id)).await?;
        sqlx::query(STALE).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Notes which places were read whole, for all that is seen with its place, and names them in temporary tables.
pub(crate) async fn bump_places(
    conn: &mut SqliteConnection,
    scan: i64,
    unseen: &Unseen,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    for sql in [
        "CREATE TEMP TABLE IF NOT EXISTS bumped (id INTEGER, account TEXT NOT NULL, kind TEXT NOT NULL, \
         region TEXT NOT NULL, PRIMARY KEY (account, kind, region)) WITHOUT ROWID",
        "CREATE TEMP TABLE IF NOT EXISTS partly (account TEXT NOT NULL, kind TEXT NOT NULL, region TEXT NOT NULL, \
         PRIMARY KEY (account, kind, region)) WITHOUT ROWID",
        "DELETE FROM bumped",
        "DELETE FROM partly",
    ] {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    for (insert, places) in [(WHOLE, &unseen.whole), (PARTLY, &unseen.partly)] {
        insert
            .run(conn, places, |query, (account, kind, region)| {
                query.bind(account.clone()).bind(kind.clone()).bind(region.clone())
            })
            .await?;
    }
    sqlx::query(
        "INSERT INTO place (account, kind, region, last_scan, last_seen) \
         SELECT account, kind, region, $1, $2 FROM bumped WHERE true \
         ON CONFLICT (account, kind, region) DO UPDATE SET last_scan = MAX(last_scan, excluded.last_scan), \
         last_seen = MAX(last_seen, excluded.last_seen)",
    )
    .bind(scan)
    .bind(micros(now))
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE bumped SET id = (SELECT p.id FROM place p WHERE p.account = bumped.account \
         AND p.kind = bumped.kind AND p.region = bumped.region)",
    )
    .execute(conn)
    .await?;
    Ok(())
}
