//! Answers, as they are given out.

use std::collections::BTreeMap;

use fathom_iam::verdict::Reason;
use serde::Serialize;

/// Whether there is a request that the new side allows and the old side does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// There is none: everything that the new side allows, the old side allows too.
    NotWider,
    /// There is one.
    Wider(Box<Counterexample>),
    /// It is not known whether there is.
    Unknown {
        /// Why not, at least one reason.
        because: Vec<String>,
    },
}

/// A request that the new side allows and the old side does not, as the evaluator decided it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counterexample {
    /// The request.
    pub request: Shown,
    /// The statements of the new side that allow it.
    pub allowed_by: Vec<Reason>,
    /// Why the old side does not.
    pub refused: Refusal,
}

/// Why the old side does not allow a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Refusal {
    /// No statement of it does.
    NothingAllows,
    /// A statement of it denies.
    Denied {
        /// The statements.
        by: Vec<Reason>,
    },
}

/// A request, as far as the compared policies look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Who asks: an ARN, a service, an identity provider, or `*` for somebody without credentials. None where the policies
    /// do not say for whom they are, and nothing depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The user whose token a federated user has, where the principal is one and policies name principals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federated_by: Option<String>,
    /// The action.
    pub action: String,
    /// The ARN of the resource; `*` where the action has none.
    pub resource: String,
    /// The context keys that the policies test: their values, or none where the key must be absent.
    pub context: BTreeMap<String, Option<Vec<String>>>,
}

/// Both sides of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How the new side stands to the old one.
    pub relation: Relation,
    /// What the new side allows and the old side does not.
    pub more: Answer,
    /// What the old side allows and the new side does not.
    pub less: Answer,
}

/// How the new side stands to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Both allow the same.
    Equal,
    /// The new side allows less.
    Narrower,
    /// The new side allows more.
    Wider,
    /// Each allows what the other does not.
    Different,
    /// The new side allows nothing more; whether less is not known.
    NotWider,
    /// The new side allows something more; whether also less is not known.
    AtLeastWider,
    /// Whether the new side allows more is not known.
    Unknown,
}

impl Comparison {
    pub(crate) fn of(more: Answer, less: Answer) -> Self {
        let relation = match (&more, &less) {
            (Answer::NotWider, Answer::NotWider) => Relation::Equal,
            (Answer::NotWider, Answer::Wider(_)) => Relation::Narrower,
            (Answer::NotWider, Answer::Unknown { .. }) => Relation::NotWider,
            (Answer::Wider(_), Answer::NotWider) => Relation::Wider,
            (Answer::Wider(_), Answer::Wider(_)) => Relation::Different,
            (Answer::Wider(_), Answer::Unknown { .. }) => Relation::AtLeastWider,
            (Answer::Unknown { .. }, _) => Relation::Unknown,
        };
        Self { relation, more, less }
    }
}
