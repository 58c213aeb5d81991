//! Drives the real server over HTTP, with a real store in a scratch directory.

mod access;
mod document;
mod harness;
mod input;
mod reading;
mod scans;
mod sql;
mod tls;
