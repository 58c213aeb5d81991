//! How much is understood: the numbers of the first page, each with the question behind it.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use fathom_store::{Counts, CoverageQuery, EstateFilter, Group};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    coverage::{CoverageTotal, OutcomeView},
    filter::{AsOfView, as_of},
};
use crate::{
    access::Visible,
    continuous::{EventsView, ScheduleView},
    extract::Query,
    problem::{Problem, ProblemView},
    state::ApiState,
    views::{Counted, ScanView},
};

/// Owners of an answer.
const OWNERS_MAX: usize = 200;

/// How much of a part of the estate is understood.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Share {
    /// What is counted: a type, an account, a region, an owner; null for all.
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

/// As of when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummaryQuery {
    /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
    as_of: Option<String>,
}

/// How much is understood, of what the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// Everything.
    all: Share,
    /// By type.
    by_type: Vec<Share>,
    /// By account.
    by_account: Vec<Share>,
    /// By region.
    by_region: Vec<Share>,
    /// By who answers for it, the most first; an empty value for what nobody does. At most 200.
    by_owner: Vec<Share>,
    /// Those whose own settings say that they may be reached from outside.
    exposed: Counted,
    /// Those of which the last scan could not say whether they still exist; null for the past.
    stale: Option<Counted>,
    /// The list of what is not understood.
    unknowns: Counted,
    /// Of these, those all of whose gaps are accepted.
    accepted: u64,
    /// The coverage ledger by outcome and reason; empty for the past, and for callers who see teams only.
    coverage: Vec<CoverageCount>,
    /// The last scan with results; for the past the scan that left the estate so.
    last_scan: Option<ScanView>,
    /// When the server scans by itself; null where it does not.
    schedule: Option<ScheduleView>,
    /// Where the provider's events stand; null where the server takes none, and for callers who see a part.
    events: Option<EventsView>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// How much is understood
#[utoipa::path(get, path = "/summary", tag = "estate", operation_id = "summary", params(SummaryQuery),
    responses(
        (status = 200, description = "The answer", body = Summary),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn summary(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<SummaryQuery>,
) -> Result<Json<Summary>, Problem> {
    let (store, now) = (&state.store, state.now());
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let filter = EstateFilter { scope: visible.scope().clone(), ..EstateFilter::default() };
    let groups = [Group::Kind, Group::Account, Group::Region, Group::Owner];
    let mut by = store.estate_sums(&filter, &groups, as_of.as_ref(), now).await?.into_iter();
    let mut next = || by.next().unwrap_or_default();
    let (by_type, by_account, by_region, by_owner) = (next(), next(), next(), next());
    let mut all = Counts::default();
    for counts in by_type.values() {
        all.add(*counts);
    }
    // Every address leads to the same moment.
    let moment = query.as_of.as_deref();
    let shares = |parameter: &'static str, list: BTreeMap<String, Counts>| -> Vec<Share> {
        list.into_iter().map(|(value, counts)| share(Some(value), parameter, counts, moment)).collect()
    };
    let mut by_owner: Vec<(String, Counts)> = by_owner.into_iter().collect();
    by_owner.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.resources));
    by_owner.truncate(OWNERS_MAX);
    let by_owner = by_owner.into_iter().map(|(value, counts)| share(Some(value), "owner", counts, moment));
    let (listed, accepted) = store.list_facets(&filter, true, as_of.as_ref(), now).await?;
    let coverage = match visible.accounts(&[]) {
        Some(accounts) if as_of.is_none() && visible.refuse_teams().is_ok() => {
            store.coverage_totals(&CoverageQuery { accounts, ..CoverageQuery::default() }).await?
        }
        _ => Vec::new(),
    };
    let last_scan = match &as_of {
        Some(as_of) => Some(as_of.past().scan().clone()),
        None => store.latest_scan().await?,
    };
    let counted =
        |value, filter: &[(&str, &str)]| Counted::new(value, "/resources", &with_moment(filter, moment));
    Ok(Json(Summary {
        all: share(None, "", all, moment),
        by_type: shares("type", by_type),
        by_account: shares("account", by_account),
        by_region: shares("region", by_region),
        by_owner: by_owner.collect(),
        exposed: counted(all.exposed, &[("exposed", "true")]),
        stale: as_of.is_none().then(|| counted(all.stale, &[("stale", "true")])),
        unknowns: Counted::new(
            listed.total,
            "/unknowns",
            &with_moment(&[("include_accepted", "true")], moment),
        ),
        accepted,
        coverage: coverage.into_iter().map(|total| coverage_count(&total.into())).collect(),
        last_scan: last_scan.map(|scan| ScanView::seen(scan, visible.scope())),
        schedule: state.schedule.as_ref().map(|watched| watched.borrow().clone().into()),
        events: state
            .events
            .as_ref()
            .filter(|_| visible.is_all())
            .map(|watched| watched.borrow().clone().into()),
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

fn with_moment<'f>(filter: &[(&'f str, &'f str)], moment: Option<&'f str>) -> Vec<(&'f str, &'f str)> {
    filter.iter().copied().chain(moment.map(|moment| ("as_of", moment))).collect()
}

fn share(value: Option<String>, parameter: &str, counts: Counts, moment: Option<&str>) -> Share {
    let counted = |number, state: Option<&str>| {
        let own = value.as_deref().map(|value| (parameter, value));
        let filter: Vec<(&str, &str)> = own.into_iter().chain(state.map(|yes| ("understood", yes))).collect();
        Counted::new(number, "/resources", &with_moment(&filter, moment))
    };
    let (total, understood) = (counts.resources, counts.understood);
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
