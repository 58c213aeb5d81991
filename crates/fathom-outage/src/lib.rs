//! What fails if something goes.
//!
//! Things need others: each of some (the key that its data is under), one of others (the targets of a load balancer), and some only to
//! do all that they do. `content/outage.yaml` says which edge means what. From what is gone follows what fails: [`fails`] walks from it
//! along the edges, `tests` hold it against a literal reading of the same rules over the whole.
//!
//! **Invariant:** where something needs one of several and some of these were never seen, what becomes of it is unknown, never "it goes on".

mod engine;
mod ground;

pub use engine::{Answer, Fallen, Needs, fails};
pub use ground::{Ground, Outage, OutageError, Told, Went};
