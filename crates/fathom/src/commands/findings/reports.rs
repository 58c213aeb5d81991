//! Findings as SARIF and JUnit: the reports of `fathom check`, of what was kept.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use fathom_checks::{Reason, Status};
use fathom_model::FindingState;
use fathom_posture::{Finding, Posture};
use serde_json::json;

use super::{Row, Told};
use crate::{
    commands::check::{self, junit, sarif as of_check},
    render::clean,
};

/// As `fathom check` would report them: what is fixed passes, what could not be looked at again is unknown.
fn posture(told: &Told<'_>) -> Posture {
    let mut by_check: BTreeMap<String, fathom_posture::Counts> = BTreeMap::new();
    let mut findings: Vec<Finding> = Vec::new();
    for row in &told.rows {
        let status = match (row.finding.life.state, row.finding.life.confirmed) {
            (FindingState::Fixed, _) => Status::Pass,
            (_, true) => Status::Fail,
            (_, false) => Status::Unknown,
        };
        by_check.entry(row.finding.check.clone()).or_default().add(status);
        findings.push(finding(row, status));
    }
    Posture { resources: findings.len(), findings, by_check, gaps: told.gaps.clone(), ..Posture::default() }
}

fn finding(row: &Row<'_>, status: Status) -> Finding {
    let one = row.finding;
    let reason = |reason: &fathom_model::FindingReason| Reason {
        path: reason.path.clone(),
        value: reason.value.clone(),
    };
    Finding {
        id: one.id.clone(),
        check: one.check.clone(),
        status,
        severity: one.severity,
        title: one.title.clone(),
        resource: one.resource.to_string(),
        resource_type: one.resource_type.to_string(),
        name: one.name.clone(),
        account: one.account.to_string(),
        region: one.region.to_string(),
        owner: one.owner.clone(),
        why: row.proof.why.iter().map(reason).collect(),
        proof: row.proof.proof.clone(),
        missing: row.proof.missing.clone(),
    }
}

/// SARIF 2.1.0. What somebody accepted is a result that is suppressed, with the reason.
pub(super) fn sarif(told: &Told<'_>) -> Result<String> {
    let posture = posture(told);
    let mut log = of_check::log(&check::Told::of(told.checks, &posture));
    let run = &mut log["runs"][0];
    run["automationDetails"]["id"] = json!("fathom/findings/");
    let accepted: HashMap<&str, &Row<'_>> = told
        .rows
        .iter()
        .filter(|row| row.stands.exception.is_some())
        .map(|row| (row.finding.id.as_str(), row))
        .collect();
    for result in run["results"].as_array_mut().into_iter().flatten() {
        let id = result["partialFingerprints"]["fathomFinding/v1"].as_str().unwrap_or_default();
        let exception = accepted.get(id).and_then(|row| row.stands.exception);
        result["suppressions"] = match exception {
            None => json!([]),
            Some(one) => {
                let said = clean(&format!("{} (approved by {})", one.reason, one.approver));
                json!([{ "kind": "external", "status": "accepted", "justification": said }])
            }
        };
    }
    Ok(serde_json::to_string_pretty(&log)?)
}

/// JUnit XML: a suite for each check, a case for each finding that is not fixed.
pub(super) fn junit(told: &Told<'_>) -> String {
    let posture = posture(told);
    let report = junit::report(&check::Told::of(told.checks, &posture));
    report.replacen("fathom check", "fathom findings", 1)
}
