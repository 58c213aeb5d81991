//! A map in parts.

use std::{
    borrow::Borrow,
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher as _, Hash},
    sync::Arc,
};

/// So many parts keep a change of a map of 100,000 at copying a few hundred entries.
const PARTS: usize = 256;

/// A map in parts: a copy of it shares the parts, and a change copies one.
#[derive(Debug, Clone)]
pub(crate) struct Map<K, V> {
    parts: Vec<Arc<HashMap<K, V>>>,
    hasher: RandomState,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        // All begin as the same empty one.
        Self { parts: vec![Arc::default(); PARTS], hasher: RandomState::new() }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Map<K, V> {
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        (self.hasher.hash_one(key) % PARTS as u64) as usize
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.parts.get(self.part(key))?.get(key)
    }

    /// A key as it is kept, with its value.
    pub(crate) fn get_key_value<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        self.parts.get(self.part(key))?.get_key_value(key)
    }

    /// The value as this copy's own.
    pub(crate) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let part = self.part(key);
        let part = self.parts.get_mut(part)?;
        // A key that is not there makes no copy.
        if part.contains_key(key) { Arc::make_mut(part).get_mut(key) } else { None }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let part = self.part(&key);
        if let Some(part) = self.parts.get_mut(part) {
            Arc::make_mut(part).insert(key, value);
        }
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let part = self.part(key);
        if let Some(part) = self.parts.get_mut(part)
            && part.contains_key(key)
        {
            Arc::make_mut(part).remove(key);
        }
    }

    pub(crate) fn contains_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}
