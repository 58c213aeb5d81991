//! What reaches what over the network.
//!
//! [`model`] is the network as a scan saw it. [`trace`] walks one packet through it and its answer back, layer by layer, and
//! says which rule let each of them pass or not; it is the reference. [`index`] answers for everybody at once, with sets.
//!
//! **Invariant:** no IO, no clock. What could not be read is an answer of its own: unknown, with the call that is missing.

pub mod address;
pub mod answer;
pub mod exposure;
pub mod index;
pub mod inside;
pub mod model;
mod roll;
pub mod trace;
pub mod traffic;

pub use answer::{Answer, Code, Disposition, Hop, Leg, Says, Verdict};
pub use exposure::{Exposed, Owner, USUAL, exposure};
pub use index::Index;
pub use model::{Builder, Found, Network};
pub use roll::Roll;
pub use trace::{Place, Question, ask};
pub use traffic::{Ports, Protocol, Traffic};
