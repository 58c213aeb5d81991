//! The tree against its literal reference, an independent crate and published values.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use fathom_ledger::tree::{
    MAX_TREE_SIZE, ProofFailure, prove_consistency, prove_inclusion, reference, root_at, verify_consistency,
    verify_inclusion,
};
use fathom_ledger::{Frontier, Hash};
use proptest::prelude::*;
use sha2::Sha256;

use crate::support::{leaves, tree_of};

#[test]
fn published_roots() {
    // The inputs and roots that the tests of the first Certificate Transparency log use.
    let inputs: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root().to_string(), roots[0]);
    for (input, root) in inputs.iter().zip(&roots[1..]) {
        frontier.append(Hash::leaf(input)).unwrap();
        assert_eq!(frontier.root().to_string(), *root);
    }
}

#[test]
fn roots_agree_for_all_small_sizes_and_at_tile_boundaries() {
    let all = leaves(4097);
    let tree = tree_of(&all);
    let mut frontier = Frontier::new();
    let mut peer = MemoryBackedTree::<Sha256, [u8; 8]>::new();
    for size in 0..=all.len() {
        let cheap = size < 70 || [255, 256, 257, 511, 512, 1023, 1025, 4096, 4097].contains(&size);
        if cheap {
            assert_eq!(frontier.root(), reference::root(&all[..size]), "size {size}");
            assert_eq!(frontier.root(), root_at(&tree, size as u64).unwrap(), "size {size}");
            if size > 0 {
                assert_eq!(frontier.root().0.as_slice(), peer.root().as_bytes().as_slice(), "size {size}");
            }
            assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).unwrap(), frontier);
        }
        if let Some(leaf) = all.get(size) {
            frontier.append(*leaf).unwrap();
            peer.push((size as u64).to_be_bytes());
        }
    }
}

#[test]
fn every_small_inclusion_proof_equals_the_reference_and_holds() {
    let all = leaves(66);
    let tree = tree_of(&all);
    for size in 1..=all.len() {
        let root = reference::root(&all[..size]);
        for index in 0..size {
            let path = prove_inclusion(&tree, index as u64, size as u64).unwrap();
            assert_eq!(path, reference::inclusion(index, &all[..size]));
            verify_inclusion(all[index], index as u64, size as u64, &root, &path).unwrap();
            for other in 0..size {
                let is_right = other == index;
                let held = verify_inclusion(all[index], other as u64, size as u64, &root, &path).is_ok();
                assert_eq!(held, is_right, "leaf {index} as {other} of {size}");
            }
        }
        assert!(prove_inclusion(&tree, size as u64, size as u64).is_err());
    }
}

#[test]
fn every_small_consistency_proof_equals_the_reference_and_holds() {
    let all = leaves(66);
    let tree = tree_of(&all);
    for size in 0..=all.len() {
        let root = reference::root(&all[..size]);
        for old in 0..=size {
            let old_root = reference::root(&all[..old]);
            let path = prove_consistency(&tree, old as u64, size as u64).unwrap();
            assert_eq!(path, reference::consistency(old, &all[..size]));
            verify_consistency(old as u64, &old_root, size as u64, &root, &path).unwrap();
        }
    }
}

#[test]
fn the_peer_accepts_our_proofs() {
    let mut peer = MemoryBackedTree::<Sha256, [u8; 8]>::new();
    let all = leaves(300);
    let tree = tree_of(&all);
    for size in 1..=300_u64 {
        let before = peer.root();
        peer.push((size - 1).to_be_bytes());
        let ours = prove_inclusion(&tree, size / 2, size).unwrap();
        let theirs = peer.prove_inclusion((size / 2) as usize);
        assert_eq!(ours.iter().flat_map(|hash| hash.0).collect::<Vec<_>>(), theirs.as_bytes());
        if size > 1 {
            let ours = prove_consistency(&tree, size - 1, size).unwrap();
            let theirs = peer.prove_consistency(1);
            assert_eq!(ours.iter().flat_map(|hash| hash.0).collect::<Vec<_>>(), theirs.as_bytes());
            peer.root().verify_consistency(&before, &theirs).unwrap();
        }
    }
}

#[test]
fn sizes_out_of_range_are_refused_not_computed() {
    let tree = tree_of(&[]);
    let leaf = Hash::leaf(b"x");
    for size in [0, MAX_TREE_SIZE + 1, u64::MAX] {
        let failure = verify_inclusion(leaf, 0, size, &leaf, &[]).unwrap_err();
        assert_eq!(failure, ProofFailure::OutOfRange { wanted: 0, size });
        assert!(prove_inclusion(&tree, 0, size).is_err());
    }
    assert!(verify_consistency(2, &leaf, 1, &leaf, &[]).is_err());
    assert!(verify_consistency(1, &leaf, u64::MAX, &leaf, &[leaf; 70]).is_err());
    assert!(root_at(&tree, u64::MAX).is_err());
    assert!(Frontier::from_bytes(&[0xff; 8 + 64 * 32]).is_err());
    assert!(Frontier::from_bytes(&[]).is_err());
    assert!(Frontier::from_bytes(&[0, 0, 0, 0, 0, 0, 0, 1]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn large_inclusion_proofs_hold_and_no_mutation_does(
        (size, index) in (1_usize..3000).prop_flat_map(|size| (Just(size), 0..size)),
        at in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let all = leaves(size);
        let tree = tree_of(&all);
        let root = tree.frontier().root();
        let (leaf, size, index) = (all[index], size as u64, index as u64);
        let path = prove_inclusion(&tree, index, size).unwrap();
        prop_assert_eq!(verify_inclusion(leaf, index, size, &root, &path), Ok(()));
        prop_assert!(verify_inclusion(flip(leaf, bit), index, size, &root, &path).is_err());
        prop_assert!(verify_inclusion(leaf, index, size, &flip(root, bit), &path).is_err());
        let mut longer = path.clone();
        longer.push(root);
        prop_assert!(verify_inclusion(leaf, index, size, &root, &longer).is_err());
        if !path.is_empty() {
            let mut changed = path.clone();
            let at = at.index(path.len());
            changed[at] = flip(changed[at], bit);
            prop_assert!(verify_inclusion(leaf, index, size, &root, &changed).is_err());
            changed = path.clone();
            changed.remove(at);
            prop_assert!(verify_inclusion(leaf, index, size, &root, &changed).is_err());
        }
    }

    #[test]
    fn large_consistency_proofs_hold_and_no_mutation_does(
        (size, old) in (2_usize..3000).prop_flat_map(|size| (Just(size), 1..size)),
        at in any::<prop::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let all = leaves(size);
        let tree = tree_of(&all);
        let (root, old_root) = (tree.frontier().root(), root_at(&tree, old as u64).unwrap());
        let (size, old) = (size as u64, old as u64);
        let path = prove_consistency(&tree, old, size).unwrap();
        prop_assert_eq!(verify_consistency(old, &old_root, size, &root, &path), Ok(()));
        prop_assert!(verify_consistency(old, &flip(old_root, bit), size, &root, &path).is_err());
        prop_assert!(verify_consistency(old, &old_root, size, &flip(root, bit), &path).is_err());
        let at = at.index(path.len());
        let mut changed = path.clone();
        changed[at] = flip(changed[at], bit);
        prop_assert!(verify_consistency(old, &old_root, size, &root, &changed).is_err());
        changed = path.clone();
        changed.remove(at);
        prop_assert!(verify_consistency(old, &old_root, size, &root, &changed).is_err());
        changed = path;
        changed.push(root);
        prop_assert!(verify_consistency(old, &old_root, size, &root, &changed).is_err());
    }

    #[test]
    fn checking_random_proofs_never_panics(
        old in any::<u64>(), size in any::<u64>(), hashes in 0_usize..130,
    ) {
        let hash = Hash::leaf(b"x");
        let path = vec![hash; hashes];
        for (old, size) in [(old, size), (old % 1000, size % 1000), (old >> 2, size >> 1)] {
            prop_assert!(verify_inclusion(hash, old, size, &hash, &path).is_err() || size == 1);
            let _ = verify_consistency(old, &hash, size, &hash, &path);
        }
    }
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = hash.0;
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash(bytes)
}
