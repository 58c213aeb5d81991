//! Whoever may see a part of the estate sees nothing of the rest, in any answer.

use std::{collections::BTreeMap, time::Duration};

use fathom_model::{Coverage, Document, Edge, Resource, Target, Timestamp, Uid};
use serde_json::{Value, json};

use crate::{
    door::{Browser, Door},
    harness::{BUCKETS, bucket_uid, results},
};

/// The account of those who are limited, and the other one.
const OWN: &str = "111111111111";
const OTHER: &str = "222222222222";

/// Texts that stand for the rest of the estate: the account, and the names of its buckets.
fn markers(is_own: impl Fn(usize) -> bool, account: bool) -> Vec<String> {
    let buckets = (0..BUCKETS).filter(|n| !is_own(*n)).map(|n| format!("bucket-{n:03}"));
    let others = account.then(|| [OTHER, "vpc-shared"].map(str::to_owned));
    buckets.chain(others.into_iter().flatten()).collect()
}

/// Everything that can be read: all addresses of the document that take no part of a path, with parameters that find
/// something, and those that ask for what belongs to others.
fn addresses() -> Vec<String> {
    let document = serde_json::to_value(fathom_api::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let mut addresses = Vec::new();
    for (path, item) in paths {
        let path = path.strip_prefix("/api/v1").expect("below the base");
        if item.get("get").is_none() || path.ends_with("/stream") || path.starts_with("/signin/oidc") {
            continue;
        }
        let path = path.replace("{id}", "1").replace("{index}", "0").replace("{name}", "default");
        let own = bucket_uid(0);
        let other = bucket_uid(1);
        for query in [
            String::new(),
            "limit=500".to_owned(),
            format!("uid={own}"),
            format!("uid={other}"),
            format!("account={OTHER}"),
            format!("network={NETWORK}"),
            format!("uid={INSTANCE}"),
            format!("uid={INSTANCE}&as_of=scan:2"),
            format!("around={INSTANCE}"),
            "search=store".to_owned(),
            "include_deleted=true&limit=500".to_owned(),
            "include_accepted=true&limit=500".to_owned(),
            "since=scan:1&limit=500".to_owned(),
            "as_of=scan:1".to_owned(),
            "as_of=scan:1&limit=500".to_owned(),
            format!("around={own}&depth=4"),
            format!("around={other}&depth=4"),
            format!("around={own}&depth=4&as_of=scan:1"),
            format!("around={own}&depth=4&as_of=scan:2"),
            format!("around={other}&depth=4&as_of=scan:1"),
            format!("around={INSTANCE}&as_of=scan:2"),
            format!("from={own}&to={other}&hops=20"),
            format!("from={own}&to={other}&hops=20&as_of=scan:1"),
            format!("of={own}&kind=encrypted_by&direction=in&type=AWS::S3::Bucket"),
            format!("of={other}&kind=encrypted_by&direction=out&type=AWS::KMS::Key&as_of=scan:1"),
        ] {
            addresses.push(if query.is_empty() { path.clone() } else { format!("{path}?{query}") });
        }
    }
    addresses
}

/// Answers that leave what was asked for out of the text: a refusal may repeat the parameter that it refuses.
fn without_echo(address: &str, text: &str) -> String {
    let asked = address.split_once('?').map_or("", |(_, query)| query);
    let mut text = text.to_owned();
    for pair in asked.split('&') {
        if let Some((_, value)) = pair.split_once('=') {
            text = text.replace(value, "").replace(&value.replace(':', "%3A"), "");
        }
    }
    text
}

/// Asks everything; says how many answers were good.
async fn look_around(door: &Door, browser: &Browser, markers: &[String]) -> Vec<String> {
    let mut good = Vec::new();
    for address in addresses() {
        let answer = door.of(browser, "get", &address).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert_ne!(status.as_u16(), 500, "{address}: {text}");
        let text = without_echo(&address, &text);
        for marker in markers {
            assert!(!text.contains(marker.as_str()), "`{marker}` in the answer of {address}: {text}");
        }
        if status.is_success() {
            good.push(address);
        }
    }
    good
}

/// A network of the other account that something of the own one lies in.
const NETWORK: &str = "arn:aws:ec2:eu-central-1:222222222222:vpc/vpc-shared";
const INSTANCE: &str = "arn:aws:ec2:eu-central-1:111111111111:instance/i-1";

/// A second scan that changes one bucket of each account, takes one of the other account away that one of the own refers
/// to, and finds an instance in a network of the other account.
async fn change_both(door: &Door) {
    let store = &door.api.store;
    let now = Timestamp::from_second(door.second()).expect("in range");
    let page = store
        .resources(&fathom_store::ResourceQuery { limit: 1000, ..Default::default() })
        .await
        .expect("rows");
    let mut resources = Vec::new();
    for row in page.rows {
        let mut resource = store.resource(&row.resource.uid).await.expect("read").expect("there").resource;
        if resource.uid == Uid::from(bucket_uid(0)) || resource.uid == Uid::from(bucket_uid(1)) {
            resource.document = Document::new(&json!({"Name": resource.id, "Changed": true}));
        }
        resources.push(resource);
    }
    let gone = Uid::from(bucket_uid(4));
    resources.retain(|resource| resource.uid != gone);
    for (uid, kind, account) in [(NETWORK, "AWS::EC2::VPC", OTHER), (INSTANCE, "AWS::EC2::Instance", OWN)] {
        let id = uid.rsplit('/').next().expect("an id").to_owned();
        resources.push(Resource {
            uid: uid.into(),
            kind: kind.into(),
            account: account.into(),
            region: "eu-central-1".into(),
            name: Some(format!("name of {id}")),
            id,
            tags: BTreeMap::new(),
            ..resources[0].clone()
        });
    }
    let mut results = results(&resources);
    for (from, kind, to) in [(INSTANCE, "in_vpc", NETWORK), (&bucket_uid(0), "copies_to", gone.as_str())] {
        let to = Target::Known { uid: to.into() };
        results.edges.push(Edge { from: from.into(), kind: kind.into(), to, path: "To".into() });
    }
    for account in [OWN, OTHER] {
        for region in ["eu-central-1", "eu-west-1"] {
            let read = results.coverage[0].clone();
            let kind = Some("AWS::S3::Bucket".into());
            let (account, region) = (account.into(), region.into());
            results.coverage.push(Coverage { account, region, resource_type: kind, ..read });
        }
    }
    let accounts = [OWN.to_owned(), OTHER.to_owned()];
    let regions = ["eu-central-1".to_owned(), "eu-west-1".to_owned()];
    let scan = store.begin_scan("2 accounts", &accounts, &regions, now).await.expect("begins");
    store.stage(scan, &resources).await.expect("staged");
    store.finish_scan(scan, results, now).await.expect("finished");
    assert!(store.resource(&gone).await.expect("read").expect("known").deleted_at.is_some());
}

#[tokio::test]
async fn a_person_of_one_account_sees_nothing_of_another() {
    let door = Door::open().await;
    let accept =
        json!({"uid": bucket_uid(1), "part": "purpose", "reason": "other-reason", "until": "2027-01-31"});
    let response = door.api.post("/acceptances", &accept).send().await.expect("an answer");
    assert_eq!(response.status(), 201);
    change_both(&door).await;
    let markers = markers(|n| n.is_multiple_of(3), true);
    for role in ["viewer", "analyst", "responder", "auditor"] {
        let one = door.enrol(role, role, json!({"accounts": [OWN]})).await;
        let good = look_around(&door, &one.browser, &markers).await;
        for part in ["/resources", "/unknowns", "/summary", "/scans", "/coverage", "/changes", "/trend"] {
            assert!(good.iter().any(|address| address == part), "{role} sees nothing of {part}: {good:?}");
        }
        let found = door.read(&one.browser, "/resources?limit=1000").await;
        assert_eq!(found["total"], BUCKETS.div_ceil(3) + 2, "all of the account is seen");
        let within = format!("/resources?network={NETWORK}");
        assert_eq!(door.api.read(&within).await["total"], 2, "the network and what lies in it");
        assert_eq!(door.read(&one.browser, &within).await["total"], 0, "nobody is told by asking for it");
        let none = door.read(&one.browser, "/resources?network=&type=AWS::EC2::Instance").await;
        assert_eq!((&none["total"], &none["resources"][0]["network"]), (&json!(1), &Value::Null));
        let detail = door.read(&one.browser, &format!("/resource?uid={}", bucket_uid(0))).await;
        assert_eq!(detail["relations"]["withheld"], 1, "what is gone was of the other account");
        let lies = format!("/graph?around={INSTANCE}&as_of=scan:2");
        assert_eq!(door.api.read(&lies).await["nodes"][0]["network"], NETWORK);
        let told = door.read(&one.browser, &lies).await;
        assert_eq!(
            (&told["nodes"][0]["uid"], &told["nodes"][0]["network"]),
            (&json!(INSTANCE), &Value::Null)
        );
        for as_of in ["", "&as_of=scan:2"] {
            let list = door.read(&one.browser, &format!("/unknowns?limit=500{as_of}")).await;
            let rows = list["unknowns"].as_array().expect("rows");
            assert!(rows.len() > 3);
            for (place, row) in (1..).zip(rows) {
                let uid = row["uid"].as_str().expect("a uid");
                let detail = door.read(&one.browser, &format!("/resource?uid={uid}{as_of}")).await;
                assert_eq!((&row["rank"], &detail["unknown"]["rank"]), (&json!(place), &json!(place)));
            }
        }
        let other = door.of(&one.browser, "get", &format!("/resource?uid={}", bucket_uid(1)));
        door.refused(other, 404, "not_found").await;
        for path in ["/ledger", "/ledger/entries", "/people"] {
            let answer = door.of(&one.browser, "get", path).send().await.expect("an answer");
            assert_eq!(answer.status(), 403, "{role} {path}");
        }
        if role != "viewer" {
            for query in ["select uid from resources", "select * from access", "select * from access_who"] {
                let sql = door.of(&one.browser, "post", "/sql").json(&json!({"query": query}));
                door.refused(sql, 403, "scope_limited").await;
            }
        }
        if role == "analyst" {
            let foreign = door.of(&one.browser, "post", "/acceptances").json(&accept);
            door.refused(foreign, 404, "not_found").await;
            let scan = door.of(&one.browser, "post", "/scans").json(&json!({}));
            door.refused(scan, 403, "scope_limited").await;
        }
    }
    door.api.stop().await;
}

#[tokio::test]
async fn a_person_of_one_team_sees_what_the_team_answers_for() {
    let door = Door::open().await;
    change_both(&door).await;
    let one = door.enrol("ada", "analyst", json!({"teams": ["team-b"]})).await;
    // Bucket 1 is the only one of which a statement names the owner.
    let markers = markers(|n| n == 1, false);
    look_around(&door, &one.browser, &markers).await;
    let found = door.read(&one.browser, "/resources?limit=1000").await;
    assert_eq!(found["total"], 1, "{found}");
    assert_eq!(found["resources"][0]["uid"], bucket_uid(1));
    let detail = door.read(&one.browser, &format!("/resource?uid={}", bucket_uid(1))).await;
    assert_eq!(detail["relations"]["withheld"], 1, "its key is of no team");
    assert_eq!(detail["relations"]["outgoing"].as_array().map(Vec::len), Some(1), "a reference of its own");
    for path in ["/coverage", "/trend"] {
        door.refused(door.of(&one.browser, "get", path), 403, "scope_limited").await;
    }
    let nobody = door.enrol("bob", "viewer", json!({"accounts": [OWN], "teams": ["team-b"]})).await;
    assert_eq!(door.read(&nobody.browser, "/resources").await["total"], 0, "both have to fit");
    door.api.stop().await;
}

#[tokio::test]
async fn streams_tell_only_what_may_be_seen() {
    let door = Door::open().await;
    let one = door.enrol("ada", "viewer", json!({"accounts": [OWN]})).await;
    let mut stream = door.of(&one.browser, "get", "/changes/stream").send().await.expect("a stream");
    change_both(&door).await;
    let mut text = String::new();
    let told = async {
        while !text.contains("event: scan") {
            let part = stream.chunk().await.expect("readable").expect("it goes on");
            text.push_str(&String::from_utf8_lossy(&part));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("the scan is told");
    assert!(text.contains("bucket-000"), "{text}");
    for marker in markers(|n| n.is_multiple_of(3), true) {
        assert!(!text.contains(&marker), "`{marker}` in {text}");
    }
    // Without the permission to read documents, no value of one is told.
    assert!(text.contains("\"withheld\":true") && !text.contains("\"new\":"), "{text}");
    door.api.stop().await;
}

#[tokio::test]
async fn documents_and_their_values_are_for_those_who_may_read_them() {
    let door = Door::open().await;
    change_both(&door).await;
    let viewer = door.enrol("vic", "viewer", json!({})).await;
    let analyst = door.enrol("ann", "analyst", json!({})).await;
    let addresses = [
        format!("/resource?uid={}", bucket_uid(1)),
        format!("/resource/history?uid={}", bucket_uid(1)),
        "/changes".to_owned(),
    ];
    for address in addresses {
        let number = "9007199254740993";
        let shown = door.read(&analyst.browser, &address).await.to_string();
        assert!(shown.contains(number) || shown.contains("\"Changed\""), "{address}: {shown}");
        let withheld = door.read(&viewer.browser, &address).await;
        assert!(!withheld.to_string().contains(number), "{address}: {withheld}");
        let mut left: Vec<&Value> = vec![&withheld];
        while let Some(value) = left.pop() {
            if let Some(map) = value.as_object() {
                assert!(!map.contains_key("old") && !map.contains_key("new"), "{address}: {withheld}");
                left.extend(map.values());
            }
            left.extend(value.as_array().into_iter().flatten());
        }
    }
    door.api.stop().await;
}
