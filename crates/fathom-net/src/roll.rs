//! Things with ids of the provider, numbered densely so that sets of them are bits.

use std::{collections::HashMap, sync::Arc};

/// Things in the order of their ids. A copy shares them, until it changes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Roll<T> {
    items: Arc<Vec<(String, T)>>,
    numbers: Arc<HashMap<String, u32>>,
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Self { items: Arc::default(), numbers: Arc::default() }
    }
}

impl<T> Roll<T> {
    /// Numbers things by an order of their own; of two of one id the first stays.
    pub(crate) fn sorted_by<K: Ord>(mut items: Vec<(String, T)>, key: impl Fn(&str, &T) -> K) -> Self {
        items.sort_by(|(a, x), (b, y)| (key(a, x), a).cmp(&(key(b, y), b)));
        let mut numbers = HashMap::new();
        items.retain(|(id, _)| {
            let number = numbers.len() as u32;
            let is_new = !numbers.contains_key(id);
            if is_new {
                numbers.insert(id.clone(), number);
            }
            is_new
        });
        Self { items: Arc::new(items), numbers: Arc::new(numbers) }
    }

    /// Puts another thing in the place of one.
    pub(crate) fn replace(&mut self, id: &str, thing: T)
    where
        T: Clone,
    {
        if let Some(number) = self.number(id)
            && let Some((_, place)) = Arc::make_mut(&mut self.items).get_mut(number as usize)
        {
            *place = thing;
        }
    }

    /// The thing of an id.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.number(id).and_then(|number| self.at(number))
    }

    /// The number of an id.
    pub fn number(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// The thing of a number.
    pub fn at(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize).map(|(_, item)| item)
    }

    /// The id of a number.
    pub fn id(&self, number: u32) -> &str {
        self.items.get(number as usize).map_or("", |(id, _)| id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.items.iter().map(|(id, item)| (id.as_str(), item))
    }
}

impl<T> FromIterator<(String, T)> for Roll<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(items: I) -> Self {
        Self::sorted_by(items.into_iter().collect(), |id, _| id.to_owned())
    }
}
