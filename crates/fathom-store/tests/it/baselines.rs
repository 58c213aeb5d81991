//! Baselines: what differs from an approved state, and what somebody explained.

use std::collections::BTreeSet;

use fathom_model::Resource;
use fathom_store::{BaselineAcceptance, BaselineApproval, ScanResults, Store, StoreError};

use crate::support::{at, instance, instances_read, open, scan};

fn results() -> ScanResults {
    ScanResults { coverage: instances_read(), ..ScanResults::default() }
}

fn id_of(uid: &fathom_model::Uid) -> String {
    uid.as_str().rsplit(':').next().unwrap().to_owned()
}

/// What differs and is not explained: as the list of differences has it, and as a scan that is about to end has it.
async fn departed(store: &Store, seen: &[Resource], second: i64) -> (BTreeSet<String>, BTreeSet<String>) {
    let (accounts, regions) = (["111122223333".to_owned()], ["eu-west-1".to_owned()]);
    let scan = store.begin_scan("test", &accounts, &regions, at(second)).await.unwrap();
    store.stage(scan, seen).await.unwrap();
    let in_scan = store.baseline_departures(scan, at(second)).await.unwrap();
    store.finish_scan(scan, results(), at(second + 1)).await.unwrap();
    let baseline = store.baseline("main").await.unwrap().unwrap();
    let mut told = BTreeSet::new();
    let mut differences = store.baseline_differences(&baseline, at(second + 2)).await.unwrap();
    while let Some(some) = differences.next().await.unwrap() {
        told.extend(some.iter().filter(|one| one.explained.is_none()).map(|one| id_of(&one.change.uid)));
    }
    (told, in_scan.keys().map(id_of).collect())
}

fn approval(seen: Option<i64>) -> BaselineApproval {
    let text = |text: &str| text.to_owned();
    BaselineApproval { name: text("main"), reason: text("as built"), by: text("user:ana"), seen }
}

async fn accept(store: &Store, one: &Resource, second: i64) {
    let acceptance = BaselineAcceptance {
        name: "main".to_owned(),
        uid: one.uid.clone(),
        reason: "agreed".to_owned(),
        by: "user:ana".to_owned(),
        until: None,
        seen: None,
    };
    store.accept_difference(acceptance, at(second)).await.unwrap();
}

#[tokio::test]
async fn a_fact_departs_as_a_document_does_and_what_is_accepted_is_both() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, b, c) = (instance("i-a", "1"), instance("i-b", "1"), instance("i-c", "1"));
    let exposed = Resource { exposed: true, ..a.clone() };
    let changed = instance("i-b", "2");
    scan(&store, 10, &[a.clone(), b.clone(), c.clone()], results()).await;
    store.approve_baseline(approval(None), at(12)).await.unwrap();
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let both = |ids: &[&str]| (set(ids), set(ids));

    assert_eq!(departed(&store, &[a.clone(), b.clone(), c.clone()], 20).await, both(&[]));
    let now = [exposed.clone(), changed.clone(), c.clone()];
    assert_eq!(departed(&store, &now, 30).await, both(&["i-a", "i-b"]));
    assert_eq!(
        departed(&store, &now, 40).await,
        both(&["i-a", "i-b"]),
        "also where the scan found nothing new"
    );
    accept(&store, &exposed, 45).await;
    accept(&store, &changed, 45).await;
    assert_eq!(departed(&store, &now, 50).await, both(&[]));
    // Another fact of an accepted document is another state, and so is the old document with the new fact.
    let renamed = Resource { name: Some("other".to_owned()), ..changed.clone() };
    assert_eq!(departed(&store, &[exposed.clone(), renamed, c.clone()], 60).await, both(&["i-b"]));
    assert_eq!(departed(&store, &now, 70).await, both(&[]), "it is again as accepted");
    assert_eq!(departed(&store, &[a, b, c.clone()], 80).await, both(&[]), "all is as approved");
    // Nobody sees what is gone in a scan; the differences have it, until it is accepted.
    assert_eq!(departed(&store, &now[..2], 90).await, (set(&["i-c"]), set(&[])));
    accept(&store, &c, 95).await;
    assert_eq!(departed(&store, &now[..2], 100).await, both(&[]));
    store.close().await.unwrap();
}

#[tokio::test]
async fn nothing_is_approved_that_an_earlier_scan_may_still_change() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let earlier = store.begin_scan("long", &[], &[], at(1)).await.unwrap();
    scan(&store, 10, &[instance("i-a", "1")], results()).await;
    let later = store.begin_scan("later", &[], &[], at(12)).await.unwrap();
    let refused = store.approve_baseline(approval(None), at(13)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused:?}");
    assert!(refused.to_string().contains("scan 1 is under way"), "{refused}");
    store.fail_scan(earlier, "stop", at(14)).await.unwrap();
    let approved = store.approve_baseline(approval(None), at(15)).await.unwrap();
    assert_eq!((approved.scan, approved.resources), (2, 1), "one that began later is in nobody's way");
    store.fail_scan(later, "stop", at(16)).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn nobody_approves_what_they_did_not_see() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (before, after) = (instance("i-a", "1"), instance("i-a", "2"));
    scan(&store, 10, std::slice::from_ref(&before), results()).await;
    store.approve_baseline(approval(Some(1)), at(12)).await.unwrap();
    scan(&store, 20, std::slice::from_ref(&after), results()).await;
    let refused = store.approve_baseline(approval(Some(1)), at(22)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused:?}");
    let explain = |seen, second| {
        let acceptance = BaselineAcceptance {
            name: "main".to_owned(),
            uid: after.uid.clone(),
            reason: "agreed".to_owned(),
            by: "user:ana".to_owned(),
            until: None,
            seen: Some(seen),
        };
        let store = store.clone();
        async move { store.accept_difference(acceptance, at(second)).await }
    };
    let refused = explain(1, 23).await.unwrap_err();
    assert!(refused.to_string().contains("scan 2 changed it"), "{refused}");
    // A scan that leaves it as it was takes nothing back.
    scan(&store, 30, std::slice::from_ref(&after), results()).await;
    explain(2, 32).await.unwrap();
    // That it went is a change, too.
    scan(&store, 40, &[instance("i-b", "1")], results()).await;
    explain(3, 42).await.unwrap_err();
    explain(4, 43).await.unwrap();
    store.approve_baseline(approval(Some(4)), at(44)).await.unwrap();
    store.close().await.unwrap();
}
