//! Sets of numbers, as bits.

/// A set of numbers below a length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
}

const WORD: usize = u64::BITS as usize;

impl Bits {
    /// None of so many.
    pub(crate) fn none(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(WORD)] }
    }

    pub(crate) fn insert(&mut self, member: u32) {
        if let Some(word) = self.words.get_mut(member as usize / WORD) {
            *word |= 1 << (member as usize % WORD);
        }
    }

    /// Takes in all from one number up to, not including, another.
    pub(crate) fn insert_range(&mut self, from: usize, to: usize) {
        let to = to.min(self.words.len() * WORD);
        if from >= to {
            return;
        }
        let (first, last) = (from / WORD, (to - 1) / WORD);
        for (at, word) in self.words.iter_mut().enumerate().take(last + 1).skip(first) {
            let low = if at == first { from % WORD } else { 0 };
            let high = if at == last { (to - 1) % WORD } else { WORD - 1 };
            *word |= (u64::MAX >> (WORD - 1 - (high - low))) << low;
        }
    }

    /// Takes in all of another set.
    pub(crate) fn add(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Keeps those of another set only.
    pub(crate) fn keep(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Lets go of those of another set.
    pub(crate) fn drop(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Whether it holds a number.
    pub fn contains(&self, member: u32) -> bool {
        self.words.get(member as usize / WORD).is_some_and(|word| word >> (member as usize % WORD) & 1 == 1)
    }

    /// How many it holds.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Its numbers, in order.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_as_single_numbers() {
        for (from, to) in [(0, 0), (0, 1), (3, 64), (0, 64), (63, 65), (5, 200), (64, 128), (10, 1000)] {
            let mut range = Bits::none(200);
            range.insert_range(from, to);
            let mut single = Bits::none(200);
            (from..to.min(200)).for_each(|member| single.insert(member as u32));
            // The last word has room for more than 200.
            let told: Vec<u32> = range.iter().filter(|member| *member < 200).collect();
            assert_eq!(told, single.iter().collect::<Vec<_>>(), "{from}..{to}");
        }
    }
}
