//! What a server does by itself, as clients see it.

use fathom_model::Timestamp;
use fathom_see::refresh::EventsStatus;
use serde::Serialize;
use utoipa::ToSchema;

/// Where the schedule stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleStatus {
    /// Seconds from the beginning of one scan to that of the next.
    pub every_seconds: u64,
    /// When the next scan is due.
    pub next_at: Option<Timestamp>,
    /// How many scans failed in a row.
    pub failures: u32,
}

/// Scans that begin by themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    /// Seconds from the beginning of one scan to that of the next.
    every_seconds: u64,
    /// When the next one is due; null while one is under way.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    /// How many failed in a row.
    failures: u32,
}

impl From<ScheduleStatus> for ScheduleView {
    fn from(status: ScheduleStatus) -> Self {
        Self { every_seconds: status.every_seconds, next_at: status.next_at, failures: status.failures }
    }
}

/// Where the events of the provider stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventsView {
    /// The queue or folder that they come from.
    source: String,
    /// Messages or files that are held until their refresh is committed.
    waiting_messages: u64,
    /// Types in places that are to be refreshed.
    waiting_places: u64,
    /// Events that were read since the server began.
    events: u64,
    /// Changes of which no defined type could be told.
    unknown: u64,
    /// Places that events named and that are out of scope.
    outside: u64,
    /// Messages of which nothing could be read.
    unreadable: u64,
    /// Refreshes that were committed.
    refreshes: u64,
    /// When the newest event happened.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_event: Option<Timestamp>,
    /// When the last refresh was committed.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_refresh: Option<Timestamp>,
    /// Milliseconds from the oldest event of the last refresh to its commit.
    lag_ms: Option<i64>,
    /// What went wrong last; null where it goes well now.
    error: Option<String>,
}

impl From<EventsStatus> for EventsView {
    fn from(status: EventsStatus) -> Self {
        let EventsStatus {
            source,
            waiting_messages,
            waiting_places,
            events,
            unknown,
            outside,
            unreadable,
            refreshes,
            last_event,
            last_refresh,
            lag_ms,
            error,
        } = status;
        Self {
            source,
            waiting_messages,
            waiting_places,
            events,
            unknown,
            outside,
            unreadable,
            refreshes,
            last_event,
            last_refresh,
            lag_ms,
            error,
        }
    }
}
