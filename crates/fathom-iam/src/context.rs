//! The context of a request: keys with their values, and what follows from principal and resource alone.

use std::collections::BTreeMap;

/// Context keys of a request, whose names are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// By lower-case name; none where the key is known to be absent.
    keys: BTreeMap<String, Option<Vec<String>>>,
    /// Beginnings of names, lower-case, under which nothing is but what is in `keys`.
    absent_under: Vec<&'static str>,
    /// Names, lower-case, of keys that every such request has and whose value is not known, unless it is in `keys`.
    open: Vec<&'static str>,
    complete: bool,
}

/// What a request says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<'a> {
    /// It has these values; perhaps none.
    Values(&'a [String]),
    /// It is not in the request, and that is known.
    Absent,
    /// The request does not say.
    NotGiven,
}

impl Context {
    /// A context in which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that keys which are not given are absent, as in a request that was really made.
    pub fn set_complete(&mut self, complete: bool) {
        self.complete = complete;
    }

    /// Gives a key's values.
    pub fn set(&mut self, key: &str, values: Vec<String>) {
        self.keys.insert(key.to_ascii_lowercase(), Some(values));
    }

    /// Says that a key is not in the request.
    pub fn set_absent(&mut self, key: &str) {
        self.keys.insert(key.to_ascii_lowercase(), None);
    }

    /// Says nothing of a key any more: what was given of one request need not hold for another that follows from it.
    pub fn forget(&mut self, key: &str) {
        self.keys.remove(&key.to_ascii_lowercase());
    }

    /// What is said of a key.
    pub fn get(&self, key: &str) -> Given<'_> {
        let key = key.to_ascii_lowercase();
        match self.keys.get(&key) {
            Some(Some(values)) => Given::Values(values),
            Some(None) => Given::Absent,
            None if self.open.contains(&key.as_str()) => Given::NotGiven,
            None if self.complete || self.absent_under.iter().any(|under| key.starts_with(under)) => {
                Given::Absent
            }
            None => Given::NotGiven,
        }
    }

    /// Whether keys that are not given are absent.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The names of the keys that are given, lower-case.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// The only value of a key, where it has one.
    pub(crate) fn single(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Given::Values([single]) => Some(single),
            _ => None,
        }
    }

    /// Adds what follows from the request itself; what was given stays.
    pub(crate) fn derive(&mut self, key: &str, value: Option<String>) {
        self.keys.entry(key.to_ascii_lowercase()).or_insert(value.map(|value| vec![value]));
    }

    /// Says that a key (lower-case) is in the request with a value that does not follow from it.
    pub(crate) fn derive_open(&mut self, key: &'static str) {
        self.open.push(key);
    }

    /// Says that no key of this beginning (lower-case) is in the request but those given.
    pub(crate) fn derive_absent_under(&mut self, prefix: &'static str) {
        self.absent_under.push(prefix);
    }
}
