//! The network as scans left it, and after another scan: where that changed little, it is made of the one before.
//!
//! **Invariant:** what was made so is what is read anew; where that is not sure, it is read anew.

use std::{collections::BTreeSet, sync::Arc};

use fathom_access::{Unread, unread};
use fathom_content::owners::OwnerRule;
use fathom_model::Timestamp;
use fathom_net::{Builder, Found, Network};
use fathom_store::{ChangeQuery, EstateChange, Fate, KeptVersion, Store, StoreError};
use serde_json::Value;

use crate::{Cut, Directory, Unlisted, cut, kinds, owner, owner_rules, read, unlisted};

/// Changed resources from which on all is read anew: that takes no longer.
const CHANGED_MAX: usize = 2_000;

/// What has a say beside documents: members that were not read, and lists that are not whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Basis {
    pub(crate) unread: Unread,
    pub(crate) unlisted: Unlisted,
    /// Accounts and regions where there is a network.
    pub(crate) places: BTreeSet<(String, String)>,
    pub(crate) cut: Vec<Cut>,
}

impl Basis {
    /// What is known before the network is read.
    pub(crate) async fn of(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let unread = unread(store, &kinds(), now).await?;
        let unlisted = unlisted(store, owner_rules().iter().map(|rule| rule.kind.clone()).collect()).await?;
        Ok(Self { unread, unlisted, places: BTreeSet::new(), cut: Vec::new() })
    }

    /// The same after other scans, where networks are where they were.
    async fn again(&self, store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let places = self.places.clone();
        Ok(Self { cut: cut(store, &places).await?, places, ..Self::of(store, now).await? })
    }
}

/// What reaches what, as of the last scans.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The network.
    pub network: Arc<Network>,
    /// Which resources its ids mean.
    pub directory: Arc<Directory>,
    basis: Arc<Basis>,
}

impl Standing {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut basis = Basis::of(store, now).await?;
        let network = Arc::new(read(store, &mut basis).await?);
        let directory = Arc::new(Directory::load(store).await?);
        Ok(Self { network, directory, basis: Arc::new(basis) })
    }

    /// What stands after the scans behind `since`, up to `until`: made of what changed. None where something changed that cannot be
    /// followed, such as an interface that came or a list that was not whole: then all is to be read anew.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn after(
        &self,
        store: &Store,
        (since, until): (i64, i64),
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        if self.basis.again(store, now).await? != *self.basis {
            return Ok(None);
        }
        let query = ChangeQuery { since, until, ..ChangeQuery::default() };
        let mut reading = match store.changes(query).await {
            Ok(reading) => reading,
            Err(StoreError::Compacted { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (mut standing, mut seen) = (self.clone(), 0);
        while let Some(chunk) = reading.next().await? {
            seen += chunk.len();
            if seen > CHANGED_MAX {
                return Ok(None);
            }
            for change in chunk.iter().filter(|change| change.fate != Fate::Same) {
                if standing.follow(change).is_none() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(standing))
    }

    /// Takes in a change of a resource; none where it cannot be followed.
    fn follow(&mut self, change: &EstateChange) -> Option<()> {
        let kind = change.kind.as_str();
        let is_of_network = Builder::kinds().any(|one| one == kind);
        let rule = owner_rules().iter().find(|rule| rule.kind == change.kind);
        if !is_of_network && rule.is_none() {
            return Some(());
        }
        if change.fate != Fate::Changed || self.basis.unread.contains_key(&change.uid) {
            return None;
        }
        let (before, after) = (change.before.as_ref()?, change.after.as_ref()?);
        let document = |version: &KeptVersion| Some(version.document.as_ref()?.value());
        let (old, new) = (document(before)?, document(after)?);
        let names = (before.facts.name.as_deref(), after.facts.name.as_deref());
        if let Some(rule) = rule
            && own(rule, change, &old, names.0) != own(rule, change, &new, names.1)
        {
            return None;
        }
        if is_of_network {
            let found = |document| Found {
                kind,
                uid: change.uid.as_str(),
                account: change.account.as_str(),
                region: change.region.as_str(),
                document,
                unread: &[],
            };
            if !Network::follow(&mut self.network, found(&old), found(&new)) {
                return None;
            }
        }
        if names.0 != names.1 {
            Arc::make_mut(&mut self.directory).rename(&change.uid, names.1);
        }
        Some(())
    }
}

/// What a document says of the interfaces of its resource.
fn own(
    rule: &OwnerRule,
    change: &EstateChange,
    document: &Value,
    name: Option<&str>,
) -> Option<fathom_net::model::Owned> {
    owner::owned(rule, document, (change.account.as_str(), change.region.as_str()), name)
}
