//! Drives the real server over HTTP, with a real store in a scratch directory.

mod access;
mod console;
mod document;
mod harness;
mod history;
mod input;
mod reading;
mod runner;
mod scans;
mod sql;
mod tls;
