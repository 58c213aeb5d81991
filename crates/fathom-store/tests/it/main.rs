//! The store from outside, on real files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod acceptances;
mod activity;
mod baselines;
mod continuous;
mod crash;
mod edges;
mod estate;
mod history;
mod kept;
mod ledger;
mod migrating;
mod opening;
mod overlap;
mod reading;
mod scale;
mod support;
