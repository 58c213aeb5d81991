//! What to mend first: what every way to many jewels passes, and the fewest steps that stop all of them.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_intrude::{First, FixFirst, Query as Asked};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    sight::Sight,
    views::{PathEdit, PathEntry, PathJewel, PathNode, PathStep},
};
use crate::{
    access::Visible,
    extract::Query,
    intruding, permitting,
    problem::{Problem, ProblemView},
    routes::network::NetworkAsOf,
    state::ApiState,
};

/// Steps of the smallest cut that are told.
const CUT_MAX: usize = 100;
/// Jewels that are named beside what they hang on.
const NAMED_MAX: usize = 20;

/// Of which ways.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FixFirstQuery {
    /// Only of ways that begin so; may be repeated.
    #[param(inline)]
    entry: Vec<PathEntry>,
    /// Only of ways that end so; may be repeated.
    #[param(inline)]
    jewel: Vec<PathJewel>,
}

/// Something that every way to some jewels passes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassedView {
    /// What.
    what: PathNode,
    /// How many jewels nothing leads to without it.
    jewel_count: u64,
    /// The first 20 of them.
    jewels: Vec<PathNode>,
}

/// A step to close.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FirstView {
    /// The step, with its proof.
    step: PathStep,
    /// How many jewels nothing leads to without it.
    jewel_count: u64,
    /// The first 20 of them.
    jewels: Vec<PathNode>,
    /// The edit of this step after which none of these jewels is come by, asked again; null where no single one does that.
    edit: Option<PathEdit>,
}

/// What to mend first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FixFirstAnswer {
    /// Steps on every way to some jewels that an edit can close; those first that most hang on. At most 50.
    steps: Vec<FirstView>,
    /// What an intruder must have on every way to some jewels. At most 50.
    passed: Vec<PassedView>,
    /// How many steps stop every way that can be stopped, as few and as cheap as were found.
    smallest_cut_count: u64,
    /// The first 100 of them.
    smallest_cut: Vec<FirstView>,
    /// What these cost together: what each kind of step costs is in the rules.
    cost: u64,
    /// Nothing cheaper than this can stop all. Where it is less than the cost, the rest is the gap.
    at_least: u64,
    /// How many jewels no edit of a step stops.
    open_count: u64,
    /// The first 20 of them.
    open: Vec<PathNode>,
    /// How many jewels are come by.
    reached: u64,
    /// Whether a limit ended the search for what every way passes.
    cut: bool,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// What to mend first: the steps that every way to some jewels passes, and the smallest cut
#[utoipa::path(get, path = "/paths/fix-first", tag = "paths", operation_id = "fix_first", params(FixFirstQuery),
    responses(
        (status = 200, description = "The answer", body = FixFirstAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn fix_first(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<FixFirstQuery>,
) -> Result<Json<FixFirstAnswer>, Problem> {
    let snapshot = intruding::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot), visible).await?;
    let is_usual = sight.is_all() && query.entry.is_empty() && query.jewel.is_empty();
    permitting::ask(&state, move || {
        let own;
        let found: &FixFirst = if is_usual {
            snapshot.fix_first().map_err(super::refused)?
        } else {
            let asked = Asked {
                entries: query.entry.iter().map(|one| (*one).into()).collect(),
                jewels: query.jewel.iter().map(|one| (*one).into()).collect(),
                ..Asked::default()
            };
            own = sight.walk()?.fix_first(&asked).map_err(|error| sight.refused(error))?;
            &own
        };
        let passed = found.passed.iter().filter(|one| sight.sees(&one.what));
        Ok(Json(FixFirstAnswer {
            passed: passed
                .map(|one| PassedView {
                    what: sight.node(&one.what),
                    jewel_count: one.jewels.len() as u64,
                    jewels: sight.some(&one.jewels, NAMED_MAX),
                })
                .collect(),
            steps: found.steps.iter().map(|one| FirstView::of(one, &sight)).collect(),
            smallest_cut_count: found.cut.len() as u64,
            smallest_cut: found.cut.iter().take(CUT_MAX).map(|one| FirstView::of(one, &sight)).collect(),
            cost: found.cost,
            at_least: found.at_least,
            open_count: found.open.len() as u64,
            open: sight.some(&found.open, NAMED_MAX),
            reached: found.reached as u64,
            cut: found.cut_short,
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

/// The first of what to mend first.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct FirstAnswer {
    /// Whether it is worked out for the last scan; where it is not, that has begun.
    worked_out: bool,
    /// The step that most jewels hang on and that an edit closes; null where none does, and where it is not worked out.
    first: Option<FirstView>,
    /// How many jewels are come by.
    reached: u64,
}

/// The step that most hangs on, where that is worked out already
///
/// This never waits: for pages that have more to tell.
#[utoipa::path(get, path = "/paths/first", tag = "paths", operation_id = "first_to_fix",
    responses(
        (status = 200, description = "The answer", body = FirstAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn first(
    State(state): State<ApiState>,
    visible: Visible,
) -> Result<Json<FirstAnswer>, Problem> {
    let Some(snapshot) = intruding::at_once(&state).await? else { return Ok(Json(FirstAnswer::default())) };
    let sight = Sight::of(&state, Arc::clone(&snapshot), visible).await?;
    if sight.is_all() && !snapshot.knows_first() {
        return Ok(Json(FirstAnswer::default()));
    }
    permitting::ask(&state, move || {
        let own;
        let found: &FixFirst = if sight.is_all() {
            snapshot.fix_first().map_err(super::refused)?
        } else {
            own = sight.walk()?.fix_first(&Asked::default()).map_err(|error| sight.refused(error))?;
            &own
        };
        let first = found.steps.iter().find(|one| one.edit.is_some());
        Ok(Json(FirstAnswer {
            worked_out: true,
            first: first.map(|one| FirstView::of(one, &sight)),
            reached: found.reached as u64,
        }))
    })
    .await
}

impl FirstView {
    fn of(first: &First, sight: &Sight) -> Self {
        Self {
            step: sight.step(&first.step, true),
            jewel_count: first.jewels.len() as u64,
            jewels: sight.some(&first.jewels, NAMED_MAX),
            edit: first.edit.as_ref().map(|edit| sight.edit(edit, None)),
        }
    }
}
