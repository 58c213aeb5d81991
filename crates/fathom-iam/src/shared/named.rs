//! Values by name, whose names do not change.

use std::{collections::BTreeMap, sync::Arc};

use super::List;

/// Values by name, in the order of the names. A copy shares all values; changing one copies it and its neighbours' places.
#[derive(Debug, Clone)]
pub(crate) struct Named<T> {
    names: Arc<BTreeMap<String, u32>>,
    values: List<Arc<T>>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { names: Arc::default(), values: List::default() }
    }
}

impl<T: Clone> Named<T> {
    /// Of values in the order of their names, each name once.
    pub(crate) fn of(values: BTreeMap<String, T>) -> Self {
        let (mut names, mut list) = (BTreeMap::new(), List::default());
        for (number, (name, value)) in (0..).zip(values) {
            names.insert(name, number);
            list.push(Arc::new(value));
        }
        Self { names: Arc::new(names), values: list }
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    pub(crate) fn at(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize).map(Arc::as_ref)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.at(self.number(name)?)
    }

    /// The value as this copy's own.
    pub(crate) fn at_mut(&mut self, number: u32) -> Option<&mut T> {
        self.values.get_mut(number as usize).map(Arc::make_mut)
    }

    /// The numbers of the values that are others than in another of the same names.
    pub(crate) fn others<'a>(&'a self, than: &'a Self) -> impl Iterator<Item = u32> + 'a {
        let pairs = (0..).zip(self.values.iter().zip(than.values.iter()));
        pairs.filter(|(_, (one, other))| !Arc::ptr_eq(one, other)).map(|(number, _)| number)
    }

    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &String> {
        self.names.keys()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.values.iter().map(Arc::as_ref)
    }

    /// Names and values, in the order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.names.keys().zip(self.values())
    }
}
