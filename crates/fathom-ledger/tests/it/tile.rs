//! Names, contents and growth of tiles.

use std::collections::BTreeSet;

use fathom_ledger::tile::{
    Bundle, BundleError, Layer, MAX_ENTRY_BYTES, TileMap, changed_tiles, consistency_tiles, decode_bundle,
    decode_tile, encode_tile, inclusion_tiles, render_tile, superseded_tiles, tiles_at,
};
use fathom_ledger::tree::{prove_consistency, prove_inclusion};
use fathom_ledger::{Hash, Tile};
use proptest::prelude::*;

use crate::support::{bundle, leaves, tree_of};

#[test]
fn paths_of_the_specification() {
    for (layer, index, width, path) in [
        (Layer::Hashes(0), 1_234_067, 256, "tile/0/x001/x234/067"),
        (Layer::Hashes(0), 0, 1, "tile/0/000.p/1"),
        (Layer::Hashes(63), 999, 256, "tile/63/999"),
        (Layer::Entries, 1000, 255, "tile/entries/x001/000.p/255"),
    ] {
        let tile = Tile { layer, index, width };
        assert_eq!(tile.path(), path);
        assert_eq!(path.parse::<Tile>().unwrap(), tile);
    }
    for wrong in [
        "tile/0/1",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/00/000",
        "tile/64/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/entries/x001/x000",
        "tile/0/+01",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/../000",
        "tile/data/000",
        "checkpoint",
        "",
    ] {
        assert!(wrong.parse::<Tile>().is_err(), "{wrong}");
    }
}

#[test]
fn tiles_of_the_specification_s_examples() {
    let hashes = |size| tiles_at(size).filter(|tile| tile.layer != Layer::Entries).collect::<Vec<_>>();
    let of_70_000 = hashes(70_000);
    assert_eq!(of_70_000.len(), 273 + 1 + 1 + 1 + 1);
    let last: Vec<String> = of_70_000.iter().rev().take(4).map(Tile::path).collect();
    assert_eq!(last, ["tile/2/000.p/1", "tile/1/001.p/17", "tile/1/000", "tile/0/273.p/112"]);
    let of_256: Vec<String> = hashes(256).iter().map(Tile::path).collect();
    assert_eq!(of_256, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_at(0).count(), 0);
}

#[test]
fn an_entry_that_is_too_large_is_refused_with_advice() {
    let mut bundle = Bundle::default();
    bundle.push(&vec![1; MAX_ENTRY_BYTES]).unwrap();
    let error = bundle.push(&vec![1; MAX_ENTRY_BYTES + 1]).unwrap_err();
    assert_eq!(error, BundleError::EntryTooLarge { bytes: 65_536 });
    assert!(error.to_string().contains("record its hash"));
    for _ in 1..256 {
        bundle.push(b"").unwrap();
    }
    assert_eq!(bundle.push(b""), Err(BundleError::Full));
    assert_eq!(decode_bundle(&bundle.into_bytes(), 256).unwrap().len(), 256);
}

#[test]
fn growth_writes_what_is_new_and_gives_up_what_it_replaces() {
    // Replaying any sequence of growth must leave exactly the tiles of the final size.
    for steps in [vec![1, 2, 255, 256, 257], vec![300, 300, 512, 65_535, 65_536, 65_537], vec![1, 131_073]] {
        let mut present = BTreeSet::new();
        let mut size = 0;
        for next in steps {
            for tile in superseded_tiles(size, next) {
                assert!(present.remove(&tile), "{tile}");
            }
            for tile in changed_tiles(size, next) {
                assert!(present.insert(tile), "{tile}");
            }
            size = next;
            assert_eq!(present, tiles_at(size).collect(), "size {size}");
        }
    }
    assert_eq!(changed_tiles(5, 5).count() + changed_tiles(5, 4).count(), 0);
}

#[test]
fn proofs_out_of_tiles_equal_proofs_out_of_memory() {
    let all = leaves(66_000);
    let tree = tree_of(&all);
    for size in [1, 2, 255, 256, 257, 600, 65_536, 65_537, 66_000_u64] {
        let load = |wanted: BTreeSet<Tile>| {
            let mut map = TileMap::new(size);
            for tile in wanted {
                map.insert(tile, &render_tile(&tree, &tile).unwrap()).unwrap();
            }
            map
        };
        for index in [0, size / 3, size / 2, size - 1] {
            let map = load(inclusion_tiles(index, size).unwrap());
            let path = prove_inclusion(&map, index, size).unwrap();
            assert_eq!(path, prove_inclusion(&tree, index, size).unwrap());
            let map = load(consistency_tiles(index, size).unwrap());
            let path = prove_consistency(&map, index, size).unwrap();
            assert_eq!(path, prove_consistency(&tree, index, size).unwrap());
        }
        assert!(size < 3 || prove_inclusion(&TileMap::new(size), 0, size).is_err());
    }
}

proptest! {
    #[test]
    fn paths_read_back(level in 0_u8..64, index in any::<u64>(), width in 1_u16..=256, entries in any::<bool>()) {
        let layer = if entries { Layer::Entries } else { Layer::Hashes(level) };
        let tile = Tile { layer, index, width };
        prop_assert_eq!(tile.path().parse::<Tile>().unwrap(), tile);
        let _ = tile.first_entry(width);
        let tree = tree_of(&[]);
        prop_assert!(entries || render_tile(&tree, &tile).is_err());
    }

    #[test]
    fn any_text_is_a_path_or_an_error(text in ".{0,80}", tail in "[x0-9/.p]{0,30}") {
        let _ = text.parse::<Tile>();
        if let Ok(tile) = format!("tile/0/{tail}").parse::<Tile>() {
            prop_assert_eq!(tile.path(), format!("tile/0/{tail}"));
        }
    }

    #[test]
    fn hash_tiles_read_back(n in 1_usize..=256, cut in 1_usize..40) {
        let hashes = leaves(n);
        let bytes = encode_tile(&hashes);
        prop_assert_eq!(decode_tile(&bytes, n as u16).unwrap(), hashes);
        let cut = cut.min(bytes.len());
        prop_assert!(decode_tile(&bytes[..bytes.len() - cut], n as u16).is_err());
        prop_assert!(decode_tile(&[&bytes[..], &[0; 32]].concat(), n as u16).is_err());
    }

    #[test]
    fn bundles_read_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..40)) {
        let bytes = bundle(&entries);
        let width = entries.len() as u16;
        prop_assert_eq!(decode_bundle(&bytes, width).unwrap(), entries);
        prop_assert!(decode_bundle(&bytes[..bytes.len() - 1], width).is_err());
        prop_assert!(decode_bundle(&bytes, width + 1).is_err());
        prop_assert!(decode_bundle(&bytes, width - 1).is_err());
    }

    #[test]
    fn random_bundles_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), width in any::<u16>()) {
        let _ = decode_bundle(&bytes, width);
        let _ = decode_tile(&bytes, width);
    }

    #[test]
    fn hashes_read_back(bytes in any::<[u8; 32]>()) {
        let hash = Hash(bytes);
        prop_assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        prop_assert_eq!(Hash::from_base64(&hash.to_base64()).unwrap(), hash);
    }
}
