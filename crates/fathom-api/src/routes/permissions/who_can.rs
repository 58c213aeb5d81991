//! Everyone who can do something to a resource.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{KeyStep, Says};
use fathom_iam::{
    Decision,
    organisation::{Row, WhoCan},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page, PermissionsAsOf, context,
    kept::{KeyStepView, SaysKind},
    needed, notes, refused, target,
    views::{AskerView, VerdictOfRequest},
};
use crate::{
    extract::Query,
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// What is done to what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhoCanQuery {
    /// The action, `s3:GetObject`.
    #[param(required = true)]
    action: Option<String>,
    /// The resource: an ARN, or an id or name that only one has; `*` for actions that have none.
    #[param(required = true)]
    resource: Option<String>,
    /// What is known of the request, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// What becomes of the request of one of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhoCanRow {
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// What becomes of it.
    #[serde(flatten)]
    verdict: VerdictOfRequest,
    /// What the key says under which the resource is kept; null where the action needs none.
    key: Option<KeyStepView>,
    /// The action and the key together.
    content: SaysKind,
}

/// How many are answered how, each by the action and its key together: of who is asked about, or of the resources that somebody is asked about.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct AnswerCounts {
    /// Yes.
    pub(super) allowed: u64,
    /// Only under conditions.
    pub(super) only_if: u64,
    /// It is not known.
    pub(super) unknown: u64,
    /// No.
    pub(super) denied: u64,
}

/// Who can do something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhoCanAnswer {
    /// The action.
    action: String,
    /// The resource that was asked about.
    resource: String,
    /// Those who can, who can under conditions, and of whom it is not known; sorted so, then by kind.
    rows: Vec<WhoCanRow>,
    /// How many these are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many were asked about.
    asked: u64,
    /// How many of these are answered how.
    counts: AnswerCounts,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// What whoever asked should know of the question itself.
    notes: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Everyone who can do something to a resource
///
/// Everyone is asked about: users, roles, root users, and whom the resource itself names. Those who cannot are counted.
#[utoipa::path(get, path = "/permissions/who-can", tag = "permissions", operation_id = "who_can", params(WhoCanQuery),
    responses(
        (status = 200, description = "The answer", body = WhoCanAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn who_can(
    State(state): State<ApiState>,
    Query(query): Query<WhoCanQuery>,
) -> Result<Json<WhoCanAnswer>, Problem> {
    let action = needed("action", query.action)?;
    let text = needed("resource", query.resource)?;
    let given = context(&query.context)?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let named = target(&state, &action, &text).await?;
    let asked = snapshot.permissions.meant(&action, named.clone());
    let notes = notes(&snapshot, &action, &named.arn, &asked);
    let as_of = PermissionsAsOf::of(&snapshot);
    let asking = Arc::clone(&snapshot);
    let (found, steps) = permitting::ask(&state, move || {
        let permissions = &asking.permissions;
        let found = permissions.index.who_can(&action, &asked, &given);
        let found = found.map_err(|text| refused("", fathom_access::AccessError::Question(text)))?;
        let organisation = permissions.index.organisation();
        let steps = permissions.encryption.steps(organisation, &found, &asked, &given);
        Ok((found, steps.map_err(|error| refused("", error))?))
    })
    .await?;
    let counts = counts(&found, &steps)?;
    let total = found.rows.len();
    let rows = found.rows.into_iter().zip(steps).collect();
    let row = |(row, step): (Row, Option<KeyStep>)| WhoCanRow {
        content: joined(&row, step.as_ref()).into(),
        asker: row.asker.into(),
        verdict: row.verdict.into(),
        key: step.map(Into::into),
    };
    Ok(Json(WhoCanAnswer {
        action: found.action,
        resource: found.resource,
        total: total as u64,
        next: page.next(total),
        rows: page.cut(rows).into_iter().map(row).collect(),
        asked: found.asked as u64,
        counts,
        gaps: found.gaps,
        notes,
        as_of,
    }))
}

/// The action and the key together.
fn joined(row: &Row, step: Option<&KeyStep>) -> Says {
    Says::from(row.verdict.decision).and(step.map_or(Says::Allowed, |step| step.says))
}

fn counts(found: &WhoCan, steps: &[Option<KeyStep>]) -> Result<AnswerCounts, Problem> {
    let mut counts = AnswerCounts { denied: found.denied as u64, ..AnswerCounts::default() };
    for (row, step) in found.rows.iter().zip(steps) {
        // Rows never hold these; a count that hides one would be a silent "no".
        if matches!(row.verdict.decision, Decision::ImplicitlyDenied | Decision::ExplicitlyDenied) {
            return Err(Problem::new(Code::Internal, "a refusal stands among those who can"));
        }
        match joined(row, step.as_ref()) {
            Says::Allowed => counts.allowed += 1,
            Says::OnlyIf => counts.only_if += 1,
            Says::Unknown => counts.unknown += 1,
            // The key stops them.
            Says::Denied => counts.denied += 1,
        }
    }
    Ok(counts)
}
