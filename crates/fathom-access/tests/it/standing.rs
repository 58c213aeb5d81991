//! After another scan, permissions that were made of those before answer as those that are read anew.

use std::collections::BTreeMap;

use fathom_access::{Before, Standing};
use fathom_iam::{
    Context,
    organisation::{Builder, Target},
};
use fathom_model::{Coverage, Document, Outcome, Resource, ResourceType, Timestamp, Uid};
use fathom_store::{ScanResults, Store};
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const BUCKET: &str = "arn:aws:s3:::data";

fn now() -> Timestamp {
    "2027-01-31T00:00:00Z".parse().unwrap()
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{HOME}:{kind}/{name}")
}

fn policy(effect: &str, action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]})
}

fn inline(action: &str) -> Value {
    json!([{"PolicyName": "own", "PolicyDocument": policy("Allow", action, "*")}])
}

/// What a scan sees, by ARN: type and document.
type Seen = BTreeMap<String, (&'static str, Value)>;

fn estate() -> Seen {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"}]});
    let version = |document| json!([{"VersionId": "v1", "IsDefaultVersion": true, "Document": document}]);
    let mut seen = Seen::new();
    let mut add = |arn: String, kind, document| seen.insert(arn, (kind, document));
    for (name, action) in [("ann", "s3:GetObject"), ("bob", "sts:AssumeRole"), ("cid", "sqs:SendMessage")] {
        let document = json!({"UserName": name, "UserPolicyList": inline(action), "GroupList": ["ops"],
            "AttachedManagedPolicies": [{"PolicyName": "shared", "PolicyArn": arn("policy", "shared")}]});
        add(arn("user", name), "AWS::IAM::User", document);
    }
    let document = json!({"RoleName": "work", "RolePolicyList": inline("s3:*"), "AssumeRolePolicyDocument": trust,
        "AttachedManagedPolicies": []});
    add(arn("role", "work"), "AWS::IAM::Role", document);
    let document = json!({"GroupName": "ops", "GroupPolicyList": inline("s3:ListBucket"), "AttachedManagedPolicies": []});
    add(arn("group", "ops"), "AWS::IAM::Group", document);
    let document = json!({"PolicyName": "shared", "DefaultVersionId": "v1",
        "PolicyVersionList": version(policy("Allow", "dynamodb:GetItem", "*"))});
    add(arn("policy", "shared"), "AWS::IAM::ManagedPolicy", document);
    add(BUCKET.to_owned(), "AWS::S3::Bucket", json!({"Name": "data", "Policy": null}));
    add("arn:aws:sns:eu-west-1:111122223333:t".to_owned(), "AWS::SNS::Topic", json!({"TopicArn": "t"}));
    seen
}

/// Rows that say that everything was listed.
fn coverage() -> Vec<Coverage> {
    let kinds = Builder::kinds().chain(Builder::guarding()).chain(["AWS::IAM::AccessKey"]);
    let row = |kind: &str| Coverage {
        account: HOME.into(),
        region: "global".into(),
        service: "iam".to_owned(),
        operation: format!("List {kind}"),
        resource_type: Some(ResourceType::from(kind)),
        outcome: Outcome::Read,
        reason: None,
        permission: None,
        detail: None,
        calls: 1,
        items: 1,
        throttles: 0,
        failures: 0,
        millis: 1,
    };
    kinds.map(row).collect()
}

fn resource(kind: &'static str, arn: &str, document: &Value) -> Resource {
    Resource {
        uid: Uid::from(arn),
        kind: kind.into(),
        account: HOME.into(),
        region: "global".into(),
        id: arn.to_owned(),
        name: None,
        tags: [].into(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(document),
    }
}

async fn scan(store: &Store, seen: &Seen) -> i64 {
    let one = |(arn, (kind, document)): (&String, &(&'static str, Value))| resource(kind, arn, document);
    let resources: Vec<Resource> = seen.iter().map(one).collect();
    let scan = store.begin_scan("test", &[HOME.to_owned()], &["global".to_owned()], now()).await.unwrap();
    store.stage(scan, &resources).await.unwrap();
    let results = ScanResults { coverage: coverage(), ..ScanResults::default() };
    store.finish_scan(scan, results, now()).await.unwrap();
    scan
}

fn answers(standing: &Standing) -> Vec<String> {
    let index = &standing.permissions.index;
    let mut told = Vec::new();
    for (action, on) in [
        ("s3:GetObject", "arn:aws:s3:::data/x".to_owned()),
        ("s3:ListBucket", BUCKET.to_owned()),
        ("sts:AssumeRole", arn("role", "work")),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/t".to_owned()),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q".to_owned()),
    ] {
        let target = Target { arn: on, account: Some(HOME.to_owned()), seen: true };
        let decisions = index.decide(action, &target, &Context::new()).unwrap();
        let all = (0..index.principals() as u32).map(|one| (index.principal(one), decisions.of(one)));
        told.push(format!("{action}: {:?}", all.collect::<Vec<_>>()));
    }
    told
}

/// What stands after a scan, made of what stood before; it must be what is read anew.
async fn follow(store: &Store, before: &Standing, scans: (i64, i64)) -> Option<Standing> {
    let of =
        Before { permissions: &before.permissions, escalating: &before.escalating, basis: &before.basis };
    let made = of.after(store, scans, now()).await.unwrap()?;
    let fresh = Standing::load(store, now()).await.unwrap();
    assert_eq!(answers(&made), answers(&fresh));
    assert_eq!(made.permissions.resources, fresh.permissions.resources);
    assert_eq!(made.escalating.facts, fresh.escalating.facts);
    assert_eq!(made.permissions.index.statements(), fresh.permissions.index.statements());
    assert_eq!(made.basis, fresh.basis);
    Some(made)
}

#[tokio::test]
async fn what_a_scan_changed_is_followed_and_answers_as_what_is_read_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), "test.example/log", now()).await.unwrap();
    let mut seen = estate();
    let mut last = scan(&store, &seen).await;
    let mut standing = Standing::load(&store, now()).await.unwrap();
    let bucket = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::data/*"}]});
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": arn("user", "ann")}, "Action": "sts:AssumeRole"}]});
    let second =
        json!([{"VersionId": "v2", "IsDefaultVersion": true, "Document": policy("Allow", "sqs:*", "*")}]);
    let changes: [(String, &str, Value, bool); 9] = [
        (arn("user", "ann"), "UserPolicyList", inline("s3:ListBucket"), true),
        (arn("user", "bob"), "AttachedManagedPolicies", json!([]), true),
        (arn("user", "cid"), "UserPolicyList", json!([]), true),
        (arn("group", "ops"), "GroupPolicyList", inline("sqs:SendMessage"), true),
        (BUCKET.to_owned(), "Policy", bucket, true),
        (arn("role", "work"), "AssumeRolePolicyDocument", trust, true),
        (arn("role", "work"), "Description", json!("says nothing"), false),
        (
            arn("role", "work"),
            "PermissionsBoundary",
            json!({"PermissionsBoundaryArn": arn("policy", "shared")}),
            true,
        ),
        (arn("user", "ann"), "Path", json!("/"), false),
    ];
    for (arn, member, value, has_say) in changes {
        seen.get_mut(&arn).unwrap().1[member] = value;
        let next = scan(&store, &seen).await;
        let before = answers(&standing);
        let made = follow(&store, &standing, (last, next)).await;
        if member == "Path" {
            assert!(made.is_none(), "what is no policy is read anew");
            standing = Standing::load(&store, now()).await.unwrap();
        } else {
            standing = made.unwrap_or_else(|| panic!("{arn}: {member} was not followed"));
            assert_eq!(answers(&standing) != before, has_say, "{arn}: {member}");
        }
        last = next;
    }
    // Several at once, over two scans, with something that came beside them.
    let shared = seen.get_mut(&arn("policy", "shared")).unwrap();
    (shared.1["PolicyVersionList"], shared.1["DefaultVersionId"]) = (second, json!("v2"));
    scan(&store, &seen).await;
    seen.get_mut(&arn("user", "bob")).unwrap().1["UserPolicyList"] = inline("dynamodb:*");
    seen.insert(
        "arn:aws:ec2:eu-west-1:111122223333:vpc/v".to_owned(),
        ("AWS::EC2::VPC", json!({"VpcId": "v"})),
    );
    let next = scan(&store, &seen).await;
    let before = answers(&standing);
    standing = follow(&store, &standing, (last, next)).await.expect("followed");
    assert_ne!(answers(&standing), before);

    // Somebody who came, and somebody who is gone, are known to no index that was made of the one before.
    let document = json!({"UserName": "dan", "UserPolicyList": inline("s3:*")});
    seen.insert(arn("user", "dan"), ("AWS::IAM::User", document));
    let came = scan(&store, &seen).await;
    assert!(follow(&store, &standing, (next, came)).await.is_none(), "a user came");
    store.close().await.unwrap();
}

#[tokio::test]
#[ignore = "prints times, proves little"]
async fn how_long_it_takes_in_a_large_organisation() {
    let principals =
        std::env::var("FATHOM_PRINCIPALS").ok().and_then(|text| text.parse().ok()).unwrap_or(3_000);
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), "test.example/log", now()).await.unwrap();
    let mut seen = estate();
    for number in 0..principals {
        let user = arn("user", &number.to_string());
        let own = inline(if number % 2 == 0 { "s3:Get*" } else { "sqs:*" });
        let document = json!({"UserName": number.to_string(), "UserPolicyList": own, "GroupList": ["ops"],
            "AttachedManagedPolicies": [{"PolicyName": "shared", "PolicyArn": arn("policy", "shared")}]});
        let bucket = format!("arn:aws:s3:::bucket-{number}");
        let open = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "s3:*", "Resource": bucket}]});
        seen.insert(user, ("AWS::IAM::User", document));
        seen.insert(bucket, ("AWS::S3::Bucket", json!({"Name": number, "Policy": open})));
    }
    let first = scan(&store, &seen).await;
    let begun = std::time::Instant::now();
    let standing = Standing::load(&store, now()).await.unwrap();
    println!("{principals} principals read anew: {:.2} s", begun.elapsed().as_secs_f64());
    // One user's own policy is another.
    seen.get_mut(&arn("user", "0")).unwrap().1["UserPolicyList"] = inline("s3:*");
    let second = scan(&store, &seen).await;
    let of = Before {
        permissions: &standing.permissions,
        escalating: &standing.escalating,
        basis: &standing.basis,
    };
    let begun = std::time::Instant::now();
    let made = of.after(&store, (first, second), now()).await.unwrap();
    println!("one policy changed, followed: {:.2} s", begun.elapsed().as_secs_f64());
    assert!(made.is_some(), "a changed policy is followed");
    store.close().await.unwrap();
}
