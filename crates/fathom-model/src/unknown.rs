//! The list: what is not understood, and what somebody decided to live with until a date.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    coverage::Reason,
    id::{AccountId, Region, ResourceType, Uid},
};

/// One resource that is not understood, with every gap it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The resource.
    pub uid: Uid,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ResourceType,
    /// Its account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Place in the list, 1 is worst. The order is a plain sort that anybody can redo: may be reached from outside,
    /// then stores data, then acts as an identity, then costs money, then the number of gaps, then the newest.
    pub rank: u64,
    /// Why it stands where it stands, in words.
    pub because: Vec<String>,
    /// What is missing.
    pub gaps: Vec<Gap>,
}

/// One missing piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The part nobody states (`owner`, `creator_or_code`), or the attribute that could not be read (`Policy`).
    pub part: String,
    /// Why it could not be read; none where nobody stated it.
    pub reason: Option<Reason>,
    /// What would close it, in words.
    pub detail: String,
    /// Set where somebody accepted this gap and the acceptance still holds.
    pub accepted: Option<Acceptance>,
}

/// A gap that a person accepted, with a reason and an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The resource.
    pub uid: Uid,
    /// The gap, or `*` for all of the resource's gaps.
    pub part: String,
    /// Why it is acceptable.
    pub reason: String,
    /// Who accepted it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it stops to hold.
    pub until: Timestamp,
}

impl Acceptance {
    /// Whether it covers a gap at a moment.
    pub fn covers(&self, part: &str, now: Timestamp) -> bool {
        (self.part == "*" || self.part == part) && now < self.until
    }
}
