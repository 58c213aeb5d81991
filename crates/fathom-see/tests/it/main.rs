//! The collector: from an answer's item to a resource, the books of the calls, and whole recorded accounts.
//!
//! Most modules hold hostile documents against every definition that ships; [`recorded`] plays recordings.

mod any_document;
mod books;
mod documents;
mod forms;
mod recorded;
mod support;
