//! The answer, with every layer's verdict and the statements that decided.

use serde::Serialize;

use crate::policy::{Effect, Fault};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is allowed.
    Allowed,
    /// Nothing denies it, and not all that must allow it do.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
    /// It is allowed only if something about the request holds that was not given: see [`Verdict::conditions`].
    OnlyIf,
    /// It depends on what could not be read: see [`Verdict::unknown`].
    Unknown,
}

/// What has a say in a request. The names are those of the batch interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerName {
    /// Policies of the user or role and of the user's groups.
    IdentityPolicies,
    /// The permissions boundary.
    PermissionBoundaries,
    /// The session policies.
    SessionPolicy,
    /// The policy of the resource.
    ResourcePolicy,
    /// Service control policies.
    Scps,
    /// Resource control policies.
    Rcps,
    /// Policies of the VPC endpoint.
    VpcEndpointPolicies,
    /// Grants of a KMS key.
    KmsGrants,
    /// Block public access, ownership and ACLs of S3.
    S3,
    /// A rule of the service itself, which no policy changes.
    Service,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// What becomes of the request.
    pub decision: Decision,
    /// The statements that decided, in the order of the layers.
    pub because: Vec<Reason>,
    /// What must hold, or must not, for the request to be allowed.
    pub conditions: Vec<Condition>,
    /// The context keys to give for an answer without conditions.
    pub missing_keys: Vec<String>,
    /// The layers without whose consent it is denied, and which do not give it.
    pub blocked_by: Vec<LayerName>,
    /// What every layer says.
    pub layers: Vec<LayerVerdict>,
    /// What could not be read and has a say.
    pub unknown: Vec<String>,
    /// Policies that AWS would refuse.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// A statement that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The layer.
    pub layer: LayerName,
    /// The level of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The policy, the grant or the rule.
    pub policy: String,
    /// The statement, from 0; none for grants, ACLs and rules of a service.
    pub statement: Option<usize>,
    /// The statement's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
}

/// Something that must be known of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// The layer.
    pub layer: LayerName,
    /// The policy.
    pub policy: String,
    /// The statement, from 0.
    pub statement: Option<usize>,
    /// What the statement does if it holds. Those of a `Deny` must not all hold.
    pub effect: Effect,
    /// The operator as it is written; `Resource` or `Principal` where these depend on the request.
    pub operator: String,
    /// The context key, or the variable in a resource.
    pub key: String,
    /// The values of the policy.
    pub values: Vec<String>,
}

/// What one layer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerVerdict {
    /// The layer.
    pub layer: LayerName,
    /// The level of the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What it says on its own.
    pub verdict: LayerSays,
}

/// What one layer says on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerSays {
    /// A statement allows it, none denies it.
    Allowed,
    /// No statement allows it.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
    /// It allows or denies only if something about the request holds.
    OnlyIf,
    /// It could not be read.
    Unknown,
    /// It has no say: there is none, or it does not bind such a caller.
    NotApplicable,
}
