//! How scans become the estate.

use std::collections::HashSet;

use fathom_ledger::Entry;
use fathom_model::{Outcome, ScanState, SourceKind, Target};
use fathom_store::{CoverageQuery, Listing, ResourceQuery, ScanResults, StoreError, UnknownQuery};
use sha2::{Digest as _, Sha256};

use crate::support::{
    BUCKET, INSTANCE, at, covered, edge, instance, instances_read, open, owner, resource, scan, unknown,
};

#[tokio::test]
async fn a_scan_becomes_the_estate() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, b) = (instance("i-a", "running"), instance("i-b", "stopped"));
    let results = ScanResults {
        coverage: instances_read(),
        edges: vec![edge(&a, "beside", &b)],
        statements: vec![owner(&a, "other", SourceKind::Inherited), owner(&a, "core", SourceKind::Tag)],
        unknowns: vec![unknown(&b, 1, &["owner"])],
        understood: HashSet::from([a.uid.clone()]),
        calls: 7,
        ..ScanResults::default()
    };
    let id = scan(&store, 10, &[a.clone(), b.clone()], results).await;

    let latest = store.latest_scan().await.unwrap().unwrap();
    assert_eq!((latest.id, latest.state), (id, ScanState::Finished));
    assert_eq!((latest.resources, latest.understood, latest.calls, latest.coverage_unknown), (2, 1, 7, 0));
    assert_eq!(latest.finished_at, Some(at(11)));

    let stored = store.resource(&a.uid).await.unwrap().unwrap();
    assert_eq!(stored.resource, a, "everything comes back, the document too");
    assert_eq!((stored.first_seen, stored.last_seen, stored.stale), (at(11), at(11), false));
    assert!(stored.understood && !store.resource(&b.uid).await.unwrap().unwrap().understood);
    assert_eq!(store.document(&stored.version_hash).await.unwrap(), Some(a.document.clone()));

    let edges = store.edges_of(&b.uid).await.unwrap();
    assert_eq!((edges.incoming.len(), edges.outgoing.len()), (1, 0));
    assert_eq!(store.edges_of(&a.uid).await.unwrap().outgoing[0].to, Target::Known { uid: b.uid.clone() });
    let statements = store.statements(&a.uid).await.unwrap();
    assert_eq!(statements.iter().map(|s| s.value.as_str()).collect::<Vec<_>>(), ["core", "other"]);
    assert_eq!(store.coverage(&CoverageQuery::default()).await.unwrap(), instances_read());
    let page = store.unknowns(&UnknownQuery::default(), at(20)).await.unwrap();
    assert_eq!((page.total, page.rows), (1, vec![unknown(&b, 1, &["owner"])]));

    // The ledger's digest can be computed by hand, as `sha256sum` would.
    let lines = [&a, &b].map(|r| format!("{}  {}\n", hex::encode(r.document.hash()), r.uid));
    let last = store.entries(0, 100).await.unwrap().pop().unwrap();
    let entry = Entry::parse(last.body.as_bytes()).unwrap();
    assert_eq!((entry.kind(), entry.subject()), ("scan.finished", "scan:1"));
    assert_eq!(entry.body()["resources_sha256"], hex::encode(Sha256::digest(lines.concat())));
    assert_eq!(entry.body()["coverage"]["read"], 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_version_is_kept_only_where_the_document_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    for (second, state) in [(10, "running"), (20, "running"), (30, "stopped"), (40, "running")] {
        scan(&store, second, &[instance("i-a", state), instance("i-b", "running")], results()).await;
    }
    let uid = instance("i-a", "").uid;
    let versions = store.versions(&uid).await.unwrap();
    assert_eq!(versions.iter().map(|v| v.scan).collect::<Vec<_>>(), [4, 3, 1]);
    assert_eq!(versions[0].hash, versions[2].hash);
    let first = store.document(&versions[2].hash).await.unwrap().unwrap();
    assert_eq!(first, instance("i-a", "running").document);
    assert_eq!(store.versions(&instance("i-b", "").uid).await.unwrap().len(), 1);
    let stored = store.resource(&uid).await.unwrap().unwrap();
    assert_eq!((stored.first_seen, stored.last_seen), (at(11), at(41)));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_resource_goes_only_where_its_listing_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let account = "111122223333";
    let (a, b) = (instance("i-a", "running"), instance("i-b", "running"));
    let bucket = resource(BUCKET, account, "us-east-1", "data", "x");
    let elsewhere = resource(INSTANCE, "999999999999", "eu-west-1", "i-z", "x");
    let all = [a.clone(), b.clone(), bucket.clone(), elsewhere.clone()];
    let read = |instances, buckets| ScanResults {
        coverage: vec![
            covered(INSTANCE, account, "eu-west-1", instances),
            covered(BUCKET, account, "global", buckets),
        ],
        ..ScanResults::default()
    };
    let mut first = read(Outcome::Read, Outcome::Read);
    first.edges = vec![edge(&b, "beside", &a), edge(&bucket, "beside", &a)];
    scan(&store, 10, &all, first).await;

    // Instances were read and i-b is gone; buckets were denied, so the bucket stays.
    scan(&store, 20, std::slice::from_ref(&a), read(Outcome::Read, Outcome::Unknown)).await;
    let b_now = store.resource(&b.uid).await.unwrap().unwrap();
    assert_eq!((b_now.deleted_at, b_now.stale), (Some(at(21)), false));
    let bucket_now = store.resource(&bucket.uid).await.unwrap().unwrap();
    assert_eq!((bucket_now.deleted_at, bucket_now.stale, bucket_now.last_seen), (None, true, at(11)));
    let other = store.resource(&elsewhere.uid).await.unwrap().unwrap();
    assert_eq!((other.deleted_at, other.stale), (None, false), "nobody asked there");
    assert_eq!(
        store.edges_of(&bucket.uid).await.unwrap().outgoing.len(),
        1,
        "what is not seen keeps its edges"
    );
    assert_eq!(store.edges_of(&b.uid).await.unwrap().outgoing.len(), 0);

    // A global listing that was read and is empty covers every region; what comes back is new to nobody, and its return
    // is a version.
    scan(&store, 30, &[a.clone(), b.clone()], read(Outcome::Read, Outcome::Empty)).await;
    assert_eq!(store.resource(&bucket.uid).await.unwrap().unwrap().deleted_at, Some(at(31)));
    let b_back = store.resource(&b.uid).await.unwrap().unwrap();
    assert_eq!((b_back.deleted_at, b_back.first_seen), (None, at(11)));
    assert_eq!(store.versions(&b.uid).await.unwrap().len(), 2);

    // Listings that are given say more than coverage: a detail that was denied does not keep i-b.
    let mut results = read(Outcome::Unknown, Outcome::Empty);
    results.listings = Some(vec![Listing {
        account: account.into(),
        region: "eu-west-1".into(),
        kind: INSTANCE.into(),
        read: true,
    }]);
    scan(&store, 40, &[a], results).await;
    assert_eq!(store.resource(&b.uid).await.unwrap().unwrap().deleted_at, Some(at(41)));
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_was_not_seen_keeps_its_place_on_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, bucket) = (instance("i-a", "x"), resource(BUCKET, "111122223333", "us-east-1", "data", "x"));
    let coverage = |buckets| {
        vec![
            covered(INSTANCE, "111122223333", "eu-west-1", Outcome::Read),
            covered(BUCKET, "111122223333", "global", buckets),
        ]
    };
    let results = ScanResults {
        coverage: coverage(Outcome::Read),
        unknowns: vec![unknown(&bucket, 1, &["owner"]), unknown(&a, 2, &["owner"])],
        ..ScanResults::default()
    };
    scan(&store, 10, &[a.clone(), bucket.clone()], results).await;
    let results = ScanResults {
        coverage: coverage(Outcome::Unknown),
        unknowns: vec![unknown(&a, 1, &["owner"])],
        ..ScanResults::default()
    };
    scan(&store, 20, std::slice::from_ref(&a), results).await;
    let page = store.unknowns(&UnknownQuery::default(), at(30)).await.unwrap();
    let mut ranks: Vec<_> = page.rows.iter().map(|row| row.rank).collect();
    ranks.sort_unstable();
    assert_eq!(ranks, [1, 2], "both are there, each at a place of its own");
    // Coverage of a service is replaced, not added to.
    assert_eq!(store.coverage(&CoverageQuery::default()).await.unwrap().len(), 2);
    let denied = CoverageQuery { outcome: Some(Outcome::Unknown), ..CoverageQuery::default() };
    assert_eq!(store.coverage(&denied).await.unwrap()[0].resource_type, Some(BUCKET.into()));
    store.close().await.unwrap();
}

#[tokio::test]
async fn of_duplicates_the_first_is_kept_and_all_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let (a, again, b) = (instance("i-a", "first"), instance("i-a", "second"), instance("i-b", "x"));
    let scan = store.begin_scan("test", &[], &[], at(1)).await.unwrap();
    let report = store.stage(scan, &[a.clone(), again.clone(), b.clone()]).await.unwrap();
    assert_eq!((report.staged, report.duplicates), (2, vec![a.uid.clone()]));
    let report = store.stage(scan, &[again, b]).await.unwrap();
    assert_eq!((report.staged, report.duplicates.len()), (0, 2));
    store.finish_scan(scan, ScanResults::default(), at(2)).await.unwrap();
    assert_eq!(store.resource(&a.uid).await.unwrap().unwrap().resource.document, a.document);
    let last = store.entries(0, 100).await.unwrap().pop().unwrap();
    assert!(last.body.contains(r#""duplicates":3"#), "{}", last.body);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_failed_scan_leaves_the_estate_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("i-a", "x");
    let results = ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 10, std::slice::from_ref(&a), results).await;
    let failed = store.begin_scan("test", &[], &[], at(20)).await.unwrap();
    store.stage(failed, &[instance("i-b", "x")]).await.unwrap();
    store.fail_scan(failed, "no credentials", at(21)).await.unwrap();
    assert_eq!(store.resources(&ResourceQuery::default()).await.unwrap().total, 1);
    let scans = store.scans(10).await.unwrap();
    assert_eq!((scans[0].state, scans[0].error.as_deref()), (ScanState::Failed, Some("no credentials")));
    assert_eq!(store.latest_scan().await.unwrap().unwrap().id, 1);
    for ended in [failed, 77] {
        assert!(matches!(
            store.stage(ended, std::slice::from_ref(&a)).await,
            Err(StoreError::NoSuchScan { .. })
        ));
        let finished = store.finish_scan(ended, ScanResults::default(), at(22)).await;
        assert!(matches!(finished, Err(StoreError::NoSuchScan { .. })));
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_resource_takes_the_type_and_place_of_its_newest_definition() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("i-a", "x");
    let mut moved = a.clone();
    moved.kind = BUCKET.into();
    moved.region = "us-east-1".into();
    moved.id = "other".to_owned();
    let results = || ScanResults { coverage: instances_read(), ..ScanResults::default() };
    scan(&store, 10, &[a.clone(), instance("i-b", "x")], results()).await;
    scan(&store, 20, &[moved.clone(), instance("i-b", "x")], results()).await;
    assert_eq!(store.resource(&a.uid).await.unwrap().unwrap().resource, moved);
    let b = store.resource(&instance("i-b", "").uid).await.unwrap().unwrap();
    assert_eq!(b.resource, instance("i-b", "x"));
    store.close().await.unwrap();
}
