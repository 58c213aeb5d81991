//! The ledger and the independent verifier say the same of the same files.

use fathom_ledger::tree::prove_inclusion;
use fathom_ledger::{LogProof, verify_log};
use fathom_testkit::verifier::{verify_dir, verify_proof};
use proptest::prelude::*;

use crate::support::{DirLog, MemLog, entries, verifier};

fn proof(log: &MemLog, index: u64) -> LogProof {
    LogProof {
        extra: Some(b"context".to_vec()),
        index,
        hashes: prove_inclusion(&log.tree, index, log.size).unwrap(),
        checkpoint: String::from_utf8(log.files["checkpoint"].clone()).unwrap(),
    }
}

#[test]
fn both_accept_every_proof_of_small_logs() {
    let key = verifier();
    for n in 1..=40 {
        let all = entries(n);
        let log = MemLog::of(&all);
        for (index, entry) in all.iter().enumerate() {
            let proof = proof(&log, index as u64);
            let ours = proof.verify(entry, &key).unwrap();
            let theirs = verify_proof(&proof.to_text(), entry, &key.to_string()).unwrap();
            assert_eq!(theirs.index, ours.index);
            assert_eq!(theirs.size, ours.checkpoint.size);
            assert_eq!(theirs.origin, ours.checkpoint.origin);
            assert_eq!(theirs.root, ours.checkpoint.root.0);
            assert!(verify_proof(&proof.to_text(), b"other", &key.to_string()).is_err());
        }
    }
}

#[test]
fn both_accept_intact_directories() {
    let key = verifier();
    for n in [0, 1, 255, 256, 257, 700, 65_537] {
        let dir = tempfile::tempdir().unwrap();
        MemLog::of(&entries(n)).write_to(dir.path());
        assert_eq!(verify_log(&DirLog(dir.path().to_owned()), &key).unwrap().size, n as u64);
        assert_eq!(verify_dir(dir.path(), &key.to_string()).unwrap(), n as u64);
    }
}

#[test]
fn an_unreadable_file_is_not_a_missing_one() {
    let key = verifier();
    let dir = tempfile::tempdir().unwrap();
    MemLog::of(&entries(3)).write_to(dir.path());
    let path = dir.path().join("tile/0/000.p/3");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let error = verify_log(&DirLog(dir.path().to_owned()), &key).unwrap_err();
    assert!(error.to_string().contains("tile/0/000.p/3"), "{error}");
    assert_eq!(error.index(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn both_judge_changed_directories_alike(
        n in prop_oneof![1_usize..700, Just(256), Just(257)],
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        change in 0_u8..4,
    ) {
        let key = verifier();
        let mut log = MemLog::of(&entries(n));
        let path = log.files.keys().nth(file.index(log.files.len())).unwrap().clone();
        let bytes = log.files.get_mut(&path).unwrap();
        let at = at.index(bytes.len());
        match change {
            0 => bytes[at] ^= 1,
            1 => bytes.truncate(at),
            2 => bytes.insert(at, b'7'),
            _ => {}
        }
        let dir = tempfile::tempdir().unwrap();
        log.write_to(dir.path());
        let ours = verify_log(&DirLog(dir.path().to_owned()), &key);
        let theirs = verify_dir(dir.path(), &key.to_string());
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        prop_assert_eq!(ours.is_ok(), change == 3);
    }

    #[test]
    fn both_judge_changed_proofs_alike(n in 1_usize..300, at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let key = verifier();
        let all = entries(n);
        let log = MemLog::of(&all);
        let index = at.index(n);
        let mut text = proof(&log, index as u64).to_text().into_bytes();
        let byte = byte.index(text.len());
        text[byte] ^= 1 << bit;
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        let entry = &all[index];
        let ours = LogProof::parse(&text).is_ok_and(|proof| proof.verify(entry, &key).is_ok());
        let theirs = verify_proof(&text, entry, &key.to_string()).is_ok();
        // The extra data is not vouched for: ours refuses what is not base64, the other does not look.
        let in_extra = text.lines().nth(1).is_some_and(|line| line.len() > byte.saturating_sub(23)) && byte >= 23;
        prop_assert!(ours == theirs || in_extra, "{}", text);
        prop_assert!(!ours || in_extra);
    }
}
