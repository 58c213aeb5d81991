//! A large estate, with times printed: `cargo test -p fathom-store -- --ignored --nocapture scale`.

use std::{env, time::Instant};

use fathom_model::{Edge, Resource, SourceKind, Target};
use fathom_store::{ResourceQuery, ScanResults, Which, WhichEdges};
use futures::TryStreamExt as _;

use crate::support::{INSTANCE, at, draft, open, owner, resource};

/// Number of resources; the default is small enough for a debug build.
const SIZE: &str = "FATHOM_STORE_TEST_RESOURCES";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints times, proves nothing"]
async fn scale() {
    let size: usize = env::var(SIZE).ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let make = |n: usize| resource(INSTANCE, "111122223333", "eu-west-1", &format!("i-{n:07}"), "x");
    for round in 0..2 {
        let start = Instant::now();
        let scan = store.begin_scan("test", &[], &[], at(round)).await.unwrap();
        let mut results = ScanResults::default();
        for first in (0..size).step_by(4096) {
            let batch: Vec<Resource> = (first..size.min(first + 4096)).map(make).collect();
            store.stage(scan, &batch).await.unwrap();
            for resource in &batch {
                results.understood.insert(resource.uid.clone());
                results.statements.push(owner(resource, "core", SourceKind::Tag));
                let to = Target::Known { uid: batch[0].uid.clone() };
                results.edges.push(Edge {
                    from: resource.uid.clone(),
                    kind: "beside".into(),
                    to,
                    path: "Beside".into(),
                });
            }
        }
        println!("round {round}: staged {size} in {:?}", start.elapsed());
        let start = Instant::now();
        store.finish_scan(scan, results, at(round)).await.unwrap();
        println!("round {round}: finished in {:?}", start.elapsed());
    }
    for documents in [false, true] {
        let start = Instant::now();
        let count = store
            .stream_resources(&Which::all(), documents)
            .try_fold(0, |count, chunk| async move { Ok(count + chunk.len()) })
            .await
            .unwrap();
        println!("streamed {count}, documents: {documents}, in {:?}", start.elapsed());
    }
    let start = Instant::now();
    let edges = store.stream_edges(&WhichEdges::default()).try_concat().await.unwrap().len();
    println!("streamed {edges} edges in {:?}", start.elapsed());
    let query = ResourceQuery { text: Some("i-00000".to_owned()), ..ResourceQuery::default() };
    let start = Instant::now();
    let page = store.resources(&query).await.unwrap();
    println!("page of {} in {:?}", page.total, start.elapsed());
    let start = Instant::now();
    store.facets(&ResourceQuery::default()).await.unwrap();
    println!("facets in {:?}", start.elapsed());

    let (writers, each) = (128, 100);
    let start = Instant::now();
    let tasks = (0..writers).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut slowest = std::time::Duration::ZERO;
            for n in 0..each {
                let start = Instant::now();
                store.append(vec![draft(n)], at(9)).await.unwrap();
                slowest = slowest.max(start.elapsed());
            }
            slowest
        })
    });
    let mut slowest = std::time::Duration::ZERO;
    for task in tasks.collect::<Vec<_>>() {
        slowest = slowest.max(task.await.unwrap());
    }
    let rate = (writers * each) as f64 / start.elapsed().as_secs_f64();
    println!("{rate:.0} appends a second with {writers} writers, slowest {slowest:?}");
    store.close().await.unwrap();
}
