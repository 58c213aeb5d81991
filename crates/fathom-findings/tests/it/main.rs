//! Tests of the crate, in one binary.

mod exceptions;
mod life;
mod order;
mod support;
