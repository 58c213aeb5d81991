//! The same as SARIF 2.1.0, for code scanning: one result for each thing that opens, and one for each part of the change that is not
//! known.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    applied::{Applied, code},
    finding::{Finding, Group},
};
use crate::{
    Ending,
    commands::gate::sarif::{SCHEMA, camel, uri},
    render::clean,
};

/// Results of one log; GitHub takes 5,000 to show.
const RESULTS_MAX: usize = 5_000;
const BLIND: &str = "what-if/unknown";

/// The whole log.
pub(super) fn log(applied: &Applied) -> Value {
    let opening: Vec<&Finding> = applied.findings.iter().filter(|one| one.opens()).collect();
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    for group in opening.iter().map(|one| one.group) {
        let id = rule_id(group);
        rules.entry(id.clone()).or_insert_with(|| rule(&id, group.heading(), "A change of code opens it."));
    }
    if applied.blind().next().is_some() {
        let told = "What of a change cannot be told before it is applied, or is not read by scans.";
        rules.insert(BLIND.to_owned(), rule(BLIND, "A part of the change is not known", told));
    }
    let results: Vec<Value> = opening
        .iter()
        .map(|one| result(applied, one))
        .chain(applied.blind().map(|(change, word, what)| {
            let text = format!("{word}: {} {}", clean(&change.address), clean(what));
            one_result(
                applied,
                (BLIND, "note"),
                &text,
                std::slice::from_ref(&change.address),
                &change.address,
            )
        }))
        .take(RESULTS_MAX)
        .collect();
    let rules: Vec<&Value> = rules.values().collect();
    let (opens, closes, others) = applied.counts(None);
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "Fathom", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "automationDetails": { "id": "fathom/what-if/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": code(applied.ending),
                "toolExecutionNotifications": [{
                    "level": if applied.ending == Ending::Done { "note" } else { "error" },
                    "message": { "text": format!("this change {}", applied.verdict()) },
                }],
            }],
            "results": results,
            "properties": { "opens": opens, "closes": closes, "others": others },
        }],
    })
}

fn rule_id(group: Group) -> String {
    format!("what-if/{}", group.id())
}

fn rule(id: &str, short: &str, help: &str) -> Value {
    json!({
        "id": id,
        "name": camel(id),
        "shortDescription": { "text": short },
        "fullDescription": { "text": help },
        "help": { "text": format!("{help} `fathom what-if` shows the proof.") },
        "defaultConfiguration": { "level": "warning" },
    })
}

fn result(applied: &Applied, one: &Finding) -> Value {
    let level = if one.surely_opens() { "error" } else { "warning" };
    let mut text = format!("{}: {}", one.word(), one.what);
    for line in &one.why {
        text.push('\n');
        text.push_str(line);
    }
    one_result(
        applied,
        (&rule_id(one.group), level),
        &text,
        &one.because,
        &format!("{}{}", one.what, one.word()),
    )
}

/// A result; it is the same finding as long as it is about the same.
fn one_result(
    applied: &Applied,
    (rule, level): (&str, &str),
    text: &str,
    because: &[String],
    same: &str,
) -> Value {
    let fingerprint = hex::encode(Sha256::digest(format!("{rule}{same}").as_bytes()));
    let logical: Vec<Value> = because
        .iter()
        .map(|address| json!({ "fullyQualifiedName": address, "kind": "declaration" }))
        .collect();
    let physical = json!({ "artifactLocation": { "uri": uri(&applied.file) }, "region": { "startLine": 1 } });
    let text = anstream::adapter::strip_str(text).to_string();
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": physical, "logicalLocations": logical }],
        "partialFingerprints": { "fathomWhatIf/v1": fingerprint, "primaryLocationLineHash": fingerprint },
    })
}
