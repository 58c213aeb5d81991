//! What fails if something goes, over HTTP: a key of one account under data of two, and a zone that both call by the same name.

use std::collections::BTreeMap;

use fathom_model::{Document, Edge, EdgeKind, Resource, ResourceType, Target, Timestamp, Uid};
use fathom_store::ScanResults;
use serde_json::{Value, json};

use crate::door::Door;

const OWN: &str = "111111111111";
const OTHER: &str = "222222222222";
const REGION: &str = "eu-central-1";
const ZONE: &str = "eu-central-1a";

fn uid(account: &str, what: &str) -> String {
    format!("arn:aws:any:{REGION}:{account}:{what}")
}

fn resource(account: &str, kind: &str, what: &str) -> Resource {
    Resource {
        uid: Uid::from(uid(account, what)),
        kind: ResourceType::from(kind),
        account: account.into(),
        region: REGION.into(),
        id: what.rsplit('/').next().unwrap_or_default().to_owned(),
        name: None,
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(&json!({"AvailabilityZone": ZONE})),
    }
}

async fn scan(door: &Door) {
    let resources = [
        resource(OWN, "AWS::KMS::Key", "key/k9"),
        resource(OWN, "AWS::RDS::DBInstance", "db/orders"),
        resource(OWN, "AWS::S3::Bucket", "bucket/own-logs"),
        resource(OTHER, "AWS::RDS::DBInstance", "db/far-orders"),
    ];
    let edge = |from: String, kind: &str, to: String| Edge {
        from: Uid::from(from),
        kind: EdgeKind::from(kind),
        to: Target::Known { uid: Uid::from(to) },
        path: "x".into(),
    };
    let orders = uid(OWN, "db/orders");
    let edges = vec![
        edge(orders.clone(), "encrypted_by", uid(OWN, "key/k9")),
        edge(uid(OTHER, "db/far-orders"), "encrypted_by", uid(OWN, "key/k9")),
        edge(uid(OWN, "bucket/own-logs"), "notifies", orders),
    ];
    let store = &door.api.store;
    let now = Timestamp::from_second(door.second()).expect("in range");
    let (accounts, regions) = ([OWN.to_owned(), OTHER.to_owned()], [REGION.to_owned()]);
    let scan = store.begin_scan("2 accounts", &accounts, &regions, now).await.expect("begins");
    store.stage(scan, &resources).await.expect("staged");
    let results = ScanResults { edges, ..ScanResults::default() };
    store.finish_scan(scan, results, now).await.expect("finished");
}

/// What becomes of what, and by which relation.
fn told(answer: &Value) -> Vec<(&str, &str, &str)> {
    let rows = answer["rows"].as_array().expect("rows").iter();
    let told = rows
        .map(|row| Some((row["what"]["uid"].as_str()?, row["outcome"].as_str()?, row["because"].as_str()?)));
    told.collect::<Option<_>>().expect("each row has all of them")
}

#[tokio::test]
async fn a_key_takes_what_is_under_it_and_each_sees_their_part() {
    let door = Door::open().await;
    scan(&door).await;
    let (key, own, far, logs) =
        (uid(OWN, "key/k9"), uid(OWN, "db/orders"), uid(OTHER, "db/far-orders"), uid(OWN, "bucket/own-logs"));
    let all = door.api.read(&format!("/outage?of={key}")).await;
    assert_eq!(
        told(&all),
        [
            (own.as_str(), "fails", "encrypted_by"),
            (far.as_str(), "fails", "encrypted_by"),
            (logs.as_str(), "weaker", "notifies")
        ]
    );
    assert_eq!(
        (&all["gone"]["uid"], &all["gone_count"], &all["outside"]),
        (&json!(key), &json!(1), &json!(false))
    );
    assert_eq!(all["rows"][2]["lost"]["uid"], own);
    let counts = json!([{"outcome": "fails", "count": 2}, {"outcome": "unknown", "count": 0}, {"outcome": "weaker", "count": 1}]);
    // What was there before leads to a bucket of logs that nobody saw.
    assert_eq!((&all["counts"], &all["unseen_needs"]), (&counts, &json!(1)));
    // By its id, one outcome, one row a page.
    let some = door.api.read("/outage?of=k9&outcome=fails&limit=1").await;
    assert_eq!((told(&some).len(), &some["total"], &some["next"]), (1, &json!(2), &json!(1)));
    assert_eq!(some["counts"], counts);

    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    let seen = door.read(&ann, &format!("/outage?of={key}")).await;
    assert_eq!(
        (&seen["total"], &seen["outside"], &seen["unseen_needs"]),
        (&json!(2), &json!(true), &Value::Null)
    );
    assert!(!seen.to_string().contains(OTHER), "{seen}");
    let zones = door.read(&ann, "/outage/zones").await;
    assert_eq!(zones["zones"], json!([{"zone": ZONE, "account": OWN, "holds": 1}]));
    assert!(!zones.to_string().contains(OTHER), "{zones}");
    door.api.stop().await;
}

#[tokio::test]
async fn a_zone_is_another_place_in_another_account() {
    let door = Door::open().await;
    scan(&door).await;
    let zones = door.api.read("/outage/zones").await;
    let of = |account: &str| json!({"zone": ZONE, "account": account, "holds": 1});
    assert_eq!(zones["zones"], json!([of(OWN), of(OTHER)]));
    let both = door.api.read(&format!("/outage?zone={ZONE}")).await;
    assert_eq!((&both["gone"], &both["gone_count"], &both["total"]), (&Value::Null, &json!(2), &json!(1)));
    let one = door.api.read(&format!("/outage?zone={ZONE}&account={OTHER}")).await;
    assert_eq!((&one["gone_count"], &one["total"]), (&json!(1), &json!(0)));
    for (query, status, code) in [
        ("", 400, "invalid_parameter"),
        ("?of=k9&zone=eu-central-1a", 400, "invalid_parameter"),
        ("?of=k9&account=111111111111", 400, "invalid_parameter"),
        ("?zone=eu-central-9z", 404, "not_found"),
        ("?zone=eu-central-1a&account=333333333333", 404, "not_found"),
        ("?of=nobody", 404, "not_found"),
        ("?of=k9&outcome=gone", 400, "invalid_parameter"),
    ] {
        door.api.problem(door.api.get(&format!("/outage{query}")), status, code).await;
    }
    door.api.stop().await;
}
