//! What a scan was not allowed to read: it is a row, with the call that is missing.

use std::collections::BTreeMap;

use fathom_content::Content;
use fathom_model::{
    Coverage, Document, Gap, Outcome, Reason, Resource, ResourceType, Timestamp, Uid, Unknown,
};
use fathom_net::Verdict;
use fathom_reach::open::{Open, open};
use fathom_store::{ScanResults, Store};
use serde_json::{Value, json};

use crate::estate::{ACCOUNT, REGION};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:hook";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn coverage(service: &str, operation: &str, kind: &str, denied: Option<&str>) -> Coverage {
    Coverage {
        account: ACCOUNT.into(),
        region: REGION.into(),
        service: service.to_owned(),
        operation: operation.to_owned(),
        resource_type: Some(ResourceType::from(kind)),
        outcome: if denied.is_some() { Outcome::Unknown } else { Outcome::Read },
        reason: denied.map(|_| Reason::Denied),
        permission: denied.map(str::to_owned),
        detail: None,
        calls: 1,
        items: 0,
        throttles: 0,
        failures: u64::from(denied.is_some()),
        millis: 1,
    }
}

fn resource(kind: &str, arn: &str, document: &Value) -> Resource {
    Resource {
        uid: Uid::new(arn),
        kind: kind.into(),
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: arn.to_owned(),
        name: None,
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

async fn found(resources: &[Resource], coverage: Vec<Coverage>, unknowns: Vec<Unknown>) -> Open {
    let dir = tempfile::tempdir().unwrap();
    let (start, end) = (at("2026-02-01T00:00:00Z"), at("2026-02-01T00:01:00Z"));
    let store = Store::open(dir.path(), "fathom.test/log", start).await.unwrap();
    let scan = store.begin_scan("a test", &[ACCOUNT.to_owned()], &[REGION.to_owned()], start).await.unwrap();
    store.stage(scan, resources).await.unwrap();
    let results = ScanResults { coverage, unknowns, ..ScanResults::default() };
    store.finish_scan(scan, results, end).await.unwrap();
    let found = open(&store, &Content::embedded().unwrap(), end).await.unwrap();
    store.close().await.unwrap();
    found
}

#[tokio::test]
async fn a_list_that_was_denied_is_a_row_of_its_type() {
    let denied =
        coverage("rds", "DescribeDBInstances", "AWS::RDS::DBInstance", Some("rds:DescribeDBInstances"));
    let read = coverage("sqs", "ListQueues", "AWS::SQS::Queue", None);
    let found = found(&[], vec![denied, read], Vec::new()).await;
    let rows: Vec<_> = found.rows.iter().filter(|row| row.resource_type == "AWS::RDS::DBInstance").collect();
    assert_eq!(rows.len(), 1, "{:?}", found.rows);
    assert_eq!((rows[0].verdict, rows[0].account.as_str()), (Verdict::Unknown, ACCOUNT));
    assert_eq!(rows[0].missing, ["DescribeDBInstances: rds:DescribeDBInstances is missing"]);
    assert!(!found.rows.iter().any(|row| row.resource_type == "AWS::SQS::Queue"));
    // What nobody asked for is told, too.
    let gap = found.gaps.iter().find(|gap| gap.contains("no scan asked account")).unwrap();
    assert!(gap.contains("AWS::EKS::Cluster") && !gap.contains("AWS::SQS::Queue"), "{gap}");
}

#[tokio::test]
async fn a_member_that_was_denied_is_unknown_with_its_call() {
    let function =
        resource("AWS::Lambda::Function", FUNCTION, &json!({"FunctionName": "hook", "Policy": null}));
    let gap = Gap {
        part: "UrlConfig".to_owned(),
        reason: Some(Reason::Denied),
        detail: "denied".to_owned(),
        accepted: None,
    };
    let policy = Gap { part: "Policy".to_owned(), ..gap.clone() };
    let unknown = Unknown {
        uid: Uid::new(FUNCTION),
        kind: "AWS::Lambda::Function".into(),
        account: ACCOUNT.into(),
        region: REGION.into(),
        name: None,
        rank: 1,
        because: Vec::new(),
        gaps: vec![gap, policy],
    };
    let read = coverage("lambda", "ListFunctions", "AWS::Lambda::Function", None);
    let found = found(&[function], vec![read], vec![unknown]).await;
    let rows: Vec<_> = found.rows.iter().filter(|row| row.resource == FUNCTION).collect();
    assert!(rows.iter().all(|row| row.verdict == Verdict::Unknown), "{rows:?}");
    let url = rows.iter().find(|row| row.rule == "function-url").unwrap();
    assert!(url.missing.iter().any(|why| why.contains("lambda:GetFunctionUrlConfig")), "{:?}", url.missing);
    assert!(url.missing.iter().any(|why| why.contains("lambda:GetPolicy")), "{:?}", url.missing);
    let policy = rows.iter().find(|row| row.rule == "other-policy").unwrap();
    assert!(policy.missing.iter().any(|why| why.contains("lambda:GetPolicy")), "{:?}", policy.missing);
}
