//! The pass from left to right: recomputes all tiles from the entries and notes the first that differs.

use super::{LogReader, Stored, VerifyError, fetch, fetch_hashes};
use crate::hash::Hash;
use crate::tile::{BundleReader, Layer, TILE_WIDTH, Tile};
use crate::tree::{fold_peaks, peaks_of};

/// Outcome of the pass.
pub(super) struct Scan {
    /// Root that the entries lead to; `None` if not all of them could be read.
    pub(super) root: Option<Hash>,
    /// The first place where something is wrong.
    pub(super) suspect: Option<Suspect>,
    /// Entries read.
    pub(super) entries: u64,
    /// Tiles compared.
    pub(super) tiles: u64,
}

/// Something wrong, and which entries it concerns.
pub(super) struct Suspect {
    /// First entry.
    pub(super) first: u64,
    /// End of the entries, exclusive.
    pub(super) end: u64,
    /// What it is.
    pub(super) kind: SuspectKind,
}

/// What is wrong.
pub(super) enum SuspectKind {
    /// The stored hash at a position of a tile is not the one that the entries lead to.
    Mismatch {
        /// The tile.
        tile: Tile,
        /// What the hashes of the tile should be by the entries.
        computed: Vec<Hash>,
    },
    /// A file that is missing or malformed, which needs no further inquiry.
    Plain(VerifyError),
}

impl Scan {
    /// Reads all entries and hash tiles of a log of `size` entries.
    pub(super) fn run<L: LogReader>(log: &L, size: u64) -> Result<Self, VerifyError> {
        let mut scan = Self { root: None, suspect: None, entries: 0, tiles: 0 };
        // The computed hashes of the rightmost tile of each level so far, and the index of that tile.
        let mut edge: Vec<(u64, Vec<Hash>)> = Vec::new();
        while let Some(bundle) = Tile::of_entry(scan.entries, size) {
            let leaves = match leaf_hashes(log, &bundle)? {
                Ok(leaves) => leaves,
                Err((leaves, error)) => {
                    // What precedes the fault may be wrong as well, and comes first.
                    scan.compare_first(log, &Tile { layer: Layer::Hashes(0), ..bundle }, &leaves)?;
                    scan.suspect_plain(error);
                    return Ok(scan);
                }
            };
            scan.entries += u64::from(bundle.width);
            let mut level = 0_u8;
            let mut hashes = leaves;
            loop {
                let at = usize::from(level);
                if edge.len() <= at {
                    edge.push((0, Vec::new()));
                }
                let Some((index, row)) = edge.get_mut(at) else { break };
                row.append(&mut hashes);
                if row.len() < usize::from(TILE_WIDTH) {
                    break;
                }
                let tile = Tile { layer: Layer::Hashes(level), index: *index, width: TILE_WIDTH };
                let full = std::mem::take(row);
                *index += 1;
                hashes = peaks_of(&full);
                scan.compare(log, tile, full, size)?;
                level += 1;
            }
        }
        let mut peaks = Vec::new();
        for (_, row) in edge.iter().rev() {
            peaks.append(&mut peaks_of(row));
        }
        scan.root = Some(fold_peaks(&peaks));
        for (level, (index, row)) in (0_u8..).zip(edge) {
            if !row.is_empty() {
                let tile = Tile { layer: Layer::Hashes(level), index, width: row.len() as u16 };
                scan.compare(log, tile, row, size)?;
            }
        }
        Ok(scan)
    }

    /// Compares a whole tile.
    fn compare<L: LogReader>(
        &mut self,
        log: &L,
        tile: Tile,
        computed: Vec<Hash>,
        size: u64,
    ) -> Result<(), VerifyError> {
        self.tiles += 1;
        let path = tile.path();
        let first = tile.first_entry(0);
        let end = tile.first_entry(tile.width).min(size);
        let stored = match fetch_hashes(log, &tile)? {
            Stored::Hashes(stored) => stored,
            Stored::Missing => {
                self.suspect(first, end, SuspectKind::Plain(VerifyError::TileMissing { index: first, path }));
                return Ok(());
            }
            Stored::Length(bytes) => {
                let error = VerifyError::TileLength { index: first, path, bytes };
                self.suspect(first, end, SuspectKind::Plain(error));
                return Ok(());
            }
        };
        if let Some(at) = first_difference(&stored, &computed) {
            let first = tile.first_entry(at);
            let end = tile.first_entry(at + 1).min(size);
            self.suspect(first, end, SuspectKind::Mismatch { tile, computed });
        }
        Ok(())
    }

    /// Compares what could be read of a bundle with the beginning of its tile.
    fn compare_first<L: LogReader>(
        &mut self,
        log: &L,
        tile: &Tile,
        computed: &[Hash],
    ) -> Result<(), VerifyError> {
        if let Stored::Hashes(stored) = fetch_hashes(log, tile)?
            && let Some(at) = first_difference(&stored, computed)
        {
            let first = tile.first_entry(at);
            let kind = SuspectKind::Mismatch { tile: *tile, computed: computed.to_vec() };
            self.suspect(first, first + 1, kind);
        }
        Ok(())
    }

    fn suspect_plain(&mut self, error: VerifyError) {
        let first = error.index().unwrap_or_default();
        self.suspect(first, first + 1, SuspectKind::Plain(error));
    }

    /// Keeps the first suspect. One that concerns a range around a known one adds nothing to it; one that
    /// lies wholly before it takes its place.
    fn suspect(&mut self, first: u64, end: u64, kind: SuspectKind) {
        if self.suspect.as_ref().is_none_or(|known| end <= known.first) {
            self.suspect = Some(Suspect { first, end, kind });
        }
    }
}

type Readable = Result<Vec<Hash>, (Vec<Hash>, VerifyError)>;

/// The leaf hashes of a bundle's entries, or those before the first fault, with the fault.
fn leaf_hashes<L: LogReader>(log: &L, bundle: &Tile) -> Result<Readable, VerifyError> {
    let path = bundle.path();
    let Some((bytes, stored_width)) = fetch(log, bundle)? else {
        let error = VerifyError::EntryMissing { index: bundle.first_entry(0), path };
        return Ok(Err((Vec::new(), error)));
    };
    let mut reader = BundleReader::new(&bytes, bundle.width);
    let mut leaves = Vec::with_capacity(usize::from(bundle.width));
    for (at, entry) in (0_u16..).zip(reader.by_ref()) {
        let Ok(entry) = entry else {
            let error = VerifyError::EntryMissing { index: bundle.first_entry(at), path };
            return Ok(Err((leaves, error)));
        };
        leaves.push(Hash::leaf(entry));
    }
    let trailing = reader.rest().len();
    if trailing > 0 && stored_width == bundle.width {
        let index = bundle.first_entry(bundle.width - 1);
        return Ok(Err((leaves, VerifyError::BundleTrailing { index, path, bytes: trailing })));
    }
    Ok(Ok(leaves))
}

fn first_difference(stored: &[Hash], computed: &[Hash]) -> Option<u16> {
    (0_u16..).zip(stored.iter().zip(computed)).find(|(_, (a, b))| a != b).map(|(at, _)| at)
}
