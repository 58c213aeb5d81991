//! Checks a whole log: every entry against its leaf hash, every tile against the one below, the root
//! against the signed checkpoint.
//!
//! One pass from left to right recomputes the tree from the entries and remembers the first place where a
//! stored hash differs. The root then tells who is right: if the entries lead to the signed root, the
//! stored hash was altered; otherwise the stored tiles are followed from the signed root down to that
//! place, and if they hold, the entry was altered. Memory is bounded by one tile per level and one bundle,
//! whatever the size of the log.

mod blame;
mod scan;

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{Note, VerifierKey};
use crate::tile::{Layer, Tile};

use scan::Scan;

/// Reads the files of a log; the implementor does the IO.
pub trait LogReader {
    /// Why a file cannot be read. A file that does not exist is no error.
    type Error: fmt::Display;

    /// The signed checkpoint.
    fn checkpoint(&self) -> Result<Vec<u8>, Self::Error>;

    /// A hash tile or an entry bundle, at [`Tile::path`] in a file layout; `None` if it does not exist.
    ///
    /// If a partial one is missing, the full one of the same index is asked for in its place.
    fn read(&self, tile: &Tile) -> Result<Option<Vec<u8>>, Self::Error>;
}

impl<L: LogReader + ?Sized> LogReader for &L {
    type Error = L::Error;

    fn checkpoint(&self) -> Result<Vec<u8>, Self::Error> {
        (**self).checkpoint()
    }

    fn read(&self, tile: &Tile) -> Result<Option<Vec<u8>>, Self::Error> {
        (**self).read(tile)
    }
}

/// What a log that holds has shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Identity of the log.
    pub origin: String,
    /// Number of entries of the checkpoint.
    pub size: u64,
    /// Root of the checkpoint, recomputed from the entries.
    pub root: Hash,
    /// Names of the keys whose signatures were checked.
    pub signed_by: Vec<String>,
    /// Entries whose hash was recomputed.
    pub entries_checked: u64,
    /// Hash tiles compared with what the entries lead to.
    pub tiles_checked: u64,
}

/// The first thing found wrong with a log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VerifyError {
    /// A file could not be read at all.
    #[error("failed reading `{what}`: {reason}")]
    Read {
        /// Path below the log's prefix.
        what: String,
        /// What the reader said.
        reason: String,
    },
    /// The checkpoint is malformed, or not signed by the log's key.
    #[error("the checkpoint does not hold")]
    Checkpoint(#[source] CheckpointError),
    /// The bytes of one entry are not those that were sealed.
    #[error("entry {index} was changed: its bytes do not have the hash that was sealed")]
    EntryChanged {
        /// Index of the entry.
        index: u64,
    },
    /// The entry is not there, or its bundle ends before it.
    #[error("entry {index} is missing from `{path}`")]
    EntryMissing {
        /// Index of the first entry that is missing.
        index: u64,
        /// Path of the bundle.
        path: String,
    },
    /// A bundle holds more than its entries.
    #[error("{bytes} bytes follow entry {index} in `{path}`")]
    BundleTrailing {
        /// Index of the last entry of the bundle.
        index: u64,
        /// Path of the bundle.
        path: String,
        /// Number of bytes too many.
        bytes: usize,
    },
    /// A stored hash was altered; the entries below it are as sealed.
    #[error("`{path}` was changed at the hash that covers entry {index}; the entry itself is as sealed")]
    TileChanged {
        /// First entry below the altered hash.
        index: u64,
        /// Path of the tile.
        path: String,
    },
    /// A tile is not there.
    #[error("`{path}`, which covers entries from {index} on, is missing")]
    TileMissing {
        /// First entry below the tile.
        index: u64,
        /// Path of the tile.
        path: String,
    },
    /// A tile has the wrong length.
    #[error("`{path}`, which covers entries from {index} on, has {bytes} bytes")]
    TileLength {
        /// First entry below the tile.
        index: u64,
        /// Path of the tile.
        path: String,
        /// Number of bytes found.
        bytes: usize,
    },
    /// Entries and their leaf hashes were replaced together.
    #[error("entries from {index} to {} were rewritten together with their hashes", end - 1)]
    Rewritten {
        /// First entry of the range in which the change lies.
        index: u64,
        /// End of the range, exclusive.
        end: u64,
    },
    /// Entry and stored hash disagree, and neither leads to the signed root.
    #[error("entry {index} and its stored hash disagree, and neither leads to the signed root")]
    Disagreement {
        /// Index of the entry.
        index: u64,
    },
    /// Entries and tiles agree with one another, but not with the signed root.
    #[error("entries and tiles agree, but lead to root {computed} and not to the signed root {signed}")]
    RootMismatch {
        /// Root that the entries lead to.
        computed: Hash,
        /// Root of the checkpoint.
        signed: Hash,
    },
}

impl VerifyError {
    /// Index of the first bad entry, where one can be named.
    pub fn index(&self) -> Option<u64> {
        match self {
            Self::Read { .. } | Self::Checkpoint(_) | Self::RootMismatch { .. } => None,
            Self::EntryChanged { index }
            | Self::EntryMissing { index, .. }
            | Self::BundleTrailing { index, .. }
            | Self::TileChanged { index, .. }
            | Self::TileMissing { index, .. }
            | Self::TileLength { index, .. }
            | Self::Rewritten { index, .. }
            | Self::Disagreement { index } => Some(*index),
        }
    }
}

/// Checks the whole log against the signature of `key`, the log's own.
pub fn verify_log<L: LogReader>(log: &L, key: &VerifierKey) -> Result<Report, VerifyError> {
    let bytes = log
        .checkpoint()
        .map_err(|error| VerifyError::Read { what: "checkpoint".to_owned(), reason: error.to_string() })?;
    let checkpoint = Checkpoint::open(&bytes, key).map_err(VerifyError::Checkpoint)?;
    let signed_by = signers(&bytes, key).map_err(VerifyError::Checkpoint)?;
    let scan = Scan::run(log, checkpoint.size)?;
    if scan.root == Some(checkpoint.root) && scan.suspect.is_none() {
        return Ok(Report {
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: checkpoint.root,
            signed_by,
            entries_checked: scan.entries,
            tiles_checked: scan.tiles,
        });
    }
    Err(blame::explain(log, &checkpoint, scan)?)
}

fn signers(bytes: &[u8], key: &VerifierKey) -> Result<Vec<String>, CheckpointError> {
    let note = Note::parse(bytes)?;
    Ok(note.verify(&[key])?.into_iter().map(|key| key.name().to_owned()).collect())
}

/// The bytes of a tile, or of the full one in its place if a partial one is gone, and which of the two.
fn fetch<L: LogReader>(log: &L, tile: &Tile) -> Result<Option<(Vec<u8>, u16)>, VerifyError> {
    let read = |tile: &Tile| {
        log.read(tile)
            .map_err(|error| VerifyError::Read { what: tile.path(), reason: error.to_string() })
            .map(|bytes| bytes.map(|bytes| (bytes, tile.width)))
    };
    match read(tile)? {
        None if !tile.is_full() => read(&tile.full()),
        found => Ok(found),
    }
}

/// What became of the attempt to read a hash tile.
enum Stored {
    Hashes(Vec<Hash>),
    Missing,
    Length(usize),
}

/// The hashes of a tile as stored: exactly its width.
fn fetch_hashes<L: LogReader>(log: &L, tile: &Tile) -> Result<Stored, VerifyError> {
    debug_assert!(matches!(tile.layer, Layer::Hashes(_)));
    let Some((bytes, width)) = fetch(log, tile)? else {
        return Ok(Stored::Missing);
    };
    Ok(match crate::tile::decode_tile(&bytes, width) {
        Ok(mut hashes) => {
            hashes.truncate(usize::from(tile.width));
            Stored::Hashes(hashes)
        }
        Err(_) => Stored::Length(bytes.len()),
    })
}
