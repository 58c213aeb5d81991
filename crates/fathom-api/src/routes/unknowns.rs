//! The list: what is not understood, worst first.

use axum::{Json, extract::State};
use fathom_store::UnknownQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX};
use crate::{
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
    views::UnknownRow,
};

/// Which part of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnknownsQuery {
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Also resources all of whose gaps are accepted.
    include_accepted: Option<bool>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<u64>,
}

/// A part of the list.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Unknowns {
    /// The rows, worst first.
    unknowns: Vec<UnknownRow>,
    /// How many there are on all pages, those whose gaps are all accepted included.
    total: u64,
    /// Of these, those all of whose gaps are accepted.
    accepted: u64,
    /// The cursor of the next page; null at the end.
    next: Option<u64>,
}

/// What is not understood, worst first
#[utoipa::path(get, path = "/unknowns", tag = "unknowns", operation_id = "unknowns", params(UnknownsQuery),
    responses(
        (status = 200, description = "The answer", body = Unknowns),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Query(query): Query<UnknownsQuery>,
) -> Result<Json<Unknowns>, Problem> {
    let query = UnknownQuery {
        limit: within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?,
        after_rank: query.cursor.unwrap_or_default(),
        kinds: query.kind.into_iter().map(Into::into).collect(),
        accounts: query.account.into_iter().map(Into::into).collect(),
        include_accepted: query.include_accepted.unwrap_or_default(),
    };
    let page = state.store.unknowns(&query, state.now()).await?;
    Ok(Json(Unknowns {
        unknowns: page.rows.into_iter().map(Into::into).collect(),
        total: page.total,
        accepted: page.accepted,
        next: page.next,
    }))
}
