//! The life of findings.
//!
//! [`follow`] is what one more run of a check makes of a finding. [`Exceptions`] are what people decided to live with; [`Stands`] puts
//! both together at a moment, with when it is due by the service levels. [`Rank`] says what an intruder could do with the resource, and
//! orders findings by it. [`Filter`] chooses.
//!
//! **Invariant:** pure, time is an argument. What is not known never fixes a finding, and an exception that ended hides nothing.

mod exceptions;
mod filter;
mod life;
mod rank;
mod stands;

pub use exceptions::{Exceptions, PATTERN_CHARS_MAX, Patterns, check_rule};
pub use filter::Filter;
pub use life::{Heard, follow};
pub use rank::{Place, Rank, Way};
pub use stands::{Stands, State};
