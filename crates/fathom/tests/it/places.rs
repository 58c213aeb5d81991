//! Data directories that cannot be used.

use std::{fs, process::Command};

use crate::harness::{Place, wait};

#[test]
fn a_place_that_cannot_be_made_is_named() {
    let place = Place::new();
    place.write("file", "x");
    for data in ["file", "file/below", "/proc/nowhere"] {
        let ran = place.run(&["scan", "--sample", "--data", data]).code(1);
        assert_eq!(ran.says(&[data]).out, "");
    }
    assert_eq!(place.read("file"), b"x");
}

#[test]
fn a_database_of_somebody_else_is_left_alone() {
    let place = Place::new();
    place.write(".fathom/fathom.db", "this is no database at all, and long enough to be looked at");
    place.run(&["scan", "--sample"]).code(1).says(&["fathom.db", "not a Fathom database"]);
    for args in [&["summary"][..], &["sql", "select 1"]] {
        assert_eq!(place.run(args).code(1).says(&["fathom.db", "not a Fathom database"]).out, "");
    }
    assert!(place.read(".fathom/fathom.db").starts_with(b"this is no database"));
}

#[test]
fn a_database_of_another_program_is_told_apart_from_ours() {
    // A whole SQLite database, but of somebody else: an empty one has neither our tables nor theirs.
    let place = Place::new();
    let mut database = b"SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20\0\0\0\x01\0\0\0\x01".to_vec();
    database.resize(100, 0);
    // Page 1: format 4, UTF-8, an empty table leaf behind the header.
    database[44..48].copy_from_slice(&4_u32.to_be_bytes());
    database[56..60].copy_from_slice(&1_u32.to_be_bytes());
    database.extend([0x0d, 0, 0, 0, 0, 0x10, 0, 0]);
    database.resize(4096, 0);
    place.write(".fathom/fathom.db", &database);
    for args in [&["summary"][..], &["unknown"], &["sql", "select 1"], &["gate", "--max-unknown", "1"]] {
        let ran = place.run(args).code(1).says(&["fathom.db", "not a Fathom database"]);
        assert!(!ran.err.contains("ledger.pub") && ran.out.is_empty(), "{}", ran.seen());
    }
}

#[test]
fn a_key_that_is_gone_or_of_another_log_stops_the_next_scan() {
    let place = Place::with_sample();
    let key = place.data().join("ledger.key");
    let good = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    place.run(&["scan", "--sample"]).code(1).says(&["ledger.key"]);
    // Reading does not need it.
    place.run(&["summary"]).ok();
    place.run(&["ledger", "verify"]).ok();
    fs::write(&key, "damaged").unwrap();
    place.run(&["scan", "--sample"]).code(1).says(&["ledger.key"]);
    fs::write(&key, good).unwrap();
    place.run(&["scan", "--sample"]).ok();
}

#[test]
fn an_older_copy_of_the_database_is_noticed() {
    let place = Place::with_sample();
    let older = place.read(".fathom/fathom.db");
    place.run(&["scan", "--sample"]).ok();
    fs::write(place.data().join("fathom.db"), older).unwrap();
    for file in ["fathom.db-wal", "fathom.db-shm"] {
        let _ = fs::remove_file(place.data().join(file));
    }
    place.run(&["scan", "--sample"]).code(1).says(&["older"]);
}

/// Runs the binary with its data directory on a file system of its own, mounted with these options for it alone. None,
/// with a printed reason, where this machine does not let us.
fn on_mount(place: &Place, options: &str, args: &str) -> Option<crate::harness::Ran> {
    let mount = format!(
        "mkdir -p mnt && mount -t tmpfs -o {options} tmpfs mnt && exec '{}' --data mnt {args}",
        crate::harness::BINARY
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    place.prepare(&mut command);
    let works = |mut command: Command| command.output().is_ok_and(|output| output.status.success());
    let mut trial = Command::new("unshare");
    trial.args(["--user", "--map-root-user", "--mount", "sh", "-c", "mkdir -p t && mount -t tmpfs tmpfs t"]);
    place.prepare(&mut trial);
    if !works(trial) {
        eprintln!("skipped: no mounts in name spaces of our own here");
        return None;
    }
    Some(wait(command.arg(mount).spawn().expect("a shell")))
}

#[test]
fn a_full_disk_is_told_with_what_to_do() {
    let place = Place::new();
    for size in ["size=64k", "size=600k", "size=1500k"] {
        let Some(ran) = on_mount(&place, size, "scan --sample --quiet") else { return };
        let ran = ran.code(1).says(&["no space left", "free space"]);
        assert_eq!(ran.out, "", "{size}");
    }
}

#[test]
fn a_directory_that_may_not_be_written_is_told() {
    let place = Place::new();
    let Some(ran) = on_mount(&place, "ro", "scan --sample --quiet") else { return };
    ran.code(1).says(&["mnt"]);
}
