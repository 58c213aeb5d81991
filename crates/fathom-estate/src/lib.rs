//! The estate: everything seen, as a graph, and what is understood of it.
//!
//! Start in [`graph`]: documents' references become edges. [`explain`] lets each source speak about each resource,
//! in order of trust, and [`understand`] compares that with what is demanded: the rest is the list.
//!
//! **Invariant:** pure. The same resources, sources and time give the same answer, in the same order.

pub mod activity;
pub mod arn;
pub mod declared;
pub mod difference;
pub mod drift;
pub mod edits;
pub mod explain;
pub mod graph;

pub mod understand;

pub use declared::terraform::{self, TerraformIndex, TerraformStateError};
pub use difference::{Change, ChangeKind, Difference, Line, ResourceDifference, Said};
pub use explain::{Explained, Explainer, STACK_TYPE, Sources, WantedTags, explain};
pub use graph::{Estate, EstateBuilder, Reference, Sure};
pub use understand::{Judge, Judgement, Understanding, Unread, understand};
