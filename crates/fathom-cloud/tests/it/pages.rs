//! Pages of operations for which botocore has no paginator.

use std::sync::{Arc, Mutex};

use fathom_cloud::client::{Account, Pages};
use fathom_model::Reason;
use fathom_testkit::front::{Fault, Front, FrontOptions, Rule};
use serde_json::{Value, json};

use crate::client::{client, keys};

/// Asks a front for all pages of an operation, which it answers from the parameters; what it got, with how it ended.
async fn pages(
    service: &str,
    operation: &str,
    params: Value,
    answer: impl Fn(&Value) -> Value + Send + Sync + 'static,
) -> (Vec<Value>, Vec<Value>, Pages) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let compute = move |params: &Value, _: &fathom_testkit::front::Call| {
        seen.lock().expect("no other fails").push(params.clone());
        answer(params)
    };
    let rule = Rule::new(Fault::AnswerWith(Arc::new(compute))).service(service).operation(operation);
    let front = Front::start(FrontOptions { rules: vec![rule], ..FrontOptions::default() });
    let account = Account::new("111122223333", "aws", "eu-west-1", keys("AKIDPAGES", "secret"));
    let mut got = Vec::new();
    let ended = client(&front.url)
        .pages(&account, &"eu-west-1".into(), service, operation, &params, |page| {
            got.push(page);
            std::future::ready(())
        })
        .await;
    let asked = asked.lock().expect("no other fails").clone();
    (got, asked, ended)
}

#[tokio::test]
async fn three_pages_of_event_buses_are_three_pages() {
    let (got, asked, ended) =
        pages("events", "ListEventBuses", json!({"Limit": 1}), |params| match params["NextToken"].as_str() {
            None => json!({"EventBuses": [{"Name": "default"}], "NextToken": "two"}),
            Some("two") => json!({"EventBuses": [{"Name": "orders"}], "NextToken": "three"}),
            Some(_) => json!({"EventBuses": [{"Name": "audit"}]}),
        })
        .await;
    assert!(ended.error.is_none(), "{:?}", ended.error);
    let names: Vec<&str> = got.iter().filter_map(|page| page["EventBuses"][0]["Name"].as_str()).collect();
    assert_eq!((ended.pages, names), (3, vec!["default", "orders", "audit"]));
    assert_eq!(
        asked,
        [
            json!({"Limit": 1}),
            json!({"Limit": 1, "NextToken": "two"}),
            json!({"Limit": 1, "NextToken": "three"})
        ]
    );
}

#[tokio::test]
async fn tokens_of_other_names_and_places_are_followed_too() {
    for (service, operation, page, parameter) in [
        ("wafv2", "ListWebACLs", json!({"NextMarker": "t"}), "NextMarker"),
        ("lightsail", "GetBuckets", json!({"nextPageToken": "t"}), "pageToken"),
        ("servicecatalog", "DescribePortfolioShares", json!({"NextPageToken": "t"}), "PageToken"),
        ("cloudfront", "ListFunctions", json!({"FunctionList": {"NextMarker": "t"}}), "Marker"),
        ("cloudfront", "ListKeyGroups", json!({"KeyGroupList": {"NextMarker": "t"}}), "Marker"),
        (
            "firehose",
            "ListDeliveryStreams",
            json!({"DeliveryStreamNames": ["s", "t"], "HasMoreDeliveryStreams": true}),
            "ExclusiveStartDeliveryStreamName",
        ),
        (
            "kinesis",
            "ListTagsForStream",
            json!({"Tags": [{"Key": "t", "Value": ""}], "HasMoreTags": true}),
            "ExclusiveStartTagKey",
        ),
    ] {
        let params = match (service, operation) {
            ("wafv2", _) => json!({"Scope": "REGIONAL"}),
            ("servicecatalog", _) => json!({"PortfolioId": "port-1", "Type": "ACCOUNT"}),
            ("kinesis", _) => json!({"StreamName": "s"}),
            _ => json!({}),
        };
        let (got, asked, ended) = pages(service, operation, params, move |params| match params[parameter] {
            Value::Null => page.clone(),
            _ => json!({}),
        })
        .await;
        assert!(ended.error.is_none(), "{operation}: {:?}", ended.error);
        assert_eq!(got.len(), 2, "{operation}");
        assert_eq!(asked[1][parameter], "t", "{operation}");
    }
}

#[tokio::test]
async fn more_that_cannot_be_asked_for_is_no_end() {
    for (service, operation, params, page, sign) in [
        // Nothing in its parameters goes on.
        (
            "firehose",
            "DescribeDeliveryStream",
            json!({"DeliveryStreamName": "s"}),
            json!({"DeliveryStreamDescription": {"DeliveryStreamName": "s", "HasMoreDestinations": true}}),
            "HasMoreDestinations",
        ),
        // The token is missing.
        ("iam", "ListUsers", json!({}), json!({"Users": [], "IsTruncated": true}), "IsTruncated"),
    ] {
        let answered = page.clone();
        let (got, asked, ended) = pages(service, operation, params, move |_| answered.clone()).await;
        assert_eq!((got.len(), asked.len()), (1, 1), "{operation}: what was read is handed out");
        let error = ended.error.expect(operation);
        assert_eq!(error.reason, Reason::Malformed, "{operation}");
        assert!(error.message.contains(sign), "{operation}: {}", error.message);
    }
}
