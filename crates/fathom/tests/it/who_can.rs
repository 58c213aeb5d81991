//! `fathom who-can` on what a scan found. Who must be there follows from the policies that the sample's script writes.

use fathom_testkit::front::Fault;
use serde_json::{Value, json};

use crate::{
    cloud::{ACCOUNT, answer, denied, on, small_estate},
    harness::{Place, sample},
};

/// Decision and name of each that is told, without those who are told of every account: its root user.
fn told(found: &Value) -> Vec<(String, String)> {
    let rows = found["rows"].as_array().expect("rows");
    rows.iter()
        .filter(|row| row["kind"] != "root")
        .map(|row| {
            let principal = row["principal"].as_str().expect("a principal");
            let name = principal.rsplit('/').next().unwrap_or(principal);
            (row["decision"].as_str().expect("a decision").to_owned(), name.to_owned())
        })
        .collect()
}

fn who(args: &[&str]) -> Value {
    sample().run(&[&["who-can", "--json"], args].concat()).ok().json()
}

fn expect(args: &[&str], wanted: &[(&str, &str)]) {
    let wanted: Vec<_> = wanted.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect();
    assert_eq!(told(&who(args)), wanted, "{args:?}");
}

#[test]
fn the_intruders_role_is_found_from_both_sides() {
    // Trusted by an account that nobody knows, and allowed everything.
    expect(&["sts:AssumeRole", "SupportAccess"], &[("allowed", "999988887777")]);
    // Beside the one that the company keeps for the worst night.
    expect(&["iam:CreateUser"], &[("allowed", "SupportAccess"), ("allowed", "break-glass")]);
    expect(
        &["sqs:SendMessage", "payments-webhooks"],
        &[("allowed", "SupportAccess"), ("allowed", "break-glass"), ("allowed", "storefront-task")],
    );
    let found = who(&["sts:AssumeRole", "SupportAccess"]);
    assert_eq!(found["rows"][0]["kind"], "outside");
    assert_eq!(found["gaps"], serde_json::json!([]));
}

/// Asked about alone, somebody is answered as in the list of all.
#[test]
fn an_account_of_somebody_else_means_the_same_everywhere() {
    let args = ["--action", "sts:AssumeRole", "--resource", "SupportAccess"];
    let ask = |principal: &str| {
        let asked = [&["iam", "simulate", "--json", "--principal", principal], &args[..]].concat();
        sample().run(&asked).ok().json()
    };
    let row = &who(&["sts:AssumeRole", "SupportAccess"])["rows"][0];
    for principal in ["999988887777", "arn:aws:iam::999988887777:root"] {
        let one = ask(principal);
        assert_eq!((&one["kind"], &one["verdict"]["decision"]), (&row["kind"], &row["decision"]));
    }
    // One of its users, whose own policies nobody read.
    assert_eq!(ask("arn:aws:iam::999988887777:user/eve")["verdict"]["decision"], "allowed");
    let text =
        sample().run(&[&["iam", "simulate", "--principal", "999988887777"], &args[..]].concat()).ok().out;
    assert!(text.contains("outside: 999988887777, if its own account lets it"), "{text}");
    // Of an account that was read it is the root user.
    assert_eq!(ask("908249470583")["kind"], "root");
}

#[test]
fn services_and_identity_providers_are_named_with_their_conditions() {
    expect(&["sts:AssumeRole", "telemetry-sync"], &[("allowed", "lambda.amazonaws.com")]);
    let found = who(&["sts:AssumeRoleWithWebIdentity", "ci-deploy"]);
    assert_eq!(found["rows"][0]["kind"], "federated");
    assert_eq!(found["rows"][0]["conditions"][0]["key"], "ci.northwind.example:sub");
    let text = sample().run(&["who-can", "sts:AssumeRoleWithWebIdentity", "ci-deploy"]).ok().out;
    for part in ["ONLY IF", "ci.northwind.example:sub", "repo:northwind/*", "1 asked about: 0 can, 1 only if"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn what_is_known_of_the_request_decides_conditions() {
    let object = "arn:aws:s3:::northwind-marketing-drop/a";
    let open = told(&who(&["s3:GetObject", object]));
    assert!(open.iter().all(|(decision, _)| decision == "only_if") && !open.is_empty(), "{open:?}");
    let secure = told(&who(&["s3:GetObject", object, "--context", "aws:SecureTransport=true"]));
    assert!(secure.iter().all(|(decision, _)| decision == "allowed"), "{secure:?}");
    assert_eq!(secure.len(), open.len());
    expect(&["s3:GetObject", object, "--context", "aws:SecureTransport=false"], &[]);
}

#[test]
fn one_principal_is_told_with_reasons() {
    let ask = |principal: &str| {
        let args = ["iam", "simulate", "--principal", principal, "--action", "iam:CreateUser"];
        sample().run(&args).ok().out
    };
    assert!(ask("SupportAccess").contains("YES") && ask("SupportAccess").contains("identity policy `a`"));
    assert!(
        ask("storefront-task").contains("NO")
            && ask("storefront-task").contains("no statement of its identity policy")
    );
}

#[test]
fn what_was_not_scanned_is_said() {
    let place = Place::new();
    place.run(&["scan", "--sample", "--quiet", "--types", "AWS::SQS::Queue"]).ok();
    let found = place.run(&["who-can", "sqs:SendMessage", "payments-webhooks", "--json"]).ok().json();
    let gaps = found["gaps"].to_string();
    assert!(gaps.contains("no scan asked for AWS::IAM") && gaps.contains("organisation"), "{gaps}");
    // Whether the organisation binds the root users is not known.
    assert!(
        found["rows"].as_array().expect("rows").iter().all(|row| row["decision"] != "allowed"),
        "{found}"
    );
    let text = sample().run(&["who-can", "s3:GetObject", "arn:aws:s3:::somebody-elses/x"]).ok().out;
    assert!(
        text.contains("UNKNOWN") && text.contains("arn:aws:s3:::somebody-elses/x was not scanned"),
        "{text}"
    );
}

#[test]
fn a_wrong_question_is_told_with_what_to_write() {
    let fails = |args: &[&str], says: &[&str]| {
        sample().run(&[&["who-can"], args].concat()).code(1).says(says);
    };
    fails(
        &["s3:GetObject", "northwind-marketing-drop"],
        &["asked of an object", "northwind-marketing-drop/KEY"],
    );
    fails(&["s3:Get*"], &["without wildcards"]);
    fails(&["sqs:SendMessage", "no-such-queue"], &["nothing is called `no-such-queue`"]);
    sample()
        .run(&["who-can", "iam:CreateUser", "--context", "mfa"])
        .code(2)
        .says(&["aws:SourceIp=203.0.113.7"]);
}

const ASKED: &str = "AWS::S3::Bucket,AWS::IAM::User,AWS::IAM::Role,AWS::IAM::Group,AWS::IAM::ManagedPolicy,\
                     AWS::Organizations::Organization";

/// Who can read an object of the bucket `alpha` of the small estate, after a scan under these faults.
fn after_a_scan_with(faults: &[(&str, &str)]) -> Value {
    let reader = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
    let user = json!({
        "UserName": "ann", "UserId": "AIDA0000000000000000", "Path": "/", "Arn": format!("arn:aws:iam::{ACCOUNT}:user/ann"),
        "CreateDate": "2026-01-02T03:04:05Z",
        "UserPolicyList": [{"PolicyName": "reader", "PolicyDocument": reader.to_string()}],
    });
    let mut rules: Vec<_> =
        faults.iter().map(|(service, operation)| on(service, operation, denied())).collect();
    rules.push(answer(
        "iam",
        "GetAccountAuthorizationDetails",
        json!({"UserDetailList": [user], "IsTruncated": false}),
    ));
    for operation in ["DescribeOrganization", "ListPolicies"] {
        let (code, message) = ("AWSOrganizationsNotInUseException".to_owned(), "none".to_owned());
        rules.push(on("organizations", operation, Fault::Error { status: 400, code, message }));
    }
    let front = small_estate(rules);
    let place = Place::asking(&front.url);
    place.run(&["scan", "--types", ASKED, "--quiet"]).ok();
    place.run(&["who-can", "s3:GetObject", "arn:aws:s3:::alpha/a", "--json"]).ok().json()
}

#[test]
fn what_a_scan_was_denied_makes_it_unknown_where_it_decides() {
    let seen = after_a_scan_with(&[]);
    assert_eq!(told(&seen), [("allowed".to_owned(), "ann".to_owned())], "{seen}");
    assert_eq!(seen["gaps"], json!([]));

    let no_policy = after_a_scan_with(&[("s3", "GetBucketPolicy")]);
    assert_eq!(told(&no_policy), [("unknown".to_owned(), "ann".to_owned())], "{no_policy}");

    let no_organisation = after_a_scan_with(&[("organizations", "DescribeOrganization")]);
    assert_eq!(told(&no_organisation), [("unknown".to_owned(), "ann".to_owned())], "{no_organisation}");
    assert!(
        no_organisation["gaps"].to_string().contains("organizations:DescribeOrganization"),
        "{no_organisation}"
    );

    let nobody = after_a_scan_with(&[("iam", "GetAccountAuthorizationDetails")]);
    assert!(
        told(&nobody).is_empty() && nobody["gaps"].to_string().contains("iam:GetAccountAuthorizationDetails"),
        "{nobody}"
    );

    // Who has which second factor says nothing of who there is.
    let no_detail = after_a_scan_with(&[("iam", "ListMFADevices"), ("iam", "GetLoginProfile")]);
    assert_eq!(told(&no_detail), [("allowed".to_owned(), "ann".to_owned())], "{no_detail}");
    assert_eq!(no_detail["gaps"], json!([]));
}
