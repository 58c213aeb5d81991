//! Sets of members, by their number.

/// A set of numbers below a length that all sets of an index share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    length: usize,
}

const WORD: usize = u64::BITS as usize;

impl Bits {
    /// Nobody of so many.
    pub(crate) fn none(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(WORD)], length }
    }

    /// All of so many.
    pub(crate) fn all(length: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; length.div_ceil(WORD)], length };
        let rest = length % WORD;
        if let Some(last) = bits.words.last_mut().filter(|_| rest > 0) {
            *last = (1 << rest) - 1;
        }
        bits
    }

    /// Nobody, of as many as another set.
    pub(crate) fn none_like(like: &Self) -> Self {
        Self::none(like.length)
    }

    /// All, of as many as another set.
    pub(crate) fn all_like(like: &Self) -> Self {
        Self::all(like.length)
    }

    /// Those of a list.
    pub(crate) fn of(length: usize, members: impl IntoIterator<Item = u32>) -> Self {
        let mut bits = Self::none(length);
        for member in members {
            bits.insert(member);
        }
        bits
    }

    pub(crate) fn insert(&mut self, member: u32) {
        if let Some(word) = self.words.get_mut(member as usize / WORD) {
            *word |= 1 << (member as usize % WORD);
        }
    }

    pub(crate) fn remove(&mut self, member: u32) {
        if let Some(word) = self.words.get_mut(member as usize / WORD) {
            *word &= !(1 << (member as usize % WORD));
        }
    }

    pub(crate) fn set(&mut self, member: u32, is_in: bool) {
        if is_in { self.insert(member) } else { self.remove(member) }
    }

    /// Whether it holds a member.
    pub fn contains(&self, member: u32) -> bool {
        self.words.get(member as usize / WORD).is_some_and(|word| word >> (member as usize % WORD) & 1 == 1)
    }

    /// How many it holds.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether it holds nobody.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Its members, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some((at * WORD) as u32 + bit)
            })
        })
    }

    fn with(&mut self, other: &Self, join: impl Fn(u64, u64) -> u64) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word = join(*word, *other);
        }
    }

    /// Takes in all of the other.
    pub(crate) fn add(&mut self, other: &Self) {
        self.with(other, |word, other| word | other);
    }

    /// Keeps those of the other only.
    pub(crate) fn keep(&mut self, other: &Self) {
        self.with(other, |word, other| word & other);
    }

    /// Lets go of those of the other.
    pub(crate) fn drop(&mut self, other: &Self) {
        self.with(other, |word, other| word & !other);
    }

    /// Those that are in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.keep(other);
        both
    }

    /// Those that are in one of them.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut either = self.clone();
        either.add(other);
        either
    }

    /// Those that are not in the other.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.drop(other);
        rest
    }

    /// Those that are not in it.
    pub(crate) fn others(&self) -> Self {
        Self::all(self.length).without(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn sets_are_sets() {
        for length in [0, 1, 63, 64, 65, 130] {
            let all = Bits::all(length);
            assert_eq!(all.count(), length);
            let odd = Bits::of(length, (0..length as u32).filter(|number| number % 2 == 1));
            assert_eq!(odd.count(), length / 2);
            assert_eq!(odd.or(&odd.others()), all);
            assert!(odd.and(&odd.others()).is_empty());
            assert_eq!(all.without(&odd), odd.others());
            assert!(odd.iter().all(|number| number % 2 == 1 && odd.contains(number)));
            assert_eq!(odd.iter().count(), odd.count());
        }
    }
}
