//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of the log in a signed note.
//!
//! ```text
//! example.com/log
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/log Az3grlgtzPICa5OS8npVmf1Myq/5…
//! ```
//! Stricter than the specification in two points: extension lines are refused, since nobody can audit them,
//! and the log's key must bear the name of the origin.

use crate::hash::{Hash, HashError};
use crate::note::{Note, NoteError, SignerKey, VerifierKey};
use crate::tree::MAX_TREE_SIZE;

/// The longest origin that we take.
pub const MAX_ORIGIN_BYTES: usize = crate::note::MAX_KEY_NAME_BYTES;

/// What a log claims at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Identity of the log: a URL without scheme.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Why a checkpoint cannot be made, read or believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note around it is malformed or not signed by the expected key.
    #[error("the signed note does not hold")]
    Note(#[from] NoteError),
    /// There are not exactly three lines.
    #[error("a checkpoint has three lines: origin, size, root")]
    Lines,
    /// The origin is empty or too long or contains control characters.
    #[error("the origin has 1 to {MAX_ORIGIN_BYTES} bytes without control characters")]
    Origin,
    /// The size is not a plain decimal number of at most 2^62.
    #[error("the size is not a decimal number without leading zeroes, or too large")]
    Size,
    /// The root is not a hash.
    #[error("the root is not a hash")]
    Root(#[source] HashError),
    /// A log without entries has the root of the empty tree.
    #[error("the root does not belong to a log without entries")]
    EmptyRoot,
    /// The key's name is not the origin.
    #[error("the origin `{origin}` is not the name of the key, `{key}`")]
    WrongOrigin {
        /// Origin that the checkpoint states.
        origin: String,
        /// Name of the key.
        key: String,
    },
}

impl Checkpoint {
    /// The note text: three lines.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Reads the note text, without signatures.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: parse_decimal(size).filter(|size| *size <= MAX_TREE_SIZE).ok_or(CheckpointError::Size)?,
            root: Hash::from_base64(root).map_err(CheckpointError::Root)?,
        };
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// Signs with the log's key, whose name must be the origin, and with any further ones.
    pub fn sign(&self, key: &SignerKey, more: &[&SignerKey]) -> Result<String, CheckpointError> {
        self.check()?;
        self.check_key(key.verifier())?;
        let mut keys = vec![key];
        keys.extend_from_slice(more);
        Ok(Note::sign(&self.to_text(), &keys)?.to_text())
    }

    /// Reads a signed checkpoint and checks the signature of the log's key.
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        note.verify(&[key])?;
        let checkpoint = Self::parse(note.text())?;
        checkpoint.check_key(key)?;
        Ok(checkpoint)
    }

    fn check_key(&self, key: &VerifierKey) -> Result<(), CheckpointError> {
        if self.origin == key.name() {
            return Ok(());
        }
        Err(CheckpointError::WrongOrigin { origin: self.origin.clone(), key: key.name().to_owned() })
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let origin = &self.origin;
        if origin.is_empty() || origin.len() > MAX_ORIGIN_BYTES || origin.chars().any(char::is_control) {
            return Err(CheckpointError::Origin);
        }
        if self.size > MAX_TREE_SIZE {
            return Err(CheckpointError::Size);
        }
        if self.size == 0 && self.root != Hash::EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(())
    }
}

/// An ASCII decimal without sign and leading zeroes.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
