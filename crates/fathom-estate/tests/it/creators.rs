//! Who made a resource: which event is believed, and who is behind it.

use fathom_content::Content;
use fathom_estate::activity::{Creators, EventError, NoCreator, Skipped, TrailEvent, WhoKind, read};
use fathom_model::{Action, Document, Resource, Timestamp};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

fn content() -> Content {
    Content::embedded().expect("the content that ships")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[expect(clippy::needless_pass_by_value, reason = "so that calls read as the record they make")]
fn event(id: &str, at: &str, source: &str, name: &str, request: Value, response: Value, who: Value) -> Value {
    json!({
        "eventID": id, "eventTime": at, "eventSource": format!("{source}.amazonaws.com"), "eventName": name,
        "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT, "readOnly": name.starts_with("Assume"),
        "userIdentity": who, "requestParameters": request, "responseElements": response,
        "sourceIPAddress": "203.0.113.4", "userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.9 aws-sdk-go-v2",
    })
}

fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}"), "accountId": ACCOUNT, "accessKeyId": "AKIA1"})
}

fn role(path: &str, session: &str, key: &str) -> Value {
    let name = path.rsplit('/').next().unwrap_or(path);
    json!({
        "type": "AssumedRole", "accountId": ACCOUNT, "accessKeyId": key, "principalId": format!("AROA{name}:{session}"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"),
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/{path}")},
            "attributes": {"creationDate": "2026-01-02T03:00:00Z"},
        },
    })
}

fn assume(id: &str, operation: &str, caller: Value, key: &str, session_id: &str) -> Value {
    let response = json!({"credentials": {"accessKeyId": key, "sessionToken": "PLANTED"}, "assumedRoleUser": {"assumedRoleId": session_id}});
    event(id, "2026-01-02T03:00:00Z", "sts", operation, json!({}), response, caller)
}

fn resource(kind: &str, id: &str, uid: &str, region: &str, created: Option<&str>) -> Resource {
    Resource {
        uid: uid.into(),
        kind: kind.into(),
        account: ACCOUNT.into(),
        region: region.into(),
        id: id.to_owned(),
        name: Some(id.to_owned()),
        tags: std::collections::BTreeMap::new(),
        created_at: created.map(time),
        provider_made: false,
        exposed: false,
        document: Document::new(&Value::Null),
    }
}

fn bucket(created: Option<&str>) -> Resource {
    resource("AWS::S3::Bucket", "logs", "arn:aws:s3:::logs", "us-east-1", created)
}

fn role_resource(created: &str) -> Resource {
    resource("AWS::IAM::Role", "app", &format!("arn:aws:iam::{ACCOUNT}:role/app"), "global", Some(created))
}

fn creators<'c>(content: &'c Content, records: &[Value]) -> Creators<'c> {
    let mut creators = Creators::new(content);
    let mut trail = fathom_estate::activity::Trail::default();
    for record in records {
        let event = TrailEvent::of(record).expect("an event");
        let reading = read(&event, &content.activity, "log.json#1");
        trail.add(&event, reading);
    }
    trail.spans().cloned().for_each(|span| creators.span(span));
    trail.sessions().cloned().for_each(|session| creators.session(session));
    trail.activities().cloned().for_each(|activity| creators.add(activity));
    creators
}

fn made(id: &str, at: &str, who: Value) -> Value {
    event(id, at, "iam", "CreateRole", json!({"roleName": "app"}), Value::Null, who)
}

#[test]
fn a_creation_that_fits_is_told_with_its_proof() {
    let content = content();
    let creators = creators(&content, &[made("e1", "2026-01-02T03:04:05Z", user("alice"))]);
    let statement = creators.statement(&role_resource("2026-01-02T03:04:05Z")).expect("a creator");
    assert_eq!(statement.value, format!("arn:aws:iam::{ACCOUNT}:user/alice"));
    assert_eq!(statement.as_of, time("2026-01-02T03:04:05Z"));
    assert_eq!(
        statement.origin,
        "(Terraform), iam:CreateRole at 2026-01-02T03:04:05Z from 203.0.113.4, event e1 in log.json#1"
    );
}

#[test]
fn names_that_are_used_again_do_not_mislead() {
    let content = content();
    let old = made("e1", "2025-01-01T00:00:00Z", user("alice"));
    let new = made("e3", "2026-01-01T00:00:00Z", user("bob"));
    let end = event(
        "e2",
        "2025-06-01T00:00:00Z",
        "iam",
        "DeleteRole",
        json!({"roleName": "app"}),
        Value::Null,
        user("eve"),
    );
    let who = |records: &[Value], created: &str| {
        creators(&content, records).creation(&role_resource(created)).map(|creation| creation.event)
    };
    let all = [old.clone(), end.clone(), new.clone()];
    assert_eq!(who(&all, "2026-01-01T00:00:01Z"), Ok("e3".to_owned()));
    // Read before it was removed.
    assert_eq!(who(&all, "2025-01-01T00:00:00Z"), Ok("e1".to_owned()));
    // The one that is there was made when the log has no creation: somebody made it again unseen.
    assert!(matches!(who(&[old, end], "2026-03-01T00:00:00Z"), Err(NoCreator::AnotherOfThatName { .. })));
    assert!(matches!(who(&[new], "2025-12-01T00:00:00Z"), Err(NoCreator::AnotherOfThatName { .. })));
}

/// The provider's time may be up to two days after the event, but not when what the event made was removed meanwhile.
#[test]
fn what_was_removed_before_is_not_what_is_there() {
    let content = content();
    let table = |id: &str, at: &str, name: &str, who: &str| {
        event(id, at, "dynamodb", name, json!({"tableName": "orders"}), Value::Null, user(who))
    };
    let there = resource(
        "AWS::DynamoDB::Table",
        "orders",
        &format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"),
        "us-east-1",
        Some("2026-01-03T09:00:00Z"),
    );
    let made = table("e1", "2026-01-02T10:00:00Z", "CreateTable", "alice");
    let gone = table("e2", "2026-01-02T11:00:00Z", "DeleteTable", "alice");
    let again = table("e3", "2026-01-03T08:59:00Z", "CreateTable", "bob");
    let later = table("e4", "2026-01-04T00:00:00Z", "DeleteTable", "bob");
    let of = |records: &[Value]| creators(&content, records).creation(&there).map(|creation| creation.event);
    assert_eq!(of(std::slice::from_ref(&made)), Ok("e1".to_owned()));
    assert!(matches!(of(&[made.clone(), gone.clone()]), Err(NoCreator::AnotherOfThatName { .. })));
    assert_eq!(of(&[made.clone(), gone, again.clone()]), Ok("e3".to_owned()));
    // Read before it was removed.
    assert_eq!(of(&[made, again, later]), Ok("e3".to_owned()));
}

#[test]
fn what_the_log_cannot_tell_stays_unknown_with_the_reason() {
    let content = content();
    let other = event(
        "e1",
        "2026-01-01T00:00:00Z",
        "s3",
        "PutBucketPolicy",
        json!({"bucketName": "x"}),
        Value::Null,
        user("a"),
    );
    let log = creators(&content, std::slice::from_ref(&other));
    assert!(matches!(
        log.creation(&bucket(Some("2024-05-01T00:00:00Z"))),
        Err(NoCreator::OlderThanLog { created, .. }) if created == time("2024-05-01T00:00:00Z")
    ));
    assert!(matches!(log.creation(&bucket(Some("2026-02-01T00:00:00Z"))), Err(NoCreator::NotInLog { .. })));
    assert_eq!(creators(&content, &[]).creation(&bucket(None)), Err(NoCreator::NoLog));
    // A rule that is put may have been there before.
    let rule = resource(
        "AWS::Events::Rule",
        "r",
        &format!("arn:aws:events:us-east-1:{ACCOUNT}:rule/r"),
        "us-east-1",
        None,
    );
    let put =
        |id: &str, at: &str| event(id, at, "events", "PutRule", json!({"name": "r"}), Value::Null, user("a"));
    let gone = event(
        "e5",
        "2026-01-03T00:00:00Z",
        "events",
        "DeleteRule",
        json!({"name": "r"}),
        Value::Null,
        user("a"),
    );
    let first = put("e4", "2026-01-02T00:00:00Z");
    assert!(matches!(
        creators(&content, std::slice::from_ref(&first)).creation(&rule),
        Err(NoCreator::MayBeOlder { .. })
    ));
    // After it was removed it certainly was not there.
    let again = creators(
        &content,
        &[first, gone, put("e6", "2026-01-04T00:00:00Z"), put("e7", "2026-01-05T00:00:00Z")],
    );
    assert_eq!(again.creation(&rule).map(|creation| creation.event), Ok("e6".to_owned()));
}

#[test]
fn another_account_region_or_type_is_somebody_else() {
    let content = content();
    let queue = |name: &str| format!("https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}");
    let group = event(
        "e1",
        "2026-01-01T00:00:00Z",
        "logs",
        "CreateLogGroup",
        json!({"logGroupName": "app"}),
        Value::Null,
        user("a"),
    );
    let log = creators(&content, &[group]);
    let of = |kind: &str, region: &str, account: &str| {
        let mut one = resource(kind, "app", &queue("app"), region, Some("2026-01-01T00:00:00Z"));
        one.account = account.into();
        log.creation(&one).is_ok()
    };
    assert!(of("AWS::Logs::LogGroup", "us-east-1", ACCOUNT));
    assert!(!of("AWS::Logs::LogGroup", "eu-west-1", ACCOUNT));
    assert!(!of("AWS::Logs::LogGroup", "us-east-1", "999988887777"));
    assert!(!of("AWS::ECR::Repository", "us-east-1", ACCOUNT));
}

#[test]
fn behind_a_role_stands_whoever_took_it() {
    let content = content();
    let who = |records: &[Value]| {
        let mut all = vec![made("e9", "2026-01-02T03:04:05Z", records[0].clone())];
        all.extend_from_slice(&records[1..]);
        creators(&content, &all).creation(&role_resource("2026-01-02T03:04:05Z")).expect("a creation").who
    };
    // A person of the identity centre, by the path that only the centre can use.
    let sso =
        who(&[role("aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1", "alice@example.com", "ASIA1")]);
    assert_eq!((sso.name.as_str(), sso.kind), ("alice@example.com", WhoKind::Person));
    assert_eq!(sso.sentence(), "alice@example.com through role AWSReservedSSO_Admin_1 (Terraform)");
    // A role somebody only named so is none.
    let fake = who(&[role("AWSReservedSSO_Admin_1", "alice@example.com", "ASIA1")]);
    assert_eq!(fake.kind, WhoKind::Role);
    assert!(fake.name.contains("(session alice@example.com)"), "{}", fake.name);

    // Through two roles, joined by the access keys.
    let chain = who(&[
        role("second", "s", "ASIA2"),
        assume("a1", "AssumeRole", user("bob"), "ASIA1", "AROAfirst:s"),
        assume("a2", "AssumeRole", role("first", "s", "ASIA1"), "ASIA2", "AROAsecond:s"),
    ]);
    assert_eq!(chain.name, format!("arn:aws:iam::{ACCOUNT}:user/bob"));
    assert_eq!(chain.through, ["first", "second"]);
    assert_eq!(chain.proof, ["a2", "a1"]);

    // A pipeline, by the subject of its token.
    let subject = "repo:acme/infra:ref:refs/heads/main";
    let token = json!({"type": "WebIdentityUser", "userName": subject, "identityProvider": "token.actions.githubusercontent.com"});
    let pipeline = who(&[
        role("ci", "GitHubActions", "ASIA3"),
        assume("a3", "AssumeRoleWithWebIdentity", token, "ASIA3", "AROAci:GitHubActions"),
    ]);
    assert_eq!((pipeline.name.as_str(), pipeline.kind), (subject, WhoKind::Pipeline));

    // Over SAML, where the console made keys of its own: joined by the session and its beginning.
    let saml = json!({"type": "SAMLUser", "userName": "carol", "identityProvider": "idp"});
    let console = who(&[
        role("people", "carol", "ASIAOTHER"),
        assume("a4", "AssumeRoleWithSAML", saml, "ASIA4", "AROApeople:carol"),
    ]);
    assert_eq!((console.name.as_str(), console.kind), ("carol", WhoKind::Person));

    // The other account tells only its number; the own log tells the identity.
    let known = who(&[
        role("cross", "s", "ASIA5"),
        assume(
            "b1",
            "AssumeRole",
            json!({"type": "AWSAccount", "accountId": "999988887777"}),
            "ASIA5",
            "AROAcross:s",
        ),
        assume("b2", "AssumeRole", user("dora"), "ASIA5", "AROAcross:s"),
    ]);
    assert_eq!(known.name, format!("arn:aws:iam::{ACCOUNT}:user/dora"));

    // A source identity cannot be changed along a chain, so it holds where the log does not reach further.
    let mut marked = role("deploy", "s", "ASIA6");
    marked["sessionContext"]["sourceIdentity"] = json!("erin@example.com");
    assert_eq!(who(&[marked]).name, "erin@example.com");

    // A circle of keys ends.
    let circle = who(&[
        role("a", "s", "ASIA7"),
        assume("c1", "AssumeRole", role("b", "s", "ASIA8"), "ASIA7", "AROAa:s"),
        assume("c2", "AssumeRole", role("a", "s", "ASIA7"), "ASIA8", "AROAb:s"),
    ]);
    assert_eq!(circle.kind, WhoKind::Role);

    // An instance's session is marked by the service that hands its credentials out; the name alone anybody can choose.
    let mut marked = role("web", "i-0123456789abcdef0", "ASIA9");
    marked["sessionContext"]["ec2RoleDelivery"] = json!("2.0");
    let instance = who(&[marked]);
    assert_eq!((instance.name.as_str(), instance.kind), ("instance i-0123456789abcdef0", WhoKind::Workload));
    let named = who(&[role("web", "i-0123456789abcdef0", "ASIA9")]);
    assert_eq!(named.kind, WhoKind::Role);
    assert_eq!(named.name, format!("arn:aws:iam::{ACCOUNT}:role/web (session i-0123456789abcdef0)"));
    // A service took a role, and somebody in that role took this one.
    let further = who(&[
        role("admin", "i-0123456789abcdef0", "ASIA11"),
        assume("d1", "AssumeRole", role("web", "s", "ASIA10"), "ASIA11", "AROAadmin:i-0123456789abcdef0"),
        assume(
            "d2",
            "AssumeRole",
            json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}),
            "ASIA10",
            "AROAweb:s",
        ),
    ]);
    assert_eq!((further.name.as_str(), further.kind), ("ec2.amazonaws.com", WhoKind::Service));
    let mut stack = user("frank");
    stack["invokedBy"] = json!("cloudformation.amazonaws.com");
    assert_eq!(who(&[stack]).tool.as_deref(), Some("CloudFormation"));
    let root =
        who(&[json!({"type": "Root", "arn": format!("arn:aws:iam::{ACCOUNT}:root"), "accountId": ACCOUNT})]);
    assert_eq!((root.name.as_str(), root.kind), ("root of 111122223333", WhoKind::Root));
    let service = who(&[json!({"type": "AWSService", "invokedBy": "config.amazonaws.com"})]);
    assert_eq!((service.name.as_str(), service.kind), ("config.amazonaws.com", WhoKind::Service));
}

#[test]
fn only_changes_that_were_done_count_and_nothing_secret_is_kept() {
    let content = content();
    let base = event(
        "e1",
        "2026-01-01T00:00:00Z",
        "secretsmanager",
        "CreateSecret",
        json!({"name": "db", "secretString": "PLANTED-SECRET"}),
        json!({"aRN": "arn:aws:secretsmanager:us-east-1:1:secret:db-x"}),
        user("a"),
    );
    let of = |change: &dyn Fn(&mut Value)| {
        let mut record = base.clone();
        change(&mut record);
        let event = TrailEvent::of(&record).expect("an event");
        read(&event, &content.activity, "log")
    };
    let good = of(&|_| {});
    assert_eq!(good.activities.len(), 1);
    assert_eq!(good.activities[0].reference, "arn:aws:secretsmanager:us-east-1:1:secret:db-x");
    assert_eq!(good.activities[0].operation, "secretsmanager:CreateSecret");
    assert!(!serde_json::to_string(&good.activities).expect("JSON").contains("PLANTED"));
    assert_eq!(of(&|r| r["errorCode"] = json!("AccessDenied")).skipped, Some(Skipped::Failed));
    assert_eq!(of(&|r| r["readOnly"] = json!(true)).skipped, Some(Skipped::Reads));
    assert_eq!(of(&|r| r["eventCategory"] = json!("Data")).skipped, Some(Skipped::NotManagement));
    assert_eq!(of(&|r| r["managementEvent"] = json!(false)).skipped, Some(Skipped::NotManagement));
    // Without a rule, what its parameters name was touched; a name alone says nothing.
    let inferred = of(&|r| {
        r["eventName"] = json!("FrobSecret");
        r["requestParameters"] = json!({"deep": [{"target": "i-0123456789abcdef0", "note": "hello-world"}]});
        r["responseElements"] = Value::Null;
    });
    assert!(inferred.inferred);
    let touched: Vec<_> =
        inferred.activities.iter().map(|a| (a.action, a.reference.as_str(), a.kind.is_none())).collect();
    assert_eq!(touched, [(Action::Touched, "i-0123456789abcdef0", true)]);
    let nothing = of(&|r| {
        r["eventName"] = json!("FrobSecret");
        r["responseElements"] = Value::Null;
    });
    assert_eq!(nothing.skipped, Some(Skipped::NoResource));
}

#[test]
fn what_is_no_event_says_what_it_lacks() {
    let whole = made("e1", "2026-01-01T00:00:00Z", user("a"));
    for (change, wanted) in [
        ("eventTime", EventError::Missing("eventTime")),
        ("eventID", EventError::Missing("eventID")),
        ("awsRegion", EventError::Missing("awsRegion")),
    ] {
        let mut record = whole.clone();
        record.as_object_mut().expect("an object").remove(change);
        assert_eq!(TrailEvent::of(&record).expect_err("refused"), wanted);
    }
    let mut record = whole.clone();
    record["eventTime"] = json!("yesterday");
    assert_eq!(TrailEvent::of(&record).expect_err("refused"), EventError::Time("yesterday".to_owned()));
    record["eventTime"] = whole["eventTime"].clone();
    record["eventName"] = json!("x".repeat(5000));
    assert_eq!(TrailEvent::of(&record).expect_err("refused"), EventError::TooLong("eventName"));
    assert_eq!(TrailEvent::of(&json!([1])).expect_err("refused"), EventError::NoObject);
}
