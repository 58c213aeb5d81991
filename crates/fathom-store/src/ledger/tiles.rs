//! The log as files: C2SP tlog-tiles, written from the database after each commit.
//!
//! The order makes every moment safe: tiles first, then the checkpoint that needs them, then the anchor. Full tiles
//! are written once. Partial ones stay for a while after larger ones took their place, so that somebody who is
//! reading the log by an older checkpoint can finish.

use std::{
    collections::{BTreeSet, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fathom_ledger::{
    Checkpoint, Tile,
    tile::{Bundle, Layer, TILE_HEIGHT, TILE_WIDTH, TileMap, changed_tiles, superseded_tiles, tiles_at},
};
use sqlx::{Row, SqliteConnection};

use crate::{
    ANCHOR_FILE, LEDGER_DIR, Store, StoreError,
    error::file_error,
    files,
    open::{Shared, Writer},
    rows::stored_count,
    scans::blocking,
};

use super::writer::state;

/// File name of the checkpoint in the directory of the log.
pub(crate) const CHECKPOINT_FILE: &str = "checkpoint";
/// Partial tiles that stay after they are superseded.
const SUPERSEDED_KEPT: usize = 128;
/// Pause between two rounds of writing, so that a busy log does not write its edge for every commit.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause after a round that failed.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// What of the log is on disk.
#[derive(Default)]
pub(crate) struct Published {
    size: u64,
    begun: bool,
    superseded: VecDeque<Tile>,
}

impl Store {
    /// Writes the ledger's files now, and gives the number of entries that they show. The background does the same
    /// shortly after each commit.
    pub async fn publish_ledger(&self) -> Result<u64, StoreError> {
        publish(self.shared()).await
    }
}

/// The publisher task: ends after the round that follows the writer task's end.
pub(crate) async fn run_publisher(shared: Arc<Shared>) {
    let Some(writer) = &shared.writer else { return };
    loop {
        writer.grown.notified().await;
        let closing = writer.closing.load(Ordering::Acquire);
        let pause = match publish(&shared).await {
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::warn!(error = %error, "cannot write the ledger's files; trying again");
                writer.grown.notify_one();
                RETRY_PAUSE
            }
        };
        if closing {
            return;
        }
        wait(writer, pause).await;
    }
}

async fn wait(writer: &Writer, pause: Duration) {
    let step = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    while waited < pause && !writer.closing.load(Ordering::Acquire) {
        tokio::time::sleep(step).await;
        waited += step;
    }
}

/// Brings the files up to the end of the log.
pub(crate) async fn publish(shared: &Shared) -> Result<u64, StoreError> {
    const OPERATION: &str = "write the ledger's files";
    let writer = shared.writer(OPERATION)?;
    let mut published = writer.published.lock().await;
    let mut conn = shared.readers.acquire().await.map_err(|source| shared.failed(OPERATION, source))?;
    let Some(state) = state(&mut conn, shared).await? else { return Ok(0) };
    let size = state.frontier.size();
    let root = shared.dir.join(LEDGER_DIR);
    let tiles = if published.begun {
        changed_tiles(published.size, size).collect::<Vec<_>>()
    } else {
        published.size = size_on_disk(shared, &root)?.min(size);
        missing_tiles(&root, published.size, size).await?
    };
    if published.begun && published.size == size {
        return Ok(size);
    }
    for tile in tiles {
        let bytes = tile_bytes(&mut conn, shared, &tile).await?;
        write_file(root.join(tile.path()), bytes).await?;
    }
    drop(conn);
    let note = Arc::new(state.checkpoint);
    write_file(root.join(CHECKPOINT_FILE), note.as_bytes().to_vec()).await?;
    write_file(shared.dir.join(ANCHOR_FILE), note.as_bytes().to_vec()).await?;
    let gone: Vec<Tile> = superseded_tiles(published.size, size).collect();
    published.superseded.extend(gone);
    let excess = published.superseded.len().saturating_sub(SUPERSEDED_KEPT);
    let removed: Vec<Tile> = published.superseded.drain(..excess).collect();
    published.size = size;
    published.begun = true;
    remove_files(root, removed).await?;
    Ok(size)
}

/// Size of the log that the files show, 0 where there are none.
pub(crate) fn size_on_disk(shared: &Shared, root: &Path) -> Result<u64, StoreError> {
    let path = root.join(CHECKPOINT_FILE);
    let bytes = files::read_optional(&path)
        .map_err(|source| file_error("read the last checkpoint", &path, source))?;
    let Some(bytes) = bytes else { return Ok(0) };
    Checkpoint::open(&bytes, &shared.verifier)
        .map(|checkpoint| checkpoint.size)
        .map_err(|source| StoreError::Checkpoint { place: path.display().to_string(), source })
}

/// The tiles to write at the start: those that grew, and those that a crash left unwritten.
async fn missing_tiles(root: &Path, from: u64, size: u64) -> Result<Vec<Tile>, StoreError> {
    let root = root.to_owned();
    blocking(move || {
        let grown: BTreeSet<Tile> = changed_tiles(from, size).collect();
        tiles_at(size).filter(|tile| grown.contains(tile) || !root.join(tile.path()).is_file()).collect()
    })
    .await
}

async fn write_file(path: PathBuf, bytes: Vec<u8>) -> Result<(), StoreError> {
    blocking(move || {
        let failed = |source| file_error("write the ledger's files", &path, source);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        files::replace(&path, &bytes).map_err(failed)
    })
    .await?
}

async fn remove_files(root: PathBuf, tiles: Vec<Tile>) -> Result<(), StoreError> {
    blocking(move || {
        for tile in tiles {
            let path = root.join(tile.path());
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(file_error("remove a superseded tile", &path, error));
                }
                _ => {}
            }
            // The directory of partial tiles goes with its last file; while it has others, this fails, as it should.
            let _kept = path.parent().map(fs::remove_dir);
        }
        Ok(())
    })
    .await?
}

/// The bytes of a tile or bundle, from the database.
pub(crate) async fn tile_bytes(
    conn: &mut SqliteConnection,
    shared: &Shared,
    tile: &Tile,
) -> Result<Vec<u8>, StoreError> {
    let first = tile.index * u64::from(TILE_WIDTH);
    let end = first + u64::from(tile.width);
    let (sql, level) = match tile.layer {
        Layer::Entries => {
            ("SELECT body FROM ledger_entry WHERE $3 = 0 AND idx >= $1 AND idx < $2 ORDER BY idx", 0)
        }
        Layer::Hashes(0) => {
            ("SELECT hash FROM ledger_entry WHERE $3 = 0 AND idx >= $1 AND idx < $2 ORDER BY idx", 0)
        }
        Layer::Hashes(level) => (
            "SELECT hash FROM ledger_node WHERE level = $3 AND idx >= $1 AND idx < $2 ORDER BY idx",
            i64::from(level) * i64::from(TILE_HEIGHT),
        ),
    };
    let failed = |source| shared.failed("read the ledger", source);
    let rows = sqlx::query(sql)
        .bind(stored_count(first))
        .bind(stored_count(end))
        .bind(level)
        .fetch_all(conn)
        .await
        .map_err(failed)?;
    if rows.len() != usize::from(tile.width) {
        return Err(StoreError::Ledger {
            why: format!("the database has {} of the {} rows of `{tile}`", rows.len(), tile.width),
        });
    }
    let mut bytes = Vec::new();
    let mut bundle = Bundle::default();
    for row in &rows {
        let value: &[u8] = row.try_get(0).map_err(failed)?;
        match tile.layer {
            Layer::Hashes(_) => bytes.extend_from_slice(value),
            Layer::Entries => {
                bundle.push(value).map_err(|error| StoreError::Ledger { why: error.to_string() })?;
            }
        }
    }
    Ok(if tile.layer == Layer::Entries { bundle.into_bytes() } else { bytes })
}

/// The tiles that a proof is made from.
pub(crate) async fn load_tiles(
    conn: &mut SqliteConnection,
    shared: &Shared,
    size: u64,
    tiles: &BTreeSet<Tile>,
) -> Result<TileMap, StoreError> {
    let mut map = TileMap::new(size);
    for tile in tiles {
        let bytes = tile_bytes(conn, shared, tile).await?;
        map.insert(*tile, &bytes).map_err(|error| StoreError::Ledger { why: error.to_string() })?;
    }
    Ok(map)
}
