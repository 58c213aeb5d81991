//! Gaps that somebody decides to live with until a date.

use axum::{Extension, Json, extract::State, http::StatusCode};
use fathom_model::{Acceptance, Timestamp, Uid};
use fathom_store::StoreError;
use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::{Caller, Visible},
    extract::{Body, Nothing, Query, shown},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::AcceptanceView,
};

/// A gap to accept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAcceptance {
    /// The resource.
    uid: String,
    /// The gap, as the list of unknowns names it, or `*` for all of the resource's gaps.
    part: String,
    /// Why it is acceptable.
    reason: String,
    /// For whom, as the caller says. Noted beside the caller, who is known by the token.
    by: Option<String>,
    /// When it stops to hold: a moment, or the last day.
    #[schema(examples("2027-01-31", "2027-01-31T18:00:00Z"))]
    until: String,
}

/// Acceptances.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Acceptances {
    /// Those that hold, those that end first coming first.
    acceptances: Vec<AcceptanceView>,
}

/// The acceptances that hold
#[utoipa::path(get, path = "/acceptances", tag = "unknowns", operation_id = "acceptances",
    responses(
        (status = 200, description = "The answer", body = Acceptances),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    visible: Visible,
    _: Query<Nothing>,
) -> Result<Json<Acceptances>, Problem> {
    let mut all = state.store.acceptances(state.now()).await?;
    if !visible.is_all() {
        let uids: Vec<Uid> = all.iter().map(|one| one.uid.clone()).collect();
        let seen = state.store.seen_of(visible.scope(), &uids).await?;
        all.retain(|one| seen.get(&one.uid) == Some(&true));
    }
    Ok(Json(Acceptances { acceptances: all.into_iter().map(Into::into).collect() }))
}

/// Accepts a gap until a date
///
/// An acceptance of the same gap that still holds is replaced.
#[utoipa::path(post, path = "/acceptances", tag = "unknowns", operation_id = "accept", request_body = NewAcceptance,
    responses(
        (status = 201, description = "The answer", body = AcceptanceView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn accept(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    visible: Visible,
    _: Query<Nothing>,
    Body(new): Body<NewAcceptance>,
) -> Result<(StatusCode, Json<AcceptanceView>), Problem> {
    let now = state.now();
    let uid = Uid::from(new.uid);
    let until = until(&new.until)?;
    visible.check(&state, &uid).await?;
    check_part(&state, &uid, &new.part, now).await?;
    let acceptance = Acceptance {
        uid,
        part: new.part,
        reason: new.reason,
        by: by(caller.name(), new.by.as_deref()),
        at: now,
        until,
    };
    let accepted = state.store.accept(acceptance).await.map_err(|error| match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        error => error.into(),
    })?;
    Ok((StatusCode::CREATED, Json(accepted.into())))
}

/// An acceptance to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndAcceptance {
    /// The resource.
    uid: String,
    /// The gap, as it was accepted; `*` for all of the resource's gaps.
    part: String,
    /// Why it ends.
    reason: String,
}

/// Ends an acceptance before its date
///
/// Sealed in the ledger.
#[utoipa::path(delete, path = "/acceptances", tag = "unknowns", operation_id = "end_acceptance",
    request_body = EndAcceptance,
    responses(
        (status = 204, description = "It holds no more"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    visible: Visible,
    _: Query<Nothing>,
    Body(end): Body<EndAcceptance>,
) -> Result<StatusCode, Problem> {
    let uid = Uid::from(end.uid);
    visible.check(&state, &uid).await?;
    let done = state.store.revoke(&uid, &end.part, caller.name(), &end.reason, state.now()).await;
    done.map_err(|error| match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        error => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller, and whom it names; never only what it claims.
fn by(caller: &str, claimed: Option<&str>) -> String {
    match claimed.map(str::trim).filter(|claimed| !claimed.is_empty()) {
        Some(claimed) => format!("{caller}, for {}", shown(claimed)),
        None => caller.to_owned(),
    }
}

/// A misspelt gap would be accepted in vain.
async fn check_part(state: &ApiState, uid: &Uid, part: &str, now: Timestamp) -> Result<(), Problem> {
    if state.store.resource(uid).await?.is_none() {
        return Err(Problem::new(Code::NotFound, format!("no resource `{}` is known", shown(uid.as_str()))));
    }
    let Some(unknown) = state.store.unknown_of(uid, now).await? else {
        return Err(Problem::new(
            Code::InvalidBody,
            "the resource is understood; there is nothing to accept",
        ));
    };
    if part == "*" || unknown.gaps.iter().any(|gap| gap.part == part) {
        return Ok(());
    }
    let gaps: Vec<&str> = unknown.gaps.iter().map(|gap| gap.part.as_str()).collect();
    Err(Problem::new(Code::InvalidBody, format!("the resource has no gap `{}`", shown(part)))
        .hint(format!("its gaps are {}; `*` stands for all", gaps.join(", "))))
}

/// A moment, or the end of a day in UTC.
pub(super) fn until(text: &str) -> Result<Timestamp, Problem> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day = text.parse::<Date>().ok().and_then(|day| day.tomorrow().ok());
    day.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|end| end.timestamp()).ok_or_else(|| {
        Problem::new(Code::InvalidBody, format!("`until`: `{}` is neither a date nor a time", shown(text)))
            .hint("write 2027-01-31, or 2027-01-31T18:00:00Z")
    })
}
