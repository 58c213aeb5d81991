//! The coverage ledger: for each account, region, service and operation, whether it was read, and if not, why.
//!
//! This is what makes an inventory honest. A call that was denied and a call that found nothing look alike in most
//! tools; here the first is a visible unknown with the permission that would open it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, Region, ResourceType};

/// How one operation ended in one account and region, over all its pages and parents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The account asked.
    pub account: AccountId,
    /// The region asked; `global` for services without regions.
    pub region: Region,
    /// Service as the models name it: `ec2`, `iam`.
    pub service: String,
    /// Operation as the models name it, or `*` for a whole service that no definition reads.
    pub operation: String,
    /// The resource type it was read for.
    #[serde(rename = "type")]
    pub resource_type: Option<ResourceType>,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it is unknown; none otherwise.
    pub reason: Option<Reason>,
    /// The IAM permission that a denied call would need.
    pub permission: Option<String>,
    /// The service's own words, shortened; never a secret.
    pub detail: Option<String>,
    /// HTTP calls made, retries included.
    pub calls: u64,
    /// Items that were read.
    pub items: u64,
    /// How many answers were throttled.
    pub throttles: u64,
    /// Calls that ended without an answer we could use.
    pub failures: u64,
    /// Time from first request to last answer, in milliseconds.
    pub millis: u64,
}

/// What came of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, with something in it.
    Read,
    /// Answered: there is nothing.
    Empty,
    /// Not answered, or not for all that was asked.
    Unknown,
}

impl Outcome {
    /// The word used in tables and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }
}

/// Why something could not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The caller may not do this; the row names the missing permission.
    Denied,
    /// Credentials are missing, expired, or do not verify.
    Unauthenticated,
    /// Still throttled after all retries.
    Throttled,
    /// The region is not enabled for the account.
    RegionDisabled,
    /// The account has not subscribed to the service.
    NotEnabled,
    /// No region or account is called so.
    NoSuchPlace,
    /// The endpoint does not answer this operation (no such endpoint, or a page that is not an API answer).
    NotAnswered,
    /// A recording was played back, and has no answer for this.
    NotRecorded,
    /// Saved answers were imported, and none of them answers this.
    NotImported,
    /// The connection failed or was cut.
    Network,
    /// No answer in time.
    Timeout,
    /// The answer could not be read.
    Malformed,
    /// The answer was larger than the limit.
    TooLarge,
    /// The pages never end: a page token came back twice, or there are more pages than the limit.
    EndlessPages,
    /// The service failed or refused in another way.
    Failed,
    /// No resource definition reads it yet.
    NotDefined,
    /// The scan ended before its turn came.
    NotReached,
}

impl Reason {
    /// All reasons, in the order people should see them.
    pub const ALL: [Self; 17] = [
        Self::Unauthenticated,
        Self::Denied,
        Self::Throttled,
        Self::RegionDisabled,
        Self::NotEnabled,
        Self::NoSuchPlace,
        Self::NotAnswered,
        Self::NotRecorded,
        Self::NotImported,
        Self::Network,
        Self::Timeout,
        Self::Malformed,
        Self::TooLarge,
        Self::EndlessPages,
        Self::Failed,
        Self::NotReached,
        Self::NotDefined,
    ];

    /// The word used in tables and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Throttled => "throttled",
            Self::RegionDisabled => "region_disabled",
            Self::NotEnabled => "not_enabled",
            Self::NoSuchPlace => "no_such_place",
            Self::NotAnswered => "not_answered",
            Self::NotRecorded => "not_recorded",
            Self::NotImported => "not_imported",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::EndlessPages => "endless_pages",
            Self::Failed => "failed",
            Self::NotDefined => "not_defined",
            Self::NotReached => "not_reached",
        }
    }

    /// The reason of a word, as [`Reason::as_str`] writes it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// What a person can do about it, in one sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Denied => "grant the named permission to the scanning role and scan again",
            Self::Unauthenticated => "sign in again, or check the credentials that the environment gives",
            Self::Throttled => "scan again with a lower --concurrency, or at a quieter hour",
            Self::RegionDisabled => "nothing can run there until somebody enables the region",
            Self::NotEnabled => "the account does not use the service; enable it, or accept this",
            Self::NoSuchPlace => "check the spelling in --regions and --accounts",
            Self::NotAnswered => {
                "the endpoint that was asked, or recorded, does not offer it: to be expected of one that is not the \
                 cloud's own; otherwise check its address"
            }
            Self::NotRecorded => "the recording has no answer for it; make a new one with --record",
            Self::NotImported => "save its answer beside the others, and import them again",
            Self::Network => "check the network, proxy and endpoint, then scan again",
            Self::Timeout => "scan again; raise --timeout where the endpoint is slow",
            Self::Malformed | Self::EndlessPages => "record the exchange with --record and report it",
            Self::TooLarge => "raise the answer limit where such a document is expected",
            Self::Failed => "read the service's own words beside it",
            Self::NotDefined => "add a resource definition for it",
            Self::NotReached => "left out by a flag, or the scan ended before; scan again without the flag",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
