//! Public CloudTrail events of real accounts and of detection tests, where they lie beside the checkout.

use std::{collections::BTreeMap, path::Path, process::Command};

use fathom_content::Content;
use fathom_estate::activity::{Skipped, TrailEvent, read};
use fathom_model::Action;
use serde_json::Value;

const FOLDER: &str = "../../../shared/data/events";

/// The events of a file with one JSON value a line, where the event may be a member.
fn events(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|mut line| {
            line.get_mut("event")
                .map_or(Value::Null, Value::take)
                .as_object()
                .cloned()
                .map_or(line, Value::Object)
        })
        .filter(|event| event.get("eventSource").is_some() && event.get("eventName").is_some())
        .collect()
}

fn all() -> Option<Vec<(&'static str, Vec<Value>)>> {
    let folder = std::env::var_os("FATHOM_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER),
        |data| Path::new(&data).join("events"),
    );
    if !folder.is_dir() {
        eprintln!("skipped: no {}", folder.display());
        return None;
    }
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the file reads");
    let archive = Command::new("tar")
        .args(["-I", "zstd", "-xOf"])
        .arg(folder.join("opensearch-samples.tar.zst"))
        .arg("opensearch-catalog/cloudtrail-large.jsonl")
        .output()
        .expect("tar runs");
    assert!(archive.status.success(), "{}", String::from_utf8_lossy(&archive.stderr));
    Some(vec![
        ("stratus", events(&text("stratus-labelled.jsonl"))),
        ("panther", events(&text("panther-tests-dev.jsonl"))),
        ("a real account", events(&String::from_utf8_lossy(&archive.stdout))),
    ])
}

#[test]
fn real_events_are_read_and_their_resources_found() {
    let Some(sources) = all() else { return };
    let content = Content::embedded().expect("the content that ships");
    let (mut changes, mut told, mut inferred, mut not_told) = (0, 0, 0, BTreeMap::<String, usize>::new());
    type Found = Vec<(Action, String, String)>;
    let mut found: BTreeMap<(String, String), Found> = BTreeMap::new();
    for (name, events) in &sources {
        let mut broken = 0;
        for record in events {
            // Detection tests leave out what their rule does not read.
            let Ok(event) = TrailEvent::of(record) else {
                broken += 1;
                continue;
            };
            let reading = read(&event, &content.activity, "real");
            match reading.skipped {
                None if reading.session.is_none() => {
                    changes += 1;
                    told += usize::from(!reading.inferred);
                    inferred += usize::from(reading.inferred);
                }
                Some(Skipped::NoResource) => {
                    changes += 1;
                    *not_told.entry(format!("{}:{}", event.source, event.name)).or_default() += 1;
                }
                _ => {}
            }
            found.entry((event.source.clone(), event.name.clone())).or_default().extend(
                reading.activities.into_iter().map(|one| {
                    (one.action, one.kind.map(|kind| kind.to_string()).unwrap_or_default(), one.reference)
                }),
            );
        }
        println!("{name}: {} events, {broken} lack what every record has", events.len());
        assert!(*name != "a real account" || broken == 0, "{broken} records of a real account");
    }
    println!("{changes} changes: {told} described, {inferred} inferred, of others: {not_told:?}");
    assert!(changes > 150, "{changes}");
    assert!((told + inferred) * 100 >= changes * 65, "{told} + {inferred} of {changes}");

    // Read by eye from the events.
    let names = |source: &str, name: &str, action: Action, kind: &str, reference: &str| {
        let all = found.get(&(format!("{source}.amazonaws.com"), name.to_owned()));
        let wanted = (action, kind.to_owned(), reference.to_owned());
        assert!(all.is_some_and(|all| all.contains(&wanted)), "{source}:{name}: {wanted:?} not in {all:?}");
    };
    names(
        "iam",
        "CreateUser",
        Action::Created,
        "AWS::IAM::User",
        "arn:aws:iam::229654561268:user/malicious-iam-user",
    );
    names("iam", "CreateAccessKey", Action::Created, "AWS::IAM::AccessKey", "AKIAL80DWDVKKM0UXEER");
    names("iam", "CreateAccessKey", Action::Changed, "AWS::IAM::User", "stratus-red-team-backdoor-u-user");
    names("ec2", "DeleteFlowLogs", Action::Deleted, "AWS::EC2::FlowLog", "fl-0e17aa62a21d4bbfe");
    names("ec2", "StopInstances", Action::Changed, "AWS::EC2::Instance", "i-DDd6c7B0e18F0E35f");
    names("ec2", "ModifySnapshotAttribute", Action::Changed, "AWS::EC2::Snapshot", "snap-041993b54a9b3af6f");
    names(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        Action::Changed,
        "AWS::EC2::SecurityGroup",
        "sg-003dc7f1f1c686164",
    );
    names(
        "cloudtrail",
        "DeleteTrail",
        Action::Deleted,
        "AWS::CloudTrail::Trail",
        "stratus-red-team-cloudtraild-trail-kvrwohmiai",
    );
    names(
        "lambda",
        "AddPermission20150331v2",
        Action::Changed,
        "AWS::Lambda::Function",
        "stratus-red-team-backdoor-f-func",
    );
    names("rds", "ModifyDBSnapshotAttribute", Action::Changed, "AWS::RDS::DBSnapshot", "exfiltration");
    names("s3", "DeleteBucket", Action::Deleted, "AWS::S3::Bucket", "secrets");
    names("ssm", "StartSession", Action::Changed, "AWS::EC2::Instance", "i-eA1d1296c1dE3Aa1f");
}
