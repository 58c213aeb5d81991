//! Looks again at single types in single places, because an event says that something changed there.
//!
//! [`source`] brings messages (a queue, a folder), [`message`] says what they are about, [`pending`] gathers and spaces
//! out, [`run`] does the refreshes and lets go of messages when their refresh is committed. A refresh is a scan that is
//! narrowed to places; everything else about it is as in any scan.
//!
//! **Invariant:** a message is let go only after what it tells is committed, so a process that dies loses none.

pub mod message;
pub mod pending;
pub mod run;
pub mod source;

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::{Content, resource::Scope};
use fathom_model::{AccountId, Region, ResourceType, Timestamp};

pub use run::{EventsStatus, Refresher};
pub use source::{EventSource, SourceError};

use crate::{
    common,
    progress::{Phase, Progress},
    scan::{Reading, ScanError, ScanReport, Scanner, home_region},
    scope::{self, Discovered, InScope, ScanOptions, TypeIn},
    sources::Declared,
    trail::TrailFrom,
};

/// Types that the name of a refresh lists.
const KINDS_NAMED: usize = 3;

/// What a refresh came to.
#[derive(Debug)]
pub struct RefreshReport {
    /// The scan that it was; none where all places are out of scope.
    pub scan: Option<ScanReport>,
    /// Places that the options leave out, or that nobody can enter.
    pub outside: Vec<TypeIn>,
}

impl Scanner {
    /// Looks at these places only, within what the options allow, and commits what was found.
    ///
    /// # Errors
    /// As [`Scanner::run`]. An account that cannot be entered is a row of the coverage ledger.
    pub async fn refresh(
        &self,
        places: &BTreeSet<TypeIn>,
        options: &ScanOptions,
        declared: &Declared,
        progress: &Progress,
        clock: impl Fn() -> Timestamp,
    ) -> Result<RefreshReport, ScanError> {
        progress.enter(Phase::SigningIn);
        let asked = options.regions.first().cloned().unwrap_or_else(|| options.home.clone());
        let first = self.client.sign_in(options.profile.as_deref(), &asked).await?;
        let home = home_region(&first);
        let (inside, outside): (Vec<TypeIn>, Vec<TypeIn>) =
            places.iter().cloned().partition(|place| in_scope(place, options, &first.id));
        let mut by_account: BTreeMap<&AccountId, BTreeSet<Region>> = BTreeMap::new();
        for place in &inside {
            let regions = by_account.entry(&place.account).or_default();
            if !place.region.is_global() {
                regions.insert(place.region.clone());
            }
        }
        let mut found = Discovered::default();
        for (id, regions) in by_account {
            let account = match &options.organization_role {
                Some(role) if *id != first.id => {
                    match self.client.assume(&first, id, role, options.external_id.as_deref()).await {
                        Ok(account) => {
                            found.entered.push(scope::answered(id, "sts", "AssumeRole", 1));
                            account
                        }
                        Err(error) => {
                            found.rows.push(scope::row(id, &Region::global(), "sts", "AssumeRole", &error));
                            continue;
                        }
                    }
                }
                _ => first.clone(),
            };
            found.accounts.push(InScope { account, regions: regions.into_iter().collect() });
        }
        if found.accounts.is_empty() && found.rows.is_empty() {
            return Ok(RefreshReport { scan: None, outside });
        }
        found.settle(&self.store).await?;
        let options = ScanOptions {
            label: Some(name(&inside)),
            places: common::with_common(&self.content, inside),
            kinds: Vec::new(),
            trail: TrailFrom::Off,
            ..options.clone()
        };
        let reading = Reading {
            answers: std::sync::Arc::new(self.client.clone()),
            content: &self.content,
            store: &self.store,
            first,
            home,
            found,
            in_order: false,
        };
        let scan = reading.run(&options, declared, progress, clock).await?;
        Ok(RefreshReport { scan: Some(scan), outside })
    }
}

/// Whether the options of a scan would look there.
fn in_scope(place: &TypeIn, options: &ScanOptions, first: &AccountId) -> bool {
    let allows = |is_empty: bool, contains: bool| is_empty || contains;
    let other = place.account != *first;
    let account = !other
        || (options.organization_role.is_some()
            && allows(options.accounts.is_empty(), options.accounts.contains(&place.account)));
    account
        && (place.region.is_global()
            || allows(options.regions.is_empty(), options.regions.contains(&place.region)))
        && allows(options.kinds.is_empty(), options.kinds.contains(&place.kind))
}

/// What a refresh is called in the list of scans.
fn name(places: &[TypeIn]) -> String {
    let kinds: BTreeSet<&str> = places.iter().map(|place| place.kind.as_str()).collect();
    let words = kinds.iter().take(KINDS_NAMED).copied().collect::<Vec<_>>().join(", ");
    match kinds.len().saturating_sub(KINDS_NAMED) {
        0 => format!("refresh of {words}"),
        more => format!("refresh of {words} and {more} more types"),
    }
}

/// Where a type is listed that an event in a region is about: what a provider keeps for the whole account is listed once.
pub fn place_of(
    content: &Content,
    account: &AccountId,
    region: &Region,
    kind: &ResourceType,
) -> Option<TypeIn> {
    let mut root = content.resources.get(kind)?;
    // `Content` refuses circles, so this ends.
    while let Some(parent) = root.list.for_each.as_ref().and_then(|kind| content.resources.get(kind)) {
        root = parent;
    }
    let region = if root.scope == Scope::Region { region.clone() } else { Region::global() };
    Some(TypeIn { account: account.clone(), region, kind: kind.clone() })
}
