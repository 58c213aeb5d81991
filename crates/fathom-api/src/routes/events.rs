//! A scan as it goes, as server-sent events: `progress` whenever something changed, then `finished` or `failed`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Path, State},
    response::sse::{Event, KeepAlive, Sse},
};
use fathom_model::ScanState;
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::ToSchema;

use super::scans::no_such_scan;
use crate::{
    extract::{Nothing, Query, number},
    problem::{Code, Problem, ProblemView},
    scanning::{ScanEnd, ScanStatus},
    state::ApiState,
    views::{ProgressView, ScanView},
};

/// What a quiet stream sends, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How a scan failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScanFailed {
    /// The scan's number, where it has one.
    scan: Option<i64>,
    /// Why.
    error: String,
}

/// The data of one event; the event's name says which: `progress`, `finished`, `failed`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the document describes the three events with it")]
pub(crate) enum ScanEvent {
    /// The counters now.
    Progress(ProgressView),
    /// The scan as it ended.
    Finished(ScanView),
    /// Why it ended without results.
    Failed(ScanFailed),
}

/// A scan as it goes
///
/// Server-sent events: `progress` at most every 250 ms when something changed, then `finished` or `failed`, then the
/// stream ends. `current` follows the scan that was started last.
#[utoipa::path(get, path = "/scans/{id}/events", tag = "scans", operation_id = "scan_events",
    params(("id" = String, Path, description = "The scan's number, or `current`")),
    responses(
        (status = 200, description = "The answer", body = ScanEvent, content_type = "text/event-stream"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn events(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = Arc::clone(&state.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::new(Code::TooBusy, "too many event streams are open").retry_after(5))?;
    let latest = state.scanner.as_ref().and_then(|scanner| scanner.latest());
    let events = if id == "current" {
        let watched = latest
            .ok_or_else(|| Problem::new(Code::NotFound, "no scan was started since the server began"))?;
        follow(watched, place).boxed()
    } else {
        let id: i64 = number("id", &id)?;
        match latest.filter(|watched| watched.borrow().scan == Some(id)) {
            Some(watched) => follow(watched, place).boxed(),
            None => stream::iter([past(&state, id).await?]).boxed(),
        }
    };
    Ok(Sse::new(events.map(Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// The events of a scan of ours.
fn follow(watched: watch::Receiver<ScanStatus>, place: OwnedSemaphorePermit) -> impl Stream<Item = Event> {
    let begin = Some((watched, true, place));
    stream::unfold(begin, async |following| {
        let (mut watched, first, place) = following?;
        // What is there now goes first; then whatever comes.
        let gone = !first && watched.changed().await.is_err();
        let status = watched.borrow_and_update().clone();
        let event = match (status.end, gone) {
            (Some(ScanEnd::Finished(scan)), _) => event("finished", &ScanView::from(*scan)),
            (Some(ScanEnd::Failed { error }), _) => event("failed", &ScanFailed { scan: status.scan, error }),
            (None, true) => event("failed", &interrupted(status.scan)),
            (None, false) => {
                let progress = event("progress", &ProgressView::new(status.scan, status.progress));
                return Some((progress, Some((watched, false, place))));
            }
        };
        Some((event, None))
    })
}

/// The last event of a scan that is over.
async fn past(state: &ApiState, id: i64) -> Result<Event, Problem> {
    let scan = state.store.scan(id).await?.ok_or_else(|| no_such_scan(id))?;
    match scan.state {
        ScanState::Finished => Ok(event("finished", &ScanView::from(scan))),
        ScanState::Failed => {
            Ok(event("failed", &ScanFailed { scan: Some(id), error: scan.error.unwrap_or_default() }))
        }
        ScanState::Interrupted => Ok(event("failed", &interrupted(Some(id)))),
        ScanState::Running => {
            Err(Problem::new(Code::ScanNotFollowed, "this scan was not started by this server"))
        }
    }
}

fn interrupted(scan: Option<i64>) -> ScanFailed {
    ScanFailed { scan, error: "the scan was interrupted".to_owned() }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    Event::default()
        .event(name)
        .json_data(data)
        .unwrap_or_else(|_| Event::default().event("failed").data("{}"))
}
