//! Tests of the engine that follows an intruder.

mod literal;
mod rules;
