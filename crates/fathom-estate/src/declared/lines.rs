//! Where in a file of YAML or JSON something is written, so that what is found there can be shown there.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

/// The lines of the members of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// By name, or by place in a list: the line that it begins in, and what is below.
    below: BTreeMap<String, (u64, Lines)>,
}

impl Lines {
    /// Reads a file; one that does not read has none.
    pub fn of(text: &str) -> Self {
        serde_saphyr::from_str_with_options(text, super::template::options()).unwrap_or_default()
    }

    /// Takes out what has this name, or this place in a list, with the line that it begins in.
    pub fn take(&mut self, name: &str) -> Option<(u64, Self)> {
        self.below.remove(name)
    }

    /// The first line that something begins in; 0 where nobody can tell.
    pub fn first(&self) -> u64 {
        self.below.values().map(|(line, _)| *line).filter(|line| *line > 0).min().unwrap_or_default()
    }

    /// Counts from a line further up: what was read begins `by` lines below the first one.
    pub fn shift(&mut self, by: u64) {
        for (line, below) in self.below.values_mut() {
            if *line > 0 {
                *line += by;
            }
            below.shift(by);
        }
    }

    /// The line, from 1, in which the last step of a path begins that is there; none where the first is not.
    pub fn line(&self, path: &[&str]) -> Option<u64> {
        let (mut at, mut line) = (self, None);
        for step in path {
            let Some((found, below)) = at.below.get(*step) else { break };
            // JSON on a single line, and what an alias hides, have no better line than what is around them.
            line = Some(*found).filter(|found| *found > 0).or(line);
            at = below;
        }
        line
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Below)
    }
}

struct Below;

impl<'de> Visitor<'de> for Below {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_unit<E>(self) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_none<E>(self) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lines, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Lines, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Lines, A::Error> {
        let mut below = BTreeMap::new();
        while let Some(element) = elements.next_element::<Spanned<Lines>>()? {
            below.insert(below.len().to_string(), (element.referenced.line(), element.value));
        }
        Ok(Lines { below })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Lines, A::Error> {
        let mut below = BTreeMap::new();
        while let Some((name, lines)) = members.next_entry::<Spanned<String>, Lines>()? {
            below.insert(name.value, (name.referenced.line(), lines));
        }
        Ok(Lines { below })
    }
}
