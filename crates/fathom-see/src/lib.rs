//! The collector: from "look at this cloud" to a sealed estate in the store.
//!
//! Start in [`scan`]: sign in, find out what there is to ask ([`scope`]), ask it ([`collect`]), turn answers into
//! resources and references ([`item`]), keep account of every call ([`tally`]), let the sources explain
//! ([`sources`]), and commit all of it at once.
//!
//! **Invariant:** every planned operation ends in the coverage ledger, whatever happens to it.

pub mod asking;
pub mod collect;
mod common;
mod context;
pub mod drift;
mod entered;
pub mod import;
pub mod item;
pub mod mentions;
pub mod planned;
pub mod progress;
pub mod refresh;
pub mod scan;
pub mod scope;
pub mod secrets;
mod seen;
pub mod sources;
pub mod tally;
pub mod trail;

pub use progress::{Progress, Snapshot};
pub use scan::{ScanError, ScanReport, Scanner};
pub use scope::{ScanOptions, TypeIn};
pub use seen::ASKED as FINDERS;
