//! Baselines: approved states of the estate, and what differs from them.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{
    Baseline, BaselineAcceptance, BaselineApproval, BaselineDifference, BaselineException, ChangeQuery, Fate,
    StoreError,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{acceptances::until, history::bytes_of};
use crate::{
    access::{Caller, Visible},
    extract::{Body, Nothing, Query, shown, within},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::DifferenceView,
};

/// Differences of a page where the client does not say, and the most.
const ROWS: (usize, usize) = (100, 500);
/// Documents that one page is made of, in bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest cursor.
const CURSOR_BYTES_MAX: usize = 8192;

/// An approved state of the estate.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BaselineView {
    /// Its name; one baseline of a name holds at a time.
    name: String,
    /// The scan that left the estate so.
    scan: i64,
    /// Why it was approved.
    reason: String,
    /// Who approved it.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// How many resources there were.
    resources: u64,
    /// SHA-256 over the lines `<hash of the document>  <uid>`, sorted by uid.
    digest: String,
    /// When another of its name took its place; null while it holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl From<Baseline> for BaselineView {
    fn from(baseline: Baseline) -> Self {
        Self {
            name: baseline.name,
            scan: baseline.scan,
            reason: baseline.reason,
            by: baseline.by,
            at: baseline.at,
            resources: baseline.resources,
            digest: baseline.digest,
            ended_at: baseline.ended_at,
        }
    }
}

/// Baselines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Baselines {
    /// Those that hold first, then the newest.
    baselines: Vec<BaselineView>,
}

/// How much differs.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct BaselineCounts {
    /// New or back, and nobody explained it.
    added: u64,
    /// Changed, and nobody explained it.
    changed: u64,
    /// Gone, and nobody explained it.
    gone: u64,
    /// Explained.
    explained: u64,
}

/// A baseline, and how much differs from it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BaselineStatus {
    /// The baseline.
    baseline: BaselineView,
    /// How much differs.
    counts: BaselineCounts,
}

/// An estate to approve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBaseline {
    /// The name; one of the same name that holds ends.
    name: String,
    /// Why the estate may be as it is.
    reason: String,
    /// The newest scan that was looked at: 409 where another one ended meanwhile. Left out: whatever is newest.
    seen: Option<i64>,
}

/// Which differences.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DifferencesQuery {
    /// Also those that somebody explained.
    explained: Option<bool>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// The most rows.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A difference that somebody explained.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExceptionView {
    /// The resource.
    uid: String,
    /// The fingerprint of what is accepted, or `gone`.
    state: String,
    /// Why it may be so.
    reason: String,
    /// Who accepted it.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it stops to hold; null for as long as the baseline.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

impl From<BaselineException> for ExceptionView {
    fn from(one: BaselineException) -> Self {
        Self {
            uid: one.uid.to_string(),
            state: one.state,
            reason: one.reason,
            by: one.by,
            at: one.at,
            until: one.until,
        }
    }
}

/// A resource that is not as the baseline has it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BaselineDifferenceRow {
    /// The resource.
    uid: String,
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// Its account.
    account: String,
    /// Its region.
    region: String,
    /// The id that the provider uses.
    id: String,
    /// The name that it has, or had last.
    name: Option<String>,
    /// What became of it: `added`, `returned`, `changed` or `gone`.
    what: &'static str,
    /// What changed in it; null where it came or went.
    difference: Option<DifferenceView>,
    /// Who explained it, where that still holds.
    explained: Option<ExceptionView>,
}

/// A page of differences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BaselineDifferences {
    /// The baseline.
    baseline: BaselineView,
    /// What differs, by type and uid.
    differences: Vec<BaselineDifferenceRow>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
}

/// A difference to explain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewException {
    /// The resource.
    uid: String,
    /// Why it may be as it is now.
    reason: String,
    /// When that stops to hold: a moment, or the last day; as long as the baseline where it is left out.
    #[schema(examples("2027-01-31", "2027-01-31T18:00:00Z"))]
    until: Option<String>,
    /// The newest scan that was looked at: 409 where the resource changed meanwhile. Left out: whatever is newest.
    seen: Option<i64>,
}

/// Where a page ended. The baseline and the scan are part of it, so that pages go on with the same ones.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    baseline: i64,
    kind: String,
    uid: String,
}

/// All baselines
#[utoipa::path(get, path = "/baselines", tag = "drift", operation_id = "baselines",
    responses(
        (status = 200, description = "The answer", body = Baselines),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    _: Query<Nothing>,
) -> Result<Json<Baselines>, Problem> {
    let baselines = state.store.baselines().await?.into_iter().map(Into::into).collect();
    Ok(Json(Baselines { baselines }))
}

/// A baseline that holds, and how much differs from it
#[utoipa::path(get, path = "/baselines/{name}", tag = "drift", operation_id = "baseline",
    params(("name" = String, Path, description = "The baseline's name")),
    responses(
        (status = 200, description = "The answer", body = BaselineStatus),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<ApiState>,
    Path(name): Path<String>,
    _: Query<Nothing>,
) -> Result<Json<BaselineStatus>, Problem> {
    let baseline = named(&state, &name).await?;
    let mut counts = BaselineCounts::default();
    // Only counted, which documents are not needed for.
    let asked = ChangeQuery { without_documents: true, ..ChangeQuery::default() };
    let mut rest = state.store.baseline_differences_of(&baseline, asked, state.now()).await?;
    while let Some(part) = rest.next().await? {
        for one in part {
            let count = match one.change.fate {
                _ if one.explained.is_some() => &mut counts.explained,
                Fate::Added | Fate::Returned => &mut counts.added,
                Fate::Gone => &mut counts.gone,
                Fate::Changed | Fate::Same => &mut counts.changed,
            };
            *count += 1;
        }
    }
    Ok(Json(BaselineStatus { baseline: baseline.into(), counts }))
}

/// Approves the estate as it is now
///
/// Sealed in the ledger. A baseline of the same name ends.
#[utoipa::path(post, path = "/baselines", tag = "drift", operation_id = "approve_baseline", request_body = NewBaseline,
    responses(
        (status = 201, description = "The answer", body = BaselineView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn approve(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    Body(new): Body<NewBaseline>,
) -> Result<(StatusCode, Json<BaselineView>), Problem> {
    let approval =
        BaselineApproval { name: new.name, reason: new.reason, by: caller.name().to_owned(), seen: new.seen };
    let made = state.store.approve_baseline(approval, state.now()).await;
    Ok((StatusCode::CREATED, Json(made.map_err(refused)?.into())))
}

/// What differs from a baseline
#[utoipa::path(get, path = "/baselines/{name}/differences", tag = "drift", operation_id = "baseline_differences",
    params(("name" = String, Path, description = "The baseline's name"), DifferencesQuery),
    responses(
        (status = 200, description = "The answer", body = BaselineDifferences),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn differences(
    State(state): State<ApiState>,
    visible: Visible,
    Path(name): Path<String>,
    Query(query): Query<DifferencesQuery>,
) -> Result<Json<BaselineDifferences>, Problem> {
    let limit = within("limit", query.limit, ROWS.0, &(1..=ROWS.1))?;
    let baseline = named(&state, &name).await?;
    let after = query.cursor.as_deref().map(|cursor| position(cursor, &baseline)).transpose()?;
    let asked = ChangeQuery {
        kinds: query.kind.into_iter().map(Into::into).collect(),
        accounts: query.account.into_iter().map(Into::into).collect(),
        regions: query.region.into_iter().map(Into::into).collect(),
        after,
        ..ChangeQuery::default()
    };
    let (documents, all) = (visible.documents(), query.explained.unwrap_or_default());
    let mut rest = state.store.baseline_differences_of(&baseline, asked, state.now()).await?;
    let mut differences: Vec<BaselineDifferenceRow> = Vec::new();
    let (mut bytes, mut has_more) = (0, false);
    while !has_more && let Some(part) = rest.next().await? {
        let mut found = Vec::new();
        for one in part {
            if one.explained.is_some() && !all {
                continue;
            }
            if differences.len() + found.len() >= limit || bytes >= BYTES_MAX {
                has_more = true;
                break;
            }
            bytes += bytes_of(&one.change);
            found.push(one);
        }
        let rows = tokio::task::spawn_blocking(move || {
            found.into_iter().map(|one| row(one, documents)).collect::<Vec<_>>()
        });
        differences
            .extend(rows.await.map_err(|_| Problem::new(Code::Internal, "the comparison did not end"))?);
    }
    let next = differences.last().filter(|_| has_more).map(|last| {
        let position = Position { baseline: baseline.id, kind: last.kind.clone(), uid: last.uid.clone() };
        URL_SAFE_NO_PAD.encode(serde_json::json!(position).to_string())
    });
    Ok(Json(BaselineDifferences { baseline: baseline.into(), differences, next }))
}

/// Explains one difference: the resource may be as it is now
///
/// Sealed in the ledger. When it changes again, it differs again.
#[utoipa::path(post, path = "/baselines/{name}/accept", tag = "drift", operation_id = "accept_difference",
    params(("name" = String, Path, description = "The baseline's name")), request_body = NewException,
    responses(
        (status = 201, description = "The answer", body = ExceptionView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn accept(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    _: Query<Nothing>,
    Body(new): Body<NewException>,
) -> Result<(StatusCode, Json<ExceptionView>), Problem> {
    named(&state, &name).await?;
    let until = new.until.as_deref().map(until).transpose()?;
    let acceptance = BaselineAcceptance {
        name,
        uid: Uid::from(new.uid),
        reason: new.reason,
        by: caller.name().to_owned(),
        until,
        seen: new.seen,
    };
    let made = state.store.accept_difference(acceptance, state.now()).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

async fn named(state: &ApiState, name: &str) -> Result<Baseline, Problem> {
    state.store.baseline(name).await?.ok_or_else(|| {
        Problem::new(Code::NotFound, format!("no baseline `{}` holds", shown(name)))
            .hint("POST /baselines approves the estate as it is now")
    })
}

/// What the store checks here comes from the body.
fn refused(error: StoreError) -> Problem {
    match error {
        StoreError::Invalid { what } => Problem::new(Code::InvalidBody, what),
        error => error.into(),
    }
}

fn position(cursor: &str, baseline: &Baseline) -> Result<(ResourceType, Uid), Problem> {
    let wrong = || {
        Problem::parameter("cursor", "the cursor does not belong to this query")
            .hint("the baseline may have been approved anew; leave it out to start again")
    };
    let bytes = Some(cursor).filter(|text| text.len() <= CURSOR_BYTES_MAX);
    let bytes = bytes.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or_else(wrong)?;
    let position: Position = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    if position.baseline != baseline.id {
        return Err(wrong());
    }
    Ok((position.kind.into(), position.uid.into()))
}

fn row(one: BaselineDifference, documents: bool) -> BaselineDifferenceRow {
    let change = one.change;
    let difference = match (change.fate, &change.before, &change.after) {
        (Fate::Changed, Some(before), Some(after)) => Some(DifferenceView::between(before, after, documents)),
        _ => None,
    };
    BaselineDifferenceRow {
        name: change.name().map(str::to_owned),
        uid: change.uid.to_string(),
        kind: change.kind.to_string(),
        account: change.account.to_string(),
        region: change.region.to_string(),
        id: change.id,
        what: change.fate.as_str(),
        difference,
        explained: one.explained.map(Into::into),
    }
}
