//! A scan over the API with the real collector, from the request to the estate: the sample's recording answers.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use fathom_api::{ApiState, ScanRunner, Server};
use fathom_cloud::{
    client::{Client, ClientOptions},
    record::Player,
};
use fathom_content::Content;
use fathom_lake::Lake;
use fathom_see::{ScanOptions, Scanner};
use fathom_store::Store;
use futures::FutureExt as _;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::harness::{client, now, options, problem};

fn recording() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/sample/northwind.recording.zst")
}

/// The names in the recorded answers of `ListBuckets`, read without any of our code.
fn recorded_buckets() -> BTreeSet<String> {
    let file = std::fs::File::open(recording()).expect("the sample's recording");
    let text = std::io::read_to_string(zstd::Decoder::new(file).expect("zstd")).expect("text");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines
        .filter(|line| line["operation"] == "ListBuckets")
        .flat_map(|line| {
            let body = line["body"].as_str().expect("a body").to_owned();
            let buckets = body.split("<Bucket>").skip(1).map(|bucket| {
                let (_, rest) = bucket.split_once("<Name>").expect("a name");
                rest.split_once("</Name>").expect("a name").0.to_owned()
            });
            buckets.collect::<Vec<_>>()
        })
        .collect()
}

/// A server whose scans play the recording.
pub(crate) struct Played {
    dir: tempfile::TempDir,
    base: String,
    token: String,
    store: Store,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

impl Played {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let player = Player::open(&recording()).expect("a recording");
        let asked = player.header().asked.clone().expect("what was asked");
        let transport = Some(Arc::new(player) as _);
        let client = Client::new(ClientOptions { transport, ..ClientOptions::default() }).expect("a client");
        let content = Arc::new(Content::embedded().expect("embedded content loads"));
        let store =
            Store::open(&dir.path().join("data"), "fathom.test/ledger", now()).await.expect("a store");
        let lake = Lake::new(store.clone(), &content).expect("the lake starts");
        let scope = ScanOptions {
            regions: asked.regions,
            organization_role: asked.organization_role,
            ..ScanOptions::default()
        };
        let scanner = Scanner { client, content: Arc::clone(&content), store: store.clone() };
        let declarations = dir.path().join("fathom.yaml");
        std::fs::write(&declarations, "version: 1\n").expect("writable");
        let runner = ScanRunner::new(scanner, scope, Some(declarations), now);
        let state =
            ApiState::new(store.clone(), lake, Arc::clone(&content), now).with_scanner(Arc::new(runner));
        let server = Server::bind(options(dir.path())).await.expect("listens");
        let base = format!("{}/api/v1", server.url());
        let token = std::fs::read_to_string(dir.path().join("token")).expect("a token").trim().to_owned();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = server.run(state, stopped.map(|_| ()));
        let ended = tokio::spawn(async { running.await.expect("the server ends well") });
        Self { dir, base, token, store, stop, ended }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        client().get(format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        client().post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(body)
    }

    /// Scans, to the end.
    pub(crate) async fn scan(&self, body: &Value) {
        let response = self.post("/scans", body).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let scan: Value = response.json().await.expect("JSON");
        let events = self.get(&format!("/scans/{}/events", scan["scan"])).send().await.expect("an answer");
        assert!(events.text().await.expect("a stream").contains("event: finished"));
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        let response = self.get(path).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("JSON")
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("runs");
        self.ended.await.expect("no panic");
    }
}

/// The events of a stream that ended, as names and data.
fn events(text: &str) -> Vec<(String, Value)> {
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    text.split("\n\n")
        .filter_map(|event| {
            let data = field(event, "data:")?;
            Some((field(event, "event:")?, serde_json::from_str(&data).expect("JSON")))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_is_asked_for_followed_and_found_in_the_estate() {
    let api = Played::start().await;
    let body = json!({"types": ["AWS::S3::Bucket"]});
    let response = api.post("/scans", &body).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let started: Value = response.json().await.expect("JSON");
    // The number comes from the scan itself, as soon as the cloud has let us in.
    assert_eq!(started, json!({"scan": 1, "events": "/api/v1/scans/1/events"}));

    let stream = api.get("/scans/1/events").send().await.expect("an answer").text().await.expect("a stream");
    let all = events(&stream);
    let ((last, finished), progress) = all.split_last().expect("events");
    assert_eq!(last, "finished", "{stream}");
    for (name, data) in progress {
        assert_eq!((name.as_str(), &data["scan"]), ("progress", &json!(1)), "{stream}");
    }
    let buckets = recorded_buckets();
    assert!(buckets.len() > 10, "{buckets:?}");
    assert_eq!((&finished["id"], &finished["state"]), (&json!(1), &json!("finished")));
    assert_eq!(finished["resources"], buckets.len(), "{finished}");
    assert_eq!(&api.read("/scans/1").await, finished);

    let listed = api.read("/resources?type=AWS::S3::Bucket&limit=1000").await;
    let rows = listed["resources"].as_array().expect("rows");
    let names: BTreeSet<String> =
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(names, buckets);
    let current =
        api.get("/scans/current/events").send().await.expect("an answer").text().await.expect("text");
    assert_eq!(events(&current).last().expect("an event").1, *finished);
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declarations_are_read_anew_and_a_mistake_in_them_is_told() {
    let api = Played::start().await;
    std::fs::write(api.dir.path().join("fathom.yaml"), "version: 1\nteems: {}\n").expect("writable");
    let refused = api.post("/scans", &json!({})).send().await.expect("an answer");
    let refused = problem(refused, 502, "scan_refused").await;
    let detail = refused["detail"].as_str().expect("a detail");
    assert!(detail.contains("fathom.yaml:2:") && detail.contains("teems"), "{detail}");
    assert_eq!(api.store.scans(10).await.expect("readable"), []);

    std::fs::write(api.dir.path().join("fathom.yaml"), "version: 1\n").expect("writable");
    let body = json!({"types": ["AWS::S3::Bucket"], "regions": ["eu-west-1"]});
    let response = api.post("/scans", &body).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let stream = api.get("/scans/1/events").send().await.expect("an answer").text().await.expect("a stream");
    let (name, finished) = events(&stream).pop().expect("an event");
    assert_eq!((name.as_str(), &finished["regions"]), ("finished", &json!(["eu-west-1"])));
    api.stop().await;
}
