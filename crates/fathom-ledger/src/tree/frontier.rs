//! The right edge of the tree: all that is needed to append and to know the root.
//!
//! A log of `n` entries keeps one hash per bit set in `n`, so a store can hold the whole state in one row and
//! never has to read the log to extend it.

use super::{MAX_TREE_SIZE, fold_peaks};
use crate::hash::{HASH_BYTES, Hash};

/// Size and complete subtrees of a tree, largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Why an edge cannot be extended or read back.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrontierError {
    /// The tree has [`MAX_TREE_SIZE`] leaves.
    #[error("the tree is full at {MAX_TREE_SIZE} entries")]
    Full,
    /// The bytes are not a size followed by as many hashes as the size has bits set.
    #[error("stored edge of {bytes} bytes does not fit its own size")]
    Malformed {
        /// Length of what was given.
        bytes: usize,
    },
}

impl Frontier {
    /// The edge of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree at this size.
    pub fn root(&self) -> Hash {
        fold_peaks(&self.peaks)
    }

    /// Roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    pub(crate) fn into_peaks(self) -> Vec<Hash> {
        self.peaks
    }

    /// Adds a leaf hash; O(log n) at worst, one node hash on average.
    pub fn append(&mut self, leaf: Hash) -> Result<(), FrontierError> {
        self.append_with(leaf, |_, _, _| ())
    }

    /// Adds a leaf hash and tells `completed` every node that became complete: binary level, index, hash.
    ///
    /// The leaf itself comes first (level 0), then its ancestors upwards. A store that keeps the nodes of
    /// levels 0, 8, 16, … has what its tiles hold.
    pub fn append_with(
        &mut self,
        leaf: Hash,
        mut completed: impl FnMut(u8, u64, Hash),
    ) -> Result<(), FrontierError> {
        if self.size >= MAX_TREE_SIZE {
            return Err(FrontierError::Full);
        }
        let mut hash = leaf;
        let mut index = self.size;
        let mut level = 0_u8;
        completed(level, index, hash);
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::node(&left, &hash);
            index >>= 1;
            level += 1;
            completed(level, index, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
        debug_assert_eq!(self.peaks.len(), self.size.count_ones() as usize);
        Ok(())
    }

    /// Size as 8 big-endian bytes, then the peaks, largest first, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + self.peaks.len() * HASH_BYTES);
        out.extend_from_slice(&self.size.to_be_bytes());
        for peak in &self.peaks {
            out.extend_from_slice(&peak.0);
        }
        out
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let malformed = FrontierError::Malformed { bytes: bytes.len() };
        let Some((size, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(malformed);
        };
        let size = u64::from_be_bytes(*size);
        let (peaks, trailing) = rest.as_chunks::<HASH_BYTES>();
        if size > MAX_TREE_SIZE || !trailing.is_empty() || peaks.len() != size.count_ones() as usize {
            return Err(malformed);
        }
        Ok(Self { size, peaks: peaks.iter().copied().map(Hash).collect() })
    }
}
