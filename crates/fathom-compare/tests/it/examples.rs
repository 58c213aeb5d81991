//! Policies of identities, as people change them.

use fathom_compare::{Answer, Counterexample, Relation, compare, wider};
use fathom_iam::PolicyKind;
use serde_json::{Value, json};

use crate::judge::{self, identity};

fn allow(action: Value, resource: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})
}

fn with(condition: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}]})
}

#[track_caller]
fn relation(old: &Value, new: &Value) -> Relation {
    let (old, new) = (identity(old), identity(new));
    let compared = compare(PolicyKind::Identity, &old, &new);
    if let Answer::Wider(_) = &compared.more {
        judge::wider(PolicyKind::Identity, compared.more.clone(), &old, &new);
    }
    if let Answer::Wider(_) = &compared.less {
        judge::wider(PolicyKind::Identity, compared.less.clone(), &new, &old);
    }
    compared.relation
}

#[track_caller]
fn found(old: &Value, new: &Value) -> Counterexample {
    let (old, new) = (identity(old), identity(new));
    judge::wider(PolicyKind::Identity, wider(PolicyKind::Identity, &old, &new), &old, &new)
}

#[test]
fn actions_and_resources() {
    let get = allow(json!("s3:GetObject"), json!("arn:aws:s3:::prod-a/*"));
    assert_eq!(relation(&get, &get), Relation::Equal);
    let any_case = allow(json!("S3:getobject"), json!("arn:aws:s3:::prod-a/*"));
    assert_eq!(relation(&get, &any_case), Relation::Equal);
    let all_get = allow(json!("s3:Get*"), json!("arn:aws:s3:::prod-a/*"));
    assert_eq!(relation(&get, &all_get), Relation::Wider);
    assert_eq!(relation(&all_get, &get), Relation::Narrower);
    let elsewhere = allow(json!("s3:GetObject"), json!("arn:aws:s3:::prod-b/*"));
    assert_eq!(relation(&get, &elsewhere), Relation::Different);
    // Together the parts are the whole, and a pattern within another adds nothing.
    let parts =
        allow(json!(["s3:GetObject", "s3:Get*"]), json!(["arn:aws:s3:::prod-a/*", "arn:aws:s3:::prod-a/x?"]));
    assert_eq!(relation(&all_get, &parts), Relation::Equal);
    assert_eq!(relation(&allow(json!("*"), json!("*")), &allow(json!("*:*"), json!("*"))), Relation::Equal);
    assert_eq!(
        relation(&allow(json!("*"), json!("*")), &allow(json!("*"), json!("arn:aws:*"))),
        Relation::Narrower
    );
}

#[test]
fn the_request_is_one_that_people_recognise() {
    let old = allow(json!("s3:GetObject"), json!("arn:aws:s3:::prod-a/*"));
    let found = found(&old, &allow(json!("s3:*Object"), json!("arn:aws:s3:::prod-a/*")));
    assert_eq!(found.request.action, "s3:PutObject");
    assert_eq!(found.request.resource, "arn:aws:s3:::prod-a/example");
    assert_eq!(found.request.principal, None);
    assert_eq!(found.allowed_by.first().unwrap().statement, Some(0));
}

#[test]
fn denies_are_taken_away_and_put_in() {
    let all = allow(json!("s3:*"), json!("*"));
    let but = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Sid": "Keep", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::prod-*"}]});
    assert_eq!(relation(&all, &but), Relation::Narrower);
    let found = found(&but, &all);
    assert!(found.request.action.starts_with("s3:Delete"), "{found:?}");
    let fathom_compare::Refusal::Denied { by } = &found.refused else { panic!("{found:?}") };
    assert_eq!(by.first().unwrap().sid.as_deref(), Some("Keep"));
    // What is not allowed in the first place need not be denied.
    let less = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::prod-*"},
        {"Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "arn:aws:s3:::prod-*"},
        {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}]});
    assert_eq!(relation(&but, &less), Relation::Equal);
}

#[test]
fn conditions_on_texts() {
    let team = |values: Value| with(json!({"StringLike": {"aws:PrincipalTag/team": values}}));
    assert_eq!(relation(&team(json!("a*")), &team(json!(["ab*", "ac*"]))), Relation::Narrower);
    assert_eq!(relation(&team(json!("a*")), &team(json!(["a", "a?*"]))), Relation::Equal);
    assert_eq!(
        relation(&team(json!("*")), &with(json!({"Null": {"aws:PrincipalTag/team": "false"}}))),
        Relation::Narrower
    );
    let equals = with(json!({"StringEquals": {"aws:PrincipalTag/team": "ab"}}));
    let any_case = with(json!({"StringEqualsIgnoreCase": {"aws:principaltag/TEAM": "AB"}}));
    assert_eq!(relation(&equals, &any_case), Relation::Wider);
    // A key that is not there satisfies what is negated, and what asks only if it is.
    let not = with(json!({"StringNotEquals": {"aws:PrincipalTag/team": "ab"}}));
    let not_there = with(
        json!({"StringNotEquals": {"aws:PrincipalTag/team": "ab"}, "Null": {"aws:PrincipalTag/team": "false"}}),
    );
    assert_eq!(relation(&not, &not_there), Relation::Narrower);
    let if_exists = with(json!({"StringEqualsIfExists": {"aws:PrincipalTag/team": "ab"}}));
    assert_eq!(relation(&equals, &if_exists), Relation::Wider);
    assert_eq!(found(&equals, &if_exists).request.context.get("aws:PrincipalTag/team"), Some(&None));
}

#[test]
fn conditions_on_addresses_numbers_and_times() {
    let from = |ranges: Value| with(json!({"IpAddress": {"aws:SourceIp": ranges}}));
    let halves = from(json!(["203.0.113.0/25", "203.0.113.128/25"]));
    assert_eq!(relation(&from(json!("203.0.113.0/24")), &halves), Relation::Equal);
    assert_eq!(relation(&halves, &from(json!("203.0.112.0/23"))), Relation::Wider);
    assert_eq!(relation(&from(json!("2001:db8::/32")), &from(json!("::/0"))), Relation::Wider);
    assert_eq!(
        relation(&from(json!(["0.0.0.0/0", "::/0"])), &with(json!({"Null": {"aws:SourceIp": "false"}}))),
        Relation::Equal
    );
    let age = |operator: &str, value: &str| with(json!({operator: {"aws:MultiFactorAuthAge": value}}));
    assert_eq!(relation(&age("NumericLessThan", "300"), &age("NumericLessThan", "301")), Relation::Wider);
    assert_eq!(
        relation(&age("NumericLessThanEquals", "300"), &age("NumericLessThan", "300")),
        Relation::Narrower
    );
    let until = |text: &str| with(json!({"DateLessThan": {"aws:CurrentTime": text}}));
    assert_eq!(
        relation(&until("2026-01-01T00:00:00Z"), &until("2026-01-01T01:00:00+01:00")),
        Relation::Equal
    );
    assert_eq!(relation(&until("2026-01-01"), &until("2027-01-01")), Relation::Wider);
    let secure = with(json!({"Bool": {"aws:SecureTransport": "true"}}));
    let not_insecure = with(json!({"BoolIfExists": {"aws:SecureTransport": "TRUE"}}));
    // Every request has this key.
    assert_eq!(relation(&secure, &not_insecure), Relation::Equal);
    assert_eq!(
        relation(&secure, &with(json!({"StringNotEquals": {"aws:SecureTransport": "false"}}))),
        Relation::Equal
    );
}

#[test]
fn keys_with_many_values() {
    let tags = |operator: &str, values: Value| with(json!({operator: {"aws:TagKeys": values}}));
    assert_eq!(
        relation(
            &tags("ForAllValues:StringEquals", json!(["a", "b"])),
            &tags("ForAllValues:StringEquals", json!(["a"]))
        ),
        Relation::Narrower
    );
    // One of the values against all of them: neither is within the other, for a request may have none.
    assert_eq!(
        relation(
            &tags("ForAnyValue:StringEquals", json!(["a"])),
            &tags("ForAllValues:StringEquals", json!(["a"]))
        ),
        Relation::Different
    );
    let both = with(
        json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}, "ForAnyValue:StringLike": {"aws:TagKeys": "b"}}),
    );
    let found = found(&with(json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}})), &both);
    assert_eq!(found.request.context["aws:TagKeys"].as_ref().unwrap().len(), 2);
}

#[test]
fn variables_are_proved_where_they_stay_and_shown_where_they_do_not() {
    let home = |resource: Value| allow(json!("s3:*"), resource);
    let own = home(json!("arn:aws:s3:::home/${aws:username}/*"));
    assert_eq!(relation(&own, &own), Relation::Equal);
    assert_eq!(
        relation(&own, &allow(json!("s3:GetObject"), json!("arn:aws:s3:::home/${aws:username}/*"))),
        Relation::Narrower
    );
    assert_eq!(relation(&home(json!("arn:aws:s3:::home/*")), &own), Relation::Narrower);
    let shown = found(&own, &home(json!("arn:aws:s3:::home/*")));
    assert!(shown.request.context.contains_key("aws:username"), "{shown:?}");
    let other = home(json!("arn:aws:s3:::home/${aws:PrincipalTag/team}/*"));
    assert_eq!(relation(&own, &other), Relation::Different);
    // In the old language it is no variable.
    let mut literal = own.clone();
    literal["Version"] = json!("2008-10-17");
    assert_ne!(relation(&own, &literal), Relation::Equal);
    let tagged = |value: &str| with(json!({"StringEquals": {"aws:ResourceTag/team": value}}));
    assert_eq!(
        relation(&tagged("${aws:PrincipalTag/team}"), &tagged("${aws:PrincipalTag/team}")),
        Relation::Equal
    );
    assert_eq!(relation(&tagged("${aws:PrincipalTag/team}"), &tagged("red")), Relation::Different);
}

#[test]
fn who_asks_has_all_of_its_keys_at_once() {
    let account = with(json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}));
    let arns = |pattern: &str| with(json!({"ArnLike": {"aws:PrincipalArn": pattern}}));
    // No caller has an ARN of one account and is of another.
    assert_eq!(relation(&account, &arns("arn:aws:iam::111122223333:role/*")), Relation::Narrower);
    assert_eq!(
        relation(&arns("arn:aws:iam::*:role/team/*"), &arns("arn:aws:iam::*:role/*")),
        Relation::Wider
    );
    let user = with(json!({"StringEquals": {"aws:username": "ann"}}));
    assert_eq!(relation(&user, &with(json!({"StringLike": {"aws:username": "a*"}}))), Relation::Wider);
    assert_eq!(
        relation(&with(json!({"StringEquals": {"aws:PrincipalType": "User"}})), &user),
        Relation::Narrower
    );
}

#[test]
fn the_owner_of_a_resource_is_the_one_its_arn_names() {
    let queue =
        |account: &str| allow(json!("sqs:SendMessage"), json!(format!("arn:aws:sqs:eu-west-1:{account}:*")));
    let owned = |resource: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
        "Resource": resource, "Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}}]})
    };
    assert_eq!(
        relation(&queue("111122223333"), &owned("arn:aws:sqs:eu-west-1:111122223333:*")),
        Relation::Equal
    );
    assert_eq!(relation(&queue("*"), &owned("arn:aws:sqs:eu-west-1:*:*")), Relation::Narrower);
    assert_eq!(relation(&owned("*"), &queue("111122223333")), Relation::Narrower);
    // The ARN of a bucket names nobody.
    assert_eq!(
        relation(&allow(json!("sqs:SendMessage"), json!("arn:aws:s3:::b")), &owned("arn:aws:s3:::b")),
        Relation::Narrower
    );
}

#[test]
fn sets_of_policies_are_compared_as_one() {
    let whole = identity(&allow(json!("s3:*"), json!("*")));
    let mut parts = identity(&allow(json!("s3:Get*"), json!("*")));
    parts.extend(identity(
        &json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "NotResource": []}})
            .as_object()
            .map(|_| json!({"Statement": {"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}}))
            .unwrap(),
    ));
    assert_eq!(compare(PolicyKind::Identity, &whole, &parts).relation, Relation::Wider);
    assert_eq!(compare(PolicyKind::Identity, &parts, &whole).relation, Relation::Narrower);
    assert_eq!(compare(PolicyKind::Identity, &[], &whole).relation, Relation::Wider);
    assert_eq!(compare(PolicyKind::Identity, &[], &[]).relation, Relation::Equal);
}

#[test]
fn beyond_a_limit_the_answer_says_so() {
    // The characters that are ten before the end have to be kept in mind: 2^n states.
    let pattern = |letter: char| format!("*{letter}{}", "?".repeat(18));
    let old = identity(&allow(json!("s3:*"), json!(format!("arn:aws:s3:::{}", pattern('a')))));
    let new = identity(&allow(json!("s3:*"), json!(format!("arn:aws:s3:::{}", pattern('b')))));
    let Answer::Unknown { because } = wider(PolicyKind::Identity, &old, &new) else { panic!("decided") };
    assert!(
        because.iter().any(|reason| reason.contains("resources") && reason.contains("states")),
        "{because:?}"
    );
}
