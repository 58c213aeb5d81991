//! How the estate stands to the checks, asked of stores.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

mod watch;
mod world;
