//! A truth for each member, as three sets; who is in none has `No`.

use super::bits::Bits;
use crate::truth::Truth;

/// A truth for each member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Truths {
    pub(crate) yes: Bits,
    pub(crate) unknown: Bits,
    pub(crate) only_if: Bits,
}

impl Truths {
    /// The same for all of so many.
    pub(crate) fn same(length: usize, truth: Truth) -> Self {
        Self::within(&Bits::all(length), truth)
    }

    /// A truth for these, and `No` for the others.
    pub(crate) fn within(mask: &Bits, truth: Truth) -> Self {
        let none = || Bits::none_like(mask);
        let mut truths = Self { yes: none(), unknown: none(), only_if: none() };
        match truth {
            Truth::No => {}
            Truth::Yes => truths.yes = mask.clone(),
            Truth::Unknown => truths.unknown = mask.clone(),
            Truth::OnlyIf => truths.only_if = mask.clone(),
        }
        truths
    }

    /// Of one member.
    #[cfg(test)]
    pub(crate) fn get(&self, member: u32) -> Truth {
        if self.yes.contains(member) {
            Truth::Yes
        } else if self.unknown.contains(member) {
            Truth::Unknown
        } else if self.only_if.contains(member) {
            Truth::OnlyIf
        } else {
            Truth::No
        }
    }

    /// Says of one member what is the case.
    pub(crate) fn set(&mut self, member: u32, truth: Truth) {
        self.yes.remove(member);
        self.unknown.remove(member);
        self.only_if.remove(member);
        match truth {
            Truth::No => {}
            Truth::Yes => self.yes.insert(member),
            Truth::Unknown => self.unknown.insert(member),
            Truth::OnlyIf => self.only_if.insert(member),
        }
    }

    /// One member has this too.
    pub(crate) fn raise(&mut self, member: u32, truth: Truth) {
        match truth {
            Truth::Yes => {
                self.yes.insert(member);
                self.unknown.remove(member);
                self.only_if.remove(member);
            }
            Truth::Unknown if !self.yes.contains(member) => {
                self.unknown.insert(member);
                self.only_if.remove(member);
            }
            Truth::OnlyIf if !self.yes.contains(member) && !self.unknown.contains(member) => {
                self.only_if.insert(member);
            }
            Truth::No | Truth::Unknown | Truth::OnlyIf => {}
        }
    }

    /// These have this too.
    pub(crate) fn raise_all(&mut self, mask: &Bits, truth: Truth) {
        match truth {
            Truth::No => {}
            Truth::Yes => {
                self.yes.add(mask);
                self.unknown.drop(mask);
                self.only_if.drop(mask);
            }
            Truth::Unknown => {
                self.unknown.add(&mask.without(&self.yes));
                self.only_if.drop(mask);
            }
            Truth::OnlyIf => self.only_if.add(&mask.without(&self.yes).without(&self.unknown)),
        }
    }

    /// One of both holds.
    pub(crate) fn or(&mut self, other: &Self) {
        self.raise_all(&other.only_if, Truth::OnlyIf);
        self.raise_all(&other.unknown, Truth::Unknown);
        self.raise_all(&other.yes, Truth::Yes);
    }

    /// Who has anything but `No`.
    pub(crate) fn possible(&self) -> Bits {
        let mut possible = self.yes.or(&self.unknown);
        possible.add(&self.only_if);
        possible
    }

    /// Both hold.
    pub(crate) fn and(&mut self, other: &Self) {
        let both = self.possible().and(&other.possible());
        self.yes.keep(&other.yes);
        self.unknown.add(&other.unknown);
        self.unknown.keep(&both);
        self.only_if = both.without(&self.yes).without(&self.unknown);
    }

    /// Both hold, where the other is the same for all.
    pub(crate) fn and_same(&mut self, truth: Truth) {
        match truth {
            Truth::Yes => {}
            Truth::No => *self = Self::within(&Bits::none_like(&self.yes), Truth::No),
            Truth::Unknown => {
                self.unknown = self.possible();
                self.yes = Bits::none_like(&self.yes);
                self.only_if = self.yes.clone();
            }
            Truth::OnlyIf => {
                self.only_if.add(&self.yes);
                self.yes = Bits::none_like(&self.yes);
            }
        }
    }

    /// It does not hold.
    #[must_use]
    pub(crate) fn negate(mut self) -> Self {
        self.yes = self.possible().others();
        self
    }

    /// Those of the mask only; `No` for the others.
    pub(crate) fn keep(&mut self, mask: &Bits) {
        self.yes.keep(mask);
        self.unknown.keep(mask);
        self.only_if.keep(mask);
    }

    /// `Yes` for those of the mask, whatever was.
    pub(crate) fn permit(&mut self, mask: &Bits) {
        self.raise_all(mask, Truth::Yes);
    }

    /// Those for whom both say the same.
    pub(crate) fn agree(&self, other: &Self) -> Bits {
        let mut same = self.yes.and(&other.yes);
        same.add(&self.unknown.and(&other.unknown));
        same.add(&self.only_if.and(&other.only_if));
        same.add(&self.possible().or(&other.possible()).others());
        same
    }
}

#[cfg(test)]
mod tests {
    use super::{Bits, Truths};
    use crate::truth::Truth;

    const ALL: [Truth; 4] = [Truth::No, Truth::OnlyIf, Truth::Unknown, Truth::Yes];

    /// Sixteen members: every pair of truths once.
    fn pairs() -> (Truths, Truths, Vec<(Truth, Truth)>) {
        let (mut left, mut right) = (Truths::same(16, Truth::No), Truths::same(16, Truth::No));
        let mut pairs = Vec::new();
        for one in ALL {
            for other in ALL {
                left.set(pairs.len() as u32, one);
                right.set(pairs.len() as u32, other);
                pairs.push((one, other));
            }
        }
        (left, right, pairs)
    }

    #[test]
    fn sets_say_what_single_truths_say() {
        let (left, right, pairs) = pairs();
        let (mut or, mut and, mut raised) = (left.clone(), left.clone(), left.clone());
        or.or(&right);
        and.and(&right);
        let negated = left.clone().negate();
        let agree = left.agree(&right);
        for (member, (one, other)) in (0..).zip(&pairs) {
            raised.raise(member, *other);
            assert_eq!(or.get(member), one.or(*other));
            assert_eq!(raised.get(member), one.or(*other));
            assert_eq!(and.get(member), one.and(*other));
            assert_eq!(negated.get(member), one.negate());
            assert_eq!(agree.contains(member), one == other);
            let (mut scaled, mut lifted) = (left.clone(), left.clone());
            scaled.and_same(*other);
            lifted.raise_all(&Bits::of(16, [member]), *other);
            assert_eq!(scaled.get(member), one.and(*other));
            assert_eq!(lifted.get(member), one.or(*other));
        }
    }
}
