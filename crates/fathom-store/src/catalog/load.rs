//! Reads the columns: of the estate as it is, of some resources, and of the estate as a scan left it.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::{AssertSqlSafe, SqliteConnection, sqlite::SqliteRow};

use super::part::{Builder, Column, Part, RawRow};
use crate::{
    NetworkRules, Store, StoreError,
    rows::{column, last_seen},
    scans::blocking,
};

/// Rows that are read at once. One column with all values of a row is several times faster to hand over than one a value.
const CHUNK_ROWS: i64 = 8192;
/// Relations that lead from a resource to its network: an instance, its subnet, its network, and one to spare.
const STEPS_MAX: usize = 4;

/// The owner is the first statement of all, if there is one: they are sorted by part and trust.
macro_rules! owner_of {
    ($statements:literal) => {
        concat!(
            "CASE WHEN substr(",
            $statements,
            ", 1, 9) = '[[\"owner\"' THEN json_extract(",
            $statements,
            ", '$[0][2]') WHEN substr(",
            $statements,
            ", 1, 2) = '[{' THEN (SELECT json_extract(s.value, '$.value') FROM json_each(",
            $statements,
            ") s WHERE json_extract(s.value, '$.part') = 'owner' LIMIT 1) END"
        )
    };
}

/// Of what is gone, the owner is who answered for it last: that it went concerns them.
const NOW: &str = concat!(
    "SELECT r.id, json_array(r.id, r.uid, r.kind, r.account, r.region, r.native_id, r.name, r.tags, \
     r.understood + r.exposed * 2 + r.stale * 4 + (r.deleted_at IS NOT NULL) * 8 + r.provider_made * 16 \
     + (u.resource IS NOT NULL) * 32, r.first_seen, ",
    last_seen!(),
    ", CASE WHEN r.deleted_at IS NULL THEN ",
    owner_of!("e.statements"),
    " ELSE (SELECT ",
    owner_of!("h.statements"),
    " FROM explanation_history h WHERE h.resource = r.id ORDER BY h.to_scan DESC, h.id DESC LIMIT 1) END, \
     u.severity), u.body FROM resource r LEFT JOIN explanation e ON e.resource = r.id \
     LEFT JOIN unknown u ON u.resource = r.id "
);
const ALL_NOW: &str = "WHERE r.id > $1 ORDER BY r.id LIMIT $2";
const SOME_NOW: &str = "WHERE r.id > $1 AND r.id IN (SELECT value FROM json_each($3)) ORDER BY r.id LIMIT $2";

/// The facts of a version, where it has its own, else those that the resource holds.
const THEN: &str = concat!(
    "SELECT r.id, json_array(r.id, r.uid, r.kind, r.account, r.region, r.native_id, \
     CASE WHEN v.facts IS NULL THEN r.name ELSE json_extract(v.facts, '$.name') END, \
     CASE WHEN v.facts IS NULL THEN r.tags ELSE json_extract(v.facts, '$.tags') || '' END, \
     COALESCE((SELECT x.understood FROM explanation x WHERE x.resource = r.id AND x.from_scan <= $3), \
       (SELECT h.understood FROM explanation_history h WHERE h.resource = r.id AND h.from_scan <= $3 AND h.to_scan > $3), 0) \
     + COALESCE(CASE WHEN v.facts IS NULL THEN r.exposed ELSE json_extract(v.facts, '$.exposed') END, 0) * 2 \
     + COALESCE(CASE WHEN v.facts IS NULL THEN r.provider_made ELSE json_extract(v.facts, '$.provider_made') END, 0) * 16 \
     + (EXISTS (SELECT 1 FROM unknown n WHERE n.resource = r.id AND n.from_scan <= $3) \
       OR EXISTS (SELECT 1 FROM unknown_history m WHERE m.resource = r.id AND m.from_scan <= $3 AND m.to_scan > $3)) * 32, \
     r.first_seen, $4, \
     COALESCE((SELECT ",
    owner_of!("x.statements"),
    " FROM explanation x WHERE x.resource = r.id AND x.from_scan <= $3), (SELECT ",
    owner_of!("h.statements"),
    " FROM explanation_history h WHERE h.resource = r.id AND h.from_scan <= $3 AND h.to_scan > $3)), \
     COALESCE((SELECT n.severity FROM unknown n WHERE n.resource = r.id AND n.from_scan <= $3), \
       (SELECT m.severity FROM unknown_history m WHERE m.resource = r.id AND m.from_scan <= $3 AND m.to_scan > $3))), \
     COALESCE((SELECT n.body FROM unknown n WHERE n.resource = r.id AND n.from_scan <= $3), \
       (SELECT m.body FROM unknown_history m WHERE m.resource = r.id AND m.from_scan <= $3 AND m.to_scan > $3)) \
     FROM resource r JOIN version v ON v.resource = r.id AND v.scan = \
     (SELECT MAX(w.scan) FROM version w WHERE w.resource = r.id AND w.scan <= $3) \
     WHERE r.id > $1 AND v.hash IS NOT NULL ORDER BY r.id LIMIT $2"
);

/// Which resources are read.
pub(super) enum Extent<'w> {
    All,
    Some(&'w BTreeSet<i64>),
    /// As a scan left them, and when it ended.
    Past(i64, i64),
}

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow, default)]
    gaps: Vec<GapPart<'b>>,
}

#[derive(Deserialize)]
struct GapPart<'b> {
    #[serde(borrow)]
    part: std::borrow::Cow<'b, str>,
}

/// Reads a part of the estate; one connection, one snapshot.
pub(super) async fn load(
    store: &Store,
    conn: &mut SqliteConnection,
    extent: &Extent<'_>,
) -> Result<Part, StoreError> {
    let failed = |source| store.failed("read the columns of the estate", source);
    let sql = match extent {
        Extent::All => format!("{NOW}{ALL_NOW}"),
        Extent::Some(_) => format!("{NOW}{SOME_NOW}"),
        Extent::Past(..) => THEN.to_owned(),
    };
    let ids = match extent {
        Extent::Some(ids) => serde_json::json!(ids).to_string(),
        _ => String::new(),
    };
    let mut builder = Builder::default();
    let mut after = 0_i64;
    // The next rows are read while the last ones are put into columns.
    let mut working: Option<tokio::task::JoinHandle<Result<Builder, StoreError>>> = None;
    loop {
        let mut query = sqlx::query(AssertSqlSafe(sql.clone())).bind(after).bind(CHUNK_ROWS);
        match extent {
            Extent::All => {}
            Extent::Some(_) => query = query.bind(&ids),
            Extent::Past(scan, at) => query = query.bind(scan).bind(at),
        }
        let rows = query.fetch_all(&mut *conn).await.map_err(failed)?;
        if let Some(before) = working.take() {
            builder = before.await.map_err(|_| StoreError::Closed)??;
        }
        let Some(last) = rows.last() else { break };
        after = column(last, "resource", 0)?;
        let complete = rows.len() as i64 == CHUNK_ROWS;
        let mut mine = std::mem::take(&mut builder);
        working = Some(tokio::task::spawn_blocking(move || {
            for row in &rows {
                add(&mut mine, row)?;
            }
            Ok(mine)
        }));
        if !complete {
            if let Some(last) = working.take() {
                builder = last.await.map_err(|_| StoreError::Closed)??;
            }
            break;
        }
    }
    blocking(move || builder.finish()).await
}

fn add(builder: &mut Builder, row: &SqliteRow) -> Result<(), StoreError> {
    let bad = |what: String| StoreError::BadRow { table: "resource", what };
    let raw: RawRow<'_> =
        serde_json::from_str(column(row, "resource", 1)?).map_err(|error| bad(error.to_string()))?;
    let gaps = match column::<Option<&str>>(row, "unknown", 2)? {
        None => String::new(),
        Some(body) => {
            let body: Body<'_> = serde_json::from_str(body).map_err(|_| StoreError::BadRow {
                table: "unknown",
                what: "body is not an unknown".to_owned(),
            })?;
            let mut parts: Vec<&str> = body.gaps.iter().map(|gap| &*gap.part).collect();
            parts.sort_unstable();
            parts.dedup();
            parts.join("\n")
        }
    };
    builder.push(&raw, &gaps);
    Ok(())
}

/// Finds the network that each resource is in: those of the types that the rules name are their own, and what a relation
/// of the rules leads to is taken over. `around` knows the networks of resources outside the part.
pub(super) async fn networks(
    store: &Store,
    conn: &mut SqliteConnection,
    rules: &NetworkRules,
    part: &mut Part,
    around: Option<&Part>,
    past: Option<i64>,
) -> Result<(), StoreError> {
    let failed = |source| store.failed("read what is in which network", source);
    let mut network = Column::blank(part.len());
    for row in 0..part.len() {
        if rules.kinds.iter().any(|kind| kind.as_str() == part.kind.text(row)) {
            let code = network.words.code(part.uids.get(row));
            if let Some(place) = network.codes.get_mut(row) {
                *place = code;
            }
        }
    }
    let through = serde_json::json!(rules.through).to_string();
    let sql = match (past, around) {
        (Some(_), _) => {
            "SELECT e.from_id, e.to_id FROM edge_ever e WHERE e.kind IN (SELECT value FROM json_each($1)) \
             AND e.to_id IS NOT NULL AND e.from_scan <= $2 AND (e.to_scan IS NULL OR e.to_scan > $2)"
        }
        (None, Some(_)) => {
            "SELECT e.from_id, e.to_id FROM edge e WHERE e.from_id IN (SELECT value FROM json_each($2)) \
             AND e.kind IN (SELECT value FROM json_each($1)) AND e.to_id IS NOT NULL"
        }
        (None, None) => {
            "SELECT e.from_id, e.to_id FROM edge e WHERE e.kind IN (SELECT value FROM json_each($1)) \
             AND e.to_id IS NOT NULL"
        }
    };
    let mut query = sqlx::query(sql).bind(through);
    if let Some(scan) = past {
        query = query.bind(scan);
    } else if around.is_some() {
        query = query.bind(serde_json::json!(part.ids).to_string());
    }
    let mut edges: Vec<(usize, i64)> = Vec::new();
    for row in query.fetch_all(conn).await.map_err(failed)? {
        if let Some(from) = part.row_of_id(column(&row, "edge", 0)?) {
            edges.push((from, column(&row, "edge", 1)?));
        }
    }
    for _ in 0..STEPS_MAX {
        let mut changed = false;
        for (from, to) in &edges {
            if network.code(*from) > 0 {
                continue;
            }
            let code = match (part.row_of_id(*to), around) {
                (Some(row), _) => network.code(row),
                (None, Some(around)) => {
                    let uid = around.row_of_id(*to).map_or("", |row| around.network.text(row));
                    network.words.code(uid)
                }
                (None, None) => 0,
            };
            if let Some(place) = network.codes.get_mut(*from).filter(|_| code > 0) {
                *place = code;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    part.network = network;
    Ok(())
}

/// Resources that a relation of the rules leads to one of a part whose network is another one than before.
pub(super) async fn borrowing(
    store: &Store,
    conn: &mut SqliteConnection,
    rules: &NetworkRules,
    part: &Part,
    before: &Part,
) -> Result<Vec<i64>, StoreError> {
    let moved = (0..part.len()).filter(|row| {
        let known = before.row_of_id(part.id(*row));
        known.map_or("", |known| before.network.text(known)) != part.network.text(*row)
    });
    let moved: Vec<i64> = moved.map(|row| part.id(row)).collect();
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "SELECT DISTINCT e.from_id FROM json_each($2) j CROSS JOIN edge e ON e.to_id = j.value \
         WHERE e.kind IN (SELECT value FROM json_each($1))",
    )
    .bind(serde_json::json!(rules.through).to_string())
    .bind(serde_json::json!(moved).to_string())
    .fetch_all(conn)
    .await
    .map_err(|source| store.failed("read what is in which network", source))
}
