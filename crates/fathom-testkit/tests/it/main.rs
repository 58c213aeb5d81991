//! Tests of the front before moto, from outside.

mod answers;
mod faults;
mod forward;
mod generate;
mod recognise;
mod roundtrip;
mod scale;
mod support;
