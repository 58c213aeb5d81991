//! Integration tests: specifications, recorded networks, properties.

mod estate;
mod generate;
mod hostile;
mod index;
mod lab;
mod linux;
mod specifications;
