//! Whatever is done to an exported log is found, and the right entry is named.

use std::sync::OnceLock;

use fathom_ledger::tile::{Layer, TILE_WIDTH, encode_tile};
use fathom_ledger::{Checkpoint, Hash, Tile, VerifyError, verify_log};
use proptest::prelude::*;

use crate::support::{MemLog, ORIGIN, bundle, entries, signer, tree_of, verifier};

fn check(log: &MemLog) -> Result<u64, VerifyError> {
    verify_log(log, &verifier()).map(|report| report.entries_checked)
}

#[test]
fn intact_logs_hold() {
    for n in [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1500] {
        let log = MemLog::of(&entries(n));
        let report = verify_log(&log, &verifier()).unwrap();
        assert_eq!((report.size, report.entries_checked), (n as u64, n as u64));
        assert_eq!(report.root, log.tree.frontier().root());
        assert_eq!(report.signed_by, [ORIGIN]);
        assert_eq!(report.origin, ORIGIN);
    }
}

#[test]
fn any_flipped_bit_in_any_file_of_a_small_log_is_found() {
    let log = MemLog::of(&entries(5));
    for (path, bytes) in &log.files {
        for at in 0..bytes.len() * 8 {
            let mut changed = log.clone();
            changed.files.get_mut(path).unwrap()[at / 8] ^= 1 << (at % 8);
            assert!(check(&changed).is_err(), "{path}, bit {at}");
        }
        let mut changed = log.clone();
        changed.files.remove(path);
        assert!(check(&changed).is_err(), "{path} removed");
    }
}

/// Three levels of tiles, built once.
fn large() -> &'static (Vec<Vec<u8>>, MemLog) {
    static LARGE: OnceLock<(Vec<Vec<u8>>, MemLog)> = OnceLock::new();
    LARGE.get_or_init(|| {
        let entries: Vec<Vec<u8>> = (0..65_537_u32).map(|i| i.to_be_bytes().to_vec()).collect();
        let log = MemLog::of(&entries);
        (entries, log)
    })
}

#[test]
fn three_levels_of_tiles() {
    let (_, log) = large();
    assert_eq!(check(log), Ok(65_537));
    let altered = |path: &str, at: usize| {
        let mut changed = log.clone();
        changed.files.get_mut(path).unwrap()[at] ^= 1;
        check(&changed).unwrap_err()
    };
    // Entries of six bytes with their length: byte 2 of entry 9 in bundle 100.
    assert_eq!(altered("tile/entries/100", 9 * 6 + 2), VerifyError::EntryChanged { index: 25_609 });
    assert_eq!(altered("tile/entries/256.p/1", 2), VerifyError::EntryChanged { index: 65_536 });
    for (path, at, index) in [
        ("tile/0/100", 9 * 32, 25_609),
        ("tile/0/256.p/1", 0, 65_536),
        ("tile/1/000", 7 * 32, 7 * 256),
        ("tile/1/000", 8191, 255 * 256),
        ("tile/2/000.p/1", 3, 0),
    ] {
        let path = path.to_owned();
        assert_eq!(altered(&path, at), VerifyError::TileChanged { index, path });
    }
}

#[test]
fn rewriting_entries_together_with_their_hashes_is_found() {
    let (all, log) = large();
    let mut forged = all.clone();
    forged[25_609] = b"forged".to_vec();
    let in_bundle = |n: usize| n * 256..(n + 1) * 256;
    let rewritten = &forged[in_bundle(100)];
    let leaves: Vec<Hash> = rewritten.iter().map(|entry| Hash::leaf(entry)).collect();

    let mut changed = log.clone();
    changed.files.insert("tile/entries/100".to_owned(), bundle(rewritten));
    changed.files.insert("tile/0/100".to_owned(), encode_tile(&leaves));
    assert_eq!(check(&changed), Err(VerifyError::Rewritten { index: 25_600, end: 25_856 }));

    // All tiles above as well: only the signed root is left to object.
    let mut all_forged = MemLog::of(&forged);
    all_forged.files.insert("checkpoint".to_owned(), log.files["checkpoint"].clone());
    assert!(matches!(check(&all_forged), Err(VerifyError::RootMismatch { .. })));

    // Another checkpoint signed by another key under the same name.
    let stranger = fathom_ledger::SignerKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    let root = all_forged.tree.frontier().root();
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 65_537, root };
    let signed = checkpoint.sign(&stranger, &[]).unwrap();
    all_forged.files.insert("checkpoint".to_owned(), signed.into_bytes());
    assert!(matches!(check(&all_forged), Err(VerifyError::Checkpoint(_))));
}

#[test]
fn entry_and_hash_altered_in_different_ways() {
    let mut log = MemLog::of(&entries(600));
    log.files.get_mut("tile/entries/001").unwrap()[5] ^= 1;
    log.files.get_mut("tile/0/001").unwrap()[5] ^= 1;
    assert_eq!(check(&log), Err(VerifyError::Disagreement { index: 256 }));
    // The same at the right edge, where the root alone decides.
    let mut log = MemLog::of(&entries(10));
    log.files.get_mut("tile/entries/000.p/10").unwrap()[5] ^= 1;
    log.files.get_mut("tile/0/000.p/10").unwrap()[5] ^= 1;
    assert_eq!(check(&log), Err(VerifyError::Disagreement { index: 0 }));
    // The entry at 300 and the hash of another: the first is named, with the right reason.
    let all = entries(600);
    let mut changed = all.clone();
    changed[300] = b"forged".to_vec();
    let mut log = MemLog::of(&all);
    log.set_bundles(&changed);
    log.files.get_mut("tile/0/000").unwrap()[32 * 7] ^= 1;
    let path = "tile/0/000".to_owned();
    assert_eq!(check(&log), Err(VerifyError::TileChanged { index: 7, path }));
}

#[test]
fn missing_and_malformed_files_are_named() {
    let log = MemLog::of(&entries(600));
    let without = |path: &str| {
        let mut changed = log.clone();
        changed.files.remove(path).unwrap();
        check(&changed).unwrap_err()
    };
    let owned = str::to_owned;
    let path = "tile/entries/001";
    assert_eq!(without(path), VerifyError::EntryMissing { index: 256, path: owned(path) });
    let path = "tile/0/001";
    assert_eq!(without(path), VerifyError::TileMissing { index: 256, path: owned(path) });
    let path = "tile/1/000.p/2";
    assert_eq!(without(path), VerifyError::TileMissing { index: 0, path: owned(path) });
    assert!(matches!(without("checkpoint"), VerifyError::Checkpoint(_)));
    let path = "tile/0/002.p/88";
    let mut changed = log.clone();
    changed.files.get_mut(path).unwrap().pop();
    let error = VerifyError::TileLength { index: 512, path: owned(path), bytes: 88 * 32 - 1 };
    assert_eq!(check(&changed), Err(error));
}

#[test]
fn a_log_that_has_grown_since_the_checkpoint_holds() {
    let log = MemLog::of(&entries(300));
    let mut grown = MemLog::of(&entries(600));
    grown.files.insert("checkpoint".to_owned(), log.files["checkpoint"].clone());
    // The partial tiles of 300 entries are gone but for the one of level 1, whose full tile does not exist
    // yet.
    let kept = "tile/1/000.p/1";
    grown.files.insert(kept.to_owned(), log.files[kept].clone());
    assert_eq!(check(&grown), Ok(300));
}

#[test]
fn a_checkpoint_that_claims_more_than_there_is() {
    let mut log = MemLog::of(&entries(10));
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 1 << 62, root: Hash::leaf(b"x") };
    log.files.insert("checkpoint".to_owned(), checkpoint.sign(&signer(), &[]).unwrap().into_bytes());
    let path = "tile/entries/000".to_owned();
    assert_eq!(check(&log), Err(VerifyError::EntryMissing { index: 0, path }));
}

fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..1500, prop::sample::select(vec![1, 2, 255, 256, 257, 511, 512, 513, 1024])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_flipped_bit_is_found(n in sizes(), file in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let mut log = MemLog::of(&entries(n));
        let path = log.files.keys().nth(file.index(log.files.len())).unwrap().clone();
        let bytes = log.files.get_mut(&path).unwrap();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let error = check(&log).unwrap_err();
        if let Ok(tile) = path.parse::<Tile>() {
            match tile.layer {
                Layer::Hashes(_) => {
                    let index = tile.first_entry((bit / 256) as u16);
                    prop_assert_eq!(error, VerifyError::TileChanged { index, path });
                }
                Layer::Entries => {
                    let first = tile.first_entry(0);
                    let index = error.index().unwrap();
                    prop_assert!((first..first + u64::from(TILE_WIDTH)).contains(&index));
                }
            }
        }
    }

    #[test]
    fn one_changed_entry_is_named(n in sizes(), at in any::<prop::sample::Index>(), body in prop::collection::vec(any::<u8>(), 0..50)) {
        let mut changed = entries(n);
        let mut log = MemLog::of(&changed);
        let at = at.index(n);
        changed[at] = body;
        log.set_bundles(&changed);
        prop_assert_eq!(check(&log), Err(VerifyError::EntryChanged { index: at as u64 }));
    }

    #[test]
    fn dropped_swapped_and_duplicated_entries_are_named(n in sizes(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let all = entries(n);
        let log = MemLog::of(&all);
        let (a, b) = (a.index(n), b.index(n));

        let mut dropped = all.clone();
        dropped.remove(a);
        let mut changed = log.clone();
        changed.set_bundles(&dropped);
        prop_assert_eq!(check(&changed).unwrap_err().index(), Some(a as u64));

        let mut duplicated = all.clone();
        duplicated.insert(a, all[a].clone());
        let mut changed = log.clone();
        changed.set_bundles(&duplicated);
        prop_assert_eq!(check(&changed).unwrap_err().index(), Some((a + 1).min(n - 1) as u64));

        if a != b {
            let mut swapped = all.clone();
            swapped.swap(a, b);
            let mut changed = log;
            changed.set_bundles(&swapped);
            prop_assert_eq!(check(&changed), Err(VerifyError::EntryChanged { index: a.min(b) as u64 }));
        }
    }

    #[test]
    fn truncated_logs_are_found(n in sizes(), keep in any::<prop::sample::Index>(), cut in 1_usize..40) {
        let all = entries(n);
        let log = MemLog::of(&all);
        // The tail cut off, with the checkpoint of the whole log.
        let keep = keep.index(n);
        let mut changed = MemLog::of(&all[..keep]);
        changed.files.insert("checkpoint".to_owned(), log.files["checkpoint"].clone());
        let index = check(&changed).unwrap_err().index().unwrap();
        prop_assert!(index <= keep as u64 && index >= keep as u64 / 256 * 256);
        // The last bytes of the last bundle.
        let tile = Tile::of_entry(log.size - 1, log.size).unwrap();
        let mut changed = log.clone();
        let bytes = changed.files.get_mut(&tile.path()).unwrap();
        bytes.truncate(bytes.len().saturating_sub(cut));
        let is_missing = matches!(check(&changed), Err(VerifyError::EntryMissing { .. }));
        prop_assert!(is_missing);
    }

    #[test]
    fn a_tree_with_any_other_leaf_has_another_root(n in 1_usize..600, at in any::<prop::sample::Index>()) {
        let mut leaves: Vec<Hash> = entries(n).iter().map(|entry| Hash::leaf(entry)).collect();
        let root = tree_of(&leaves).frontier().root();
        leaves[at.index(n)] = Hash::leaf(b"other");
        prop_assert_ne!(tree_of(&leaves).frontier().root(), root);
    }
}
