//! Which side is at fault where entries and stored hashes disagree: follows the tiles from the signed root
//! down.

use super::scan::{Scan, Suspect, SuspectKind};
use super::{LogReader, Stored, VerifyError, fetch_hashes};
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::tile::{Layer, MAX_TILE_LEVELS, TILE_WIDTH, Tile, hashes_in_layer};
use crate::tree::{fold_peaks, peaks_of};

/// The verdict on a log that does not hold. The outer error is a file that could not be read.
pub(super) fn explain<L: LogReader>(
    log: &L,
    checkpoint: &Checkpoint,
    scan: Scan,
) -> Result<VerifyError, VerifyError> {
    let Some(Suspect { first, end, kind }) = scan.suspect else {
        let computed = scan.root.unwrap_or(Hash::EMPTY_ROOT);
        return Ok(VerifyError::RootMismatch { computed, signed: checkpoint.root });
    };
    let (tile, computed) = match kind {
        SuspectKind::Plain(error) => return Ok(error),
        SuspectKind::Mismatch { tile, computed } => (tile, computed),
    };
    let altered_tile = VerifyError::TileChanged { index: first, path: tile.path() };
    if scan.root == Some(checkpoint.root) {
        return Ok(altered_tile);
    }
    let evidence = Evidence { log, checkpoint };
    let stored = match fetch_hashes(log, &tile)? {
        Stored::Hashes(stored) => stored,
        Stored::Missing | Stored::Length(_) => Vec::new(),
    };
    let is_entry = tile.layer == Layer::Hashes(0);
    Ok(if evidence.leads_to_root(tile, &stored)? {
        // The stored hashes are the sealed ones, so what lies below them is not.
        if is_entry { VerifyError::EntryChanged { index: first } } else { rewritten(first, end) }
    } else if evidence.leads_to_root(tile, &computed)? {
        altered_tile
    } else if is_entry {
        VerifyError::Disagreement { index: first }
    } else {
        rewritten(first, end)
    })
}

fn rewritten(index: u64, end: u64) -> VerifyError {
    VerifyError::Rewritten { index, end }
}

/// The stored tiles, as far as the signed root vouches for them.
struct Evidence<'a, L> {
    log: &'a L,
    checkpoint: &'a Checkpoint,
}

impl<L: LogReader> Evidence<'_, L> {
    /// Whether the signed root vouches for `hashes` as the content of `tile`.
    ///
    /// A full tile is vouched for by the hash of it in the tile above, and so on up; the partial tiles, one a
    /// level, make up the root together.
    fn leads_to_root(&self, tile: Tile, hashes: &[Hash]) -> Result<bool, VerifyError> {
        let size = self.checkpoint.size;
        let mut tile = tile;
        let mut hashes = hashes.to_vec();
        loop {
            if hashes.len() != usize::from(tile.width) {
                return Ok(false);
            }
            let Layer::Hashes(level) = tile.layer else {
                return Ok(false);
            };
            if !tile.is_full() {
                return self.edge_leads_to_root(level, &hashes);
            }
            let Some(above) = Tile::of_hash(level + 1, tile.index, size) else {
                return Ok(false);
            };
            let Stored::Hashes(parents) = fetch_hashes(self.log, &above)? else {
                return Ok(false);
            };
            let at = (tile.index % u64::from(TILE_WIDTH)) as usize;
            if parents.get(at) != peaks_of(&hashes).first() {
                return Ok(false);
            }
            tile = above;
            hashes = parents;
        }
    }

    /// Whether the partial tiles make up the signed root, with `given` in place of the stored one of `level`.
    fn edge_leads_to_root(&self, level: u8, given: &[Hash]) -> Result<bool, VerifyError> {
        let size = self.checkpoint.size;
        let mut peaks = Vec::new();
        for at in (0..MAX_TILE_LEVELS).rev() {
            let count = hashes_in_layer(Layer::Hashes(at), size);
            let width = (count % u64::from(TILE_WIDTH)) as u16;
            if width == 0 {
                continue;
            }
            if at == level {
                peaks.append(&mut peaks_of(given));
                continue;
            }
            let tile = Tile { layer: Layer::Hashes(at), index: count / u64::from(TILE_WIDTH), width };
            let Stored::Hashes(stored) = fetch_hashes(self.log, &tile)? else {
                return Ok(false);
            };
            peaks.append(&mut peaks_of(&stored));
        }
        Ok(fold_peaks(&peaks) == self.checkpoint.root)
    }
}
