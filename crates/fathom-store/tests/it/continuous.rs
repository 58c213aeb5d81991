//! What a server that runs all the time asks of scans, and scans that look at a part only.

use fathom_model::{Coverage, Outcome, ScanState};
use fathom_store::{By, CoverageQuery, Listing, ScanEnd, ScanResults, TrendQuery};

use crate::support::*;

#[tokio::test]
async fn scans_are_told_in_the_order_in_which_they_finished() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert_eq!(store.turns().await.unwrap(), 0);
    let long = store.begin_scan("long", &[], &[], at(1)).await.unwrap();
    let short = store.begin_scan("short", &[], &[], at(2)).await.unwrap();
    let broken = store.begin_scan("broken", &[], &[], at(3)).await.unwrap();
    // All at the same time: their order is not that of the clock.
    for scan in [short, long] {
        store.begin_finish(scan, at(9)).await.unwrap().commit(ScanEnd::default(), at(9)).await.unwrap();
    }
    store.fail_scan(broken, "no", at(9)).await.unwrap();
    let next = async |turn| store.finished_after(turn).await.unwrap().map(|(turn, scan)| (turn, scan.id));
    assert_eq!(next(0).await, Some((1, short)));
    assert_eq!(next(1).await, Some((2, long)));
    assert_eq!(next(2).await, None);
    assert_eq!(store.turns().await.unwrap(), 2);
}

#[tokio::test]
async fn the_last_scan_of_a_scope_is_found_with_its_failures() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let begin = async |asked: Option<&str>, second| {
        store.begin_scan_as(asked, "words", &[], &[], at(second)).await.unwrap()
    };
    assert_eq!(store.last_asked("a").await.unwrap(), None);
    let first = begin(Some("a"), 1).await;
    store.begin_finish(first, at(2)).await.unwrap().commit(ScanEnd::default(), at(2)).await.unwrap();
    begin(Some("b"), 3).await;
    begin(None, 4).await;
    let last = store.last_asked("a").await.unwrap().unwrap();
    assert_eq!((last.scan.id, last.failures, last.scan.state), (first, 0, ScanState::Finished));
    for second in [5, 6] {
        let scan = begin(Some("a"), second).await;
        store.fail_scan(scan, "no", at(second)).await.unwrap();
    }
    assert_eq!(store.last_asked("a").await.unwrap().unwrap().failures, 2);
    let running = begin(Some("a"), 7).await;
    let last = store.last_asked("a").await.unwrap().unwrap();
    assert_eq!((last.scan.id, last.failures), (running, 2));
}

#[tokio::test]
async fn a_narrowed_scan_leaves_the_rest_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (account, region) = ("111122223333", "eu-west-1");
    let a = resource(BUCKET, account, region, "a", "x");
    let b = instance("b", "x");
    let of = |operation: &str, outcome| Coverage {
        operation: operation.to_owned(),
        ..covered(BUCKET, account, region, outcome)
    };
    let coverage = vec![
        of("ListBuckets", Outcome::Read),
        of("GetBucketTagging", Outcome::Read),
        covered(INSTANCE, account, region, Outcome::Read),
    ];
    let results = ScanResults { coverage, ..ScanResults::default() };
    scan(&store, 1, &[a.clone(), b.clone()], results).await;

    // The bucket is gone; nobody asked for instances.
    let scope = ([account.to_owned()], [region.to_owned()]);
    let narrow = store.begin_scan("narrow", &scope.0, &scope.1, at(3)).await.unwrap();
    let listings =
        vec![Listing { account: account.into(), region: region.into(), kind: BUCKET.into(), read: true }];
    let end = ScanEnd {
        coverage: vec![of("ListBuckets", Outcome::Empty)],
        listings: Some(listings),
        narrowed: true,
        brief: true,
        ..ScanEnd::default()
    };
    store.begin_finish(narrow, at(4)).await.unwrap().commit(end, at(4)).await.unwrap();
    let kept = store.resource(&b.uid).await.unwrap().unwrap();
    assert!(!kept.stale && kept.deleted_at.is_none());
    assert!(store.resource(&a.uid).await.unwrap().unwrap().deleted_at.is_some());
    let query = CoverageQuery { services: vec!["s3".to_owned()], ..CoverageQuery::default() };
    let rows = store.coverage(&query).await.unwrap();
    let rows: Vec<(String, Outcome)> = rows.into_iter().map(|row| (row.operation, row.outcome)).collect();
    let expected = [("GetBucketTagging", Outcome::Read), ("ListBuckets", Outcome::Empty)];
    assert_eq!(rows, expected.map(|(operation, outcome)| (operation.to_owned(), outcome)));
    assert_eq!(store.trend(&TrendQuery::default()).await.unwrap().len(), 1, "a brief scan leaves no figures");

    let names = [a.uid.to_string(), b.uid.to_string(), "x".to_owned()];
    let found = store.resources_named(By::Uid, &names).await.unwrap();
    let found: Vec<_> = found.iter().map(|one| &one.resource).collect();
    assert_eq!(found, [&b], "what is gone is not found");
}
