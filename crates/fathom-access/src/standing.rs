//! Permissions as scans left them, and after another scan: where that changed policies and nothing else that has a say, they
//! are made of those before.
//!
//! **Invariant:** what was made so answers as what is read anew; where that is not sure, it is read anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_iam::organisation::{Builder, Change, changes_between};
use fathom_model::{ResourceType, Timestamp};
use fathom_store::{ChangeQuery, EstateChange, Fate, KeptVersion, Store, StoreError, Which, WhichEdges};
use futures::TryStreamExt as _;

use crate::{
    AccessError, Encryption, Escalating, LISTINGS, Listings, Permissions, Resource, Target, Unread,
    escalation::KeysRead, unread,
};

const UNIT: &str = "AWS::Organizations::OrganizationalUnit";
/// Changed resources from which on all is read anew: that takes no longer.
const CHANGED_MAX: usize = 2_000;

/// Everything about who can do what, as of the last scans.
#[derive(Debug)]
pub struct Standing {
    /// What can be asked.
    pub permissions: Arc<Permissions>,
    /// What the estate has beside its policies.
    pub escalating: Arc<Escalating>,
    /// What has a say beside documents.
    pub basis: Basis,
}

/// The same, as it was before other scans ended.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// What could be asked.
    pub permissions: &'a Permissions,
    /// What the estate had beside its policies.
    pub escalating: &'a Arc<Escalating>,
    /// What had a say beside documents.
    pub basis: &'a Basis,
}

/// What has a say beside documents: which lists are whole, which members were not read, what units are a part of.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    listings: Listings,
    unread: Unread,
    /// What organisational units are a part of, by ARN.
    units: BTreeSet<(String, String)>,
    keys: KeysRead,
}

/// What organisational units are a part of, by ARN.
async fn units(store: &Store) -> Result<BTreeSet<(String, String)>, StoreError> {
    let (mut from, mut units) = (Vec::new(), BTreeSet::new());
    let which = Which { kinds: vec![ResourceType::from(UNIT)], ..Which::all() };
    let mut found = std::pin::pin!(store.stream_resources(&which, false));
    while let Some(chunk) = found.try_next().await? {
        from.extend(chunk.into_iter().map(|stored| stored.resource.uid));
    }
    if from.is_empty() {
        return Ok(units);
    }
    let which = WhichEdges { from, ..WhichEdges::default() };
    let mut edges = std::pin::pin!(store.stream_edges(&which));
    while let Some(chunk) = edges.try_next().await? {
        units.extend(chunk.iter().map(|edge| (edge.from.as_str().to_owned(), edge.to.as_str().to_owned())));
    }
    Ok(units)
}

impl Basis {
    async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        let kept = fathom_content::encryption::rules()?.iter().map(|rule| rule.kind.as_str());
        let kinds: BTreeSet<&str> = Builder::kinds().chain(Builder::guarding()).chain(kept).collect();
        let kinds: Vec<ResourceType> = kinds.into_iter().map(ResourceType::from).collect();
        let listings = Listings::of(store, &kinds, &LISTINGS).await?;
        let unread = unread(store, &kinds, now).await?;
        let units = units(store).await?;
        Ok(Self { listings, unread, units, keys: KeysRead::load(store).await? })
    }
}

impl Standing {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, AccessError> {
        // First: what ends meanwhile makes it differ from what is read next time.
        let basis = Basis::load(store, now).await?;
        let permissions = Arc::new(Permissions::load(store, now).await?);
        let escalating = Arc::new(Escalating::load(store, now).await?);
        Ok(Self { permissions, escalating, basis })
    }
}

impl Before<'_> {
    /// What stands after the scans behind `since`, up to `until`: made of what changed. None where something changed that cannot
    /// be followed, such as a user that came or a list that was not whole: then all is to be read anew.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn after(
        &self,
        store: &Store,
        (since, until): (i64, i64),
        now: Timestamp,
    ) -> Result<Option<Standing>, AccessError> {
        let basis = Basis::load(store, now).await?;
        if basis != *self.basis {
            return Ok(None);
        }
        let query = ChangeQuery { since, until, ..ChangeQuery::default() };
        let mut reading = match store.changes(query).await {
            Ok(reading) => reading,
            Err(StoreError::Compacted { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (mut changes, mut seen) = (Vec::new(), 0);
        // What stays as it is is shared with what was before.
        let mut resources = Arc::clone(&self.permissions.resources);
        let mut escalating = Some(Arc::clone(self.escalating));
        let mut encryption = Some(self.permissions.encryption.clone());
        while let Some(chunk) = reading.next().await? {
            seen += chunk.len();
            if seen > CHANGED_MAX {
                return Ok(None);
            }
            for change in chunk.iter().filter(|change| change.fate != Fate::Same) {
                let Some(followed) = self.follow(change) else { return Ok(None) };
                changes.extend(followed);
                note(&mut resources, change);
                escalating =
                    escalating.and_then(|known| Escalating::after(known, change, &self.basis.unread));
                let unread = self.basis.unread.get(&change.uid).map(Vec::as_slice).unwrap_or_default();
                if let Some(known) = encryption.take() {
                    encryption = known.after(change, unread)?;
                }
            }
        }
        let Ok(index) = self.permissions.index.with(&changes) else { return Ok(None) };
        let encryption = match encryption {
            Some(encryption) => encryption,
            None => Encryption::load(store, now).await?,
        };
        let permissions = Arc::new(self.permissions.with(index, resources).with_encryption(encryption));
        let escalating = match escalating {
            Some(escalating) => escalating,
            None => Arc::new(Escalating::load(store, now).await?),
        };
        Ok(Some(Standing { permissions, escalating, basis }))
    }

    /// The changes of policies that a change of a resource is; none where it cannot be followed.
    fn follow(&self, change: &EstateChange) -> Option<Vec<Change>> {
        let kind = change.kind.as_str();
        let has_say = Builder::kinds().chain(Builder::guarding()).any(|one| one == kind);
        if !has_say {
            return Some(Vec::new());
        }
        // A bucket's name can be another account's later.
        let known = self.permissions.resources.get(change.uid.as_str());
        let is_there =
            known.is_none_or(|known| known.target.account.as_deref() == Some(change.account.as_str()));
        if change.fate != Fate::Changed || !is_there || self.basis.unread.contains_key(&change.uid) {
            return None;
        }
        let document = |version: Option<&KeptVersion>| Some(version?.document.as_ref()?.value());
        let (before, after) = (document(change.before.as_ref())?, document(change.after.as_ref())?);
        changes_between(kind, change.uid.as_str(), &before, &after)
    }
}

/// Adds what came and takes away what is gone.
fn note(resources: &mut Arc<BTreeMap<String, Resource>>, change: &EstateChange) {
    let arn = change.uid.as_str();
    match change.fate {
        Fate::Gone => {
            Arc::make_mut(resources).remove(arn);
        }
        Fate::Added | Fate::Returned if arn.starts_with("arn:") => {
            let target =
                Target { arn: arn.to_owned(), account: Some(change.account.as_str().to_owned()), seen: true };
            Arc::make_mut(resources)
                .insert(arn.to_owned(), Resource { kind: change.kind.as_str().to_owned(), target });
        }
        Fate::Added | Fate::Returned | Fate::Changed | Fate::Same => {}
    }
}
