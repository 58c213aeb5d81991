//! Services that give each account an address of its own.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use fathom_cloud::{
    client::{
        Account, Answer, CallError, CallMeta, Client, ClientOptions, HttpLimits, HttpTransport, Transport,
        TransportError,
    },
    wire,
};
use fathom_model::Reason;
use fathom_testkit::front::{Fault, Front, FrontOptions, Rule};
use futures::future::BoxFuture;
use serde_json::json;

use crate::client::keys;

/// Brings every request to the front, wherever it was to go, and remembers where that was.
#[derive(Debug)]
struct Diverted {
    http: HttpTransport,
    front: String,
    hosts: Arc<Mutex<Vec<(String, String)>>>,
}

impl Transport for Diverted {
    fn send<'a>(
        &'a self,
        meta: &'a CallMeta,
        mut request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<wire::Response, TransportError>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        self.hosts.lock().expect("no other fails").push((meta.operation.clone(), host));
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = format!("{}{path}", self.front).parse().expect("an address");
        request.headers_mut().remove(http::header::HOST);
        self.http.send(meta, request)
    }
}

type Hosts = Arc<Mutex<Vec<(String, String)>>>;

fn diverted(rules: Vec<Rule>) -> (Client, Hosts, Front) {
    let front = Front::start(FrontOptions { rules, ..FrontOptions::default() });
    let options = ClientOptions::default();
    let limits = HttpLimits {
        timeout: options.timeout,
        connect_timeout: options.connect_timeout,
        answer_bytes_max: options.answer_bytes_max,
    };
    let hosts = Hosts::default();
    let transport = Diverted {
        http: HttpTransport::new(limits).expect("a transport"),
        front: front.url.clone(),
        hosts: Arc::clone(&hosts),
    };
    let options = ClientOptions { transport: Some(Arc::new(transport)), ..options };
    (Client::new(options).expect("a client"), hosts, front)
}

fn account(id: &str) -> Account {
    Account::new(id, "aws", "us-east-1", keys("AKIDCELLS", "secret"))
}

fn timestream(operation: &str, answer: Fault) -> Rule {
    Rule::new(answer).service("timestream-write").operation(operation)
}

async fn databases_of(client: &Client, id: &str, region: &str) -> Result<Answer, CallError> {
    client.call(&account(id), &region.into(), "timestream-write", "ListDatabases", &json!({})).await
}

#[tokio::test]
async fn the_address_is_asked_once_for_each_account_and_region() {
    let cell = json!({"Endpoints": [
        {"Address": "ingest-cell2.timestream.us-east-1.amazonaws.com", "CachePeriodInMinutes": 1440}
    ]});
    let databases = json!({"Databases": [{"DatabaseName": "metrics"}]});
    let (client, hosts, _front) = diverted(vec![
        timestream("DescribeEndpoints", Fault::Answer(cell)),
        timestream("ListDatabases", Fault::Answer(databases)),
    ]);
    for (id, region) in [
        ("111122223333", "us-east-1"),
        ("111122223333", "us-east-1"),
        ("444455556666", "us-east-1"),
        ("111122223333", "eu-west-1"),
    ] {
        let answer = databases_of(&client, id, region).await.expect("databases");
        assert_eq!(answer.value["Databases"][0]["DatabaseName"], "metrics");
    }
    let hosts = hosts.lock().expect("no other fails").clone();
    let told: Vec<(&str, &str)> =
        hosts.iter().map(|(operation, host)| (operation.as_str(), host.as_str())).collect();
    let cell = ("ListDatabases", "ingest-cell2.timestream.us-east-1.amazonaws.com");
    assert_eq!(
        told,
        [
            ("DescribeEndpoints", "ingest.timestream.us-east-1.amazonaws.com"),
            cell,
            cell,
            ("DescribeEndpoints", "ingest.timestream.us-east-1.amazonaws.com"),
            cell,
            ("DescribeEndpoints", "ingest.timestream.eu-west-1.amazonaws.com"),
            cell,
        ]
    );
}

#[tokio::test]
async fn an_address_that_is_refused_is_the_reason_of_the_call() {
    let denied = Fault::Denied {
        message: "User: u is not authorized to perform: timestream:DescribeEndpoints".to_owned(),
    };
    let (client, _, front) = diverted(vec![timestream("DescribeEndpoints", denied)]);
    let error = databases_of(&client, "111122223333", "us-east-1").await.expect_err("no address");
    assert_eq!(error.reason, Reason::Denied);
    assert_eq!(error.permission.as_deref(), Some("timestream:DescribeEndpoints"));
    assert_eq!(front.count("timestream-write", "ListDatabases"), 0);
}
