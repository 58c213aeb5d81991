//! Comparisons held against the evaluator: by examples, by generated policies, and letter by letter on small alphabets.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]
#![allow(clippy::needless_pass_by_value, reason = "values made by `json!` are handed over")]

mod brute;
#[path = "../../../fathom-iam/tests/it/choices.rs"]
mod choices;
mod examples;
mod generate;
mod judge;
mod managed;
mod peer;
mod plans;
mod properties;
mod resources;
mod rules;
