//! What answers without asking who comes: each rule of the content, the join with the network, and what was not read.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod denied;
mod estate;
mod follow;
mod joins;
mod owners;
mod rules;
mod web;
