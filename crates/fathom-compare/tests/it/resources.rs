//! Policies of resources: who is named, and who is outside.

use fathom_compare::{Answer, Relation, Scope, compare, outsider};
use fathom_iam::PolicyKind;
use serde_json::{Value, json};

use crate::judge::{self, resource};

fn policy(principal: Value, condition: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*", "Condition": condition}]})
}

fn plain(principal: Value) -> Value {
    policy(principal, json!({}))
}

#[track_caller]
fn relation(old: &Value, new: &Value) -> Relation {
    let (old, new) = (resource(old), resource(new));
    let compared = compare(PolicyKind::Resource, &old, &new);
    if let Answer::Wider(_) = &compared.more {
        judge::wider(PolicyKind::Resource, compared.more.clone(), &old, &new);
    }
    if let Answer::Wider(_) = &compared.less {
        judge::wider(PolicyKind::Resource, compared.less.clone(), &new, &old);
    }
    compared.relation
}

fn outside(accounts: &[&str], organisations: &[&str]) -> Scope {
    Scope::Outside {
        accounts: accounts.iter().map(|one| (*one).to_owned()).collect(),
        organisations: organisations.iter().map(|one| (*one).to_owned()).collect(),
    }
}

#[test]
fn principals() {
    let account = plain(json!({"AWS": "111122223333"}));
    let same = plain(json!({"AWS": "arn:aws:iam::111122223333:root"}));
    let user = plain(json!({"AWS": "arn:aws:iam::111122223333:user/ann"}));
    let role = plain(json!({"AWS": "arn:aws:iam::111122223333:role/team/worker"}));
    assert_eq!(relation(&account, &same), Relation::Equal);
    assert_eq!(relation(&account, &user), Relation::Narrower);
    assert_eq!(relation(&user, &role), Relation::Different);
    assert_eq!(relation(&account, &plain(json!("*"))), Relation::Wider);
    assert_eq!(relation(&plain(json!({"AWS": "*"})), &plain(json!("*"))), Relation::Equal);
    let session = plain(json!({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/i-1"}));
    assert_eq!(relation(&role, &session), Relation::Narrower);
    let service = plain(json!({"Service": "lambda.amazonaws.com"}));
    assert_eq!(relation(&account, &service), Relation::Different);
    assert_eq!(relation(&plain(json!({"Service": "*"})), &service), Relation::Narrower);
    // A token of a user has the user's rights and is no user.
    let no_token = policy(
        json!({"AWS": "arn:aws:iam::111122223333:user/ann"}),
        json!({"StringEquals": {"aws:PrincipalType": "User"}}),
    );
    assert_eq!(relation(&no_token, &user), Relation::Wider);
    let named_with_path = policy(
        json!({"AWS": "arn:aws:sts::111122223333:assumed-role/worker/i-1"}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"}}),
    );
    assert_eq!(relation(&named_with_path, &session), Relation::Wider);
    assert_eq!(relation(&plain(json!({"AWS": "444455556666"})), &named_with_path), Relation::Different);
    let star_of = policy(json!("*"), json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}));
    assert_eq!(relation(&account, &star_of), Relation::Equal);
    let arns = policy(
        json!({"AWS": "111122223333"}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
    );
    assert_eq!(relation(&account, &arns), Relation::Narrower);
    assert_eq!(relation(&arns, &role), Relation::Narrower);
}

#[test]
fn whoever_is_not_named() {
    let deny = |principal: Value| {
        json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "NotPrincipal": principal, "Action": "*", "Resource": "*"}]})
    };
    let ann = deny(json!({"AWS": ["111122223333", "arn:aws:iam::111122223333:user/ann"]}));
    let both = deny(
        json!({"AWS": ["111122223333", "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/bob"]}),
    );
    assert_eq!(relation(&ann, &both), Relation::Wider);
    assert_eq!(relation(&both, &ann), Relation::Narrower);
    let service = deny(json!({"Service": "s3.amazonaws.com"}));
    assert_eq!(relation(&ann, &service), Relation::Different);
}

#[test]
fn trust() {
    let trust = |principal: Value, action: &str, condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition}]})
    };
    let provider = json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/token.example.com"});
    let one = trust(
        provider.clone(),
        "sts:AssumeRoleWithWebIdentity",
        json!({"StringEquals": {"token.example.com:sub": "repo:octo/app:ref:refs/heads/main"}}),
    );
    let any = trust(
        provider.clone(),
        "sts:AssumeRoleWithWebIdentity",
        json!({"StringLike": {"token.example.com:sub": "repo:octo/*"}}),
    );
    assert_eq!(relation(&one, &any), Relation::Wider);
    // Whom an identity provider vouches for asks for nothing else.
    assert_eq!(
        relation(
            &any,
            &trust(
                provider,
                "sts:AssumeRole*",
                json!({"StringLike": {"token.example.com:sub": "repo:octo/*"}})
            )
        ),
        Relation::Equal
    );
}

#[test]
fn outsiders() {
    let mine = outside(&["111122223333"], &["o-mine111111"]);
    let ask = |policy: &Value| outsider(&resource(policy), &mine);
    assert_eq!(ask(&plain(json!({"AWS": "111122223333"}))), Answer::NotWider);
    assert_eq!(ask(&plain(json!({"Service": "cloudtrail.amazonaws.com"}))), Answer::NotWider);
    let found = |policy: &Value| judge::wider(PolicyKind::Resource, ask(policy), &[], &resource(policy));
    assert_eq!(
        found(&plain(json!({"AWS": "444455556666"})))
            .request
            .principal
            .as_deref()
            .map(|arn| arn.contains("444455556666")),
        Some(true)
    );
    found(&plain(json!("*")));
    let organisation = |id: &str| policy(json!("*"), json!({"StringEquals": {"aws:PrincipalOrgID": id}}));
    assert_eq!(ask(&organisation("o-mine111111")), Answer::NotWider);
    found(&organisation("o-other22222"));
    found(&policy(json!("*"), json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}})));
    // Whoever is in no organisation has no such key.
    found(&policy(json!("*"), json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-mine111111"}})));
    assert_eq!(
        ask(&policy(json!("*"), json!({"StringEquals": {"aws:SourceAccount": "111122223333"}}))),
        Answer::NotWider
    );
    assert_eq!(
        ask(&policy(json!("*"), json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}))),
        Answer::NotWider
    );
    assert_eq!(
        ask(&policy(json!("*"), json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}))),
        Answer::NotWider
    );
    found(&policy(json!("*"), json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}})));
    let denied = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-mine111111"}}}]});
    assert_eq!(ask(&denied), Answer::NotWider);
}
