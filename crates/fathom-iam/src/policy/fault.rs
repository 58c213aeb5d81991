//! What is wrong with a policy, and where.

use std::fmt;

/// A policy that AWS would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", told(.faults))]
pub struct BadPolicy {
    /// The policy.
    pub policy: String,
    /// What is wrong with it, at least one.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The policy.
    pub policy: String,
    /// The statement, from 0; none where the policy as a whole is meant.
    pub statement: Option<usize>,
    /// The statement's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The member, such as `Condition.StringEquals`; empty where the statement as a whole is meant.
    pub member: String,
    /// What is wrong and what to write.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "policy `{}`", self.policy)?;
        if let Some(index) = self.statement {
            write!(formatter, ", statement {index}")?;
        }
        if let Some(sid) = &self.sid {
            write!(formatter, " (`{sid}`)")?;
        }
        if !self.member.is_empty() {
            write!(formatter, ", {}", self.member)?;
        }
        write!(formatter, ": {}", self.problem)
    }
}

fn told(faults: &[Fault]) -> String {
    let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
    told.join("; ")
}
