//! What somebody can become, held against the rules one by one, published techniques, and a literal search.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]
#![allow(clippy::needless_pass_by_value, reason = "values made by `json!` are handed over")]

mod chains;
#[path = "../../../fathom-iam/tests/it/choices.rs"]
mod choices;
mod edits;
mod estate;
mod literal;
mod published;
mod rules;
