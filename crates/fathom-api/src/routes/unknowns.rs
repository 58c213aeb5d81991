//! The list: what is not understood, worst first.

use axum::{Json, extract::State};
use fathom_model::Uid;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ROWS_DEFAULT, ROWS_MAX,
    filter::{AsOfView, as_of, filtered},
    resources::{Facets, assigned},
};
use crate::{
    access::Visible,
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
    views::{AssignmentView, ListedRow, UnknownRow},
};

filtered! {
    /// Which part of the list.
    UnknownsQuery {
        /// Also resources all of whose gaps are accepted.
        include_accepted: Option<bool>,
        /// As the list was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
        as_of: Option<String>,
        /// The most rows.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit: Option<u32>,
        /// `next` of the page before.
        cursor: Option<u64>,
    }
}

filtered! {
    /// Which part of the list is counted.
    UnknownFacetsQuery {
        /// Also resources all of whose gaps are accepted.
        include_accepted: Option<bool>,
        /// As the list was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
        as_of: Option<String>,
    }
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Unknowns {
    /// The rows, worst first.
    unknowns: Vec<ListedRow>,
    /// How many there are on all pages, those whose gaps are all accepted included.
    total: u64,
    /// Of these, those all of whose gaps are accepted.
    accepted: u64,
    /// The cursor of the next page; null at the end.
    next: Option<u64>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// The counts behind the filters of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnknownFacets {
    /// The counts; `total` counts those whose gaps are all accepted, too.
    #[serde(flatten)]
    facets: Facets,
    /// Of these, those all of whose gaps are accepted.
    accepted: u64,
}

/// What is not understood, worst first
#[utoipa::path(get, path = "/unknowns", tag = "unknowns", operation_id = "unknowns", params(UnknownsQuery),
    responses(
        (status = 200, description = "The answer", body = Unknowns),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<UnknownsQuery>,
) -> Result<Json<Unknowns>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let words = query.words();
    words.check_as_of(as_of.as_ref())?;
    let filter = words.read(&state, visible.scope()).await?;
    let (accepted, after) = (query.include_accepted.unwrap_or_default(), query.cursor.unwrap_or_default());
    let now = state.now();
    let page = state.store.list_page(&filter, accepted, after, limit, as_of.as_ref(), now).await?;
    let uids: Vec<Uid> = page.rows.iter().map(|(unknown, _)| unknown.uid.clone()).collect();
    let assigned =
        if as_of.is_none() { assigned(&state, &uids, now).await? } else { std::collections::HashMap::new() };
    let unknowns = page
        .rows
        .into_iter()
        .map(|(unknown, placed)| ListedRow {
            assigned: assigned.get(&unknown.uid).cloned().map(AssignmentView::from),
            unknown: UnknownRow::from(unknown),
            owner: placed.owner,
            network: placed.network,
            exposed: placed.stored.resource.exposed,
            stale: placed.stored.stale,
            first_seen: placed.stored.first_seen,
        })
        .collect();
    Ok(Json(Unknowns {
        unknowns,
        total: page.total,
        accepted: page.accepted,
        next: page.next,
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

/// How many of the list each filter would leave
#[utoipa::path(get, path = "/unknowns/facets", tag = "unknowns", operation_id = "unknown_facets",
    params(UnknownFacetsQuery),
    responses(
        (status = 200, description = "The answer", body = UnknownFacets),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn facets(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<UnknownFacetsQuery>,
) -> Result<Json<UnknownFacets>, Problem> {
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let words = query.words();
    words.check_as_of(as_of.as_ref())?;
    let filter = words.read(&state, visible.scope()).await?;
    let include = query.include_accepted.unwrap_or_default();
    let (counted, accepted) = state.store.list_facets(&filter, include, as_of.as_ref(), state.now()).await?;
    Ok(Json(UnknownFacets { facets: Facets::new(&state, counted, as_of.as_ref()).await?, accepted }))
}
