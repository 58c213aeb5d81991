//! How much was understood when each scan ended.

use axum::{Json, extract::State};
use fathom_model::Timestamp;
use fathom_store::TrendQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX};
use crate::{
    access::Visible,
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Which part of the trend.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrendParameters {
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// The most scans; the newest are given.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// What the estate came to when a scan ended: everything known then, not only what that scan looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrendRow {
    /// The scan.
    scan: i64,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Resources that existed.
    resources: u64,
    /// Of these, understood.
    understood: u64,
    /// Of these, those of which the scan could not say whether they still exist.
    stale: u64,
    /// Understood as a share, 0 to 1; null where there was nothing.
    share: Option<f64>,
}

/// How much was understood, scan by scan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trend {
    /// One point a scan, oldest first.
    trend: Vec<TrendRow>,
}

/// How much was understood when each scan ended
#[utoipa::path(get, path = "/trend", tag = "estate", operation_id = "trend", params(TrendParameters),
    responses(
        (status = 200, description = "The answer", body = Trend),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn trend(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<TrendParameters>,
) -> Result<Json<Trend>, Problem> {
    visible.refuse_teams()?;
    let Some(accounts) = visible.accounts(&query.account) else {
        return Ok(Json(Trend { trend: Vec::new() }));
    };
    let query = TrendQuery {
        kinds: query.kind.into_iter().map(Into::into).collect(),
        accounts,
        scans: within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?,
    };
    let points = state.store.trend(&query).await?;
    let trend = points
        .into_iter()
        .map(|point| TrendRow {
            scan: point.scan,
            at: point.at,
            resources: point.total,
            understood: point.understood,
            stale: point.stale,
            share: (point.total > 0).then(|| point.understood as f64 / point.total as f64),
        })
        .collect();
    Ok(Json(Trend { trend }))
}
