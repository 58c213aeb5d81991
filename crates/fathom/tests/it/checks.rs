//! `fathom check` on the sample, and `fathom content test`. What must be found follows from what the sample's scripts make.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::harness::{Place, sample};

const PRODUCTION: &str = "908249470583";
const MANAGEMENT: &str = "123456789012";

/// The findings of a check, whatever became of it.
fn findings(check: &str) -> Vec<Value> {
    let all = ["--status", "fail", "--status", "unknown", "--status", "pass", "--status", "not-applicable"];
    let found =
        sample().run(&[&["--json", "check", "--no-keep", "--check", check], &all[..]].concat()).ok().json();
    found["findings"].as_array().expect("findings").clone()
}

/// What became of the resource whose ARN ends so.
fn status(findings: &[Value], ending: &str) -> Option<String> {
    let found = findings.iter().find(|one| one["resource"].as_str().is_some_and(|arn| arn.ends_with(ending)));
    found.and_then(|one| one["status"].as_str()).map(str::to_owned)
}

#[test]
fn what_the_sample_got_wrong_fails_and_what_it_got_right_passes() {
    for (check, ending, wanted) in [
        // The intruder's bucket lets everyone read; the trail's bucket lets in a service only.
        ("s3_bucket_not_public", ":::northwind-tmp-export-7731", "fail"),
        ("s3_bucket_not_public", ":::northwind-audit-trail", "pass"),
        ("s3_bucket_block_public_access", ":::northwind-audit-config", "pass"),
        ("s3_bucket_block_public_access", ":::northwind-tmp-export-7731", "fail"),
        ("s3_bucket_versioning", ":::northwind-audit-config", "pass"),
        ("s3_bucket_versioning", ":::northwind-backup-2019", "fail"),
        // The invoices are restricted, and nobody chose a key; of the others nobody said so.
        ("s3_bucket_own_key", ":::northwind-eu-invoices", "fail"),
        ("s3_bucket_own_key", ":::northwind-test-bucket-123", "not_applicable"),
        // Two people have passwords and no second factor; one has no password; the break-glass users have both.
        ("iam_console_user_mfa", ":user/a.silva", "fail"),
        ("iam_console_user_mfa", ":user/t.nguyen", "fail"),
        ("iam_console_user_mfa", ":user/j.okafor", "not_applicable"),
        ("iam_console_user_mfa", ":user/break-glass-1", "pass"),
        ("lambda_function_url_asks", ":function:telemetry-sync", "fail"),
        ("lambda_function_url_asks", ":function:slack-bot-test", "not_applicable"),
    ] {
        assert_eq!(status(&findings(check), ending).as_deref(), Some(wanted), "{check} of {ending}");
    }
    let in_account = |check: &str, account: &str| {
        let found = findings(check);
        let one = found.iter().find(|one| one["account"] == account);
        one.and_then(|one| one["status"].as_str()).map(str::to_owned)
    };
    assert_eq!(in_account("iam_password_length", PRODUCTION).as_deref(), Some("fail"));
    assert_eq!(in_account("iam_password_length", MANAGEMENT).as_deref(), Some("pass"));
    assert_eq!(in_account("cloudtrail_trail_own_key", MANAGEMENT).as_deref(), Some("pass"));
    let named = |check: &str, name: &str| {
        let found = findings(check);
        let one = found.iter().find(|one| one["name"] == name);
        one.map(|one| (one["status"].clone(), one["why"].clone()))
    };
    let (failed, why) = named("ec2_group_admin_ports_v4", "launch-wizard-1").expect("the intruder's group");
    assert_eq!(failed, "fail");
    let says = |path: &str, value: &str| {
        why.as_array().expect("reasons").iter().any(|one| one["path"] == path && one["value"] == value)
    };
    assert!(says("IpPermissions[0].IpRanges[0].CidrIp", "\"0.0.0.0/0\""), "{why}");
    assert!(says("IpPermissions[0].IpProtocol", "\"-1\""), "{why}");
}

#[test]
fn findings_have_ids_of_their_own_that_stay() {
    let ids = || -> Vec<String> {
        let found = sample().run(&["--json", "check", "--no-keep"]).ok().json();
        let all = found["findings"].as_array().expect("findings").iter();
        all.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    };
    let first = ids();
    assert!(first.len() > 50, "{} findings", first.len());
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len(), "an id is there twice");
    assert_eq!(ids(), first);
}

#[test]
fn nothing_that_was_not_read_passes() {
    let found = sample().run(&["--json", "check", "--no-keep", "--status", "unknown"]).ok().json();
    for one in found["findings"].as_array().expect("findings") {
        let missing = one["missing"].as_array().expect("what is missing");
        assert!(!missing.is_empty(), "{one}");
        let mistake =
            missing.iter().any(|one| one.as_str().is_some_and(|one| one.contains("cannot be asked")));
        assert!(!mistake, "{one}");
    }
    let sums = &found["counts"];
    assert_eq!(sums["unknown"].as_u64(), found["findings"].as_array().map(|all| all.len() as u64));
}

#[test]
fn a_pipeline_is_told_by_the_exit_code_and_by_reports() {
    let place = Place::with_sample();
    let (sarif, junit) = (place.path().join("checks.sarif"), place.path().join("checks.xml"));
    let (sarif_path, junit_path) =
        (sarif.to_string_lossy().into_owned(), junit.to_string_lossy().into_owned());
    let only = [
        "--check",
        "s3_bucket_not_public",
        "--fail-on",
        "high",
        "--sarif",
        &sarif_path,
        "--junit",
        &junit_path,
    ];
    place.run(&[&["check"], &only[..]].concat()).code(3);
    let log: Value = serde_json::from_slice(&fs::read(&sarif).expect("a log")).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|one| one["ruleId"] == "s3_bucket_not_public" && one["kind"] == "fail"));
    let xml = fs::read_to_string(&junit).expect("a report");
    assert!(xml.contains("northwind-tmp-export-7731") && xml.contains("<failure"), "{xml}");
    // A check that holds everywhere, and one that nobody minds.
    place.run(&["check", "--check", "iam_root_no_access_key", "--fail-on", "low"]).ok();
    place.run(&["check", "--check", "s3_bucket_versioning", "--fail-on", "high"]).ok();
    let csv =
        place.run(&["check", "--csv", "--check", "s3_bucket_not_public", "--account", PRODUCTION]).ok().out;
    let mut lines = csv.lines();
    assert!(lines.next().is_some_and(|head| head.starts_with("id,status,severity,check")), "{csv}");
    assert!(lines.all(|line| line.contains(PRODUCTION)), "{csv}");
}

#[test]
fn what_is_misspelt_is_named() {
    sample()
        .run(&["check", "--check", "s3_bucket_not_publik"])
        .code(1)
        .says(&["did you mean s3_bucket_not_public"]);
    sample().run(&["check", "--framework", "none"]).code(1).says(&["there are aws-fsbp, cis-aws-7.0.0"]);
    let told = sample().run(&["check", "--explain", "iam_root_mfa"]).ok().out;
    for wanted in ["critical", "AccountMFAEnabled", "fix on the command line", "cis-aws-7.0.0: 2.5"] {
        assert!(told.contains(wanted), "no `{wanted}` in:\n{told}");
    }
}

#[test]
fn content_is_tested_against_the_service_models_and_one_bad_check_stops_no_other() {
    assert!(sample().run(&["content", "test"]).ok().out.contains("content holds"));
    let place = Place::with_sample();
    let folder = place.path().join("mine/checks/aws/ec2");
    fs::create_dir_all(&folder).expect("a folder");
    let check = "id: mine\ntitle: t\nseverity: low\nbecause: b.\ntype: AWS::EC2::Volume\npasses: doc.Encrypte\n\
                 fix: { console: c, cli: aws c, terraform: t }\ncosts: { money: m, performance: p, effort: e }\n\
                 references: [https://example.com/]\ntests:\n  pass: [{ doc: { Encrypted: true } }]\n  fail: [{ doc: { Encrypted: false } }]\n";
    fs::write(folder.join("mine.yaml"), check).expect("a file");
    let mine = place.path().join("mine").to_string_lossy().into_owned();
    let told = place.run(&["--content", &mine, "content", "test"]).code(3).out;
    let wanted = "checks/aws/ec2/mine.yaml:6: `passes`: AWS::EC2::Volume has no member `Encrypte` in doc; did you mean `Encrypted`?";
    assert!(told.contains(wanted), "{told}");
    let found =
        place.run(&["--content", &mine, "--json", "check", "--check", "ec2_volume_encrypted"]).ok().json();
    assert!(found["counts"]["fail"].as_u64().is_some_and(|failed| failed > 0), "{found}");
}
