//! Tests of the evaluator: what the specifications say, what must hold for any input, and an independent peer.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod changes;
mod choices;
mod estates;
mod generate;
mod hostile;
mod index;
mod literal;
mod managed;
mod near;
mod organisation;
mod peer;
mod properties;
mod questions;
mod specifications;
