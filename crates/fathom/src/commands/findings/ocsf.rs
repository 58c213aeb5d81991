//! Findings as OCSF events of class 2003, Compliance Finding, by version 1.8.0 of the schema.
//!
//! The cloud profile is applied, so that the account stands where consumers look for it. Times are milliseconds since 1970.

use fathom_findings::State;
use fathom_model::{FindingState, Severity};
use serde_json::{Value, json};

use super::{Row, Told};

/// The version of the schema that events are written by.
const VERSION: &str = "1.8.0";
const CATEGORY: u64 = 2;
const CLASS: u64 = 2003;

/// The event of a finding, as it stands now.
pub(super) fn event(row: &Row<'_>, told: &Told<'_>) -> Value {
    let (one, life) = (row.finding, &row.finding.life);
    let is_fixed = life.state == FindingState::Fixed;
    let (activity, activity_name) = match life.state {
        FindingState::Fixed => (3, "Close"),
        FindingState::Open if life.first_seen == life.last_seen => (1, "Create"),
        FindingState::Open | FindingState::Reopened => (2, "Update"),
    };
    let (status, status_name) = match row.stands.state {
        State::Open | State::Reopened => (1, "New"),
        State::Accepted => (3, "Suppressed"),
        State::Fixed => (4, "Resolved"),
    };
    let (severity, severity_name) = match one.severity {
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    };
    let (compliance, compliance_name) = match (life.confirmed, is_fixed) {
        (false, _) => (2, "Warning"),
        (true, true) => (1, "Pass"),
        (true, false) => (3, "Fail"),
    };
    let controls = row.check.map(|check| &check.definition.controls);
    let standards: Vec<&String> = controls.into_iter().flat_map(|all| all.keys()).collect();
    let requirements: Vec<String> = controls
        .into_iter()
        .flatten()
        .flat_map(|(framework, ids)| ids.iter().map(move |id| format!("{framework} {id}")))
        .collect();
    let details: Vec<String> = row.why().into_iter().chain(row.proof.missing.iter().cloned()).collect();
    let fix = row.check.map(|check| &check.definition.fix);
    let references = row.check.map(|check| &check.definition.references);
    without_null(json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + activity,
        "type_name": format!("Compliance Finding: {activity_name}"),
        "time": told.run.at.as_millisecond(),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "message": format!("{}: {}", row.name(), one.title),
        "comment": row.stands.exception.map(|exception| &exception.reason),
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "product": { "name": "Fathom", "vendor_name": "Fathom", "version": env!("CARGO_PKG_VERSION") },
        },
        "cloud": { "provider": "AWS", "region": one.region, "account": { "uid": one.account } },
        "finding_info": {
            "uid": one.id,
            "title": one.title,
            "desc": row.because(),
            "created_time": life.first_seen.as_millisecond(),
            "first_seen_time": life.first_seen.as_millisecond(),
            "last_seen_time": life.last_seen.as_millisecond(),
            "modified_time": life.since.as_millisecond(),
            "types": ["Posture"],
        },
        "compliance": {
            "control": one.check,
            "standards": standards,
            "requirements": requirements,
            "status_id": compliance,
            "status": compliance_name,
            "status_details": details,
        },
        "remediation": fix.map(|fix| json!({ "desc": fix.console, "references": references })),
        "resources": [{
            "uid": one.resource,
            "name": row.name(),
            "type": one.resource_type,
            "region": one.region,
            "owner": one.owner.as_ref().map(|owner| json!({ "name": owner })),
            "criticality": one.class.map(fathom_model::DataClass::word),
        }],
        "unmapped": {
            "overdue": row.stands.overdue,
            "due": row.stands.due,
            "reopened": life.reopened,
            "rank": row.rank.as_ref().map(|rank| &rank.because),
        },
    }))
}

/// What is not known is left out: the schema has no word for it.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_null(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_null).collect(),
        value => value,
    }
}
