//! The network after another scan is the one that is read anew, and is followed where little changed.

use std::collections::BTreeMap;

use fathom_model::{Coverage, Document, Outcome, Resource, Timestamp, Uid};
use fathom_net::Builder;
use fathom_reach::Standing;
use fathom_store::{ScanEnd, Store};
use serde_json::json;

use crate::estate::{ACCOUNT, REGION, Thing, interface, network};

fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + number * 86_400).unwrap()
}

/// The id at the end of what names a thing.
fn id(of: &str) -> String {
    of.rsplit(':').next().unwrap_or_default().to_owned()
}

fn resource(one: &Thing) -> Resource {
    let name = one.document["Tags"][0]["Value"].as_str().map(str::to_owned);
    Resource {
        uid: Uid::from(one.arn.as_str()),
        kind: one.kind.as_str().into(),
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id(&one.arn),
        name,
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(&one.document),
    }
}

async fn scan(store: &Store, things: &[Thing], now: Timestamp) -> i64 {
    let scan = store.begin_scan("test", &[ACCOUNT.to_owned()], &[REGION.to_owned()], now).await.unwrap();
    store.stage(scan, &things.iter().map(resource).collect::<Vec<_>>()).await.unwrap();
    let coverage = Builder::kinds().map(read).collect();
    let end = ScanEnd { coverage, ..ScanEnd::default() };
    store.begin_finish(scan, now).await.unwrap().commit(end, now).await.unwrap();
    scan
}

/// That all of a type were listed.
fn read(kind: &str) -> Coverage {
    Coverage {
        account: ACCOUNT.into(),
        region: REGION.into(),
        service: "ec2".to_owned(),
        operation: format!("List {kind}"),
        resource_type: Some(kind.into()),
        outcome: Outcome::Read,
        reason: None,
        permission: None,
        detail: None,
        calls: 1,
        items: 1,
        throttles: 0,
        failures: 0,
        millis: 1,
    }
}

/// Sees a network, changes it, sees it again: whether that was followed. What stands then is what is read anew.
async fn follows(change: impl FnOnce(&mut Vec<Thing>)) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), "test.example/log", day(0)).await.unwrap();
    let mut things = network();
    let first = scan(&store, &things, day(0)).await;
    let before = Standing::load(&store, day(0)).await.unwrap();
    change(&mut things);
    let second = scan(&store, &things, day(1)).await;
    let followed = before.after(&store, (first, second), day(1)).await.unwrap();
    let anew = Standing::load(&store, day(1)).await.unwrap();
    if let Some(followed) = &followed {
        assert_eq!(*followed.network, *anew.network);
        assert_eq!(*followed.directory, *anew.directory);
    }
    store.close().await.unwrap();
    followed.is_some()
}

fn set(things: &mut [Thing], arn: &str, member: &str, value: serde_json::Value) {
    let one = things.iter_mut().find(|one| one.arn == arn).unwrap();
    one.document[member] = value;
}

#[tokio::test]
async fn what_lets_in_others_is_followed() {
    let rule =
        json!([{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
    assert!(follows(|things| set(things, "sg-shut", "IpPermissions", rule.clone())).await);
    assert!(
        follows(|things| {
            set(things, "sg-shut", "IpPermissions", rule);
            set(things, "sg-any", "IpPermissions", json!([]));
        })
        .await
    );
}

#[tokio::test]
async fn what_has_no_say_is_followed() {
    assert!(follows(|_| {}).await);
    let called = json!([{"Key": "Name", "Value": "shop"}]);
    for arn in ["subnet-1", "sg-any", "i-1", "eni-db"] {
        assert!(follows(|things| set(things, arn, "Tags", called.clone())).await, "{arn}");
    }
}

#[tokio::test]
async fn what_counts_in_several_places_is_read_anew() {
    assert!(!follows(|things| set(things, "rtb-1", "Routes", json!([]))).await);
    assert!(!follows(|things| things.push(interface("eni-new", "sg-any", "", 30, Some("54.0.0.30")))).await);
    assert!(!follows(|things| things.retain(|one| one.arn != "eni-db")).await);
    let odd =
        json!([{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "nowhere"}]}]);
    assert!(!follows(|things| set(things, "sg-shut", "IpPermissions", odd)).await, "a fault");
}
