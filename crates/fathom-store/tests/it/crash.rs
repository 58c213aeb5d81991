//! A process that is killed in the middle of writing.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use fathom_model::ScanState;
use fathom_store::{LEDGER_DIR, ResourceQuery, ScanResults, read_public_key, verify_dir};

use crate::support::{at, draft, instance, instances_read, open, scan};

/// Directory of the process to be killed; set for that process only.
const CRASH_DIR: &str = "FATHOM_STORE_TEST_CRASH_DIR";
/// Name of the test that is that process.
const CRASH_TEST: &str = "crash::the_process_that_is_killed";

/// Does nothing in a plain run. As a child process it writes until it is killed, and tells what it was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Some(dir) = env::var_os(CRASH_DIR) else { return };
    let store = open(dir.as_ref()).await;
    let results = ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 10, &[instance("i-kept", "x")], results).await;
    let appending = store.clone();
    tokio::spawn(async move {
        for n in 0.. {
            let receipts = appending.append(vec![draft(n)], at(1)).await.unwrap();
            println!("sealed {} {n}", receipts[0].index);
        }
    });
    for round in 0.. {
        let scan = store.begin_scan("to be killed", &[], &[], at(20)).await.unwrap();
        for part in 0..20 {
            let resources: Vec<_> =
                (0..50).map(|n| instance(&format!("i-{round}-{part}-{n}"), "x")).collect();
            store.stage(scan, &resources).await.unwrap();
        }
        println!("staged {round}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut sealed: Vec<(u64, u64)> = Vec::new();
    for round in 0..2 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", CRASH_TEST, "--nocapture"])
            .env(CRASH_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(rest) = line.strip_prefix("sealed ") {
                let (index, n) = rest.split_once(' ').unwrap();
                sealed.push((index.parse().unwrap(), n.parse().unwrap()));
                acknowledged += 1;
            }
            if acknowledged >= 60 + round * 25 {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(sealed.len() >= 145);

    let store = open(dir.path()).await;
    for (index, n) in sealed {
        let entry = store.entries(index, 1).await.unwrap().remove(0);
        assert!(entry.body.contains(&format!(r#""number":{n}}}"#)), "entry {index} is {}", entry.body);
    }
    let page = store.resources(&ResourceQuery::default()).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.resource.id.as_str()).collect::<Vec<_>>(), ["i-kept"]);
    let scans = store.scans(100).await.unwrap();
    assert!(scans.iter().any(|scan| scan.state == ScanState::Interrupted));
    assert!(scans.iter().all(|scan| scan.state != ScanState::Running));
    let size = store.ledger_status().await.unwrap().size;
    store.close().await.unwrap();
    let key = read_public_key(dir.path()).unwrap();
    assert_eq!(verify_dir(&dir.path().join(LEDGER_DIR), &key).unwrap().size, size);
}
