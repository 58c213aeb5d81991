//! What a statement, a policy or a layer says: the same to all members, or to each something else.

use super::{bits::Bits, truths::Truths};
use crate::truth::Truth;

/// The same to all, or to each something else.
#[derive(Debug, Clone)]
pub(super) enum Say {
    Same(Truth),
    Each(Truths),
}

impl Say {
    pub(super) fn or(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Same(truth), Self::Same(other)) => *truth = truth.or(other),
            (Self::Each(truths), Self::Each(other)) => truths.or(&other),
            (Self::Each(truths), Self::Same(other)) => {
                let all = Bits::all_like(&truths.yes);
                truths.raise_all(&all, other);
            }
            (Self::Same(truth), Self::Each(mut other)) => {
                let all = Bits::all_like(&other.yes);
                other.raise_all(&all, *truth);
                *self = Self::Each(other);
            }
        }
    }

    pub(super) fn and(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Same(truth), Self::Same(other)) => *truth = truth.and(other),
            (Self::Each(truths), Self::Each(other)) => truths.and(&other),
            (Self::Each(truths), Self::Same(other)) => truths.and_same(other),
            (Self::Same(truth), Self::Each(mut other)) => {
                other.and_same(*truth);
                *self = Self::Each(other);
            }
        }
    }

    pub(super) fn is_no(&self) -> bool {
        matches!(self, Self::Same(Truth::No))
    }

    /// What it says to these; `No` to the others.
    pub(super) fn within(&self, mask: &Bits) -> Truths {
        match self {
            Self::Same(truth) => Truths::within(mask, *truth),
            Self::Each(truths) => {
                let mut truths = truths.clone();
                truths.keep(mask);
                truths
            }
        }
    }

    /// Adds what it says to these.
    pub(super) fn raise(&self, truths: &mut Truths, mask: &Bits) {
        match self {
            Self::Same(truth) => truths.raise_all(mask, *truth),
            Self::Each(_) => truths.or(&self.within(mask)),
        }
    }
}
