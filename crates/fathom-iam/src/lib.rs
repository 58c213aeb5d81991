//! Who can do what in AWS: the literal evaluator of authorisation, one request at a time.
//!
//! Give [`evaluate`] a [`Request`] and the [`Layers`] that have a say; the [`Verdict`] names every layer's answer and the
//! statements that decided. [`batch`] is the same as JSON lines. What each rule stands on is in `spec/*.md`, which run as
//! tests.
//!
//! **Invariant:** pure. The same request and layers give the same answer; nothing is asked of a clock or a network.

pub mod batch;
pub mod condition;
mod context;
mod evaluate;
pub mod index;
pub mod layers;
pub mod limits;
mod node;
pub mod organisation;
pub mod parts;
mod pattern;
pub mod policy;
mod request;
mod shared;
mod steps;
mod truth;
pub mod verdict;

pub use context::{Context, Given};
pub use evaluate::{confines, evaluate};
pub use index::Index;
pub use layers::Layers;
pub use organisation::Organisation;
pub use pattern::Template;
pub use policy::{Policy, PolicyKind};
pub use request::{Owned, Principal, Request, Resource};
pub use truth::Truth;
pub use verdict::{Decision, Verdict};
