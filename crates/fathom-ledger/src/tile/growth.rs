//! Which tiles a log has, and which a writer must write or may delete when it grows.

use super::{Layer, MAX_TILE_LEVELS, TILE_WIDTH, Tile, hashes_in_layer};

/// Entries first, then the levels upwards: whoever reads a hash finds the entry that it stands for.
fn layers() -> impl Iterator<Item = Layer> {
    std::iter::once(Layer::Entries).chain((0..MAX_TILE_LEVELS).map(Layer::Hashes))
}

/// The tiles to write when the log grows from `from` to `to` entries: bundles first, then levels upwards,
/// each left to right. Nothing if `to` is not above `from`.
pub fn changed_tiles(from: u64, to: u64) -> impl Iterator<Item = Tile> {
    layers().flat_map(move |layer| {
        let (old, new) = (hashes_in_layer(layer, from), hashes_in_layer(layer, to));
        let width = u64::from(TILE_WIDTH);
        let tiles = if new > old { old / width..new.div_ceil(width) } else { 0..0 };
        tiles.map(move |index| Tile { layer, index, width: (new - index * width).min(width) as u16 })
    })
}

/// All tiles of a log of `size` entries: full ones, and the partial ones at its right edge.
pub fn tiles_at(size: u64) -> impl Iterator<Item = Tile> {
    changed_tiles(0, size)
}

/// The partial tiles of a log of `from` entries that one of `to` entries no longer needs: other tiles, of the
/// same index and larger width, stand in their place.
pub fn superseded_tiles(from: u64, to: u64) -> impl Iterator<Item = Tile> {
    layers().filter_map(move |layer| {
        let (old, new) = (hashes_in_layer(layer, from), hashes_in_layer(layer, to));
        let partial = (old % u64::from(TILE_WIDTH)) as u16;
        (new > old && partial > 0).then_some(Tile {
            layer,
            index: old / u64::from(TILE_WIDTH),
            width: partial,
        })
    })
}
