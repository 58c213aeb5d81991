//! Findings in the order of what an intruder could do, and how many there are of each kind.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use fathom_checks::Checks;
use fathom_findings::{Rank, Stands, State as Is};
use fathom_model::{KeptFinding, Timestamp};
use fathom_posture::standing;
use fathom_store::FindingRun;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{FindingRow, FindingSeverity, StandsAs};
use crate::{
    access::Visible,
    checking::{self, Catalogue},
    extract::{Query, shown},
    intruding, permitting,
    problem::{Code, Problem, ProblemView},
    routes::{
        filter,
        network::{ExposedCount, NetworkAsOf, counted},
        paths::GAPS_MAX,
        permissions::Page,
    },
    state::ApiState,
};

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FindingOrder {
    /// What an intruder could use first.
    #[default]
    Rank,
    /// The worst, then what waits longest.
    Severity,
    /// What is to be fixed first.
    Due,
}

/// Which findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingsQuery {
    /// Only those that stand so; may be repeated. Those that need work where none is given.
    #[param(inline)]
    state: Vec<StandsAs>,
    /// Only those that are as bad; may be repeated.
    #[param(inline)]
    severity: Vec<FindingSeverity>,
    /// Only of these checks; may be repeated.
    check: Vec<String>,
    /// Only about these services; may be repeated.
    service: Vec<String>,
    /// Only of checks that test controls of this framework.
    framework: Option<String>,
    /// Only of checks that test this control of the framework.
    control: Option<String>,
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// Only what these teams answer for; may be repeated. An empty one means that nobody does.
    owner: Vec<String>,
    /// Only those of which the last run of their check could say whether it fails, or could not.
    confirmed: Option<bool>,
    /// Only those that stand as they stand since then, or for less: a time, a day, `30d`, or `scan:12`.
    turned_since: Option<String>,
    /// Only of this resource, by its ARN.
    resource: Option<String>,
    /// Only what should be fixed already.
    overdue: Option<bool>,
    /// Only those in whose title, check, name or ARN this stands, whatever the case.
    q: Option<String>,
    /// What comes first.
    #[param(inline)]
    order: FindingOrder,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// How many findings there are of each kind; each list as if nothing were chosen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingFacets {
    /// By where they stand; as if no state were the usual.
    state: Vec<ExposedCount>,
    /// By how bad they are.
    severity: Vec<ExposedCount>,
    /// By service.
    service: Vec<ExposedCount>,
    /// By check.
    check: Vec<ExposedCount>,
    /// By account.
    account: Vec<ExposedCount>,
    /// By who answers for the resource; empty where nobody does.
    owner: Vec<ExposedCount>,
    /// `true` for what should be fixed already.
    overdue: Vec<ExposedCount>,
}

/// A run of the checks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChecksRun {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The scan that had ended last.
    scan: i64,
    /// Who asked.
    by: String,
    /// How many checks were asked.
    checks: u64,
    /// Of how many resources; null for who sees a part of the estate.
    resources: Option<u64>,
    /// Whether all checks were asked of everything.
    whole: bool,
}

/// The findings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingsAnswer {
    /// In the order that was asked for.
    rows: Vec<FindingRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each kind.
    facets: FindingFacets,
    /// The last run of the checks.
    run: Option<ChecksRun>,
    /// Whether what an intruder could do is worked out; where it is not, that has begun, and the worst come first.
    ranked: bool,
    /// What was not read for the order and for the checks; empty for who sees a part of the estate.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// A finding on its way to the answer.
struct Found<'a> {
    finding: &'a KeptFinding,
    stands: Stands<'a>,
    service: &'a str,
}

/// What checks found
///
/// Checks are asked after each scan. A finding has one id for life; what is not known any more fixes nothing.
#[utoipa::path(get, path = "/findings", tag = "findings", operation_id = "findings", params(FindingsQuery),
    responses(
        (status = 200, description = "The answer", body = FindingsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn findings(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<FindingsQuery>,
) -> Result<Json<FindingsAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = checking::snapshot(&state).await?;
    let chosen = chosen(&snapshot.catalogue, &query)?;
    let turned_since = match &query.turned_since {
        None => None,
        Some(text) => Some(filter::since(&state, "turned_since", text).await?),
    };
    let ways = match query.order {
        FindingOrder::Rank => intruding::at_once(&state).await?,
        FindingOrder::Severity | FindingOrder::Due => None,
    };
    let now = state.now();
    let held = super::holding(&state, now).await?;
    let all = state.store.findings().await?;
    let run = state.store.last_finding_run(false).await?;
    let content = Arc::clone(&state.content);
    permitting::ask(&state, move || {
        let places = ways.as_ref().map(|ways| ways.places()).transpose().map_err(intruding::refused)?;
        let whole = visible.is_all();
        let checks = &snapshot.catalogue.checks;
        let seen: Vec<Found<'_>> = all
            .iter()
            .filter(|finding| super::sees(&visible, finding))
            .map(|finding| Found {
                stands: Stands::of(finding, &held, &content.service_levels, now),
                service: service(checks, &finding.check),
                finding,
            })
            .collect();
        let takes = |one: &Found<'_>, without| {
            turned_since.is_none_or(|since| one.finding.life.since >= since)
                && query.takes(one, chosen.as_ref(), without)
        };
        let facets = FindingFacets::of(&seen, &takes);
        let mut rows: Vec<(&Found<'_>, Rank)> = seen
            .iter()
            .filter(|one| takes(one, Facet::None))
            .map(|one| {
                let place = places.map(|places| places.of_resource(one.finding.resource.as_str()));
                (one, Rank::of(one.finding, place))
            })
            .collect();
        rows.sort_by(|one, other| query.order.compare(one, other));
        let total = rows.len();
        let gaps = [
            snapshot.posture.gaps.as_slice(),
            match &ways {
                Some(ways) => ways.stories().map_err(intruding::refused)?.gaps.as_slice(),
                None => &[],
            },
        ];
        Ok(Json(FindingsAnswer {
            rows: page
                .cut(rows)
                .into_iter()
                .map(|(one, rank)| FindingRow::of(one.finding, &one.stands, &rank, whole))
                .collect(),
            total: total as u64,
            next: page.next(total),
            facets,
            run: run.map(|run| ChecksRun::of(run, whole)),
            ranked: places.is_some(),
            gaps: gaps.concat().into_iter().filter(|_| whole).take(GAPS_MAX).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

/// The service of a check; empty where the check is no longer there.
fn service<'c>(checks: &'c Checks, id: &str) -> &'c str {
    checks.get(id).map(fathom_checks::Check::service).unwrap_or_default()
}

/// The checks that test what is asked for of a framework; none where nothing of one is.
fn chosen(catalogue: &Catalogue, query: &FindingsQuery) -> Result<Option<BTreeSet<String>>, Problem> {
    let Some(id) = &query.framework else {
        return match query.control {
            Some(_) => Err(Problem::new(Code::InvalidParameter, "`control` needs `framework` beside it")),
            None => Ok(None),
        };
    };
    let Some(framework) = catalogue.frameworks.all.get(id) else {
        let words = format!("no framework is called `{}`", shown(id));
        return Err(Problem::new(Code::InvalidParameter, words).hint("GET /frameworks lists them"));
    };
    let controls =
        standing(&catalogue.frameworks, framework, &catalogue.checks, &std::collections::BTreeMap::new());
    let is_asked = |name: &str| query.control.as_deref().is_none_or(|control| control == name);
    if !controls.iter().any(|one| is_asked(&one.control)) {
        let words =
            format!("the framework has no control `{}`", shown(query.control.as_deref().unwrap_or_default()));
        return Err(Problem::new(Code::InvalidParameter, words));
    }
    Ok(Some(controls.into_iter().filter(|one| is_asked(&one.control)).flat_map(|one| one.checks).collect()))
}

/// The part of a filter that a list of counts leaves out: its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    None,
    State,
    Severity,
    Service,
    Check,
    Account,
    Owner,
    Overdue,
}

impl FindingsQuery {
    fn takes(&self, one: &Found<'_>, chosen: Option<&BTreeSet<String>>, without: Facet) -> bool {
        let Found { finding, stands, service } = one;
        let is_in = |facet: Facet, chosen: &[String], value: Option<&str>| {
            without == facet || chosen.is_empty() || chosen.iter().any(|one| Some(one.as_str()) == value)
        };
        let is_state = match self.state.as_slice() {
            [] => stands.state.needs_work(),
            states => states.contains(&stands.state.into()),
        };
        (without == Facet::State || is_state)
            && (without == Facet::Severity
                || self.severity.is_empty()
                || self.severity.contains(&finding.severity.into()))
            && is_in(Facet::Service, &self.service, Some(service))
            && is_in(Facet::Check, &self.check, Some(&finding.check))
            && is_in(Facet::Account, &self.account, Some(finding.account.as_str()))
            && is_in(Facet::Owner, &self.owner, Some(finding.owner.as_deref().unwrap_or(super::NOBODY)))
            && self.confirmed.is_none_or(|wanted| wanted == finding.life.confirmed)
            && (without == Facet::Overdue || self.overdue.is_none_or(|wanted| wanted == stands.overdue))
            && self.resource.as_deref().is_none_or(|one| one == finding.resource.as_str())
            && chosen.is_none_or(|chosen| chosen.contains(&finding.check))
            && self.q.as_deref().is_none_or(|text| is_named(finding, text))
    }
}

/// Whether a text stands in what a finding is called.
fn is_named(finding: &KeptFinding, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    [
        finding.title.as_str(),
        &finding.check,
        finding.resource.as_str(),
        finding.name.as_deref().unwrap_or_default(),
    ]
    .iter()
    .any(|name| name.to_lowercase().contains(&text))
}

impl FindingFacets {
    fn of(seen: &[Found<'_>], takes: &impl Fn(&Found<'_>, Facet) -> bool) -> Self {
        let rows = |facet| seen.iter().filter(move |one| takes(one, facet));
        let states = counted(rows(Facet::State).map(|one| one.stands.state.word().to_owned()));
        let severities = counted(rows(Facet::Severity).map(|one| one.finding.severity.word().to_owned()));
        Self {
            state: in_order(states, &Is::ALL.map(Is::word)),
            severity: in_order(severities, &fathom_model::Severity::ALL.map(fathom_model::Severity::word)),
            service: counted(rows(Facet::Service).map(|one| one.service.to_owned())),
            check: counted(rows(Facet::Check).map(|one| one.finding.check.clone())),
            account: counted(rows(Facet::Account).map(|one| one.finding.account.as_str().to_owned())),
            owner: counted(rows(Facet::Owner).map(|one| one.finding.owner.clone().unwrap_or_default())),
            overdue: counted(
                rows(Facet::Overdue).filter(|one| one.stands.overdue).map(|_| "true".to_owned()),
            ),
        }
    }
}

/// Counts in the order of their words, and not of how many they are.
fn in_order(mut counts: Vec<ExposedCount>, words: &[&str]) -> Vec<ExposedCount> {
    counts.sort_by_key(|one| words.iter().position(|word| *word == one.value));
    counts
}

impl FindingOrder {
    fn compare(self, one: &(&Found<'_>, Rank), other: &(&Found<'_>, Rank)) -> Ordering {
        let ((one, a), (other, b)) = (one, other);
        match self {
            Self::Rank => Rank::order((one.finding, a), (other.finding, b)),
            Self::Severity => {
                let key = |one: &KeptFinding| (one.severity, one.life.since, one.id.clone());
                key(one.finding).cmp(&key(other.finding))
            }
            // What is never due comes last.
            Self::Due => {
                let key = |one: &Found<'_>| {
                    (one.stands.due.is_none(), one.stands.due, one.finding.severity, one.finding.id.clone())
                };
                key(one).cmp(&key(other))
            }
        }
    }
}

impl ChecksRun {
    fn of(run: FindingRun, whole: bool) -> Self {
        let FindingRun { at, scan, by, checks, resources, whole: is_whole } = run;
        Self { at, scan, by, checks, resources: whole.then_some(resources), whole: is_whole }
    }
}
