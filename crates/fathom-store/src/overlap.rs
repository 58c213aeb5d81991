//! Scans that overlap: they count in the order in which they began, whichever of them ends first.
//!
//! A scan that ends leaves alone what a later one has said already: resources that the later one saw or let go of, and
//! whatever is new in a listing that the later one read in full. For the last of these, what a scan read while an
//! earlier one was under way is remembered until that one has ended. It need not outlive the process: no scan does.

use std::collections::{BTreeMap, HashMap};

use fathom_model::{AccountId, Region, ResourceType, Uid};
use sqlx::{Row as _, SqliteConnection};

use crate::{bulk::Insert, reconcile::Listings};

/// What scans read in full while an earlier one was under way.
#[derive(Default)]
pub(crate) struct ReadSince {
    /// By account and type: by region, the newest scan that read it.
    listed: BTreeMap<(AccountId, ResourceType), BTreeMap<Region, i64>>,
    /// Single resources that are gone, by the newest scan that said so.
    gone: HashMap<Uid, i64>,
}

impl ReadSince {
    /// Remembers what a scan read, where one that began earlier is under way, and forgets what matters to none.
    pub(crate) fn finished(&mut self, scan: i64, listings: &Listings, oldest_running: Option<i64>) {
        let Some(oldest) = oldest_running else { return *self = Self::default() };
        if oldest < scan {
            for (place, region) in listings.read_in_full() {
                let known =
                    self.listed.entry(place.clone()).or_default().entry(region.clone()).or_insert(scan);
                *known = scan.max(*known);
            }
            for uid in listings.only.iter().flatten() {
                let known = self.gone.entry(uid.clone()).or_insert(scan);
                *known = scan.max(*known);
            }
        }
        self.gone.retain(|_, at| *at > oldest);
        self.listed.retain(|_, regions| {
            regions.retain(|_, at| *at > oldest);
            !regions.is_empty()
        });
    }

    /// Whether a scan that began after this one has read the whole of a place.
    fn has_read(&self, scan: i64, (account, kind, region): &(String, String, String)) -> bool {
        let Some(regions) = self.listed.get(&(AccountId::new(account), ResourceType::new(kind))) else {
            return false;
        };
        [region.as_str(), Region::GLOBAL]
            .into_iter()
            .filter_map(|region| regions.get(&Region::new(region)))
            .any(|at| *at > scan)
    }

    /// The resources that scans which began after this one said to be gone.
    fn gone_after(&self, scan: i64) -> Vec<&str> {
        self.gone.iter().filter(|(_, at)| **at > scan).map(|(uid, _)| uid.as_str()).collect()
    }
}

const PLACES: Insert =
    Insert { head: "INSERT INTO overtaken_place (account, kind, region) VALUES", columns: 3, tail: "" };
const UIDS: Insert =
    Insert { head: "INSERT INTO overtaken (uid) VALUES", columns: 1, tail: "ON CONFLICT DO NOTHING" };

/// What later scans have seen or let go of, and what is new in the places that they read in full.
const OVERTAKEN: [&str; 3] = [
    "INSERT INTO overtaken (uid) SELECT s.uid FROM staged s JOIN resource r ON r.uid = s.uid \
     LEFT JOIN place p ON p.id = r.place \
     WHERE s.scan = $1 AND (r.changed_scan > $1 OR COALESCE(p.last_scan, r.last_scan) > $1) ON CONFLICT DO NOTHING",
    "INSERT INTO overtaken (uid) SELECT k.uid FROM staged_knowledge k JOIN resource r ON r.uid = k.uid \
     LEFT JOIN place p ON p.id = r.place \
     WHERE k.scan = $1 AND (r.changed_scan > $1 OR COALESCE(p.last_scan, r.last_scan) > $1) ON CONFLICT DO NOTHING",
    "INSERT INTO overtaken (uid) SELECT s.uid FROM staged s JOIN overtaken_place b \
     ON b.account = s.account AND b.kind = s.kind AND b.region = s.region \
     WHERE s.scan = $1 AND s.kind IS NOT NULL ON CONFLICT DO NOTHING",
];
const FORGET: [&str; 4] = [
    "DELETE FROM staged WHERE scan = $1 AND uid IN (SELECT uid FROM overtaken)",
    "DELETE FROM staged_edge WHERE scan = $1 AND from_uid IN (SELECT uid FROM overtaken)",
    "DELETE FROM staged_edge_end WHERE scan = $1 AND edge IN (SELECT e.id FROM overtaken o \
     JOIN resource f ON f.uid = o.uid JOIN edge e ON e.from_id = f.id)",
    "DELETE FROM staged_knowledge WHERE scan = $1 AND uid IN (SELECT uid FROM overtaken)",
];

/// Takes out of the stage of a scan what later scans have said already. Comes before all else in the transaction that
/// ends it.
pub(crate) async fn leave_to_later(
    conn: &mut SqliteConnection,
    scan: i64,
    read_since: &ReadSince,
) -> Result<(), sqlx::Error> {
    if !is_overtaken(conn, scan).await? {
        return Ok(());
    }
    for sql in [
        "CREATE TEMP TABLE IF NOT EXISTS overtaken (uid TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TEMP TABLE IF NOT EXISTS overtaken_place (account TEXT NOT NULL, kind TEXT NOT NULL, \
         region TEXT NOT NULL, PRIMARY KEY (account, kind, region)) WITHOUT ROWID",
        "DELETE FROM overtaken",
        "DELETE FROM overtaken_place",
    ] {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    let rows =
        sqlx::query("SELECT DISTINCT account, kind, region FROM staged WHERE scan = $1 AND kind IS NOT NULL")
            .bind(scan)
            .fetch_all(&mut *conn)
            .await?;
    let mut places: Vec<(String, String, String)> = Vec::new();
    for row in rows {
        let place = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if read_since.has_read(scan, &place) {
            places.push(place);
        }
    }
    PLACES
        .run(conn, &places, |query, (account, kind, region)| {
            query.bind(account.clone()).bind(kind.clone()).bind(region.clone())
        })
        .await?;
    UIDS.run(conn, &read_since.gone_after(scan), |query, uid| query.bind((*uid).to_owned())).await?;
    for sql in OVERTAKEN.into_iter().chain(FORGET) {
        sqlx::query(sql).bind(scan).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Whether a scan that began later has ended already.
pub(crate) async fn is_overtaken(conn: &mut SqliteConnection, scan: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM scan WHERE id > $1 AND state = 'finished')")
        .bind(scan)
        .fetch_one(conn)
        .await
}

/// The scan under way that began first.
pub(crate) async fn oldest_running(conn: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT MIN(id) FROM scan WHERE state = 'running'").fetch_one(conn).await
}
