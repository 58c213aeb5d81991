//! Scans of written clouds: what of one scan holds for the next, and what is read beside what.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fathom_model::{Coverage, Outcome, Region};
use fathom_see::{
    Progress, ScanOptions, Scanner, TypeIn,
    sources::Declared,
    tally::Tally,
    trail::{LookupLimits, Reader, TrailFrom, bucket},
};
use fathom_store::CoverageQuery;
use fathom_testkit::front::{ACCOUNT, Fault, Rule};
use serde_json::{Value, json};

use crate::desk::{Desk, OTHER, alone, answer, both, denied, now, on};

const QUEUES: &str = "AWS::SQS::Queue";
const REGIONS: &[&str] = &["eu-west-1", "us-east-1"];

/// The rows outside definitions that are unknown, in words.
async fn unknown(desk: &Desk) -> Vec<String> {
    let query = CoverageQuery { outcome: Some(Outcome::Unknown), ..CoverageQuery::default() };
    let rows = desk.scanner.store.coverage(&query).await.unwrap();
    let words = |row: &Coverage| {
        let (account, region) = (&row.account, &row.region);
        format!("{account} {region} {} {}", row.service, row.operation)
    };
    rows.iter().filter(|row| row.region.as_str() != "*").map(words).collect()
}

#[test]
fn troubles_at_the_door_end_when_a_scan_enters() {
    alone("scans::troubles_at_the_door_end_when_a_scan_enters", async || {
        let desk = Desk::new(REGIONS).await;
        let whole = both();
        let part =
            ScanOptions { regions: vec![Region::new("us-east-1"), Region::new("eu-wst-1")], ..whole.clone() };
        desk.answers(vec![denied("sts", "AssumeRole")]);
        desk.scan(&[QUEUES], &part).await;
        assert_eq!(
            unknown(&desk).await,
            [
                format!("{ACCOUNT} eu-west-1 * *"),
                format!("{ACCOUNT} eu-wst-1 * *"),
                format!("{OTHER} global sts AssumeRole"),
            ]
        );
        desk.answers(Vec::new());
        let report = desk.scan(&[QUEUES], &whole).await;
        assert_eq!(unknown(&desk).await, Vec::<String>::new());
        let row = report.coverage.iter().find(|row| row.operation == "AssumeRole").unwrap();
        assert_eq!((row.account.as_str(), row.outcome, row.calls), (OTHER, Outcome::Read, 1));
        // What there is no trouble to take the place of needs no row.
        let report = desk.scan(&[QUEUES], &whole).await;
        assert!(report.coverage.iter().all(|row| row.service != "sts"), "{:?}", report.coverage);

        // By name, and as one that cannot tell its regions.
        desk.answers(vec![denied("ec2", "DescribeRegions").account(ACCOUNT)]);
        desk.scan(
            &[QUEUES],
            &ScanOptions { accounts: vec![ACCOUNT.into(), "333333333333".into()], ..whole.clone() },
        )
        .await;
        assert_eq!(
            unknown(&desk).await,
            [
                format!("{ACCOUNT} global ec2 DescribeRegions"),
                format!("{OTHER} global * *"),
                "333333333333 global * *".to_owned(),
            ]
        );
        desk.answers(vec![denied("organizations", "ListAccounts")]);
        desk.scan(&[QUEUES], &whole).await;
        assert_eq!(
            unknown(&desk).await,
            [
                format!("{ACCOUNT} global organizations ListAccounts"),
                format!("{OTHER} global * *"),
                "333333333333 global * *".to_owned(),
            ],
            "who cannot see the organisation cannot say that an account is not there"
        );
        desk.answers(Vec::new());
        desk.scan(&[QUEUES], &whole).await;
        assert_eq!(unknown(&desk).await, Vec::<String>::new());
    });
}

#[test]
fn a_refresh_ends_what_a_refresh_could_not_enter() {
    alone("scans::a_refresh_ends_what_a_refresh_could_not_enter", async || {
        let desk = Desk::new(REGIONS).await;
        let options = both();
        let places =
            [TypeIn { account: OTHER.into(), region: "eu-west-1".into(), kind: QUEUES.into() }].into();
        let refresh = async || {
            let (declared, progress) = (Declared::default(), Progress::default());
            desk.scanner.refresh(&places, &options, &declared, &progress, now).await.unwrap();
            unknown(&desk).await
        };
        desk.answers(vec![denied("sts", "AssumeRole")]);
        assert_eq!(refresh().await, [format!("{OTHER} global sts AssumeRole")]);
        desk.answers(Vec::new());
        assert_eq!(refresh().await, Vec::<String>::new());
    });
}

#[test]
fn the_log_is_read_beside_the_resources() {
    alone("scans::the_log_is_read_beside_the_resources", async || {
        let desk = Desk::new(REGIONS).await;
        desk.answers(vec![
            on("cloudtrail", "LookupEvents", Fault::Slow(Duration::from_millis(1500))).nth(1),
            answer("cloudtrail", "LookupEvents", json!({"Events": [], "NextToken": "more"})).nth(1),
            answer("sqs", "ListQueues", json!({"QueueUrls": []})),
        ]);
        let trail = TrailFrom::Lookup(LookupLimits { days: 1, pages: 5 });
        let options =
            ScanOptions { regions: vec![Region::new("us-east-1")], trail, ..ScanOptions::default() };
        let report = desk.scan(&[QUEUES], &options).await;
        assert!(report.trail.is_some());
        assert!(report.coverage.iter().any(|row| row.operation == "LookupEvents"));
        let calls = desk.front.calls();
        let at = |operation: &str| calls.iter().rposition(|call| call.operation == operation).unwrap();
        assert_eq!(desk.front.count("cloudtrail", "LookupEvents"), 2);
        assert!(at("ListQueues") < at("LookupEvents"), "{calls:#?}");
    });
}

#[test]
fn a_folder_of_a_bucket_that_is_refused_does_not_hide_the_others() {
    alone("scans::a_folder_of_a_bucket_that_is_refused_does_not_hide_the_others", async || {
        let desk = Desk::new(REGIONS).await;
        let log = json!({"Records": [{
            "eventID": "1", "eventTime": "2026-01-02T03:00:00Z", "eventSource": "sqs.amazonaws.com",
            "eventName": "CreateQueue", "awsRegion": "eu-west-1", "recipientAccountId": OTHER, "readOnly": false,
            "userIdentity": {"type": "Root", "arn": format!("arn:aws:iam::{OTHER}:root"), "accountId": OTHER},
            "requestParameters": {"queueName": "jobs"},
        }]});
        let listed = |params: &Value| {
            let folders = |below: &[&str]| -> Value {
                let prefix = params["Prefix"].as_str().unwrap_or_default();
                below.iter().map(|name| json!({"Prefix": format!("{prefix}{name}/")})).collect()
            };
            match params["Prefix"].as_str().unwrap_or_default() {
                "" => json!({"CommonPrefixes": folders(&["AWSLogs"])}),
                "AWSLogs/" => json!({"CommonPrefixes": folders(&[ACCOUNT, OTHER])}),
                prefix if prefix.ends_with(&format!("{OTHER}/")) => {
                    json!({"CommonPrefixes": folders(&["CloudTrail"])})
                }
                prefix if prefix.ends_with("CloudTrail/") => {
                    json!({"CommonPrefixes": folders(&["eu-west-1"])})
                }
                prefix => {
                    json!({"Contents": [{"Key": format!("{prefix}2026/01/02/{OTHER}_CloudTrail_eu-west-1_20260102T0300Z_a.json.gz")}]})
                }
            }
        };
        let body = STANDARD.encode(log.to_string());
        let read = async |refused: u64| {
            desk.answers(vec![
                denied("s3", "ListObjectsV2").nth(refused),
                on("s3", "ListObjectsV2", Fault::AnswerWith(Arc::new(move |params, _| listed(params)))),
                answer("s3", "GetObject", json!({ "Body": body })),
            ]);
            let Scanner { client, content, store } = &desk.scanner;
            let home = Region::new("us-east-1");
            let account = client.sign_in(None, &home).await.unwrap();
            let mut reader = Reader::new(Arc::clone(content), store.clone(), "s3://logs");
            let place = bucket::Bucket { account: &account, region: &home, name: "logs", prefix: "" };
            bucket::read(&mut reader, client, &Tally::default(), store, &place, 9, &now).await.unwrap();
            reader.finish(now()).await.unwrap()
        };
        // The third listing is that of the first account.
        let report = read(3).await;
        assert_eq!((report.files, report.events, report.broken), (1, 1, 1), "{report:?}");
        assert_eq!(report.broken_named[0].place, format!("s3://logs/AWSLogs/{ACCOUNT}/"));
        let report = read(1).await;
        assert_eq!((report.files, report.broken), (0, 1), "{report:?}");
        assert_eq!(report.broken_named[0].place, "s3://logs/");
    });
}

#[test]
fn an_ill_finder_deletes_nothing_and_another_region_may_answer_for_it() {
    alone("scans::an_ill_finder_deletes_nothing_and_another_region_may_answer_for_it", async || {
        let desk = Desk::new(REGIONS).await;
        let studio = format!("arn:aws:nimble:us-east-1:{ACCOUNT}:studio/s");
        let indexes = || {
            answer(
                "resource-explorer-2",
                "ListIndexes",
                json!({"Indexes": [{"Region": "us-east-1", "Type": "LOCAL"}]}),
            )
        };
        let ill = || on("resource-explorer-2", "ListIndexes", Fault::Html500);
        let listed = |arns: &[&str]| {
            let resources: Value =
                arns.iter().map(|arn| json!({"Arn": arn, "Region": "us-east-1"})).collect();
            answer("resource-explorer-2", "ListResources", json!({ "Resources": resources }))
        };
        // Gives whether the studio is there, and whether anybody could say so.
        let scan = async |rules: Vec<Rule>| {
            desk.answers(rules);
            let (declared, progress) = (Declared::default(), Progress::default());
            let report = desk.scanner.run(&ScanOptions::default(), &declared, &progress, now).await.unwrap();
            let rows = report.coverage.iter().filter(|row| row.operation == "ListIndexes");
            let rows: Vec<String> = rows.map(|row| format!("{} {}", row.region, row.outcome)).collect();
            let stored = desk.scanner.store.resource(&studio.as_str().into()).await.unwrap().unwrap();
            (rows, stored.deleted_at.is_none(), stored.stale)
        };
        let texts = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        let found = scan(vec![ill().region("eu-west-1"), indexes(), listed(&[&studio])]).await;
        assert_eq!(found, (texts(&["eu-west-1 unknown", "us-east-1 read"]), true, false));
        let found = scan(vec![ill(), listed(&[])]).await;
        assert_eq!(
            found,
            (texts(&["eu-west-1 unknown", "us-east-1 unknown"]), true, true),
            "nobody could say"
        );
        let found = scan(vec![ill().region("eu-west-1"), indexes(), listed(&[])]).await;
        assert_eq!(found, (texts(&["eu-west-1 unknown", "us-east-1 read"]), false, false), "it is not there");
    });
}
