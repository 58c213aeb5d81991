//! The engine against what the guide and the declarations' page say.
//!
//! [`small`] is a made-up world of five types. [`literal`] answers every question about it as plainly as the documents
//! put it, and [`agree`] holds the engine to that over generated estates. The other modules are cases written by hand.

mod agree;
mod changes;
mod creators;
mod declared;
mod difference;
mod drift;
mod drift_counts;
mod edits;
mod generate;
mod list;
mod literal;
mod literal_list;
mod real_events;
mod references;
mod small;
mod sources;
mod stacks;
mod states;
mod trail;
