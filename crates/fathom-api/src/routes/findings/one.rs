//! All of one finding: why, how it is put right, and its history.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use fathom_checks::Check;
use fathom_findings::{Rank, Stands};
use fathom_model::{FindingChange, FindingEvent, FindingProof, FindingReason, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::{FindingRow, FixedWhy};
use crate::{
    access::Visible,
    checking,
    extract::{Nothing, Query, shown},
    intruding, permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::mirrored,
};

mirrored! {
    /// What a run of the checks changed about a finding.
    enum FindingTurn of FindingChange {
        /// The check failed for the first time.
        Opened,
        /// It failed again after it had been fixed.
        Reopened,
        /// It does not fail any more.
        Fixed,
        /// It is not known any more whether it fails.
        Unconfirmed,
        /// It is known again, and is as before.
        Confirmed,
    }
}

/// A change of a finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingEventView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What changed.
    what: FindingTurn,
    /// Why it counts as fixed, where it does.
    why: Option<FixedWhy>,
    /// The scan that had ended last by then.
    scan: i64,
}

/// A value that decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecidingValue {
    /// Where it is in the document, or in what an engine said.
    path: String,
    /// What is there; null where nothing is.
    value: Option<String>,
}

/// How it is put right.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingFix {
    /// By hand.
    console: String,
    /// With the AWS CLI.
    cli: String,
    /// In Terraform.
    terraform: String,
    /// What that costs in money.
    money: String,
    /// What it does to performance.
    performance: String,
    /// How much work it is.
    effort: String,
}

/// All of a finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingAnswer {
    /// The finding.
    finding: FindingRow,
    /// Why it matters, as its check says it.
    matters: Option<String>,
    /// The values that decided when it failed last.
    why: Vec<DecidingValue>,
    /// How engines proved what they said.
    proof: Vec<String>,
    /// What could not be read, where the last run could not say whether it fails.
    missing: Vec<String>,
    /// Whether something of the values and the proof is outside of what the caller may see, and left out.
    withheld: bool,
    /// How it is put right; null where its check is no longer there.
    fix: Option<FindingFix>,
    /// Where to read on.
    references: Vec<String>,
    /// The controls that its check tests, by framework.
    controls: BTreeMap<String, Vec<String>>,
    /// How it came to where it is, the oldest first.
    history: Vec<FindingEventView>,
    /// Whether what an intruder could do is worked out.
    ranked: bool,
}

/// One finding
///
/// By its id.
#[utoipa::path(get, path = "/findings/{id}", tag = "findings", operation_id = "finding",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The answer", body = FindingAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn finding(
    State(state): State<ApiState>,
    visible: Visible,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Json<FindingAnswer>, Problem> {
    let found = state.store.find_findings(&id, 1).await?.into_iter().find(|one| one.id == id);
    let Some(finding) = found.filter(|one| super::sees(&visible, one)) else {
        let words = format!("no finding has the id `{}`", shown(&id));
        return Err(Problem::new(Code::NotFound, words).hint("GET /findings lists them"));
    };
    let catalogue = checking::catalogue(&state).await?;
    let ways = intruding::at_once(&state).await?;
    let now = state.now();
    let held = super::holding(&state, now).await?;
    let proof = state.store.finding_proofs(std::slice::from_ref(&id)).await?.remove(&id).unwrap_or_default();
    let events = state.store.finding_events(&id).await?;
    let content = std::sync::Arc::clone(&state.content);
    permitting::ask(&state, move || {
        let places = ways.as_ref().map(|ways| ways.places()).transpose().map_err(intruding::refused)?;
        let whole = visible.is_all();
        let rank = Rank::of(&finding, places.map(|places| places.of_resource(finding.resource.as_str())));
        let stands = Stands::of(&finding, &held, &content.service_levels, now);
        let check = catalogue.checks.get(&finding.check);
        let told = Told::of(proof, check, &visible);
        Ok(Json(FindingAnswer {
            finding: FindingRow::of(&finding, &stands, &rank, whole),
            matters: check.map(|check| check.definition.because.trim().to_owned()),
            why: told.why,
            proof: told.proof,
            missing: told.missing,
            withheld: told.withheld,
            fix: check.map(FindingFix::of),
            references: check.map(|check| check.definition.references.clone()).unwrap_or_default(),
            controls: check.map(|check| check.definition.controls.clone()).unwrap_or_default(),
            history: events.iter().map(FindingEventView::of).collect(),
            ranked: places.is_some(),
        }))
    })
    .await
}

/// What of a proof somebody is told.
struct Told {
    why: Vec<DecidingValue>,
    proof: Vec<String>,
    missing: Vec<String>,
    withheld: bool,
}

impl Told {
    /// Values are of documents, which need a right of their own. What engines say names other resources, so it is for who sees all.
    fn of(proof: FindingProof, check: Option<&Check>, visible: &Visible) -> Self {
        let FindingProof { why, proof, missing } = proof;
        let whole = visible.is_all();
        let asked: Option<Vec<String>> =
            check.map(|check| check.asked().map(fathom_checks::Asked::text).collect());
        let is_of_engine = |path: &str| {
            asked.as_ref().is_none_or(|asked| asked.iter().any(|one| path.starts_with(one.as_str())))
        };
        let is_told = |one: &FindingReason| visible.documents() && (whole || !is_of_engine(&one.path));
        let there = why.len();
        let why: Vec<DecidingValue> = why
            .into_iter()
            .filter(is_told)
            .map(|one| DecidingValue { path: one.path, value: one.value })
            .collect();
        let withheld = why.len() < there || (!whole && !proof.is_empty());
        Self { why, proof: if whole { proof } else { Vec::new() }, missing, withheld }
    }
}

impl FindingFix {
    fn of(check: &Check) -> Self {
        let (fix, costs) = (&check.definition.fix, &check.definition.costs);
        Self {
            console: fix.console.clone(),
            cli: fix.cli(),
            terraform: fix.terraform.value.clone(),
            money: costs.money.clone(),
            performance: costs.performance.clone(),
            effort: costs.effort.clone(),
        }
    }
}

impl FindingEventView {
    fn of(event: &FindingEvent) -> Self {
        Self { at: event.at, what: event.what.into(), why: event.by.map(Into::into), scan: event.scan }
    }
}
