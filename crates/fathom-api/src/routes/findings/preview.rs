//! What a rule of patterns would take, before anybody accepts it.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use fathom_findings::{Patterns, Stands, State as Is, check_rule};
use fathom_model::FindingRule;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{BySeverity, FindingSeverity};
use crate::{
    checking,
    extract::Query,
    permitting,
    problem::{Code, Problem, ProblemView},
    routes::network::{ExposedCount, counted},
    state::ApiState,
};

/// Findings that are named.
const NAMED_MAX: usize = 10;

/// A rule. `*` in a pattern stands for any characters; what is not given takes everything.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RuleQuery {
    /// A pattern over names of checks.
    check: Option<String>,
    /// A pattern over types.
    resource_type: Option<String>,
    /// A pattern over accounts.
    account: Option<String>,
    /// A pattern over tags, written `key=value`.
    tag: Option<String>,
    /// A pattern over owners.
    owner: Option<String>,
}

/// A finding that a rule would take.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuledFinding {
    /// Its id.
    id: String,
    /// What would hold, in words.
    title: String,
    /// How bad it is.
    severity: FindingSeverity,
    /// The resource: its ARN.
    resource: String,
    /// What people call it.
    name: Option<String>,
}

/// What a rule would take.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RulePreview {
    /// The rule in words.
    words: String,
    /// Findings that need work now and would be accepted.
    takes: BySeverity,
    /// Of these, those that should be fixed already.
    overdue: u64,
    /// Findings that another exception takes already.
    accepted: u64,
    /// Of how many resources they are.
    resources: u64,
    /// How many of each check.
    checks: Vec<ExposedCount>,
    /// Some of them, the worst first.
    some: Vec<RuledFinding>,
}

/// What a rule would take
///
/// Of the findings that there are now. A rule takes what comes later too.
#[utoipa::path(get, path = "/findings/exceptions/preview", tag = "findings", operation_id = "preview_finding_exception",
    params(RuleQuery),
    responses(
        (status = 200, description = "The answer", body = RulePreview),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn preview(
    State(state): State<ApiState>,
    Query(query): Query<RuleQuery>,
) -> Result<Json<RulePreview>, Problem> {
    let RuleQuery { check, resource_type: kind, account, tag, owner } = query;
    let rule = FindingRule { finding: None, check, kind, account, tag, owner };
    let invalid = |words: String| Problem::new(Code::InvalidParameter, words);
    check_rule(&rule).map_err(invalid)?;
    let patterns = Patterns::of(&rule).map_err(invalid)?;
    // What the last scan left is asked before it is counted.
    checking::snapshot(&state).await?;
    let now = state.now();
    let held = super::holding(&state, now).await?;
    let all = state.store.findings().await?;
    let content = Arc::clone(&state.content);
    permitting::ask(&state, move || {
        let mut told = RulePreview {
            words: rule.to_string(),
            takes: BySeverity::default(),
            overdue: 0,
            accepted: 0,
            resources: 0,
            checks: Vec::new(),
            some: Vec::new(),
        };
        let mut taken = Vec::new();
        for finding in all.iter().filter(|finding| patterns.takes(finding)) {
            let stands = Stands::of(finding, &held, &content.service_levels, now);
            match stands.state {
                Is::Fixed => {}
                Is::Accepted => told.accepted += 1,
                Is::Open | Is::Reopened => {
                    *told.takes.of(finding.severity) += 1;
                    told.overdue += u64::from(stands.overdue);
                    taken.push(finding);
                }
            }
        }
        told.resources = taken.iter().map(|one| one.resource.as_str()).collect::<BTreeSet<_>>().len() as u64;
        told.checks = counted(taken.iter().map(|one| one.check.clone()));
        taken.sort_by_key(|one| (one.severity, one.life.since, one.id.as_str()));
        told.some = taken
            .into_iter()
            .take(NAMED_MAX)
            .map(|one| RuledFinding {
                id: one.id.clone(),
                title: one.title.clone(),
                severity: one.severity.into(),
                resource: one.resource.as_str().to_owned(),
                name: one.name.clone(),
            })
            .collect();
        Ok(Json(told))
    })
    .await
}
