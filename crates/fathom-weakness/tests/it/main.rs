//! Specifications of FIRST, OASIS, OWASP and CISA, and hostile input.

#![allow(clippy::unwrap_used, reason = "a test that meets a surprise fails")]

mod arbitrary;
mod cvss;
mod cyclonedx;
mod feeds;
mod order;
mod sarif;
