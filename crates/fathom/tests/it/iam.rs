//! `fathom iam simulate`, as programs call it.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::harness::{Place, Ran, wait};

fn simulate(place: &Place, input: &str) -> Ran {
    let mut command = place.command(&["iam", "simulate"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    wait(child)
}

/// A request with what has a say in it.
fn line(action: &str, statement: &Value) -> String {
    json!({
        "id": action,
        "request": {"principal": "arn:aws:iam::111122223333:user/ann", "action": action, "context": {},
            "resource": {"arn": "arn:aws:s3:::reports/q1", "account": "111122223333"}},
        "identity_policies": [{"name": "reader", "policy": {"Version": "2012-10-17", "Statement": [statement]}}],
        "permission_boundaries": [], "session_policy": null, "resource_policy": null, "vpc_endpoint_policies": [],
        "scps": [{"id": "r-root", "policies": [{"name": "FullAWSAccess", "policy": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}]}],
        "rcps": [],
    })
    .to_string()
}

fn answers(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_is_answered_in_its_order() {
    let place = Place::new();
    let plain = json!({"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"});
    let secure = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}}});
    let denied = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    let refused = json!({"Effect": "Permit", "Action": "s3:*", "Resource": "*"});
    let input = [
        line("s3:GetObject", &plain),
        String::new(),
        line("s3:PutObject", &plain),
        "{broken".to_owned(),
        line("s3:GetObject", &denied),
        line("s3:GetObject", &secure),
        line("s3:GetObject", &refused),
    ]
    .join("\n");
    let ran = simulate(&place, &input).code(0).says(&["line 4:"]);
    let answers = answers(&ran);
    let decisions: Vec<&str> =
        answers.iter().map(|answer| answer["decision"].as_str().unwrap_or("no request")).collect();
    let expected = ["allowed", "implicitly_denied", "no request", "explicitly_denied", "only_if", "unknown"];
    assert_eq!(decisions, expected);
    assert_eq!(answers[0]["id"], "s3:GetObject");
    assert_eq!(
        answers[0]["because"][0],
        json!({"layer": "identity_policies", "policy": "reader", "statement": 0, "sid": "Read", "effect": "Allow"})
    );
    assert_eq!(answers[1]["blocked_by"], json!(["identity_policies"]));
    assert_eq!(answers[2]["line"], 4);
    assert_eq!(answers[4]["missing_keys"], json!(["aws:SecureTransport"]));
    assert_eq!(answers[4]["conditions"][0]["operator"], "Bool");
    let fault = &answers[5]["faults"][0];
    assert_eq!(
        (&fault["policy"], &fault["statement"], &fault["member"]),
        (&json!("reader"), &json!(0), &json!("Effect"))
    );
    assert!(!place.data().exists(), "nothing is stored");
}

#[test]
fn nothing_but_broken_lines_fails() {
    let place = Place::new();
    let ran = simulate(&place, "{}\n[]\n").code(1).says(&[
        "line 1: request: is missing",
        "line 2:",
        "docs/iam-simulate.md",
    ]);
    assert_eq!(answers(&ran).len(), 2);
    simulate(&place, "").code(0);
    place.run(&["iam", "simulate", "nowhere.jsonl"]).code(1).says(&["cannot read nowhere.jsonl"]);
}

#[test]
fn a_line_that_is_too_long_costs_only_itself() {
    let place = Place::new();
    let plain = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let good = line("s3:GetObject", &plain);
    let input = format!("{{\"x\": \"{}\"}}\n{good}\n", "y".repeat(9 * 1024 * 1024));
    place.write("requests.jsonl", input);
    let ran = place.run(&["iam", "simulate", "requests.jsonl"]).code(0).says(&["line 1: has 8388610 bytes"]);
    assert_eq!(answers(&ran)[1]["decision"], "allowed");
}
