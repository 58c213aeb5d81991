//! The estate: everything seen, as a graph, and what is understood of it.
//!
//! Start in [`graph`]: documents' references become edges. [`explain`] lets each source speak about each resource,
//! in order of trust, and [`understand`] compares that with what is demanded: the rest is the list.
//!
//! **Invariant:** pure. The same resources, sources and time give the same answer, in the same order.

pub mod explain;
pub mod graph;
pub mod terraform;
pub mod understand;

pub use explain::{Explained, STACK_TYPE, Sources, explain};
pub use graph::{Estate, EstateBuilder, Reference};
pub use terraform::{TerraformIndex, TerraformStateError};
pub use understand::{Understanding, Unread, understand};
