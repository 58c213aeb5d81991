//! Integration tests: specifications, recorded networks, properties.

mod estate;
mod hostile;
mod specifications;
