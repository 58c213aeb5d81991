//! Integration tests, in one binary.

mod botocore_examples;
mod client;
mod compare;
mod endpoints;
mod faults;
mod moto_differential;
mod protocol_cases;
mod record;
mod robustness;
