//! What happens when the disk is full: SQLite is told that the file may not grow, which it reports in the same way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use fathom_model::{Document, Resource, ScanState, Timestamp};
use serde_json::json;

use crate::{
    EntryDraft, LEDGER_DIR, ResourceQuery, ScanResults, Store, StoreError, read_public_key, verify_dir,
};

async fn limit_pages(store: &Store, pages: i64) {
    let mut guard = store.shared().write("limit the file").await.unwrap();
    let conn = guard.connection().unwrap();
    let sql = format!("PRAGMA max_page_count = {pages}");
    sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(conn).await.unwrap();
}

fn resources(names: std::ops::Range<usize>) -> Vec<Resource> {
    names
        .map(|n| Resource {
            uid: format!("uid:{n}").into(),
            kind: "T".into(),
            account: "1".into(),
            region: "r".into(),
            id: n.to_string(),
            name: None,
            tags: std::collections::BTreeMap::new(),
            created_at: None,
            provider_made: false,
            exposed: false,
            document: Document::new(&json!({ "n": (0..200).map(|i| (i * n) % 9973).collect::<Vec<_>>() })),
        })
        .collect()
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_later_all_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let store = Store::open(dir.path(), "test.example/log", now).await.unwrap();
    let scan = store.begin_scan("test", &[], &[], now).await.unwrap();
    store.stage(scan, &resources(0..10)).await.unwrap();
    limit_pages(&store, 1).await;

    let full = store.stage(scan, &resources(10..4000)).await.unwrap_err();
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    assert!(full.to_string().contains("free space at"), "{full}");
    let draft = |size: usize| EntryDraft {
        kind: "test.entry".to_owned(),
        actor: "user:ana".to_owned(),
        subject: "thing:1".to_owned(),
        body: json!("x".repeat(size)),
    };
    let appends = (0..8).map(|_| store.append(vec![draft(60_000)], now));
    for refused in futures::future::join_all(appends).await {
        assert!(matches!(refused, Err(StoreError::DiskFull { .. })), "{refused:?}");
    }
    assert_eq!(store.ledger_status().await.unwrap().size, 2, "created and started");

    limit_pages(&store, 1 << 30).await;
    let report = store.stage(scan, &resources(10..4000)).await.unwrap();
    assert_eq!((report.staged, report.duplicates.len()), (3990, 0));
    store.finish_scan(scan, ScanResults::default(), now).await.unwrap();
    assert_eq!(store.append(vec![draft(60_000)], now).await.unwrap()[0].index, 3);
    assert_eq!(store.resources(&ResourceQuery::default()).await.unwrap().total, 4000);
    store.close().await.unwrap();
    let key = read_public_key(dir.path()).unwrap();
    assert_eq!(verify_dir(&dir.path().join(LEDGER_DIR), &key).unwrap().size, 4);
}

#[tokio::test]
async fn a_full_disk_at_the_end_of_a_scan_leaves_the_scan_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let store = Store::open(dir.path(), "test.example/log", now).await.unwrap();
    let scan = store.begin_scan("test", &[], &[], now).await.unwrap();
    store.stage(scan, &resources(0..3000)).await.unwrap();
    limit_pages(&store, 1).await;
    let full = store.finish_scan(scan, ScanResults::default(), now).await.unwrap_err();
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    assert_eq!(store.resources(&ResourceQuery::default()).await.unwrap().total, 0);
    limit_pages(&store, 1 << 30).await;
    assert_eq!(store.finish_scan(scan, ScanResults::default(), now).await.unwrap().resources, 3000);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_failure_that_could_not_be_written_is_written_when_there_is_space() {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let store = Store::open(dir.path(), "test.example/log", now).await.unwrap();
    let scan = store.begin_scan("test", &[], &[], now).await.unwrap();
    // What is removed gives its pages back for the end of the scan, so that nothing was staged.
    limit_pages(&store, 1).await;
    let mut refused = store.fail_scan(scan, &"why ".repeat(500), now).await;
    for _ in 0..100 {
        if refused.is_err() {
            break;
        }
        let another = store.begin_scan("test", &[], &[], now).await;
        let Ok(another) = another else { break };
        refused = store.fail_scan(another, &"why ".repeat(500), now).await;
    }
    assert!(matches!(refused, Err(StoreError::DiskFull { .. })), "{refused:?}");
    let last = store.scans(1).await.unwrap().remove(0);
    assert_eq!(last.state, ScanState::Running);
    limit_pages(&store, 1 << 30).await;
    store.begin_scan("test", &[], &[], now).await.unwrap();
    let failed = store.scan(last.id).await.unwrap().unwrap();
    assert_eq!(failed.state, ScanState::Failed);
    assert!(failed.error.unwrap().starts_with("why why"));
    assert_eq!(store.end_failed(now).await.unwrap(), 0, "once");
    store.close().await.unwrap();
}
