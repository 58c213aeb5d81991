//! The store from outside, on real files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod acceptances;
mod crash;
mod estate;
mod ledger;
mod opening;
mod reading;
mod scale;
mod support;
