//! Takes records in, keeps a bounded share, and hands it to the store in parts.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use fathom_content::Content;
use fathom_estate::activity::{Skipped, Trail, TrailEvent, Uses, read};
use fathom_model::{Timestamp, TrailSpan};
use fathom_store::{Store, StoreError, TrailBatch, TrailImport};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tally::shorten;

/// Activities, sessions and calls that are held before they go to the store.
const HELD_MAX: usize = 20_000;
/// What is broken, named one by one up to this many.
const BROKEN_NAMED_MAX: usize = 100;
/// Event ids that are remembered to count those that come again.
const IDS_MAX: usize = 4_000_000;

/// What an import came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrailReport {
    /// Where it was read from.
    pub source: String,
    /// Files, objects or pages that were read.
    pub files: u64,
    /// Files that hold no events: digests, other names.
    pub skipped_files: u64,
    /// Objects that an earlier import had read.
    pub known_files: u64,
    /// Events that were read.
    pub events: u64,
    /// Events that came more than once.
    pub duplicates: u64,
    /// Events that changed something, did so, and are management events.
    pub changes: u64,
    /// Of those, the ones that a rule of the content describes.
    pub described: u64,
    /// Of those, the ones whose resources were inferred.
    pub inferred: u64,
    /// Sessions whose origin was read.
    pub sessions: u64,
    /// Changes that name no resource, by service and operation.
    pub without_resource: BTreeMap<String, u64>,
    /// How many records and files could not be read.
    pub broken: u64,
    /// Which, up to a hundred.
    pub broken_named: Vec<Broken>,
    /// Why reading stopped before the end; none where it did not.
    pub cut_short: Vec<String>,
}

/// A record or file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The file, with the record's number where it is about one.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

/// One import.
pub struct Reader {
    content: Arc<Content>,
    store: Store,
    trail: Trail,
    uses: Uses,
    objects: Vec<(String, String)>,
    seen: HashSet<u64>,
    hasher: RandomState,
    digests: BTreeMap<String, [u8; 32]>,
    spans_by_events: bool,
    report: TrailReport,
}

impl Reader {
    /// Begins an import.
    pub fn new(content: Arc<Content>, store: Store, source: &str) -> Self {
        Self {
            content,
            store,
            trail: Trail::default(),
            uses: Uses::default(),
            objects: Vec::new(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
            digests: BTreeMap::new(),
            spans_by_events: true,
            report: TrailReport { source: source.to_owned(), ..TrailReport::default() },
        }
    }

    /// What it came to so far.
    pub fn report(&mut self) -> &mut TrailReport {
        &mut self.report
    }

    /// Takes one record. `place` names it, for proofs and errors.
    pub fn take(&mut self, record: Result<Value, String>, place: &str) {
        let record = match record {
            Ok(record) => record,
            Err(why) => return self.broken(place, &why),
        };
        let event = match TrailEvent::of(&record) {
            Ok(event) => event,
            Err(error) => return self.broken(place, &error.to_string()),
        };
        self.report.events += 1;
        if self.seen.len() < IDS_MAX && !self.seen.insert(self.hasher.hash_one(&event.id)) {
            self.report.duplicates += 1;
        }
        let reading = read(&event, &self.content.activity, place);
        match reading.skipped {
            None => {
                self.report.sessions += u64::from(reading.session.is_some());
                if reading.session.is_none() {
                    self.report.changes += 1;
                    self.report.described += u64::from(!reading.inferred);
                    self.report.inferred += u64::from(reading.inferred);
                }
            }
            Some(Skipped::NoResource) => {
                self.report.changes += 1;
                let name = format!("{}:{}", self.content.activity.service(&event.source), event.name);
                // Names come from the log; a flood of made-up ones must not grow without end.
                if self.report.without_resource.len() < 10_000
                    || self.report.without_resource.contains_key(&name)
                {
                    *self.report.without_resource.entry(name).or_default() += 1;
                }
            }
            Some(_) => {}
        }
        self.uses.add(&event);
        if self.spans_by_events {
            self.uses.reach(&event);
            self.trail.add(&event, reading);
        } else {
            self.trail.add_one(reading);
        }
    }

    /// From now on only [`Reader::span`] tells how far the log reaches, and no single event.
    pub fn spans_are_told(&mut self) {
        self.spans_by_events = false;
    }

    /// Notes something that could not be read.
    pub fn broken(&mut self, place: &str, why: &str) {
        self.report.broken += 1;
        if self.report.broken_named.len() < BROKEN_NAMED_MAX {
            self.report.broken_named.push(Broken { place: place.to_owned(), why: shorten(why) });
        }
    }

    /// Notes a file that was read, with its content for the digest of the import.
    pub fn file(&mut self, name: &str, bytes: &[u8]) {
        self.report.files += 1;
        self.digests.insert(name.to_owned(), Sha256::digest(bytes).into());
    }

    /// Notes an object of a bucket that was read.
    pub fn object(&mut self, bucket: &str, key: &str) {
        self.objects.push((bucket.to_owned(), key.to_owned()));
    }

    /// Notes that a place was read for a time, also where nothing happened in it.
    pub fn span(&mut self, span: TrailSpan) {
        self.uses.span(&span);
        self.trail.span(span);
    }

    /// What is held, so that a session can be looked for.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Hands what is held to the store, where that is enough for a part.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn settle(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.trail.len() + self.uses.len() < HELD_MAX { Ok(()) } else { self.flush(now).await }
    }

    /// Hands the rest to the store and seals the import. Without anything read, nothing is sealed.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn finish(mut self, now: Timestamp) -> Result<TrailReport, StoreError> {
        self.flush(now).await?;
        if self.report.files > 0 {
            let mut digest = Sha256::new();
            for one in self.digests.values() {
                digest.update(one);
            }
            let import = TrailImport {
                source: self.report.source.clone(),
                files: self.report.files,
                events: self.report.events,
                duplicates: self.report.duplicates,
                broken: self.report.broken,
                digest: hex::encode(digest.finalize()),
            };
            self.store.seal_trail(&import, now).await?;
        }
        Ok(self.report)
    }

    async fn flush(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.trail.is_empty() && self.uses.is_empty() && self.objects.is_empty() {
            return Ok(());
        }
        let trail = std::mem::take(&mut self.trail);
        let (uses, use_spans) = std::mem::take(&mut self.uses).end();
        let batch = TrailBatch {
            activities: trail.activities().cloned().collect(),
            sessions: trail.sessions().cloned().collect(),
            spans: trail.spans().cloned().collect(),
            objects: std::mem::take(&mut self.objects),
            uses,
            use_spans,
        };
        self.store.add_trail(&batch, now).await
    }
}
