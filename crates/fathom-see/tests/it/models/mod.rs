//! The definitions that ship against the service models that ship: what the client would leave out or hide, no
//! definition relies on; what no model marks as a secret, a definition closes.

mod pages;
mod secrets;
mod walk;
