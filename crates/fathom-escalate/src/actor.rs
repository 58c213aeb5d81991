//! Who asks: somebody known, perhaps with what it gave itself.

use fathom_iam::organisation::{Kind, Suppose};

use crate::facts::account_of;

/// Somebody who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    /// Its number in the index.
    pub(crate) member: u32,
    /// Its ARN; of a root user the account.
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    /// What it gave itself.
    pub(crate) suppose: &'a Suppose,
}

impl<'a> Actor<'a> {
    pub(crate) fn account(&self) -> &'a str {
        account(self.name)
    }
}

/// The account of a member of an index, by its name there.
pub(crate) fn account(name: &str) -> &str {
    if name.starts_with("arn:") { account_of(name) } else { name }
}
