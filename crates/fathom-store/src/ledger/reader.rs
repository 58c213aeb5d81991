//! Reading the log: entries and proofs from the database, and the whole of it from a directory.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use fathom_ledger::{
    Checkpoint, Hash, LogProof, LogReader, Report, Tile, VerifierKey, VerifyError,
    tile::{MAX_BUNDLE_BYTES, inclusion_tiles},
    tree::prove_inclusion,
    verify_log,
};

use crate::{
    LEDGER_DIR, LedgerEntry, LedgerStatus, MAX_LIMIT, Store, StoreError,
    open::Shared,
    rows::{column, count, stored_count},
};

use super::{
    tiles::{CHECKPOINT_FILE, load_tiles, size_on_disk},
    writer::{State, state},
};

/// The largest checkpoint that we read.
const CHECKPOINT_BYTES_MAX: u64 = 64 * 1024;

/// A log in a directory, as [`crate::LEDGER_DIR`] is one, or a copy of it.
#[derive(Debug, Clone)]
pub struct DirLog {
    root: PathBuf,
}

impl DirLog {
    /// Over the directory that holds `checkpoint` and `tile/`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl LogReader for DirLog {
    type Error = io::Error;

    fn checkpoint(&self) -> Result<Vec<u8>, io::Error> {
        read_limited(&self.root.join(CHECKPOINT_FILE), CHECKPOINT_BYTES_MAX)?
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no checkpoint"))
    }

    fn read(&self, tile: &Tile) -> Result<Option<Vec<u8>>, io::Error> {
        read_limited(&self.root.join(tile.path()), MAX_BUNDLE_BYTES as u64)
    }
}

/// Checks a whole log in a directory: every entry, every tile, and the signature of the checkpoint.
pub fn verify_dir(dir: &Path, key: &VerifierKey) -> Result<Report, VerifyError> {
    verify_log(&DirLog::new(dir), key)
}

fn read_limited(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
    }
    Ok(Some(bytes))
}

impl Store {
    /// The proof that an entry is in the log, as C2SP tlog-proof text: it can be checked without the log.
    pub async fn prove(&self, index: u64) -> Result<String, StoreError> {
        let shared = self.shared();
        let mut conn = self.readers().acquire().await.map_err(|s| self.failed("read the ledger", s))?;
        let State { frontier, checkpoint } = end(&mut conn, shared).await?;
        let size = frontier.size();
        if index >= size {
            return Err(StoreError::NoSuchEntry { index, size });
        }
        let broken = |why: String| StoreError::Ledger { why };
        let tiles = inclusion_tiles(index, size).map_err(|error| broken(error.to_string()))?;
        let tiles = load_tiles(&mut conn, shared, size, &tiles).await?;
        let hashes = prove_inclusion(&tiles, index, size).map_err(|error| broken(error.to_string()))?;
        Ok(LogProof { extra: None, index, hashes, checkpoint }.to_text())
    }

    /// Entries from an index on, oldest first, at most [`MAX_LIMIT`].
    pub async fn entries(&self, from: u64, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        const TABLE: &str = "ledger_entry";
        let rows =
            sqlx::query("SELECT idx, hash, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2")
                .bind(stored_count(from))
                .bind(limit.clamp(1, MAX_LIMIT))
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read the ledger", source))?;
        rows.iter()
            .map(|row| {
                let bad = |what: &str| StoreError::BadRow { table: TABLE, what: what.to_owned() };
                let hash: &[u8] = column(row, TABLE, 1)?;
                Ok(LedgerEntry {
                    index: count(row, TABLE, 0)?,
                    hash: Hash(hash.try_into().map_err(|_| bad("hash is not 32 bytes"))?),
                    body: String::from_utf8(column(row, TABLE, 2)?).map_err(|_| bad("body is not text"))?,
                })
            })
            .collect()
    }

    /// Where the log ends, in the database and in its files.
    pub async fn ledger_status(&self) -> Result<LedgerStatus, StoreError> {
        let shared = self.shared();
        let mut conn = self.readers().acquire().await.map_err(|s| self.failed("read the ledger", s))?;
        let State { frontier, checkpoint } = end(&mut conn, shared).await?;
        Checkpoint::open(checkpoint.as_bytes(), &shared.verifier).map_err(|source| {
            StoreError::Checkpoint { place: "the table ledger_state".to_owned(), source }
        })?;
        Ok(LedgerStatus {
            origin: shared.verifier.name().to_owned(),
            size: frontier.size(),
            root: frontier.root(),
            checkpoint,
            public_key: shared.verifier.to_string(),
            published: size_on_disk(shared, &shared.dir.join(LEDGER_DIR))?,
        })
    }
}

async fn end(conn: &mut sqlx::SqliteConnection, shared: &Shared) -> Result<State, StoreError> {
    state(conn, shared).await?.ok_or(StoreError::Ledger { why: "it has no entries".to_owned() })
}
