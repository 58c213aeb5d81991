//! The sealed log: RFC 6962 tree, tiles, signed notes, checkpoints, proofs and their verification.
//!
//! The log is an append-only list of entries in the layout of C2SP
//! [tlog-tiles](https://c2sp.org/tlog-tiles), so that tools other than ours can read and check it. This crate
//! holds the arithmetic and the formats only: it does no IO, has no clock and makes no key material. Stores
//! feed it bytes and keep what it returns.
//!
//! Where to start reading:
//! * [`tree`]: hashes, the right edge ([`tree::Frontier`]), inclusion and consistency proofs;
//! * [`tile`]: which files hold which hashes and entries, and how they are encoded;
//! * [`note`], [`checkpoint`], [`proof`]: the signed text forms that leave the house;
//! * [`entry`]: the JSON form of one entry of ours;
//! * [`verify`]: checks a whole log and names the first bad entry.
//!
//! What is deliberately absent: recursion over input that others wrote, panics, and any way to change an
//! entry.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing
    )
)]

pub mod checkpoint;
pub mod entry;
pub mod hash;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use entry::Entry;
pub use hash::Hash;
pub use note::{SignerKey, VerifierKey};
pub use proof::LogProof;
pub use tile::Tile;
pub use tree::Frontier;
pub use verify::{LogReader, Report, VerifyError, verify_log};
