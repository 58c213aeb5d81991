//! Tree nodes out of tiles, and tiles out of tree nodes.
//!
//! A store whose reads are asynchronous first asks which tiles a proof needs, fetches them, and then makes
//! the proof from a [`TileMap`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::{Layer, TILE_HEIGHT, Tile, TileError, decode_tile, encode_tile};
use crate::hash::Hash;
use crate::tree::{HashReader, ProveError, peaks_of, prove_consistency, prove_inclusion};

/// The hash tiles of a log of a given size, as far as they were fetched.
#[derive(Clone, Debug)]
pub struct TileMap {
    size: u64,
    tiles: BTreeMap<Tile, Vec<Hash>>,
}

/// Why a node cannot be had.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TileMapError {
    /// The node lies outside the tree.
    #[error("the tree has no complete node at level {level}, index {index}")]
    OutOfRange {
        /// Binary level.
        level: u8,
        /// Index within the level.
        index: u64,
    },
    /// The tile was not fetched.
    #[error("tile `{0}` is needed and was not given")]
    Missing(Tile),
}

impl TileMap {
    /// For a log of `size` entries; tiles are named as that size cuts them.
    pub fn new(size: u64) -> Self {
        Self { size, tiles: BTreeMap::new() }
    }

    /// Adds the bytes of a hash tile.
    pub fn insert(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), TileError> {
        self.tiles.insert(tile, decode_tile(bytes, tile.width)?);
        Ok(())
    }
}

impl HashReader for TileMap {
    type Error = TileMapError;

    fn read(&self, level: u8, index: u64) -> Result<Hash, TileMapError> {
        let (tile, at, count) =
            locate(level, index, self.size).ok_or(TileMapError::OutOfRange { level, index })?;
        let hashes = self.tiles.get(&tile).ok_or(TileMapError::Missing(tile))?;
        let below = hashes.get(at..at + count).ok_or(TileMapError::OutOfRange { level, index })?;
        peaks_of(below).first().copied().ok_or(TileMapError::OutOfRange { level, index })
    }
}

/// The tile that holds what a node is computed from, the position of the first such hash, and their number.
fn locate(level: u8, index: u64, size: u64) -> Option<(Tile, usize, usize)> {
    let (tile_level, within) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
    let first = index.checked_mul(1 << within)?;
    let tile = Tile::of_hash(tile_level, first, size)?;
    let count = 1_usize << within;
    let at = usize::try_from(first % u64::from(super::TILE_WIDTH)).ok()?;
    (at + count <= usize::from(tile.width)).then_some((tile, at, count))
}

/// Notes which tiles are asked for.
struct Recorder {
    size: u64,
    tiles: RefCell<BTreeSet<Tile>>,
}

impl HashReader for Recorder {
    type Error = Infallible;

    fn read(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        if let Some((tile, _, _)) = locate(level, index, self.size) {
            self.tiles.borrow_mut().insert(tile);
        }
        Ok(Hash::EMPTY_ROOT)
    }
}

/// The hash tiles that the inclusion proof of entry `index` in a log of `size` entries is made from.
pub fn inclusion_tiles(index: u64, size: u64) -> Result<BTreeSet<Tile>, ProveError<Infallible>> {
    let recorder = Recorder { size, tiles: RefCell::default() };
    prove_inclusion(&recorder, index, size)?;
    Ok(recorder.tiles.into_inner())
}

/// The hash tiles that the consistency proof from `old` to `size` entries is made from.
pub fn consistency_tiles(old: u64, size: u64) -> Result<BTreeSet<Tile>, ProveError<Infallible>> {
    let recorder = Recorder { size, tiles: RefCell::default() };
    prove_consistency(&recorder, old, size)?;
    Ok(recorder.tiles.into_inner())
}

/// The bytes of a hash tile, from the nodes of its level; empty for a bundle, which holds no hashes.
pub fn render_tile<R: HashReader>(reader: &R, tile: &Tile) -> Result<Vec<u8>, R::Error> {
    let Layer::Hashes(level) = tile.layer else {
        return Ok(Vec::new());
    };
    let first = tile.index.saturating_mul(u64::from(super::TILE_WIDTH));
    let hashes = (0..u64::from(tile.width))
        .map(|at| reader.read(level.saturating_mul(TILE_HEIGHT), first.saturating_add(at)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(encode_tile(&hashes))
}
