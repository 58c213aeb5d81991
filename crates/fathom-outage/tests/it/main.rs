//! What falls, by hand and against a literal reading.

mod literal;
