//! Tiles: how the tree and the entries are cut into files (C2SP tlog-tiles).
//!
//! A hash tile at level `L` holds up to 256 hashes of complete subtrees of `256^L` leaves; an entry bundle
//! holds the up to 256 entries below one tile of level 0. Full tiles never change; the rightmost one of
//! each level is partial and is replaced, under another name, as the log grows.

mod bundle;
mod growth;
mod nodes;

pub use bundle::{Bundle, BundleError, BundleReader, MAX_BUNDLE_BYTES, MAX_ENTRY_BYTES, decode_bundle};
pub use growth::{changed_tiles, superseded_tiles, tiles_at};
pub use nodes::{TileMap, TileMapError, consistency_tiles, inclusion_tiles, render_tile};

use std::fmt;
use std::str::FromStr;

use crate::hash::{HASH_BYTES, Hash};
use crate::tree::MAX_TREE_SIZE;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// Binary levels between a tile's hashes and its root.
pub const TILE_HEIGHT: u8 = 8;
/// The most levels of tiles that a tree of [`MAX_TREE_SIZE`] leaves has.
pub const MAX_TILE_LEVELS: u8 = 8;

const MAX_PATH_BYTES: usize = 64;
const MAX_LEVEL: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Entries: `tile/entries/…`.
    Entries,
    /// Hashes of complete subtrees of `256^level` leaves: `tile/<level>/…`.
    Hashes(u8),
}

/// One file of the log: what it holds, its index within the layer, and how many hashes or entries it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Entries or hashes of a level.
    pub layer: Layer,
    /// Index within the layer; tile `n` begins at hash or entry `256 n` of its layer.
    pub index: u64,
    /// Number of hashes or entries: 1 to 255 if partial, 256 if full.
    pub width: u16,
}

/// Why a tile cannot be named or read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TileError {
    /// The text is not a path as C2SP tlog-tiles writes it.
    #[error("`{path}` is not the path of a tile")]
    Path {
        /// What was given, cut at 64 bytes.
        path: String,
    },
    /// The bytes of a hash tile are not the width times 32.
    #[error("a tile of {width} hashes has {} bytes, found {found}", usize::from(*width) * HASH_BYTES)]
    Length {
        /// Expected number of hashes.
        width: u16,
        /// Number of bytes found.
        found: usize,
    },
}

impl Tile {
    /// The hash tile of `level` that holds hash `at` of that level in a tree of `size` leaves; `None` if the
    /// tree has no such hash.
    pub fn of_hash(level: u8, at: u64, size: u64) -> Option<Self> {
        Self::holding(Layer::Hashes(level), at, size)
    }

    /// The bundle that holds entry `at` in a log of `size` entries; `None` if the log has no such entry.
    pub fn of_entry(at: u64, size: u64) -> Option<Self> {
        Self::holding(Layer::Entries, at, size)
    }

    fn holding(layer: Layer, at: u64, size: u64) -> Option<Self> {
        let in_layer = hashes_in_layer(layer, size);
        if at >= in_layer {
            return None;
        }
        let width = u64::from(TILE_WIDTH);
        let index = at / width;
        Some(Self { layer, index, width: (in_layer - index * width).min(width) as u16 })
    }

    /// Whether it holds 256.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile of the same layer and index.
    pub fn full(&self) -> Self {
        Self { width: TILE_WIDTH, ..*self }
    }

    /// First entry of the log below position `at` of this tile.
    pub fn first_entry(&self, at: u16) -> u64 {
        let level = match self.layer {
            Layer::Entries => 0,
            Layer::Hashes(level) => level,
        };
        let position = self.index.saturating_mul(u64::from(TILE_WIDTH)).saturating_add(u64::from(at));
        position.saturating_mul(leaves_per_hash(level))
    }

    /// Path below the log's prefix: `tile/0/x001/x234/067`, `tile/entries/000.p/7`.
    pub fn path(&self) -> String {
        self.to_string()
    }
}

/// Leaves below one hash of a tile at `level`; capped at [`MAX_TREE_SIZE`].
pub(crate) fn leaves_per_hash(level: u8) -> u64 {
    let bits = u32::from(level) * u32::from(TILE_HEIGHT);
    1_u64.checked_shl(bits).map_or(MAX_TREE_SIZE, |leaves| leaves.min(MAX_TREE_SIZE))
}

/// Number of hashes, or entries, that a tree of `size` leaves has in a layer.
pub(crate) fn hashes_in_layer(layer: Layer, size: u64) -> u64 {
    match layer {
        Layer::Entries => size,
        Layer::Hashes(level) => {
            size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or_default()
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            Layer::Entries => f.write_str("tile/entries")?,
            Layer::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = Vec::new();
        let mut rest = self.index;
        loop {
            groups.push(rest % 1000);
            rest /= 1000;
            if rest == 0 {
                break;
            }
        }
        while let Some(group) = groups.pop() {
            let prefix = if groups.is_empty() { "" } else { "x" };
            write!(f, "/{prefix}{group:03}")?;
        }
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for Tile {
    type Err = TileError;

    /// Reads a path; only the exact form that [`Tile::path`] writes is taken.
    fn from_str(path: &str) -> Result<Self, TileError> {
        let wrong = || TileError::Path { path: path.chars().take(MAX_PATH_BYTES).collect() };
        if path.len() > MAX_PATH_BYTES {
            return Err(wrong());
        }
        let tile = parse_path(path).ok_or_else(wrong)?;
        if tile.path() == path { Ok(tile) } else { Err(wrong()) }
    }
}

fn parse_path(path: &str) -> Option<Tile> {
    let rest = path.strip_prefix("tile/")?;
    let (layer, rest) = rest.split_once('/')?;
    let layer = match layer {
        "entries" => Layer::Entries,
        level => Layer::Hashes(level.parse().ok().filter(|level| *level <= MAX_LEVEL)?),
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|w| (1..TILE_WIDTH).contains(w))?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0_u64;
    for group in number.split('/') {
        let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok().filter(|d| *d < 1000)?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    Some(Tile { layer, index, width })
}

/// The bytes of a hash tile: the hashes one after another.
pub fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile of `width`; the length must fit exactly.
pub fn decode_tile(bytes: &[u8], width: u16) -> Result<Vec<Hash>, TileError> {
    let (hashes, trailing) = bytes.as_chunks::<HASH_BYTES>();
    if !trailing.is_empty() || hashes.len() != usize::from(width) {
        return Err(TileError::Length { width, found: bytes.len() });
    }
    Ok(hashes.iter().copied().map(Hash).collect())
}
