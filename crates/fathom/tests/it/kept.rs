//! `fathom keys`, `fathom secrets`, and what keys say in the other questions, on the sample. What must be there follows from
//! the policies and keys that the sample's script makes, and from what AWS documents of reading what is encrypted.

use std::fs;

use serde_json::{Value, json};

use crate::harness::sample;

fn asked(args: &[&str]) -> Value {
    sample().run(&[&["--json"], args].concat()).ok().json()
}

fn last(text: &Value) -> String {
    text.as_str().expect("a text").rsplit('/').next().unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().expect("a list")
}

/// What is said of roles, by name.
fn roles(rows: &[Value], member: &str) -> Vec<(String, String)> {
    let roles = rows.iter().filter(|row| row["kind"] == "role");
    roles.map(|row| (last(&row["principal"]), row[member].as_str().expect("a word").to_owned())).collect()
}

fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[test]
fn a_key_says_who_decrypts_what_it_encrypts_and_whether_it_rotates() {
    let found = asked(&["keys", "alias/payments"]);
    let [key] = list(&found, "keys") else { panic!("one key: {found}") };
    // The server's role has `kms:Decrypt`, the intruder's and the one for emergencies everything; the key leaves it to the account's own policies.
    assert_eq!(
        roles(list(key, "used_by"), "says"),
        ["SupportAccess", "break-glass", "payments-server"].map(|name| pair(name, "allowed"))
    );
    assert_eq!(
        roles(list(key, "administered_by"), "says"),
        ["SupportAccess", "break-glass"].map(|name| pair(name, "allowed"))
    );
    assert_eq!((&key["users"]["roles"], &key["users"]["roots"]), (&json!(3), &json!(1)));
    assert_eq!((&key["custody"], &key["rotation"]["state"]), (&json!("customer"), &json!("on")));
    let encrypts = list(key, "encrypts");
    for part in ["payments-webhooks", "payments/gateway", "table/"] {
        assert!(
            encrypts.iter().any(|arn| arn.as_str().is_some_and(|arn| arn.contains(part))),
            "{part}: {encrypts:?}"
        );
    }
    // Of the two that do not rotate it is said first.
    let all = asked(&["keys"]);
    let off: Vec<bool> = list(&all, "keys").iter().map(|key| key["rotation"]["state"] == "off").collect();
    assert!(off.iter().any(|off| *off) && off.is_sorted_by_key(|off| !off), "{off:?}");
    let text = sample().run(&["keys", "payments", "--who"]).ok().out;
    for part in
        ["alias/payments", "rotation: on", "payments-server (Decrypt)", "PutKeyPolicy", "of sqs", "1 keys"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn a_secret_is_read_only_by_those_whom_its_key_serves() {
    let found = asked(&["secrets", "storefront/database"]);
    let [secret] = list(&found, "secrets") else { panic!("one secret: {found}") };
    let content = roles(list(secret, "read_by"), "content");
    assert!(content.contains(&pair("SupportAccess", "allowed")), "{content:?}");
    // Both may ask for it; neither has a right to use keys.
    for name in ["storefront-proxy", "telemetry-sync"] {
        assert!(content.contains(&pair(name, "denied")), "{name}: {content:?}");
    }
    assert_eq!(secret["without_key"], 2, "{secret}");
    let read = roles(list(secret, "read_by"), "may_read");
    assert!(read.contains(&pair("storefront-proxy", "allowed")), "{read:?}");
    assert_eq!(secret["rotation"]["state"], "off");
    let eu = asked(&["secrets", "storefront-eu/database"]);
    assert_eq!(eu["secrets"][0]["key"], json!({"form": "managed", "key": "alias/aws/secretsmanager"}));
    // Whoever may ask for one under a key that AWS manages reads it.
    let content = roles(list(&eu["secrets"][0], "read_by"), "content");
    assert!(content.contains(&pair("telemetry-sync", "allowed")), "{content:?}");
    let text = sample().run(&["secrets"]).ok().out;
    for part in ["may ask and cannot decrypt", "alias/aws/secretsmanager", "never, as AWS tells", "secrets:"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!text.contains("CANARY"), "{text}");
}

#[test]
fn who_can_says_the_key_as_a_step_of_its_own() {
    let found = asked(&["who-can", "sqs:SendMessage", "payments-webhooks"]);
    let rows = list(&found, "rows");
    let names = ["SupportAccess", "break-glass", "storefront-task"];
    assert_eq!(roles(rows, "decision"), names.map(|name| pair(name, "allowed")));
    let content = |name: &str| if name == "storefront-task" { "denied" } else { "allowed" };
    assert_eq!(roles(rows, "content"), names.map(|name| pair(name, content(name))));
    let task = rows.iter().find(|row| last(&row["principal"]) == "storefront-task").expect("the task");
    assert_eq!(task["key"]["via"], "sqs.us-east-1.amazonaws.com");
    assert_eq!(task["key"]["needs"], json!(["kms:GenerateDataKey", "kms:Decrypt"]));
    assert_eq!(task["key"]["verdict"]["blocked_by"], json!(["identity_policies"]));
    let text = sample().run(&["who-can", "sqs:SendMessage", "payments-webhooks"]).ok().out;
    for part in ["NO", "kms:Decrypt of the key", "NOT allowed: no statement of its identity policy", "3 can"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let asked =
        ["--principal", "storefront-task", "--action", "sqs:SendMessage", "--resource", "payments-webhooks"];
    let one = sample().run(&[&["iam", "simulate"], &asked[..]].concat()).ok().out;
    assert!(one.starts_with("NO") && one.contains("kms:GenerateDataKey"), "{one}");
}

#[test]
fn the_other_questions_say_it_too() {
    let on = asked(&["what-on", "payments-webhooks", "--kind", "data"]);
    let task =
        list(&on, "rows").iter().find(|row| last(&row["principal"]) == "storefront-task").expect("the task");
    assert_eq!(task["with_key"][0]["actions"], json!(["sqs:SendMessage"]));
    assert_eq!(task["with_key"][0]["content"], "denied");
    let can = asked(&["what-can", "storefront-task", "--kind", "data"]);
    let queue = "arn:aws:sqs:us-east-1:908249470583:payments-webhooks";
    let row = list(&can, "rows").iter().find(|row| list(row, "resources").iter().any(|one| one == queue));
    assert_eq!(row.expect("the queue")["with_key"], task["with_key"]);
    let text = sample().run(&["what-on", "payments-webhooks", "--kind", "data"]).ok().out;
    assert!(
        text.contains("SendMessage: also takes kms:GenerateDataKey and kms:Decrypt of its key: NO"),
        "{text}"
    );
    // A bucket says that it is as it encrypts by default.
    let text = sample().run(&["what-on", "northwind-lake-raw", "--kind", "data"]).ok().out;
    assert!(text.contains("as the bucket encrypts by default"), "{text}");
}

#[test]
fn an_account_that_nobody_has_named_comes_first_until_somebody_does() {
    let text = sample().run(&["external"]).ok().out;
    assert!(text.contains("not named: who is this?") && text.contains("not named: 999988887777"), "{text}");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("vendors.yaml");
    fs::write(&file, "accounts:\n  \"999988887777\": { name: Support Ltd, until: 2026-01-01 }\n")
        .expect("a file");
    let file = file.to_str().expect("a path");
    let text = sample().run(&["external", "--vendors", file]).ok().out;
    assert!(text.contains("Support Ltd") && text.contains("until 2026-01-01, which is over"), "{text}");
    assert!(!text.contains("who is this"), "{text}");
    let found = asked(&["external", "--vendors", file]);
    let row =
        list(&found, "rows").iter().find(|row| row["principal"] == "999988887777").expect("the account");
    assert_eq!(row["vendor"]["name"], "Support Ltd");
    fs::write(file, "accounts:\n  \"9999\": { name: Support Ltd }\n").expect("a file");
    sample().run(&["external", "--vendors", file]).code(1).says(&["vendors.yaml:2", "12 digits"]);
}

#[test]
fn what_is_not_there_is_told_with_what_to_write() {
    sample().run(&["keys", "no-such"]).code(1).says(&["no-such", "`fathom keys` lists them"]);
    sample().run(&["secrets", "no-such"]).code(1).says(&["no-such", "`fathom secrets` lists them"]);
}
