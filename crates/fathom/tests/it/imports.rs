//! `fathom import`: what boto3 saves of a cloud is, imported, what a scan of the same cloud finds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    process::Command,
};

use fathom_content::Content;
use fathom_testkit::{
    front::{Front, FrontOptions},
    moto::python,
};
use serde_json::{Value, json};

use crate::{
    cloud::{seeded, tools},
    harness::Place,
};

/// Members that a scan and an import tell differently: type, member, why.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("AWS::Athena::WorkGroup", "CreationTime", "moto says that the primary one was made right now"),
    ("AWS::Athena::WorkGroup", "created_at", "moto says that the primary one was made right now"),
    ("AWS::CertificateManager::Certificate", "*", "moto validates it a minute after it was made"),
    ("AWS::RDS::DBCluster", "LatestRestorableTime", "moves with the clock"),
    ("AWS::RDS::DBInstance", "LatestRestorableTime", "moves with the clock"),
    ("AWS::IAM::Role", "RoleLastUsed", "moves with each use"),
    ("AWS::IAM::User", "PasswordLastUsed", "moves with each use"),
];

const REGIONS: &str = "ap-southeast-2,eu-west-1,us-east-1";

/// Texts in the parameters of definitions that are no thing asked about.
fn constants(content: &Content) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for definition in content.resources.values() {
        let list = definition.list.params.values();
        let describe = definition.list.describe.iter().flat_map(|describe| describe.params.values());
        let enrich = definition.enrich.iter().flat_map(|enrich| enrich.params.values());
        for value in list.chain(describe).chain(enrich) {
            all.extend(texts(value).into_iter().filter(|text| !text.contains('{')));
        }
    }
    all
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// One call for each thing that is asked about, in lines for the dump. Of pages only the first. Lists that differ only in
/// a constant parameter are called after it, as people do (`organizations-list-policies/TAG_POLICY.json`).
fn lines(front: &Front) -> String {
    let constants = constants(&Content::embedded().expect("content"));
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for call in front.calls() {
        let Some(Value::Object(mut params)) = call.params.clone() else { continue };
        if call.service == "sts" || call.operation.is_empty() {
            continue;
        }
        params.retain(|name, _| !name.to_ascii_lowercase().contains("token") && name != "Marker");
        let is_thing = |text: &String| !constants.contains(text) && *text != call.account;
        // Several things at once are saved one by one.
        let several = params.iter().find_map(|(name, value)| {
            let items = value.as_array()?;
            let things =
                items.iter().all(|item| item.as_str().is_some_and(|text| is_thing(&text.to_owned())));
            (things && !items.is_empty()).then(|| (name.clone(), items.clone()))
        });
        let each: Vec<serde_json::Map<String, Value>> = match several {
            Some((name, items)) => items
                .into_iter()
                .map(|item| {
                    let mut one = params.clone();
                    one.insert(name.clone(), json!([item]));
                    one
                })
                .collect(),
            None => vec![params],
        };
        for params in each {
            let params = Value::Object(params);
            let mut things: Vec<String> = texts(&params).into_iter().filter(is_thing).collect();
            things.dedup();
            let list = format!("{} {} {} {}", call.account, call.region, call.service, call.operation);
            if things.is_empty() {
                lists.entry(list.clone()).or_default().insert(params.to_string());
            }
            let line = json!({"account": call.account, "region": call.region, "service": call.service,
                "operation": call.operation, "params": params, "things": things})
            .to_string();
            seen.insert((list, line));
        }
    }
    let mut out = String::new();
    for (list, line) in seen {
        let mut line: Value = serde_json::from_str(&line).expect("our own JSON");
        if line["things"] == json!([]) && lists.get(&list).is_some_and(|of| of.len() > 1) {
            line["things"] = json!(texts(&line["params"]));
        }
        let _ = writeln!(out, "{line}");
    }
    out
}

fn documents(place: &Place) -> Vec<Value> {
    place.rows(
        "select uid, type, account, region, id, name, tags, created_at, exposed, provider_made, document from resources \
         order by uid",
    )
}

#[test]
fn what_boto3_saves_is_imported_as_a_scan_finds_it() {
    let (Some(cloud), Some(python)) = (seeded(), python()) else { return };
    let front = Front::start(FrontOptions {
        moto: Some(cloud.url().to_owned()),
        calls_max: 1_000_000,
        ..FrontOptions::default()
    });
    let scanned = Place::asking(&front.url);
    scanned.run(&["scan", "--regions", REGIONS]).ok();
    let imported = Place::new();
    let calls = imported.write("calls.jsonl", lines(&front));
    let saved = imported.path().join("saved");
    let dumped = Command::new(python)
        .arg(tools().join("cli_dump.py"))
        .args(["--endpoint", &front.url, "--calls"])
        .arg(&calls)
        .arg("--output")
        .arg(&saved)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the peers' Python starts");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    println!("{}", String::from_utf8_lossy(&dumped.stdout));
    let report = imported.run(&["import", "aws-json", "saved", "--json"]).ok().json();
    assert_eq!(report["import"]["problems"], json!([]));

    let (ours, theirs) = (documents(&scanned), documents(&imported));
    let uids = |rows: &[Value]| -> BTreeSet<String> {
        rows.iter().map(|row| row["uid"].as_str().expect("a uid").to_owned()).collect()
    };
    let (scan_uids, import_uids) = (uids(&ours), uids(&theirs));
    let missing: Vec<_> = scan_uids.difference(&import_uids).collect();
    let more: Vec<_> = import_uids.difference(&scan_uids).collect();
    assert!(missing.is_empty() && more.is_empty(), "not imported {missing:#?}, only imported {more:#?}");
    assert!(scan_uids.len() > 100, "{}", scan_uids.len());
    let mut differ = Vec::new();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        if ours != theirs {
            differ.extend(differences(ours, theirs));
        }
    }
    println!("{} resources, {} different members", scan_uids.len(), differ.len());
    assert!(differ.is_empty(), "{} {differ:#?}", differ.len());
    // The same again changes nothing.
    imported.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    assert_eq!(documents(&imported), theirs);
    fs::remove_dir_all(saved).expect("the folder");
}

fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let kind = ours["type"].as_str().expect("a type");
    let excused =
        |member: &str| DIFFERENT.iter().any(|(of, name, _)| *of == kind && (*name == member || *name == "*"));
    let open = |row: &Value| -> Value {
        match &row["document"] {
            Value::String(text) => serde_json::from_str(text).expect("JSON"),
            document => document.clone(),
        }
    };
    let (mine, other) = (open(ours), open(theirs));
    let members = |value: &Value| -> BTreeSet<String> {
        value.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    let mut out = Vec::new();
    for member in members(&mine).union(&members(&other)) {
        if mine.get(member) != other.get(member) && !excused(member) {
            out.push(format!("{} {member}: {:?} but {:?}", ours["uid"], mine.get(member), other.get(member)));
        }
    }
    for column in ["account", "region", "id", "name", "tags", "created_at", "exposed", "provider_made"] {
        if ours[column] != theirs[column] && !excused(column) {
            out.push(format!("{} {column}: {} but {}", ours["uid"], ours[column], theirs[column]));
        }
    }
    out
}

#[test]
fn mistakes_are_named() {
    let place = Place::new();
    place.run(&["import", "aws-json", "nowhere"]).code(1).says(&["cannot read nowhere"]);
    assert!(!place.data().exists(), "a mistyped folder makes no store");
    place.write("empty/notes.txt", "nothing");
    place.run(&["import", "aws-json", "empty"]).code(1).says(&["ec2-describe-vpcs.json"]);
    place.run(&["import", "aws-config", "empty"]).code(1).says(&["is no JSON"]);
    place.run(&["import", "aws-json", "empty", "--account", "12"]).code(2).says(&["twelve digits"]);
}

#[test]
fn a_history_of_aws_config_shows_when_each_state_was_captured() {
    let place = Place::new();
    let group = |status: &str, day: u32, port: u16| {
        json!({
            "configurationItemCaptureTime": format!("2026-01-{day:02}T10:00:00Z"), "configurationItemStatus": status,
            "awsAccountId": "111111111111", "resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-1",
            "ARN": "arn:aws:ec2:eu-west-1:111111111111:security-group/sg-1", "awsRegion": "eu-west-1",
            "configuration": {"groupId": "sg-1", "groupName": "web", "ownerId": "111111111111",
                "ipPermissions": [{"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": ["0.0.0.0/0"]}]},
        })
    };
    let items = json!({"configurationItems": [
        group("OK", 8, 22), group("OK", 2, 443), group("ResourceDeleted", 6, 80), group("OK", 4, 80),
    ]});
    place.write("config/history.json", items.to_string());
    // Between the second state and the first: somebody changed it.
    let call = json!({"Records": [{
        "eventID": "1", "eventTime": "2026-01-03T09:00:00Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "eu-west-1", "recipientAccountId": "111111111111",
        "readOnly": false, "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111111111111:user/ada",
        "accountId": "111111111111"}, "requestParameters": {"groupId": "sg-1"},
    }]});
    place.write("trail/1.json", call.to_string());
    place.run(&["import", "cloudtrail", "trail"]).ok();
    let told = place.run(&["import", "aws-config", "config"]).ok().out;
    assert!(told.contains("3 older states of resources became versions"), "{told}");
    let out = place.run(&["history", "sg-1"]).ok().out;
    let titles: Vec<&str> =
        out.lines().filter(|line| line.contains("  scan ") || line.contains(", scan ")).collect();
    assert_eq!(
        titles,
        [
            "2026-01-08 10:00:00Z  captured by AWS Config, scan 4  there again",
            "before 2026-01-08 10:00:00Z  scan 3  gone",
            "2026-01-04 10:00:00Z  captured by AWS Config, scan 2  changed",
            "2026-01-02 10:00:00Z  captured by AWS Config, scan 1  first seen",
        ],
        "{out}"
    );
    assert!(out.contains("FromPort") && out.contains("443 → 80"), "{out}");
    assert!(!out.contains("configurationItemCaptureTime"), "{out}");
    let json = place.run(&["history", "sg-1", "--json"]).ok().json();
    let calls = |at: usize| json["versions"][at]["calls"].as_array().expect("a list").len();
    assert_eq!([calls(0), calls(1), calls(2), calls(3)], [0, 0, 1, 0], "who did it stands with what it did");
    assert_eq!(json["versions"][2]["captured_at"], "2026-01-04T10:00:00Z");
    place.run(&["import", "aws-config", "config"]).ok();
    let again = place.run(&["history", "sg-1", "--json"]).ok().json();
    assert_eq!(again["versions"], json["versions"], "importing again changes nothing");
    place.run(&["ledger", "verify"]).ok();
}
