//! What no scan read: members of documents, and lists that are not whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_model::{Coverage, Gap, Outcome, ResourceType, Timestamp, Uid};
use fathom_store::{CoverageQuery, Store, StoreError, Which};

/// Calls whose coverage is read.
const ROWS_MAX: u32 = 1_000_000;

/// The members of documents that could not be read, by resource.
pub type Unread = HashMap<Uid, Vec<String>>;

/// The members of documents of some types that could not be read.
///
/// # Errors
/// When the store fails.
pub async fn unread(store: &Store, kinds: &[ResourceType], now: Timestamp) -> Result<Unread, StoreError> {
    unread_of(store, &Which { kinds: kinds.to_vec(), ..Which::all() }, now).await
}

/// The same of a part of the estate.
pub(crate) async fn unread_of(store: &Store, which: &Which, now: Timestamp) -> Result<Unread, StoreError> {
    let found = store.gaps(which, now).await?;
    Ok(found.into_iter().map(|(uid, gaps)| (uid, parts(gaps))).collect())
}

/// The members that gaps are about, where they could not be read.
pub(crate) fn parts(gaps: Vec<Gap>) -> Vec<String> {
    gaps.into_iter().filter(|gap| gap.reason.is_some()).map(|gap| gap.part).collect()
}

/// Why a call was not answered, in words.
pub(crate) fn why(row: &Coverage) -> String {
    let why = row.permission.as_ref().map(|permission| format!("{permission} is missing"));
    let why = why.or_else(|| row.detail.clone()).unwrap_or_else(|| "not answered".to_owned());
    format!("{}: {why}", row.operation)
}

/// The lists of some types that scans asked for, by account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listings {
    /// The accounts that were scanned.
    pub accounts: BTreeSet<String>,
    /// By account and type; why it is not whole, where it is not.
    lists: BTreeMap<(String, String), Option<String>>,
}

impl Listings {
    /// Reads the coverage of some types. Only of the calls in `operations` a failure leaves a list not whole; others add
    /// members to documents, whose gaps say it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(store: &Store, kinds: &[ResourceType], operations: &[&str]) -> Result<Self, StoreError> {
        let accounts = store.coverage_accounts(&CoverageQuery::default()).await?;
        let mut listings = Self {
            accounts: accounts.into_iter().map(|(account, _)| account).collect(),
            lists: BTreeMap::new(),
        };
        let query = CoverageQuery { kinds: kinds.to_vec(), limit: ROWS_MAX, ..CoverageQuery::default() };
        for row in store.coverage(&query).await? {
            let kind = row.resource_type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
            let list = listings.lists.entry((row.account.as_str().to_owned(), kind)).or_default();
            // The first reason is told.
            if list.is_some()
                || row.outcome != Outcome::Unknown
                || !operations.contains(&row.operation.as_str())
            {
                continue;
            }
            *list = Some(why(&row));
        }
        Ok(listings)
    }

    /// The lists that are not whole: account, type and why.
    pub fn cut(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let lists = self.lists.iter();
        lists.filter_map(|((account, kind), why)| Some((account.as_str(), kind.as_str(), why.as_deref()?)))
    }

    /// Whether a scan asked an account for a type.
    pub fn is_asked(&self, account: &str, kind: &str) -> bool {
        self.lists.contains_key(&(account.to_owned(), kind.to_owned()))
    }

    /// Whether a scan asked anyone for a type.
    pub fn is_asked_of_any(&self, kind: &str) -> bool {
        self.lists.keys().any(|(_, asked)| asked == kind)
    }
}
