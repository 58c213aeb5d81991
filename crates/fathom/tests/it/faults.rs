//! A cloud that answers badly: each fault is told by its name, and everything beside it is still collected.

use std::time::{Duration, Instant};

use fathom_testkit::front::Fault;
use serde_json::{Value, json};

use crate::{
    cloud::{
        ACCOUNT, TYPES, answer, denied, estate, estate_uids, on, scan, small_estate, uids, unknown_rows,
    },
    harness::Place,
};

/// Scans the small estate with a fault for one operation; checks that this is the only unknown and gives its rows.
/// `lost` are the ends of uids that cannot be seen.
#[track_caller]
fn only_unknown(service: &str, operation: &str, fault: Fault, reason: &str, lost: &[&str]) -> Vec<Value> {
    let front = small_estate(vec![on(service, operation, fault)]);
    let place = Place::asking(&front.url);
    let ran = place.run(&["scan", "--types", TYPES, "--timeout", "10"]).ok();
    let rows = unknown_rows(&place);
    assert!(!rows.is_empty(), "no row tells of it: {}", ran.out);
    for row in &rows {
        assert_eq!(row["reason"], reason, "{row}");
        assert_eq!((row["service"].as_str(), row["operation"].as_str()), (Some(service), Some(operation)));
        assert!(row["failures"].as_u64() > Some(0), "{row}");
    }
    let mut expected = estate_uids();
    expected.retain(|uid| !lost.iter().any(|end| uid.ends_with(end)));
    assert_eq!(uids(&place), expected);
    // The person who scans sees it at once, with what to do.
    assert!(ran.out.contains(&reason.replace('_', " ")), "{reason}: {}", ran.out);
    place.run(&["ledger", "verify"]).ok();
    rows
}

#[test]
fn without_faults_all_of_it_is_read() {
    let front = small_estate(Vec::new());
    let place = Place::asking(&front.url);
    scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    assert_eq!(unknown_rows(&place), Vec::<Value>::new());
}

#[test]
fn a_denied_listing_names_its_permission() {
    let rows = only_unknown("ec2", "DescribeVpcs", denied(), "denied", &["vpc/vpc-1", "vpc/vpc-2"]);
    assert_eq!(rows.len(), 2, "one row a region");
    for row in rows {
        assert_eq!(row["permission"], "ec2:DescribeVpcs");
    }
}

#[test]
fn a_denied_detail_is_a_gap_of_each_resource() {
    // The permissions of the service authorization reference, which are not always called like the operation.
    for (operation, part, permission) in [
        ("GetBucketPolicy", "Policy", "s3:GetBucketPolicy"),
        ("GetBucketEncryption", "Encryption", "s3:GetEncryptionConfiguration"),
        ("GetPublicAccessBlock", "PublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
    ] {
        let front = small_estate(vec![on("s3", operation, denied())]);
        let place = Place::asking(&front.url);
        scan(&place).ok();
        assert_eq!(uids(&place), estate_uids());
        let gaps = place
            .rows(&format!("select uid, reason, detail from unknowns where part = '{part}' order by uid"));
        assert_eq!(gaps.len(), 3, "{operation}: {gaps:?}");
        for gap in &gaps {
            assert_eq!(gap["reason"], "denied");
            assert!(gap["detail"].as_str().is_some_and(|detail| detail.contains(permission)), "{gap}");
        }
        let rows = unknown_rows(&place);
        let [row] = rows.as_slice() else { panic!("{operation}: {rows:?}") };
        assert_eq!(row["permission"], permission, "coverage and gap name the same permission");
        assert_eq!(row["failures"], 3);
        let shown = place.run(&["explain", "alpha"]).ok().out;
        assert!(shown.contains("could not be read (denied)") && shown.contains(permission), "{shown}");
        // What a scan would need is in the policy that we print.
        let policy = place.run(&["permissions"]).ok().json();
        let actions = policy["Statement"][0]["Action"].as_array().expect("actions");
        assert!(actions.iter().any(|action| action == permission), "{permission}");
    }
}

#[test]
fn a_denied_listing_deletes_nothing_that_it_showed_before() {
    let front = small_estate(Vec::new());
    let place = Place::asking(&front.url);
    scan(&place).ok();
    let mut rules = vec![on("ec2", "DescribeVpcs", denied()).region("eu-west-1")];
    rules.extend(estate());
    front.set_rules(rules);
    let second = scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    let stale = place.texts("select id from resources where stale");
    assert_eq!(stale, ["vpc-1"], "{}", second.out);
    let shown = place.run(&["explain", "vpc-1"]).ok().out;
    assert!(shown.contains("the last scan could not read it"), "{shown}");

    // Once the listing is answered again and says that it is gone, it is.
    let mut rules = vec![answer("ec2", "DescribeVpcs", json!({"Vpcs": []})).region("eu-west-1")];
    rules.extend(estate());
    front.set_rules(rules);
    scan(&place).ok();
    let mut left = estate_uids();
    left.retain(|uid| !uid.ends_with("vpc-1"));
    assert_eq!(uids(&place), left);
    let shown = place.run(&["explain", &format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-1")]).ok().out;
    assert!(shown.contains("gone since"), "{shown}");
}

#[test]
fn throttling_that_ends_is_only_counted() {
    let fault = || Fault::Throttle { status: 400, code: "Throttling".to_owned() };
    let front = small_estate(vec![
        on("sqs", "ListQueues", fault()).region("eu-west-1").first(2),
        on(
            "ec2",
            "DescribeInstances",
            Fault::Throttle { status: 503, code: "RequestLimitExceeded".to_owned() },
        )
        .region("us-east-1")
        .first(1),
    ]);
    let place = Place::asking(&front.url);
    scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    assert_eq!(unknown_rows(&place), Vec::<Value>::new());
    let throttled = place
        .rows("select service, region, throttles, calls from coverage where throttles > 0 order by service");
    let row = |service: &str, region: &str, throttles: u64| json!({"service": service, "region": region, "throttles": throttles, "calls": throttles + 1});
    assert_eq!(throttled, [row("ec2", "us-east-1", 1), row("sqs", "eu-west-1", 2)]);
}

#[test]
fn throttling_that_does_not_end_is_an_unknown() {
    let fault = Fault::Throttle { status: 400, code: "ThrottlingException".to_owned() };
    let front = small_estate(vec![on("sqs", "ListQueues", fault).region("eu-west-1")]);
    let place = Place::asking(&front.url);
    let ran = scan(&place).ok();
    let mut expected = estate_uids();
    expected.retain(|uid| !uid.contains("sqs:eu-west-1"));
    assert_eq!(uids(&place), expected);
    let rows = unknown_rows(&place);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row["reason"].as_str(), row["region"].as_str()), (Some("throttled"), Some("eu-west-1")));
    assert!(row["throttles"].as_u64() >= Some(3), "{row}");
    assert!(ran.out.contains("--concurrency"), "{}", ran.out);
}

#[test]
fn answers_that_are_cut_or_no_answers_have_their_reasons() {
    let vpcs = &["vpc/vpc-1", "vpc/vpc-2"];
    only_unknown("ec2", "DescribeVpcs", Fault::CutConnection { after_bytes: 40 }, "network", vpcs);
    only_unknown("ec2", "DescribeVpcs", Fault::Malformed, "malformed", vpcs);
    only_unknown("ec2", "DescribeVpcs", Fault::Html500, "not_answered", vpcs);
    only_unknown("sqs", "ListQueues", Fault::Malformed, "malformed", &[":jobs"]);
    only_unknown("sqs", "GetQueueAttributes", Fault::Html500, "not_answered", &[":jobs"]);
    let buckets = &[":::alpha", ":::beta", ":::gamma"];
    only_unknown("s3", "ListBuckets", Fault::Html500, "not_answered", buckets);
    only_unknown("s3", "ListBuckets", Fault::Status(500), "failed", buckets);
    only_unknown("sqs", "ListQueues", Fault::ExpiredToken, "unauthenticated", &[":jobs"]);
}

#[test]
fn an_answer_without_an_end_is_refused_at_the_limit() {
    let begun = Instant::now();
    only_unknown("ec2", "DescribeVpcs", Fault::Huge(1 << 40), "too_large", &["vpc/vpc-1", "vpc/vpc-2"]);
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
}

#[test]
fn a_page_token_that_comes_back_ends_the_listing_and_keeps_what_came() {
    let queue = format!("https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs");
    let looping = Fault::Answer(json!({"QueueUrls": [queue], "NextToken": "same"}));
    let front = small_estate(vec![on("sqs", "ListQueues", looping).region("eu-west-1")]);
    let place = Place::asking(&front.url);
    let ran = scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    let rows = unknown_rows(&place);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row["reason"], "endless_pages");
    assert!(row["calls"].as_u64() <= Some(3), "{row}");
    assert!(ran.out.contains("endless pages"), "{}", ran.out);
    only_unknown("sqs", "ListQueues", Fault::LoopingToken, "endless_pages", &[":jobs"]);
}

#[test]
fn slow_answers_end_at_the_timeout() {
    let front = small_estate(vec![
        on("ec2", "DescribeVpcs", Fault::Slow(Duration::from_secs(30))).region("us-east-1"),
    ]);
    let place = Place::asking(&front.url);
    let begun = Instant::now();
    let ran = place.run(&["scan", "--types", TYPES, "--timeout", "1"]).ok();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let mut expected = estate_uids();
    expected.retain(|uid| !uid.ends_with("vpc-2"));
    assert_eq!(uids(&place), expected);
    let rows = unknown_rows(&place);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row["reason"].as_str(), row["region"].as_str()), (Some("timeout"), Some("us-east-1")));
    assert!(ran.out.contains("--timeout"), "{}", ran.out);
}

#[test]
fn a_region_that_is_not_enabled_is_told_as_such() {
    let region = |name: &str, status: &str| json!({"RegionName": name, "OptInStatus": status});
    let regions = json!({"Regions": [
        region("eu-west-1", "opt-in-not-required"), region("us-east-1", "opt-in-not-required"),
        region("me-south-1", "opted-in"), region("ap-east-1", "not-opted-in"),
    ]});
    let front = small_estate(vec![
        answer("ec2", "DescribeRegions", regions),
        fathom_testkit::front::Rule::new(Fault::RegionDisabled).region("me-south-1"),
    ]);
    let place = Place::asking(&front.url);
    scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    let rows = unknown_rows(&place);
    assert!(rows.iter().all(|row| row["reason"] == "region_disabled"), "{rows:#?}");
    let of = |region: &str| rows.iter().filter(|row| row["region"] == region).count();
    assert_eq!(of("ap-east-1"), 1, "one row for what is not even asked");
    assert_eq!(of("me-south-1"), 3, "one row for each regional type");
    assert_eq!(front.calls().iter().filter(|call| call.region == "ap-east-1").count(), 0);
}

#[test]
fn an_id_that_comes_twice_is_counted_and_kept_once() {
    let bucket = |name: &str| json!({"Name": name, "CreationDate": "2026-01-02T03:04:05Z"});
    let names = ["alpha", "beta", "gamma", "alpha"].map(bucket);
    let front = small_estate(vec![answer("s3", "ListBuckets", json!({"Buckets": names}))]);
    let place = Place::asking(&front.url);
    let ran = scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    assert!(ran.out.contains("1 resource came with an id that was there already"), "{}", ran.out);
    assert_eq!(place.run(&["scan", "--types", TYPES, "--json"]).ok().json()["duplicates"], 1);
}

#[test]
fn an_item_without_its_id_is_told_and_the_others_are_kept() {
    let vpcs = json!({"Vpcs": [{"CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-1"}]});
    let front = small_estate(vec![answer("ec2", "DescribeVpcs", vpcs).region("eu-west-1")]);
    let place = Place::asking(&front.url);
    scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    let rows = unknown_rows(&place);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row["reason"], "malformed");
    assert!(row["detail"].as_str().is_some_and(|detail| detail.contains("without an id")), "{row}");
}

#[test]
fn a_document_of_fifty_megabytes_is_kept_whole() {
    const BYTES: usize = 50 << 20;
    let front =
        small_estate(vec![answer("s3", "GetBucketPolicy", json!({"Policy": "p".repeat(BYTES)})).first(1)]);
    let place = Place::asking(&front.url);
    scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    let longest = place.number("select max(length(json_get_str(document, 'Policy'))) from resources where id = 'alpha' or id = 'beta' or id = 'gamma'");
    assert_eq!(longest, BYTES as u64);
    assert!(place.run(&["explain", "alpha"]).ok().out.len() < 10_000);
    // What repeats is packed.
    let size = std::fs::metadata(place.data().join("fathom.db")).unwrap().len();
    assert!(size < 10 << 20, "{size}");
}

#[test]
fn one_service_that_cannot_be_reached_is_one_unknown() {
    let front = small_estate(Vec::new());
    let place = Place::asking(&front.url).env("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9");
    scan(&place).ok();
    let mut expected = estate_uids();
    expected.retain(|uid| !uid.ends_with(":jobs"));
    assert_eq!(uids(&place), expected);
    let rows = unknown_rows(&place);
    assert!(rows.len() == 2 && rows.iter().all(|row| row["reason"] == "network"), "{rows:?}");
}

#[test]
fn names_that_could_harm_a_terminal_are_printed_harmlessly() {
    let evil = "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gnp";
    let vpcs = json!({"Vpcs": [{"VpcId": "vpc-1", "Tags": [{"Key": "Name", "Value": evil}]}]});
    let front = small_estate(vec![answer("ec2", "DescribeVpcs", vpcs).region("eu-west-1")]);
    let place = Place::asking(&front.url);
    let scanned = scan(&place).ok();
    for ran in [
        scanned,
        place.run(&["unknown"]).ok(),
        place.run(&["explain", "vpc-1"]).ok(),
        place.run(&["explain", "vpc-1", "--raw"]).ok(),
        place.run(&["sql", "select name from resources"]).ok(),
    ] {
        assert!(!ran.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", ran.out);
    }
    assert_eq!(place.texts("select name from resources where id = 'vpc-1'"), [evil]);
}
