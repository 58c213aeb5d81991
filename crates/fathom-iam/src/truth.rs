//! Four values of an answer: yes, no, only if something about the request holds, and not known.

/// Whether something holds.
///
/// `OnlyIf` stands for conditions on context keys that the request did not give. `Unknown` stands for what could not be
/// read. A part that decides wins over both: `No` in [`and`](Self::and), `Yes` in [`or`](Self::or).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold.
    No,
    /// It holds for some requests of this form and not for others.
    OnlyIf,
    /// What it depends on could not be read.
    Unknown,
    /// It holds.
    Yes,
}

impl Truth {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::OnlyIf, _) | (_, Self::OnlyIf) => Self::OnlyIf,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// It does not hold.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            undecided => undecided,
        }
    }

    /// All hold; `Yes` where there is none.
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::Yes, Self::and)
    }

    /// At least one holds; `No` where there is none.
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::No, Self::or)
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
