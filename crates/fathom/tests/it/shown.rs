//! What people see, word for word. Read a changed snapshot as somebody who sees it for the first time.

use crate::harness::{Place, Ran, sample};

/// What differs from run to run.
const DIFFERS: &[(&str, &str)] = &[
    (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z", "[time]"),
    (r"\b202\d-\d{2}-\d{2}-\d{2}-\d{2}\b", "[minute]"),
    (r"\b202\d-\d{2}-\d{2}\b", "[day]"),
    (r"\b\d+\.\d s\b", "[seconds]"),
    (r"\bpid \d+", "pid [pid]"),
    (r"\b(i|vol|eni|snap|subnet|vpc|sg|rtb|acl|ami|eipalloc|key|igw)-[0-9a-f]{8,17}\b", "$1-[id]"),
    (r"\bAKIA[0-9A-Z]{16}\b", "[access key]"),
    (r"[0-9a-f]{64}", "[hash]"),
    (r"fathom 0\.\d+\.\d+", "fathom [version]"),
    (r"/(tmp|var)/[^\s`]*fathom-cli-[^\s`/]*", "[place]"),
];

fn filtered(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    for (pattern, instead) in DIFFERS {
        settings.add_filter(pattern, *instead);
    }
    // Spaces that only fill a table's last column.
    settings.add_filter(r"[ \t]+(\n|$)", "$1");
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn snapshot(name: &str, ran: &Ran) {
    filtered(name, &ran.seen());
}

#[test]
fn help() {
    let place = Place::new().env("AWS_ENDPOINT_URL", "");
    snapshot("help", &place.run(&["--help"]));
    snapshot("help_nothing", &place.run(&[]));
    let commands = [
        &["scan"][..],
        &["explain"],
        &["unknown"],
        &["coverage"],
        &["summary"],
        &["gate"],
        &["accept"],
        &["sql"],
        &["serve"],
        &["people"],
        &["people", "add"],
        &["ledger"],
        &["ledger", "verify"],
        &["ledger", "prove"],
    ];
    let texts: Vec<String> =
        commands.map(|command| place.run(&[command, &["--help"]].concat()).ok().out).to_vec();
    filtered("help_of_commands", &texts.join("\n====\n\n"));
}

#[test]
fn a_scan_of_the_sample() {
    snapshot("scan_sample", &Place::new().run(&["scan", "--sample", "--quiet"]));
}

#[test]
fn the_list() {
    snapshot("unknown", &sample().run(&["unknown", "--limit", "12"]));
    snapshot("unknown_of_a_type", &sample().run(&["unknown", "--type", "AWS::IAM::Role"]));
    snapshot("unknown_of_nothing", &sample().run(&["unknown", "--type", "AWS::KMS::Alias"]));
}

#[test]
fn one_resource() {
    snapshot("explain_unknown", &sample().run(&["explain", "northwind-tmp-export-7731"]));
    let instance = &sample().texts("select uid from aws_ec2_instance where name = 'payments-1'")[0];
    snapshot("explain_understood", &sample().run(&["explain", instance]));
    snapshot(
        "explain_inherited",
        &sample().run(&["explain", "arn:aws:rds:us-east-1:908249470583:db:payments-1"]),
    );
    snapshot("explain_several", &sample().run(&["explain", "telemetry-sync"]));
    snapshot("explain_nothing", &sample().run(&["explain", "no-such-thing"]));
}

#[test]
fn what_was_seen() {
    snapshot("coverage", &sample().run(&["coverage"]));
    snapshot("scans", &sample().run(&["scans"]));
    snapshot("gate", &sample().run(&["gate", "--min-understood", "99.5"]));
    let summary = sample().run(&["summary"]).ok().out;
    filtered("summary_head", &summary.lines().take(12).collect::<Vec<_>>().join("\n"));
    snapshot("ledger_list", &sample().run(&["ledger", "list"]));
    snapshot("ledger_verify", &sample().run(&["ledger", "verify"]));
}

#[test]
fn mistakes() {
    let place = Place::new();
    let mut told = String::new();
    let mut tell = |name: &str, ran: &Ran| told.extend(["# ", name, "\n", ran.seen().as_str(), "\n"]);
    tell("nothing scanned", &place.run(&["unknown"]));
    tell("no credentials", &place.run(&["scan", "--quiet"]));
    tell("no endpoint", &Place::asking("http://127.0.0.1:9").run(&["scan", "--quiet"]));
    tell("no recording", &place.run(&["scan", "--replay", "missing.zst"]));
    tell("unknown type", &place.run(&["scan", "--sample", "--types", "AWS::S3::Buckets"]));
    for (name, yaml) in [
        ("unknown key", "version: 1\nteems: {}\n"),
        ("indentation", "version: 1\nteams:\n  a: {}\n b: {}\n"),
        (
            "unknown team",
            "version: 1\nteams: { payments: {} }\nsystems:\n  shop: { owner: payment, match: [{ name: x }] }\n",
        ),
        ("data class", "version: 1\nrules:\n  - { match: { name: x }, set: { data_class: secret } }\n"),
        ("gone state", "version: 1\nterraform_states: [gone.tfstate]\n"),
    ] {
        place.write("fathom.yaml", yaml);
        tell(name, &place.run(&["scan"]));
    }
    tell("own definition", &{
        place.write("own/resources/aws/sqs.queue.yaml", "type: AWS::SQS::Queue\nservise: sqs\n");
        place.run(&["--content", "own", "permissions"])
    });
    for sql in
        ["selec 1", "select uid,\n  nam from resources", "drop table resources", "select uid from resorces"]
    {
        tell(sql, &sample().run(&["sql", sql]));
    }
    tell("gate", &sample().run(&["gate", "--min-understood", "101"]));
    tell("date", &sample().run(&["accept", "k1", "--reason", "x", "--until", "soon"]));
    tell("no such entry", &sample().run(&["ledger", "prove", "99"]));
    tell("open address", &Place::new().run(&["serve", "--listen", "0.0.0.0:0"]));
    filtered("mistakes", &told);
}

#[test]
fn colours_are_for_terminals_or_those_who_ask() {
    let place = sample();
    for args in [&["unknown"][..], &["summary"], &["coverage"], &["explain", "k1"], &["explain", "none"]] {
        let plain = place.run(args);
        assert!(!plain.seen().contains('\u{1b}'), "{args:?}: {:?}", plain.seen());
        let coloured = place.run(&[args, &["--color", "always"]].concat());
        assert!(coloured.seen().contains("\u{1b}["), "{args:?}");
        let never = place.run(&[args, &["--color", "never"]].concat());
        assert_eq!(never.seen(), plain.seen());
    }
    // Colours only colour: without them the words are the same, in the same places.
    let strip = |text: &str| anstream::adapter::strip_str(text).to_string();
    let coloured = place.run(&["unknown", "--color", "always"]).ok().out;
    assert_eq!(strip(&coloured), place.run(&["unknown"]).ok().out);
}

#[test]
fn programs_get_documents_and_scripts() {
    let place = Place::new();
    let openapi = place.run(&["openapi"]).ok().json();
    assert_eq!(openapi["openapi"].as_str().map(|version| version.starts_with("3.1")), Some(true));
    assert!(
        openapi["paths"].as_object().is_some_and(|paths| paths.contains_key("/api/v1/summary")),
        "{openapi}"
    );
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef fathom"), ("fish", "complete -c fathom")]
    {
        let script = place.run(&["completions", shell]).ok().out;
        assert!(script.contains(word) && script.contains("organization-role"), "{shell}");
    }
    assert!(place.run(&["--version"]).ok().out.starts_with("fathom "));
    assert!(!place.data().exists());
}

#[test]
fn the_printed_policy_only_reads() {
    /// How the names of AWS actions begin that change nothing (service authorization reference, access level
    /// "Read" or "List"). API Gateway names its actions after HTTP methods; a report is made to be read.
    const READS: &[&str] = &[
        "Describe",
        "Get",
        "List",
        "BatchGet",
        "Lookup",
        "Select",
        "Search",
        "GET",
        "GenerateServiceLastAccessedDetails",
    ];
    let policy = Place::new().run(&["permissions"]).ok().json();
    let statements = policy["Statement"].as_array().expect("statements");
    assert_eq!(statements.len(), 1);
    assert_eq!(
        (policy["Version"].as_str(), statements[0]["Effect"].as_str()),
        (Some("2012-10-17"), Some("Allow"))
    );
    let actions = statements[0]["Action"].as_array().expect("actions");
    assert!(actions.len() > 150, "{}", actions.len());
    for action in actions {
        let (service, name) =
            action.as_str().and_then(|action| action.split_once(':')).expect("service:Action");
        assert!(READS.iter().any(|read| name.starts_with(read)), "{action} does not only read");
        assert!(!name.contains('*') && !service.is_empty(), "{action}");
        // Reads that hand out secrets, objects or messages are not needed to describe an estate.
        for dear in
            ["GetSecretValue", "GetObject", "GetParameter", "ReceiveMessage", "GetItem", "GetPasswordData"]
        {
            assert!(!name.starts_with(dear), "{action}");
        }
    }
}

#[test]
fn people() {
    let place = Place::with_sample();
    snapshot("people_none", &place.run(&["people", "list"]));
    snapshot("people_added", &place.run(&["people", "add", "ada", "--role", "administrator"]));
    place
        .run(&[
            "people",
            "add",
            "bob",
            "--role",
            "analyst",
            "--account",
            "111111111111",
            "--team",
            "payments",
        ])
        .ok();
    place.run(&["people", "add", "eve", "--role", "viewer"]).ok();
    snapshot("people_disabled", &place.run(&["people", "disable", "eve"]));
    snapshot("people_list", &place.run(&["people", "list"]));
    snapshot("people_reset", &place.run(&["people", "reset", "bob"]));
}
