//! Integration tests: specifications, recorded networks, properties.

mod estate;
mod generate;
mod hostile;
mod index;
mod specifications;
