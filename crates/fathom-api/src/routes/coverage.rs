//! The coverage ledger: what was read, what was not, and why.

use axum::{Json, extract::State};
use fathom_model::{Coverage, Outcome, Reason};
use fathom_store::CoverageQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX, drift::ValueCount};
use crate::{
    access::Visible,
    extract::{Query, shown, within},
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// What came of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeView {
    /// Answered, with something in it.
    Read,
    /// Answered: there is nothing.
    Empty,
    /// Not answered, or not for all that was asked.
    Unknown,
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Read => Self::Read,
            Outcome::Empty => Self::Empty,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CoverageParameters {
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// Only these services, as the models name them; may be repeated.
    service: Vec<String>,
    /// Only what was read for these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only this outcome.
    #[param(inline)]
    outcome: Option<OutcomeView>,
    /// Only this reason: `denied`, `throttled`, …
    reason: Option<String>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<u64>,
}

/// How one operation ended in one account and region.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageRow {
    /// The account asked.
    account: String,
    /// The region asked.
    region: String,
    /// Service as the models name it.
    service: String,
    /// Operation as the models name it, or `*` for a whole service.
    operation: String,
    /// The resource type it was read for.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// What came of it.
    outcome: OutcomeView,
    /// Why it is unknown.
    reason: Option<&'static str>,
    /// The permission that a denied call would need.
    permission: Option<String>,
    /// The service's own words, shortened.
    detail: Option<String>,
    /// What a person can do about it.
    advice: Option<&'static str>,
    /// Calls made, retries included.
    calls: u64,
    /// Items read.
    items: u64,
    /// Answers that were throttled.
    throttles: u64,
    /// Calls without an answer we could use.
    failures: u64,
    /// Time from first request to last answer, in milliseconds.
    millis: u64,
}

impl From<Coverage> for CoverageRow {
    fn from(row: Coverage) -> Self {
        Self {
            account: row.account.to_string(),
            region: row.region.to_string(),
            service: row.service,
            operation: row.operation,
            kind: row.resource_type.map(|kind| kind.to_string()),
            outcome: row.outcome.into(),
            reason: row.reason.map(Reason::as_str),
            permission: row.permission,
            detail: row.detail,
            advice: row.reason.map(Reason::advice),
            calls: row.calls,
            items: row.items,
            throttles: row.throttles,
            failures: row.failures,
            millis: row.millis,
        }
    }
}

/// How many rows ended in one way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageTotal {
    /// What came of it.
    pub(crate) outcome: OutcomeView,
    /// Why it is unknown.
    pub(crate) reason: Option<&'static str>,
    /// How many rows.
    pub(crate) count: u64,
}

/// Rows of the coverage ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageAnswer {
    /// The rows, by account, region, service and operation.
    coverage: Vec<CoverageRow>,
    /// How many there are on all pages.
    total: u64,
    /// All pages, by outcome and reason.
    totals: Vec<CoverageTotal>,
    /// The cursor of the next page; null at the end.
    next: Option<u64>,
}

/// What was read, what was not, and why
#[utoipa::path(get, path = "/coverage", tag = "unknowns", operation_id = "coverage", params(CoverageParameters),
    responses(
        (status = 200, description = "The answer", body = CoverageAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn coverage(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<CoverageParameters>,
) -> Result<Json<CoverageAnswer>, Problem> {
    visible.refuse_teams()?;
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    let begin = query.cursor.unwrap_or_default();
    let reason = match &query.reason {
        Some(word) => Some(Reason::parse(word).ok_or_else(|| no_such_reason(word))?),
        None => None,
    };
    let Some(accounts) = visible.accounts(&query.account) else {
        return Ok(Json(CoverageAnswer { coverage: Vec::new(), total: 0, totals: Vec::new(), next: None }));
    };
    let query = CoverageQuery {
        accounts,
        regions: query.region.into_iter().map(Into::into).collect(),
        services: query.service,
        kinds: query.kind.into_iter().map(Into::into).collect(),
        outcome: query.outcome.map(outcome),
        reason,
        limit,
        offset: begin,
    };
    let totals: Vec<CoverageTotal> =
        state.store.coverage_totals(&query).await?.into_iter().map(Into::into).collect();
    let total = totals.iter().map(|one| one.count).sum();
    let coverage: Vec<CoverageRow> =
        state.store.coverage(&query).await?.into_iter().map(Into::into).collect();
    let end = begin.saturating_add(coverage.len() as u64);
    let next = (end < total && !coverage.is_empty()).then_some(end);
    Ok(Json(CoverageAnswer { coverage, total, totals, next }))
}

impl From<fathom_store::CoverageTotal> for CoverageTotal {
    fn from(total: fathom_store::CoverageTotal) -> Self {
        Self { outcome: total.outcome.into(), reason: total.reason.map(Reason::as_str), count: total.rows }
    }
}

fn no_such_reason(word: &str) -> Problem {
    Problem::parameter("reason", format!("`reason`: `{}` is not a reason", shown(word)))
        .hint(format!("the reasons are {}", Reason::ALL.map(Reason::as_str).join(", ")))
}

/// Which rows are counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CoverageFacetsParameters {
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// Only these services, as the models name them; may be repeated.
    service: Vec<String>,
    /// Only what was read for these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only this outcome.
    #[param(inline)]
    outcome: Option<OutcomeView>,
    /// Only this reason: `denied`, `throttled`, …
    reason: Option<String>,
}

/// The counts behind the filters. Each list leaves out the filter of its own.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct CoverageFacetsAnswer {
    /// By account.
    account: Vec<ValueCount>,
    /// By region.
    region: Vec<ValueCount>,
    /// By service.
    service: Vec<ValueCount>,
    /// By type; empty for what is read for none.
    #[serde(rename = "type")]
    kind: Vec<ValueCount>,
    /// By outcome.
    outcome: Vec<ValueCount>,
    /// By the reason for which it is unknown.
    reason: Vec<ValueCount>,
    /// How many rows fit the whole filter.
    total: u64,
}

/// How many rows of the coverage ledger each filter would leave
#[utoipa::path(get, path = "/coverage/facets", tag = "unknowns", operation_id = "coverage_facets",
    params(CoverageFacetsParameters),
    responses(
        (status = 200, description = "The answer", body = CoverageFacetsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn facets(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<CoverageFacetsParameters>,
) -> Result<Json<CoverageFacetsAnswer>, Problem> {
    visible.refuse_teams()?;
    let reason = match &query.reason {
        Some(word) => Some(Reason::parse(word).ok_or_else(|| no_such_reason(word))?),
        None => None,
    };
    let Some(accounts) = visible.accounts(&query.account) else {
        return Ok(Json(CoverageFacetsAnswer::default()));
    };
    let asked = CoverageQuery {
        accounts,
        regions: query.region.into_iter().map(Into::into).collect(),
        services: query.service,
        kinds: query.kind.into_iter().map(Into::into).collect(),
        outcome: query.outcome.map(outcome),
        reason,
        ..CoverageQuery::default()
    };
    let mut found = state.store.coverage_facets(&asked).await?;
    if !visible.is_all() {
        // The list of accounts leaves out the filter of its own, but not what may be seen.
        let own = visible.accounts(&[]).unwrap_or_default();
        let own = CoverageQuery { accounts: own, ..asked };
        found.accounts = state.store.coverage_accounts(&own).await?;
    }
    fn list(counts: Vec<(String, u64)>) -> Vec<ValueCount> {
        counts.into_iter().map(|(value, count)| ValueCount { value, count }).collect()
    }
    Ok(Json(CoverageFacetsAnswer {
        account: list(found.accounts),
        region: list(found.regions),
        service: list(found.services),
        kind: list(found.kinds),
        outcome: list(found.outcomes),
        reason: list(found.reasons),
        total: found.total,
    }))
}

fn outcome(outcome: OutcomeView) -> Outcome {
    match outcome {
        OutcomeView::Read => Outcome::Read,
        OutcomeView::Empty => Outcome::Empty,
        OutcomeView::Unknown => Outcome::Unknown,
    }
}
