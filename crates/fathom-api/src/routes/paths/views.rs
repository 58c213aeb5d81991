//! Ways as the document describes them.

use fathom_intrude::Kind;
use fathom_paths::{Entry, Jewel, Level};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    routes::{
        network::PacketHop,
        permissions::{ConditionView, DecisionKind, LayerKind, ReasonView},
    },
    views::mirrored,
};

mirrored! {
    /// Where an intruder begins.
    enum PathEntry of Entry {
        /// Anybody of the internet.
        Internet,
        /// An account outside that something trusts.
        Vendor,
        /// An access key that somebody else has got.
        LeakedKey,
        /// Whom or what was named.
        Given,
    }
}

mirrored! {
    /// What must not be lost, the worst first.
    enum PathJewel of Jewel {
        /// Everything in an account.
        Administrators,
        /// Data that is restricted or confidential.
        Data,
        /// Keys under which things are kept.
        Keys,
        /// Backups.
        Backups,
        /// The archive of what was done.
        Logs,
    }
}

mirrored! {
    /// How sure a step, or a way, is.
    enum HowSure of Level {
        /// It is so.
        Yes,
        /// Only if something holds that is not known.
        OnlyIf,
        /// It depends on what was not read.
        Unknown,
    }
}

impl HowSure {
    /// The less sure of two.
    pub(super) fn worse(self, other: Self) -> Self {
        Level::from(self).max(Level::from(other)).into()
    }
}

mirrored! {
    /// What an intruder can have.
    enum PathKind of Kind {
        /// A place in the internet, which everybody has.
        Internet,
        /// An account outside.
        Vendor,
        /// An access key.
        AccessKey,
        /// A user, a role or a root user.
        Principal,
        /// One of them with permissions that it gave itself.
        Grown,
        /// Everything in an account.
        Account,
        /// A load balancer that can be asked.
        Balancer,
        /// What listens on a server, to be asked over the network.
        Listener,
        /// A server or function, with code of the intruder's own on it.
        Server,
        /// The data of a thing.
        Data,
        /// A key, to take it away from those who need it.
        Keys,
        /// A backup, to destroy it.
        Backups,
        /// A log or its archive, to destroy it.
        Logs,
    }
}

/// Something that an intruder can have.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PathNode {
    /// What it is.
    pub(super) kind: PathKind,
    /// An ARN, an account's number, `internet`; null where it is outside of what the caller may see.
    pub(super) id: Option<String>,
    /// Its resource; null where it is none.
    pub(super) uid: Option<String>,
    /// What people call it.
    pub(super) name: Option<String>,
    /// The type of the resource.
    pub(super) resource_type: Option<String>,
    /// The account that it is of.
    pub(super) account: Option<String>,
    /// Whether it is outside of what the caller may see.
    pub(super) withheld: bool,
}

impl PathNode {
    /// One that may not be seen.
    pub(super) fn withheld(kind: PathKind) -> Self {
        Self { kind, id: None, uid: None, name: None, resource_type: None, account: None, withheld: true }
    }
}

/// A step of a way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PathStep {
    /// The rule that says so; `withheld` for one or several outside of what the caller may see.
    pub(super) rule: String,
    /// What the intruder does.
    pub(super) title: String,
    /// The technique of MITRE ATT&CK.
    pub(super) technique: Option<String>,
    /// What the intruder needs for it, all of it.
    pub(super) with: Vec<PathNode>,
    /// To what it is done, where that is not what is gained.
    pub(super) on: Option<String>,
    /// What the intruder has then.
    pub(super) gains: PathNode,
    /// How sure it is.
    pub(super) answer: HowSure,
    /// Why; null in lists, and where it may not be seen.
    pub(super) proof: Option<StepProof>,
    /// Whether it is outside of what the caller may see.
    pub(super) withheld: bool,
}

/// Why a step is possible.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepProof {
    /// Every action that is asked, with the statements that decide.
    pub(super) asked: Vec<PathAsked>,
    /// The packet, in words.
    pub(super) packet: Option<String>,
    /// Each hop of the packet and of its answer.
    pub(super) hops: Vec<PacketHop>,
    /// What must hold.
    pub(super) only_if: Vec<String>,
    /// What was not read.
    pub(super) not_known: Vec<String>,
    /// Whether a part of the proof is outside of what the caller may see.
    pub(super) withheld: bool,
}

/// An action, and why it is allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PathAsked {
    /// The action.
    pub(super) action: String,
    /// On what it was asked.
    pub(super) resource: String,
    /// The answer.
    pub(super) decision: DecisionKind,
    /// The statements that decide.
    pub(super) because: Vec<ReasonView>,
    /// What must hold.
    pub(super) conditions: Vec<ConditionView>,
}

/// What kind of edit closes a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EditKind {
    /// A statement of a policy, or an action out of it, is taken away.
    Statement,
    /// A rule of a security group is.
    GroupRule,
    /// Something runs without its role.
    Role,
    /// An access key is switched off.
    AccessKey,
    /// It is of what the caller may not see.
    #[default]
    Withheld,
}

/// An edit that closes a way: asked again as if it had been made.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct PathEdit {
    /// What kind of edit it is.
    pub(super) kind: EditKind,
    /// Whoever has the policy, the security group's id, what runs, the key.
    pub(super) of: Option<String>,
    /// Its resource.
    pub(super) uid: Option<String>,
    /// The layer that the policy is of.
    pub(super) layer: Option<LayerKind>,
    /// The policy.
    pub(super) policy: Option<String>,
    /// The statement, from 0.
    pub(super) statement: Option<u64>,
    /// Its id.
    pub(super) sid: Option<String>,
    /// The action that is taken out of the statement; null where all of the statement is.
    pub(super) action: Option<String>,
    /// The rule of a security group, in words.
    pub(super) rule: Option<String>,
    /// The role that something runs as.
    pub(super) role: Option<String>,
    /// The steps of the shortest other way; null where nothing leads there any more.
    pub(super) other_steps: Option<u64>,
}
