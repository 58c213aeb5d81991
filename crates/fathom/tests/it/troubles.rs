//! Scans that cannot begin, or do not end.

use std::{process::Command, time::Duration};

use fathom_testkit::front::{Fault, Front};
use serde_json::json;

use crate::{
    cloud::{ACCOUNT, TYPES, answer, denied, estate, estate_uids, on, scan, small_estate, uids},
    harness::{Place, until, wait},
};

/// The state of each scan, newest first.
fn states(place: &Place) -> Vec<String> {
    let scans = place.run(&["scans", "--json"]).ok().json();
    scans
        .as_array()
        .expect("scans")
        .iter()
        .map(|scan| scan["state"].as_str().expect("a state").to_owned())
        .collect()
}

#[test]
fn without_credentials_it_says_so() {
    let ran = Place::new().run(&["scan"]).code(1);
    let ran = ran.says(&["error: cannot sign in", "no credentials"]);
    assert_eq!(ran.out, "");
    Place::new().run(&["scan", "--profile", "nobody"]).code(1).says(&["cannot sign in"]);
}

#[test]
fn credentials_that_are_refused_are_told_apart() {
    let error = |status, code: &str| Fault::Error {
        status,
        code: code.to_owned(),
        message: "Not this one.".to_owned(),
    };
    for (fault, says) in [
        (Fault::ExpiredToken, "the credentials have expired; sign in again"),
        (error(403, "InvalidClientTokenId"), "the credentials do not verify"),
        (error(403, "SignatureDoesNotMatch"), "the credentials do not verify"),
        (Fault::Html500, "the endpoint does not answer"),
        (Fault::Status(404), "the endpoint does not answer"),
    ] {
        let name = format!("{fault:?}");
        let front = small_estate(vec![on("sts", "GetCallerIdentity", fault)]);
        let place = Place::asking(&front.url);
        let ran = place.run(&["scan"]).code(1).says(&["cannot sign in", says]);
        assert_eq!(ran.out, "", "{name}");
        // Nothing was scanned, and that is what the others say.
        assert!(!place.data().exists(), "{name} made a data directory");
        place.run(&["summary"]).code(1).says(&["run `fathom scan` first"]);
        place.run(&["gate", "--min-understood", "1"]).code(1).says(&["run `fathom scan` first"]);
    }
}

#[test]
fn an_endpoint_that_refuses_connections_is_named() {
    let place = Place::asking("http://127.0.0.1:9");
    place.run(&["scan"]).code(1).says(&["the endpoint does not answer", "127.0.0.1"]);
    for url in ["nonsense", "ftp://127.0.0.1", "http://"] {
        place.run(&["scan", "--endpoint-url", url]).code(1).says(&[url, "address of the form"]);
    }
}

/// Starts a scan that hangs in one listing while others are done.
fn hanging() -> (Front, Place, std::process::Child) {
    let front = small_estate(vec![on("s3", "ListBuckets", Fault::Slow(Duration::from_mins(5)))]);
    let place = Place::asking(&front.url);
    let child = place.command(&["scan", "--types", TYPES, "--timeout", "600"]).spawn().unwrap();
    until("the scan reads", || front.count("sqs", "GetQueueAttributes") == 2);
    (front, place, child)
}

#[test]
fn a_scan_that_is_killed_leaves_nothing_and_the_next_starts_clean() {
    let (front, place, mut child) = hanging();
    child.kill().unwrap();
    assert_eq!(wait(child).code, None);
    assert_eq!(place.number("select count(*) from resources"), 0);
    place.run(&["ledger", "verify"]).ok();
    let summary = place.run(&["summary"]).ok().out;
    assert!(summary.contains("No scan has ended yet"), "{summary}");

    front.set_rules(estate());
    scan(&place).ok();
    assert_eq!(states(&place), ["finished", "interrupted"]);
    assert_eq!(uids(&place), estate_uids());
    place.run(&["ledger", "verify"]).ok();
    let table = place.run(&["scans"]).ok().out;
    assert!(table.contains("interrupted") && table.contains("finished"), "{table}");
}

#[test]
fn an_interrupted_scan_says_what_became_of_it() {
    let (front, place, child) = hanging();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    wait(child).code(1).says(&["given up", "the next one starts clean"]);
    place.run(&["ledger", "verify"]).ok();
    front.set_rules(estate());
    scan(&place).ok();
    assert_eq!(uids(&place), estate_uids());
    let states = states(&place);
    assert!(states[0] == "finished" && states[1] != "finished" && states[1] != "running", "{states:?}");
}

#[test]
fn two_processes_do_not_write_to_one_directory() {
    let (_front, place, mut child) = hanging();
    let holder = format!("pid {}", child.id());
    let second = place.run(&["scan", "--sample"]).code(1);
    second.says(&["is in use by another Fathom process", &holder, ".fathom"]);
    let accept = ["accept", "x", "--reason", "y", "--until", "2999-01-01"];
    place.run(&accept).code(1).says(&["is in use", &holder]);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).code(1).says(&["is in use", &holder]);
    // Who only reads is not disturbed.
    place.run(&["scans"]).ok();
    assert_eq!(place.number("select count(*) from scans"), 1);
    child.kill().unwrap();
    wait(child);
    place.run(&["scan", "--sample", "--quiet"]).ok();
}

#[test]
fn a_member_account_that_cannot_be_entered_is_a_visible_unknown() {
    let account = |id: &str| json!({"Id": id, "Status": "ACTIVE", "Name": id, "Arn": "a", "Email": "e"});
    let front = small_estate(vec![
        answer(
            "organizations",
            "ListAccounts",
            json!({"Accounts": [account(ACCOUNT), account("222222222222")]}),
        ),
        on("sts", "AssumeRole", denied()),
    ]);
    let place = Place::asking(&front.url);
    place.run(&["scan", "--types", TYPES, "--organization-role", "Reader"]).ok();
    assert_eq!(uids(&place), estate_uids());
    let rows = crate::cloud::unknown_rows(&place);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row["account"].as_str(), row["reason"].as_str()), (Some("222222222222"), Some("denied")));
    assert_eq!(row["permission"], "sts:AssumeRole");
    // An account that was left out by name is said to be.
    place.run(&["scan", "--types", TYPES, "--organization-role", "Reader", "--accounts", ACCOUNT]).ok();
    let rows = crate::cloud::unknown_rows(&place);
    assert!(rows.iter().any(|row| row["detail"] == "left out by --accounts"), "{rows:?}");
}

#[test]
fn recordings_that_are_missing_damaged_or_cut_are_told() {
    let place = Place::new();
    place
        .run(&["scan", "--replay", "missing.zst"])
        .code(1)
        .says(&["cannot play back missing.zst", "No such file"]);
    place.write("text.zst", "hello\n");
    place.run(&["scan", "--replay", "text.zst"]).code(1).says(&["text.zst", "no recording"]);
    place.write("newer.json", "{\"format\":\"fathom-recording\",\"version\":99,\"accounts\":[],\"regions\":[],\"recorded_at\":\"2026-01-01T00:00:00Z\",\"tool\":\"x\"}\n");
    place.run(&["scan", "--replay", "newer.json"]).code(1).says(&["version 99"]);

    let front = small_estate(Vec::new());
    let live = Place::asking(&front.url);
    live.run(&["scan", "--types", TYPES, "--record", "whole.jsonl"]).ok();
    let whole = String::from_utf8(live.read("whole.jsonl")).expect("text");
    let lines: Vec<&str> = whole.lines().collect();
    live.run(&["scan", "--types", TYPES, "--record", "whole.jsonl"]).code(1).says(&["whole.jsonl"]);
    assert_eq!(String::from_utf8(live.read("whole.jsonl")).expect("text"), whole, "never written over");

    place.write("whole.jsonl", &whole);
    let played = place.run(&["scan", "--types", TYPES, "--replay", "whole.jsonl"]).ok();
    assert_eq!(uids(&place), estate_uids());
    assert!(!played.err.contains("damaged") && !played.err.contains("cut"), "{}", played.err);
    // A recording that ends early is played as far as it goes; the person is told.
    let half = lines.len() / 2;
    place.write("cut.jsonl", whole.split_at(lines[..half].join("\n").len() - 7).0);
    place
        .run(&["scan", "--types", TYPES, "--replay", "cut.jsonl"])
        .ok()
        .says(&["cut.jsonl", "cut after line"]);
    assert_eq!(uids(&place), estate_uids(), "what it does not show any more is stale, not gone");
    let mut bad = lines.clone();
    bad[half] = "{\"account\": 7}";
    place.write("bad.jsonl", bad.join("\n") + "\n");
    let line = format!("damaged at line {}", half + 1);
    place.run(&["scan", "--types", TYPES, "--replay", "bad.jsonl"]).ok().says(&["bad.jsonl", &line]);
}

#[test]
fn a_recording_is_played_back_without_the_flags_it_was_made_with() {
    let rules = vec![answer(
        "organizations",
        "ListAccounts",
        json!({"Accounts": [{"Id": ACCOUNT, "Status": "ACTIVE"}, {"Id": "222222222222", "Status": "ACTIVE"},
            {"Id": "333333333333", "Status": "ACTIVE"}]}),
    )];
    let front = small_estate(rules);
    let live = Place::asking(&front.url);
    let made = ["--types", TYPES, "--regions", "eu-west-1", "--organization-role", "audit/Reader"];
    let made = [&["scan", "--accounts", "222222222222", "--record", "org.jsonl"], &made[..]].concat();
    live.run(&made).ok();
    let whole = String::from_utf8(live.read("org.jsonl")).expect("text");
    let rows =
        "select account, region, service, operation, outcome, reason from coverage order by 1, 2, 3, 4";
    let accounts = "select distinct account from resources order by 1";
    assert_eq!(live.texts(accounts), [ACCOUNT, "222222222222"]);

    let played = Place::new();
    played.write("org.jsonl", &whole);
    played.run(&["scan", "--replay", "org.jsonl"]).ok();
    assert_eq!(uids(&played), uids(&live));
    assert_eq!(played.rows(rows), live.rows(rows));

    // A recording from before the flags were noted shows its role and its regions itself.
    let older: Vec<String> = whole
        .lines()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line.as_object_mut().expect("an object").remove("asked");
            let text = line.to_string();
            // Header lines are told by how they begin.
            match line.as_object_mut().and_then(|line| line.remove("format")) {
                Some(format) => text
                    .replacen('{', &format!("{{\"format\":{format},"), 1)
                    .replace(&format!(",\"format\":{format}"), ""),
                None => text,
            }
        })
        .collect();
    assert!(!older.join("").contains("\"asked\""));
    let old = Place::new();
    old.write("old.jsonl", older.join("\n") + "\n");
    old.run(&["scan", "--types", TYPES, "--replay", "old.jsonl"]).ok();
    assert_eq!(uids(&old), uids(&live));
    // What it has no answer for is said to be that, and no endpoint is blamed.
    let coverage = old.run(&["coverage"]).ok().out;
    assert!(coverage.contains("the recording has no answer for it"), "{coverage}");
    assert!(!coverage.contains("check the endpoint"), "{coverage}");
    let lacking =
        old.texts("select account from coverage where reason = 'not_recorded' and operation = 'AssumeRole'");
    assert_eq!(lacking, ["333333333333"]);
}
