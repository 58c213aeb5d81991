//! A server on a free port, over a small estate.

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use fathom_api::{ApiState, ScanRequest, ScanStatus, ServeOptions, Server, StartScan, StartScanError};
use fathom_lake::Lake;
use fathom_model::{
    AccountId, Coverage, Document, Edge, EdgeKind, Gap, Outcome, Part, Reason, Region, Resource,
    ResourceType, SourceKind, Statement, Target, Timestamp, Uid, Unknown,
};
use fathom_store::{ScanResults, Store};
use futures::{FutureExt as _, future::BoxFuture};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

/// Buckets in the estate; more than any page that the tests ask for.
pub(crate) const BUCKETS: usize = 57;
/// Every second resource.
pub(crate) const NOT_UNDERSTOOD: usize = BUCKETS.div_ceil(2);

/// A running server.
pub(crate) struct Api {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) scans: Arc<FakeScanner>,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) client: Client,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<tokio::task::JoinHandle<()>>,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

pub(crate) fn options(dir: &Path) -> ServeOptions {
    ServeOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        token_file: dir.join("token"),
        allowed_hosts: vec!["fathom.test".to_owned()],
        behind_proxy: false,
        signin: None,
        environment: BTreeMap::new(),
    }
}

pub(crate) async fn state(dir: &Path) -> (ApiState, Store, Arc<FakeScanner>) {
    state_at(dir, now).await
}

/// The same with a clock of the test's own.
pub(crate) async fn state_at(
    dir: &Path,
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> (ApiState, Store, Arc<FakeScanner>) {
    let store = estate(&dir.join("data")).await;
    let content = Arc::new(fathom_content::Content::embedded().expect("embedded content loads"));
    let lake = Lake::new(store.clone(), &content).expect("the lake starts");
    let scans = Arc::new(FakeScanner::default());
    let state = ApiState::new(store.clone(), lake, content, clock)
        .with_scanner(Arc::clone(&scans) as Arc<dyn StartScan>);
    (state, store, scans)
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_at(now).await
    }

    /// The same with a clock of the test's own.
    pub(crate) async fn start_at(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let options = options(dir.path());
        Self::start_in(dir, options, clock).await
    }

    /// The same in a directory, with options of the test's own.
    pub(crate) async fn start_in(
        dir: tempfile::TempDir,
        options: ServeOptions,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let (state, store, scans) = state_at(dir.path(), clock).await;
        Self::serve(dir, options, state, store, scans).await
    }

    /// The same, with more in its state.
    pub(crate) async fn start_with(change: impl FnOnce(ApiState) -> ApiState) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let options = options(dir.path());
        let (state, store, scans) = state_at(dir.path(), now).await;
        Self::serve(dir, options, change(state), store, scans).await
    }

    async fn serve(
        dir: tempfile::TempDir,
        options: ServeOptions,
        state: ApiState,
        store: Store,
        scans: Arc<FakeScanner>,
    ) -> Self {
        let server = Server::bind(options).await.expect("listens");
        let address = server.address();
        let token = std::fs::read_to_string(dir.path().join("token")).expect("a token").trim().to_owned();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = server.run(state, stopped.map(|_| ()));
        let ended = tokio::spawn(async { running.await.expect("the server ends well") });
        Self { dir, store, scans, address, token, client: client(), stop: Some(stop), ended: Some(ended) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(&self.token)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(&self.token).json(body)
    }

    /// The answer of a route that works.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let response = self.get(path).send().await.expect(path);
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect(path)
    }

    /// The problem of a request that does not.
    pub(crate) async fn problem(&self, request: RequestBuilder, status: u16, code: &str) -> Value {
        problem(request.send().await.expect("an answer"), status, code).await
    }

    /// Ends the server, and waits until it has; its directory is there until it is dropped.
    pub(crate) async fn stop_open(mut self) -> tempfile::TempDir {
        self.stop.take().expect("runs").send(()).expect("runs");
        self.ended.take().expect("runs").await.expect("no panic");
        self.dir
    }

    /// The same, and closes the store.
    pub(crate) async fn stop(self) -> tempfile::TempDir {
        let store = self.store.clone();
        let dir = self.stop_open().await;
        store.close().await.expect("closes");
        dir
    }
}

/// Checks the form that every problem has.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    let found = response.status().as_u16();
    let media = response.headers().get(header::CONTENT_TYPE).cloned();
    let text = response.text().await.expect("a body");
    assert_eq!(found, status, "{text}");
    assert_eq!(media.expect("a media type"), "application/problem+json", "{text}");
    let problem: Value = serde_json::from_str(&text).expect(&text);
    assert_eq!(problem["code"], code, "{text}");
    assert_eq!(problem["status"], status, "{text}");
    assert_eq!(problem["type"], format!("urn:fathom:problem:{code}"), "{text}");
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{text}");
    }
    problem
}

pub(crate) fn bucket_uid(n: usize) -> String {
    format!("arn:aws:s3:::bucket-{n:03}")
}

fn bucket(n: usize) -> Resource {
    let account = if n.is_multiple_of(3) { "111111111111" } else { "222222222222" };
    let owner = if n.is_multiple_of(2) { "team-a" } else { "team-b" };
    Resource {
        uid: Uid::from(bucket_uid(n)),
        kind: ResourceType::from("AWS::S3::Bucket"),
        account: AccountId::from(account),
        region: Region::from(if n.is_multiple_of(5) { "eu-west-1" } else { "eu-central-1" }),
        id: format!("bucket-{n:03}"),
        // Equal names: the order of pages must not depend on them alone.
        name: Some(format!("store {}", n % 4)),
        tags: BTreeMap::from([("owner".to_owned(), owner.to_owned())]),
        created_at: Some(at("2025-01-01T00:00:00Z")),
        provider_made: false,
        exposed: n == 1,
        document: Document::new(
            &serde_json::json!({"Name": format!("bucket-{n:03}"), "Big": 9_007_199_254_740_993_u64}),
        ),
    }
}

async fn estate(dir: &Path) -> Store {
    let store = Store::open(dir, "fathom.test/ledger", now()).await.expect("a store");
    let accounts = ["111111111111".to_owned(), "222222222222".to_owned()];
    let regions = ["eu-central-1".to_owned(), "eu-west-1".to_owned()];
    let scan = store.begin_scan("2 accounts", &accounts, &regions, now()).await.expect("begins");
    let mut resources: Vec<Resource> = (0..BUCKETS).map(bucket).collect();
    resources.push(Resource {
        uid: Uid::from("arn:aws:kms:eu-central-1:111111111111:key/k1"),
        kind: ResourceType::from("AWS::KMS::Key"),
        region: Region::from("eu-central-1"),
        id: "k1".to_owned(),
        name: Some("the key".to_owned()),
        tags: BTreeMap::new(),
        ..bucket(0)
    });
    store.stage(scan, &resources).await.expect("staged");
    store.finish_scan(scan, results(&resources), now()).await.expect("finished");
    store
}

pub(crate) fn results(resources: &[Resource]) -> ScanResults {
    let key = Uid::from("arn:aws:kms:eu-central-1:111111111111:key/k1");
    let kind = EdgeKind::from("encrypted_by");
    let one = Uid::from(bucket_uid(1));
    let lost = Target::Unresolved {
        kind: ResourceType::from("AWS::S3::Bucket"),
        reference: "logs".to_owned(),
        outside: false,
    };
    let edges = vec![
        Edge { from: one.clone(), kind, to: Target::Known { uid: key }, path: "Key".into() },
        Edge { from: one.clone(), kind: EdgeKind::from("logs_to"), to: lost, path: "Logs".into() },
    ];
    let statement = |source, value: &str, origin: &str| Statement {
        part: Part::Owner,
        value: value.to_owned(),
        source,
        origin: origin.to_owned(),
        as_of: now(),
    };
    let statements = vec![
        (one.clone(), statement(SourceKind::Tag, "team-b", "owner")),
        (one, statement(SourceKind::Declaration, "team-c", "fathom.yaml rule 1")),
    ];
    let understood: HashSet<Uid> = resources
        .iter()
        .enumerate()
        .filter(|(n, _)| n.is_multiple_of(2))
        .map(|(_, r)| r.uid.clone())
        .collect();
    let unknowns = resources.iter().filter(|resource| !understood.contains(&resource.uid)).zip(1..).map(
        |(resource, rank)| Unknown {
            uid: resource.uid.clone(),
            kind: resource.kind.clone(),
            account: resource.account.clone(),
            region: resource.region.clone(),
            name: resource.name.clone(),
            rank,
            because: vec!["stores data".to_owned()],
            gaps: vec![Gap {
                part: "purpose".to_owned(),
                reason: None,
                detail: "tag it with a purpose".to_owned(),
                accepted: None,
            }],
        },
    );
    let row = |service: &str, outcome, reason| Coverage {
        account: AccountId::from("111111111111"),
        region: Region::from("eu-central-1"),
        service: service.to_owned(),
        operation: "List".to_owned(),
        resource_type: None,
        outcome,
        reason,
        permission: reason.map(|_| format!("{service}:List")),
        detail: None,
        calls: 1,
        items: 0,
        throttles: 0,
        failures: 0,
        millis: 5,
    };
    let coverage = vec![
        row("s3", Outcome::Read, None),
        row("kms", Outcome::Read, None),
        row("sqs", Outcome::Empty, None),
        row("iam", Outcome::Unknown, Some(Reason::Denied)),
        row("sts", Outcome::Unknown, Some(Reason::Throttled)),
    ];
    ScanResults {
        coverage,
        edges,
        statements,
        unknowns: unknowns.collect(),
        understood,
        calls: 5,
        ..Default::default()
    }
}

/// A scanner whose scans do what the test says.
#[derive(Default)]
pub(crate) struct FakeScanner {
    pub(crate) asked: Mutex<Vec<ScanRequest>>,
    pub(crate) status: Mutex<Option<watch::Sender<ScanStatus>>>,
}

impl FakeScanner {
    pub(crate) fn change(&self, change: impl FnOnce(&mut ScanStatus)) {
        let status = self.status.lock().expect("not poisoned");
        status.as_ref().expect("a scan").send_modify(change);
    }
}

impl StartScan for FakeScanner {
    fn start(
        &self,
        request: ScanRequest,
    ) -> BoxFuture<'_, Result<watch::Receiver<ScanStatus>, StartScanError>> {
        let mut status = self.status.lock().expect("not poisoned");
        let running =
            status.as_ref().map(|sender| sender.borrow().clone()).filter(|status| status.end.is_none());
        if let Some(running) = running {
            return async move { Err(StartScanError::Running { scan: running.scan }) }.boxed();
        }
        self.asked.lock().expect("not poisoned").push(request);
        let (sender, receiver) = watch::channel(ScanStatus {
            scan: Some(2),
            progress: fathom_see::Snapshot::default(),
            end: None,
        });
        *status = Some(sender);
        async move { Ok(receiver) }.boxed()
    }

    fn latest(&self) -> Option<watch::Receiver<ScanStatus>> {
        self.status.lock().expect("not poisoned").as_ref().map(watch::Sender::subscribe)
    }
}
