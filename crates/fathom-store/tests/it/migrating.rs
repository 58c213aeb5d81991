//! A directory that an earlier version made.

use std::path::Path;

use fathom_model::{Moment, Outcome, SourceKind};
use fathom_store::{ResourceQuery, ScanResults, Store, StoreError, UnknownQuery, Which, WhichEdges};
use futures::TryStreamExt as _;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};

use crate::support::{BUCKET, ORIGIN, at, covered, edge, instance, open, owner, resource, scan, unknown};

const SCHEMA_1: &str = include_str!("../../migrations/0001_estate.sql");

/// Takes the database of a directory away and puts one of schema 1 in its place: two instances of which one is gone, an
/// edge, statements, a row of the list.
async fn put_schema_1(dir: &Path) {
    let database = dir.join("fathom.db");
    let url = format!("sqlite://{}", database.display());
    let mut new = SqliteConnection::connect(&url).await.unwrap();
    let ledger: Vec<(i64, Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT idx, hash, body FROM ledger_entry").fetch_all(&mut new).await.unwrap();
    let (size, frontier, checkpoint): (i64, Vec<u8>, String) =
        sqlx::query_as("SELECT size, frontier, checkpoint FROM ledger_state")
            .fetch_one(&mut new)
            .await
            .unwrap();
    new.close().await.unwrap();
    for name in ["fathom.db", "fathom.db-wal", "fathom.db-shm"] {
        let _absent = std::fs::remove_file(dir.join(name));
    }
    let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    sqlx::raw_sql(
        "PRAGMA application_id = 1182034029; \
         CREATE TABLE migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL); \
         INSERT INTO migration VALUES (1, 'estate', 0);",
    )
    .execute(&mut old)
    .await
    .unwrap();
    sqlx::raw_sql(SCHEMA_1).execute(&mut old).await.unwrap();
    for (idx, hash, body) in ledger {
        sqlx::query("INSERT INTO ledger_entry VALUES ($1, $2, $3)")
            .bind(idx)
            .bind(hash)
            .bind(body)
            .execute(&mut old)
            .await
            .unwrap();
    }
    sqlx::query("INSERT INTO ledger_state VALUES (1, $1, $2, $3)")
        .bind(size)
        .bind(frontier)
        .bind(checkpoint)
        .execute(&mut old)
        .await
        .unwrap();
    for (id, second) in [(1_i64, 11), (2, 21)] {
        sqlx::query(
            "INSERT INTO scan (id, started_at, finished_at, state, scope, accounts, regions, resources, understood) \
             VALUES ($1, $2, $2, 'finished', 'old', '[]', '[]', 2, 1)",
        )
        .bind(id)
        .bind(at(second).as_microsecond())
        .execute(&mut old)
        .await
        .unwrap();
    }
    for (id, name, deleted) in [(1_i64, "i-a", None), (2, "i-b", None), (3, "i-gone", Some(at(21)))] {
        let one = instance(name, "x");
        sqlx::query("INSERT INTO document (hash, codec, size, body) VALUES ($1, 0, $2, $3)")
            .bind(one.document.hash().to_vec())
            .bind(one.document.as_str().len() as i64)
            .bind(one.document.as_str().as_bytes().to_vec())
            .execute(&mut old)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO resource (id, uid, kind, account, region, native_id, name, tags, created_at, provider_made, \
             exposed, hash, first_seen, last_seen, first_scan, last_scan, changed_scan, stale, understood, deleted_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, $11, $12, 1, 2, 1, 0, $13, $14)",
        )
        .bind(id)
        .bind(one.uid.as_str())
        .bind(one.kind.as_str())
        .bind(one.account.as_str())
        .bind(one.region.as_str())
        .bind(&one.id)
        .bind(&one.name)
        .bind(json!(one.tags).to_string())
        .bind(one.created_at.map(fathom_model::Timestamp::as_microsecond))
        .bind(one.document.hash().to_vec())
        .bind(at(11).as_microsecond())
        .bind(at(21).as_microsecond())
        .bind(id == 1)
        .bind(deleted.map(fathom_model::Timestamp::as_microsecond))
        .execute(&mut old)
        .await
        .unwrap();
        sqlx::query("INSERT INTO version (resource, scan, hash, seen_at) VALUES ($1, 1, $2, $3)")
            .bind(id)
            .bind(one.document.hash().to_vec())
            .bind(at(11).as_microsecond())
            .execute(&mut old)
            .await
            .unwrap();
    }
    let (a, b) = (instance("i-a", "x"), instance("i-b", "x"));
    sqlx::query("INSERT INTO edge (from_uid, kind, target) VALUES ($1, 'beside', $2)")
        .bind(a.uid.as_str())
        .bind(b.uid.as_str())
        .execute(&mut old)
        .await
        .unwrap();
    sqlx::query("INSERT INTO explanation (uid, statements) VALUES ($1, $2)")
        .bind(a.uid.as_str())
        .bind(json!([owner(&a, "core", SourceKind::Tag).1]).to_string())
        .execute(&mut old)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO unknown (uid, kind, account, region, rank, body) VALUES ($1, $2, $3, $4, 1, $5)",
    )
    .bind(b.uid.as_str())
    .bind(b.kind.as_str())
    .bind(b.account.as_str())
    .bind(b.region.as_str())
    .bind(json!(unknown(&b, 1, &["owner"])).to_string())
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
}

#[tokio::test]
async fn a_directory_of_schema_1_goes_on_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await.unwrap();
    put_schema_1(dir.path()).await;
    // A process that writes with an earlier version is in the way; without one, whoever reads first brings it up.
    let lock = std::fs::File::open(dir.path().join("fathom.lock")).unwrap();
    lock.lock().unwrap();
    let refused = Store::open_reader(dir.path()).await;
    assert!(matches!(refused, Err(StoreError::TooOld { found: 1, .. })), "{refused:?}");
    drop(lock);
    let reader = Store::open_reader(dir.path()).await.unwrap();
    assert_eq!(reader.resources(&ResourceQuery::default()).await.unwrap().total, 2);
    reader.close().await.unwrap();

    let store = Store::open(dir.path(), ORIGIN, at(30)).await.unwrap();
    let (a, b) = (instance("i-a", "x"), instance("i-b", "x"));
    let stored = store.resource(&a.uid).await.unwrap().unwrap();
    assert_eq!((stored.resource, stored.last_seen, stored.understood), (a.clone(), at(21), true));
    assert_eq!(store.edges_of(&b.uid).await.unwrap().incoming[0].from, a.uid);
    assert_eq!(store.statements(&a.uid).await.unwrap(), [owner(&a, "core", SourceKind::Tag).1]);
    let page = store.unknowns(&UnknownQuery::default(), at(30)).await.unwrap();
    assert_eq!(page.rows, [unknown(&b, 1, &["owner"])]);
    let summary = store.summary().await.unwrap();
    assert_eq!((summary.len(), summary[0].total, summary[0].understood), (1, 2, 1));
    let gone = store.history(&instance("i-gone", "").uid, 10).await.unwrap();
    assert_eq!(gone.versions.iter().map(|version| version.scan).collect::<Vec<_>>(), [2, 1]);

    // The first scan after it finds the same: no version, and no history of what only has another form.
    let coverage = vec![covered("AWS::EC2::Instance", "111122223333", "eu-west-1", Outcome::Read)];
    let results = ScanResults {
        coverage,
        edges: vec![edge(&a, "beside", &b)],
        statements: vec![owner(&a, "core", SourceKind::Tag)],
        unknowns: vec![unknown(&b, 1, &["owner"])],
        understood: [a.uid.clone()].into(),
        ..ScanResults::default()
    };
    let bucket = resource(BUCKET, "111122223333", "us-east-1", "data", "x");
    scan(&store, 40, &[a.clone(), b.clone(), bucket], results).await;
    assert_eq!(store.versions(&a.uid).await.unwrap().len(), 1);
    assert_eq!(store.resource(&a.uid).await.unwrap().unwrap().last_seen, at(41));
    assert_eq!(store.statements(&a.uid).await.unwrap().len(), 1);
    assert_eq!(store.unknowns(&UnknownQuery::default(), at(50)).await.unwrap().total, 1);
    assert_eq!(store.resources(&ResourceQuery::default()).await.unwrap().total, 3);

    // As of the scans before, resources are known, and what was said about them is not: it must not read as nothing.
    let past = store.past(&Moment::Scan(2), at(50)).await.unwrap();
    let then = past.stream_resources(&Which::all(), false).try_concat().await.unwrap();
    assert_eq!(then.iter().map(|one| one.understood).collect::<Vec<_>>(), [None, None]);
    for refused in [
        past.stream_unknowns().try_concat().await.map(|_| ()),
        past.stream_statements(&Which::all()).try_concat().await.map(|_| ()),
        past.stream_edges(&WhichEdges::default()).try_concat().await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(StoreError::NotKept { scan: 2, .. })), "{refused:?}");
    }
    let newest = store.past(&Moment::Scan(3), at(50)).await.unwrap();
    assert_eq!(newest.stream_unknowns().try_concat().await.unwrap().len(), 1);
    store.close().await.unwrap();
}
