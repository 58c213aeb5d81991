//! Who takes care of what is not understood.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use fathom_model::Uid;
use fathom_store::{ASSIGNED_AT_ONCE_MAX, AssignmentQuery, NewAssignment as New, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX, acceptances::until, not_known};
use crate::{
    access::{Caller, Visible},
    extract::{Body, Nothing, Query, number, within},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::{AssigneeView, AssignmentView},
};

/// Resources to assign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAssignment {
    /// The resources, at most 1000.
    uids: Vec<String>,
    /// Who takes care of them.
    to: String,
    /// Whether that is a person or a team.
    #[schema(inline)]
    kind: AssigneeView,
    /// What is to be done.
    note: String,
    /// When it stops to hold: a moment, or the last day; until somebody ends it where it is left out.
    #[schema(examples("2027-01-31", "2027-01-31T18:00:00Z"))]
    until: Option<String>,
}

/// Why an assignment ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndAssignment {
    /// The reason.
    reason: String,
}

/// Which assignments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AssignmentsQuery {
    /// Only those to somebody.
    to: Option<String>,
    /// Only those to persons, or to teams.
    #[param(inline)]
    kind: Option<AssigneeView>,
    /// Only those of a resource.
    uid: Option<String>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<u64>,
}

/// Assignments.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Assignments {
    /// Those that hold, those that end first coming first, then the oldest.
    assignments: Vec<AssignmentView>,
    /// How many there are on all pages.
    total: u64,
    /// The cursor of the next page; null at the end.
    next: Option<u64>,
}

/// Assignments that were made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Assigned {
    /// One for each resource, by uid.
    assignments: Vec<AssignmentView>,
}

/// The assignments that hold
#[utoipa::path(get, path = "/assignments", tag = "unknowns", operation_id = "assignments", params(AssignmentsQuery),
    responses(
        (status = 200, description = "The answer", body = Assignments),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<AssignmentsQuery>,
) -> Result<Json<Assignments>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    let begin = query.cursor.unwrap_or_default();
    let asked = AssignmentQuery {
        scope: visible.scope().clone(),
        to: query.to,
        kind: query.kind.map(Into::into),
        uid: query.uid.map(Uid::from),
        offset: begin,
        limit,
    };
    let (found, total) = state.store.assignments(&asked, state.now()).await?;
    let end = begin.saturating_add(found.len() as u64);
    let next = (end < total && !found.is_empty()).then_some(end);
    Ok(Json(Assignments { assignments: found.into_iter().map(Into::into).collect(), total, next }))
}

/// Assigns resources to a person or a team
///
/// All of them or none; each is sealed in the ledger. An assignment of the same resource that still holds ends.
#[utoipa::path(post, path = "/assignments", tag = "unknowns", operation_id = "assign", request_body = NewAssignment,
    responses(
        (status = 201, description = "The answer", body = Assigned),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn assign(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    visible: Visible,
    _: Query<Nothing>,
    Body(new): Body<NewAssignment>,
) -> Result<(StatusCode, Json<Assigned>), Problem> {
    if new.uids.is_empty() || new.uids.len() > ASSIGNED_AT_ONCE_MAX {
        let told = format!("`uids` has {} values; it must have 1 to {ASSIGNED_AT_ONCE_MAX}", new.uids.len());
        return Err(Problem::new(Code::InvalidBody, told));
    }
    let until = new.until.as_deref().map(until).transpose()?;
    let uids: Vec<Uid> = new.uids.into_iter().map(Uid::from).collect();
    if !visible.is_all() {
        let seen = state.store.seen_of(visible.scope(), &uids).await?;
        if let Some(uid) = uids.iter().find(|uid| seen.get(*uid) != Some(&true)) {
            return Err(not_known(uid.as_str()));
        }
    }
    let new =
        New { uids, to: new.to, kind: new.kind.into(), note: new.note, by: caller.name().to_owned(), until };
    let made = state.store.assign(new, state.now()).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(Assigned { assignments: made.into_iter().map(Into::into).collect() })))
}

/// Ends an assignment
///
/// Sealed in the ledger.
#[utoipa::path(delete, path = "/assignments/{id}", tag = "unknowns", operation_id = "end_assignment",
    params(("id" = i64, Path, description = "The assignment's number")), request_body = EndAssignment,
    responses(
        (status = 200, description = "The answer", body = AssignmentView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    visible: Visible,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(end): Body<EndAssignment>,
) -> Result<Json<AssignmentView>, Problem> {
    let id: i64 = number("id", &id)?;
    if let Some(known) = state.store.assignment(id, state.now()).await?
        && !visible.sees(&state, &known.uid).await?
    {
        return Err(StoreError::Missing { what: "assignment that holds with the number", id }.into());
    }
    let ended = state.store.end_assignment(id, caller.name(), &end.reason, state.now()).await;
    Ok(Json(ended.map_err(refused)?.into()))
}

/// What the store checks here comes from the body.
fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        error => error.into(),
    }
}
