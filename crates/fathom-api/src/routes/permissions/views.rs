//! Answers of the engine as the document describes them.

use fathom_access::{Answer, Origin, Permitted};
use fathom_catalogue::Kind;
use fathom_iam::{
    organisation::{self, Asker},
    policy,
    verdict::{self, Decision, LayerName, LayerSays, Verdict},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use crate::views::mirrored;

mirrored! {
    /// The kind of access that an action is.
    enum AccessKind of Kind {
        /// Says which resources there are.
        List,
        /// Reads settings, not what is kept.
        Read,
        /// Reads, writes or deletes what a store keeps, or gives the key to it.
        Data,
        /// Changes only tags.
        Tagging,
        /// Makes, changes or deletes resources.
        Write,
        /// Changes who may do what.
        Admin,
    }
}

mirrored! {
    /// What somebody is.
    enum AskerKind of organisation::Kind {
        /// Everyone, without credentials.
        Anyone,
        /// Any account of AWS: what its own policies allow is not looked at.
        AnyAccount,
        /// An account or a principal whose own policies are not looked at and are taken to allow it.
        Outside,
        /// Whom an identity provider vouches for.
        Federated,
        /// A service of AWS.
        Service,
        /// The root user of an account.
        Root,
        /// A user.
        User,
        /// A role, in any session.
        Role,
    }
}

mirrored! {
    /// An answer that is no refusal.
    enum AnswerKind of Answer {
        /// It is allowed.
        Allowed,
        /// It is allowed only if something holds that is not known.
        OnlyIf,
        /// It depends on what was not read.
        Unknown,
    }
}

mirrored! {
    /// What becomes of a request.
    enum DecisionKind of Decision {
        /// It is allowed.
        Allowed,
        /// Nothing denies it, and not all that must allow it do.
        ImplicitlyDenied,
        /// A statement denies it.
        ExplicitlyDenied,
        /// It is allowed only if something about the request holds that was not given.
        OnlyIf,
        /// It depends on what could not be read.
        Unknown,
    }
}

mirrored! {
    /// What has a say in a request.
    enum LayerKind of LayerName {
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
}

mirrored! {
    /// What one layer says on its own.
    enum LayerWord of LayerSays {
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
}

mirrored! {
    /// From where somebody comes, the most worrying first.
    enum OpeningFrom of Origin {
        /// From anywhere: everyone, with or without credentials.
        Public,
        /// From an account that is not of the organisation and was not scanned.
        External,
        /// By the word of an identity provider.
        Federated,
        /// From fixed networks or identities: everyone is named, with a condition that confines who is meant.
        Confined,
        /// From another account of the organisation, or one that was scanned.
        CrossAccount,
        /// From a service of AWS.
        Service,
    }
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum EffectKind {
    /// It allows.
    Allow,
    /// It denies, whatever allows.
    Deny,
}

impl From<policy::Effect> for EffectKind {
    fn from(effect: policy::Effect) -> Self {
        match effect {
            policy::Effect::Allow => Self::Allow,
            policy::Effect::Deny => Self::Deny,
        }
    }
}

/// Who.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AskerView {
    /// What it is.
    kind: AskerKind,
    /// An ARN, an account, a service, an identity provider; `*` for everyone.
    principal: String,
}

impl From<Asker> for AskerView {
    fn from(asker: Asker) -> Self {
        Self { kind: asker.kind.into(), principal: asker.principal }
    }
}

/// Actions of one kind that somebody may do, by what becomes of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PermittedView {
    /// The kind of access.
    access: AccessKind,
    /// What becomes of them.
    decision: AnswerKind,
    /// The actions, sorted.
    actions: Vec<String>,
}

impl PermittedView {
    pub(super) fn has(&self, action: &str) -> bool {
        self.actions.iter().any(|one| one == action)
    }

    pub(super) fn access(&self) -> AccessKind {
        self.access
    }
}

impl From<Permitted> for PermittedView {
    fn from(one: Permitted) -> Self {
        Self { access: one.access.into(), decision: one.decision.into(), actions: one.actions }
    }
}

/// A statement that decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// The layer.
    layer: LayerKind,
    /// The level of the organisation; null for layers that have none.
    level: Option<String>,
    /// The policy, the grant or the rule.
    policy: String,
    /// The statement, from 0; null for grants, ACLs and rules of a service.
    statement: Option<u64>,
    /// The statement's id.
    sid: Option<String>,
    /// What it does.
    effect: EffectKind,
}

impl From<verdict::Reason> for ReasonView {
    fn from(reason: verdict::Reason) -> Self {
        Self {
            layer: reason.layer.into(),
            level: reason.level,
            policy: reason.policy,
            statement: reason.statement.map(|at| at as u64),
            sid: reason.sid,
            effect: reason.effect.into(),
        }
    }
}

/// Something that must be known of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConditionView {
    /// The layer.
    layer: LayerKind,
    /// The policy.
    policy: String,
    /// The statement, from 0.
    statement: Option<u64>,
    /// What the statement does if it holds. Those of a `Deny` must not all hold.
    effect: EffectKind,
    /// The operator as it is written; `Resource` or `Principal` where these depend on the request.
    operator: String,
    /// The context key, or the variable in a resource.
    key: String,
    /// The values of the policy.
    values: Vec<String>,
}

impl From<verdict::Condition> for ConditionView {
    fn from(condition: verdict::Condition) -> Self {
        Self {
            layer: condition.layer.into(),
            policy: condition.policy,
            statement: condition.statement.map(|at| at as u64),
            effect: condition.effect.into(),
            operator: condition.operator,
            key: condition.key,
            values: condition.values,
        }
    }
}

/// What one layer says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LayerVerdictView {
    /// The layer.
    layer: LayerKind,
    /// The level of the organisation; null for layers that have none.
    level: Option<String>,
    /// What it says on its own.
    verdict: LayerWord,
}

/// What becomes of a request, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerdictOfRequest {
    /// What becomes of it.
    decision: DecisionKind,
    /// The statements that decided, in the order of the layers.
    because: Vec<ReasonView>,
    /// What must hold, or must not, for the request to be allowed.
    conditions: Vec<ConditionView>,
    /// The context keys to give for an answer without conditions.
    missing_keys: Vec<String>,
    /// The layers without whose consent it is denied, and which do not give it.
    blocked_by: Vec<LayerKind>,
    /// What every layer says, in the order in which they are asked.
    layers: Vec<LayerVerdictView>,
    /// What could not be read and has a say.
    unknown: Vec<String>,
    /// What is wrong with policies that AWS would refuse.
    faults: Vec<String>,
}

impl From<Verdict> for VerdictOfRequest {
    fn from(verdict: Verdict) -> Self {
        let layer = |one: verdict::LayerVerdict| LayerVerdictView {
            layer: one.layer.into(),
            level: one.level,
            verdict: one.verdict.into(),
        };
        Self {
            decision: verdict.decision.into(),
            because: verdict.because.into_iter().map(Into::into).collect(),
            conditions: verdict.conditions.into_iter().map(Into::into).collect(),
            missing_keys: verdict.missing_keys,
            blocked_by: verdict.blocked_by.into_iter().map(Into::into).collect(),
            layers: verdict.layers.into_iter().map(layer).collect(),
            unknown: verdict.unknown,
            faults: verdict.faults.iter().map(ToString::to_string).collect(),
        }
    }
}
