//! What the log says that a principal called, and how much of the time it covers.

use std::collections::BTreeSet;

use fathom_model::{AccountId, Region, Timestamp, Use};
use fathom_store::{CoverageQuery, Store};
use serde::Serialize;

use crate::{PrivilegeError, accessed::Accessed, days_before};

const DAY_SECONDS: i64 = 86_400;
/// Rows of the coverage that are looked through for the regions of an account.
const ROWS_MAX: u32 = 1_000_000;

/// How much of the time the log of one region covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The region.
    pub region: Region,
    /// The oldest event that was read.
    pub first: Timestamp,
    /// The newest.
    pub last: Timestamp,
    /// Days of the time asked about between these; whether the log has holes in between is not known.
    pub days: u32,
    /// Days between the oldest and the newest event that only read; 0 where the log has none, as where `LookupEvents` was
    /// asked for changes alone.
    pub days_of_reads: u32,
}

/// The log of one principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// From when on uses count.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The days between these.
    pub days: u32,
    /// The regions of its account whose log was read in this time.
    pub places: Vec<Place>,
    /// Regions of its account that were scanned and whose log was not read for this time.
    pub silent: Vec<Region>,
    /// What it called, in any account.
    pub uses: Vec<Use>,
    /// What IAM remembers of it beside the log; in words why that was not read.
    pub accessed: Result<Accessed, String>,
}

impl Log {
    /// Reads the log of a principal of an account for some days before now.
    ///
    /// # Errors
    /// When the store fails, or there is no such time.
    pub async fn read(
        store: &Store,
        principal: &str,
        account: &str,
        days: u32,
        now: Timestamp,
    ) -> Result<Self, PrivilegeError> {
        let since = days_before(now, days)?;
        let mut uses = store.uses_of(&[principal.to_owned()]).await?;
        uses.retain(|one| one.last >= since && one.first <= now);
        let mut places = Vec::new();
        for span in store.use_spans().await? {
            if span.account.as_str() != account || span.last < since || span.first > now {
                continue;
            }
            let reads = span.reads.map_or(0, |(first, last)| days_within(first, last, since, now));
            places.push(Place {
                region: span.region,
                first: span.first,
                last: span.last,
                days: days_within(span.first, span.last, since, now),
                days_of_reads: reads,
            });
        }
        let query = CoverageQuery {
            accounts: vec![AccountId::new(account)],
            limit: ROWS_MAX,
            ..CoverageQuery::default()
        };
        let scanned: BTreeSet<Region> =
            store.coverage(&query).await?.into_iter().map(|row| row.region).collect();
        let is_read = |region: &Region| places.iter().any(|place| place.region == *region);
        let silent =
            scanned.into_iter().filter(|region| region.as_str() != "global" && !is_read(region)).collect();
        let accessed = Accessed::read(store, principal, now).await?;
        Ok(Self { since, until: now, days, places, silent, uses, accessed })
    }

    /// Whether any log of the account was read for this time.
    pub fn is_there(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether it holds calls that only read.
    pub fn has_reads(&self) -> bool {
        self.places.iter().any(|place| place.days_of_reads > 0)
    }
}

/// Days of a time that lie within another, begun ones counted.
fn days_within(first: Timestamp, last: Timestamp, since: Timestamp, until: Timestamp) -> u32 {
    let (first, last) = (first.max(since), last.min(until));
    if last < first {
        return 0;
    }
    let days = (last.as_second() - first.as_second() + DAY_SECONDS - 1) / DAY_SECONDS;
    u32::try_from(days.max(1)).unwrap_or(u32::MAX)
}
