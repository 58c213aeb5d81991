//! What is not understood, and what somebody accepted.

use fathom_model::{Acceptance, Gap, Timestamp, Unknown};
use serde::Serialize;
use utoipa::ToSchema;

use super::AssignmentView;

/// A gap that a person accepted, with a reason and an end.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AcceptanceView {
    /// The resource.
    pub(crate) uid: String,
    /// The gap, or `*` for all of the resource's gaps.
    pub(crate) part: String,
    /// Why it is acceptable.
    pub(crate) reason: String,
    /// Who accepted it.
    pub(crate) by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// When it stops to hold.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) until: Timestamp,
}

impl From<Acceptance> for AcceptanceView {
    fn from(acceptance: Acceptance) -> Self {
        Self {
            uid: acceptance.uid.to_string(),
            part: acceptance.part,
            reason: acceptance.reason,
            by: acceptance.by,
            at: acceptance.at,
            until: acceptance.until,
        }
    }
}

/// One missing piece.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct GapView {
    /// The part that nobody states, or the attribute that could not be read.
    pub(crate) part: String,
    /// Why it could not be read; null where nobody stated it.
    pub(crate) reason: Option<&'static str>,
    /// What would close it, in words.
    pub(crate) detail: String,
    /// Set where somebody accepted this gap and the acceptance still holds.
    pub(crate) accepted: Option<AcceptanceView>,
}

impl From<Gap> for GapView {
    fn from(gap: Gap) -> Self {
        Self {
            part: gap.part,
            reason: gap.reason.map(fathom_model::Reason::as_str),
            detail: gap.detail,
            accepted: gap.accepted.map(Into::into),
        }
    }
}

/// A resource that is not understood.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct UnknownRow {
    /// The resource.
    pub(crate) uid: String,
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its account.
    pub(crate) account: String,
    /// Its region.
    pub(crate) region: String,
    /// Its name, where it has one.
    pub(crate) name: Option<String>,
    /// Place in the list, 1 is worst.
    pub(crate) rank: u64,
    /// Why it stands where it stands.
    pub(crate) because: Vec<String>,
    /// What is missing.
    pub(crate) gaps: Vec<GapView>,
}

/// A resource of the list, with what filters know of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ListedRow {
    /// What is missing.
    #[serde(flatten)]
    pub(crate) unknown: UnknownRow,
    /// Who answers for it; null where nobody says so.
    pub(crate) owner: Option<String>,
    /// The uid of the network that it lies in; null also where the caller may not see that one.
    pub(crate) network: Option<String>,
    /// Whether its own settings say that it may be reached from outside.
    pub(crate) exposed: bool,
    /// Whether the last scan could not say if it still exists.
    pub(crate) stale: bool,
    /// When a scan first saw it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) first_seen: Timestamp,
    /// Who takes care of it.
    pub(crate) assigned: Option<AssignmentView>,
}

impl From<Unknown> for UnknownRow {
    fn from(unknown: Unknown) -> Self {
        Self {
            uid: unknown.uid.to_string(),
            kind: unknown.kind.to_string(),
            account: unknown.account.to_string(),
            region: unknown.region.to_string(),
            name: unknown.name,
            rank: unknown.rank,
            because: unknown.because,
            gaps: unknown.gaps.into_iter().map(Into::into).collect(),
        }
    }
}
