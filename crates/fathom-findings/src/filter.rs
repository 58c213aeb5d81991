//! Which findings somebody asks about.

use std::collections::BTreeSet;

use fathom_model::{KeptFinding, Severity};

use crate::{Stands, State};

/// Which of them; what is empty does not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those that stand so.
    pub states: Vec<State>,
    /// Only those as bad as this.
    pub severities: Vec<Severity>,
    /// Only what these answer for.
    pub owners: Vec<String>,
    /// Only in these accounts.
    pub accounts: Vec<String>,
    /// Only of these checks, where any are named.
    pub checks: Option<BTreeSet<String>>,
    /// Only of this resource.
    pub resource: Option<String>,
    /// Only what should have been fixed already.
    pub overdue: bool,
}

impl Filter {
    /// Whether it takes a finding.
    pub fn takes(&self, finding: &KeptFinding, stands: &Stands<'_>) -> bool {
        let is_in = |chosen: &[String], value: Option<&str>| {
            chosen.is_empty() || chosen.iter().any(|one| Some(one.as_str()) == value)
        };
        (self.states.is_empty() || self.states.contains(&stands.state))
            && (self.severities.is_empty() || self.severities.contains(&finding.severity))
            && is_in(&self.owners, finding.owner.as_deref())
            && is_in(&self.accounts, Some(finding.account.as_str()))
            && self.checks.as_ref().is_none_or(|checks| checks.contains(&finding.check))
            && self.resource.as_deref().is_none_or(|one| one == finding.resource.as_str())
            && (!self.overdue || stands.overdue)
    }
}
