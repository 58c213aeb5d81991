//! Takes messages in, refreshes what they are about, and lets go of them when that is committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fathom_cloud::client::Account;
use fathom_model::{Region, Timestamp};
use serde::Serialize;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

use super::{
    message::{self, Told},
    pending::{Pace, Pending},
    source::{self, Delivery, EventSource, Folder, GivenBack, Queue},
};
use crate::{
    progress::Progress,
    scan::{ScanError, Scanner},
    scope::{ScanOptions, TypeIn},
    sources::{self, Declared},
    tally::{shorten, with_causes},
    trail::Reader,
};

/// Answers of a source that wait before it is asked for more.
const ANSWERS_AHEAD: usize = 8;
/// Messages that are held at a time; more stay where they are.
const HELD_MAX: usize = 10_000;
/// How often a message that cannot be read is brought before it is let go. A queue with a dead-letter queue moves it
/// there before, where it is received fewer times.
const UNREADABLE_RECEIVES_MAX: u32 = 5;
/// How often letting go of a message is tried; it comes again afterwards.
const LET_GO_TRIES: u32 = 3;
/// The pauses after something failed: the first, doubled up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));

/// Where events come from, and how they become refreshes.
#[derive(Clone)]
pub struct Refresher {
    /// What refreshes.
    pub scanner: Scanner,
    /// What a scan looks at; events about anything else are counted and left.
    pub options: ScanOptions,
    /// The declarations file, which is read anew for each refresh.
    pub declarations: Option<PathBuf>,
    /// Where events come from.
    pub source: EventSource,
    /// How refreshes are spaced.
    pub pace: Pace,
}

/// Where events stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EventsStatus {
    /// Where they come from.
    pub source: String,
    /// Messages or files that are held until their refresh is committed.
    pub waiting_messages: u64,
    /// Types in places that are to be refreshed.
    pub waiting_places: u64,
    /// Events that were read.
    pub events: u64,
    /// Changes of which no defined type could be told; the next scan of everything sees them.
    pub unknown: u64,
    /// Places that events named and the options leave out.
    pub outside: u64,
    /// Messages of which nothing could be read.
    pub unreadable: u64,
    /// Refreshes that were committed.
    pub refreshes: u64,
    /// When the newest event happened.
    pub last_event: Option<Timestamp>,
    /// When the last refresh was committed.
    pub last_refresh: Option<Timestamp>,
    /// Milliseconds from the oldest event of the last refresh to its commit.
    pub lag_ms: Option<i64>,
    /// What went wrong last; none where it goes well now.
    pub error: Option<String>,
}

/// A message that waits for its refresh.
#[derive(Debug)]
struct Waiting {
    receipt: String,
    places: BTreeSet<TypeIn>,
    first: Option<Timestamp>,
    tries: u32,
}

/// Why a refresh did not come about.
#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("cannot keep what events tell")]
    Store(#[from] fathom_store::StoreError),
    #[error("the declarations do not load")]
    Declarations(#[source] Box<sources::SourceError>),
    #[error("it was given up")]
    GivenUp,
}

impl Refresher {
    /// Goes on until `shutdown` comes. What is under way then is dropped, and comes again the next time.
    pub async fn run(
        &self,
        status: &watch::Sender<EventsStatus>,
        clock: impl Fn() -> Timestamp,
        shutdown: impl Future<Output = ()>,
    ) {
        status.send_modify(|status| status.source = self.source.to_string());
        let (sender, answers) = mpsc::channel(ANSWERS_AHEAD);
        let signed_in = Arc::new(Mutex::new(None));
        let back = GivenBack::default();
        tokio::select! {
            () = shutdown => {}
            () = self.receive(sender, Arc::clone(&signed_in), Arc::clone(&back), status) => {}
            () = Box::pin(self.work(answers, signed_in, back, status, &clock)) => {}
        }
    }

    fn region(&self) -> Region {
        match &self.source {
            EventSource::Sqs { region: Some(region), .. } => region.clone(),
            _ => self.options.home.clone(),
        }
    }

    /// Brings messages for ever; pauses where nobody takes them.
    async fn receive(
        &self,
        sender: mpsc::Sender<Vec<Delivery>>,
        signed_in: Arc<Mutex<Option<Account>>>,
        back: GivenBack,
        status: &watch::Sender<EventsStatus>,
    ) {
        match &self.source {
            EventSource::Folder(path) => {
                let mut folder = Folder::new(path, back);
                loop {
                    match folder.look(&self.scanner.store).await {
                        Ok(found) if found.is_empty() => {}
                        Ok(found) => {
                            if sender.send(found).await.is_err() {
                                return;
                            }
                        }
                        Err(error) => failed(status, &error),
                    }
                    sleep(source::LOOK_EVERY).await;
                }
            }
            EventSource::Sqs { url, .. } => {
                let region = self.region();
                let mut failures = 0;
                loop {
                    let account = match self.account(&signed_in, &region).await {
                        Ok(account) => account,
                        Err(error) => {
                            failed(status, &error);
                            failures += 1;
                            sleep(pause(failures)).await;
                            continue;
                        }
                    };
                    let queue = Queue { client: &self.scanner.client, account, region: region.clone(), url };
                    match queue.receive().await {
                        Ok(found) => {
                            if failures > 0 {
                                failures = 0;
                                status.send_modify(|status| status.error = None);
                            }
                            if !found.is_empty() && sender.send(found).await.is_err() {
                                return;
                            }
                        }
                        Err(error) => {
                            failed(status, &error);
                            failures += 1;
                            // Whoever signed in may have lost the right to it.
                            signed_in.lock().unwrap_or_else(PoisonError::into_inner).take();
                            sleep(pause(failures)).await;
                        }
                    }
                }
            }
        }
    }

    async fn account(
        &self,
        signed_in: &Mutex<Option<Account>>,
        region: &Region,
    ) -> Result<Account, fathom_cloud::client::SignInError> {
        let known = signed_in.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(account) = known {
            return Ok(account);
        }
        let account = self.scanner.client.sign_in(self.options.profile.as_deref(), region).await?;
        *signed_in.lock().unwrap_or_else(PoisonError::into_inner) = Some(account.clone());
        Ok(account)
    }

    fn reader(&self) -> Reader {
        let mut reader = Reader::new(
            Arc::clone(&self.scanner.content),
            self.scanner.store.clone(),
            &format!("events of {}", self.source),
        );
        // One event does not say that the log of its place was read up to it.
        reader.spans_are_told();
        reader
    }

    async fn work(
        &self,
        mut answers: mpsc::Receiver<Vec<Delivery>>,
        signed_in: Arc<Mutex<Option<Account>>>,
        back: GivenBack,
        status: &watch::Sender<EventsStatus>,
        clock: &impl Fn() -> Timestamp,
    ) {
        let begun = Instant::now();
        let mut pending = Pending::new(self.pace);
        let mut waiting: BTreeMap<String, Waiting> = BTreeMap::new();
        let mut reader = self.reader();
        // When what was read is handed to the store.
        let mut flush_at: Option<Duration> = None;
        let (mut failures, mut not_before) = (0, Duration::ZERO);
        loop {
            let due = [flush_at, pending.next_due()].into_iter().flatten().min();
            let wake = begun + due.unwrap_or_default().max(not_before);
            tokio::select! {
                found = answers.recv(), if waiting.len() < HELD_MAX => {
                    let Some(found) = found else { return };
                    let now = begun.elapsed();
                    flush_at.get_or_insert(now + self.pace.gather);
                    for one in found {
                        let again =
                            self.take(one, &mut reader, &mut waiting, &mut pending, now, status).await;
                        // A queue brings again what is not let go; whoever looks at a folder must be told.
                        back.lock().unwrap_or_else(PoisonError::into_inner).extend(again);
                    }
                    stand(status, &waiting, &pending);
                    continue;
                }
                () = sleep_until(wake), if due.is_some() => {}
            }
            let now = begun.elapsed();
            let places = pending.take_due(now);
            match self.refresh(&mut reader, &places, clock, status).await {
                Ok(()) => {
                    failures = 0;
                    not_before = Duration::ZERO;
                    flush_at = None;
                    status.send_modify(|status| status.error = None);
                    for one in waiting.values_mut() {
                        one.places.retain(|place| !places.contains(place));
                    }
                    self.let_go(&mut waiting, &signed_in, status, clock).await;
                    // What could not be let go is tried again.
                    if waiting.values().any(|one| one.places.is_empty()) {
                        flush_at = Some(begun.elapsed() + self.pace.gather);
                    }
                }
                Err(error) => {
                    failed(status, &error);
                    failures += 1;
                    not_before = begun.elapsed() + pause(failures);
                    for place in places {
                        pending.add(place, now);
                    }
                    flush_at.get_or_insert(now);
                }
            }
            stand(status, &waiting, &pending);
        }
    }

    /// Reads a message, and notes what it is about. Gives back its receipt where that could not be found out, so that
    /// it must come again.
    async fn take(
        &self,
        one: Delivery,
        reader: &mut Reader,
        waiting: &mut BTreeMap<String, Waiting>,
        pending: &mut Pending,
        now: Duration,
        status: &watch::Sender<EventsStatus>,
    ) -> Option<String> {
        let Delivery { name, bytes, receives, receipt } = one;
        let content = &self.scanner.content;
        let mut told = match bytes {
            Ok(bytes) => message::take(bytes, &name, content, reader),
            Err(why) => Told { broken: vec![why], ..Told::default() },
        };
        if let Err(error) = message::resolve(&mut told, content, &self.scanner.store).await {
            failed(status, &error);
            return Some(receipt);
        }
        for why in &told.broken {
            let why = shorten(why);
            tracing::warn!(delivery = name, receives, why, "an event cannot be read");
        }
        status.send_modify(|status| {
            status.events += told.events;
            status.unknown += told.unknown;
            status.unreadable += u64::from(told.is_poison());
            status.last_event = status.last_event.max(told.last);
        });
        let comes_again = matches!(self.source, EventSource::Sqs { .. });
        if told.is_poison() && comes_again && receives < UNREADABLE_RECEIVES_MAX {
            return None;
        }
        for place in &told.places {
            pending.add(place.clone(), now);
        }
        let places = told.places;
        waiting
            .entry(name)
            .and_modify(|known| {
                known.receipt.clone_from(&receipt);
                known.places.extend(places.iter().cloned());
            })
            .or_insert(Waiting { receipt, places: places.clone(), first: told.last, tries: 0 });
        None
    }

    /// Commits what events tell of who did it, then looks at what changed.
    async fn refresh(
        &self,
        reader: &mut Reader,
        places: &BTreeSet<TypeIn>,
        clock: &impl Fn() -> Timestamp,
        status: &watch::Sender<EventsStatus>,
    ) -> Result<(), RefreshError> {
        let tells = { reader.report().changes > 0 || reader.report().sessions > 0 };
        if tells {
            std::mem::replace(reader, self.reader()).finish(clock()).await?;
        }
        if places.is_empty() {
            return Ok(());
        }
        let declared = self.declared().await?;
        let report =
            self.scanner.refresh(places, &self.options, &declared, &Progress::default(), clock).await?;
        if let Some(scan) = &report.scan {
            tracing::info!(scan = scan.scan.id, places = places.len(), "refreshed");
        }
        status.send_modify(|status| {
            status.refreshes += u64::from(report.scan.is_some());
            status.outside += report.outside.len() as u64;
            if report.scan.is_some() {
                status.last_refresh = Some(clock());
            }
        });
        Ok(())
    }

    async fn declared(&self) -> Result<Declared, RefreshError> {
        let file = self.declarations.clone();
        let read = tokio::task::spawn_blocking(move || sources::read(file.as_deref())).await;
        read.map_err(|_| RefreshError::GivenUp)?.map_err(|error| RefreshError::Declarations(Box::new(error)))
    }

    /// Lets go of messages that wait for nothing any more.
    async fn let_go(
        &self,
        waiting: &mut BTreeMap<String, Waiting>,
        signed_in: &Mutex<Option<Account>>,
        status: &watch::Sender<EventsStatus>,
        clock: &impl Fn() -> Timestamp,
    ) {
        let done: Vec<(String, String, Option<Timestamp>)> = waiting
            .iter()
            .filter(|(_, one)| one.places.is_empty())
            .map(|(name, one)| (name.clone(), one.receipt.clone(), one.first))
            .collect();
        if done.is_empty() {
            return;
        }
        let now = clock();
        if let Some(first) = done.iter().filter_map(|(.., first)| *first).min() {
            status.send_modify(|status| {
                status.lag_ms = Some((now.as_millisecond() - first.as_millisecond()).max(0));
            });
        }
        let gone: Vec<String> = match &self.source {
            EventSource::Folder(path) => {
                let receipts: Vec<String> = done.iter().map(|(_, receipt, _)| receipt.clone()).collect();
                match source::remember(&self.scanner.store, path, &receipts, now).await {
                    Ok(()) => done.into_iter().map(|(name, ..)| name).collect(),
                    Err(error) => {
                        failed(status, &error);
                        Vec::new()
                    }
                }
            }
            EventSource::Sqs { url, .. } => {
                let region = self.region();
                let Ok(account) = self.account(signed_in, &region).await else { return };
                let queue = Queue { client: &self.scanner.client, account, region, url };
                let mut gone = Vec::new();
                for (name, receipt, _) in done {
                    match queue.delete(&receipt).await {
                        Ok(()) => gone.push(name),
                        Err(error) => {
                            failed(status, &error);
                            if let Some(one) = waiting.get_mut(&name) {
                                one.tries += 1;
                                // It comes again, and is found to be known.
                                if one.tries >= LET_GO_TRIES {
                                    gone.push(name);
                                }
                            }
                        }
                    }
                }
                gone
            }
        };
        for name in gone {
            waiting.remove(&name);
        }
    }
}

/// How long to wait after so many failures in a row.
fn pause(failures: u32) -> Duration {
    let (first, last) = PAUSES;
    first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(last)
}

/// Notes and logs what went wrong, with its causes.
fn failed(status: &watch::Sender<EventsStatus>, error: &dyn std::error::Error) {
    let text = with_causes(error);
    tracing::warn!(error = text, "events: something failed; it is tried again");
    status.send_modify(|status| status.error = Some(text));
}

fn stand(status: &watch::Sender<EventsStatus>, waiting: &BTreeMap<String, Waiting>, pending: &Pending) {
    status.send_modify(|status| {
        status.waiting_messages = waiting.len() as u64;
        status.waiting_places = pending.len() as u64;
    });
}

#[cfg(test)]
mod tests {
    use fathom_cloud::client::{Client, ClientOptions};
    use fathom_content::Content;
    use fathom_store::Store;

    use super::*;

    #[tokio::test]
    async fn a_file_that_the_store_could_not_take_is_brought_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        let store = Store::open(&dir.path().join("data"), "test.local/events", now).await.expect("a store");
        let folder = dir.path().join("in");
        std::fs::create_dir(&folder).expect("a folder");
        let event = serde_json::json!({
            "eventID": "1", "eventTime": "2026-01-02T03:00:00Z", "eventSource": "odd.amazonaws.com",
            "eventName": "TurnThing", "awsRegion": "eu-west-1", "recipientAccountId": "111111111111",
            "readOnly": false, "userIdentity": {"type": "Root", "accountId": "111111111111"},
            "requestParameters": {"thing": "arn:aws:odd:eu-west-1:111111111111:thing/1"},
            "resources": [{"ARN": "arn:aws:odd:eu-west-1:111111111111:thing/1", "accountId": "111111111111"}],
        });
        std::fs::write(folder.join("1.json"), event.to_string()).expect("a file");
        let given_back = GivenBack::default();
        let mut looking = Folder::new(&folder, Arc::clone(&given_back));
        assert!(looking.look(&store).await.expect("a look").is_empty(), "it may still be written");
        let mut brought = looking.look(&store).await.expect("a look");
        let one = brought.pop().expect("the file");
        assert!(looking.look(&store).await.expect("a look").is_empty(), "it is held");

        let closed = store.clone();
        let refresher = Refresher {
            scanner: Scanner {
                client: Client::new(ClientOptions::default()).expect("a client"),
                content: Arc::new(Content::embedded().expect("the content that ships")),
                store: closed,
            },
            options: ScanOptions::default(),
            declarations: None,
            source: EventSource::Folder(folder.clone()),
            pace: Pace::default(),
        };
        let (status, _) = watch::channel(EventsStatus::default());
        let (mut reader, mut pending) = (refresher.reader(), Pending::new(Pace::default()));
        let mut waiting = BTreeMap::new();
        store.close().await.expect("closed");
        let again =
            refresher.take(one, &mut reader, &mut waiting, &mut pending, Duration::ZERO, &status).await;
        let receipt = again.expect("to be brought again");
        assert!(waiting.is_empty() && status.borrow().error.is_some());

        let store = Store::open(&dir.path().join("data"), "test.local/events", now).await.expect("a store");
        given_back.lock().expect("no panic").insert(receipt);
        assert_eq!(looking.look(&store).await.expect("a look").len(), 1, "it is brought again");
    }
}
