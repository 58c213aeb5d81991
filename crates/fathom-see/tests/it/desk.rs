//! A written cloud with a store and a client that asks only it.

use std::sync::Arc;

use fathom_cloud::client::{Client, ClientOptions};
use fathom_content::Content;
use fathom_model::Timestamp;
use fathom_see::{Progress, ScanOptions, ScanReport, Scanner, sources::Declared};
use fathom_store::Store;
use fathom_testkit::front::{ACCOUNT, Fault, Front, FrontOptions, Rule};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::recorded::with_credentials;

/// The second account of the organisation, beside [`ACCOUNT`].
pub(crate) const OTHER: &str = "222222222222";

pub(crate) struct Desk {
    _dir: TempDir,
    pub(crate) front: Front,
    pub(crate) scanner: Scanner,
    regions: &'static [&'static str],
}

impl Desk {
    /// Two accounts with these regions each.
    pub(crate) async fn new(regions: &'static [&'static str]) -> Self {
        let front = Front::start(FrontOptions::default());
        let options = ClientOptions { attempts_max: 1, ..ClientOptions::default() };
        let client = Client::new(options.with_endpoint(&front.url).unwrap()).unwrap();
        let dir = TempDir::new().unwrap();
        let store = Store::open(dir.path(), "test.local/desk", now()).await.unwrap();
        let content = Arc::new(Content::embedded().unwrap());
        Self { _dir: dir, front, scanner: Scanner { client, content, store }, regions }
    }

    /// What the cloud answers: these rules, and after them its accounts and regions.
    pub(crate) fn answers(&self, mut rules: Vec<Rule>) {
        let region = |name: &&str| json!({"RegionName": name, "OptInStatus": "opt-in-not-required"});
        let regions: Vec<Value> = self.regions.iter().map(region).collect();
        let account = |id: &str| json!({"Id": id, "Status": "ACTIVE", "Name": id});
        rules.extend([
            answer("ec2", "DescribeRegions", json!({"Regions": regions})),
            answer("organizations", "ListAccounts", json!({"Accounts": [account(ACCOUNT), account(OTHER)]})),
        ]);
        self.front.set_rules(rules);
    }

    /// Scans some types.
    pub(crate) async fn scan(&self, kinds: &[&str], options: &ScanOptions) -> ScanReport {
        let kinds = kinds.iter().map(|kind| (*kind).into()).collect();
        let options = ScanOptions { kinds, ..options.clone() };
        self.scanner.run(&options, &Declared::default(), &Progress::default(), now).await.unwrap()
    }
}

/// Runs a test, named with its module, in a process that has credentials, which lead nowhere but to its front.
pub(crate) fn alone(test: &str, body: impl AsyncFnOnce()) {
    with_credentials(test, || {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(body());
    });
}

/// A scan of both accounts.
pub(crate) fn both() -> ScanOptions {
    ScanOptions { organization_role: Some("Reader".to_owned()), ..ScanOptions::default() }
}

pub(crate) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

pub(crate) fn on(service: &str, operation: &str, fault: Fault) -> Rule {
    Rule::new(fault).service(service).operation(operation)
}

pub(crate) fn answer(service: &str, operation: &str, value: Value) -> Rule {
    on(service, operation, Fault::Answer(value))
}

pub(crate) fn denied(service: &str, operation: &str) -> Rule {
    on(service, operation, Fault::Denied { message: "not authorized".to_owned() })
}
