//! Flows that are added up, let go of where there are too many, and compacted.

use fathom_model::Timestamp;

use crate::{
    CompactPolicy, Day, Flow, FlowBatch, FlowDay, FlowFile, FlowQuery, FlowsGone, Store, ToldBy, Volume,
};

const DAY_SECONDS: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn flow(day: i32, client: &str, accepted: bool) -> Flow {
    let begin = i64::from(day) * DAY_SECONDS;
    Flow {
        day: Day(day),
        account: "111122223333".to_owned(),
        interface: "eni-1".to_owned(),
        client: client.parse().expect("an address"),
        server: "10.0.0.2".parse().expect("an address"),
        protocol: 6,
        port: 443,
        accepted,
        told_by: ToldBy::Ports,
        first: at(begin + 10),
        last: at(begin + 70),
        to_server: Volume { packets: 2, bytes: 100 },
        to_client: Volume { packets: 1, bytes: 50 },
        records: 3,
    }
}

fn batch(sha256: &str, flows: Vec<Flow>) -> FlowBatch {
    let days = flows.iter().map(|one| FlowDay {
        interface: one.interface.clone(),
        day: one.day,
        account: one.account.clone(),
        first: one.first,
        last: one.last,
        records: one.records,
        skipped: 0,
        gone: 0,
    });
    let last_day = flows.iter().map(|one| one.day).max().unwrap_or(Day(0));
    let file = FlowFile { sha256: sha256.to_owned(), file: format!("{sha256}.log"), last_day, records: 3 };
    FlowBatch { days: days.collect(), flows, files: vec![file], digest: sha256.to_owned() }
}

async fn open(dir: &std::path::Path) -> Store {
    Store::open(dir, "test.example/ledger", at(0)).await.expect("opens")
}

fn of(interfaces: &[&str], addresses: &[&str], since: Option<i32>) -> FlowQuery {
    FlowQuery {
        interfaces: interfaces.iter().map(|one| (*one).to_owned()).collect(),
        addresses: addresses.iter().map(|one| one.parse().expect("an address")).collect(),
        since: since.map(Day),
    }
}

#[tokio::test]
async fn what_is_added_twice_is_added_up_and_is_found_by_interface_address_and_day() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    let one = flow(100, "10.0.0.1", true);
    let before = store.ledger_status().await.expect("a ledger").size;
    store.add_flows(&batch("a", vec![one.clone()]), "eve", at(1)).await.expect("kept");
    let mut later = flow(100, "10.0.0.1", true);
    (later.first, later.last, later.told_by) =
        (at(100 * DAY_SECONDS), at(100 * DAY_SECONDS + 90), ToldBy::Flags);
    let other = flow(101, "10.0.0.9", false);
    store.add_flows(&batch("b", vec![later.clone(), other.clone()]), "eve", at(2)).await.expect("kept");
    assert_eq!(store.ledger_status().await.expect("a ledger").size, before + 2, "an entry each");
    let sum = Flow {
        told_by: ToldBy::Flags,
        first: later.first,
        last: later.last,
        to_server: Volume { packets: 4, bytes: 200 },
        to_client: Volume { packets: 2, bytes: 100 },
        records: 6,
        ..one
    };
    let found = async |query: FlowQuery| store.flows(&query).await.expect("flows").rows;
    assert_eq!(found(of(&["eni-1"], &[], None)).await, [other.clone(), sum.clone()]);
    assert_eq!(found(of(&[], &["10.0.0.9"], None)).await, std::slice::from_ref(&other));
    assert_eq!(
        found(of(&["eni-1"], &["10.0.0.2"], Some(101))).await,
        std::slice::from_ref(&other),
        "once each"
    );
    assert_eq!(found(of(&[], &[], None)).await, []);
    assert_eq!(store.flows_page(0).await.expect("a page"), (vec![sum, other], None));
    assert_eq!(store.flow_span().await.expect("a span"), Some((Day(100), Day(101))));
    let days = store.flow_days(&["eni-1".to_owned()], Some(Day(101))).await.expect("days");
    assert_eq!(days.iter().map(|day| (day.day, day.records)).collect::<Vec<_>>(), [(Day(101), 3)]);
    let known = store.flow_files_read(&["a".to_owned(), "c".to_owned()]).await.expect("files");
    assert_eq!(known.into_iter().collect::<Vec<_>>(), ["a"]);
    store.close().await.expect("closes");
}

#[tokio::test]
async fn beyond_the_limit_the_oldest_rejected_go_first_and_the_days_remember_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    let all = vec![
        flow(100, "10.0.0.1", true),
        flow(100, "10.0.0.2", false),
        flow(101, "10.0.0.1", true),
        flow(101, "10.0.0.2", false),
    ];
    let gone = store.add_flows_within(&batch("a", all), "eve", at(1), 1).await.expect("kept");
    assert_eq!(gone, FlowsGone { flows: 3 });
    let left = store.flows(&of(&["eni-1"], &[], None)).await.expect("flows").rows;
    assert_eq!(left, [flow(101, "10.0.0.1", true)]);
    let days = store.flow_days(&[], None).await.expect("days");
    assert_eq!(days.iter().map(|day| (day.day.0, day.gone)).collect::<Vec<_>>(), [(100, 2), (101, 1)]);
    store.close().await.expect("closes");
}

#[tokio::test]
async fn days_before_the_kept_ones_are_let_go_with_their_files() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    store.add_flows(&batch("old", vec![flow(100, "10.0.0.1", true)]), "eve", at(1)).await.expect("kept");
    store.add_flows(&batch("new", vec![flow(109, "10.0.0.1", true)]), "eve", at(2)).await.expect("kept");
    let policy = CompactPolicy { keep_days: 5, ..CompactPolicy::default() };
    let now = at(110 * DAY_SECONDS);
    let told = store.compact(policy, true, "eve", now).await.expect("compacts");
    assert_eq!(told.flows, 1);
    assert_eq!(store.flow_span().await.expect("a span"), Some((Day(100), Day(109))), "only told");
    assert_eq!(store.compact(policy, false, "eve", now).await.expect("compacts").flows, 1);
    assert_eq!(store.flow_span().await.expect("a span"), Some((Day(109), Day(109))));
    let files = ["old".to_owned(), "new".to_owned()];
    assert_eq!(store.flow_files_read(&files).await.expect("files").into_iter().collect::<Vec<_>>(), ["new"]);
    assert_eq!(store.compact(policy, false, "eve", now).await.expect("compacts").flows, 0);
    store.close().await.expect("closes");
}
