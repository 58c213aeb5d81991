//! Numbered places, used again when they are free.

use super::List;

/// Values by a number that they keep while they are there.
#[derive(Debug, Clone)]
pub(crate) struct Slots<T> {
    places: List<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { places: List::default(), free: Vec::new() }
    }
}

impl<T: Clone> Slots<T> {
    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// One more than the highest number.
    pub(crate) fn end(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.places.get(number as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.places.get_mut(number as usize)?.as_mut()
    }

    /// Takes a value in, and says under which number.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(number) = self.free.pop() {
            if let Some(place) = self.places.get_mut(number as usize) {
                *place = Some(value);
            }
            return number;
        }
        self.places.push(Some(value));
        (self.places.len() - 1) as u32
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let value = self.places.get_mut(number as usize)?.take();
        if value.is_some() {
            self.free.push(number);
        }
        value
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that meets a surprise fails")]
mod tests {
    use std::collections::BTreeMap;

    use crate::shared::{Map, Named, Slots};

    #[test]
    fn a_copy_changes_and_what_it_was_made_of_does_not() {
        let mut slots = Slots::default();
        let numbers: Vec<u32> = (0..1_000).map(|value| slots.insert(value)).collect();
        let old = slots.clone();
        for number in numbers.iter().step_by(3) {
            assert_eq!(slots.remove(*number), Some(*number));
        }
        assert_eq!(slots.remove(0), None, "it is gone already");
        assert_eq!((old.len(), slots.len()), (1_000, 666));
        let again = slots.insert(5_000);
        assert_eq!((slots.get(again), old.get(again)), (Some(&5_000), Some(&again)));
        assert_eq!((slots.end(), slots.iter().count(), old.iter().count()), (1_000, 667, 1_000));

        let mut map = Map::default();
        for key in 0..1_000 {
            map.insert(key, key);
        }
        let old = map.clone();
        map.remove(&7);
        *map.get_mut(&8).unwrap() = 0;
        assert!(map.get_mut(&7).is_none());
        assert_eq!(
            (map.get(&7), map.get(&8), old.get(&7), old.get(&8)),
            (None, Some(&0), Some(&7), Some(&8))
        );

        let names: BTreeMap<String, u32> = (0..300).map(|value| (format!("{value:03}"), value)).collect();
        let mut named = Named::of(names);
        let old = named.clone();
        *named.at_mut(named.number("150").unwrap()).unwrap() = 0;
        assert_eq!((named.get("150"), old.get("150"), named.get("151")), (Some(&0), Some(&150), Some(&151)));
        assert!(old.iter().map(|(_, value)| *value).eq(0..300));
        assert_eq!(named.get("x"), None);
    }
}
