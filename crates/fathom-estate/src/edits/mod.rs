//! A single edit of the estate in the words of a person, and what it makes of the description of a resource.
//!
//! [`Edit::parse`] in `words.rs` reads the words, in which `fathom paths` and `fathom escalate` say their edits too; `traffic.rs` reads
//! what rules of security groups are about, `place.rs` which policy is meant. `part.rs`, `statement.rs` and `member.rs` write each kind of
//! edit into a document. What the words mean is content: [`EditRules`](fathom_content::EditRules).
//!
//! **Invariant:** nothing is guessed. What an edit takes away must be there, and what it names must be one thing.

mod member;
mod part;
mod place;
mod statement;
mod traffic;
mod words;

use serde_json::Value;

pub use part::write_part;
pub use place::{Located, has_policies, locate};
pub use statement::change_policy;

pub use member::set_member;

/// An edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// As it was written.
    pub text: String,
    /// The resource that it is of: an ARN, an id or a name.
    pub of: String,
    /// What becomes of it.
    pub what: What,
}

/// What an edit does.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The resource goes.
    Remove,
    /// A member gets a value; null takes it away.
    Set {
        /// Where, as `A.B[0].C`.
        path: String,
        /// What.
        value: Value,
    },
    /// A setting of content, by its place there.
    Setting(usize),
    /// A part of the resource comes, or goes.
    Part {
        /// Whether it comes.
        comes: bool,
        /// What it may be: the place of the rule in content, and the declaration.
        meanings: Vec<(usize, Value)>,
    },
    /// A policy becomes another.
    Policy {
        /// Which.
        policy: Named,
        /// How.
        change: Change,
    },
    /// It runs without a role.
    Without {
        /// The role.
        role: String,
    },
}

/// Which policy of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The resource's own.
    Own,
    /// One that it has, by name or ARN.
    Called(String),
}

/// How a policy changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It goes.
    Goes,
    /// A statement comes.
    Adds(Value),
    /// A statement goes.
    Takes(At),
    /// An action comes into a statement.
    AddsAction(At, String),
    /// An action goes out of a statement.
    TakesAction(At, String),
}

/// Which statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct At {
    /// By its place, from 0.
    pub number: Option<usize>,
    /// By its id.
    pub sid: Option<String>,
}

/// Why words are no edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no edit that is understood: {problem}")]
pub struct EditError {
    /// The words.
    pub text: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}
