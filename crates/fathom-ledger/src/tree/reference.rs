//! The definitions of RFC 6962 section 2.1, word for word and slow, to check the fast ones against.
//!
//! Recursion depth is the logarithm of a slice that is already in memory; none of this is fed with input of
//! others.

use crate::hash::Hash;

/// `MTH(D[n])`: the root over leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Hash::node(&root(left), &root(right))
        }
    }
}

/// `PATH(m, D[n])`: the inclusion proof of leaf `index`, from the leaf upwards; empty beyond the end.
pub fn inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 || index >= leaves.len() {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, other) = if index < at {
        (inclusion(index, left), root(right))
    } else {
        (inclusion(index - at, right), root(left))
    };
    path.push(other);
    path
}

/// `PROOF(m, D[n])`: the consistency proof from the first `old` leaves to all of them; empty for `old` = 0.
pub fn consistency(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    if old == 0 || old > leaves.len() { Vec::new() } else { subproof(old, leaves, true) }
}

fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, other) = if old <= at {
        (subproof(old, left, whole), root(right))
    } else {
        (subproof(old - at, right, false), root(left))
    };
    path.push(other);
    path
}

/// The largest power of two below `n`, for `n` of at least 2.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}
