//! Integration tests, in one binary.

mod botocore_examples;
mod client;
mod compare;
mod moto_differential;
mod protocol_cases;
mod robustness;
