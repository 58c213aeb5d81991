//! Sets of statements.

/// A set of statements, by their number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Mask(Box<[u64]>);

const BITS: usize = 64;

impl Mask {
    /// None of `many`.
    pub(crate) fn none(many: usize) -> Self {
        Self(vec![0; many.div_ceil(BITS)].into())
    }

    /// Those of `many` of which it holds.
    pub(crate) fn of(many: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut mask = Self::none(many);
        for at in (0..many).filter(|at| holds(*at)) {
            mask.set(at);
        }
        mask
    }

    pub(crate) fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / BITS) {
            *word |= 1 << (at % BITS);
        }
    }

    pub(crate) fn clear(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / BITS) {
            *word &= !(1 << (at % BITS));
        }
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        self.0.get(at / BITS).is_some_and(|word| word & (1 << (at % BITS)) != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one & other).collect())
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one | other).collect())
    }

    /// Whether every member is also one of the other.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & !other == 0)
    }

    /// How many members it has.
    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The members.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len() * BITS).filter(|at| self.has(*at))
    }
}
