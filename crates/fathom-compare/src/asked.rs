//! A question: the statements of two sides, whom it is about, and which of their tests stand on which key.

use std::collections::BTreeSet;

use fathom_iam::{
    Policy, PolicyKind,
    condition::Test,
    parts::{Piece, pieces},
    policy::{Effect, Statement},
};

use crate::mask::Mask;

/// About whom a question is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everyone.
    #[default]
    Everyone,
    /// Whoever does not belong to these: other accounts, callers without credentials, those whom an identity provider
    /// vouches for. AWS services count as inside.
    Outside {
        /// Account ids.
        accounts: BTreeSet<String>,
        /// Ids of organisations, `o-…`.
        organisations: BTreeSet<String>,
    },
}

/// Whether two statements say the same in the same words.
pub(crate) fn is_same(one: &Statement, other: &Statement) -> bool {
    one.effect == other.effect
        && one.principal == other.principal
        && one.action == other.action
        && one.resource == other.resource
        && one.conditions == other.conditions
}

/// Whether an axis holds requests that can be shown, or at least all that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Each value can be shown; with policy variables some may be missing.
    Witness,
    /// None is missing; some may not exist.
    Proof,
}

/// Whether everything that `new` allows is also allowed by `old`.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) kind: PolicyKind,
    pub(crate) scope: &'a Scope,
    /// The new side's first.
    pub(crate) statements: Vec<&'a Statement>,
    new: usize,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(kind: PolicyKind, scope: &'a Scope, old: &'a [Policy], new: &'a [Policy]) -> Self {
        let of = |policies: &'a [Policy]| policies.iter().flat_map(|policy| &policy.statements).collect();
        Self::of(kind, scope, of(old), of(new))
    }

    fn of(kind: PolicyKind, scope: &'a Scope, old: Vec<&'a Statement>, new: Vec<&'a Statement>) -> Self {
        // Where all that the old side denies is denied by the same statement on the new side, what is allowed by the same
        // statement on both cannot be the difference.
        let has =
            |side: &[&Statement], wanted: &Statement| side.iter().any(|statement| is_same(statement, wanted));
        let denies_stay = old.iter().filter(|old| old.effect == Effect::Deny).all(|denies| has(&new, denies));
        let mut statements = new;
        statements.retain(|new| !denies_stay || new.effect == Effect::Deny || !has(&old, new));
        let new = statements.len();
        statements.extend(old);
        Self { kind, scope, statements, new }
    }

    /// The same question about some of the statements.
    pub(crate) fn within(&self, some: &Mask) -> Self {
        let (new, old): (Vec<usize>, Vec<usize>) = some.members().partition(|at| *at < self.new);
        let of = |numbers: Vec<usize>| numbers.into_iter().filter_map(|at| self.statement(at)).collect();
        Self::of(self.kind, self.scope, of(old), of(new))
    }

    pub(crate) fn is_about_resource(&self) -> bool {
        self.kind == PolicyKind::Resource
    }

    pub(crate) fn statement(&self, at: usize) -> Option<&'a Statement> {
        self.statements.get(at).copied()
    }

    /// The statements of one side with one effect.
    pub(crate) fn side(&self, is_new: bool, effect: Effect) -> Mask {
        Mask::of(self.statements.len(), |at| {
            (at < self.new) == is_new
                && self.statement(at).is_some_and(|statement| statement.effect == effect)
        })
    }

    /// All conditions, with the number of their statement.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (usize, &'a Test)> + '_ {
        self.statements
            .iter()
            .enumerate()
            .flat_map(|(at, statement)| statement.conditions.iter().map(move |test| (at, test)))
    }

    /// The keys of policy variables, in lower case.
    pub(crate) fn variables(&self) -> BTreeSet<String> {
        let resources = self.statements.iter().filter_map(|statement| statement.resource.as_ref());
        let templates = resources
            .flat_map(|element| &element.patterns)
            .chain(self.tests().flat_map(|(_, test)| &test.values));
        templates
            .flat_map(pieces)
            .filter_map(|piece| match piece {
                Piece::Variable { key, .. } => Some(key.to_ascii_lowercase()),
                _ => None,
            })
            .collect()
    }
}
