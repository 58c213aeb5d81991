//! Lines that are no requests, and policies as nobody should write them.

use fathom_iam::{Policy, PolicyKind, batch, limits::POLICY_BYTES_MAX};
use serde_json::{Value, json};

const REQUEST: &str = r#""request":{"principal":"arn:aws:iam::111122223333:user/ann","action":"s3:GetObject","resource":{"arn":"arn:aws:s3:::b/k","account":"111122223333"}}"#;

#[track_caller]
fn refused(line: &str, says: &[&str]) {
    let error = batch::answer(line).unwrap_err();
    for text in says {
        assert!(error.contains(text), "no `{text}` in `{error}`");
    }
}

#[test]
fn lines_that_are_no_requests_name_the_member() {
    refused("", &["EOF"]);
    refused("nonsense", &["at column 2"]);
    refused("[]", &["the line: must be an object, not a list"]);
    refused("{}", &["request: is missing"]);
    refused(r#"{"request": 7}"#, &["request: must be an object, not a number"]);
    refused(
        r#"{"request": {"action": "s3:GetObject", "resource": {"arn": "*"}}}"#,
        &["request.principal: is missing"],
    );
    refused(&format!("{{{REQUEST},\"polices\":[]}}"), &["polices: is no member", "identity_policies"]);
    refused(&format!("{{{REQUEST},\"scps\":{{}}}}"), &["scps: must be a list of levels"]);
    refused(&format!("{{{REQUEST},\"scps\":[{{\"id\":\"r\"}}]}}"), &["scps[0].policies: is missing"]);
    refused(&format!("{{{REQUEST},\"id\":[]}}"), &["id: must be a text"]);
    refused(&format!("{{{REQUEST},{REQUEST}}}"), &["request: is written twice"]);
    refused(&"[".repeat(100_000), &["recursion limit"]);
    let with = |principal: &str, action: &str, arn: &str| {
        json!({"request": {"principal": principal, "action": action, "resource": {"arn": arn}}}).to_string()
    };
    refused(&with("ann", "s3:GetObject", "*"), &["request.principal: `ann` is no ARN"]);
    refused(&with("arn:aws:iam::111122223333:user/*", "s3:GetObject", "*"), &["has a wildcard"]);
    refused(&with("*", "s3", "*"), &["request.action: `s3` is no action"]);
    refused(&with("*", "s3:Get*", "*"), &["request.action", "without wildcards"]);
    refused(&with("*", "s3:GetObject", "bucket"), &["request.resource.arn: `bucket` is no ARN"]);
    let context = r#"{"request":{"principal":"*","action":"s3:GetObject","resource":"*","context":{"a":["x"],"A":["y"]}}}"#;
    refused(context, &["request.context.A: is given twice"]);
}

#[test]
fn a_large_policy_is_refused_by_its_size() {
    let long = "x".repeat(POLICY_BYTES_MAX);
    let json = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "{long}", "Resource": "*"}}}}"#);
    let error = Policy::parse("large", PolicyKind::Identity, &json).unwrap_err();
    assert!(error.to_string().contains("policy `large`: has 2"), "{error}");
}

#[test]
fn every_fault_is_told_with_its_place() {
    let json = r#"{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": [
        {"Sid": "First", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Sid": "Second", "Effect": "Maybe", "Effect": "Allow", "action": "s3:*", "Resource": ["*", 7],
         "Condition": {"StringEquals": {"a": {"b": "c"}}, "Strange": {}}}]}"#;
    let error = Policy::parse("p", PolicyKind::Identity, json).unwrap_err();
    let told: Vec<String> = error.faults.iter().map(ToString::to_string).collect();
    for expected in [
        "policy `p`, Version: is written twice",
        "policy `p`, statement 1 (`Second`), Effect: is written twice",
        "policy `p`, statement 1 (`Second`), Effect: must be \"Allow\" or \"Deny\"",
        "policy `p`, statement 1 (`Second`), action: is no element; write `Action`",
        "policy `p`, statement 1 (`Second`), Resource: must be a text or a list of texts, not a number",
        "policy `p`, statement 1 (`Second`), Condition.StringEquals.a: must be a value",
        "policy `p`, statement 1 (`Second`), Condition.Strange: `Strange` is no condition operator",
    ] {
        assert!(told.iter().any(|fault| fault.starts_with(expected)), "no `{expected}` in {told:#?}");
    }
}

#[test]
fn many_faults_are_counted() {
    let statements: Vec<_> = (0..500).map(|_| json!({"Effect": "Allow"})).collect();
    let error =
        Policy::parse("p", PolicyKind::Identity, &json!({"Statement": statements}).to_string()).unwrap_err();
    assert!(error.to_string().ends_with("more faults)"), "{error}");
}

#[test]
fn a_policy_kept_as_text_is_read() {
    let policy = json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}).to_string();
    let line = format!("{{{REQUEST},\"identity_policies\":[{}]}}", json!(policy));
    assert_eq!(batch::answer(&line).unwrap().verdict.decision, fathom_iam::Decision::Allowed);
    // But not text in text in text.
    let line = format!("{{{REQUEST},\"identity_policies\":[{}]}}", json!(json!(policy).to_string()));
    assert_eq!(batch::answer(&line).unwrap().verdict.faults.len(), 1);
}

#[test]
fn comparing_without_end_is_given_up() {
    // Each value goes through each pattern to its end before it fails.
    let values: Vec<String> = (0..900).map(|at| format!("{at}{}", "a".repeat(1_000))).collect();
    let patterns: Vec<String> = (0..1_000).map(|at| format!("*{}{at}b", "a".repeat(100))).collect();
    let allow = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let deny = json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"ForAnyValue:StringLike": {"ex:key": patterns}}}});
    let mut line: Value = serde_json::from_str(&format!("{{{REQUEST}}}")).unwrap();
    line["request"]["context"] = json!({"ex:key": values});
    line["identity_policies"] = json!([allow, deny]);
    let verdict = batch::answer(&line.to_string()).unwrap().verdict;
    assert_eq!(verdict.decision, fathom_iam::Decision::Unknown);
    assert_eq!(verdict.unknown, ["identity_policies: comparing takes more than 100000000 steps"]);
    // What was decided before stays.
    line["identity_policies"] =
        json!([allow, {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}, deny]);
    let verdict = batch::answer(&line.to_string()).unwrap().verdict;
    assert_eq!(verdict.decision, fathom_iam::Decision::ExplicitlyDenied);
}
