//! Proofs that travel alone (C2SP tlog-proof v1): an index, an inclusion proof and the checkpoint it leads
//! to.
//!
//! Together with the entry's bytes and the log's public key, such a file shows without any access to the log
//! that the entry is in it. The usual file name ends in `.tlog-proof`.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 73894
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//! …
//!
//! example.com/log
//! 109482
//! sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//!
//! — example.com/log hI2DJw…
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, parse_decimal};
use crate::hash::{Hash, HashError};
use crate::note::{MAX_NOTE_BYTES, VerifierKey};
use crate::tree::{MAX_PROOF_HASHES, ProofFailure, verify_inclusion};

/// The largest proof that we read.
pub const MAX_LOG_PROOF_BYTES: usize = MAX_NOTE_BYTES + MAX_EXTRA_BYTES * 2;
/// The most opaque extra data that a proof may carry.
pub const MAX_EXTRA_BYTES: usize = 64 * 1024;
/// File name ending of a proof.
pub const PROOF_EXTENSION: &str = "tlog-proof";

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";

/// A proof as it is stored and handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Opaque data beside the proof. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry, from 0.
    pub index: u64,
    /// Inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// What a proof has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The checkpoint that contains the entry.
    pub checkpoint: Checkpoint,
    /// Index of the entry.
    pub index: u64,
    /// Leaf hash of the entry.
    pub leaf: Hash,
}

/// Why a proof cannot be read or does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LogProofError {
    /// The proof exceeds [`MAX_LOG_PROOF_BYTES`].
    #[error("proof of {bytes} bytes exceeds {MAX_LOG_PROOF_BYTES}")]
    TooLarge {
        /// Size of the proof.
        bytes: usize,
    },
    /// The first line is not `c2sp.org/tlog-proof@v1`.
    #[error("the first line is not `{HEADER}`")]
    Header,
    /// The extra data is not base64, or too large.
    #[error("the extra data is not base64 or exceeds {MAX_EXTRA_BYTES} bytes")]
    Extra,
    /// The index line is missing or not a plain decimal number.
    #[error("the line `index` is missing or malformed")]
    Index,
    /// A line of the proof is not a hash.
    #[error("hash {at} of the proof is malformed")]
    Hash {
        /// Which hash, from 1.
        at: usize,
        /// What is wrong with it.
        #[source]
        source: HashError,
    },
    /// There are more than [`MAX_PROOF_HASHES`].
    #[error("the proof has more than {MAX_PROOF_HASHES} hashes")]
    TooManyHashes,
    /// The blank line before the checkpoint is missing.
    #[error("no blank line before the checkpoint")]
    NoCheckpoint,
    /// The checkpoint is malformed or not signed by the log.
    #[error("the checkpoint does not hold")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the entry to the checkpoint.
    #[error("the entry is not the one at index {index} of the checkpoint")]
    Inclusion {
        /// Index that the proof states.
        index: u64,
        /// What is wrong with the path.
        #[source]
        source: ProofFailure,
    },
}

impl LogProof {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            out.push_str(EXTRA);
            out.push_str(&STANDARD.encode(extra));
            out.push('\n');
        }
        out.push_str(INDEX);
        out.push_str(&self.index.to_string());
        out.push('\n');
        for hash in &self.hashes {
            out.push_str(&hash.to_base64());
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&self.checkpoint);
        out
    }

    /// Reads the text form; the checkpoint is taken as it stands and checked by [`LogProof::verify`].
    pub fn parse(text: &str) -> Result<Self, LogProofError> {
        if text.len() > MAX_LOG_PROOF_BYTES {
            return Err(LogProofError::TooLarge { bytes: text.len() });
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(LogProofError::NoCheckpoint)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(LogProofError::Header);
        }
        let mut line = lines.next().ok_or(LogProofError::Index)?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix(EXTRA) {
            let bytes = STANDARD.decode(encoded).map_err(|_| LogProofError::Extra)?;
            if bytes.len() > MAX_EXTRA_BYTES {
                return Err(LogProofError::Extra);
            }
            extra = Some(bytes);
            line = lines.next().ok_or(LogProofError::Index)?;
        }
        let index = line.strip_prefix(INDEX).and_then(parse_decimal).ok_or(LogProofError::Index)?;
        let mut hashes = Vec::new();
        for (at, line) in lines.enumerate() {
            if at >= MAX_PROOF_HASHES {
                return Err(LogProofError::TooManyHashes);
            }
            let hash = Hash::from_base64(line);
            hashes.push(hash.map_err(|source| LogProofError::Hash { at: at + 1, source })?);
        }
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that the log of `key` contains `entry` at the index of the proof.
    pub fn verify(&self, entry: &[u8], key: &VerifierKey) -> Result<Verified, LogProofError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), key)?;
        let leaf = Hash::leaf(entry);
        verify_inclusion(leaf, self.index, checkpoint.size, &checkpoint.root, &self.hashes)
            .map_err(|source| LogProofError::Inclusion { index: self.index, source })?;
        Ok(Verified { checkpoint, index: self.index, leaf })
    }
}
