//! How much is understood: the numbers of the first page, each with the question behind it.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use fathom_store::{CoverageQuery, UnknownQuery};
use serde::Serialize;
use utoipa::ToSchema;

use super::coverage::{CoverageTotal, OutcomeView};
use crate::{
    continuous::{EventsView, ScheduleView},
    extract::{Nothing, Query},
    problem::{Problem, ProblemView},
    state::ApiState,
    views::{Counted, ScanView},
};

/// How much of a part of the estate is understood.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Share {
    /// What is counted: a type, an account; null for all.
    value: Option<String>,
    /// Resources that exist.
    resources: Counted,
    /// Of these, understood.
    understood: Counted,
    /// Of these, not understood.
    not_understood: Counted,
    /// Understood as a share, 0 to 1; null where there is nothing.
    share: Option<f64>,
}

/// Rows of the coverage ledger that ended in one way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageCount {
    /// What came of it.
    outcome: OutcomeView,
    /// Why it is unknown.
    reason: Option<&'static str>,
    /// How many.
    rows: Counted,
}

/// How much is understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// Everything.
    all: Share,
    /// By type.
    by_type: Vec<Share>,
    /// By account.
    by_account: Vec<Share>,
    /// The list of what is not understood.
    unknowns: Counted,
    /// Of these, those all of whose gaps are accepted.
    accepted: u64,
    /// The coverage ledger by outcome and reason.
    coverage: Vec<CoverageCount>,
    /// The last scan with results.
    last_scan: Option<ScanView>,
    /// When the server scans by itself; null where it does not.
    schedule: Option<ScheduleView>,
    /// Where the provider's events stand; null where the server takes none.
    events: Option<EventsView>,
}

/// How much is understood
#[utoipa::path(get, path = "/summary", tag = "estate", operation_id = "summary",
    responses(
        (status = 200, description = "The answer", body = Summary),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn summary(
    State(state): State<ApiState>,
    _: Query<Nothing>,
) -> Result<Json<Summary>, Problem> {
    let store = &state.store;
    let mut all = (0, 0);
    let mut by_type: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut by_account: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in store.summary().await? {
        let kind = by_type.entry(row.kind.to_string()).or_default();
        let account = by_account.entry(row.account.to_string()).or_default();
        for count in [&mut all, kind, account] {
            count.0 += row.total;
            count.1 += row.understood;
        }
    }
    let list = UnknownQuery { limit: 1, ..UnknownQuery::default() };
    let unknowns = store.unknowns(&list, state.now()).await?;
    let coverage = store.coverage_totals(&CoverageQuery::default()).await?;
    Ok(Json(Summary {
        all: share(None, "", all),
        by_type: by_type.into_iter().map(|(kind, counts)| share(Some(kind), "type", counts)).collect(),
        by_account: by_account.into_iter().map(|(id, counts)| share(Some(id), "account", counts)).collect(),
        unknowns: Counted::new(unknowns.total, "/unknowns", &[("include_accepted", "true")]),
        accepted: unknowns.accepted,
        coverage: coverage.into_iter().map(|total| coverage_count(&total.into())).collect(),
        last_scan: store.latest_scan().await?.map(Into::into),
        schedule: state.schedule.as_ref().map(|watched| watched.borrow().clone().into()),
        events: state.events.as_ref().map(|watched| watched.borrow().clone().into()),
    }))
}

fn share(value: Option<String>, parameter: &str, (total, understood): (u64, u64)) -> Share {
    let counted = |number, state: Option<&str>| {
        let own = value.as_deref().map(|value| (parameter, value));
        let filter: Vec<(&str, &str)> = own.into_iter().chain(state.map(|yes| ("understood", yes))).collect();
        Counted::new(number, "/resources", &filter)
    };
    Share {
        resources: counted(total, None),
        understood: counted(understood, Some("true")),
        not_understood: counted(total.saturating_sub(understood), Some("false")),
        share: (total > 0).then(|| understood as f64 / total as f64),
        value,
    }
}

fn coverage_count(total: &CoverageTotal) -> CoverageCount {
    let outcome = match total.outcome {
        OutcomeView::Read => "read",
        OutcomeView::Empty => "empty",
        OutcomeView::Unknown => "unknown",
    };
    let reason = total.reason.map(|reason| ("reason", reason));
    let filter: Vec<(&str, &str)> = std::iter::once(("outcome", outcome)).chain(reason).collect();
    CoverageCount {
        outcome: total.outcome,
        reason: total.reason,
        rows: Counted::new(total.count, "/coverage", &filter),
    }
}
