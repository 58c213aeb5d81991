//! References that no relation names, what changes by itself, who else is asked, and accounts that nobody can enter.

use std::sync::Arc;

use fathom_testkit::front::{Call, Fault, Front, Rule};
use serde_json::{Value, json};

use crate::{
    cloud::{ACCOUNT, answer, estate, on, small_estate, unknown_rows},
    harness::Place,
    moto::scanned_again,
};

/// A queue whose policy and attributes name others: one of ours, one that is gone, one of another account.
fn pointing() -> Value {
    let statement =
        |principal: &str| json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sqs:*"});
    let policy = json!({"Statement": [
        statement(&format!("arn:aws:iam::{ACCOUNT}:role/gone")),
        statement("arn:aws:iam::999999999999:role/theirs"),
        {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:jobs",
         "Condition": {"ArnNotEquals": {"aws:SourceArn": "arn:aws:s3:::alpha"}}},
    ]});
    json!({"Attributes": {
        "QueueArn": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"),
        "Policy": policy.to_string(), "ApproximateNumberOfMessages": "3",
    }})
}

const KINDS: &str = "AWS::EC2::VPC,AWS::EC2::Instance,AWS::S3::Bucket,AWS::SQS::Queue";

#[test]
fn every_reference_is_an_edge_or_counted() {
    let front = small_estate(vec![answer("sqs", "GetQueueAttributes", pointing()).region("eu-west-1")]);
    let place = Place::asking(&front.url);
    place.run(&["scan", "--types", KINDS]).ok();
    let edges = place.rows(
        "select kind, to_uid, resolved, outside, path from edges where kind = 'mentions' order by to_uid",
    );
    let path = "Policy.Statement[].Principal.AWS";
    let edge = |to: &str, resolved: bool, outside: bool, path: &str| json!({"kind": "mentions", "to_uid": to, "resolved": resolved, "outside": outside, "path": path});
    let gone = format!("arn:aws:iam::{ACCOUNT}:role/gone");
    assert_eq!(
        edges,
        [
            edge(&gone, false, false, path),
            edge("arn:aws:iam::999999999999:role/theirs", false, true, path),
            edge(
                "arn:aws:s3:::alpha",
                true,
                false,
                "Policy.Statement[].Condition.ArnNotEquals.aws:SourceArn"
            ),
        ]
    );
    let report = place.run(&["--json", "coverage", "--references"]).ok().json();
    // Two instances in their networks, and the three above.
    assert_eq!(
        (&report["references"], &report["resolved"], &report["outside"], &report["missing"]),
        (&json!(5), &json!(3), &json!(1), &json!(1))
    );
    assert_eq!(report["missing_percent"], 20.0);
    let worst = &report["places"][0];
    assert_eq!(
        (&worst["type"], &worst["path"], &worst["missing"]),
        (&json!("AWS::SQS::Queue"), &json!(path), &json!(1))
    );
    assert_eq!(worst["example"], json!(gone));
    let shown = place.run(&["coverage", "--references"]).ok().out;
    for text in ["5 references", "1 to nothing seen (20.00 %)", path, &gone] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
}

#[test]
fn what_changes_by_itself_makes_no_version() {
    let queue = |messages: &str| {
        let arn = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs");
        let attributes =
            json!({"QueueArn": arn, "ApproximateNumberOfMessages": messages, "VisibilityTimeout": "30"});
        answer("sqs", "GetQueueAttributes", json!({ "Attributes": attributes })).region("eu-west-1")
    };
    let front = small_estate(vec![queue("3")]);
    let place = Place::asking(&front.url);
    let scan = || place.run(&["scan", "--types", KINDS]).ok();
    let told = || {
        let rows = place.rows("select document from resources where id like '%eu-west-1%jobs'");
        rows[0]["document"]["ApproximateNumberOfMessages"].clone()
    };
    scan();
    assert_eq!(told(), "3");
    let mut rules = vec![queue("4")];
    rules.extend(estate());
    front.set_rules(rules);
    scan();
    assert_eq!(told(), "4", "the newest is shown");
    let changed = place.rows("select * from changes where scan = 2");
    assert!(changed.is_empty(), "{changed:#?}");
}

#[test]
fn a_live_estate_scanned_again_has_no_new_version() {
    let Some(place) = scanned_again() else { return };
    let changed = place.rows("select * from changes where scan = 2");
    // moto says of one work group that it was made right now, and validates certificates after a minute.
    let told_anew = ["AWS::Athena::WorkGroup", "AWS::CertificateManager::Certificate"];
    let changed: Vec<_> =
        changed.iter().filter(|row| !told_anew.iter().any(|kind| row["type"] == **kind)).collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

/// Everything is asked, so that the finders are asked too.
fn everything(rules: Vec<Rule>) -> (Place, Front) {
    let front = small_estate(rules);
    let place = Place::asking(&front.url);
    place.run(&["scan", "--regions", "eu-west-1"]).ok();
    (place, front)
}

fn seen(place: &Place) -> Vec<String> {
    place.texts("select uid from resources where type like 'seen::%' order by uid")
}

#[test]
fn what_finders_name_and_nobody_reads_is_on_the_list_once() {
    let flow = format!("arn:aws:appflow:eu-west-1:{ACCOUNT}:flow/f");
    let studio = format!("arn:aws:nimble:eu-west-1:{ACCOUNT}:studio/s");
    let vpc = format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-1");
    let resource = |arn: &str| json!({"Arn": arn, "Region": "eu-west-1", "ResourceType": "x:y", "LastReportedAt": "2026-01-02T03:04:05Z"});
    let recorded = |kind: &str, id: &str, arn: Option<&str>| {
        json!({"resourceType": kind, "resourceId": id, "arn": arn, "awsRegion": "eu-west-1", "accountId": ACCOUNT}).to_string()
    };
    let index = |kind: &str| json!({"Indexes": [{"Region": "eu-west-1", "Type": kind, "Arn": "a"}]});
    let recorder = json!({"ConfigurationRecorders": [{"name": "default", "roleARN": "r"}]});
    let (place, _front) = everything(vec![
        answer("resource-explorer-2", "ListIndexes", index("LOCAL")),
        answer(
            "resource-explorer-2",
            "ListResources",
            json!({"Resources": [resource(&flow), resource(&vpc)]}),
        ),
        answer("config", "DescribeConfigurationRecorders", recorder),
        answer(
            "config",
            "SelectResourceConfig",
            json!({"Results": [
                recorded("AWS::AppFlow::Flow", "f", Some(&flow)),
                recorded("AWS::Odd::Thing", "odd-1", None),
                recorded("AWS::EC2::VPC", "vpc-1", Some(&vpc)),
                recorded("AWS::Config::ResourceCompliance", "c", None),
                "not JSON",
            ]}),
        ),
        answer(
            "cloudcontrol",
            "ListResources",
            json!({"ResourceDescriptions": [
                {"Identifier": studio, "Properties": json!({"Arn": studio, "Password": "hunter2"}).to_string()},
            ]}),
        ),
        answer(
            "resourcegroupstaggingapi",
            "GetResources",
            json!({"ResourceTagMappingList": [
                {"ResourceARN": vpc, "Tags": []}, {"ResourceARN": flow, "Tags": [{"Key": "team", "Value": "red"}]},
            ]}),
        ),
    ]);
    let odd = format!("arn:aws:seen:eu-west-1:{ACCOUNT}:AWS-Odd-Thing/odd-1");
    assert_eq!(seen(&place), [flow.clone(), studio.clone(), odd.clone()]);
    let gaps = place.rows("select uid, detail from unknowns where part = 'description' order by uid");
    let by: Vec<&str> = gaps.iter().map(|gap| gap["detail"].as_str().unwrap_or_default()).collect();
    assert_eq!(gaps.len(), 3, "{gaps:#?}");
    assert!(by[0].starts_with("the tagging API names it"), "{by:?}");
    assert!(
        by[1].starts_with("Cloud Control names it") && by[2].starts_with("AWS Config names it"),
        "{by:?}"
    );
    let documents =
        place.run(&["--json", "sql", "select document from resources where type like 'seen::%'"]).ok().out;
    assert!(!documents.contains("hunter2"), "of what Cloud Control tells only names are kept: {documents}");
    let rows = place.rows(
        "select service, operation, outcome, sum(items) as items from coverage where region = 'eu-west-1' \
         and service <> 'apigateway' and operation in \
         ('GetResources', 'ListIndexes', 'ListResources', 'SelectResourceConfig') \
         group by 1, 2, 3 order by 1, 2",
    );
    assert!(rows.iter().all(|row| row["outcome"] == "read"), "{rows:#?}");
    assert_eq!(rows.len(), 5, "{rows:#?}");
}

#[test]
fn finders_that_are_not_enabled_say_so() {
    let code = |code: &str| Fault::Error { status: 404, code: code.to_owned(), message: "no".to_owned() };
    let (place, _front) = everything(vec![
        answer(
            "resource-explorer-2",
            "ListIndexes",
            json!({"Indexes": [{"Region": "us-east-1", "Type": "LOCAL"}]}),
        ),
        on("cloudcontrol", "ListResources", code("UnsupportedActionException")),
    ]);
    let rows = unknown_rows(&place);
    let of = |service: &str, operation: &str| {
        rows.iter()
            .filter(|row| row["service"] == service && row["operation"] == operation)
            .collect::<Vec<_>>()
    };
    for (service, operation, says) in [
        ("resource-explorer-2", "ListResources", "the region has no index"),
        ("config", "SelectResourceConfig", "AWS Config records nothing in this region"),
        ("cloudcontrol", "ListResources", "UnsupportedActionException"),
    ] {
        let rows = of(service, operation);
        assert!(!rows.is_empty(), "{service}");
        for row in rows {
            assert_eq!(row["reason"], "not_enabled", "{row}");
            assert!(row["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{row}");
        }
    }
}

#[test]
fn what_no_finder_names_any_more_is_gone_where_all_answered() {
    let arn = format!("arn:aws:nimble:eu-west-1:{ACCOUNT}:studio/s");
    let tagged = json!({"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": []}]});
    let (place, front) = everything(vec![answer("resourcegroupstaggingapi", "GetResources", tagged)]);
    assert_eq!(seen(&place), std::slice::from_ref(&arn));
    let scan = |rules: Vec<Rule>| {
        front.set_rules(rules.into_iter().chain(estate()).collect());
        place.run(&["scan", "--regions", "eu-west-1"]).ok();
        place.rows("select stale from resources where type like 'seen::%'")
    };
    let denied = on("resourcegroupstaggingapi", "GetResources", crate::cloud::denied());
    assert_eq!(scan(vec![denied]), [json!({"stale": true})], "nobody could say whether it is there");
    assert_eq!(scan(Vec::new()), Vec::<Value>::new(), "it is not there");
}

#[test]
fn accounts_that_nobody_can_enter_are_rows() {
    let account = |id: &str, status: &str| json!({"Id": id, "Status": status, "Arn": "a", "Name": id});
    let accounts = json!({"Accounts": [account(ACCOUNT, "ACTIVE"), account("222222222222", "SUSPENDED"), account("333333333333", "ACTIVE")]});
    let front = small_estate(vec![answer("organizations", "ListAccounts", accounts)]);
    let place = Place::asking(&front.url);
    place
        .run(&[
            "scan",
            "--types",
            "AWS::EC2::VPC",
            "--organization-role",
            "r",
            "--accounts",
            "222222222222,444444444444",
        ])
        .ok();
    let rows = place.rows(
        "select account, reason, detail from coverage where service = '*' and region = 'global' order by account",
    );
    let row = |account: &str, reason: &str, detail: &str| json!({"account": account, "reason": reason, "detail": detail});
    assert_eq!(
        rows,
        [
            row("222222222222", "not_enabled", "the account is suspended; nobody can look into it"),
            row("333333333333", "not_reached", "left out by --accounts"),
            row("444444444444", "no_such_place", "the organisation has no such account; check --accounts"),
        ]
    );
}

#[test]
fn units_of_units_and_firewalls_of_the_whole_world_are_listed() {
    let unit = |id: &str| json!({"Id": id, "Arn": format!("arn:aws:organizations::{ACCOUNT}:ou/o-1/{id}"), "Name": id});
    let arn = |scope: &str| format!("arn:aws:wafv2:us-east-1:{ACCOUNT}:x/webacl/{scope}");
    let root = json!({"Roots": [{"Id": "r-1", "Arn": format!("arn:aws:organizations::{ACCOUNT}:root/o-1/r-1"), "Name": "Root"}]});
    let below = Arc::new(move |params: &Value, _: &Call| {
        // A service that says that a thing contains itself is asked once.
        let units = match params["ParentId"].as_str() {
            Some("r-1") => vec![unit("ou-1"), unit("ou-2")],
            Some("ou-1") => vec![unit("ou-11"), unit("ou-1")],
            Some("ou-11") => vec![unit("ou-111")],
            _ => Vec::new(),
        };
        json!({ "OrganizationalUnits": units })
    });
    let acls = Arc::new(move |params: &Value, _: &Call| {
        let scope = params["Scope"].as_str().expect("a scope");
        json!({"WebACLs": [{"Name": scope, "Id": scope, "ARN": arn(scope)}]})
    });
    let acl = Arc::new(move |params: &Value, _: &Call| {
        let scope = params["Scope"].as_str().expect("a scope");
        assert_eq!(params["Id"], scope, "each is asked for in its own scope");
        json!({"WebACL": {"Name": scope, "Id": scope, "ARN": arn(scope), "DefaultAction": {"Allow": {}}}})
    });
    let front = small_estate(vec![
        answer("organizations", "ListRoots", root),
        on("organizations", "ListOrganizationalUnitsForParent", Fault::AnswerWith(below)),
        on("wafv2", "ListWebACLs", Fault::AnswerWith(acls)).region("us-east-1"),
        on("wafv2", "GetWebACL", Fault::AnswerWith(acl)).region("us-east-1"),
    ]);
    let place = Place::asking(&front.url);
    place.run(&["scan", "--types", "AWS::Organizations::OrganizationalUnit,AWS::WAFv2::WebACL"]).ok();
    let ids =
        |kind: &str| place.texts(&format!("select id from resources where type = '{kind}' order by id"));
    assert_eq!(ids("AWS::Organizations::OrganizationalUnit"), ["ou-1", "ou-11", "ou-111", "ou-2"]);
    assert_eq!(ids("AWS::WAFv2::WebACL"), ["CLOUDFRONT", "REGIONAL"]);
    let parents = place.texts("select to_uid from edges where from_uid like '%/ou-111' and kind = 'part_of'");
    assert_eq!(parents, [format!("arn:aws:organizations::{ACCOUNT}:ou/o-1/ou-11")]);
    let elsewhere = front
        .calls()
        .iter()
        .filter(|call| call.operation == "ListWebACLs" && call.region == "eu-west-1")
        .count();
    assert_eq!(elsewhere, 1, "the whole world's are asked for in one region only");
}
