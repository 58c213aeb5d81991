//! What kind of access an action is: what AWS says, and the groups that people are shown.

use serde::{Deserialize, Serialize};

/// The level of access as AWS's Service Authorization Reference gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// "List": which resources there are.
    List,
    /// "Read": what a resource is, or what is in it.
    Read,
    /// "Write": makes, changes or deletes.
    Write,
    /// "Tagging": only tags change.
    Tagging,
    /// "Permissions management": grants or takes permissions.
    Permissions,
}

impl Level {
    /// The letter in the embedded file.
    pub(crate) fn of_letter(letter: &str) -> Option<Self> {
        Some(match letter {
            "l" => Self::List,
            "r" => Self::Read,
            "w" => Self::Write,
            "t" => Self::Tagging,
            "p" => Self::Permissions,
            _ => return None,
        })
    }
}

/// The group that people are shown an action in. The written tables decide before the level of AWS does: an action
/// about data is [`Kind::Data`] whatever its level, one of the other table is [`Kind::Admin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Says which resources there are.
    List,
    /// Reads settings, not what is kept.
    Read,
    /// Reads, writes or deletes what a store keeps, or gives the key to it; [`crate::Action::level`] says which of these.
    Data,
    /// Changes only tags; where tags decide who may do what, that is a change of permissions too.
    Tagging,
    /// Makes, changes or deletes resources.
    Write,
    /// Changes who may do what.
    Admin,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 6] = [Self::List, Self::Read, Self::Data, Self::Tagging, Self::Write, Self::Admin];

    /// The word for it, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Data => "data",
            Self::Tagging => "tagging",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl From<Level> for Kind {
    fn from(level: Level) -> Self {
        match level {
            Level::List => Self::List,
            Level::Read => Self::Read,
            Level::Write => Self::Write,
            Level::Tagging => Self::Tagging,
            Level::Permissions => Self::Admin,
        }
    }
}

/// One entry of `data-actions.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataActions {
    /// The service, as actions name it.
    pub(crate) service: String,
    /// Why these are about data.
    pub(crate) reason: String,
    /// Names without the service.
    pub(crate) actions: Vec<String>,
}

/// One entry of `permission-actions.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PermissionActions {
    /// The way in which permissions are changed.
    pub(crate) about: String,
    /// Why these change permissions.
    pub(crate) reason: String,
    /// Whole names; `*` in place of the service stands for every service that has the action.
    pub(crate) actions: Vec<String>,
}
