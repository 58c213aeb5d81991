//! Who made it, who changed it: from the events of an audit log to a creator with proof.
//!
//! [`TrailEvent`] takes what is needed out of a record, [`read`] turns it into [`Activity`] by the rules of the content,
//! and [`Trail`] keeps a bounded share of that for each resource, the same in whatever order events come. [`Creators`]
//! joins it with resources, and [`Sessions`] finds the person or pipeline behind a role. [`Uses`] keeps which operations
//! each identity called, reads too.
//!
//! **Invariant:** the order of events, and how they are spread over imports, changes nothing.

mod creator;
mod event;
mod identity;
mod mapping;
mod sessions;
mod trail;
mod uses;

pub use creator::{Creation, Creators, NoCreator, concerns, references};
pub use event::{EventError, TrailEvent};
pub use mapping::{Reading, Skipped, read};
pub use sessions::{Sessions, Who, WhoKind};
pub use trail::Trail;
pub use uses::Uses;
