//! Findings in the AWS Security Finding Format, version 2018-10-08: what `securityhub batch-import-findings` takes in.

use fathom_findings::State;
use fathom_model::{FindingState, KeptFinding};
use serde_json::{Map, Value, json};

use super::{Row, Told};
use crate::render::clean_to;

/// The longest title, description and reason that the format takes, in characters.
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 1024;
/// Requirements of one finding that the format takes.
const REQUIREMENTS_MAX: usize = 32;

pub(super) fn finding(row: &Row<'_>, told: &Told<'_>) -> Value {
    let (one, life) = (row.finding, &row.finding.life);
    let region = region(one);
    let partition = one.resource.as_str().split(':').nth(1).filter(|part| !part.is_empty()).unwrap_or("aws");
    let is_fixed = life.state == FindingState::Fixed;
    let status = match (life.confirmed, is_fixed) {
        (false, _) => "WARNING",
        (true, true) => "PASSED",
        (true, false) => "FAILED",
    };
    let workflow = match row.stands.state {
        State::Open | State::Reopened => "NEW",
        State::Accepted => "SUPPRESSED",
        State::Fixed => "RESOLVED",
    };
    let why = row.why().join("; ");
    let said = if why.is_empty() { String::new() } else { format!(" ({why})") };
    let requirements: Vec<String> = row
        .check
        .into_iter()
        .flat_map(|check| &check.definition.controls)
        .flat_map(|(framework, ids)| ids.iter().map(move |id| format!("{framework}/{id}")))
        .take(REQUIREMENTS_MAX)
        .collect();
    let mut compliance = Map::from_iter([("Status".to_owned(), json!(status))]);
    // The format takes no empty lists.
    if !requirements.is_empty() {
        compliance.insert("RelatedRequirements".to_owned(), json!(requirements));
    }
    let mut value = json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("fathom/{}", one.id),
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{0}:product/{0}/default", one.account),
        "ProductName": "Fathom",
        "GeneratorId": format!("fathom/{}", one.check),
        "AwsAccountId": one.account,
        "Types": ["Software and Configuration Checks"],
        "FirstObservedAt": life.first_seen.to_string(),
        "LastObservedAt": life.last_seen.to_string(),
        "CreatedAt": life.first_seen.to_string(),
        "UpdatedAt": told.run.at.to_string(),
        "Severity": { "Label": one.severity.word().to_uppercase(), "Original": one.severity.word() },
        "Title": short(&one.title, TITLE_MAX),
        "Description": short(&format!("{}{said}", row.because()), DESCRIPTION_MAX),
        "Resources": [{
            "Type": type_of(one),
            "Id": one.resource,
            "Partition": partition,
            "Region": region,
        }],
        "Compliance": compliance,
        "Workflow": { "Status": workflow },
        "RecordState": if is_fixed { "ARCHIVED" } else { "ACTIVE" },
    });
    if let (Some(check), Some(members)) = (row.check, value.as_object_mut()) {
        let mut recommendation = json!({ "Text": short(&check.definition.fix.console, 512) });
        if let Some(url) = check.definition.references.first() {
            recommendation["Url"] = json!(url);
        }
        members.insert("Remediation".to_owned(), json!({ "Recommendation": recommendation }));
    }
    value
}

/// What is in no region is told where its service is asked.
fn region(one: &KeptFinding) -> &str {
    if one.region.is_global() { "us-east-1" } else { one.region.as_str() }
}

/// `AwsEc2Instance` of `AWS::EC2::Instance`, as the format names types; `Other` is for what it has no name for.
fn type_of(one: &KeptFinding) -> String {
    let mut parts = one.resource_type.as_str().split("::");
    let (Some("AWS"), Some(service), Some(thing)) = (parts.next(), parts.next(), parts.next()) else {
        return "Other".to_owned();
    };
    let mut chars = service.to_lowercase().chars().collect::<Vec<_>>();
    if let Some(first) = chars.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    format!("Aws{}{thing}", chars.into_iter().collect::<String>())
}

/// At most so many characters, the mark of what is cut included.
fn short(text: &str, most: usize) -> String {
    clean_to(text.trim(), most - 1)
}
