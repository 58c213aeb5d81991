//! The words that every other crate speaks.
//!
//! Typed ids, resources and their edges, the coverage of a scan, explanations, and the unknown as a value of its own.
//! Start in [`resource`] (what was seen), then [`coverage`] (what could not be seen, and why), then [`explanation`]
//! (what is known about each resource, from which source).
//!
//! **Invariant:** no IO, no async, no clock. Every time is an argument.

pub mod activity;
pub mod coverage;
pub mod explanation;
pub mod finding;
pub mod id;
pub mod moment;
pub mod path;
pub mod resource;
pub mod scan;
pub mod secret;
pub mod spelling;
pub mod unknown;
pub mod used;

pub use activity::{Action, Activity, Actor, ActorKind, SessionOrigin, TrailSpan};
pub use coverage::{Coverage, Outcome, Reason};
pub use explanation::{DataClass, Explanation, Part, SourceKind, Statement};
pub use finding::{
    FindingChange, FindingEvent, FindingException, FindingLife, FindingProof, FindingReason, FindingRule,
    FindingState, FixedBy, KeptFinding, Severity,
};
pub use id::{AccountId, DocumentPath, EdgeKind, Partition, Region, ResourceType, Uid};
pub use jiff::Timestamp;
pub use moment::{DayEdge, Moment};
pub use resource::{CAPTURED, Document, Edge, Resource, Target};
pub use scan::{Scan, ScanState};
pub use unknown::{Acceptance, Gap, Unknown};
pub use used::{Use, UseSpan};
