//! A process that is killed in the middle of writing.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use fathom_model::{ScanState, SourceKind};
use fathom_store::{LEDGER_DIR, ResourceQuery, ScanResults, Which, WhichEdges, read_public_key, verify_dir};
use futures::TryStreamExt as _;

use crate::support::{at, draft, edge, instance, instances_read, open, owner, scan};

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

/// Directory of the process that is killed while scans end; set for that process only.
const FINISH_DIR: &str = "FATHOM_STORE_TEST_FINISH_DIR";
const FINISH_TEST: &str = "crash::the_process_that_is_killed_while_scans_end";

/// What scan number `round` sees: all of it other than before, and half of it gone or new.
fn seen_in(round: usize) -> Vec<fathom_model::Resource> {
    let first = if round.is_multiple_of(2) { 0 } else { 300 };
    (first..first + 600).map(|n| instance(&format!("i-{n:04}"), &format!("round {round}"))).collect()
}

fn said_in(round: usize) -> ScanResults {
    let seen = seen_in(round);
    ScanResults {
        coverage: instances_read(),
        statements: seen.iter().map(|one| owner(one, &format!("team {round}"), SourceKind::Tag)).collect(),
        edges: seen.windows(2).map(|pair| edge(&pair[0], "beside", &pair[1])).collect(),
        ..ScanResults::default()
    }
}

/// Does nothing in a plain run. As a child process it ends one scan after the other until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed_while_scans_end() {
    let Some(dir) = env::var_os(FINISH_DIR) else { return };
    let store = open(dir.as_ref()).await;
    let done = store.scans(1).await.unwrap().first().map_or(0, |scan| scan.id);
    for round in done as usize.. {
        scan(&store, round as i64, &seen_in(round), said_in(round)).await;
        println!("ended {round}");
    }
}

#[tokio::test]
async fn a_kill_while_a_scan_ends_leaves_all_of_it_or_none() {
    let dir = tempfile::tempdir().unwrap();
    for wait_millis in [0, 15, 40, 90, 150] {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", FINISH_TEST, "--nocapture"])
            .env(FINISH_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ended =
            lines.find_map(|line| line.strip_prefix("ended ").map(|round| round.parse::<usize>().unwrap()));
        std::thread::sleep(std::time::Duration::from_millis(wait_millis));
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = ended.unwrap();

        let store = open(dir.path()).await;
        // A scan's number is one more than its round, also where the process before was killed in one.
        let last = store.latest_scan().await.unwrap().unwrap();
        let round = last.id as usize - 1;
        assert!(round >= acknowledged, "what was acknowledged is there");
        assert_eq!(last.resources, 600);
        let rows = store.stream_resources(&Which::all(), true).try_concat().await.unwrap();
        let mut there: Vec<_> = rows.into_iter().map(|row| row.resource).collect();
        there.sort_by(|a, b| a.uid.cmp(&b.uid));
        assert_eq!(there, seen_in(round));
        let said = store.stream_statements(&Which::all()).try_concat().await.unwrap();
        assert_eq!(said.len(), 600);
        assert!(said.iter().all(|(_, one)| one.value == format!("team {round}")));
        assert_eq!(store.stream_edges(&WhichEdges::default()).try_concat().await.unwrap().len(), 599);
        assert_eq!(store.summary().await.unwrap().iter().map(|row| row.total).sum::<u64>(), 600);
        let size = store.ledger_status().await.unwrap().size;
        store.close().await.unwrap();
        let key = read_public_key(dir.path()).unwrap();
        assert_eq!(verify_dir(&dir.path().join(LEDGER_DIR), &key).unwrap().size, size);
    }
}
