//! Findings that somebody decides to live with until a date.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use fathom_findings::check_rule;
use fathom_model::FindingRule;
use fathom_store::{NewFindingException, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{ExceptionRule, FindingExceptionView};
use crate::{
    access::{Caller, Visible},
    extract::{Body, Nothing, Query, shown},
    problem::{Code, Problem, ProblemView},
    routes::acceptances::until,
    state::ApiState,
};

/// Findings to accept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewException {
    /// Which. Rules of patterns are for who sees the whole estate.
    rule: ExceptionRule,
    /// Why it is acceptable.
    reason: String,
    /// Who approved it. Noted beside the caller, who is known by the session.
    approver: String,
    /// When it stops to hold: a moment, or the last day; at most 366 days away.
    #[schema(examples("2027-01-31", "2027-01-31T18:00:00Z"))]
    until: String,
}

/// Which exceptions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExceptionsQuery {
    /// Those that ended too.
    ended: Option<bool>,
}

/// Exceptions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingExceptions {
    /// The newest first.
    exceptions: Vec<FindingExceptionView>,
}

/// What is accepted
///
/// Who sees a part of the estate is told of exceptions of single findings in it.
#[utoipa::path(get, path = "/findings/exceptions", tag = "findings", operation_id = "finding_exceptions",
    params(ExceptionsQuery),
    responses(
        (status = 200, description = "The answer", body = FindingExceptions),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn exceptions(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ExceptionsQuery>,
) -> Result<Json<FindingExceptions>, Problem> {
    let now = state.now();
    let mut told = Vec::new();
    for one in state.store.finding_exceptions().await? {
        let is_asked = query.ended == Some(true) || one.holds(now);
        if is_asked && (visible.is_all() || sees_of(&state, &visible, &one.rule).await?) {
            told.push(FindingExceptionView::from(&one));
        }
    }
    Ok(Json(FindingExceptions { exceptions: told }))
}

/// Accepts findings until a date
///
/// An exception of the same finding or rule that still holds is replaced. Sealed in the ledger.
#[utoipa::path(post, path = "/findings/exceptions", tag = "findings", operation_id = "accept_findings",
    request_body = NewException,
    responses(
        (status = 201, description = "The answer", body = FindingExceptionView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn accept(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    visible: Visible,
    _: Query<Nothing>,
    Body(new): Body<NewException>,
) -> Result<(StatusCode, Json<FindingExceptionView>), Problem> {
    let invalid = |words: String| Problem::new(Code::InvalidBody, words);
    let rule = FindingRule::from(new.rule);
    check_rule(&rule).map_err(invalid)?;
    if let Some(id) = &rule.finding
        && !sees_of(&state, &visible, &rule).await?
    {
        return Err(Problem::new(Code::NotFound, format!("no finding has the id `{}`", shown(id))));
    }
    if rule.finding.is_none() && !visible.is_all() {
        return Err(crate::access::limited());
    }
    let new = NewFindingException {
        rule,
        reason: new.reason,
        approver: new.approver,
        by: caller.name().to_owned(),
        until: until(&new.until)?,
    };
    let accepted = state.store.except_findings(new, state.now()).await.map_err(|error| match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        error => error.into(),
    })?;
    Ok((StatusCode::CREATED, Json(FindingExceptionView::from(&accepted))))
}

/// An exception to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndException {
    /// Why it ends.
    reason: String,
}

/// Ends an exception before its date
///
/// Its findings are open again at once. Sealed in the ledger.
#[utoipa::path(delete, path = "/findings/exceptions/{number}", tag = "findings", operation_id = "end_finding_exception",
    params(("number" = i64, Path, description = "Its number")), request_body = EndException,
    responses(
        (status = 200, description = "The exception, as it ended", body = FindingExceptionView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn withdraw(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    visible: Visible,
    Path(number): Path<i64>,
    _: Query<Nothing>,
    Body(end): Body<EndException>,
) -> Result<Json<FindingExceptionView>, Problem> {
    if !visible.is_all() {
        let all = state.store.finding_exceptions().await?;
        let Some(known) = all.iter().find(|one| one.id == number) else { return Err(not_there(number)) };
        if !sees_of(&state, &visible, &known.rule).await? {
            return Err(not_there(number));
        }
    }
    let ended = state.store.end_finding_exception(number, caller.name(), &end.reason, state.now()).await;
    let ended = ended.map_err(|error| match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        StoreError::Missing { .. } => not_there(number),
        error => error.into(),
    })?;
    Ok(Json(FindingExceptionView::from(&ended)))
}

/// The same answer for what is not there and for what the caller may not know of.
fn not_there(number: i64) -> Problem {
    Problem::new(Code::NotFound, format!("no exception with the number {number} holds"))
}

/// Whether the one finding that a rule is about may be seen.
async fn sees_of(state: &ApiState, visible: &Visible, rule: &FindingRule) -> Result<bool, Problem> {
    let Some(id) = &rule.finding else { return Ok(false) };
    let found = state.store.find_findings(id, 1).await?;
    Ok(found.iter().any(|one| one.id == *id && super::sees(visible, one)))
}
