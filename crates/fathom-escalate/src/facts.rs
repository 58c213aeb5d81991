//! What an estate has beside its policies.

use std::collections::BTreeMap;

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The names of its groups.
    pub groups: Vec<String>,
    /// The ARNs of the managed policies attached to it.
    pub attached: Vec<String>,
    /// How many access keys it has; none where that was not read.
    pub access_keys: Option<usize>,
    /// Whether it has a password; none where that was not read.
    pub has_password: Option<bool>,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// The ARNs of the managed policies attached to it.
    pub attached: Vec<String>,
    /// Whether it has an instance profile.
    pub has_profile: bool,
}

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The account.
    pub account: String,
    /// Its name.
    pub name: String,
    /// The ARNs of the managed policies attached to it.
    pub attached: Vec<String>,
}

/// What runs as a role, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Its type, `AWS::Lambda::Function`.
    pub kind: String,
    /// Its ARN.
    pub arn: String,
    /// The account that owns it.
    pub account: String,
    /// The ARNs of the roles that it runs as.
    pub roles: Vec<String>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Users by ARN.
    pub users: BTreeMap<String, User>,
    /// Roles by ARN.
    pub roles: BTreeMap<String, Role>,
    /// Groups by ARN.
    pub groups: BTreeMap<String, Group>,
    /// How many versions the customer's managed policies have, by ARN.
    pub policies: BTreeMap<String, usize>,
    /// What is there of the types that rules name.
    pub workloads: Vec<Workload>,
    /// The ARNs of roles that trust an identity provider, by its ARN.
    pub providers: BTreeMap<String, Vec<String>>,
    /// The regions in which an account has something.
    pub regions: BTreeMap<String, Vec<String>>,
}

/// The account in an ARN; empty where there is none.
pub(crate) fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// The region in an ARN; none where there is none.
pub(crate) fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}
