//! The rules of a web firewall (AWS WAF), evaluated literally on requests that logs tell of.
//!
//! [`Acl`] is a web ACL as its document says it, [`logs`] reads WAF's own logs and the answers of `GetSampledRequests`, [`Walk`] passes one
//! request through the rules, and [`rehearse`] tells what would change if rules that only count blocked.
//!
//! **Invariant:** a field that a log does not hold is unknown, never "does not match"; an answer that hangs on it is unknown, with the
//! reason. `spec/*.md` say what must be answered, from AWS's documentation, and run as tests.

mod acl;
mod evaluate;
mod field;
mod judged;
mod labels;
pub mod logs;
mod rate;
pub mod rehearse;
mod request;
mod signs;
mod statement;
pub mod transform;
mod walk;
mod words;

pub use acl::{Acl, Action, Does, Rule, Sets};
pub use judged::{Judged, Truth};
pub use request::{Logged, LoggedGroup, LoggedMatch, Request, Source};
pub use statement::Statement;
pub use walk::{Blocking, Ends, Passed, Reached, Walk};
pub use words::{does, says};
