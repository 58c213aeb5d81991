//! What became of the resources that a scan did not see: gone, not known, or not asked for.
//!
//! The verdict is made for each account, type and region at once, from the listings that were read. Nothing but a
//! listing that was read, and read in full, lets a resource go.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{AccountId, Coverage, Outcome, Region, ResourceType, Scan, Uid};
use serde::{Deserialize, Serialize};

/// One listing: a type in an account, in a region or, where the region is `global`, in all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Listing {
    /// The account asked.
    pub account: AccountId,
    /// The region asked.
    pub region: Region,
    /// The type listed.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Whether it was answered in full: what it does not show does not exist.
    pub read: bool,
}

/// What became of resources that were not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The listing was read and they were not in it.
    Gone,
    /// The listing could not be read.
    Stale,
    /// The scan did not look there.
    NotAsked,
}

/// The listings of a scan, for looking up.
pub(crate) struct Listings {
    /// By account and type: by region, whether it was read.
    read: BTreeMap<(AccountId, ResourceType), BTreeMap<Region, bool>>,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
    /// The only resources that are gone, where nothing was listed.
    pub(crate) only: Option<Vec<Uid>>,
    /// Whether nothing but what listings name was looked at.
    pub(crate) narrowed: bool,
}

impl Listings {
    /// From the listings that a scan names, or else from its coverage.
    pub(crate) fn new(scan: &Scan, listings: Option<&[Listing]>, coverage: &[Coverage]) -> Self {
        let mut read: BTreeMap<_, BTreeMap<Region, bool>> = BTreeMap::new();
        let mut add = |account: &AccountId, kind: &ResourceType, region: &Region, ok: bool| {
            let regions = read.entry((account.clone(), kind.clone())).or_default();
            let known = regions.entry(region.clone()).or_insert(true);
            *known = *known && ok;
        };
        if let Some(listings) = listings {
            for Listing { account, region, kind, read } in listings {
                add(account, kind, region, *read);
            }
        } else {
            for row in coverage {
                if let Some(kind) = &row.resource_type {
                    add(&row.account, kind, &row.region, row.outcome != Outcome::Unknown);
                }
            }
        }
        Self {
            read,
            accounts: scan.accounts.iter().cloned().collect(),
            regions: scan.regions.iter().cloned().collect(),
            only: None,
            narrowed: false,
        }
    }

    /// What became of resources of a type in an account and region that the scan did not see.
    pub(crate) fn verdict(&self, account: &AccountId, kind: &ResourceType, region: &Region) -> Verdict {
        if self.only.is_some() {
            return Verdict::NotAsked;
        }
        let regions = self.read.get(&(account.clone(), kind.clone()));
        let here = regions.and_then(|regions| regions.get(region));
        let everywhere = regions.and_then(|regions| regions.get(Region::GLOBAL));
        match (here, everywhere) {
            (Some(false), _) | (_, Some(false)) => Verdict::Stale,
            (Some(true), _) | (_, Some(true)) => Verdict::Gone,
            (None, None) if !self.narrowed && self.in_scope(account, region) => Verdict::Stale,
            (None, None) => Verdict::NotAsked,
        }
    }

    /// The listings that let go of whatever they do not show: account and type, and region.
    pub(crate) fn read_in_full(&self) -> impl Iterator<Item = (&(AccountId, ResourceType), &Region)> {
        let asked = if self.only.is_some() { None } else { Some(&self.read) };
        asked.into_iter().flatten().flat_map(|(place, regions)| {
            let everywhere = regions.get(&Region::new(Region::GLOBAL));
            // As in `verdict`: nothing holds beside a listing of all regions that failed. One that was read holds here only
            // where no region's own failed.
            let holds = move |region: &Region| match everywhere {
                Some(false) => false,
                _ => !region.is_global() || regions.values().all(|read| *read),
            };
            regions
                .iter()
                .filter(move |(region, read)| **read && holds(region))
                .map(move |(region, _)| (place, region))
        })
    }

    fn in_scope(&self, account: &AccountId, region: &Region) -> bool {
        let account_in = self.accounts.is_empty() || self.accounts.contains(account.as_str());
        let region_in =
            self.regions.is_empty() || region.is_global() || self.regions.contains(region.as_str());
        account_in && region_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_model::{ScanState, Timestamp};

    fn scan(accounts: &[&str], regions: &[&str]) -> Scan {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Scan {
            id: 1,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            state: ScanState::Running,
            scope: String::new(),
            accounts: owned(accounts),
            regions: owned(regions),
            resources: 0,
            understood: 0,
            calls: 0,
            coverage_unknown: 0,
            error: None,
        }
    }

    fn listing(region: &str, read: bool) -> Listing {
        Listing { account: "1".into(), region: region.into(), kind: "T".into(), read }
    }

    #[test]
    fn only_a_listing_that_was_read_lets_go() {
        let verdict = |listings: &[Listing], scan: &Scan, region: &str| {
            Listings::new(scan, Some(listings), &[]).verdict(&"1".into(), &"T".into(), &region.into())
        };
        let wide = scan(&["1"], &["a", "b"]);
        assert_eq!(verdict(&[listing("a", true)], &wide, "a"), Verdict::Gone);
        assert_eq!(verdict(&[listing("a", false)], &wide, "a"), Verdict::Stale);
        assert_eq!(verdict(&[listing("a", true), listing("a", false)], &wide, "a"), Verdict::Stale);
        assert_eq!(verdict(&[listing("a", true)], &wide, "b"), Verdict::Stale, "in scope, never listed");
        assert_eq!(verdict(&[listing("a", true)], &wide, "c"), Verdict::NotAsked);
        assert_eq!(verdict(&[listing("global", true)], &wide, "c"), Verdict::Gone);
        assert_eq!(verdict(&[listing("global", false), listing("a", true)], &wide, "a"), Verdict::Stale);
        assert_eq!(verdict(&[listing("a", true)], &scan(&["2"], &[]), "b"), Verdict::NotAsked);
    }
}
