//! Each fault as a plain client sees it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fathom_testkit::front::{Call, Fault, Front, FrontOptions, Rule};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::support::{error, front, parse};

fn rules(rules: Vec<Rule>) -> FrontOptions {
    FrontOptions { rules, ..FrontOptions::default() }
}

#[tokio::test]
async fn errors_have_the_form_of_their_protocol() {
    let (front, plain) = front(FrontOptions::default());
    let cases = [
        (
            "ec2",
            "DescribeVpcs",
            (403, "UnauthorizedOperation"),
            (401, "AuthFailure"),
            (400, "RequestExpired"),
        ),
        ("iam", "ListRoles", (403, "AccessDenied"), (403, "InvalidClientTokenId"), (403, "ExpiredToken")),
        ("s3", "ListBuckets", (403, "AccessDenied"), (403, "InvalidAccessKeyId"), (400, "ExpiredToken")),
        (
            "dynamodb",
            "ListTables",
            (400, "AccessDeniedException"),
            (400, "UnrecognizedClientException"),
            (400, "ExpiredTokenException"),
        ),
        (
            "lambda",
            "ListFunctions",
            (403, "AccessDeniedException"),
            (403, "UnrecognizedClientException"),
            (403, "ExpiredTokenException"),
        ),
    ];
    for (service, operation, denied, disabled, expired) in cases {
        let faults = [
            (Fault::Denied { message: "no <permission>".to_owned() }, denied),
            (Fault::RegionDisabled, disabled),
            (Fault::ExpiredToken, expired),
            (Fault::Throttle { status: 429, code: "Throttling".to_owned() }, (429, "Throttling")),
            (
                Fault::Error { status: 404, code: "NoSuchThing".to_owned(), message: "gone".to_owned() },
                (404, "NoSuchThing"),
            ),
        ];
        for (fault, (status, code)) in faults {
            let is_denied = matches!(fault, Fault::Denied { .. });
            front.set_rules(vec![Rule::new(fault)]);
            let answer = plain.answer(service, operation, &json!({})).await.expect("an answer");
            let read = error(service, &answer);
            assert_eq!((answer.status, read.code.as_str()), (status, code), "{service}");
            assert!(!is_denied || read.message == "no <permission>", "{service}: {}", read.message);
        }
    }
}

#[tokio::test]
async fn pages_statuses_and_broken_bodies() {
    let (front, plain) = front(FrontOptions::default());
    let list = || plain.answer("lambda", "ListFunctions", &Value::Null);
    front.set_rules(vec![Rule::new(Fault::Html500)]);
    let answer = list().await.expect("an answer");
    assert!(answer.status == 500 && error("lambda", &answer).html);

    front.set_rules(vec![Rule::new(Fault::Status(418))]);
    let answer = list().await.expect("an answer");
    assert!(answer.status == 418 && answer.body.is_empty());

    front.set_rules(vec![Rule::new(Fault::Malformed)]);
    let answer = list().await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
    let answer = plain.answer("iam", "ListRoles", &Value::Null).await.expect("an answer");
    assert!(answer.body.starts_with(b"<Response>"));

    front.set_rules(vec![Rule::new(Fault::CutConnection { after_bytes: 5 })]);
    let answer = plain.send("iam", "ListRoles", &Value::Null).await.expect("a beginning");
    assert_eq!(answer.status(), 200);
    let mut read = 0;
    let mut failed = false;
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => read += chunk.len(),
            Err(_) => failed = true,
        }
    }
    assert!(failed && read == 5, "{read} bytes, failed: {failed}");
    // The next request gets a connection of its own.
    front.set_rules(Vec::new());
    assert_eq!(list().await.expect("an answer").status, 200);
}

#[tokio::test]
async fn huge_answers_are_streamed_and_slow_ones_wait() {
    let bytes = 9 << 20;
    let (_front, plain) = front(rules(vec![
        Rule::new(Fault::Huge(bytes)).service("lambda"),
        Rule::new(Fault::Slow(Duration::from_millis(200))).service("ec2"),
        Rule::new(Fault::Status(503)).service("ec2"),
    ]));
    let answer = plain.send("lambda", "ListFunctions", &Value::Null).await.expect("an answer");
    assert_eq!(answer.content_length(), None);
    let mut read = 0;
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        read += chunk.expect("a chunk").len() as u64;
    }
    assert_eq!(read, bytes);

    let start = Instant::now();
    let answer = plain.answer("ec2", "DescribeVpcs", &Value::Null).await.expect("an answer");
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(answer.status, 503, "the rule after a pause still counts");
}

#[tokio::test]
async fn tokens_loop_where_there_are_pages() {
    let (_front, plain) = front(rules(vec![Rule::new(Fault::LoopingToken)]));
    let first = plain.value("ec2", "DescribeInstances", &json!({})).await;
    let token = first["NextToken"].as_str().expect("a token").to_owned();
    let second = plain.value("ec2", "DescribeInstances", &json!({"NextToken": token})).await;
    assert_eq!(second["NextToken"], first["NextToken"]);
    let roles = plain.value("iam", "ListRoles", &json!({})).await;
    assert_eq!(roles["IsTruncated"], json!(true));
    assert!(roles["Marker"].is_string());
    let distributions = plain.value("cloudfront", "ListDistributions", &json!({})).await;
    assert!(distributions["DistributionList"]["NextMarker"].is_string(), "{distributions}");
    let status = plain.value("ec2", "GetEbsEncryptionByDefault", &json!({})).await;
    assert_eq!(status, json!({}));
}

#[tokio::test]
async fn answers_are_written_or_computed() {
    let tags = |params: &Value, call: &Call| {
        let region = call.region.as_str();
        json!({"TagSet": [{"Key": "region", "Value": region}, {"Key": "bucket", "Value": params["Bucket"]}]})
    };
    let (front, plain) = front(rules(vec![
        Rule::new(Fault::Answer(json!({"TableNames": ["orders"]}))).operation("ListTables"),
        Rule::new(Fault::AnswerWith(Arc::new(tags))).service("s3").operation("GetBucketTagging"),
    ]));
    assert_eq!(plain.value("dynamodb", "ListTables", &json!({})).await, json!({"TableNames": ["orders"]}));
    let tags = plain.value("s3", "GetBucketTagging", &json!({"Bucket": "books"})).await;
    assert_eq!(tags["TagSet"][0]["Value"], "us-east-1");
    assert_eq!(tags["TagSet"][1]["Value"], "books");
    let calls = front.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[1].service.as_str(), calls[1].status), ("s3", 200));
    assert_eq!(calls[1].params.as_ref().expect("parameters")["Bucket"], "books");
}

#[tokio::test]
async fn rules_hold_for_their_calls_only() {
    let throttle = || Fault::Throttle { status: 400, code: "ThrottlingException".to_owned() };
    let (front, mut plain) = front(rules(vec![
        Rule::new(throttle()).service("dynamodb").first(2),
        Rule::new(Fault::Status(500)).region("eu-west-1"),
        Rule::new(Fault::Status(501)).account("222222222222"),
    ]));
    for status in [400, 400, 200, 200] {
        let answer = plain.answer("dynamodb", "ListTables", &json!({})).await.expect("an answer");
        assert_eq!(answer.status, status);
    }
    plain.region = "eu-west-1".to_owned();
    assert_eq!(plain.answer("sqs", "ListQueues", &json!({})).await.expect("an answer").status, 500);
    plain.region = "us-east-1".to_owned();
    let params = json!({"RoleArn": "arn:aws:iam::222222222222:role/x", "RoleSessionName": "s"});
    let role = plain.value("sts", "AssumeRole", &params).await;
    plain.key = role["Credentials"]["AccessKeyId"].as_str().expect("a key").to_owned();
    assert_eq!(plain.answer("sqs", "ListQueues", &json!({})).await.expect("an answer").status, 501);
    assert_eq!(front.count("dynamodb", "ListTables"), 4);
    assert_eq!(front.calls().last().expect("a call").account, "222222222222");
    front.forget_calls();
    assert!(front.calls().is_empty() && front.calls_total() == 7);
}

#[tokio::test]
async fn a_front_alone_answers_empty_and_ends_when_dropped() {
    let (front, plain) = front(FrontOptions::default());
    let identity = plain.value("sts", "GetCallerIdentity", &json!({})).await;
    assert_eq!(identity["Account"], fathom_testkit::front::ACCOUNT);
    assert_eq!(plain.value("ec2", "DescribeVpcs", &json!({})).await, json!({}));
    let answer = plain.answer("ec2", "DescribeVpcs", &json!({})).await.expect("an answer");
    assert_eq!(parse("ec2", "DescribeVpcs", &answer), json!({}));
    drop::<Front>(front);
    let error = plain.send("ec2", "DescribeVpcs", &json!({})).await.expect_err("nobody listens");
    assert!(error.is_connect() || error.is_request(), "{error}");
}
