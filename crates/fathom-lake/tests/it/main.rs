//! The lake from outside: a query in, an answer or a clear error out.

mod access;
mod errors;
mod estate;
mod history;
mod limits;
mod narrow;
mod network;
mod output;
mod store;
mod tables;
mod vulnerabilities;
