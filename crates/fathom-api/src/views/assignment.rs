//! Who takes care of what.

use fathom_model::Timestamp;
use fathom_store::{Assignee, Assignment};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whom something is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AssigneeView {
    /// Somebody.
    Person,
    /// A team.
    Team,
}

impl From<Assignee> for AssigneeView {
    fn from(kind: Assignee) -> Self {
        match kind {
            Assignee::Person => Self::Person,
            Assignee::Team => Self::Team,
        }
    }
}

impl From<AssigneeView> for Assignee {
    fn from(kind: AssigneeView) -> Self {
        match kind {
            AssigneeView::Person => Self::Person,
            AssigneeView::Team => Self::Team,
        }
    }
}

/// Somebody who takes care of a resource.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AssignmentView {
    /// Its number.
    pub(crate) id: i64,
    /// The resource.
    pub(crate) uid: String,
    /// Who takes care of it.
    pub(crate) to: String,
    /// Whether that is a person or a team.
    pub(crate) kind: AssigneeView,
    /// What is to be done.
    pub(crate) note: String,
    /// Who assigned it.
    pub(crate) by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// When it stops to hold; null until somebody ends it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<Timestamp>,
    /// When it was ended; null while it holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) ended_at: Option<Timestamp>,
    /// Who ended it.
    pub(crate) ended_by: Option<String>,
    /// Why.
    pub(crate) ended_why: Option<String>,
}

impl From<Assignment> for AssignmentView {
    fn from(one: Assignment) -> Self {
        Self {
            id: one.id,
            uid: one.uid.to_string(),
            to: one.to,
            kind: one.kind.into(),
            note: one.note,
            by: one.by,
            at: one.at,
            until: one.until,
            ended_at: one.ended_at,
            ended_by: one.ended_by,
            ended_why: one.ended_why,
        }
    }
}
