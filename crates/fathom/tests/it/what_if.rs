//! `fathom what-if` on the sample. What must be there follows from the policies that are given.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::sample;

fn file(dir: &TempDir, policy: &Value) -> PathBuf {
    let path = dir.path().join("policy.json");
    fs::write(&path, policy.to_string()).expect("a file");
    path
}

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

#[test]
fn a_policy_that_gives_more_is_told_with_what_it_gives_and_nothing_is_changed() {
    let dir = TempDir::new().expect("a directory");
    let queue = "arn:aws:sqs:us-east-1:908249470583:payments-webhooks";
    let gives =
        json!({"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:SendMessage"], "Resource": queue});
    let path = file(&dir, &policy(&gives));
    let args = ["--json", "what-if", "--principal", "storefront-task", "--policy"];
    let ask = || sample().run(&[&args[..], &[path.to_str().expect("a path")]].concat()).code(3).json();
    let found = ask();
    // It may send already.
    assert_eq!((&found["gained"], &found["lost"], &found["principals"]), (&json!(1), &json!(0), &json!(1)));
    let row = &found["rows"][0];
    assert!(row["principal"].as_str().expect("who").ends_with(":role/storefront-task"));
    assert_eq!(
        (&row["effect"], &row["resource"], &row["actions"], &row["before"], &row["after"]),
        (
            &json!("gained"),
            &json!(queue),
            &json!(["sqs:ReceiveMessage"]),
            &json!("denied"),
            &json!("allowed")
        )
    );
    assert_eq!(ask(), found);
    let text = sample().run(&[
        "what-if",
        "--principal",
        "storefront-task",
        "--policy",
        path.to_str().expect("a path"),
    ]);
    let text = text.code(3).out;
    assert!(text.contains("GAINED") && text.contains("sqs:ReceiveMessage"), "{text}");
}

#[test]
fn without_its_policy_a_public_bucket_lets_in_nobody() {
    let found = sample()
        .run(&["--json", "what-if", "--remove", "--resource", "northwind-tmp-export-7731"])
        .ok()
        .json();
    let rows = found["rows"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["principal"] == "*" && row["effect"] == "lost"), "{found:#}");
    assert_eq!(found["gained"], 0);
}

#[test]
fn a_service_control_policy_takes_from_all_it_binds() {
    let dir = TempDir::new().expect("a directory");
    let denies = json!({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"});
    let path = file(&dir, &policy(&denies));
    let path = path.to_str().expect("a path");
    let found = sample()
        .run(&["--json", "what-if", "--scp", "p-new", "--at", "908249470583", "--policy", path])
        .ok()
        .json();
    let rows = found["rows"].as_array().expect("rows");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["effect"] == "lost"), "{found:#}");
    let of_service =
        |row: &Value| row["actions"][0].as_str().is_some_and(|action| action.starts_with("sqs:"));
    assert!(rows.iter().all(of_service));
    sample().run(&["what-if", "--scp", "p-new", "--policy", path]).code(1).says(&["p-new", "name a root"]);
}

#[test]
fn what_is_no_policy_or_of_nobody_is_refused_with_its_place() {
    let dir = TempDir::new().expect("a directory");
    let path = file(&dir, &policy(&json!({"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"})));
    let path = path.to_str().expect("a path");
    let ask = |args: &[&str]| sample().run(&[&["what-if", "--policy", path], args].concat());
    ask(&["--principal", "storefront-task"]).code(1).says(&["policy.json:1:", "Effect"]);
    ask(&[]).code(2);
    ask(&["--principal", "x", "--managed", "y"]).code(2);
    fs::write(path, policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})).to_string())
        .expect("a file");
    ask(&["--principal", "nobody-such"]).code(1).says(&["nobody-such"]);
    ask(&["--managed", "arn:aws:iam::1:policy/none"]).code(1).says(&["policy/none", "whole ARN"]);
}
