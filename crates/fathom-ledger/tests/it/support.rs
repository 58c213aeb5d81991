//! Logs to test with: in memory and as files.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fathom_ledger::tile::{Bundle, Layer, render_tile, tiles_at};
use fathom_ledger::tree::MemoryTree;
use fathom_ledger::{Checkpoint, Hash, LogReader, SignerKey, Tile, VerifierKey};

pub(crate) const ORIGIN: &str = "example.com/log";

pub(crate) fn signer() -> SignerKey {
    SignerKey::from_seed(ORIGIN, &[7; 32]).unwrap()
}

pub(crate) fn verifier() -> VerifierKey {
    signer().verifier().clone()
}

/// `n` entries, no two alike, of varying length.
pub(crate) fn entries(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|i| format!("entry {i} {}", "x".repeat(i * 7 % 31)).into_bytes()).collect()
}

pub(crate) fn leaves(n: usize) -> Vec<Hash> {
    (0..n as u64).map(|i| Hash::leaf(&i.to_be_bytes())).collect()
}

pub(crate) fn tree_of(leaves: &[Hash]) -> MemoryTree {
    let mut tree = MemoryTree::default();
    for leaf in leaves {
        tree.append(*leaf).unwrap();
    }
    tree
}

/// A log as path and content.
#[derive(Clone, Debug)]
pub(crate) struct MemLog {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) size: u64,
    pub(crate) tree: MemoryTree,
}

impl MemLog {
    pub(crate) fn of(entries: &[Vec<u8>]) -> Self {
        let tree = tree_of(&entries.iter().map(|entry| Hash::leaf(entry)).collect::<Vec<_>>());
        let size = entries.len() as u64;
        let mut log = Self { files: BTreeMap::new(), size, tree };
        for tile in tiles_at(size) {
            if matches!(tile.layer, Layer::Hashes(_)) {
                let bytes = render_tile(&log.tree, &tile).unwrap();
                log.files.insert(tile.path(), bytes);
            }
        }
        log.set_bundles(entries);
        let root = log.tree.frontier().root();
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root };
        log.files.insert("checkpoint".to_owned(), checkpoint.sign(&signer(), &[]).unwrap().into_bytes());
        log
    }

    /// Writes other entries into the bundles and leaves all else alone; what is too much goes to the last
    /// one.
    pub(crate) fn set_bundles(&mut self, entries: &[Vec<u8>]) {
        let mut rest = entries;
        let tiles: Vec<Tile> = tiles_at(self.size).filter(|tile| tile.layer == Layer::Entries).collect();
        for (at, tile) in tiles.iter().enumerate() {
            let (here, after) = rest.split_at(rest.len().min(usize::from(tile.width)));
            rest = after;
            let mut bytes = bundle(here);
            if at + 1 == tiles.len() {
                bytes.extend(rest.iter().flat_map(|entry| bundle(std::slice::from_ref(entry))));
            }
            self.files.insert(tile.path(), bytes);
        }
    }

    pub(crate) fn write_to(&self, dir: &Path) {
        for (path, bytes) in &self.files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

pub(crate) fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bundle = Bundle::default();
    for entry in entries {
        bundle.push(entry).unwrap();
    }
    bundle.into_bytes()
}

impl LogReader for MemLog {
    type Error = Infallible;

    fn checkpoint(&self) -> Result<Vec<u8>, Infallible> {
        Ok(self.files.get("checkpoint").cloned().unwrap_or_default())
    }

    fn read(&self, tile: &Tile) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.files.get(&tile.path()).cloned())
    }
}

/// A log as files below a directory.
pub(crate) struct DirLog(pub(crate) PathBuf);

impl LogReader for DirLog {
    type Error = io::Error;

    fn checkpoint(&self) -> Result<Vec<u8>, io::Error> {
        fs::read(self.0.join("checkpoint"))
    }

    fn read(&self, tile: &Tile) -> Result<Option<Vec<u8>>, io::Error> {
        match fs::read(self.0.join(tile.path())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }
}
