//! Resources with their documents, and what of these could not be read.

use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{Store, StoreError, Which};
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::unread::{parts, unread_of};

/// A resource as the last scans saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its type.
    pub kind: String,
    /// Its ARN.
    pub arn: String,
    /// What people call it.
    pub name: Option<String>,
    /// The account that owns it.
    pub account: String,
    /// Where it is.
    pub region: String,
    /// What the provider said.
    pub document: Value,
    /// The members of the document that could not be read.
    pub unread: Vec<String>,
}

impl Seen {
    /// A member as text; none where it is not there or empty.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.document[member].as_str().filter(|text| !text.is_empty())
    }

    /// Whether a member could not be read.
    pub(crate) fn is_unread(&self, member: &str) -> bool {
        self.unread.iter().any(|one| one == member)
    }
}

/// All resources of some types.
///
/// # Errors
/// When the store fails.
pub async fn seen(store: &Store, kinds: &[ResourceType], now: Timestamp) -> Result<Vec<Seen>, StoreError> {
    seen_of(store, &Which { kinds: kinds.to_vec(), ..Which::all() }, now).await
}

/// All resources of a part of the estate.
///
/// # Errors
/// When the store fails.
pub async fn seen_of(store: &Store, which: &Which, now: Timestamp) -> Result<Vec<Seen>, StoreError> {
    let unread = unread_of(store, which, now).await?;
    let mut all = Vec::new();
    let mut found = std::pin::pin!(store.stream_resources(which, true));
    while let Some(chunk) = found.try_next().await? {
        for stored in chunk {
            let unread = unread.get(&stored.resource.uid).cloned().unwrap_or_default();
            all.push(of(&stored.resource, unread));
        }
    }
    Ok(all)
}

/// One resource; none where no scan saw it.
pub(crate) async fn one(store: &Store, uid: Uid, now: Timestamp) -> Result<Option<Seen>, StoreError> {
    let unread = store.unknown_of(&uid, now).await?.map(|unknown| parts(unknown.gaps)).unwrap_or_default();
    let which = Which { uids: vec![uid], ..Which::all() };
    let mut found = std::pin::pin!(store.stream_resources(&which, true));
    while let Some(chunk) = found.try_next().await? {
        if let Some(stored) = chunk.first() {
            return Ok(Some(of(&stored.resource, unread)));
        }
    }
    Ok(None)
}

fn of(resource: &fathom_model::Resource, unread: Vec<String>) -> Seen {
    Seen {
        kind: resource.kind.as_str().to_owned(),
        arn: resource.uid.as_str().to_owned(),
        name: resource.name.clone(),
        account: resource.account.as_str().to_owned(),
        region: resource.region.as_str().to_owned(),
        document: resource.document.value(),
        unread,
    }
}
