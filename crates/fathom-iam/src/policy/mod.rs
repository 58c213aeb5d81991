//! Policies as AWS stores them, and what is wrong with those it would refuse.

mod edit;
mod element;
mod fault;
mod parse;
mod principal;
mod scope;

pub use fault::{BadPolicy, Fault};
pub(crate) use principal::grantee;
pub use principal::is_account;
pub use principal::{Named, PrincipalElement};
pub use scope::Scope;

use crate::{
    condition::Test,
    pattern::{self, Template},
    steps::Steps,
};

/// What a policy is attached to, which decides what may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// Of a user, group or role: also permission boundaries and session policies. It has no principal.
    Identity,
    /// A service control policy. It has no principal.
    ServiceControl,
    /// A resource control policy: denies, for everyone.
    ResourceControl,
    /// Of a resource: bucket policies, key policies, trust policies of roles.
    Resource,
    /// Of a VPC endpoint.
    Endpoint,
}

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also where a policy names none: `${…}` is literal.
    V2008,
    /// `2012-10-17`: with policy variables.
    V2012,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What it is called where it is attached; answers name it so.
    pub name: String,
    /// The version of the language.
    pub version: Version,
    /// The statements, in their order.
    pub statements: Vec<Statement>,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever allows.
    Deny,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Where it stands in the policy, from 0.
    pub index: usize,
    /// Its id, where it has one.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Whom it is about; none in policies of identities.
    pub principal: Option<PrincipalElement>,
    /// Which actions; patterns such as `s3:Get*`.
    pub action: Element<String>,
    /// Which resources; none where the policy's own resource is meant, as in trust policies.
    pub resource: Option<Element<Template>>,
    /// The conditions, all of which must hold.
    pub conditions: Vec<Test>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Element<T> {
    /// Whether it is the `Not…` form: everything but what matches.
    pub negated: bool,
    /// What may match.
    pub patterns: Vec<T>,
}

impl Element<String> {
    /// Whether it is about an action.
    pub(crate) fn speaks_of(&self, action: &str, steps: &Steps) -> bool {
        self.patterns.iter().any(|wanted| pattern::action(wanted, action, steps)) != self.negated
    }
}
