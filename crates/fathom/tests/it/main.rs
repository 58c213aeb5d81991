//! The real binary, as people and programs run it: its output, its files and its exit codes.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod accepting;
mod access;
mod activity;
mod agreement;
mod applied;
mod assigning;
mod canary;
mod checks;
mod cloud;
mod code;
mod compare;
mod continuous;
mod drift;
mod enumerated;
mod escalate;
mod faults;
mod findings;
mod gate;
mod harness;
mod history;
mod hostile;
mod iam;
mod iam_actions;
mod imports;
mod kept;
mod ledger;
mod mistakes;
mod moto;
mod network;
mod paths;
mod people;
mod places;
mod privilege;
mod proofs;
mod provider_policies;
mod references;
mod sample;
mod serve;
mod shown;
mod sql;
mod troubles;
mod what_can;
mod what_if;
mod who_can;
