//! Who did what to which resource, as a provider's audit log tells it.
//!
//! Only what is needed to answer "who made it, who changed it" is kept of an event: parameters of calls may hold
//! secrets, so none of them is.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, Region, ResourceType};

/// One thing that one event did to one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Activity {
    /// The account in whose log it stands.
    pub account: AccountId,
    /// The region where the call was made.
    pub region: Region,
    /// The type of the resource; none where only its id or ARN is known.
    #[serde(rename = "type")]
    pub kind: Option<ResourceType>,
    /// The resource as the event names it: an id, a name or an ARN.
    pub reference: String,
    /// What became of it.
    pub action: Action,
    /// When.
    pub at: Timestamp,
    /// The event's id.
    pub event: String,
    /// Service and operation, as permissions name them: `ec2:RunInstances`.
    pub operation: String,
    /// Who did it.
    pub actor: Actor,
    /// Where the event was read: a file with its record, an object, or the service that was asked.
    pub source: String,
}

/// What an event did to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Made it: the operation makes a new one each time, or fails where there is one.
    Created,
    /// Made it or replaced what was there; the event alone does not tell which.
    Put,
    /// Changed it.
    Changed,
    /// Removed it.
    Deleted,
    /// Named it in a change that no definition describes: inferred.
    Touched,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 5] = [Self::Created, Self::Put, Self::Changed, Self::Deleted, Self::Touched];

    /// The word used in tables and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Put => "put",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Touched => "touched",
        }
    }

    /// The action of a word, as [`Action::as_str`] writes it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// How many events of this kind are kept of one resource: the newest, and of those that may have made it also the
    /// very first.
    pub fn kept(self) -> Kept {
        match self {
            Self::Created | Self::Put => Kept { first: true, newest: 4 },
            Self::Deleted => Kept { first: false, newest: 2 },
            Self::Changed => Kept { first: false, newest: 20 },
            Self::Touched => Kept { first: false, newest: 5 },
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which events of one kind on one resource are kept, by time and then by event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The first of all.
    pub first: bool,
    /// So many of the newest.
    pub newest: usize,
}

/// Whoever made a call, as the event names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of identity.
    pub kind: ActorKind,
    /// The user, the role, the service, the account: an ARN where there is one.
    pub principal: String,
    /// The name of the role session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The unique id of role and session, `AROA…:name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// When the session began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_began: Option<Timestamp>,
    /// The id of the access key that signed; not a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key: Option<String>,
    /// The source identity that was set when the first role was taken and cannot be changed after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The name that an identity provider gives: a SAML subject, an OIDC subject, a user of the identity centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// That identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The service that called in the identity's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
    /// Whether the credentials came out of a console session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub console: bool,
    /// Whether the service that runs instances handed the credentials out to one, which the session is named after.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instance: bool,
    /// Where the call came from: an address, or a service's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The program, in its own words; anybody can write these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What kind of identity made a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// An IAM user.
    User,
    /// The account's root user.
    Root,
    /// A session of a role.
    Role,
    /// A federated user without a role.
    Federated,
    /// Signed in over SAML.
    Saml,
    /// Signed in with an OIDC token.
    WebIdentity,
    /// A user of the identity centre.
    IdentityCenter,
    /// A service of the provider.
    Service,
    /// Another account, without more.
    Account,
    /// The event does not say.
    #[default]
    Unknown,
}

/// How temporary credentials came to be: who took the role, or signed in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionOrigin {
    /// The id of the temporary access key.
    pub access_key: String,
    /// The unique id of role and session, `AROA…:name`.
    pub session_id: Option<String>,
    /// When it was handed out.
    pub at: Timestamp,
    /// The event that handed it out.
    pub event: String,
    /// Who asked for it.
    pub caller: Actor,
}

/// From when to when the log of a place was read. What happened before is not known from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrailSpan {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The oldest event read, or the time from which on all were asked for.
    pub first: Timestamp,
    /// The newest event read.
    pub last: Timestamp,
}

impl TrailSpan {
    /// Widens this span by another of the same place.
    pub fn widen(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}
