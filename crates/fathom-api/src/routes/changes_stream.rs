//! What changes, as server-sent events: after each scan that finishes, one for each resource that differs.
//!
//! Scans are followed in the order in which they finished, and the changes of each come from the history tables, so the
//! id of any event is enough to go on after it, also with another server process.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fathom_model::{ResourceType, Scan, Uid};
use fathom_store::{ChangeQuery, Changes, StoreError};
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::{IntoParams, ToSchema};

use super::history::{ChangedResource, row};
use crate::{
    access::Visible,
    extract::Query,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::ScanView,
};

/// What a quiet stream sends, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often the store is asked whether a scan finished.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest id of an event.
const CURSOR_BYTES_MAX: usize = 8192;

/// Where to go on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// The id of the last event that was received; the same as the header `Last-Event-ID`, which comes first. `0` for
    /// everything since the first scan, as long as no compaction let go of it. Without either, what changes from now on.
    after: Option<String>,
}

/// The stream has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamBegun {
    /// How many scans had finished that this stream tells nothing of.
    scans: i64,
}

/// A resource that a scan found to differ.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamedChange {
    /// The scan.
    scan: i64,
    /// What differs.
    #[serde(flatten)]
    change: ChangedResource,
}

/// The data of one event; the event's name says which: `begin`, `change`, `scan`, `error`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the document describes the events with it")]
pub(crate) enum ChangeEvent {
    /// The first event.
    Begin(StreamBegun),
    /// A resource that was added, changed, is gone or is there again, or is now understood or not.
    Change(StreamedChange),
    /// A scan all of whose changes were told.
    Scan(ScanView),
}

/// What changes, as it is found
///
/// Server-sent events: `begin`; then, whenever a scan finishes, `change` for each resource that differs, by type and
/// uid, and `scan` when all were told. Scans come in the order in which they finished, those that changed nothing too.
/// Every event has an id; handing the last one back as `Last-Event-ID` goes on after it without loss. `error` comes
/// last where the store cannot be read.
#[utoipa::path(get, path = "/changes/stream", tag = "history", operation_id = "changes_stream",
    params(StreamQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received")),
    responses(
        (status = 200, description = "The answer", body = ChangeEvent, content_type = "text/event-stream"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn changes_stream(
    State(state): State<ApiState>,
    visible: Visible,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let told = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").to_owned());
    let newest = state.store.turns().await?;
    let cursor = match told.or(query.after) {
        Some(text) => Cursor::parse(&text, newest)?,
        None => Cursor { turn: newest, within: None },
    };
    let let_go = state.store.turns_let_go().await?;
    if cursor.turn < let_go {
        let told = "a compaction of the history let go of what changed after this id";
        return Err(Problem::parameter("after", told).hint(format!(
            "`after={let_go}` goes on with what is kept; `/resources` has everything that there is"
        )));
    }
    let place = Arc::clone(&state.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::new(Code::TooBusy, "too many event streams are open").retry_after(5))?;
    let following = Following {
        ending: state.ending.subscribe(),
        state,
        visible,
        cursor,
        current: None,
        waiting: VecDeque::new(),
        begun: false,
        _place: place,
    };
    let events = stream::unfold(Some(following), async |following| {
        let mut following = following?;
        match following.next().await {
            Ok(event) => event.map(|event| (Ok(event), Some(following))),
            Err(error) => {
                let error = crate::problem::chain(&error);
                tracing::warn!(error, "a stream of changes ended");
                Some((Ok(Event::default().event("error").data(error)), None))
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Where a client stands: all of this many scans, and of the next one up to a resource.
#[derive(Debug, Clone)]
struct Cursor {
    turn: i64,
    within: Option<(ResourceType, Uid)>,
}

impl Cursor {
    fn parse(text: &str, newest: i64) -> Result<Self, Problem> {
        let wrong = || Problem::parameter("after", "this is no id of an event of this stream");
        if text.len() > CURSOR_BYTES_MAX {
            return Err(wrong());
        }
        let (turn, within) = match text.split_once('.') {
            None => (text, None),
            Some((turn, within)) => {
                let bytes = URL_SAFE_NO_PAD.decode(within).map_err(|_| wrong())?;
                let (kind, uid): (String, String) = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
                (turn, Some((ResourceType::from(kind), Uid::from(uid))))
            }
        };
        let turn: i64 = turn.parse().map_err(|_| wrong())?;
        let reached = turn.checked_add(i64::from(within.is_some())).ok_or_else(wrong)?;
        if turn < 0 || reached > newest {
            let told = "the scan that this id is of is not known here; is this another data directory?";
            return Err(Problem::parameter("after", told));
        }
        Ok(Self { turn, within })
    }

    fn text(&self) -> String {
        match &self.within {
            None => self.turn.to_string(),
            Some((kind, uid)) => {
                let within = serde_json::json!([kind.as_str(), uid.as_str()]).to_string();
                format!("{}.{}", self.turn, URL_SAFE_NO_PAD.encode(within))
            }
        }
    }
}

/// A client that is being told.
struct Following {
    state: ApiState,
    visible: Visible,
    cursor: Cursor,
    /// The scan that is being told, with its turn.
    current: Option<(i64, Scan, Changes)>,
    waiting: VecDeque<(ResourceType, Uid, ChangedResource)>,
    begun: bool,
    ending: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Following {
    /// The next event; none when the server ends.
    async fn next(&mut self) -> Result<Option<Event>, StoreError> {
        if !self.begun {
            self.begun = true;
            let begin = StreamBegun { scans: self.cursor.turn };
            return Ok(Some(event("begin", &self.cursor, &begin)));
        }
        loop {
            if *self.ending.borrow() {
                return Ok(None);
            }
            let Some((turn, scan, changes)) = &mut self.current else {
                match self.state.store.finished_after(self.cursor.turn).await? {
                    Some((turn, scan)) => {
                        let query = ChangeQuery {
                            since: scan.id - 1,
                            until: scan.id,
                            after: self.cursor.within.clone(),
                            scope: self.visible.scope().clone(),
                            ..ChangeQuery::default()
                        };
                        let changes = self.state.store.changes(query).await?;
                        self.current = Some((turn, scan, changes));
                    }
                    None => {
                        tokio::select! {
                            _ = self.ending.changed() => return Ok(None),
                            () = tokio::time::sleep(LOOK_EVERY) => {}
                        }
                    }
                }
                continue;
            };
            if let Some((kind, uid, change)) = self.waiting.pop_front() {
                self.cursor.within = Some((kind, uid));
                let change = StreamedChange { scan: scan.id, change };
                return Ok(Some(event("change", &self.cursor, &change)));
            }
            if let Some(found) = changes.next().await? {
                let documents = self.visible.documents();
                // Comparing many documents would hold up the other requests of this thread.
                let rows = move || {
                    let rows = found.into_iter();
                    rows.map(|one| (one.kind.clone(), one.uid.clone(), row(one, documents))).collect()
                };
                self.waiting = tokio::task::spawn_blocking(rows).await.map_err(|_| StoreError::Closed)?;
            } else {
                self.cursor = Cursor { turn: *turn, within: None };
                let told = ScanView::seen(scan.clone(), self.visible.scope());
                self.current = None;
                return Ok(Some(event("scan", &self.cursor, &told)));
            }
        }
    }
}

fn event(name: &str, cursor: &Cursor, data: &impl Serialize) -> Event {
    let event = Event::default().event(name).id(cursor.text());
    event.json_data(data).unwrap_or_else(|_| Event::default().event("error").data("{}"))
}
