//! Drives the real server over HTTP, with a real store in a scratch directory.

mod access;
mod console;
mod document;
mod door;
mod escalation;
mod harness;
mod history;
mod input;
mod intruders;
mod matrix;
mod network;
mod oidc;
mod pages;
mod passkeys;
mod paths;
mod permissions;
mod privilege;
mod reading;
mod roles;
mod runner;
mod scans;
mod scope;
mod signin;
mod sql;
mod tls;
mod vulnerabilities;
