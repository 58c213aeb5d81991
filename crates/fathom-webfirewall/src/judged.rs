//! An answer with three values, and why it is not known where it is not.

use std::collections::BTreeSet;

use serde::Serialize;

/// Whether something holds. The order is that of Kleene's logic: `and` is the least, `or` the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It surely does not.
    No,
    /// What decides is not known.
    Unknown,
    /// It surely does.
    Yes,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

/// A truth, with what is missing where it is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether it holds.
    pub truth: Truth,
    /// What is missing; empty where the truth is known.
    pub why: BTreeSet<String>,
}

impl From<bool> for Judged {
    fn from(holds: bool) -> Self {
        Self { truth: holds.into(), why: BTreeSet::new() }
    }
}

impl Judged {
    /// Not known, for a reason.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { truth: Truth::Unknown, why: BTreeSet::from([why.into()]) }
    }

    /// Whether all hold. No reason is told where one surely does not.
    pub fn all(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::from(true), |before, one| before.join(one, Truth::min))
    }

    /// Whether one holds.
    pub fn any(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::from(false), |before, one| before.join(one, Truth::max))
    }

    fn join(mut self, other: Self, by: fn(Truth, Truth) -> Truth) -> Self {
        self.truth = by(self.truth, other.truth);
        if self.truth == Truth::Unknown {
            self.why.extend(other.why);
        } else {
            self.why.clear();
        }
        self
    }
}

impl std::ops::Not for Judged {
    type Output = Self;

    fn not(self) -> Self {
        Self { truth: !self.truth, why: self.why }
    }
}
