//! Integration tests of the ledger, one binary.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod agreement;
mod entry;
mod support;
mod text;
mod tile;
mod tree;
mod whole_log;
