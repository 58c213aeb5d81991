//! What falls with one thing.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_intrude::{Fallen, Named};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    GAPS_MAX,
    sight::Sight,
    stories::{JewelCount, class, jewels},
    views::{HowSure, PathJewel, PathNode},
};
use crate::{
    access::Visible,
    extract::Query,
    intruding, permitting,
    problem::{Problem, ProblemView},
    routes::{
        network::NetworkAsOf,
        permissions::{Page, needed},
    },
    state::ApiState,
};

/// Things that are kept under a key and named.
const KEPT_MAX: usize = 100;

/// Of what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct BlastQuery {
    /// What is taken: the ARN or name of a user, role, server, function or key, an access key's id, or an account's id.
    #[param(required = true)]
    of: Option<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Something that falls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FallenRow {
    /// What.
    what: PathNode,
    /// What kind of loss it is; null where it is none.
    jewel: Option<PathJewel>,
    /// The class of its data.
    data_class: Option<String>,
    /// How sure that is.
    answer: HowSure,
    /// How many steps after another it takes.
    steps: u64,
}

/// What falls if something is taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlastAnswer {
    /// What is taken.
    taken: PathNode,
    /// What falls with it: jewels first, then the surest and nearest.
    rows: Vec<FallenRow>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many of them are losses of which kind.
    jewels: Vec<JewelCount>,
    /// Of a key: how many things are kept under it, which nobody reads without it.
    kept_under_count: u64,
    /// The first 100 of them.
    kept_under: Vec<String>,
    /// Whether more falls that is outside of what the caller may see.
    outside: bool,
    /// Whether a limit ended the work before all was followed.
    cut: bool,
    /// How many things were not read that may decide.
    gap_count: u64,
    /// The first of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// What falls if one thing is taken
#[utoipa::path(get, path = "/blast-radius", tag = "paths", operation_id = "blast_radius", params(BlastQuery),
    responses(
        (status = 200, description = "The answer", body = BlastAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn blast_radius(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<BlastQuery>,
) -> Result<Json<BlastAnswer>, Problem> {
    let of = needed("of", query.of)?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = intruding::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot), visible).await?;
    permitting::ask(&state, move || {
        let found = sight.walk()?.blast(&of).map_err(|error| sight.refused(error))?;
        let total = found.fallen.len();
        let kept: Vec<String> = found.kept_under.into_iter().filter(|one| sight.sees_id(one)).collect();
        let gaps = sight.gaps(&found.gaps);
        Ok(Json(BlastAnswer {
            taken: sight.node(&found.taken),
            jewels: jewels(found.fallen.iter().filter_map(|one| one.jewel)),
            rows: page.cut(found.fallen).into_iter().map(|one| FallenRow::of(one, &sight)).collect(),
            total: total as u64,
            next: page.next(total),
            kept_under_count: kept.len() as u64,
            kept_under: kept.into_iter().take(KEPT_MAX).collect(),
            outside: found.outside,
            cut: found.cut,
            gap_count: gaps.len() as u64,
            gaps: gaps.into_iter().take(GAPS_MAX).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

impl FallenRow {
    fn of(one: Fallen, sight: &Sight) -> Self {
        let what: Named = one.what;
        Self {
            what: sight.node(&what),
            jewel: one.jewel.map(Into::into),
            data_class: class(one.data_class),
            answer: one.decision.into(),
            steps: u64::from(one.steps),
        }
    }
}
