//! The ledger in the same database: entries, the tree's edge, the signed checkpoint, and their copy in files.
//!
//! `writer.rs` appends, `tiles.rs` writes the directory that others verify, `anchor.rs` refuses a log that went back,
//! `reader.rs` proves and verifies.

mod anchor;
mod keys;
mod reader;
mod tiles;
mod writer;

use std::sync::Arc;

use fathom_ledger::Hash;
use serde::{Deserialize, Serialize};

pub(crate) use anchor::prepare;
pub use keys::read_public_key;
pub(crate) use keys::{Keys, open_keys};
pub use reader::{DirLog, EntryQuery, verify_dir};
pub(crate) use tiles::{Published, publish, run_publisher};
pub(crate) use writer::{Append, append_in, run_writer};

/// The most entries of one call to [`crate::Store::append`].
pub const MAX_APPEND: usize = 1024;

/// An entry to be appended; the log gives it its index, and the caller's clock its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryDraft {
    /// What happened: lower-case words joined by dots, `scan.finished`.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// What it was done to.
    pub subject: String,
    /// Whatever belongs to it; never a secret.
    pub body: serde_json::Value,
}

/// What an appended entry is acknowledged with, after it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its place in the log, from 0.
    pub index: u64,
    /// The signed checkpoint of the commit that holds it.
    pub checkpoint: Arc<str>,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// RFC 6962 leaf hash.
    pub hash: Hash,
    /// The canonical JSON that the hash is over; `fathom_ledger::Entry::parse` reads it.
    pub body: String,
}

/// Where the log ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerStatus {
    /// Name of the log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The key that verifies it, in the text form of signed notes.
    pub public_key: String,
    /// Number of entries whose tiles are in the `ledger` directory.
    pub published: u64,
}
