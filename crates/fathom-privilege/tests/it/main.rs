//! Tests of what is unused and of proposals. Expectations come from AWS's documentation, which the tables name, and from the
//! evaluator; never from what a proposal itself says.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod events;
mod least;
mod proposals;
mod support;
mod unused;
