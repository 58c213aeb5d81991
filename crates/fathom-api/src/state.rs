//! What the handlers work with: the store, the lake, the scanner, and a clock.

use std::{fmt, path::PathBuf, sync::Arc};

use fathom_content::{Content, Vendors};
use fathom_lake::Lake;
use fathom_model::Timestamp;
use fathom_see::refresh::EventsStatus;
use fathom_store::{NetworkRules, Store};
use tokio::sync::{Semaphore, watch};

use crate::{
    checking::Checking, code::CodeSource, continuous::ScheduleStatus, drifting::Drifting, failing::Failing,
    guarding::Guarding, intruding::Intruding, opening::Opening, permitting::Permitting, reaching::Reaching,
    scanning::StartScan, weakening::Weakening,
};

/// Event streams that may be open at the same time.
const STREAMS_MAX: usize = 64;
/// SQL statements and questions about permissions that may run at the same time; each takes every core it gets.
const STATEMENTS_MAX: usize = 4;

/// Reads whose accounts outside are, at each question: the file may have changed.
type ReadVendors = dyn Fn() -> Result<Vendors, String> + Send + Sync;

/// Everything that a handler may use.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) store: Store,
    pub(crate) lake: Lake,
    pub(crate) content: Arc<Content>,
    pub(crate) code: Option<Arc<dyn CodeSource>>,
    pub(crate) drifting: Arc<Drifting>,
    pub(crate) permitting: Arc<Permitting>,
    pub(crate) reaching: Arc<Reaching>,
    pub(crate) intruding: Arc<Intruding>,
    pub(crate) opening: Arc<Opening>,
    pub(crate) failing: Arc<Failing>,
    pub(crate) guarding: Arc<Guarding>,
    pub(crate) weakening: Arc<Weakening>,
    pub(crate) checking: Arc<Checking>,
    /// Where content is that takes the place of what is built in.
    pub(crate) content_directory: Option<PathBuf>,
    pub(crate) scanner: Option<Arc<dyn StartScan>>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) statements: Arc<Semaphore>,
    /// Turns true when the server ends, so that streams do.
    pub(crate) ending: watch::Sender<bool>,
    pub(crate) schedule: Option<watch::Receiver<ScheduleStatus>>,
    pub(crate) events: Option<watch::Receiver<EventsStatus>>,
    pub(crate) vendors: Option<Arc<ReadVendors>>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl ApiState {
    /// State that reads, and does not scan.
    pub fn new(
        store: Store,
        lake: Lake,
        content: Arc<Content>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let places = &content.places;
        store.set_network_rules(NetworkRules {
            kinds: places.networks.clone(),
            through: places.through.clone(),
        });
        Self {
            store,
            lake,
            content,
            code: None,
            drifting: Arc::default(),
            permitting: Arc::default(),
            reaching: Arc::default(),
            intruding: Arc::default(),
            opening: Arc::default(),
            failing: Arc::default(),
            guarding: Arc::default(),
            weakening: Arc::default(),
            checking: Arc::default(),
            content_directory: None,
            scanner: None,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            statements: Arc::new(Semaphore::new(STATEMENTS_MAX)),
            ending: watch::Sender::new(false),
            schedule: None,
            events: None,
            vendors: None,
            clock: Arc::new(clock),
        }
    }

    /// Lets `GET /drift` compare the estate with code.
    pub fn with_code(mut self, code: Arc<dyn CodeSource>) -> Self {
        self.code = Some(code);
        self
    }

    /// Takes checks and frameworks of this directory before those that are built in.
    pub fn with_content_directory(mut self, directory: Option<PathBuf>) -> Self {
        self.content_directory = directory;
        self
    }

    /// Lets `POST /scans` start scans.
    pub fn with_scanner(mut self, scanner: Arc<dyn StartScan>) -> Self {
        self.scanner = Some(scanner);
        self
    }

    /// Lets `GET /summary` tell when the next scan is due.
    pub fn with_schedule(mut self, schedule: watch::Receiver<ScheduleStatus>) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// Lets `GET /summary` tell where events stand.
    pub fn with_events(mut self, events: watch::Receiver<EventsStatus>) -> Self {
        self.events = Some(events);
        self
    }

    /// Lets `GET /permissions/openings` say whose accounts are as users have it.
    pub fn with_vendors(
        mut self,
        read: impl Fn() -> Result<Vendors, String> + Send + Sync + 'static,
    ) -> Self {
        self.vendors = Some(Arc::new(read));
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState").field("scans", &self.scanner.is_some()).finish_non_exhaustive()
    }
}
