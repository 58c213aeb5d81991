//! How an intruder would walk: what is reached from where, by which steps, and what stops it.
//!
//! A [`Graph`] has nodes (what an intruder can have: a principal, a server, somebody's data) and steps. A step takes one or
//! several nodes, all of them, to one. [`search`] says what is come by and how soon; [`Tale`] is the shortest way to one thing;
//! [`choke`] finds what every way passes, exactly; [`cut`] the cheapest steps to take away. [`Rules`] are content
//! (`content/paths/rules.yaml`): which steps there are, what counts as a jewel, ATT&CK's technique for each.
//!
//! The graph of an estate is made in `fathom-intrude`. `tests/it/literal.rs` holds all of this against brute force.
//!
//! **Invariant:** pure. A step that is not known is a step that is not known: it is neither left out nor taken for sure.

mod choke;
mod cut;
mod flow;
mod graph;
mod rules;
mod search;

pub use choke::{Choke, Chokes, Element, chokes};
pub use cut::{Cut, NoCut, cut};
pub use graph::{Graph, Level, Step};
pub use rules::{Act, Code, Entry, Jewel, Rules, RulesError, StepRule};
pub use search::{Search, Tale, search, search_where, surest};
