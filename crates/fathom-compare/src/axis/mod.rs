//! The axes of a request: caller, action, resource and each context key. Of each, the atoms: one value for every set of
//! statements that some value satisfies.
//!
//! The values are found by reading the patterns side by side ([`text`](crate::text)) or by cutting numbers, times and
//! addresses into intervals. Which statements a value satisfies is asked of the evaluator's own parts, so that an axis
//! can lack a value, and never misjudge one.

pub(crate) mod action;
pub(crate) mod caller;
pub(crate) mod interval;
pub(crate) mod key;
pub(crate) mod resource;

use std::collections::HashSet;

use crate::{limits::ATOMS_MAX, mask::Mask};

/// What one axis adds to a request.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// The action.
    Action(String),
    /// The ARN of the resource, and the account that owns it where policies ask for that.
    Resource(String, Owner),
    /// A context key (lower-case) with its values; none where it is absent.
    Key(String, Option<Vec<String>>),
    /// Who asks.
    Caller(Box<caller::Caller>),
    /// Nothing that a request could show: a part of a proof.
    Nothing,
}

/// The account that owns a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Policies do not ask.
    NotAsked,
    /// The request does not have the key.
    Absent,
    /// This one.
    Account(String),
}

/// A value of an axis.
#[derive(Debug, Clone)]
pub(crate) struct Atom {
    /// The statements whose part on this axis it satisfies.
    pub(crate) mask: Mask,
    pub(crate) part: Part,
}

/// An axis with its atoms, those that read best first.
#[derive(Debug, Default)]
pub(crate) struct Axis {
    pub(crate) atoms: Vec<Atom>,
    known: HashSet<Mask>,
}

impl Axis {
    /// Adds a value, unless there is one that satisfies the same statements.
    ///
    /// # Errors
    /// When the axis has too many.
    pub(crate) fn add(&mut self, mask: Mask, part: Part) -> Result<(), String> {
        if self.known.contains(&mask) {
            return Ok(());
        }
        if self.atoms.len() == ATOMS_MAX {
            return Err(format!("one axis has more than {ATOMS_MAX} values that statements tell apart"));
        }
        self.known.insert(mask.clone());
        self.atoms.push(Atom { mask, part });
        Ok(())
    }
}
