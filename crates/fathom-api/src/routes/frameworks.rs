//! How the estate stands to the controls of frameworks, and to each check.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use fathom_content::frameworks::Framework;
use fathom_posture::{ControlStatus, Counts, Standing, standing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    findings::{FindingSeverity, is_place},
    network::NetworkAsOf,
    paths::GAPS_MAX,
};
use crate::{
    access::Visible,
    checking::{self, Snapshot},
    extract::{Nothing, Query, shown},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::mirrored,
};

mirrored! {
    /// How a control stands.
    enum ControlStanding of Standing {
        /// A check of it fails for some resource.
        Fail,
        /// No check of it fails, and of some resource it is not known.
        Unknown,
        /// No machine sees all of it: somebody must show something. What checks see of it, if any, holds.
        NeedsEvidence,
        /// No check tests it, and it asks for no evidence that we know of.
        Untested,
        /// Its checks are about nothing that there is.
        NotApplicable,
        /// All of its checks hold for all that they are about.
        Pass,
    }
}

/// How many resources came out how, once for each check.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct CheckCounts {
    /// Those that fail.
    fail: u64,
    /// Those of which it is not known.
    unknown: u64,
    /// Those that pass.
    pass: u64,
    /// Those that the check is not about.
    not_applicable: u64,
}

impl From<Counts> for CheckCounts {
    fn from(counts: Counts) -> Self {
        Self {
            fail: counts.fail as u64,
            unknown: counts.unknown as u64,
            pass: counts.pass as u64,
            not_applicable: counts.not_applicable as u64,
        }
    }
}

/// How many controls stand how.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ControlCounts {
    /// A check fails.
    fail: u64,
    /// It is not known.
    unknown: u64,
    /// Somebody must show something.
    needs_evidence: u64,
    /// Nothing tests it.
    untested: u64,
    /// There is nothing that it is about.
    not_applicable: u64,
    /// All holds.
    pass: u64,
}

impl ControlCounts {
    fn of(controls: &[ControlStatus]) -> Self {
        let mut counts = Self::default();
        for one in controls {
            *match one.status {
                Standing::Fail => &mut counts.fail,
                Standing::Unknown => &mut counts.unknown,
                Standing::NeedsEvidence => &mut counts.needs_evidence,
                Standing::Untested => &mut counts.untested,
                Standing::NotApplicable => &mut counts.not_applicable,
                Standing::Pass => &mut counts.pass,
            } += 1;
        }
        counts
    }
}

/// A framework.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameworkRow {
    /// What it is called by.
    id: String,
    /// Its name.
    title: String,
    /// Who publishes it, and where.
    source: String,
    /// How many controls it has.
    controls: u64,
    /// How many stand how.
    counts: ControlCounts,
}

/// All frameworks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameworksAnswer {
    /// By their ids.
    frameworks: Vec<FrameworkRow>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// A control, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ControlRow {
    /// As the framework calls it.
    control: String,
    /// What it is about.
    topic: String,
    /// How it stands.
    status: ControlStanding,
    /// What its checks answered.
    counts: CheckCounts,
    /// What somebody must show, where no machine sees all of it.
    evidence: Option<String>,
    /// Its checks, those that fail first.
    checks: Vec<ControlCheck>,
}

/// A check that tests a control.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ControlCheck {
    /// Its id.
    id: String,
    /// What would hold, in words.
    title: String,
    /// How bad it is where it fails.
    severity: FindingSeverity,
    /// How many resources came out how.
    counts: CheckCounts,
}

/// A framework with its controls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FrameworkAnswer {
    /// The framework.
    framework: FrameworkRow,
    /// Its controls, in its own order.
    controls: Vec<ControlRow>,
    /// What was not read, of which checks say nothing; empty for who sees a part of the estate.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// Of which part of the estate.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FrameworkQuery {
    /// Only of what these accounts own; may be repeated.
    account: Vec<String>,
    /// Only of what these teams answer for; may be repeated. An empty one means that nobody does.
    owner: Vec<String>,
}

/// How each check came out, of what somebody sees and asks for.
fn counted(snapshot: &Snapshot, visible: &Visible, query: &FrameworkQuery) -> BTreeMap<String, Counts> {
    if visible.is_all() && query.account.is_empty() && query.owner.is_empty() {
        return snapshot.posture.by_check.clone();
    }
    snapshot.posture.within(|account, owner| {
        visible.scope().sees(&account.into(), owner)
            && is_place((&query.account, &query.owner), account, owner)
    })
}

/// How the estate stands to all frameworks
///
/// By what the checks answered after the last scan, of what the caller sees.
#[utoipa::path(get, path = "/frameworks", tag = "findings", operation_id = "frameworks",
    responses(
        (status = 200, description = "The answer", body = FrameworksAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn frameworks(
    State(state): State<ApiState>,
    visible: Visible,
    _: Query<Nothing>,
) -> Result<Json<FrameworksAnswer>, Problem> {
    let snapshot = checking::snapshot(&state).await?;
    let by_check = counted(&snapshot, &visible, &FrameworkQuery::default());
    let catalogue = &snapshot.catalogue;
    let all = catalogue.frameworks.all.values();
    let frameworks = all
        .map(|one| FrameworkRow::of(one, &standing(&catalogue.frameworks, one, &catalogue.checks, &by_check)))
        .collect();
    Ok(Json(FrameworksAnswer { frameworks, as_of: NetworkAsOf::of_scan(&snapshot.scan) }))
}

/// How the estate stands to the controls of one framework
///
/// By what the checks answered after the last scan, of what the caller sees.
#[utoipa::path(get, path = "/frameworks/{id}", tag = "findings", operation_id = "framework",
    params(("id" = String, Path, description = "Its id, such as `soc2`"), FrameworkQuery),
    responses(
        (status = 200, description = "The answer", body = FrameworkAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn framework(
    State(state): State<ApiState>,
    visible: Visible,
    Path(id): Path<String>,
    Query(query): Query<FrameworkQuery>,
) -> Result<Json<FrameworkAnswer>, Problem> {
    let snapshot = checking::snapshot(&state).await?;
    let catalogue = &snapshot.catalogue;
    let Some(framework) = catalogue.frameworks.all.get(&id) else {
        let words = format!("no framework is called `{}`", shown(&id));
        return Err(Problem::new(Code::NotFound, words).hint("GET /frameworks lists them"));
    };
    let by_check = counted(&snapshot, &visible, &query);
    let controls = standing(&catalogue.frameworks, framework, &catalogue.checks, &by_check);
    let row = FrameworkRow::of(framework, &controls);
    let whole = visible.is_all();
    Ok(Json(FrameworkAnswer {
        framework: row,
        controls: controls.into_iter().map(|one| ControlRow::of(one, &snapshot, &by_check)).collect(),
        gaps: snapshot.posture.gaps.iter().filter(|_| whole).take(GAPS_MAX).cloned().collect(),
        as_of: NetworkAsOf::of_scan(&snapshot.scan),
    }))
}

impl FrameworkRow {
    fn of(framework: &Framework, controls: &[ControlStatus]) -> Self {
        Self {
            id: framework.id.clone(),
            title: framework.title.clone(),
            source: framework.source.clone(),
            controls: controls.len() as u64,
            counts: ControlCounts::of(controls),
        }
    }
}

impl ControlRow {
    fn of(control: ControlStatus, snapshot: &Snapshot, by_check: &BTreeMap<String, Counts>) -> Self {
        let ControlStatus { control, topic, status, checks, counts, evidence } = control;
        let mut checks: Vec<ControlCheck> = checks
            .iter()
            .filter_map(|id| snapshot.catalogue.checks.get(id))
            .map(|check| ControlCheck {
                id: check.definition.id.clone(),
                title: check.definition.title.clone(),
                severity: check.definition.severity.into(),
                counts: by_check.get(&check.definition.id).copied().unwrap_or_default().into(),
            })
            .collect();
        checks.sort_by_key(|one| (one.counts.fail == 0, one.counts.unknown == 0, one.severity));
        Self { control, topic, status: status.into(), counts: counts.into(), evidence, checks }
    }
}
