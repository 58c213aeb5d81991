//! Findings as SARIF 2.1.0: a rule for each check, a result for each resource that fails or is unknown.

use std::collections::BTreeMap;

use fathom_checks::{Check, Status};
use fathom_content::checks::Severity;
use fathom_posture::Finding;
use serde_json::{Value, json};

use super::Told;
use crate::{
    commands::gate::sarif::{SCHEMA, uri},
    render::clean,
};

pub(in crate::commands) fn log(told: &Told<'_>) -> Value {
    let checks: Vec<&Check> = told.checks.all.iter().collect();
    let places: BTreeMap<&str, usize> =
        checks.iter().enumerate().map(|(at, check)| (check.definition.id.as_str(), at)).collect();
    let results: Vec<Value> = told
        .posture
        .findings
        .iter()
        .filter(|finding| matches!(finding.status, Status::Fail | Status::Unknown))
        .map(|finding| result(told, finding, &places))
        .collect();
    let notes: Vec<Value> = told
        .posture
        .gaps
        .iter()
        .map(|gap| json!({ "level": "warning", "message": { "text": clean(gap) } }))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Fathom",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": checks.iter().map(|check| rule(check)).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": "fathom/check/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "exitCode": if told.holds() { 0 } else { i32::from(crate::GATE_CODE) },
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// As code scanning orders results: within the ranges of CVSS that have the same names.
fn rank(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn rule(check: &Check) -> Value {
    let definition = &check.definition;
    json!({
        "id": definition.id,
        "shortDescription": { "text": definition.title },
        "fullDescription": { "text": format!("{}. {}", definition.title, definition.because) },
        "help": { "text": format!("{} On the command line: {}", definition.fix.by_hand(), definition.fix.cli()) },
        "helpUri": definition.references.first(),
        "defaultConfiguration": { "level": level(definition.severity) },
        "properties": { "security-severity": rank(definition.severity), "tags": ["security"], "controls": definition.controls },
    })
}

fn result(told: &Told<'_>, finding: &Finding, places: &BTreeMap<&str, usize>) -> Value {
    let name = finding.name.as_deref().unwrap_or(&finding.resource);
    let (level, said) = if finding.status == Status::Unknown {
        ("note", format!("it is not known, since {}", clean(&finding.missing.join("; "))))
    } else {
        let why: Vec<String> = finding.why.iter().map(super::text::reason).collect();
        (level(finding.severity), clean(&why.join("; ")))
    };
    let logical =
        json!([{ "name": clean(name), "fullyQualifiedName": finding.resource, "kind": "resource" }]);
    let mut location = json!({ "logicalLocations": logical });
    let place = told.place(finding);
    if let (Some(place), Some(members)) = (place, location.as_object_mut()) {
        let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
        if let (Some(line), Some(members)) = (place.line, physical.as_object_mut()) {
            members.insert("region".to_owned(), json!({ "startLine": line }));
        }
        members.insert("physicalLocation".to_owned(), physical);
    }
    let whose = if place.is_some() {
        String::new()
    } else {
        format!(" in {} {}", clean(&finding.account), clean(&finding.region))
    };
    json!({
        "ruleId": finding.check,
        "ruleIndex": places.get(finding.check.as_str()),
        "kind": if finding.status == Status::Unknown { "open" } else { "fail" },
        "level": if finding.status == Status::Unknown { "none" } else { level },
        "message": { "text": format!("{}{whose}: {}. {said}", clean(name), finding.title) },
        "locations": [location],
        "partialFingerprints": { "fathomFinding/v1": finding.id, "primaryLocationLineHash": finding.id },
        "properties": {
            "type": finding.resource_type,
            "account": finding.account,
            "region": finding.region,
            "owner": finding.owner,
            "severity": finding.severity,
            "status": finding.status,
        },
    })
}
