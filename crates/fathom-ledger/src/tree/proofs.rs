//! Inclusion and consistency proofs: made from stored hashes, checked from the proof alone.
//!
//! Making follows the definitions of RFC 6962 section 2.1.1 and 2.1.2 from the root down, without recursion;
//! checking follows the procedures of RFC 9162 section 2.1.3.2 and 2.1.4.2 from the leaf up.

use super::{HashReader, MAX_TREE_SIZE, fold_peaks};
use crate::hash::Hash;

/// The most hashes that a proof can hold for a tree of at most 2^63 leaves, with room for one more.
pub const MAX_PROOF_HASHES: usize = 64;

/// Why a proof cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProveError<E> {
    /// No such leaf, or the older tree is larger than the newer one, or the tree exceeds [`MAX_TREE_SIZE`].
    #[error("{wanted} lies outside a tree of {size} entries")]
    OutOfRange {
        /// The index or older size that was asked for.
        wanted: u64,
        /// Size of the tree.
        size: u64,
    },
    /// A stored hash could not be read.
    #[error("failed reading the hash at level {level}, index {index}")]
    Read {
        /// Binary level of the node.
        level: u8,
        /// Index of the node within its level.
        index: u64,
        /// What the reader said.
        #[source]
        source: E,
    },
}

/// Why a proof does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofFailure {
    /// No such leaf, or the older tree is larger than the newer one, or the tree exceeds [`MAX_TREE_SIZE`].
    #[error("{wanted} lies outside a tree of {size} entries")]
    OutOfRange {
        /// The index or older size of the claim.
        wanted: u64,
        /// Size of the tree of the claim.
        size: u64,
    },
    /// The proof has too few or too many hashes for these sizes.
    #[error("the proof has {hashes} hashes, which does not fit the sizes")]
    Length {
        /// Number of hashes given.
        hashes: usize,
    },
    /// The proof leads to another root than the one of the older tree.
    #[error("the proof does not lead to the root of the older tree")]
    OldRoot,
    /// The proof leads to another root.
    #[error("the proof does not lead to the root of the tree")]
    Root,
}

/// Root of the first `size` leaves.
pub fn root_at<R: HashReader>(reader: &R, size: u64) -> Result<Hash, ProveError<R::Error>> {
    if size > MAX_TREE_SIZE {
        return Err(ProveError::OutOfRange { wanted: size, size });
    }
    range_root(reader, 0, size)
}

/// The inclusion proof of leaf `index` in the tree of `size` leaves: the leaf's sibling first.
pub fn prove_inclusion<R: HashReader>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if index >= size || size > MAX_TREE_SIZE {
        return Err(ProveError::OutOfRange { wanted: index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(reader, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(reader, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` leaves is a prefix of the tree of `size` leaves; empty if `old` is 0 or
/// equals `size`.
pub fn prove_consistency<R: HashReader>(
    reader: &R,
    old: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if old > size || size > MAX_TREE_SIZE {
        return Err(ProveError::OutOfRange { wanted: old, size });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    // Whether the subtree at hand begins the older tree, whose root the verifier knows already.
    let mut whole = true;
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_root(reader, middle, end)?);
            end = middle;
        } else {
            path.push(range_root(reader, start, middle)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(range_root(reader, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// The root that an inclusion proof leads to, for callers that compare it themselves.
pub fn root_of_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Result<Hash, ProofFailure> {
    if index >= size || size > MAX_TREE_SIZE {
        return Err(ProofFailure::OutOfRange { wanted: index, size });
    }
    let wrong_length = ProofFailure::Length { hashes: path.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut root = leaf;
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            root = Hash::node(sibling, &root);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = Hash::node(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok(root) } else { Err(wrong_length) }
}

/// Checks that leaf `index` with hash `leaf` is in the tree of `size` leaves with `root`.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofFailure> {
    if root_of_inclusion(leaf, index, size, path)? == *root { Ok(()) } else { Err(ProofFailure::Root) }
}

/// Checks that the tree of `old` leaves with `old_root` is a prefix of the tree of `size` leaves with `root`.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofFailure> {
    if old > size || size > MAX_TREE_SIZE {
        return Err(ProofFailure::OutOfRange { wanted: old, size });
    }
    let wrong_length = ProofFailure::Length { hashes: path.len() };
    if old == 0 || old == size {
        if !path.is_empty() {
            return Err(wrong_length);
        }
        let known = if old == 0 { &Hash::EMPTY_ROOT } else { root };
        return if old_root == known { Ok(()) } else { Err(ProofFailure::OldRoot) };
    }
    // A complete older tree is itself a node of the newer one, so the proof leaves its root out.
    let (first, rest) =
        if old.is_power_of_two() { (old_root, path) } else { path.split_first().ok_or(wrong_length)? };
    let wrong_length = ProofFailure::Length { hashes: path.len() };
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_found, mut found) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            old_found = Hash::node(hash, &old_found);
            found = Hash::node(hash, &found);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            found = Hash::node(&found, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if old_found != *old_root {
        return Err(ProofFailure::OldRoot);
    }
    if found == *root { Ok(()) } else { Err(ProofFailure::Root) }
}

/// Root over the leaves `start..end`, where `start` is a multiple of the smallest power of two that holds the
/// range: the only ranges that RFC 6962 ever splits off.
fn range_root<R: HashReader>(reader: &R, start: u64, end: u64) -> Result<Hash, ProveError<R::Error>> {
    let mut peaks = Vec::new();
    let mut at = start;
    while at < end {
        let level = (end - at).ilog2() as u8;
        let index = at >> level;
        peaks.push(reader.read(level, index).map_err(|source| ProveError::Read { level, index, source })?);
        at += 1 << level;
    }
    Ok(fold_peaks(&peaks))
}

/// The largest power of two below `n`, for `n` of at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
