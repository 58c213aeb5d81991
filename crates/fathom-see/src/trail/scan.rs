//! The trail as part of a scan.

use std::{path::PathBuf, sync::Arc};

use fathom_cloud::client::Client;
use fathom_content::Content;
use fathom_estate::activity::{Creators, NoCreator};
use fathom_model::{Coverage, Gap, Region, Resource, Timestamp};
use fathom_store::{Store, StoreError};
use futures::FutureExt;
use tokio::sync::Mutex;

use super::{LookupLimits, Reader, TrailError, TrailReport, bucket, files, lookup};
use crate::{asking::at_once, progress::Progress, scope::InScope, tally::Tally};

/// Places that are asked at the same time.
const PLACES_AT_ONCE: usize = 32;

/// Where a scan learns who made and changed things.
#[derive(Debug, Clone, Default)]
pub enum TrailFrom {
    /// Only from what was read before.
    #[default]
    Off,
    /// From what CloudTrail remembers by itself.
    Lookup(LookupLimits),
    /// From log files.
    Files(Vec<PathBuf>),
    /// From the bucket that a trail writes to: its name, the beginning of keys, and how many days back.
    Bucket {
        /// The bucket.
        bucket: String,
        /// What keys begin with, before `AWSLogs`.
        prefix: String,
        /// So many days back.
        days: u32,
    },
}

/// What reading a trail came to, and what of it was not answered.
pub(crate) type LogRead = (Option<TrailReport>, Vec<Coverage>);

/// What a scan needs to read a trail.
pub(crate) struct Look<'a> {
    pub client: &'a Client,
    pub content: &'a Arc<Content>,
    pub store: &'a Store,
    pub accounts: &'a [InScope],
    pub home: &'a Region,
    pub progress: &'a Progress,
}

impl Look<'_> {
    /// Reads the trail into the store. What was not answered comes back as rows of the coverage.
    pub(crate) async fn read(
        &self,
        from: &TrailFrom,
        clock: &impl Fn() -> Timestamp,
    ) -> Result<LogRead, TrailError> {
        let tally = Tally::default();
        let reader = |source: &str| Reader::new(Arc::clone(self.content), self.store.clone(), source);
        let report = match from {
            TrailFrom::Off => return Ok((None, Vec::new())),
            TrailFrom::Files(paths) => {
                let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                let mut reader = reader(&names.join(", "));
                files::read(&mut reader, paths, clock).await?;
                reader.finish(clock()).await?
            }
            TrailFrom::Bucket { bucket: name, prefix, days } => {
                let mut reader = reader(&format!("s3://{name}/{prefix}"));
                if let Some(first) = self.accounts.first() {
                    let place = bucket::Bucket { account: &first.account, region: self.home, name, prefix };
                    bucket::read(&mut reader, self.client, &tally, self.store, &place, *days, clock).await?;
                }
                reader.finish(clock()).await?
            }
            TrailFrom::Lookup(limits) => {
                let mut reader = reader("LookupEvents");
                reader.spans_are_told();
                let reader = Mutex::new(reader);
                let known = self.store.trail_spans().await?;
                let mut places = Vec::new();
                for one in self.accounts {
                    let mut regions = one.regions.clone();
                    // What has no region (users, roles) is logged in one.
                    if !regions.contains(self.home) {
                        regions.push(self.home.clone());
                    }
                    places.extend(regions.into_iter().map(|region| (one.account.clone(), region)));
                }
                for _ in &places {
                    self.progress.planned();
                }
                let now = clock();
                let asked = places.iter().map(|(account, region)| {
                    let (reader, tally, known) = (&reader, &tally, &known);
                    async move {
                        let ask = lookup::Ask { client: self.client, tally, account, region, known };
                        let ended = lookup::read(reader, &ask, *limits, now).await;
                        self.progress.done();
                        ended
                    }
                    .boxed()
                });
                for ended in at_once(asked, PLACES_AT_ONCE).await {
                    ended?;
                }
                reader.into_inner().finish(clock()).await?
            }
        };
        Ok((Some(report), tally.rows()))
    }
}

/// What all trails that were ever read tell about creators.
///
/// # Errors
/// When the store cannot be read.
pub async fn creators<'c>(store: &Store, content: &'c Content) -> Result<Creators<'c>, StoreError> {
    let mut creators = Creators::new(content);
    for span in store.trail_spans().await? {
        creators.span(span);
    }
    store.each_session(|session| creators.session(session)).await?;
    store.each_creation(|activity| creators.add(activity)).await?;
    Ok(creators)
}

/// Says at a gap why the log does not close it. Without any log, nobody needs to hear that.
pub(crate) fn say_why(creators: &Creators<'_>, resource: &Resource, gaps: &mut [Gap]) {
    let open = fathom_content::Demand::CreatorOrCode.as_str();
    if creators.is_empty() {
        return;
    }
    for gap in gaps.iter_mut().filter(|gap| gap.part == open && gap.reason.is_none()) {
        let why = creators.creation(resource).err();
        if let Some(why) = why.filter(|why| *why != NoCreator::NoLog) {
            gap.detail = format!("{}; {why}", gap.detail);
        }
    }
}
