//! The collector: from an answer's item to a resource, the books of the calls, and whole recorded accounts.
//!
//! Most modules hold hostile documents against every definition that ships; [`recorded`] plays recordings.
#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod any_document;
mod books;
mod common;
mod desk;
mod documents;
mod forms;
mod imports;
mod jobs;
mod meaning;
mod mentions;
mod models;
mod recorded;
mod scans;
mod support;
