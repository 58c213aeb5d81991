//! Pages, counts, finding, streams.

use std::{collections::HashSet, slice};

use fathom_model::{Edge, Resource, SourceKind, Target, Uid};
use fathom_store::{
    Cursor, ResourceOrder, ResourceQuery, ScanResults, Store, StoreError, TagFilter, Which, WhichEdges,
};
use futures::TryStreamExt as _;

use crate::support::{BUCKET, INSTANCE, at, instance, open, owner, resource};

async fn small_estate(store: &Store) -> Vec<Resource> {
    let mut resources = Vec::new();
    for n in 0..30 {
        let (account, region) = if n % 3 == 0 { ("1", "eu-west-1") } else { ("2", "us-east-1") };
        resources.push(resource(INSTANCE, account, region, &format!("i-{n:02}"), "x"));
    }
    let mut bucket = resource(BUCKET, "1", "us-east-1", "logs_2024", "x");
    bucket.tags.insert("cost%".to_owned(), "a\"b".to_owned());
    bucket.name = None;
    resources.push(bucket);
    let scan = store.begin_scan("test", &[], &[], at(1)).await.unwrap();
    store.stage(scan, &resources).await.unwrap();
    let understood = resources.iter().take(10).map(|r| r.uid.clone()).collect();
    let results = ScanResults { understood, ..ScanResults::default() };
    store.finish_scan(scan, results, at(2)).await.unwrap();
    resources
}

#[tokio::test]
async fn pages_in_every_order_show_each_resource_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let resources = small_estate(&store).await;
    let all: HashSet<Uid> = resources.iter().map(|r| r.uid.clone()).collect();
    for order in [
        ResourceOrder::Uid,
        ResourceOrder::Name,
        ResourceOrder::Kind,
        ResourceOrder::Account,
        ResourceOrder::Region,
        ResourceOrder::FirstSeen,
        ResourceOrder::LastSeen,
    ] {
        for descending in [false, true] {
            let mut query = ResourceQuery { order, descending, limit: 7, ..ResourceQuery::default() };
            let mut seen = Vec::new();
            loop {
                let page = store.resources(&query).await.unwrap();
                assert_eq!(page.total, 31);
                seen.extend(page.rows.into_iter().map(|row| row.resource.uid));
                let Some(next) = page.next else { break };
                query.cursor = Some(Cursor::new(next.to_string()));
            }
            assert_eq!(seen.len(), 31, "{order:?}");
            assert_eq!(seen.iter().cloned().collect::<HashSet<_>>(), all, "{order:?}");
            if order == ResourceOrder::Uid {
                assert!(seen.is_sorted_by(|a, b| if descending { a > b } else { a < b }));
            }
        }
    }
    let wrong = ResourceQuery { cursor: Some(Cursor::new("nonsense")), ..ResourceQuery::default() };
    assert!(matches!(store.resources(&wrong).await, Err(StoreError::Invalid { .. })));
    store.close().await.unwrap();
}

#[tokio::test]
async fn filters_and_counts_agree() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    small_estate(&store).await;
    let total = async |query: ResourceQuery| store.resources(&query).await.unwrap().total;
    let base = ResourceQuery::default;
    assert_eq!(total(ResourceQuery { kinds: vec![INSTANCE.into()], ..base() }).await, 30);
    assert_eq!(total(ResourceQuery { accounts: vec!["1".into()], ..base() }).await, 11);
    assert_eq!(total(ResourceQuery { understood: Some(true), ..base() }).await, 10);
    assert_eq!(total(ResourceQuery { text: Some("NAME-I-0".to_owned()), ..base() }).await, 10);
    assert_eq!(total(ResourceQuery { text: Some("s_2".to_owned()), ..base() }).await, 1, "no wildcard");
    assert_eq!(total(ResourceQuery { text: Some("%".to_owned()), ..base() }).await, 0, "no wildcard");
    let tag = |key: &str, value: Option<&str>| {
        Some(TagFilter { key: key.to_owned(), value: value.map(str::to_owned) })
    };
    assert_eq!(total(ResourceQuery { tag: tag("cost%", Some("a\"b")), ..base() }).await, 1);
    assert_eq!(total(ResourceQuery { tag: tag("team", None), ..base() }).await, 31);
    assert_eq!(total(ResourceQuery { tag: tag("team", Some("other")), ..base() }).await, 0);

    // A list leaves out the filter on its own dimension and keeps the others.
    let facets = store.facets(&ResourceQuery { accounts: vec!["1".into()], ..base() }).await.unwrap();
    assert_eq!(facets.kinds, [(INSTANCE.into(), 10), (BUCKET.into(), 1)]);
    assert_eq!(facets.accounts, [("2".into(), 20), ("1".into(), 11)]);
    assert_eq!(facets.regions, [("eu-west-1".into(), 10), ("us-east-1".into(), 1)]);
    assert_eq!(facets.understood, [(false, 7), (true, 4)]);

    let summary = store.summary().await.unwrap();
    let line = summary.iter().find(|s| s.kind.as_str() == INSTANCE && s.account.as_str() == "2").unwrap();
    assert_eq!((line.total, line.understood, line.stale), (20, 6, 0));
    store.close().await.unwrap();
}

#[tokio::test]
async fn finding_prefers_the_exact() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let resources = small_estate(&store).await;
    let found = async |text: &str, limit| -> Vec<String> {
        let found = store.find(text, limit).await.unwrap();
        found.into_iter().map(|stored| stored.resource.id).collect()
    };
    assert_eq!(found(resources[3].uid.as_str(), 10).await, ["i-03"]);
    assert_eq!(found("i-07", 10).await, ["i-07"]);
    assert_eq!(found("name-i-08", 10).await, ["i-08"]);
    assert_eq!(found("i-1", 3).await, ["i-10", "i-11", "i-12"]);
    assert_eq!(found("logs", 10).await, ["logs_2024"]);
    assert!(found("", 10).await.is_empty() && found("nothing", 10).await.is_empty());
    store.close().await.unwrap();
}

#[tokio::test]
async fn twenty_thousand_resources_are_staged_and_streamed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let resources: Vec<Resource> = (0..20_000)
        .map(|n| {
            let kind = if n % 4 == 0 { BUCKET } else { INSTANCE };
            resource(kind, "111122223333", "eu-west-1", &format!("r-{n:05}"), "x")
        })
        .collect();
    let scan = store.begin_scan("test", &[], &[], at(1)).await.unwrap();
    for batch in resources.chunks(3000) {
        assert_eq!(store.stage(scan, batch).await.unwrap().staged, batch.len() as u64);
    }
    let edges = resources
        .windows(2)
        .map(|pair| Edge {
            from: pair[0].uid.clone(),
            kind: "next".into(),
            to: if pair[1].kind.as_str() == BUCKET {
                Target::Unresolved { kind: BUCKET.into(), reference: pair[1].id.clone(), outside: true }
            } else {
                Target::Known { uid: pair[1].uid.clone() }
            },
            path: "Next[].Id".into(),
        })
        .collect::<Vec<_>>();
    let results = ScanResults {
        edges: edges.clone(),
        statements: resources.iter().map(|r| owner(r, "core", SourceKind::Tag)).collect(),
        understood: resources.iter().map(|r| r.uid.clone()).collect(),
        ..ScanResults::default()
    };
    let finished = store.finish_scan(scan, results, at(2)).await.unwrap();
    assert_eq!((finished.resources, finished.understood), (20_000, 20_000));

    let chunks: Vec<_> = store.stream_resources(&Which::all(), true).try_collect().await.unwrap();
    assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [8192, 8192, 3616]);
    let streamed: Vec<Resource> = chunks.into_iter().flatten().map(|stored| stored.resource).collect();
    assert!(streamed == resources, "the same, in the order of first sight");
    let buckets: Vec<_> =
        store.stream_resources(&Which::of(&BUCKET.into()), false).try_concat().await.unwrap();
    assert_eq!(buckets.len(), 5000);
    assert_eq!(buckets[0].resource.document.as_str(), "null");
    assert!(store.stream_edges(&WhichEdges::default()).try_concat().await.unwrap() == edges);
    assert_eq!(store.stream_statements(&Which::all()).try_concat().await.unwrap().len(), 20_000);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_reads_one_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let first: Vec<Resource> = (0..10_000).map(|n| instance(&format!("i-{n:05}"), "old")).collect();
    let scan = store.begin_scan("test", &[], &[], at(1)).await.unwrap();
    store.stage(scan, &first).await.unwrap();
    store.finish_scan(scan, ScanResults::default(), at(2)).await.unwrap();
    let stream = store.stream_resources(&Which::all(), true);
    futures::pin_mut!(stream);
    assert_eq!(stream.try_next().await.unwrap().unwrap().len(), 8192);
    let scan = store.begin_scan("test", &[], &[], at(3)).await.unwrap();
    let changed = instance("i-09999", "new");
    store.stage(scan, slice::from_ref(&changed)).await.unwrap();
    store.finish_scan(scan, ScanResults::default(), at(4)).await.unwrap();
    let rest = stream.try_next().await.unwrap().unwrap();
    assert_eq!(rest.last().unwrap().resource.document, first[9999].document);
    assert_eq!(store.resource(&changed.uid).await.unwrap().unwrap().resource.document, changed.document);
    store.close().await.unwrap();
}
