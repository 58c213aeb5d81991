//! What was, and what changed.

use std::collections::BTreeMap;

use fathom_model::{Document, Resource};
use fathom_store::{CompactPolicy, Listing, Older, ScanResults};
use serde_json::{Value, json};

use crate::harness::{Api, at, bucket_uid};

/// A scan that found one bucket changed, one new, and all others gone.
async fn second_scan(api: &Api) {
    let began = at("2026-11-21T13:00:00Z");
    let accounts = ["111111111111", "222222222222"].map(str::to_owned);
    let regions = ["eu-central-1", "eu-west-1"].map(str::to_owned);
    let scan = api.store.begin_scan("again", &accounts, &regions, began).await.expect("begins");
    let stored = api.store.resource(&bucket_uid(1).into()).await.expect("reads").expect("known");
    let document =
        json!({"Name": "bucket-001", "Tags": [{"Key": "note", "Value": "\u{1b}<script>".repeat(1000)}]});
    let changed = Resource { document: Document::new(&document), ..stored.resource };
    let new = Resource {
        uid: "arn:aws:s3:::new".into(),
        id: "new".to_owned(),
        name: None,
        tags: BTreeMap::new(),
        ..changed.clone()
    };
    api.store.stage(scan, &[changed, new]).await.expect("staged");
    let listing = |(account, region): (&String, &String)| Listing {
        account: account.as_str().into(),
        region: region.as_str().into(),
        kind: "AWS::S3::Bucket".into(),
        read: true,
    };
    let places = accounts.iter().flat_map(|account| regions.iter().map(move |region| (account, region)));
    let results = ScanResults { listings: Some(places.map(listing).collect()), ..ScanResults::default() };
    api.store.finish_scan(scan, results, at("2026-11-21T13:05:00Z")).await.expect("finished");
}

#[tokio::test]
async fn versions_and_changes_are_told_page_by_page() {
    let api = Api::start().await;
    let none = api.read("/changes").await;
    assert_eq!((&none["changes"], &none["since"]["id"]), (&json!([]), &json!(1)), "one scan changed nothing");
    second_scan(&api).await;

    let history = api.read(&format!("/resource/history?uid={}", bucket_uid(1))).await;
    assert_eq!(history["total"], 2);
    assert_eq!(
        (&history["versions"][0]["what"], &history["versions"][1]["what"]),
        (&json!("changed"), &json!("first_seen"))
    );
    let changes = &history["versions"][0]["difference"]["changes"];
    assert_eq!(
        (&changes[0]["what"], &changes[0]["path"], &changes[0]["old"]),
        (&json!("removed"), &json!("Big"), &json!(9_007_199_254_740_993_u64))
    );
    assert_eq!(
        (&changes[1]["what"], &changes[1]["path"], &changes[1]["cut"]),
        (&json!("added"), &json!("Tags"), &json!(true))
    );
    assert!(
        changes[1]["new"].as_str().is_some_and(|text| text.chars().count() < 2100 && text.contains("bytes)"))
    );
    let newest = api.read(&format!("/resource/history?uid={}&limit=1", bucket_uid(1))).await;
    assert_eq!(newest["versions"], json!([history["versions"][0]]));
    let gone = api.read(&format!("/resource/history?uid={}", bucket_uid(2))).await;
    assert_eq!((&gone["versions"][0]["what"], &gone["versions"][0]["hash"]), (&json!("gone"), &Value::Null));

    let all = api.read("/changes?limit=500").await;
    let list = all["changes"].as_array().expect("a list");
    let count = |what: &str| list.iter().filter(|one| one["what"] == what).count();
    assert_eq!([count("added"), count("changed"), count("gone")], [1, 1, 56]);
    assert_eq!(
        (&all["since"]["id"], &all["until"]["id"], &all["next"]),
        (&json!(1), &json!(2), &Value::Null)
    );
    // Pages end where the next begins, also when another scan ends in between.
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.read(&format!("/changes?limit=17{cursor}")).await;
        paged.extend(page["changes"].as_array().expect("a list").clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        if paged.len() == 34 {
            second_scan(&api).await;
        }
    }
    assert_eq!(&paged, list);
    let narrow =
        api.read("/changes?since=scan:1&until=scan:2&account=111111111111&type=AWS::S3::Bucket").await;
    let of_one = list.iter().filter(|one| one["account"] == "111111111111").count();
    assert_eq!(narrow["changes"].as_array().map(Vec::len), Some(of_one));
    let quiet = api.read("/changes?since=scan:2").await;
    assert_eq!(quiet["changes"], json!([]));
    api.stop().await;
}

#[tokio::test]
async fn of_scans_that_overlapped_all_that_is_new_is_told() {
    let api = Api::start().await;
    // The second scan reads for long; meanwhile the third finds one bucket changed, and ends first.
    let long = api.store.begin_scan("long", &[], &[], at("2026-11-21T11:00:00Z")).await.expect("begins");
    let short = api.store.begin_scan("short", &[], &[], at("2026-11-21T11:10:00Z")).await.expect("begins");
    let stored =
        async |n| api.store.resource(&bucket_uid(n).into()).await.expect("reads").expect("known").resource;
    let changed = |resource: Resource| Resource { exposed: !resource.exposed, ..resource };
    api.store.stage(short, &[changed(stored(2).await)]).await.expect("staged");
    api.store.stage(long, &[changed(stored(1).await)]).await.expect("staged");
    let nothing = || ScanResults { listings: Some(Vec::new()), ..ScanResults::default() };
    api.store.finish_scan(short, nothing(), at("2026-11-21T11:20:00Z")).await.expect("finished");
    api.store.finish_scan(long, nothing(), at("2026-11-21T11:30:00Z")).await.expect("finished");

    let changes = api.read("/changes").await;
    let uids: Vec<_> = changes["changes"].as_array().expect("a list").iter().map(|one| &one["uid"]).collect();
    assert_eq!(uids, [&json!(bucket_uid(1)), &json!(bucket_uid(2))], "{changes}");
    assert_eq!((&changes["since"]["id"], &changes["until"]["id"]), (&json!(1), &json!(short)));
    let summary = api.read("/summary").await;
    assert_eq!(summary["last_scan"]["id"], json!(long), "the one that ended last");
    let question = json!({"query": "SELECT count(*) AS n FROM coverage", "as_of": "1s"});
    let answer: Value =
        api.post("/sql", &question).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["rows"], json!([[5]]), "{answer}");
    assert_eq!(
        answer["as_of"],
        json!({"scan": short, "finished_at": "2026-11-21T11:20:00Z", "instead_of": null})
    );
    api.stop().await;
}

#[tokio::test]
async fn what_a_compaction_let_go_of_is_not_told_as_what_was() {
    let api = Api::start().await;
    for _ in 0..3 {
        second_scan(&api).await;
    }
    let policy = CompactPolicy { keep_days: 1, older: Older::Nothing };
    let done =
        api.store.compact(policy, false, "user:ana", at("2027-02-01T00:00:00Z")).await.expect("compacts");
    assert_eq!(done.whole_since_scan, Some(4));
    for path in ["/changes?since=scan:1", "/changes?since=scan:2&until=scan:4"] {
        let problem = api.problem(api.get(path), 404, "not_found").await;
        let told = problem["detail"].as_str().expect("a text");
        assert!(told.contains("was let go of by a compaction") && told.contains("`scan:4`"), "{problem}");
    }
    api.problem(api.get("/changes"), 404, "not_found").await;
    let (one, key) = (bucket_uid(1), "arn:aws:kms:eu-central-1:111111111111:key/k1");
    for path in [
        "/map?as_of=scan:2".to_owned(),
        "/graph/estate?as_of=scan:2".to_owned(),
        format!("/graph?around={one}&as_of=scan:2"),
        format!("/graph/path?from={one}&to={key}&as_of=scan:2"),
        format!("/graph/group?of={one}&kind=encrypted_by&type=AWS::KMS::Key&as_of=scan:2"),
    ] {
        let problem = api.problem(api.get(&path), 404, "not_found").await;
        assert!(
            problem["detail"].as_str().is_some_and(|told| told.contains("compaction")),
            "{path}: {problem}"
        );
    }
    let question = json!({"query": "SELECT count(*) AS n FROM resources", "as_of": "scan:3"});
    api.problem(api.post("/sql", &question), 404, "not_found").await;
    let history = api.read(&format!("/resource/history?uid={}", bucket_uid(1))).await;
    assert_eq!(history["versions"][0]["what"], "version", "another was seen first: {history}");
    // A client that comes back with an old id is told to begin anew, not given a part.
    for after in ["0", "2", "3"] {
        let problem =
            api.problem(api.get(&format!("/changes/stream?after={after}")), 400, "invalid_parameter").await;
        assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("`after=4`")), "{problem}");
    }
    let response = api.get("/changes/stream?after=4").send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    drop(response);
    api.stop().await;
}

#[tokio::test]
async fn sql_asks_the_past_and_mistakes_are_named() {
    let api = Api::start().await;
    second_scan(&api).await;
    let query = "SELECT count(*) AS n FROM aws_s3_bucket";
    for (as_of, expected) in [(json!("scan:1"), 57), (json!("2026-11-21T12:00:00Z"), 57), (Value::Null, 2)] {
        let mut question = json!({"query": query, "as_of": as_of});
        if as_of.is_null() {
            question = json!({"query": query});
        }
        let answer: Value =
            api.post("/sql", &question).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["rows"], json!([[expected]]), "{question}");
    }
    let problem =
        api.problem(api.post("/sql", &json!({"query": query, "as_of": "soon"})), 400, "invalid_body").await;
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("`soon` is no moment")), "{problem}");
    let early = json!({"query": query, "as_of": "2026-01-01"});
    let problem = api.problem(api.post("/sql", &early), 404, "not_found").await;
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("history begins at 2026-11-21T12:00:00Z")),
        "{problem}"
    );
    for (path, parameter) in [
        ("/changes?since=soon", "since"),
        ("/changes?cursor=x", "cursor"),
        ("/changes?limit=0", "limit"),
        ("/changes?since=scan:2&until=scan:1", "since"),
        ("/changes/stream?after=9223372036854775807.WyJhIiwiYiJd", "after"),
    ] {
        let problem = api.problem(api.get(path), 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], parameter, "{path}");
    }
    api.problem(api.get("/resource/history?uid=arn:none"), 404, "not_found").await;
    api.problem(api.get("/changes?since=scan:99"), 404, "not_found").await;
    api.stop().await;
}
