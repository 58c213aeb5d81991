//! Tests of the questions over a whole estate; what the sample must answer is tested with the commands.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod centre;
#[path = "../../../fathom-iam/tests/it/choices.rs"]
mod choices;
#[path = "../../../fathom-iam/tests/it/estates.rs"]
#[expect(dead_code, reason = "the other crate's tests use all of it")]
mod estates;
mod kept;
mod matrix;
mod openings;
mod standing;
mod what_if;
