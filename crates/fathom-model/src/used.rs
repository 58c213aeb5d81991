//! Which calls an identity made, as a provider's audit log tells it: what its permissions were used for.
//!
//! Reads count as much as changes here. Of parameters only ARNs are kept, of an object in a bucket only the bucket: names
//! of objects may say something about people.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, Region};

/// One operation that an identity called on what an event names, and from when to when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// The ARN of the user, the role or the root user.
    pub principal: String,
    /// The account in whose log it stands.
    pub account: AccountId,
    /// The region where the call was made.
    pub region: Region,
    /// The service as events name it: `s3.amazonaws.com`.
    pub source: String,
    /// The operation as events name it, with its version where it has one: `CreateFunction20150331`.
    pub name: String,
    /// The ARNs of what one event names, sorted; `arn:aws:s3:::bucket/*` for any object of a bucket. Empty where it names
    /// none, or where there are too many to keep.
    pub resources: Vec<String>,
    /// The first time that the log has it.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
    /// The id of the event at that time.
    pub event: String,
}

/// From when to when the log of a place was read for what identities called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UseSpan {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The oldest event read, or the time from which on all were asked for.
    pub first: Timestamp,
    /// The newest event read.
    pub last: Timestamp,
    /// The oldest and the newest event that says of itself that it only read; none where there was none, so that calls that
    /// only read may be missing altogether.
    pub reads: Option<(Timestamp, Timestamp)>,
}

impl UseSpan {
    /// Widens this span by another of the same place.
    pub fn widen(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.reads = match (self.reads, other.reads) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }
}
