//! Where edges lead: to what is there, to what is gone, and to what nobody has seen.

use fathom_model::{DocumentPath, Edge, EdgeKind, Moment, Outcome, Target, Uid};
use fathom_store::{ScanResults, WhichEdges};
use futures::TryStreamExt as _;

use crate::support::{BUCKET, at, covered, edge, instance, instances_read, open, resource, scan};

#[tokio::test]
async fn where_an_edge_leads_outside_and_stands_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("i-a", "x");
    let outside = Edge {
        from: a.uid.clone(),
        kind: EdgeKind::new("assumes"),
        to: Target::Unresolved {
            kind: "AWS::IAM::Role".into(),
            reference: "arn:aws:iam::999988887777:role/theirs".to_owned(),
            outside: true,
        },
        path: DocumentPath::new("Roles[].Arn"),
    };
    let gone = Edge { to: Target::Known { uid: Uid::from("arn:of:nobody") }, ..outside.clone() };
    let results = ScanResults {
        coverage: instances_read(),
        edges: vec![outside.clone(), gone.clone()],
        ..ScanResults::default()
    };
    scan(&store, 10, std::slice::from_ref(&a), results).await;
    assert_eq!(store.edges_of(&a.uid).await.unwrap().outgoing, [outside.clone(), gone.clone()]);
    let mut streamed = store.stream_edges(&WhichEdges::default()).try_concat().await.unwrap();
    streamed.sort();
    let mut both = vec![gone, outside];
    both.sort();
    assert_eq!(streamed, both);
    store.close().await.unwrap();
}

#[tokio::test]
async fn an_edge_to_what_is_gone_leads_nowhere_and_did_lead_there_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let a = instance("i-a", "x");
    let bucket = resource(BUCKET, "111122223333", "us-east-1", "data", "x");
    let nobody = Edge { to: Target::Known { uid: Uid::from("arn:of:nobody") }, ..edge(&a, "asks", &a) };
    let results = ScanResults {
        coverage: [instances_read(), vec![covered(BUCKET, "111122223333", "global", Outcome::Read)]].concat(),
        edges: vec![edge(&a, "beside", &bucket), nobody.clone()],
        ..ScanResults::default()
    };
    let both = [a.clone(), bucket.clone()];
    scan(&store, 10, &both, results.clone()).await;
    let resolved = async || {
        let mut counts = store.references().await.unwrap();
        counts.retain(|count| count.path == DocumentPath::new("To"));
        counts.iter().map(|one| (one.expected.clone(), one.resolved, one.missing)).collect::<Vec<_>>()
    };
    assert_eq!(resolved().await, [(None, 2, 0)]);
    // Only buckets are looked at, and it is gone.
    let refresh = store.begin_scan("refresh", &[], &[], at(20)).await.unwrap();
    let finishing = store.begin_finish(refresh, at(21)).await.unwrap();
    let end = fathom_store::ScanEnd {
        coverage: vec![covered(BUCKET, "111122223333", "global", Outcome::Read)],
        narrowed: true,
        ..fathom_store::ScanEnd::default()
    };
    finishing.commit(end, at(21)).await.unwrap();
    let lost = Target::Unresolved { kind: BUCKET.into(), reference: bucket.uid.to_string(), outside: false };
    let ends = |edges: &[Edge]| {
        let mut ends: Vec<Target> = edges.iter().map(|edge| edge.to.clone()).collect();
        ends.sort();
        ends
    };
    let mut expected = vec![lost, nobody.to.clone()];
    expected.sort();
    assert_eq!(ends(&store.edges_of(&a.uid).await.unwrap().outgoing), expected);
    assert_eq!(ends(&store.stream_edges(&WhichEdges::default()).try_concat().await.unwrap()), expected);
    assert_eq!(resolved().await, [(Some(BUCKET.into()), 0, 1), (None, 1, 0)]);
    for (scan, expected) in [(1, vec![Target::Known { uid: bucket.uid.clone() }, nobody.to]), (2, expected)] {
        let past = store.past(&Moment::Scan(scan), at(0)).await.unwrap();
        let mut expected = expected;
        expected.sort();
        assert_eq!(
            ends(&past.stream_edges(&WhichEdges::default()).try_concat().await.unwrap()),
            expected,
            "as of {scan}"
        );
    }
    store.close().await.unwrap();
}
