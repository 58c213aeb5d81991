//! The store from outside, on real files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod acceptances;
mod activity;
mod baselines;
mod catalog;
mod continuous;
mod crash;
mod edges;
mod estate;
mod findings;
mod graph;
mod history;
mod kept;
mod kept_for_people;
mod ledger;
mod migrating;
mod opening;
mod overlap;
mod people;
mod reading;
mod scale;
mod seen;
mod support;
mod weaknesses;
