//! Tests of the crate: what AWS documents, a second way, and what no input may do.

mod logs;
mod properties;
mod rehearsals;
mod specifications;
