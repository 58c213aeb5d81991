//! What code would change: the changes of a Terraform plan, and of a CloudFormation change set.
//!
//! A [`Proposal`] says of each resource what is declared before and after; `plan.rs` reads it from what
//! `terraform show -json` prints of a plan.
//!
//! **Invariant:** a value that the run decides is an unknown with the places of the code that it comes from.

use std::sync::Arc;

use serde_json::Value;

use super::Language;

/// All that code would change.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The file that says so, as people know it.
    pub file: Arc<str>,
    /// The changes, in the order of the file.
    pub changes: Vec<Proposed>,
    /// What is in the file and not among these, in words.
    pub left_out: Vec<String>,
}

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It is made.
    Makes,
    /// It is changed.
    Changes,
    /// It is taken away and made anew.
    Replaces,
    /// It is taken away.
    Removes,
}

impl Does {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Makes => "made",
            Self::Changes => "changed",
            Self::Replaces => "replaced",
            Self::Removes => "removed",
        }
    }
}

/// A change of one resource.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Who wrote it.
    pub language: Language,
    /// The type as the language names it.
    pub kind: String,
    /// Where in the file: `module.web.aws_s3_bucket.logs["a"]`, a logical id.
    pub address: String,
    /// What is done.
    pub does: Does,
    /// What is declared before; null where nothing is.
    pub before: Value,
    /// What is declared after, unknowns in it; null where nothing is.
    pub after: Value,
    /// Where the code takes unknown values from: the attribute's path without places in lists, and what it reads.
    pub taken: Vec<(String, Vec<Taken>)>,
    /// The account that it is in, where the file says so.
    pub account: Option<String>,
    /// The region that it is in, where the file says so.
    pub region: Option<String>,
    /// The id or ARN under which the stack knows it.
    pub physical_id: Option<String>,
}

/// A value that code takes from another resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    /// The resource's address; where the code names no instance of several, without it.
    pub address: String,
    /// The attribute.
    pub attribute: String,
}

/// Why a file of changes did not load.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// It is not JSON of the expected form.
    #[error("{file}:{line}:{column}: not {what}: {problem}")]
    Parse {
        /// The file.
        file: String,
        /// What it should be.
        what: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says.
        problem: String,
    },
    /// It reads, but cannot be used.
    #[error("{file}: {problem}")]
    Form {
        /// The file.
        file: String,
        /// What is wrong, and what to do.
        problem: String,
    },
}
