//! What people get wrong in files and flags: told with file and line, before anything is scanned.

use std::fs;

use crate::harness::Place;

/// Scans the sample with these declarations; nothing must come of it.
#[track_caller]
fn refused(yaml: &str, says: &[&str]) {
    let place = Place::new();
    place.write("fathom.yaml", yaml);
    // In the place without `--declarations`, the sample uses its own; so name it.
    let named = place.run(&["scan", "--sample", "--declarations", "fathom.yaml"]).code(1).says(says);
    assert_eq!(named.out, "");
    assert!(!place.data().exists(), "the data directory was made before the mistake was found");
    // Found by itself, it is the same; credentials are not even asked for.
    let found = place.run(&["scan"]).code(1).says(says);
    assert_eq!(found.err, named.err);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).code(1).says(says);
}

#[test]
fn an_unknown_key_names_its_line() {
    refused("version: 1\nteems:\n  a: {}\n", &["fathom.yaml:2:", "teems", "teams"]);
    refused(
        "version: 1\nteams: { a: {} }\nsystems:\n  s:\n    owner: a\n    purpos: x\n    match: [{ name: x }]\n",
        &["fathom.yaml:6:", "purpos", "purpose"],
    );
}

#[test]
fn bad_indentation_names_its_line() {
    refused("version: 1\nteams:\n  a: {}\n b: {}\n", &["fathom.yaml:4:"]);
    refused("version: 1\nteams: [\n", &["fathom.yaml:"]);
    refused("version: 1\n\trules: []\n", &["fathom.yaml:1:", "a tab"]);
}

#[test]
fn what_cannot_be_is_refused_with_a_way_out() {
    let system = |inner: &str| format!("version: 1\nteams:\n  payments: {{}}\nsystems:\n  shop:\n{inner}");
    refused(
        &system("    owner: payment\n    match: [{ name: \"x*\" }]\n"),
        &["fathom.yaml", "`shop`", "`payment`", "did you mean `payments`?"],
    );
    refused(
        &system("    data_class: secret\n    match: [{ name: \"x*\" }]\n"),
        &["fathom.yaml", "`secret` is not a data class", "public, internal, confidential or restricted"],
    );
    refused(&system("    match: [{}]\n"), &["fathom.yaml", "empty `match`"]);
    refused(&system("    match: [{ name: \"[\" }]\n"), &["fathom.yaml:6:", "is not a pattern"]);
    refused("version: 2\n", &["fathom.yaml", "version: 1"]);
    refused("", &["fathom.yaml:1:1"]);
    refused("teams: {}\n", &["fathom.yaml:1:1", "version"]);
    refused(
        "version: 1\nrules:\n  - { match: { name: x }, set: { data_class: secret } }\n",
        &["fathom.yaml", "rule 1", "`secret` is not a data class"],
    );
    refused("version: 1\nterraform_states: [gone.tfstate]\n", &["gone.tfstate", "fathom.yaml"]);
}

#[test]
fn a_terraform_state_of_another_form_is_named() {
    let place = Place::new();
    place.write("fathom.yaml", "version: 1\nterraform_states: [state.tfstate]\n");
    for (state, says) in [("{", "state.tfstate"), ("{\"version\": 3}", "version"), ("[]", "state.tfstate")] {
        place.write("state.tfstate", state);
        place.run(&["scan"]).code(1).says(&["state.tfstate", says]);
        assert!(!place.data().exists());
    }
}

#[test]
fn a_declarations_file_that_is_not_there_is_named() {
    let place = Place::new();
    place
        .run(&["scan", "--sample", "--declarations", "other.yaml"])
        .code(1)
        .says(&["other.yaml", "No such file"]);
    assert!(!place.data().exists());
}

#[test]
fn a_definition_of_ones_own_is_checked_and_then_used() {
    let place = Place::new();
    let own = |text: &str| {
        place.write("own/resources/aws/sqs.queue.yaml", text);
        place.run(&["--content", "own", "scan", "--sample"])
    };
    own("type: AWS::SQS::Queue\nservise: sqs\n").code(1).says(&["sqs.queue.yaml:2:", "servise"]);
    own("type: [").code(1).says(&["sqs.queue.yaml:"]);
    own("type: AWS::SQS::Queue\n").code(1).says(&["sqs.queue.yaml"]);
    assert!(!place.data().exists());
    place.run(&["--content", "nowhere", "scan", "--sample"]).code(1).says(&["nowhere"]);

    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/resources/aws/sqs.queue.yaml");
    let changed = fs::read_to_string(shipped).expect("a definition").replace("kms_key:", "key_it_uses:");
    own(&changed).ok();
    let keys = ["sql", "select key_it_uses from aws_sqs_queue where key_it_uses is not null"];
    let ran = place.run(&[&["--content", "own"], &keys[..]].concat()).ok();
    assert!(ran.out.contains("arn:aws:kms:"), "{}", ran.out);
    place.run(&keys).code(1).says(&["there is no column `key_it_uses`"]);
}

#[test]
fn flags_that_contradict_each_other_are_wrong_usage() {
    let place = Place::new();
    for args in [
        &["scan", "--sample", "--replay", "x"][..],
        &["scan", "--sample", "--record", "x"],
        &["scan", "--record", "x", "--replay", "y"],
        &["scan", "--timeout", "soon"],
        &["scan", "--concurrency", "-1"],
        &["sql", "--format", "xml", "select 1"],
        &["unknown", "--limit", "many"],
        &["serve", "--listen", "7373"],
        &["serve", "--tls-cert", "x"],
        &["ledger"],
        &["frobnicate"],
        &[],
    ] {
        let ran = place.run(args).code(2);
        assert!(ran.out.is_empty() && ran.err.contains("--help"), "{args:?}: {}", ran.seen());
    }
    place.run(&["scan", "--sample", "--types", "AWS::S3::Buckets"]).code(1).says(&["`AWS::S3::Buckets`"]);
    assert!(!place.data().exists());
}

#[test]
fn without_a_scan_each_command_says_what_to_do_first() {
    let place = Place::new();
    for args in [
        &["unknown"][..],
        &["summary"],
        &["coverage"],
        &["scans"],
        &["explain", "x"],
        &["gate", "--min-understood", "1"],
        &["sql", "select 1"],
        &["ledger", "list"],
        &["ledger", "status"],
        &["ledger", "prove", "0"],
        &["accept", "x", "--reason", "y", "--until", "2999-01-01"],
    ] {
        let ran = place.run(args).code(1).says(&["fathom scan"]);
        assert_eq!(ran.out, "", "{args:?}");
        assert!(!place.data().exists(), "{args:?} made a data directory");
    }
}
