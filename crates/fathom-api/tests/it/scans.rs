//! Scans over the API: start, follow to the end, look back.

use fathom_api::ScanEnd;
use fathom_model::ScanState;
use fathom_see::progress::Phase;
use futures::StreamExt as _;
use reqwest::{Response, header};
use serde_json::{Value, json};

use crate::harness::{Api, now};

/// The events of a stream: name and data.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(api: &Api, path: &str) -> Self {
        let response = api.get(path).send().await.expect(path);
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self { response, text: String::new() }
    }

    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let read = field("event:").map(|name| {
                    let data = serde_json::from_str(field("data:").expect("data")).expect("JSON");
                    (name.to_owned(), data)
                });
                let rest = rest.to_owned();
                self.text = rest;
                match read {
                    Some(read) => return Some(read),
                    None => continue,
                }
            }
            let chunk = self.response.chunk().await.expect("the stream does not break")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}

#[tokio::test]
async fn a_scan_is_started_followed_and_ends() {
    let api = Api::start().await;
    let body = json!({"regions": ["eu-west-1"], "types": ["AWS::S3::Bucket"]});
    let response = api.post("/scans", &body).send().await.expect("an answer");
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers()[header::LOCATION], "/api/v1/scans/2");
    let started: Value = response.json().await.expect("JSON");
    assert_eq!(started, json!({"scan": 2, "events": "/api/v1/scans/2/events"}));
    let asked = api.scans.asked.lock().expect("not poisoned").clone();
    assert_eq!((asked[0].regions[0].as_str(), asked[0].kinds[0].as_str()), ("eu-west-1", "AWS::S3::Bucket"));

    let again = api.problem(api.post("/scans", &json!({})), 409, "scan_running").await;
    assert!(again["hint"].as_str().is_some_and(|hint| hint.contains("/scans/2/events")), "{again}");

    let mut events = Events::open(&api, "/scans/2/events").await;
    let (name, data) = events.next().await.expect("an event");
    assert_eq!((name.as_str(), &data["phase"], &data["scan"]), ("progress", &json!("signing_in"), &json!(2)));
    let mut current = Events::open(&api, "/scans/current/events").await;
    current.next().await.expect("an event");
    for (phase, word, resources) in [(Phase::Reading, "reading", 3), (Phase::Sealing, "sealing", 9)] {
        api.scans.change(|status| {
            status.progress.phase = phase;
            status.progress.resources = resources;
        });
        let (name, data) = events.next().await.expect("an event");
        assert_eq!(
            (name.as_str(), &data["phase"], &data["resources"]),
            ("progress", &json!(word), &json!(resources))
        );
    }
    let scan = api.store.scan(1).await.expect("readable").expect("there");
    api.scans.change(|status| status.end = Some(ScanEnd::Finished(Box::new(scan))));
    let (name, data) = events.next().await.expect("an event");
    assert_eq!((name.as_str(), &data["state"]), ("finished", &json!("finished")));
    assert_eq!(events.next().await, None);
    let rest: Vec<String> = futures::stream::unfold(current, async |mut events| {
        let (name, _) = events.next().await?;
        Some((name, events))
    })
    .collect()
    .await;
    assert_eq!(rest.last().map(String::as_str), Some("finished"));
    // The place is free again.
    assert_eq!(api.post("/scans", &json!({})).send().await.expect("an answer").status(), 202);
}

#[tokio::test]
async fn a_failed_scan_says_why() {
    let api = Api::start().await;
    api.problem(api.get("/scans/current/events"), 404, "not_found").await;
    api.post("/scans", &json!({})).send().await.expect("an answer");
    let mut events = Events::open(&api, "/scans/2/events").await;
    events.next().await.expect("an event");
    api.scans.change(|status| status.end = Some(ScanEnd::Failed { error: "no credentials".to_owned() }));
    let event = events.next().await.expect("an event");
    assert_eq!(event, ("failed".to_owned(), json!({"scan": 2, "error": "no credentials"})));
    assert_eq!(events.next().await, None);
    // A scan whose task is gone has failed too.
    api.post("/scans", &json!({})).send().await.expect("an answer");
    let mut events = Events::open(&api, "/scans/2/events").await;
    events.next().await.expect("an event");
    api.scans.status.lock().expect("not poisoned").take();
    assert_eq!(events.next().await.expect("an event").0, "failed");
}

#[tokio::test]
async fn past_scans_are_listed_and_answer_at_once() {
    let api = Api::start().await;
    let failed = api.store.begin_scan("a failed one", &[], &[], now()).await.expect("begins");
    api.store.fail_scan(failed, "no way in", now()).await.expect("ends");
    let list = api.read("/scans").await;
    let ids: Vec<&Value> = list["scans"].as_array().expect("a list").iter().map(|scan| &scan["id"]).collect();
    assert_eq!(ids, [&json!(2), &json!(1)]);
    assert_eq!(api.read("/scans?limit=1").await["scans"].as_array().expect("a list").len(), 1);
    assert_eq!(api.read("/scans/2").await["state"], "failed");
    assert_eq!(api.store.scan(1).await.expect("readable").map(|scan| scan.state), Some(ScanState::Finished));
    let mut events = Events::open(&api, "/scans/1/events").await;
    assert_eq!(events.next().await.map(|(name, _)| name).as_deref(), Some("finished"));
    assert_eq!(events.next().await, None);
    let mut events = Events::open(&api, "/scans/2/events").await;
    let (name, data) = events.next().await.expect("an event");
    assert_eq!((name.as_str(), &data["error"]), ("failed", &json!("no way in")));
    api.problem(api.get("/scans/77"), 404, "not_found").await;
    api.problem(api.get("/scans/77/events"), 404, "not_found").await;
}
