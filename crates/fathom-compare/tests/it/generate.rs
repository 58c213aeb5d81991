//! Policies and requests over a small vocabulary, the same every time.

use crate::choices::Choices;
use fathom_iam::{Context, PolicyKind, Request, Resource};
use serde_json::{Map, Value, json};

const ACTIONS: [&str; 14] = [
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "s3:Put*",
    "s3:PutObject",
    "s3:*Object",
    "S3:getobject",
    "s3:G?tObject",
    "sqs:*",
    "sqs:Send*",
    "*:Get*",
    "sts:AssumeRole*",
    "s3:*Obj*t*",
];
const RESOURCES: [&str; 14] = [
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::prod-*",
    "arn:aws:s3:::prod-a",
    "arn:aws:s3:::prod-a/*",
    "arn:aws:s3:::*/x",
    "arn:aws:s3:::prod-?/x*",
    "arn:aws:sqs:eu-west-1:111122223333:q",
    "arn:aws:sqs:*:111122223333:*",
    "arn:aws:sqs:eu-*:*:q",
    "arn:aws:sqs:*",
    "arn:*:s3:::prod-a/*",
    "arn:aws:s3:::${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::prod-${aws:username}",
];
const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

/// A policy.
pub(crate) fn policy(choices: &mut Choices, kind: PolicyKind) -> Value {
    let many = choices.below(3);
    let statements: Vec<Value> = (0..=many).map(|_| statement(choices, kind)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A policy that differs little from another.
pub(crate) fn changed(choices: &mut Choices, kind: PolicyKind, policy: &Value) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    let at = choices.below(statements.len());
    match choices.below(4) {
        0 => statements.push(statement(choices, kind)),
        1 if statements.len() > 1 => {
            statements.remove(at);
        }
        2 => {
            let condition = condition(choices);
            statements[at]["Condition"] = condition;
        }
        _ => {
            let other = statement(choices, kind);
            for member in ["Action", "NotAction", "Resource", "NotResource"] {
                statements[at].as_object_mut().unwrap().remove(member);
                if let Some(value) = other.get(member) {
                    statements[at][member] = value.clone();
                }
            }
        }
    }
    policy
}

fn some(choices: &mut Choices, from: &[&str]) -> Value {
    if choices.chance(30) {
        json!([choices.pick(from), choices.pick(from)])
    } else {
        json!(choices.pick(from))
    }
}

fn statement(choices: &mut Choices, kind: PolicyKind) -> Value {
    let mut statement = json!({"Effect": if choices.chance(75) { "Allow" } else { "Deny" }});
    let action = if choices.chance(10) { "NotAction" } else { "Action" };
    statement[action] = some(choices, &ACTIONS);
    let resource = if choices.chance(10) { "NotResource" } else { "Resource" };
    // Variables now and then.
    let most = if choices.chance(15) { RESOURCES.len() } else { RESOURCES.len() - 2 };
    statement[resource] = some(choices, &RESOURCES[..most]);
    if kind == PolicyKind::Resource {
        let not = statement["Effect"] == "Deny" && choices.chance(20);
        statement[if not { "NotPrincipal" } else { "Principal" }] = principal(choices);
    }
    if choices.chance(45) {
        statement["Condition"] = condition(choices);
    }
    statement
}

fn principal(choices: &mut Choices) -> Value {
    choices.pick(&[
        json!("*"),
        json!({"AWS": OWN}),
        json!({"AWS": OTHER}),
        json!({"AWS": format!("arn:aws:iam::{OWN}:user/ann")}),
        json!({"AWS": [format!("arn:aws:iam::{OWN}:user/bob"), format!("arn:aws:iam::{OWN}:role/worker")]}),
        json!({"AWS": [OWN, format!("arn:aws:iam::{OWN}:user/ann")]}),
        json!({"AWS": [OWN, format!("arn:aws:iam::{OWN}:role/worker")]}),
        json!({"AWS": format!("arn:aws:sts::{OWN}:assumed-role/worker/i-1")}),
        json!({"Service": "events.amazonaws.com"}),
        json!({"Service": ["lambda.amazonaws.com", "s3.amazonaws.com"]}),
    ])
}

fn condition(choices: &mut Choices) -> Value {
    let if_exists = if choices.chance(25) { "IfExists" } else { "" };
    let (operator, key, values) = choices.pick(&[
        ("Bool", "aws:SecureTransport", json!("true")),
        ("Bool", "aws:MultiFactorAuthPresent", json!(["true"])),
        ("NumericLessThan", "aws:MultiFactorAuthAge", json!("3600")),
        ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", json!("300")),
        ("NumericNotEquals", "aws:MultiFactorAuthAge", json!("300")),
        ("IpAddress", "aws:SourceIp", json!(["203.0.113.0/24", "2001:db8::/32"])),
        ("NotIpAddress", "aws:SourceIp", json!("203.0.113.128/25")),
        ("DateGreaterThan", "aws:CurrentTime", json!("2026-01-01T00:00:00Z")),
        ("DateLessThanEquals", "aws:CurrentTime", json!("2026-06-01T00:00:00Z")),
        ("StringEquals", "aws:PrincipalOrgID", json!("o-1111111111")),
        ("StringNotEquals", "aws:PrincipalOrgID", json!(["o-1111111111", "o-3333333333"])),
        ("StringLike", "aws:PrincipalTag/team", json!(["rep*", "j?bs"])),
        ("StringNotLike", "aws:PrincipalTag/team", json!("re*")),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", json!("REPORTS")),
        ("StringEquals", "aws:ResourceTag/team", json!("${aws:PrincipalTag/team}")),
        ("ArnLike", "aws:PrincipalArn", json!(format!("arn:aws:iam::{OWN}:*/*"))),
        ("ArnNotEquals", "aws:PrincipalArn", json!(format!("arn:aws:iam::{OWN}:role/*"))),
        ("StringLike", "aws:username", json!("a*")),
        ("StringEquals", "aws:PrincipalAccount", json!([OWN])),
        ("Null", "aws:MultiFactorAuthAge", json!("true")),
        ("Null", "aws:PrincipalTag/team", json!("false")),
        ("ForAnyValue:StringEquals", "aws:CalledVia", json!(["athena.amazonaws.com"])),
        ("ForAllValues:StringLike", "aws:CalledVia", json!(["*.amazonaws.com", "x"])),
        ("ForAnyValue:StringNotEquals", "aws:CalledVia", json!(["athena.amazonaws.com"])),
        ("ForAllValues:StringNotEquals", "aws:CalledVia", json!(["athena.amazonaws.com"])),
    ]);
    let if_exists = if operator == "Null" { "" } else { if_exists };
    let mut condition = Map::new();
    condition.insert(format!("{operator}{if_exists}"), json!({key: values}));
    if choices.chance(20) {
        condition.insert("StringLikeIfExists".to_owned(), json!({"aws:PrincipalOrgID": "o-*"}));
    }
    Value::Object(condition)
}

/// A request that the vocabulary could allow; every key that it does not have is absent.
pub(crate) fn request(choices: &mut Choices, kind: PolicyKind) -> Request {
    let action = choices.pick(&[
        "s3:GetObject",
        "s3:PutObject",
        "s3:GetBucketPolicy",
        "s3:getobject",
        "s3:DeleteObject",
        "s3:GutObject",
        "sqs:SendMessage",
        "sqs:GetQueueUrl",
        "ec2:RunInstances",
        "sts:AssumeRole",
        "s3:ListBucket",
        "s3:XObjzt",
    ]);
    let arn = choices.pick(&[
        "*",
        "arn:aws:s3:::prod-a",
        "arn:aws:s3:::prod-a/x",
        "arn:aws:s3:::prod-b/x1",
        "arn:aws:s3:::other/x",
        "arn:aws:s3:::other",
        "arn:aws:s3:::reports/k",
        "arn:aws:s3:::prod-ann",
        "arn:aws-cn:s3:::prod-a/y",
        "arn:aws:sqs:eu-west-1:111122223333:q",
        "arn:aws:sqs:us-east-1:111122223333:q",
        "arn:aws:sqs:eu-west-1:444455556666:q",
        "arn:aws:sqs:eu-west-1:111122223333:q:x",
    ]);
    let mut context = Context::new();
    context.set_complete(true);
    let principals = [
        format!("arn:aws:iam::{OWN}:user/ann"),
        format!("arn:aws:iam::{OWN}:user/bob"),
        format!("arn:aws:iam::{OTHER}:user/ann"),
        format!("arn:aws:sts::{OWN}:assumed-role/worker/i-1"),
        format!("arn:aws:sts::{OWN}:assumed-role/worker/i-2"),
        format!("arn:aws:sts::{OTHER}:assumed-role/worker/i-1"),
        "*".to_owned(),
        "events.amazonaws.com".to_owned(),
        "s3.amazonaws.com".to_owned(),
        format!("arn:aws:iam::{OWN}:root"),
    ];
    let most = if kind == PolicyKind::Resource { principals.len() } else { 6 };
    let principal = choices.pick(&principals[..most]);
    if let Some(account) = principal.strip_prefix("arn:aws:sts::").and_then(|rest| rest.split(':').next()) {
        context.set("aws:PrincipalArn", vec![format!("arn:aws:iam::{account}:role/worker")]);
    }
    let is_of_account = principal.starts_with("arn:");
    let mut maybe = |key: &str, always: bool, values: &[&str]| {
        if always || choices.chance(60) {
            context.set(key, vec![choices.pick(values).to_owned()]);
        } else {
            context.set_absent(key);
        }
    };
    maybe("aws:SecureTransport", true, &["true", "false"]);
    maybe(
        "aws:CurrentTime",
        true,
        &["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    );
    maybe("aws:SourceIp", false, &["203.0.113.7", "203.0.113.200", "198.51.100.1", "2001:db8::1", "::1"]);
    maybe("aws:ResourceTag/team", false, &["reports", "ops"]);
    if is_of_account {
        maybe("aws:MultiFactorAuthPresent", false, &["true", "false"]);
        maybe("aws:MultiFactorAuthAge", false, &["0", "300", "301", "3600", "9999"]);
        maybe("aws:PrincipalOrgID", false, &["o-1111111111", "o-2222222222", "o-3333333333", "x"]);
        maybe("aws:PrincipalTag/team", false, &["reports", "REPORTS", "rep", "red", "jobs", "ops"]);
    }
    if choices.chance(60) {
        let services = ["athena.amazonaws.com", "x", "glue.amazonaws.com", "y"];
        let many = choices.below(3);
        let values = (0..many).map(|_| choices.pick(&services).to_owned()).collect();
        context.set("aws:CalledVia", values);
    }
    let resource = Resource { arn: arn.to_owned(), account: Some("555566667777".to_owned()) };
    Request::new(&principal, action, resource, context).unwrap()
}
