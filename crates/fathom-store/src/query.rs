//! What can be asked of the estate, and the shape of the answers.

use std::fmt;

use fathom_model::{AccountId, Region, Resource, ResourceType, Timestamp};
use serde::{Deserialize, Serialize};

/// The most rows of one page.
pub const MAX_LIMIT: u32 = 1000;

/// A resource with what the store knows about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredResource {
    /// What the provider said. Rows of pages and streams without documents have the document `null`.
    #[serde(flatten)]
    pub resource: Resource,
    /// When a scan first saw it.
    pub first_seen: Timestamp,
    /// When a scan last saw it.
    pub last_seen: Timestamp,
    /// SHA-256 of its document, in lower-case hexadecimal digits.
    pub version_hash: String,
    /// Whether the last scan could not say if it still exists.
    pub stale: bool,
    /// Whether all that is demanded of its type is known.
    pub understood: bool,
    /// When a scan found it gone.
    pub deleted_at: Option<Timestamp>,
}

/// One version of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// SHA-256 of the document, in lower-case hexadecimal digits; [`crate::Store::document`] gives its text.
    pub hash: String,
    /// When a scan first saw it.
    pub seen_at: Timestamp,
    /// The scan that saw it.
    pub scan: i64,
}

/// Which resources, in which order. The default asks for the first 100 that exist, by uid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceQuery {
    /// Only these types; all where empty.
    pub kinds: Vec<ResourceType>,
    /// Only these accounts; all where empty.
    pub accounts: Vec<AccountId>,
    /// Only these regions; all where empty.
    pub regions: Vec<Region>,
    /// Only those whose uid, id or name contains this text, in any case of ASCII letters.
    pub text: Option<String>,
    /// Only those with this tag.
    pub tag: Option<TagFilter>,
    /// Only those that are (not) understood.
    pub understood: Option<bool>,
    /// Also those that are gone.
    pub include_deleted: bool,
    /// The order.
    pub order: ResourceOrder,
    /// Whether the order is reversed.
    pub descending: bool,
    /// Rows of the page, 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

impl Default for ResourceQuery {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            accounts: Vec::new(),
            regions: Vec::new(),
            text: None,
            tag: None,
            understood: None,
            include_deleted: false,
            order: ResourceOrder::default(),
            descending: false,
            limit: 100,
            cursor: None,
        }
    }
}

/// A tag that a resource must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFilter {
    /// The tag's key.
    pub key: String,
    /// Its value; any where none.
    pub value: Option<String>,
}

/// The order of a page; resources that are equal in it follow by uid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceOrder {
    /// By uid.
    #[default]
    Uid,
    /// By name, those without one by id.
    Name,
    /// By type.
    Kind,
    /// By account.
    Account,
    /// By region.
    Region,
    /// By the time of the first scan that saw it.
    FirstSeen,
    /// By the time of the last scan that saw it.
    LastSeen,
}

/// Where a page ended: a text to hand back, made by the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub(crate) String);

impl Cursor {
    /// Wraps a text that came out of [`fmt::Display`]; what it is not shows when it is used.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One page of resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The rows, without documents.
    pub rows: Vec<StoredResource>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
    /// How many there are on all pages.
    pub total: u64,
}

/// How many resources each value has. Every list leaves out the filter on its own dimension, so that a choice can be
/// widened; all others apply. Sorted by count, largest first, then by value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facets {
    /// By type.
    pub kinds: Vec<(ResourceType, u64)>,
    /// By account.
    pub accounts: Vec<(AccountId, u64)>,
    /// By region.
    pub regions: Vec<(Region, u64)>,
    /// Understood and not understood.
    pub understood: Vec<(bool, u64)>,
}

/// How much of a type in an account is understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindSummary {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// The account.
    pub account: AccountId,
    /// Resources that exist.
    pub total: u64,
    /// Of these, understood.
    pub understood: u64,
    /// Of these, stale.
    pub stale: u64,
}
