//! The sealed ledger from the command line: verified here and elsewhere, by ours and by another program.

use std::{fs, path::Path};

use fathom_testkit::verifier;

use crate::harness::{Place, copy_dir, files, sample};

/// This installation's verifier key.
fn key() -> String {
    fs::read_to_string(sample().data().join("ledger.pub")).expect("a public key").trim().to_owned()
}

fn ledger() -> std::path::PathBuf {
    sample().data().join("ledger")
}

#[test]
fn the_own_ledger_and_a_copy_verify() {
    let own = sample().run(&["ledger", "verify"]).ok();
    assert!(own.out.starts_with("verifies: 3 entries"), "{}", own.out);
    // Without the key of its origin a copy verifies with a key that is given, as text or as a file.
    let place = Place::new();
    copy_dir(&ledger(), &place.path().join("copy/log"));
    place.write("key.txt", key() + "\n");
    for given in [key().as_str(), "key.txt"] {
        let copy = place.run(&["ledger", "verify", "copy/log", "--key", given]).ok();
        assert_eq!(copy.out, own.out);
    }
    place.run(&["ledger", "verify", "copy/log"]).code(1).says(&["--key"]);
    // A copy of the whole data directory has its key beside it.
    copy_dir(&sample().data(), &place.path().join("all"));
    assert_eq!(place.run(&["ledger", "verify", "all/ledger"]).ok().out, own.out);
    let json = sample().run(&["ledger", "verify", "--json"]).ok().json();
    assert_eq!((json["verifies"].as_bool(), json["entries"].as_u64()), (Some(true), Some(3)));
}

#[test]
fn another_program_comes_to_the_same_verdict() {
    assert_eq!(verifier::verify_dir(&ledger(), &key()), Ok(3));
}

#[test]
fn another_key_or_none_does_not_pass() {
    let place = Place::new();
    place.run(&["scan", "--sample", "--quiet"]).ok();
    let other = fs::read_to_string(place.data().join("ledger.pub")).unwrap();
    let dir = ledger().display().to_string();
    let ran = place.run(&["ledger", "verify", &dir, "--key", other.trim()]).code(1);
    ran.says(&["does not verify"]);
    place.run(&["ledger", "verify", &dir, "--key", "nonsense"]).code(1).says(&["no public key of a ledger"]);
    place.run(&["ledger", "verify", "nowhere"]).code(1).says(&["nowhere"]);
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let place = Place::new();
    let copy = place.path().join("copy");
    copy_dir(&ledger(), &copy);
    // Narrower tiles are of earlier checkpoints; this one does not speak of them.
    let spoken_of = |file: &std::path::PathBuf| file.ends_with("checkpoint") || file.ends_with("000.p/3");
    let all: Vec<_> = files(&copy).into_iter().filter(spoken_of).collect();
    assert_eq!(all.len(), 3, "{all:?}");
    for file in all {
        let good = fs::read(&file).unwrap();
        let is_entries = file.components().any(|part| part.as_os_str() == "entries");
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            let ran = place.run(&["ledger", "verify", "copy", "--key", &key()]).code(1);
            let ran = ran.says(&["does not verify"]);
            if is_entries && at > 1 {
                let named = entry_at(&good, at);
                assert!(
                    ran.err.contains(&format!("entry {named}")),
                    "byte {at} is of entry {named}: {}",
                    ran.err
                );
            }
            assert!(verifier::verify_dir(&copy, &key()).is_err(), "{} {at}", file.display());
        }
        fs::write(&file, good).unwrap();
    }
    place.run(&["ledger", "verify", "copy", "--key", &key()]).ok();
}

/// Which entry of a bundle a byte belongs to; each has its length before it, in two bytes (C2SP tlog-tiles).
fn entry_at(bundle: &[u8], at: usize) -> usize {
    let (mut start, mut number) = (0, 0);
    while let Some([high, low]) = bundle.get(start..start + 2) {
        start += 2 + usize::from(u16::from_be_bytes([*high, *low]));
        if at < start {
            break;
        }
        number += 1;
    }
    number
}

#[test]
fn a_removed_entry_is_found() {
    let place = Place::new();
    copy_dir(&ledger(), &place.path().join("copy"));
    let entries = files(&place.path().join("copy/tile/entries"));
    for file in entries {
        fs::remove_file(file).unwrap();
    }
    place.run(&["ledger", "verify", "copy", "--key", &key()]).code(1).says(&["does not verify"]);
}

#[test]
fn proofs_convince_another_program() {
    let place = Place::with_sample();
    for index in 0..3_u64 {
        let (number, name) = (index.to_string(), format!("entry{index}.tlog-proof"));
        let ran = place.run(&["ledger", "prove", &number, "-o", &name]).ok();
        let entry_name = Path::new(&name).with_extension("entry").display().to_string();
        assert!(ran.out.contains(&entry_name), "{}", ran.out);
        let proof = String::from_utf8(place.read(&name)).unwrap();
        let entry = place.read(&entry_name);
        let proved = verifier::verify_proof(&proof, &entry, &key()).expect("the proof holds");
        assert_eq!((proved.index, proved.size), (index, 3));
        let mut other = entry.clone();
        other[0] ^= 1;
        verifier::verify_proof(&proof, &other, &key()).expect_err("another entry");
        let printed = place.run(&["ledger", "prove", &number]).ok().out;
        assert_eq!(printed.trim_end(), proof.trim_end());
    }
    place.run(&["ledger", "prove", "3"]).code(1).says(&["entry 3 does not exist; the ledger has 3"]);
    place.run(&["ledger", "prove", "-1"]).code(2);
    place.run(&["ledger", "prove", "0", "-o", "no/dir/p"]).code(1).says(&["no/dir/p"]);
}

#[test]
fn what_happened_is_listed_newest_first() {
    let entries = sample().run(&["ledger", "list", "--json"]).ok().json();
    let kinds: Vec<&str> =
        entries.as_array().unwrap().iter().map(|entry| entry["entry"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["scan.finished", "scan.started", "ledger.created"]);
    let one = sample().run(&["ledger", "list", "--limit", "1"]).ok().out;
    assert_eq!(one.lines().count(), 2, "a header and one entry:\n{one}");
    let status = sample().run(&["ledger", "status"]).ok().out;
    assert!(status.contains(&key()), "{status}");
}
