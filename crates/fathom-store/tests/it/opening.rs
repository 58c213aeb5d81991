//! Opening, and everything that can be wrong with a directory.

use std::{fs, os::unix::fs::PermissionsExt as _};

use fathom_model::ScanState;
use fathom_store::{ResourceQuery, ScanResults, Store, StoreError};

use crate::support::{ORIGIN, at, instance, instances_read, open, scan};

#[tokio::test]
async fn files_have_the_modes_that_keep_the_key() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    let store = open(&dir).await;
    let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("ledger.key"), mode("ledger.pub")), (0o700, 0o600, 0o644));
    let key = fs::read_to_string(dir.join("ledger.key")).unwrap();
    // PRIVATE+KEY+name+hash+base64, and base64 may hold more of what parts these.
    let secret = key.trim().splitn(5, '+').last().unwrap();
    assert!(secret.len() > 40, "not a key");
    assert!(!format!("{store:?}").contains(secret));
    store.close().await.unwrap();
    let wrong = Store::open(&dir, "other.example/log", at(1)).await.unwrap_err();
    assert!(wrong.to_string().contains(ORIGIN) && !wrong.to_string().contains(secret), "{wrong}");
    fs::remove_file(dir.join("ledger.key")).unwrap();
    assert!(matches!(Store::open(&dir, ORIGIN, at(1)).await, Err(StoreError::KeyMissing { .. })));
    fs::write(dir.join("ledger.key"), "not a key").unwrap();
    assert!(matches!(Store::open(&dir, ORIGIN, at(1)).await, Err(StoreError::Key { .. })));
}

#[tokio::test]
async fn one_process_writes_and_others_read() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open_reader(dir.path()).await, Err(StoreError::NoData { .. })));
    let store = open(dir.path()).await;
    let results = ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 10, &[instance("i-a", "x")], results).await;
    let second = Store::open(dir.path(), ORIGIN, at(1)).await.unwrap_err();
    let StoreError::InUse { pid, .. } = &second else { panic!("{second}") };
    assert_eq!(*pid, Some(std::process::id()));

    let reader = Store::open_reader(dir.path()).await.unwrap();
    assert_eq!(reader.resources(&ResourceQuery::default()).await.unwrap().total, 1);
    assert_eq!(reader.ledger_status().await.unwrap().size, store.ledger_status().await.unwrap().size);
    assert!(matches!(reader.begin_scan("x", &[], &[], at(2)).await, Err(StoreError::ReaderOnly { .. })));
    assert!(matches!(reader.append(Vec::new(), at(2)).await, Err(StoreError::ReaderOnly { .. })));
    reader.close().await.unwrap();
    let clone = store.clone();
    store.close().await.unwrap();
    assert!(matches!(clone.begin_scan("x", &[], &[], at(2)).await, Err(StoreError::Closed)));
    assert!(matches!(clone.scans(1).await, Err(StoreError::Closed)));

    // Without a writer, and on a directory that may not be written, reading still works.
    let reader = Store::open_reader(dir.path()).await.unwrap();
    assert_eq!(reader.resources(&ResourceQuery::default()).await.unwrap().total, 1);
    reader.close().await.unwrap();
}

#[tokio::test]
async fn a_dropped_store_frees_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).await);
    open(dir.path()).await.close().await.unwrap();
}

#[tokio::test]
async fn a_scan_that_the_process_left_is_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let left = store.begin_scan("test", &[], &[], at(1)).await.unwrap();
    store.stage(left, &[instance("i-a", "x")]).await.unwrap();
    store.close().await.unwrap();
    let store = open(dir.path()).await;
    let scans = store.scans(1).await.unwrap();
    assert_eq!((scans[0].id, scans[0].state), (left, ScanState::Interrupted));
    let entries = store.entries(0, 100).await.unwrap();
    assert!(entries.iter().any(|entry| entry.body.contains("scan.interrupted")));
    // Its resources are nowhere, and may be staged again.
    let again = store.begin_scan("test", &[], &[], at(2)).await.unwrap();
    assert_eq!(store.stage(again, &[instance("i-a", "x")]).await.unwrap().staged, 1);
    let document = instance("i-a", "x").document;
    assert_eq!(store.document(&hex::encode(document.hash())).await.unwrap(), Some(document));
    store.close().await.unwrap();
}

#[tokio::test]
async fn foreign_and_broken_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("fathom.db");
    let text =
        "this is a text file that somebody keeps under our name, and it is longer than a header ".repeat(20);
    fs::write(&database, &text).unwrap();
    let error = Store::open(dir.path(), ORIGIN, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&database).unwrap(), text);

    // The header is right, and the rest is not.
    fs::remove_file(&database).unwrap();
    let store = open(dir.path()).await;
    store.close().await.unwrap();
    let mut bytes = fs::read(&database).unwrap();
    let length = bytes.len();
    bytes[100..length].fill(0xff);
    fs::write(&database, bytes).unwrap();
    let error = Store::open(dir.path(), ORIGIN, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. } | StoreError::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "x").unwrap();
    let error = Store::open(&dir.path().join("file/data"), ORIGIN, at(0)).await.unwrap_err();
    assert!(matches!(&error, StoreError::CreateDir { .. }), "{error:?}");
    assert!(error.to_string().contains("file/data"), "{error}");
}
