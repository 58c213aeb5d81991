//! Tests of the questions over a whole estate; what the sample must answer is tested with the commands.

mod kept;
mod openings;
