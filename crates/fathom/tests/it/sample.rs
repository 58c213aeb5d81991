//! The sample organisation: what a newcomer tries first.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Place, copy_dir, sample};

/// What `tools/estate/intruder.py` leaves behind: type and name, or a query for the uid of what has no name.
const INTRUDER: &[(&str, &str)] = &[
    ("AWS::EC2::SecurityGroup", "name = 'launch-wizard-1'"),
    ("AWS::EC2::KeyPair", "name = 'k1'"),
    ("AWS::EC2::Instance", "region = 'ap-southeast-2'"),
    ("AWS::EC2::Volume", "region = 'ap-southeast-2'"),
    ("AWS::EC2::NetworkInterface", "region = 'ap-southeast-2'"),
    ("AWS::IAM::AccessKey", "json_get_str(document, 'UserName') = 'm.kowalski'"),
    ("AWS::IAM::Role", "id = 'SupportAccess'"),
    ("AWS::IAM::Role", "id = 'telemetry-sync'"),
    ("AWS::Lambda::Function", "id = 'telemetry-sync'"),
    ("AWS::S3::Bucket", "id = 'northwind-tmp-export-7731'"),
    ("AWS::EC2::Snapshot", "json_get_str(document, 'Description') = 'tmp'"),
];

/// Those of them that anyone may reach.
const OPEN_TO_ALL: &[&str] = &[
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Instance",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::EC2::Snapshot",
];

/// The whole list of the sample.
fn list() -> Vec<Value> {
    let listed = sample().run(&["unknown", "--limit", "1000", "--json"]).ok().json();
    listed.as_array().expect("a list").clone()
}

#[test]
fn it_needs_neither_network_nor_credentials() {
    // Nothing in this environment leads anywhere, so a call that is not played back would fail the sign-in.
    let place = Place::new().env("AWS_PROFILE", "work").env("AWS_ENDPOINT_URL", "");
    let ran = place.run(&["scan", "--sample"]).ok();
    for heading in ["What was seen", "What was found", "What nobody can explain, worst first"] {
        assert!(ran.out.contains(heading), "{heading}: {}", ran.out);
    }
    assert!(ran.err.contains("reading 2 accounts"), "{}", ran.err);
    let quiet = place.run(&["scan", "--sample", "--quiet"]).ok();
    assert_eq!(quiet.err, "");
}

#[test]
fn all_that_the_intruder_left_is_on_the_list_and_high() {
    let list = list();
    // Below the first row without any reason but its gaps nothing matters much.
    let quiet_from = list
        .iter()
        .position(|row| row["because"].as_array().expect("reasons").len() == 1)
        .expect("a row that only has gaps");
    for (kind, which) in INTRUDER {
        let uids = sample().texts(&format!("select uid from resources where type = '{kind}' and {which}"));
        let [uid] = uids.as_slice() else { panic!("{kind} {which}: {uids:?}") };
        let place = list.iter().position(|row| row["uid"] == uid.as_str());
        let place = place.unwrap_or_else(|| panic!("{uid} is not on the list"));
        assert!(place < quiet_from, "{uid} is only number {}", place + 1);
        if OPEN_TO_ALL.contains(kind) {
            assert!(place < 8, "{uid} may be reached by anyone and is only number {}", place + 1);
        }
    }
}

#[test]
fn what_is_explained_is_not_on_the_list() {
    let listed: BTreeSet<String> =
        list().iter().map(|row| row["uid"].as_str().expect("a uid").to_owned()).collect();
    // Every payment system is tagged, declared and in Terraform (tools/estate/workloads.py).
    for id in ["payments/gateway", "payments-server", "ledger", "disputes", "storefront", "payments-2026-q3"]
    {
        let uids = sample().texts(&format!("select uid from resources where id = '{id}' or name = '{id}'"));
        assert!(!uids.is_empty(), "{id} was not found");
        for uid in uids {
            assert!(!listed.contains(&uid), "{uid}");
        }
    }
    let not_understood: BTreeSet<String> =
        sample().texts("select uid from resources where not understood").into_iter().collect();
    assert_eq!(listed, not_understood);
}

#[test]
fn a_narrowed_list_that_is_empty_does_not_call_the_estate_clean() {
    for args in
        [&["--type", "AWS::KMS::Alias"][..], &["--type", "AWS::S3::Buckets"], &["--account", "000000000000"]]
    {
        let ran = sample().run(&[&["unknown"], args].concat()).ok();
        assert!(
            ran.out.contains("Nothing on the list") && !ran.out.contains("every resource"),
            "{}",
            ran.out
        );
    }
}

#[test]
fn the_list_is_in_the_order_that_the_guide_promises() {
    let key = |row: &Value| {
        let because = row["because"].as_array().expect("reasons");
        let lacks = |words: &str| !because.iter().any(|one| one == words);
        let gaps = row["gaps"].as_array().expect("gaps").len();
        (
            lacks("may be reached from outside"),
            lacks("stores data"),
            lacks("acts as an identity"),
            lacks("costs money"),
            usize::MAX - gaps,
        )
    };
    let list = list();
    assert!(list.len() > 20, "{}", list.len());
    for (pair, rank) in list.windows(2).zip(1..) {
        assert!(key(&pair[0]) <= key(&pair[1]), "{} before {}", pair[0], pair[1]);
        assert_eq!(pair[0]["rank"], rank);
    }
}

#[test]
fn one_resource_is_found_by_name_id_arn_and_beginning() {
    let uid = "arn:aws:s3:::northwind-tmp-export-7731";
    for text in [uid, "northwind-tmp-export-7731", "northwind-tmp", "arn:aws:s3:::northwind-tmp"] {
        let ran = sample().run(&["explain", text]).ok();
        assert!(ran.out.contains(uid) && ran.out.contains("not understood"), "{text}: {}", ran.out);
    }
    let instance = &sample().texts("select id from resources where name = 'payments-1' and id like 'i-%'")[0];
    for text in [instance.as_str(), &instance[..12]] {
        let ran = sample().run(&["explain", text]).ok();
        assert!(ran.out.starts_with("payments-1  EC2 Instance  understood"), "{text}: {}", ran.out);
        assert!(ran.out.contains("tag owner"), "{}", ran.out);
    }
}

#[test]
fn a_text_that_names_several_or_none_is_refused() {
    let several = sample().run(&["explain", "telemetry-sync"]).code(1);
    let several = several.says(&["may mean several", "role/telemetry-sync", "function:telemetry-sync"]);
    assert_eq!(several.out, "");
    sample().run(&["explain", "arn:aws:"]).code(1).says(&["may mean several", "…"]);
    for text in ["no-such-thing", "%", "", "'; drop table resource"] {
        sample().run(&["explain", text]).code(1).says(&["nothing is called"]);
    }
}

#[test]
fn figures_agree_wherever_they_are_shown() {
    let place = sample();
    let summary = place.run(&["summary", "--json"]).ok().json();
    let total = place.number("select count(*) from resources");
    let understood = place.number("select count(*) from resources where understood");
    assert_eq!(
        (summary["resources"].as_u64(), summary["understood"].as_u64()),
        (Some(total), Some(understood))
    );
    let scans = place.run(&["scans", "--json"]).ok().json();
    assert_eq!((&scans[0]["resources"], &scans[0]["understood"]), (&total.into(), &understood.into()));
    assert_eq!(list().len() as u64, total - understood);
    let text = place.run(&["summary"]).ok().out;
    let figure = format!("{understood} of {total} resources, {} on the list", total - understood);
    assert!(text.contains(&figure), "{figure}: {text}");
    let coverage = place.run(&["coverage", "--json"]).ok().json();
    let rows = coverage.as_array().expect("rows");
    let unknown = rows.iter().filter(|row| row["outcome"] == "unknown").count();
    assert_eq!(scans[0]["coverage_unknown"], unknown);
    assert_eq!(place.number("select count(*) from coverage") as usize, rows.len());
    let all = place.run(&["coverage", "--all"]).ok().out;
    // Two lines of totals and a header come before the rows.
    assert_eq!(all.lines().count(), rows.len() + 3);
}

#[test]
fn a_gate_holds_or_ends_with_three() {
    let place = sample();
    let holds = place.run(&["gate", "--min-understood", "50"]).ok();
    assert!(holds.out.starts_with("gate holds: "), "{}", holds.out);
    let open = place.run(&["gate", "--min-understood", "100%"]).code(3);
    assert!(open.out.starts_with("gate does not hold: "), "{}", open.out);
    let json = place.run(&["gate", "--min-understood", "100", "--json"]).code(3).json();
    assert_eq!(json["holds"], false);
    // The worst share that still passes is the one there is: no rounding opens a gate.
    let share = json["understood"].as_f64().unwrap() * 100.0 / json["resources"].as_f64().unwrap();
    place.run(&["gate", "--min-understood", &format!("{:.9}", share - 1e-6)]).ok();
    place.run(&["gate", "--min-understood", &format!("{:.9}", share + 1e-6)]).code(3);
    for wrong in ["101", "-1", "many", "NaN", ""] {
        place.run(&["gate", &format!("--min-understood={wrong}")]).code(2).says(&["--min-understood"]);
    }
    place.run(&["gate", "--min-understood", "100", "--type", "AWS::KMS::Alias"]).ok();
    place.run(&["gate", "--min-understood", "0", "--type", "AWS::No::Such"]).code(1).says(&["--type"]);
}

#[test]
fn a_second_scan_of_the_same_changes_nothing() {
    let place = Place::with_sample();
    let shown = |place: &Place| {
        let rows =
            place.rows("select uid, first_seen, understood, stale, document from resources order by uid");
        let list = place.run(&["unknown", "--limit", "1000", "--json"]).ok().json();
        let statements = place
            .rows("select uid, part, value, source, origin, holds from explanations order by 1, 2, 3, 4, 5");
        let edges = place.rows("select * from edges order by 1, 2, 3");
        (rows, list, statements, edges)
    };
    let before = shown(&place);
    assert_eq!(brought(&place), (place.number("select count(*) from resources"), 0, 0));
    place.run(&["scan", "--sample"]).ok();
    let after = shown(&place);
    assert_eq!(before.0, after.0);
    assert_eq!(before.1, after.1);
    assert_eq!(before.2, after.2);
    assert_eq!(before.3, after.3);
    assert_eq!(brought(&place), (0, 0, 0));
    assert_eq!(place.number("select count(*) from scans"), 2);
}

/// What the ledger says that the newest scan brought: resources added, changed and deleted.
fn brought(place: &Place) -> (u64, u64, u64) {
    let entries = place.run(&["ledger", "list", "--json"]).ok().json();
    let finished = entries
        .as_array()
        .and_then(|entries| entries.iter().find(|entry| entry["entry"]["kind"] == "scan.finished"))
        .unwrap_or_else(|| panic!("no scan ended: {entries}"));
    let count = |name: &str| finished["entry"]["body"][name].as_u64().unwrap_or_else(|| panic!("{finished}"));
    (count("added"), count("changed"), count("deleted"))
}

#[test]
fn a_copy_of_the_data_answers_elsewhere() {
    let place = Place::new();
    copy_dir(&sample().data(), &place.path().join("copy"));
    let here = sample().run(&["summary"]).ok().out;
    assert_eq!(place.run(&["summary", "--data", "copy"]).ok().out, here);
    assert_eq!(place.env("FATHOM_DATA", "copy").run(&["summary"]).ok().out, here);
}
