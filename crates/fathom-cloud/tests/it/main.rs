//! Integration tests, in one binary.

mod botocore_examples;
mod client;
mod compare;
mod discover;
mod endpoints;
mod faults;
mod moto_differential;
mod pages;
mod protocol_cases;
mod record;
mod robustness;
