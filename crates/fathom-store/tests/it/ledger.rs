//! The sealed log: appending, proving, publishing, and noticing what was changed.

use std::{collections::BTreeSet, fs, path::Path};

use fathom_ledger::{Checkpoint, Entry, LogProof, VerifyError, tile::tiles_at};
use fathom_store::{
    ANCHOR_FILE, DATABASE_FILE, LEDGER_DIR, MAX_APPEND, Store, StoreError, read_public_key, verify_dir,
};

use crate::support::{ORIGIN, at, copy_tree, draft, open};

async fn fill(store: &Store, entries: usize) {
    let drafts: Vec<_> = (0..entries).map(draft).collect();
    for batch in drafts.chunks(MAX_APPEND) {
        store.append(batch.to_vec(), at(5)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_appends_are_all_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let tasks = (0..64).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut receipts = Vec::new();
            for n in 0..20 {
                receipts.extend(store.append(vec![draft(task * 20 + n)], at(1)).await.unwrap());
            }
            receipts
        })
    });
    let mut receipts = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        receipts.push(task.await.unwrap());
    }
    let key = read_public_key(dir.path()).unwrap();
    let mut indexes = BTreeSet::new();
    let mut commits = BTreeSet::new();
    for (task, receipts) in receipts.into_iter().enumerate() {
        assert!(receipts.is_sorted_by_key(|receipt| receipt.index));
        for (n, receipt) in receipts.into_iter().enumerate() {
            let checkpoint = Checkpoint::open(receipt.checkpoint.as_bytes(), &key).unwrap();
            assert!(receipt.index < checkpoint.size);
            commits.insert(checkpoint.size);
            assert!(indexes.insert(receipt.index), "each index once");
            let entry = store.entries(receipt.index, 1).await.unwrap().remove(0);
            assert!(entry.body.contains(&format!(r#""number":{}}}"#, task * 20 + n)));
        }
    }
    assert_eq!(indexes.len(), 1280);
    assert!(commits.len() < 1280, "callers shared commits: {}", commits.len());
    let size = store.publish_ledger().await.unwrap();
    assert_eq!(size, 1281);
    let report = verify_dir(&dir.path().join(LEDGER_DIR), &key).unwrap();
    assert_eq!((report.size, report.entries_checked, report.origin.as_str()), (1281, 1281, ORIGIN));
    store.close().await.unwrap();
}

#[tokio::test]
async fn every_entry_can_be_proved_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    fill(&store, 600).await;
    let key = read_public_key(dir.path()).unwrap();
    for index in [0, 1, 255, 256, 511, 512, 600] {
        let proof = LogProof::parse(&store.prove(index).await.unwrap()).unwrap();
        let entry = store.entries(index, 1).await.unwrap().remove(0);
        let verified = proof.verify(entry.body.as_bytes(), &key).unwrap();
        assert_eq!((verified.index, verified.leaf), (index, entry.hash));
        assert!(proof.verify(b"another entry", &key).is_err());
    }
    let beyond = store.prove(601).await;
    assert!(matches!(beyond, Err(StoreError::NoSuchEntry { index: 601, size: 601 })));
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_sealed_is_refused_and_seals_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let mut large = draft(1);
    large.body = serde_json::json!("x".repeat(70_000));
    let refused = store.append(vec![draft(0), large], at(1)).await;
    assert!(matches!(refused, Err(StoreError::Entry { .. })));
    let many = store.append((0..=MAX_APPEND).map(draft).collect(), at(1)).await;
    assert!(matches!(many, Err(StoreError::Invalid { .. })));
    assert_eq!(store.ledger_status().await.unwrap().size, 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn the_directory_equals_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    fill(&store, 700).await;
    fill(&store, 1).await;
    let status = store.ledger_status().await.unwrap();
    store.close().await.unwrap();
    let root = dir.path().join(LEDGER_DIR);
    let key = read_public_key(dir.path()).unwrap();
    assert_eq!(fs::read_to_string(root.join("checkpoint")).unwrap(), status.checkpoint);
    assert_eq!(fs::read_to_string(dir.path().join(ANCHOR_FILE)).unwrap(), status.checkpoint);
    let report = verify_dir(&root, &key).unwrap();
    assert_eq!((report.size, report.root), (702, status.root));

    // Everything can be made again from the database alone.
    let old = dir.path().join("old");
    fs::rename(&root, &old).unwrap();
    let store = open(dir.path()).await;
    assert_eq!(store.ledger_status().await.unwrap().published, 702);
    store.close().await.unwrap();
    for tile in tiles_at(702) {
        let path = tile.path();
        assert_eq!(fs::read(root.join(&path)).unwrap(), fs::read(old.join(&path)).unwrap(), "{path}");
    }
}

#[tokio::test]
async fn a_tile_that_a_crash_left_unwritten_is_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    fill(&store, 300).await;
    store.close().await.unwrap();
    let root = dir.path().join(LEDGER_DIR);
    fs::remove_file(root.join("tile/entries/000")).unwrap();
    let key = read_public_key(dir.path()).unwrap();
    assert!(matches!(verify_dir(&root, &key), Err(VerifyError::EntryMissing { index: 0, .. })));
    open(dir.path()).await.close().await.unwrap();
    assert_eq!(verify_dir(&root, &key).unwrap().size, 301);
}

#[tokio::test]
async fn changed_and_cut_files_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    fill(&store, 300).await;
    store.close().await.unwrap();
    let key = read_public_key(dir.path()).unwrap();
    let tampered = |change: &dyn Fn(&Path)| {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(&dir.path().join(LEDGER_DIR), copy.path());
        verify_dir(copy.path(), &key).unwrap();
        change(copy.path());
        verify_dir(copy.path(), &key).unwrap_err()
    };
    let flipped = tampered(&|root| {
        let path = root.join("tile/entries/000");
        let mut bytes = fs::read(&path).unwrap();
        let number = br#""number":41}"#;
        let place = bytes.windows(number.len()).position(|window| window == number).unwrap();
        bytes[place + number.len() - 2] ^= 1;
        fs::write(&path, bytes).unwrap();
    });
    assert!(matches!(flipped, VerifyError::EntryChanged { index: 42 }), "{flipped}");
    let hash = tampered(&|root| {
        let path = root.join("tile/0/000");
        let mut bytes = fs::read(&path).unwrap();
        bytes[32 * 7] ^= 1;
        fs::write(&path, bytes).unwrap();
    });
    assert!(matches!(hash, VerifyError::TileChanged { index: 7, .. }), "{hash}");
    let cut = tampered(&|root| {
        let path = root.join("tile/0/000");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..1000]).unwrap();
    });
    assert!(matches!(cut, VerifyError::TileLength { .. }), "{cut}");
    let signed = tampered(&|root| {
        let path = root.join("checkpoint");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("\n301\n", "\n300\n", 1)).unwrap();
    });
    assert!(matches!(signed, VerifyError::Checkpoint(_)), "{signed}");
}

#[tokio::test]
async fn a_restored_older_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    fill(&store, 3).await;
    store.close().await.unwrap();
    let database = dir.path().join(DATABASE_FILE);
    let backup = fs::read(&database).unwrap();
    let store = open(dir.path()).await;
    fill(&store, 2).await;
    store.close().await.unwrap();
    let newest = fs::read(&database).unwrap();

    fs::write(&database, &backup).unwrap();
    let refused = Store::open(dir.path(), ORIGIN, at(9)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Anchor { .. }), "{refused:?}");
    assert!(refused.to_string().contains("has 4 entries"), "{refused}");
    // The tiles alone show it too, where the anchor was removed.
    let anchor = dir.path().join(ANCHOR_FILE);
    let anchored = fs::read(&anchor).unwrap();
    fs::remove_file(&anchor).unwrap();
    assert!(matches!(Store::open(dir.path(), ORIGIN, at(9)).await, Err(StoreError::Anchor { .. })));

    // A log that went another way after the backup has the same length, and is refused as well.
    let root = dir.path().join(LEDGER_DIR);
    let aside = dir.path().join("aside");
    fs::rename(&root, &aside).unwrap();
    let forked = open(dir.path()).await;
    fill(&forked, 1).await;
    forked.append(vec![draft(77)], at(9)).await.unwrap();
    forked.close().await.unwrap();
    fs::remove_dir_all(&root).unwrap();
    fs::write(&anchor, &anchored).unwrap();
    let refused = Store::open(dir.path(), ORIGIN, at(9)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Anchor { .. }), "{refused:?}");

    fs::write(&database, &newest).unwrap();
    fs::rename(&aside, &root).unwrap();
    let store = open(dir.path()).await;
    assert_eq!(store.ledger_status().await.unwrap().size, 6);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_missing_anchor_is_sealed_as_such() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await.unwrap();
    fs::remove_file(dir.path().join(ANCHOR_FILE)).unwrap();
    let store = open(dir.path()).await;
    let last = store.entries(0, 10).await.unwrap().pop().unwrap();
    assert_eq!(Entry::parse(last.body.as_bytes()).unwrap().kind(), "ledger.anchor_missing");
    store.close().await.unwrap();
    assert!(dir.path().join(ANCHOR_FILE).is_file());
}
