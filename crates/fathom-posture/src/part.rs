//! Reads a part of the estate: some resources, and what their checks ask about them, as a reading of everything would have it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_access::{AccessError, Under, seen_of};
use fathom_checks::{Asked, Check, Checks};
use fathom_content::Content;
use fathom_model::{AccountId, ResourceType, Target, Timestamp, Uid};
use fathom_store::{Store, Which};

use crate::{Ground, ground::Engines};

/// Resources that are named in one question to the store.
pub(crate) const NAMED_MAX: usize = 4_000;

impl<'c> Ground<'c> {
    /// Reads some resources, and what else their checks ask for.
    ///
    /// # Errors
    /// As [`Ground::load`].
    pub async fn load_part(
        store: &Store,
        content: &'c Content,
        checks: &Checks,
        now: Timestamp,
        (wanted, engines): (&BTreeSet<Uid>, Engines),
    ) -> Result<Self, AccessError> {
        let mut ground = Self::empty(store, content, checks, now).await?;
        ground.engines = engines;
        ground.read(store, wanted).await?;
        let subjects: Vec<(String, String, String)> = ground
            .seen
            .values()
            .map(|one| (one.arn.clone(), one.kind.clone(), one.account.clone()))
            .collect();
        // What is asked of a type is asked of all its resources.
        let mut asked_of: BTreeMap<&str, BTreeSet<&Asked>> = BTreeMap::new();
        for (_, kind, _) in &subjects {
            asked_of.entry(kind).or_insert_with(|| checks.of_kind(kind).flat_map(Check::asked).collect());
        }
        let all: BTreeSet<&Asked> = asked_of.values().flatten().copied().collect();
        ground.work_out(store, &all).await?;
        if all.iter().any(|one| matches!(one, Asked::Related(_) | Asked::Referring(..))) {
            ground.neighbours(store, wanted, &all).await?;
        }
        let asks = |kind: &str, what: &Asked| asked_of.get(kind).is_some_and(|asked| asked.contains(what));
        let classed: Vec<Uid> = subjects
            .iter()
            .filter(|(_, kind, _)| asks(kind, &Asked::Class))
            .map(|(arn, ..)| Uid::new(arn))
            .collect();
        for uids in classed.chunks(NAMED_MAX) {
            ground.classes(store, &Which { uids: uids.to_vec(), ..Which::all() }).await?;
        }
        let keys: BTreeSet<Uid> = subjects
            .iter()
            .filter(|(_, kind, _)| asks(kind, &Asked::Encryption))
            .filter_map(|(arn, ..)| ground.key_of(arn))
            .collect();
        ground.read(store, &keys).await?;
        let mut beside: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (_, kind, account) in &subjects {
            let lists = asked_of.get(kind.as_str()).into_iter().flatten();
            beside.extend(lists.filter_map(|asked| match asked {
                Asked::InRegion(kind) | Asked::InAccount(kind) => Some((kind.as_str(), account.as_str())),
                _ => None,
            }));
        }
        for (kind, account) in beside {
            let which = Which {
                kinds: vec![ResourceType::from(kind)],
                accounts: vec![AccountId::from(account)],
                ..Which::all()
            };
            ground.add(seen_of(store, &which, now).await?);
        }
        Ok(ground)
    }

    /// Reads resources that were not read yet.
    async fn read(&mut self, store: &Store, uids: &BTreeSet<Uid>) -> Result<(), AccessError> {
        let missing: Vec<Uid> =
            uids.iter().filter(|uid| !self.seen.contains_key(uid.as_str())).cloned().collect();
        for uids in missing.chunks(NAMED_MAX) {
            let which = Which { uids: uids.to_vec(), ..Which::all() };
            self.add(seen_of(store, &which, self.now).await?);
        }
        Ok(())
    }

    /// Reads what some resources refer to and what refers to them, as far as it is asked for.
    async fn neighbours(
        &mut self,
        store: &Store,
        of: &BTreeSet<Uid>,
        asked: &BTreeSet<&Asked>,
    ) -> Result<(), AccessError> {
        let uids: Vec<Uid> = of.iter().cloned().collect();
        let mut met = BTreeSet::new();
        for edge in store.edges_from(&uids).await? {
            let is_asked = |one: &&Asked| matches!(one, Asked::Related(kind) if kind == edge.kind.as_str());
            if asked.iter().any(is_asked) {
                if let Target::Known { uid } = &edge.to {
                    met.insert(uid.clone());
                }
                self.out.entry(edge.from.as_str().to_owned()).or_default().push(edge);
            }
        }
        // Of those that hold: none ends after the last scan that there can be.
        for link in store.links_around(&uids, i64::MAX - 1).await? {
            let is_asked =
                |one: &&Asked| matches!(one, Asked::Referring(_, kind) if kind == link.kind.as_str());
            if of.contains(&link.to) && asked.iter().any(is_asked) {
                met.insert(link.from.clone());
                self.into.entry(link.to.as_str().to_owned()).or_default().insert((link.kind, link.from));
            }
        }
        self.sort_edges();
        self.read(store, &met).await
    }

    /// The key that something is kept under, where it is known.
    fn key_of(&self, arn: &str) -> Option<Uid> {
        let permissions: &Arc<_> = self.engines.permissions.as_ref()?;
        match permissions.encryption.under(arn)? {
            Under::Key(key) => Some(Uid::new(key)),
            _ => None,
        }
    }
}
