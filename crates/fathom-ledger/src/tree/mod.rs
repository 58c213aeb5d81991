//! The Merkle tree of RFC 6962 section 2.1: its right edge, its proofs, and a literal reference beside them.
//!
//! A node is addressed by binary level and index: node `(level, index)` covers the leaves `index << level
//! .. (index + 1) << level`. Only nodes whose leaves all exist have a hash that never changes; those are
//! the only ones that a [`HashReader`] is asked for.

mod frontier;
mod memory;
mod proofs;
pub mod reference;

pub use frontier::{Frontier, FrontierError};
pub use memory::MemoryTree;
pub use proofs::{
    MAX_PROOF_HASHES, ProofFailure, ProveError, prove_consistency, prove_inclusion, root_at,
    root_of_inclusion, verify_consistency, verify_inclusion,
};

use crate::hash::Hash;

/// The largest number of leaves that we handle, so that no index arithmetic can overflow.
pub const MAX_TREE_SIZE: u64 = 1 << 62;

/// Gives the hashes of complete subtrees.
pub trait HashReader {
    /// Why a hash cannot be given.
    type Error;

    /// The hash of the node at binary `level` (0 = leaf hashes) and `index` within that level.
    ///
    /// Only asked for nodes whose leaves are all in the tree.
    fn read(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

impl<R: HashReader + ?Sized> HashReader for &R {
    type Error = R::Error;

    fn read(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        (**self).read(level, index)
    }
}

/// Folds the roots of complete subtrees, largest (leftmost) first, into the root of the tree they make up.
pub(crate) fn fold_peaks(peaks: &[Hash]) -> Hash {
    let mut peaks = peaks.iter().rev();
    let Some(last) = peaks.next() else {
        return Hash::EMPTY_ROOT;
    };
    peaks.fold(*last, |right, left| Hash::node(left, &right))
}

/// The roots of the complete subtrees, largest first, that hold `hashes`; each hash is itself a complete
/// subtree of the same height.
pub(crate) fn peaks_of(hashes: &[Hash]) -> Vec<Hash> {
    let mut frontier = Frontier::default();
    for hash in hashes {
        // Refused only beyond MAX_TREE_SIZE, which no slice in memory reaches.
        if frontier.append(*hash).is_err() {
            break;
        }
    }
    frontier.into_peaks()
}
