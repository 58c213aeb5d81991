//! Rules that policies must keep.

use fathom_compare::{Answer, Rule};
use fathom_iam::PolicyKind;
use serde_json::json;

use crate::judge::{identity, resource};

fn rule(never: &str, on: &[&str], only_if: &[(&str, &str)]) -> Rule {
    Rule {
        never: vec![never.to_owned()],
        on: on.iter().map(|one| (*one).to_owned()).collect(),
        only_if: only_if.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

#[test]
fn what_must_never_be_allowed() {
    let policies =
        identity(&json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}}));
    let ask = |rule: &Rule| rule.ask(PolicyKind::Identity, &policies).unwrap();
    let Answer::Wider(found) = ask(&rule("s3:Delete*", &["arn:aws:s3:::prod-*"], &[])) else {
        panic!("kept")
    };
    assert!(found.request.action.starts_with("s3:Delete"), "{found:?}");
    assert!(found.request.resource.starts_with("arn:aws:s3:::prod-"), "{found:?}");
    assert_eq!(ask(&rule("sqs:*", &[], &[])), Answer::NotWider);
    assert_eq!(ask(&rule("s3:*", &["arn:aws:sqs:*"], &[])), Answer::NotWider);
    assert!(rule("s3:*", &["prod"], &[]).ask(PolicyKind::Identity, &policies).is_err());
}

#[test]
fn what_is_allowed_only_if() {
    let with = |condition| {
        resource(&json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*", "Condition": condition}}))
    };
    let secure = rule("s3:*", &[], &[("aws:SecureTransport", "true")]);
    let ask = |condition| secure.ask(PolicyKind::Resource, &with(condition)).unwrap();
    assert_eq!(ask(json!({"Bool": {"aws:SecureTransport": "true"}})), Answer::NotWider);
    assert!(matches!(ask(json!({})), Answer::Wider(_)));
    assert!(matches!(ask(json!({"Bool": {"aws:SecureTransport": "false"}})), Answer::Wider(_)));
    let denied = resource(&json!({"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}));
    assert_eq!(secure.ask(PolicyKind::Resource, &denied).unwrap(), Answer::NotWider);
    let two = rule("s3:*", &[], &[("aws:SecureTransport", "true"), ("aws:PrincipalOrgID", "o-1")]);
    assert!(matches!(two.ask(PolicyKind::Resource, &denied).unwrap(), Answer::Wider(_)));
}
