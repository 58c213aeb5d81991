//! Scans: start one, list them, look at one.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use fathom_model::{Region, ResourceType};
use fathom_see::progress::Phase;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX};
use crate::{
    access::Visible,
    extract::{Body, Nothing, Query, number, shown, within},
    problem::{Code, Problem, ProblemView},
    scanning::{ScanEnd, ScanRequest, StartScanError},
    state::ApiState,
    views::{ScanView, address},
};

/// How long `POST /scans` waits for the cloud to let us in.
const SIGN_IN_WAIT: Duration = Duration::from_secs(45);
/// The most regions or types of a request.
const CHOICES_MAX: usize = 500;

/// How the scan that the server is set up for is narrowed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewScan {
    /// Only these regions; those of the server's setup where empty.
    regions: Vec<String>,
    /// Only these types; those of the server's setup where empty.
    types: Vec<String>,
}

/// A scan that was started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedScan {
    /// Its number; null where signing in takes longer than we wait.
    scan: Option<i64>,
    /// Where to follow it.
    events: String,
}

/// Starts a scan
///
/// Answers when the cloud has let us in, or has refused to. One scan runs at a time.
#[utoipa::path(post, path = "/scans", tag = "scans", operation_id = "start_scan", request_body = NewScan,
    responses(
        (status = 202, description = "The answer", body = StartedScan,
            headers(("location" = String, description = "The scan"))),
        (status = 409, description = "A scan is under way", body = ProblemView,
            content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn start(
    State(state): State<ApiState>,
    _: Query<Nothing>,
    Body(new): Body<NewScan>,
) -> Result<Response, Problem> {
    let scanner = state.scanner.as_ref().ok_or_else(|| {
        Problem::new(Code::ScanUnavailable, "this server was started without the means to scan")
    })?;
    let request = ScanRequest {
        regions: choices("regions", new.regions, is_region)?.into_iter().map(Region::from).collect(),
        kinds: choices("types", new.types, is_type)?.into_iter().map(ResourceType::from).collect(),
    };
    let mut watched = scanner.start(request).await.map_err(|error| match &error {
        StartScanError::Running { scan } => {
            let follow = events_address(*scan);
            Problem::new(Code::ScanRunning, error.to_string()).hint(format!("follow it at {follow}"))
        }
        StartScanError::Declarations(_) => Problem::new(Code::ScanRefused, error.to_string())
            .hint("mend what it names, then start the scan again"),
    })?;
    let known = watched.wait_for(|status| {
        status.scan.is_some() || status.end.is_some() || status.progress.phase == Phase::Done
    });
    let status = match tokio::time::timeout(SIGN_IN_WAIT, known).await {
        Ok(Ok(status)) => Some(status.clone()),
        // Signing in takes long, or the scan's task is gone; its events tell which.
        Ok(Err(_)) | Err(_) => None,
    };
    if let Some(ScanEnd::Failed { error }) = status.as_ref().and_then(|status| status.end.as_ref()) {
        return Err(Problem::new(Code::ScanRefused, error.clone()));
    }
    let scan = status.and_then(|status| status.scan);
    let started = StartedScan { scan, events: events_address(scan) };
    let location = match scan {
        Some(id) => address(&format!("/scans/{id}"), &[]),
        None => address("/scans", &[]),
    };
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(started)).into_response())
}

/// Which scans.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScansQuery {
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Scans.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Scans {
    /// The scans, newest first.
    scans: Vec<ScanView>,
}

/// The last scans, newest first
#[utoipa::path(get, path = "/scans", tag = "scans", operation_id = "scans", params(ScansQuery),
    responses(
        (status = 200, description = "The answer", body = Scans),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ScansQuery>,
) -> Result<Json<Scans>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    let scans = state.store.scans(limit).await?.into_iter();
    let scans = scans.map(|scan| ScanView::seen(scan, visible.scope())).collect();
    Ok(Json(Scans { scans }))
}

/// One scan
#[utoipa::path(get, path = "/scans/{id}", tag = "scans", operation_id = "scan",
    params(("id" = i64, Path, description = "The scan's number")),
    responses(
        (status = 200, description = "The answer", body = ScanView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<ApiState>,
    visible: Visible,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Json<ScanView>, Problem> {
    let id: i64 = number("id", &id)?;
    let scan = state.store.scan(id).await?.ok_or_else(|| no_such_scan(id))?;
    Ok(Json(ScanView::seen(scan, visible.scope())))
}

pub(crate) fn no_such_scan(id: i64) -> Problem {
    Problem::new(Code::NotFound, format!("there is no scan {id}"))
        .hint(format!("{} lists them", address("/scans", &[])))
}

fn events_address(scan: Option<i64>) -> String {
    match scan {
        Some(id) => address(&format!("/scans/{id}/events"), &[]),
        None => address("/scans/current/events", &[]),
    }
}

fn choices(name: &str, values: Vec<String>, fits: fn(&str) -> bool) -> Result<Vec<String>, Problem> {
    if values.len() > CHOICES_MAX {
        return Err(Problem::new(Code::InvalidBody, format!("`{name}` has more than {CHOICES_MAX} values")));
    }
    match values.iter().find(|value| value.len() > 128 || !fits(value)) {
        Some(value) => {
            Err(Problem::new(Code::InvalidBody, format!("`{name}`: `{}` cannot be one", shown(value))))
        }
        None => Ok(values),
    }
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_type(text: &str) -> bool {
    text.contains("::") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':')
}
