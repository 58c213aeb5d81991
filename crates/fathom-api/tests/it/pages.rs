//! What the console's pages ask for: filters, the map, the graph, drift, baselines, activity, assignments, suggestions,
//! views, and the estate as it was.

use std::sync::Arc;

use fathom_api::{CodeSource, ReadCode};
use fathom_model::{Resource, ResourceType, Scan, Uid};
use fathom_store::ScanResults;
use serde_json::{Value, json};

use crate::harness::{Api, BUCKETS, NOT_UNDERSTOOD, bucket_uid, now};

const KEY: &str = "arn:aws:kms:eu-central-1:111111111111:key/k1";

/// Values of a list of counts.
fn counts(list: &Value) -> Vec<(String, u64)> {
    let one = |one: &Value| {
        (one["value"].as_str().expect("a value").to_owned(), one["count"].as_u64().expect("a count"))
    };
    list.as_array().expect("a list").iter().map(one).collect()
}

fn pair(value: &str, count: usize) -> (String, u64) {
    (value.to_owned(), count as u64)
}

#[tokio::test]
async fn lists_take_the_whole_filter_and_count_beside_it() {
    let api = Api::start().await;
    let total =
        async |query: &str| api.read(&format!("/resources?{query}")).await["total"].as_u64().expect(query);
    // Of bucket 1 alone a statement says who owns it, and it alone is exposed.
    assert_eq!(total("owner=team-b").await, 1);
    assert_eq!(total("owner=").await, BUCKETS as u64);
    assert_eq!(total("exposed=true").await, 1);
    assert_eq!(total("exposed=true&owner=").await, 0);
    assert_eq!(total("stale=true").await, 0);
    assert_eq!(total("gap=purpose").await, NOT_UNDERSTOOD as u64);
    assert_eq!(total("first_seen_since=2026-11-22").await, 0);
    assert_eq!(total("first_seen_since=scan:1").await, BUCKETS as u64 + 1);
    assert_eq!(total("tag=owner&tag=owner%3Dteam-a").await, 29);
    let facets = api.read("/resources/facets?exposed=true").await;
    assert_eq!(counts(&facets["owner"]), [pair("team-b", 1)]);
    assert_eq!(counts(&facets["exposed"]), [pair("false", BUCKETS), pair("true", 1)]);
    assert_eq!(counts(&facets["network"]), [pair("", 1)]);
    assert_eq!((&facets["total"], &facets["cut"]), (&json!(1), &json!([])));
    let list = api.read("/unknowns?owner=team-b").await;
    assert_eq!((&list["total"], &list["unknowns"][0]["uid"]), (&json!(1), &json!(bucket_uid(1))));
    assert_eq!(list["unknowns"][0]["exposed"], true);
    let facets = api.read("/unknowns/facets").await;
    assert_eq!(counts(&facets["gap"]), [pair("purpose", NOT_UNDERSTOOD)]);
    assert_eq!((&facets["total"], &facets["accepted"]), (&json!(NOT_UNDERSTOOD), &json!(0)));
    let coverage = api.read("/coverage/facets?outcome=unknown").await;
    assert_eq!(counts(&coverage["reason"]), [pair("denied", 1), pair("throttled", 1)]);
    assert_eq!(counts(&coverage["outcome"]), [pair("read", 2), pair("unknown", 2), pair("empty", 1)]);
    assert_eq!(coverage["total"], 2);
    for query in ["/resources?owner=a&onwer=b", "/unknowns/facets?limit=1"] {
        api.problem(api.get(query), 400, "unknown_parameter").await;
    }
    api.problem(api.get("/resources?first_seen_since=whenever"), 400, "invalid_parameter").await;
}

#[tokio::test]
async fn the_map_adds_up_and_the_summary_opens_by_team() {
    let api = Api::start().await;
    let map = api.read("/map").await;
    assert_eq!(map["counts"]["resources"], BUCKETS + 1);
    let accounts = map["accounts"].as_array().expect("accounts");
    assert_eq!(accounts.len(), 2);
    // 38 of the 57 buckets are in the other account; the key is in this one.
    assert_eq!(
        (&accounts[0]["account"], &accounts[0]["counts"]["resources"]),
        (&json!("222222222222"), &json!(38))
    );
    let sum = |member: &str| -> u64 {
        let regions = accounts.iter().flat_map(|one| one["regions"].as_array().expect("regions"));
        regions.map(|region| region["counts"][member].as_u64().expect("a count")).sum()
    };
    for member in ["resources", "understood", "exposed", "stale"] {
        assert_eq!(map["counts"][member], sum(member), "{member}");
    }
    let summary = api.read("/summary").await;
    assert_eq!(summary["by_owner"][0]["value"], "");
    assert_eq!(summary["by_owner"][1]["value"], "team-b");
    assert_eq!(summary["exposed"]["value"], 1);
    assert_eq!(summary["by_region"].as_array().expect("regions").len(), 2);
}

#[tokio::test]
async fn the_graph_shows_what_is_around_and_the_way() {
    let api = Api::start().await;
    let graph = api.read(&format!("/graph?around={}", bucket_uid(1))).await;
    let uids: Vec<&str> =
        graph["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["uid"].as_str()).collect();
    assert_eq!(uids, [&bucket_uid(1), KEY]);
    assert_eq!(graph["edges"], json!([{"from": bucket_uid(1), "to": KEY, "kind": "encrypted_by"}]));
    assert_eq!(graph["loose"][0]["reference"], "logs");
    assert_eq!((&graph["complete"], &graph["groups"]), (&json!(true), &json!([])));
    let way = api.read(&format!("/graph/path?from={KEY}&to={}", bucket_uid(1))).await;
    assert_eq!((&way["found"], &way["length"]), (&json!(true), &json!(1)));
    assert_eq!(
        way["hops"][0],
        json!({"from": bucket_uid(1), "to": KEY, "kind": "encrypted_by", "forward": false})
    );
    let against = api.read(&format!("/graph/path?from={KEY}&to={}&direction=out", bucket_uid(1))).await;
    assert_eq!((&against["found"], &against["complete"]), (&json!(false), &json!(true)));
    assert!(against["sentence"].as_str().expect("words").contains("no way of 8 steps"), "{against}");
    let members =
        api.read(&format!("/graph/group?of={KEY}&kind=encrypted_by&direction=in&type=AWS::S3::Bucket")).await;
    assert_eq!((&members["total"], &members["next"]), (&json!(1), &Value::Null));
    let estate = api.read("/graph/estate?limit=10").await;
    assert_eq!(
        (&estate["shown"], &estate["total"], &estate["complete"]),
        (&json!(10), &json!(BUCKETS + 1), &json!(false))
    );
    assert_eq!(estate["nodes"][0]["uid"], bucket_uid(1), "the exposed one comes first");
    let rest: u64 =
        estate["rest"].as_array().expect("rest").iter().filter_map(|one| one["count"].as_u64()).sum();
    assert_eq!(rest, BUCKETS as u64 + 1 - 10);
    api.problem(api.get("/graph?around=arn:none"), 404, "not_found").await;
    api.problem(api.get("/graph"), 400, "invalid_parameter").await;
    api.problem(api.get(&format!("/graph?around={KEY}&depth=9")), 400, "invalid_parameter").await;
}

#[tokio::test]
async fn assignments_are_made_shown_ended_and_sealed() {
    let api = Api::start().await;
    let size = api.read("/ledger").await["size"].as_u64().expect("a size");
    let body = json!({"uids": [bucket_uid(1), bucket_uid(3)], "to": "ana", "kind": "person", "note": "find the owner",
        "until": "2026-12-31"});
    let response = api.post("/assignments", &body).send().await.expect("an answer");
    assert_eq!(response.status(), 201);
    let made: Value = response.json().await.expect("JSON");
    assert_eq!(made["assignments"][0]["until"], "2027-01-01T00:00:00Z");
    let list = api.read("/assignments?to=ana&limit=1").await;
    assert_eq!((&list["total"], &list["next"]), (&json!(2), &json!(1)));
    assert_eq!(api.read("/resources?assigned_to=ana").await["total"], 2);
    assert_eq!(api.read("/resources?assigned_to=").await["total"], BUCKETS + 1 - 2);
    let listed = api.read("/unknowns?assigned_to=ana").await;
    assert_eq!(listed["unknowns"][0]["assigned"]["note"], "find the owner");
    let one = api.read(&format!("/resource?uid={}", bucket_uid(3))).await;
    assert_eq!(
        (&one["assignments"][0]["to"], &one["resource"]["assigned"]["to"]),
        (&json!("ana"), &json!("ana"))
    );
    let id = &made["assignments"][0]["id"];
    let end = |reason: &str| {
        let request = api.client.delete(api.url(&format!("/assignments/{id}"))).bearer_auth(&api.token);
        request.json(&json!({"reason": reason}))
    };
    let ended: Value = end("done").send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(ended["ended_why"], "done");
    api.problem(end("again"), 404, "not_found").await;
    assert_eq!(api.read("/resources?assigned_to=ana").await["total"], 1);
    for (body, status, code) in [
        (json!({"uids": ["arn:none"], "to": "a", "kind": "team", "note": "n"}), 404, "not_found"),
        (json!({"uids": [], "to": "a", "kind": "team", "note": "n"}), 400, "invalid_body"),
        (json!({"uids": [KEY], "to": " ", "kind": "team", "note": "n"}), 400, "invalid_body"),
        (
            json!({"uids": [KEY], "to": "a", "kind": "team", "note": "n", "until": "2020-01-01"}),
            400,
            "invalid_body",
        ),
    ] {
        api.problem(api.post("/assignments", &body), status, code).await;
    }
    let entries = api.read(&format!("/ledger/entries?order=desc&kind=resource.*&from={}", size + 100)).await;
    let kinds: Vec<&Value> =
        entries["entries"].as_array().expect("entries").iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["resource.assignment_ended", "resource.assigned", "resource.assigned"]);
    let about = api.read(&format!("/ledger/entries?subject={}", bucket_uid(3))).await;
    assert_eq!(about["entries"].as_array().expect("entries").len(), 1);
}

#[tokio::test]
async fn an_acceptance_ends_before_its_date() {
    let api = Api::start().await;
    let body = json!({"uid": bucket_uid(1), "part": "purpose", "reason": "sandbox", "until": "2026-12-31"});
    assert_eq!(api.post("/acceptances", &body).send().await.expect("an answer").status(), 201);
    assert_eq!(api.read("/unknowns").await["accepted"], 1);
    assert_eq!(
        api.read(&format!("/resource?uid={}", bucket_uid(1))).await["acceptances"][0]["reason"],
        "sandbox"
    );
    let body = json!({"uid": bucket_uid(1), "part": "purpose", "reason": "it is used after all"});
    let end = || api.client.delete(api.url("/acceptances")).bearer_auth(&api.token).json(&body);
    assert_eq!(end().send().await.expect("an answer").status(), 204);
    assert_eq!(api.read("/unknowns").await["accepted"], 0);
    api.problem(end(), 404, "not_found").await;
}

#[tokio::test]
async fn suggested_lines_say_what_they_would_explain() {
    let api = Api::start().await;
    let body = json!({"uids": [bucket_uid(0), bucket_uid(2)], "set": {"owner": "storage", "data_class": "internal"}});
    let response = api.post("/declarations/suggest", &body).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let made: Value = response.json().await.expect("JSON");
    assert_eq!((&made["explains"], &made["also"]), (&json!(2), &json!(0)));
    let yaml = made["yaml"].as_str().expect("lines");
    assert!(
        yaml.contains("bucket-000") && yaml.contains("bucket-002") && yaml.contains("owner: \"storage\""),
        "{yaml}"
    );
    for (body, status, code) in [
        (json!({"uids": [KEY], "set": {}}), 400, "invalid_body"),
        (json!({"uids": [KEY], "set": {"data_class": "odd"}}), 400, "invalid_body"),
        (json!({"uids": ["arn:none"], "set": {"owner": "a"}}), 404, "not_found"),
    ] {
        api.problem(api.post("/declarations/suggest", &body), status, code).await;
    }
}

#[tokio::test]
async fn a_baseline_is_approved_compared_and_explained() {
    let api = Api::start().await;
    api.problem(api.get("/baselines/default"), 404, "not_found").await;
    let made = api
        .post("/baselines", &json!({"name": "default", "reason": "looked at"}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(made.status(), 201);
    assert_eq!(made.json::<Value>().await.expect("JSON")["resources"], BUCKETS + 1);
    let status = api.read("/baselines/default").await;
    assert_eq!(status["counts"], json!({"added": 0, "changed": 0, "gone": 0, "explained": 0}));
    // Nothing but one bucket that is new.
    let scan = api.store.begin_scan("one", &[], &[], now()).await.expect("begins");
    let new = Resource {
        uid: Uid::from(bucket_uid(900)),
        kind: ResourceType::from("AWS::S3::Bucket"),
        account: "111111111111".into(),
        region: "eu-west-1".into(),
        id: "bucket-900".to_owned(),
        name: None,
        tags: std::collections::BTreeMap::default(),
        created_at: None,
        provider_made: false,
        exposed: true,
        document: fathom_model::Document::new(&json!({"Name": "bucket-900"})),
    };
    api.store.stage(scan, &[new]).await.expect("staged");
    api.store.finish_scan(scan, ScanResults::default(), now()).await.expect("finished");
    let list = api.read("/baselines/default/differences").await;
    let rows = list["differences"].as_array().expect("rows");
    assert_eq!(rows.len(), 1, "{list}");
    assert_eq!((&rows[0]["uid"], &rows[0]["what"]), (&json!(bucket_uid(900)), &json!("added")));
    // Whoever looked before that scan saw another estate.
    let seen = scan - 1;
    let body = json!({"uid": bucket_uid(900), "reason": "ordered", "seen": seen});
    api.problem(api.post("/baselines/default/accept", &body), 409, "conflict").await;
    let body = json!({"name": "default", "reason": "looked at", "seen": seen});
    api.problem(api.post("/baselines", &body), 409, "conflict").await;
    let body = json!({"uid": bucket_uid(900), "reason": "ordered", "until": "2027-01-31", "seen": scan});
    let made = api.post("/baselines/default/accept", &body).send().await.expect("an answer");
    assert_eq!(made.status(), 201);
    assert_eq!(api.read("/baselines/default/differences").await["differences"], json!([]));
    let all = api.read("/baselines/default/differences?explained=true").await;
    assert_eq!(all["differences"][0]["explained"]["reason"], "ordered");
    assert_eq!(api.read("/baselines/default").await["counts"]["explained"], 1);
    assert_eq!(api.read("/baselines").await["baselines"].as_array().expect("baselines").len(), 1);
    api.problem(api.post("/baselines", &json!({"name": " ", "reason": "x"})), 400, "invalid_body").await;
    // The new one shows in what is read from the columns, too.
    assert_eq!(api.read("/resources?exposed=true").await["total"], 2);
    assert_eq!(api.read("/resources?exposed=true&as_of=scan:1").await["total"], 1);
    assert_eq!(api.read("/summary?as_of=scan:1").await["all"]["resources"]["value"], BUCKETS + 1);
    assert_eq!(api.read("/summary").await["all"]["resources"]["value"], BUCKETS + 2);
    assert_eq!(api.read("/unknowns?as_of=scan:1").await["total"], NOT_UNDERSTOOD);
    api.problem(api.get("/resources?as_of=scan:1&stale=true"), 400, "invalid_parameter").await;
    api.problem(api.get("/resources?as_of=scan:9"), 404, "not_found").await;
    api.problem(api.get("/resources?as_of=2020-01-01"), 404, "not_found").await;
    the_graph_then(&api).await;
}

/// The graph as of the scan before the new bucket came.
async fn the_graph_then(api: &Api) {
    let (new, old) = (bucket_uid(900), bucket_uid(1));
    let then = api.read(&format!("/graph?around={old}&as_of=scan:1")).await;
    assert_eq!(then["edges"], json!([{"from": old, "to": KEY, "kind": "encrypted_by"}]));
    assert_eq!(then["as_of"]["scan"], 1);
    assert_eq!(api.read(&format!("/graph?around={old}")).await["as_of"], Value::Null);
    api.read(&format!("/graph?around={new}")).await;
    for query in [
        format!("/graph?around={new}&as_of=scan:1"),
        format!("/graph/group?of={new}&kind=encrypted_by&type=AWS::KMS::Key&as_of=scan:1"),
        format!("/graph/path?from={new}&to={KEY}&as_of=scan:1"),
        format!("/graph/path?from={KEY}&to={new}&as_of=scan:1"),
    ] {
        let problem = api.problem(api.get(&query), 404, "not_found").await;
        let told = problem["detail"].as_str().expect("words");
        assert!(
            told.contains("bucket-900") && told.contains("was not there as of scan 1"),
            "{query}: {told}"
        );
    }
    let way = api.read(&format!("/graph/path?from={KEY}&to={old}&as_of=scan:1")).await;
    assert_eq!((&way["length"], &way["as_of"]["scan"]), (&json!(1), &json!(1)));
    let group =
        format!("/graph/group?of={KEY}&kind=encrypted_by&direction=in&type=AWS::S3::Bucket&as_of=scan:1");
    assert_eq!(api.read(&group).await["total"], 1);
    for (as_of, total) in [("", BUCKETS + 2), ("&as_of=scan:1", BUCKETS + 1)] {
        let estate = api.read(&format!("/graph/estate?limit=1000{as_of}")).await;
        assert_eq!((&estate["total"], &estate["shown"]), (&json!(total), &json!(total)));
        let nodes = estate["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.iter().any(|node| node["uid"] == *new), as_of.is_empty());
    }
    api.problem(api.get("/graph/estate?as_of=scan:1&stale=true"), 400, "invalid_parameter").await;
    api.problem(api.get(&format!("/graph?around={old}&as_of=soon")), 400, "invalid_parameter").await;
    api.problem(api.get(&format!("/graph?around={old}&as_of=scan:9")), 404, "not_found").await;
}

#[tokio::test]
async fn with_one_scan_nothing_changed() {
    let api = Api::start().await;
    let changes = api.read("/changes").await;
    assert_eq!(
        (&changes["changes"], &changes["since"]["id"], &changes["until"]["id"]),
        (&json!([]), &json!(1), &json!(1))
    );
}

#[tokio::test]
async fn views_are_kept_for_the_caller() {
    let api = Api::start().await;
    let put = |body: Value| api.client.put(api.url("/views")).bearer_auth(&api.token).json(&body);
    let view = json!({"page": "resources", "kind": "view", "name": "exposed", "query": "exposed=true"});
    let kept: Value = put(view.clone()).send().await.expect("an answer").json().await.expect("JSON");
    let list = api.read("/views?page=resources").await;
    assert_eq!((&list["views"][0], &list["limit"]), (&kept, &json!(200)));
    let long = json!({"page": "sql", "kind": "sql", "name": "n", "query": "x".repeat(20_000)});
    api.problem(put(long), 400, "invalid_body").await;
    let forget = || {
        let address = api.url(&format!("/views/{}", kept["id"]));
        api.client.delete(address).bearer_auth(&api.token)
    };
    assert_eq!(forget().send().await.expect("an answer").status(), 204);
    api.problem(forget(), 404, "not_found").await;
}

#[tokio::test]
async fn without_a_log_and_without_code_it_says_so() {
    let api = Api::start().await;
    let told = api.read(&format!("/activity?uid={}", bucket_uid(0))).await;
    assert_eq!(
        (&told["state"], &told["creation"], &told["events"]),
        (&json!("no_log"), &Value::Null, &json!([]))
    );
    assert!(told["creation_unknown"].is_string(), "{told}");
    let drift = api.read("/drift").await;
    assert_eq!((&drift["state"], &drift["rows"]), (&json!("no_code"), &json!([])));
    assert!(drift["hint"].as_str().expect("a hint").contains("terraform_states"));
}

/// Terraform that declares two of the buckets, one of them otherwise than it is, and one that is not there.
struct Declared;

impl CodeSource for Declared {
    fn read(&self, _: &Scan) -> Result<ReadCode, String> {
        let bucket = |name: &str, tags: Value| {
            json!({"module": "module.stores", "mode": "managed", "type": "aws_s3_bucket", "name": "b",
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{"index_key": name, "schema_version": 0, "attributes": {
                    "id": name, "bucket": name, "arn": format!("arn:aws:s3:::{name}"), "tags": tags}}]})
        };
        let state = json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "outputs": {},
            "resources": [bucket("bucket-000", json!({"owner": "team-a"})), bucket("bucket-777", json!({}))]});
        let mut read = ReadCode::default();
        read.declared
            .terraform
            .add("stores.tfstate", &state.to_string())
            .map_err(|error| error.to_string())?;
        Ok(read)
    }

    fn stamp(&self) -> u64 {
        1
    }
}

#[tokio::test]
async fn drift_names_file_and_module_and_pages() {
    let api = Api::start_with(|state| state.with_code(Arc::new(Declared))).await;
    let drift = api.read("/drift?limit=10").await;
    assert_eq!(drift["state"], "compared");
    assert_eq!(drift["as_of"]["scan"], 1);
    // One declared bucket exists, one does not; all others are not declared.
    let counts = &drift["counts"];
    assert_eq!(counts["undeclared"], BUCKETS + 1 - 1, "{counts}");
    assert_eq!(drift["rows"].as_array().expect("rows").len(), 10);
    let one = api.read(&format!("/drift?uid={}", bucket_uid(0))).await;
    let row = &one["rows"][0];
    assert_eq!(
        (&row["declared_by"][0]["file"], &row["declared_by"][0]["module"]),
        (&json!("stores.tfstate"), &json!("module.stores"))
    );
    let files = api.read("/drift?file=stores.tfstate&verdict=missing&verdict=not_comparable&verdict=drifted&verdict=in_line").await;
    assert_eq!(files["total"], 2, "{files}");
    let mut found = 0;
    let mut cursor = String::new();
    loop {
        let page = api.read(&format!("/drift?verdict=undeclared&limit=9{cursor}")).await;
        found += page["rows"].as_array().expect("rows").len();
        match page["next"].as_u64() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found, BUCKETS);
}
