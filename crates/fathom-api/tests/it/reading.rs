//! What the routes answer, and that paging loses and repeats nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Api, BUCKETS, NOT_UNDERSTOOD, bucket_uid};

/// All rows of a list, page by page.
async fn all_pages(api: &Api, path: &str, rows: &str, next_as: &str) -> Vec<Value> {
    let join = if path.contains('?') { '&' } else { '?' };
    let mut found: Vec<Value> = Vec::new();
    let mut cursor = Value::Null;
    for _ in 0..1000 {
        let address = match &cursor {
            Value::Null => path.to_owned(),
            Value::String(text) => format!("{path}{join}{next_as}={text}"),
            number => format!("{path}{join}{next_as}={number}"),
        };
        let page = api.read(&address).await;
        found.extend(page[rows].as_array().expect(rows).iter().cloned());
        cursor = page["next"].clone();
        if cursor.is_null() {
            return found;
        }
    }
    panic!("{path} does not end")
}

fn uids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| row["uid"].as_str().expect("a uid").to_owned()).collect()
}

#[tokio::test]
async fn pages_of_resources_are_complete_in_every_order() {
    let api = Api::start().await;
    for order in ["uid", "name", "type", "account", "region", "first_seen", "last_seen"] {
        for descending in ["false", "true"] {
            let path = format!("/resources?limit=10&order={order}&descending={descending}");
            let rows = all_pages(&api, &path, "resources", "cursor").await;
            assert_eq!(rows.len(), BUCKETS + 1, "{path}");
            assert_eq!(uids(&rows).len(), BUCKETS + 1, "{path}");
        }
    }
    let first = api.read("/resources?limit=10").await;
    assert_eq!(first["total"], BUCKETS + 1);
}

#[tokio::test]
async fn pages_of_the_other_lists_are_complete() {
    let api = Api::start().await;
    let unknowns = all_pages(&api, "/unknowns?limit=4", "unknowns", "cursor").await;
    assert_eq!(unknowns.len(), NOT_UNDERSTOOD);
    assert_eq!(uids(&unknowns).len(), unknowns.len());
    let coverage = all_pages(&api, "/coverage?limit=2", "coverage", "cursor").await;
    assert_eq!(coverage.len(), 5);
    let entries = all_pages(&api, "/ledger/entries?limit=1", "entries", "from").await;
    let size = api.read("/ledger").await["size"].as_u64().expect("a size");
    assert_eq!(entries.len() as u64, size);
    let indexes: Vec<u64> = entries.iter().filter_map(|entry| entry["index"].as_u64()).collect();
    assert_eq!(indexes, (0..size).collect::<Vec<u64>>());
}

#[tokio::test]
async fn resources_are_searched_and_filtered() {
    let api = Api::start().await;
    let total =
        async |query: &str| api.read(&format!("/resources?{query}")).await["total"].as_u64().expect(query);
    assert_eq!(total("search=BUCKET-01").await, 10);
    assert_eq!(total("type=AWS::KMS::Key").await, 1);
    assert_eq!(total("type=AWS::KMS::Key&type=AWS::S3::Bucket").await, BUCKETS as u64 + 1);
    assert_eq!(total("account=111111111111&type=AWS::S3::Bucket").await, 19);
    assert_eq!(total("region=eu-west-1&understood=true").await, 6);
    assert_eq!(total("tag=owner%3Dteam-b").await, 28);
    assert_eq!(total("tag=owner").await, BUCKETS as u64);
    assert_eq!(total("tag=owner%3Dnobody").await, 0);
    let facets = api.read("/resources/facets?type=AWS::KMS::Key").await;
    assert_eq!(facets["type"][0], json!({"value": "AWS::S3::Bucket", "count": BUCKETS}));
    assert_eq!(facets["account"], json!([{"value": "111111111111", "count": 1}]));
    assert_eq!(facets["understood"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn one_resource_comes_with_sources_gaps_relations_and_document() {
    let api = Api::start().await;
    let uid = bucket_uid(1);
    let one = api.read(&format!("/resource?uid={uid}")).await;
    assert_eq!(one["resource"]["uid"], uid);
    assert_eq!(one["resource"]["understood"], false);
    let said: Vec<(&Value, &Value)> = one["statements"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|statement| (&statement["value"], &statement["holds"]))
        .collect();
    assert_eq!(said, [(&json!("team-b"), &json!(true)), (&json!("team-c"), &json!(false))]);
    assert_eq!(one["unknown"]["gaps"][0]["part"], "purpose");
    let relations = one["relations"]["outgoing"].as_array().expect("a list");
    let known = relations.iter().find(|relation| relation["kind"] == "encrypted_by").expect("the key");
    assert_eq!(known["name"], "the key");
    assert_eq!(known["type"], "AWS::KMS::Key");
    let lost = relations.iter().find(|relation| relation["kind"] == "logs_to").expect("the log bucket");
    assert_eq!((&lost["uid"], &lost["unresolved"]), (&Value::Null, &json!("logs")));
    // A number that no double can hold is still there.
    assert_eq!(one["document"]["Big"].as_u64(), Some(9_007_199_254_740_993));
    assert_eq!(one["versions"].as_array().expect("a list").len(), 1);
    // The other end shows the same connection, and its address works.
    let href = known["href"].as_str().expect("an address").strip_prefix("/api/v1").expect("of this API");
    let key = api.read(href).await;
    assert_eq!(key["relations"]["incoming"][0]["uid"], uid);
    assert_eq!(key["relations"]["truncated"], false);
    let none = api.problem(api.get("/resource?uid=arn:none"), 404, "not_found").await;
    assert!(none["hint"].as_str().is_some_and(|hint| hint.contains("/api/v1/resources?search=")), "{none}");
}

#[tokio::test]
async fn every_number_of_the_summary_is_the_length_of_its_list() {
    let api = Api::start().await;
    let summary = api.read("/summary").await;
    assert_eq!(summary["all"]["resources"]["value"], BUCKETS + 1);
    assert_eq!(summary["by_type"].as_array().expect("a list").len(), 2);
    assert_eq!(summary["by_account"].as_array().expect("a list").len(), 2);
    assert_eq!(summary["last_scan"]["id"], 1);
    let mut counted: Vec<(u64, String)> = Vec::new();
    let mut left = vec![&summary];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) if map.contains_key("href") => {
                let (number, href) = (map["value"].as_u64(), map["href"].as_str());
                counted.push((number.expect("a number"), href.expect("an address").to_owned()));
            }
            Value::Object(map) => left.extend(map.values()),
            Value::Array(list) => left.extend(list),
            _ => {}
        }
    }
    assert!(counted.len() > 15);
    for (number, href) in counted {
        let list = api.read(href.strip_prefix("/api/v1").expect("of this API")).await;
        assert_eq!(list["total"], number, "{href}");
    }
}

#[tokio::test]
async fn coverage_is_totalled_by_outcome_and_reason() {
    let api = Api::start().await;
    let answer = api.read("/coverage?outcome=unknown&limit=1").await;
    assert_eq!(answer["total"], 2);
    assert_eq!(
        answer["totals"],
        json!([
            {"outcome": "unknown", "reason": "denied", "count": 1},
            {"outcome": "unknown", "reason": "throttled", "count": 1},
        ])
    );
    let denied = api.read("/coverage?reason=denied").await;
    assert_eq!(denied["coverage"][0]["permission"], "iam:List");
    assert!(denied["coverage"][0]["advice"].as_str().is_some_and(|advice| advice.contains("permission")));
}

#[tokio::test]
async fn an_accepted_gap_leaves_the_list_and_enters_the_ledger() {
    let api = Api::start().await;
    let before = api.read("/ledger").await["size"].as_u64().expect("a size");
    let uid = bucket_uid(1);
    let body =
        json!({"uid": uid, "part": "purpose", "reason": "sandbox", "by": "ana", "until": "2026-12-31"});
    let response = api.post("/acceptances", &body).send().await.expect("an answer");
    assert_eq!(response.status(), 201);
    let accepted: Value = response.json().await.expect("JSON");
    assert_eq!(accepted["until"], "2027-01-01T00:00:00Z");
    assert_eq!(api.read("/acceptances").await["acceptances"], json!([accepted]));
    let list = api.read("/unknowns").await;
    assert_eq!((&list["accepted"], &list["total"]), (&json!(1), &json!(NOT_UNDERSTOOD)));
    assert!(!uids(list["unknowns"].as_array().expect("a list")).contains(&uid));
    let all = api.read("/unknowns?include_accepted=true").await;
    assert_eq!(all["unknowns"][0]["gaps"][0]["accepted"]["by"], "owner, for ana");
    let entries = api.read(&format!("/ledger/entries?from={before}")).await;
    assert_eq!(entries["entries"][0]["kind"], "gap.accepted");
    assert_eq!(entries["entries"][0]["subject"], uid);
}

#[tokio::test]
async fn a_proof_of_the_ledger_verifies_without_it() {
    let api = Api::start().await;
    let ledger = api.read("/ledger").await;
    let key: fathom_ledger::VerifierKey =
        ledger["public_key"].as_str().expect("a key").parse().expect("a key in note form");
    let entries = api.store.entries(0, 1).await.expect("entries");
    let response = api.get("/ledger/entries/0/proof").send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    let text = response.text().await.expect("text");
    let proof = fathom_ledger::LogProof::parse(&text).expect("a proof");
    proof.verify(entries[0].body.as_bytes(), &key).expect("it holds");
    api.problem(api.get("/ledger/entries/999/proof"), 404, "not_found").await;
}

#[tokio::test]
async fn the_trend_has_a_point_for_each_scan() {
    let api = Api::start().await;
    let summary = api.read("/summary").await;
    let trend = api.read("/trend").await;
    let [point] = trend["trend"].as_array().expect("points").as_slice() else { panic!("{trend}") };
    assert_eq!((&point["scan"], &point["resources"]), (&json!(1), &summary["all"]["resources"]["value"]));
    assert_eq!(point["understood"], summary["all"]["understood"]["value"]);
    let one = api.read("/trend?type=AWS::KMS::Key&limit=5").await;
    assert_eq!(one["trend"][0]["resources"], 1);
    let none = api.read("/trend?account=999999999999").await;
    assert_eq!((&none["trend"][0]["resources"], &none["trend"][0]["share"]), (&json!(0), &json!(null)));
    api.problem(api.get("/trend?limit=0"), 400, "invalid_parameter").await;
}
