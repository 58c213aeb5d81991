//! The report as SARIF 2.1.0, for code scanning: one result a resource that is not understood.
//!
//! A result's rule is its first open gap. Its fingerprint is made of the resource alone, so that it stays the same
//! finding from run to run, whatever else is known about it by then.

use std::{collections::BTreeMap, fmt::Write as _};

use fathom_model::{Gap, Reason};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::judge::{About, Finding, Judged};
use crate::{
    commands::unknown::{kind, short},
    render::{clean, share},
};

pub(in crate::commands) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The whole log. `explained_in` is the file where people explain what no code declares.
pub(super) fn log(judged: &Judged, explained_in: Option<&str>) -> Value {
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    for gap in judged.findings.iter().filter_map(|finding| worst(finding)) {
        rules.entry(rule_id(gap)).or_insert_with(|| rule(gap));
    }
    let index: BTreeMap<&str, usize> =
        rules.keys().enumerate().map(|(index, id)| (id.as_str(), index)).collect();
    let results: Vec<Value> =
        judged.findings.iter().map(|finding| result(judged, finding, &index, explained_in)).collect();
    let rules: Vec<&Value> = rules.values().collect();
    let exit_code = if judged.holds() { 0 } else { i32::from(crate::GATE_CODE) };
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Fathom",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "automationDetails": { "id": "fathom/gate/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": exit_code,
                "toolExecutionNotifications": notifications(judged),
            }],
            "results": results,
            "properties": {
                "holds": judged.holds(),
                "scan": judged.scan.id,
                "resources": judged.resources,
                "understood": judged.understood,
                "notUnderstood": judged.open,
                "accepted": judged.accepted,
                "leftOut": judged.left_out(),
            },
        }],
    })
}

/// The gap that gives a result its rule: the first that is open, or else the first.
fn worst(finding: &Finding) -> Option<&Gap> {
    let gaps = &finding.unknown.gaps;
    gaps.iter().find(|gap| gap.accepted.is_none()).or_else(|| gaps.first())
}

fn rule_id(gap: &Gap) -> String {
    match gap.reason {
        None => format!("unexplained/{}", gap.part),
        Some(reason) => format!("unread/{reason}"),
    }
}

fn rule(gap: &Gap) -> Value {
    let id = rule_id(gap);
    let (short, help) = match gap.reason {
        None => {
            (format!("No source says the {} of a resource", gap.part.replace('_', " ")), clean(&gap.detail))
        }
        Some(reason) => (
            format!("A part of a resource could not be read: {}", reason.as_str().replace('_', " ")),
            sentence(reason.advice()),
        ),
    };
    let command =
        "`fathom explain` with the resource's id shows what is known about it and from which source.";
    json!({
        "id": id,
        "name": camel(&id),
        "shortDescription": { "text": short },
        "fullDescription": { "text": format!("{short}. {}", sentence(&help)) },
        "help": { "text": format!("{} {command}", sentence(&help)) },
        "defaultConfiguration": { "level": "warning" },
    })
}

fn result(
    judged: &Judged,
    finding: &Finding,
    rules: &BTreeMap<&str, usize>,
    explained_in: Option<&str>,
) -> Value {
    let unknown = &finding.unknown;
    let uid = unknown.uid.as_str();
    let id = worst(finding).map(rule_id).unwrap_or_default();
    let fingerprint = hex::encode(Sha256::digest(uid.as_bytes()));
    let level = match (finding.is_accepted(), judged.is_failing(finding)) {
        (true, _) => "note",
        (false, true) => "error",
        (false, false) => "warning",
    };
    let name = unknown.name.as_deref().unwrap_or_else(|| short(uid));
    let gaps: Vec<String> = unknown
        .gaps
        .iter()
        .map(|gap| match (&gap.accepted, gap.reason) {
            (Some(_), _) => format!("{} (accepted)", gap.part),
            (None, Some(reason)) => format!("{} ({reason})", gap.part),
            (None, None) => gap.part.clone(),
        })
        .collect();
    let declared = finding
        .declared
        .as_ref()
        .map(|declared| format!(" Declared in {} as {}.", clean(&declared.file), clean(&declared.address)));
    let mut result = json!({
        "ruleId": id,
        "level": level,
        "message": { "text": format!(
            "{} {} in {} {} is not understood; missing: {}.{}",
            kind(unknown.kind.as_str()),
            clean(name),
            clean(unknown.account.as_str()),
            clean(unknown.region.as_str()),
            clean(&gaps.join(", ")),
            declared.unwrap_or_default(),
        )},
        "locations": [location(finding, name, explained_in)],
        "partialFingerprints": { "fathomResource/v1": fingerprint, "primaryLocationLineHash": fingerprint },
        "properties": {
            "type": unknown.kind,
            "account": unknown.account,
            "region": unknown.region,
            "because": unknown.because,
            "gaps": unknown.gaps.iter().map(|gap| &gap.part).collect::<Vec<_>>(),
            "new": finding.new,
        },
    });
    if let Some(members) = result.as_object_mut() {
        if let Some(index) = rules.get(id.as_str()) {
            members.insert("ruleIndex".to_owned(), json!(index));
        }
        if finding.is_accepted() {
            let why: Vec<String> = unknown
                .gaps
                .iter()
                .filter_map(|gap| gap.accepted.as_ref())
                .map(|accepted| format!("{}: {}", accepted.by, accepted.reason))
                .collect();
            let suppression =
                json!({ "kind": "external", "status": "accepted", "justification": clean(&why.join("; ")) });
            members.insert("suppressions".to_owned(), json!([suppression]));
        }
    }
    result
}

/// The resource, and the file that declares it or, where none does, the one in which people would explain it.
fn location(finding: &Finding, name: &str, explained_in: Option<&str>) -> Value {
    let mut logical = vec![json!({
        "name": clean(name),
        "fullyQualifiedName": finding.unknown.uid,
        "kind": "resource",
    })];
    if let Some(declared) = &finding.declared {
        logical.push(json!({ "fullyQualifiedName": declared.address, "kind": "declaration" }));
    }
    let mut location = json!({ "logicalLocations": logical });
    let file = finding.declared.as_ref().map(|declared| declared.file.as_str()).or(explained_in);
    if let (Some(file), Some(members)) = (file, location.as_object_mut()) {
        let physical = json!({ "artifactLocation": { "uri": uri(file) }, "region": { "startLine": 1 } });
        members.insert("physicalLocation".to_owned(), physical);
    }
    location
}

/// What the scan could not read, and whether something is left out here.
fn notifications(judged: &Judged) -> Vec<Value> {
    let note = |level: &str, text: String| json!({ "level": level, "message": { "text": text } });
    let failed = judged.conditions.iter().filter(|condition| !condition.holds).map(|condition| {
        note("error", format!("the gate asks for {}; found: {}", condition.asked, condition.found))
    });
    let uncovered_fails =
        judged.conditions.iter().any(|condition| condition.about == About::Coverage && !condition.holds);
    let level = if uncovered_fails { "error" } else { "warning" };
    let unread = judged.uncovered.iter().map(|(reason, rows): (&Reason, &u64)| {
        note(level, format!("{rows} operations could not be read ({reason}): {}", reason.advice()))
    });
    let cut = (judged.left_out() > 0).then(|| {
        note("warning", format!("{} more resources on the list are not in this report", judged.left_out()))
    });
    let share = share(judged.understood, judged.resources);
    let told = note("note", format!("{share} understood ({} of {})", judged.understood, judged.resources));
    failed.chain(unread).chain(cut).chain(std::iter::once(told)).collect()
}

/// A file's name as a relative reference (RFC 3986): everything but the unreserved and `/` escaped.
pub(in crate::commands) fn uri(file: &str) -> String {
    let mut out = String::with_capacity(file.len());
    for byte in file.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            // Writing to a text cannot fail.
            other => drop(write!(out, "%{other:02X}")),
        }
    }
    out
}

/// `unread/not_answered` as a name for people: `UnreadNotAnswered`.
pub(in crate::commands) fn camel(id: &str) -> String {
    let mut out = String::new();
    for word in id.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

pub(in crate::commands) fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_references() {
        assert_eq!(uri("infra/prod.tfstate"), "infra/prod.tfstate");
        assert_eq!(uri("a b#c:\u{e9}.tf"), "a%20b%23c%3A%C3%A9.tf");
        assert_eq!(camel("unread/not_answered"), "UnreadNotAnswered");
        assert_eq!(sentence("grant it"), "Grant it.");
    }
}
