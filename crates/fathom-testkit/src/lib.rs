//! Test machinery, never shipped: a real moto, a faulty front before it, an independent ledger verifier

pub mod authenticator;
pub mod front;
pub mod moto;
pub mod provider;
pub mod published;
pub mod verifier;
