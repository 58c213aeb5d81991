//! From where policies let somebody in. What must come out follows from each policy and what AWS documents of its keys.

use std::collections::BTreeMap;

use fathom_access::{Origin, Permissions, Resource};
use fathom_iam::{
    Context,
    organisation::{Builder, Found, Target},
};
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const SISTER: &str = "222233334444";
const BUCKET: &str = "arn:aws:s3:::data";

/// Where a bucket with these statements lets somebody in from, with who that is.
fn let_in(statements: &Value) -> Vec<(Origin, String)> {
    let mut builder = Builder::default();
    for account in [HOME, SISTER] {
        builder.account(account);
    }
    let document = json!({"Policy": {"Version": "2012-10-17", "Statement": statements}});
    let kind = "AWS::S3::Bucket";
    builder.add(Found { kind, uid: BUCKET, account: HOME, document: &document, unread: &[] });
    let target = Target { arn: BUCKET.to_owned(), account: Some(HOME.to_owned()), seen: true };
    let resource = Resource { kind: kind.to_owned(), target };
    let permissions = Permissions::of(builder.build(), BTreeMap::from([(BUCKET.to_owned(), resource)]))
        .expect("a catalogue");
    let found = permissions.openings(&Origin::ALL, &Context::new()).expect("an answer");
    assert_eq!((found.resources, found.unknown.len()), (1, 0));
    found.rows.into_iter().map(|row| (row.from, row.asker.principal)).collect()
}

fn allow(principal: &Value, condition: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": format!("{BUCKET}/*"), "Condition": condition})
}

fn of(from: Origin, principal: &str) -> Vec<(Origin, String)> {
    vec![(from, principal.to_owned())]
}

#[test]
fn everyone_is_public_unless_a_condition_means_some() {
    let everyone = |condition: Value| let_in(&allow(&json!("*"), &condition));
    assert_eq!(everyone(json!({})), of(Origin::Public, "*"));
    assert_eq!(everyone(json!({"Bool": {"aws:SecureTransport": "true"}})), of(Origin::Public, "*"));
    assert_eq!(everyone(json!({"StringLike": {"aws:PrincipalArn": "*"}})), of(Origin::Public, "*"));
    assert_eq!(everyone(json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})), of(Origin::Confined, "*"));
    assert_eq!(everyone(json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})), of(Origin::Public, "*"));
    assert_eq!(
        everyone(json!({"StringEquals": {"aws:PrincipalOrgID": "o-elsewhere"}})),
        of(Origin::External, "*")
    );
    assert_eq!(everyone(json!({"StringEquals": {"aws:SourceAccount": HOME}})), []);
    assert_eq!(
        everyone(json!({"StringEquals": {"aws:SourceAccount": SISTER}})),
        of(Origin::CrossAccount, "*")
    );
    assert_eq!(
        everyone(json!({"StringEquals": {"aws:SourceAccount": [HOME, "999988887777"]}})),
        of(Origin::External, "*")
    );
}

#[test]
fn one_statement_that_means_all_is_enough() {
    let statements = json!([
        allow(&json!("*"), &json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
        allow(&json!("*"), &json!({"Bool": {"aws:SecureTransport": "true"}})),
    ]);
    assert_eq!(let_in(&statements), of(Origin::Public, "*"));
}

#[test]
fn whom_a_deny_means_is_not_who_is_let_in() {
    let mut deny = allow(&json!("*"), &json!({"StringEquals": {"aws:PrincipalOrgID": "o-elsewhere"}}));
    deny["Effect"] = json!("Deny");
    let statements =
        json!([allow(&json!("*"), &json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})), deny]);
    assert_eq!(let_in(&statements), of(Origin::Confined, "*"));
}

#[test]
fn who_is_named_comes_from_where_the_account_is() {
    let named = |principal: Value| let_in(&allow(&principal, &json!({})));
    assert_eq!(named(json!({"AWS": HOME})), []);
    assert_eq!(named(json!({"AWS": SISTER})), of(Origin::CrossAccount, SISTER));
    assert_eq!(named(json!({"AWS": "999988887777"})), of(Origin::External, "999988887777"));
    assert_eq!(
        named(json!({"AWS": "arn:aws:iam::999988887777:role/r"})),
        of(Origin::External, "arn:aws:iam::999988887777:role/r")
    );
    assert_eq!(
        named(json!({"Service": "logging.s3.amazonaws.com"})),
        of(Origin::Service, "logging.s3.amazonaws.com")
    );
}

#[test]
fn those_whom_nobody_has_named_come_first() {
    let mut builder = Builder::default();
    builder.account(HOME);
    let (known, unknown) = ("127311923021", "999988887777");
    let statements =
        json!([allow(&json!({"AWS": known}), &json!({})), allow(&json!({"AWS": unknown}), &json!({}))]);
    let document = json!({"Policy": {"Version": "2012-10-17", "Statement": statements}});
    let kind = "AWS::S3::Bucket";
    builder.add(Found { kind, uid: BUCKET, account: HOME, document: &document, unread: &[] });
    let target = Target { arn: BUCKET.to_owned(), account: Some(HOME.to_owned()), seen: true };
    let resource = Resource { kind: kind.to_owned(), target };
    let permissions = Permissions::of(builder.build(), BTreeMap::from([(BUCKET.to_owned(), resource)]))
        .expect("a catalogue");
    let mut found = permissions.openings(&Origin::ALL, &Context::new()).expect("an answer");
    found.name(fathom_content::Vendors::built_in().expect("vendors"));
    let told: Vec<_> = found.rows.iter().map(|row| (row.from_account.as_deref(), row.is_unnamed())).collect();
    assert_eq!(told, [(Some(unknown), true), (Some(known), false)]);
    let vendor = found.rows[1].vendor.as_ref().expect("a vendor");
    assert!(vendor.name.contains("Elastic Load Balancing (us-east-1)"), "{}", vendor.name);
}

/// Where a search domain with this policy lets somebody in from, with who that is.
fn let_in_to_search(policy: &Value) -> Vec<(Origin, String)> {
    const DOMAIN: &str = "arn:aws:es:eu-west-1:111122223333:domain/shop";
    let mut builder = Builder::default();
    builder.account(HOME);
    let kind = "AWS::OpenSearchService::Domain";
    let document = json!({"AccessPolicies": policy});
    builder.add(Found { kind, uid: DOMAIN, account: HOME, document: &document, unread: &[] });
    let target = Target { arn: DOMAIN.to_owned(), account: Some(HOME.to_owned()), seen: true };
    let resource = Resource { kind: kind.to_owned(), target };
    let permissions = Permissions::of(builder.build(), BTreeMap::from([(DOMAIN.to_owned(), resource)]))
        .expect("a catalogue");
    let found = permissions.openings(&Origin::ALL, &Context::new()).expect("an answer");
    assert!(found.gaps.is_empty(), "{:?}", found.gaps);
    found.rows.into_iter().map(|row| (row.from, row.asker.principal)).collect()
}

#[test]
fn a_policy_on_the_paths_of_a_search_domain_opens_it() {
    let on = |resource: &str| {
        let arn = format!("arn:aws:es:eu-west-1:111122223333:domain/{resource}");
        let statement =
            json!({"Effect": "Allow", "Principal": "*", "Action": "es:ESHttpGet", "Resource": arn});
        let_in_to_search(&json!({"Version": "2012-10-17", "Statement": [statement]}))
    };
    assert_eq!(on("shop/*"), of(Origin::Public, "*"));
    assert_eq!(on("shop"), of(Origin::Public, "*"));
    assert_eq!(on("shops/*"), []);
    // As the service tells of a domain without a policy.
    assert_eq!(let_in_to_search(&json!("")), []);
}
