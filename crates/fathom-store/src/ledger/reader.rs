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
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};

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
        let rows =
            sqlx::query("SELECT idx, hash, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2")
                .bind(stored_count(from))
                .bind(limit.clamp(1, MAX_LIMIT))
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("read the ledger", source))?;
        rows.iter().map(decode).collect()
    }

    /// Entries of some kind, of somebody or about something, in either order; and whether there are more.
    pub async fn entries_like(&self, query: &EntryQuery) -> Result<(Vec<LedgerEntry>, bool), StoreError> {
        let limit = query.limit.clamp(1, MAX_LIMIT) as usize;
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT idx, hash, body FROM ledger_entry WHERE 1 = 1");
        // The expressions are those of the indexes.
        if let Some(kind) = &query.kind {
            sql.push(" AND json_extract(CAST(body AS TEXT), '$.kind')");
            if let Some(beginning) = kind.strip_suffix('*') {
                sql.push(" >= ").push_bind(beginning.to_owned());
                sql.push(" AND json_extract(CAST(body AS TEXT), '$.kind') < ");
                sql.push_bind(format!("{beginning}\u{10FFFF}"));
            } else {
                sql.push(" = ").push_bind(kind.clone());
            }
        }
        for (expression, wanted) in [
            (" AND json_extract(CAST(body AS TEXT), '$.actor') = ", &query.actor),
            (" AND json_extract(CAST(body AS TEXT), '$.subject') = ", &query.subject),
        ] {
            if let Some(wanted) = wanted {
                sql.push(expression).push_bind(wanted.clone());
            }
        }
        if let Some(from) = query.from {
            sql.push(if query.descending { " AND idx <= " } else { " AND idx >= " })
                .push_bind(stored_count(from));
        }
        sql.push(if query.descending { " ORDER BY idx DESC" } else { " ORDER BY idx" });
        sql.push(" LIMIT ").push_bind(limit as i64 + 1);
        let rows = sql.build().fetch_all(self.readers()).await;
        let rows = rows.map_err(|source| self.failed("search the ledger", source))?;
        let mut found = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let more = found.len() > limit;
        found.truncate(limit);
        Ok((found, more))
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

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct EntryQuery {
    /// Only entries of this kind; with a star at the end those that begin so.
    pub kind: Option<String>,
    /// Only what somebody did.
    pub actor: Option<String>,
    /// Only what was done to something.
    pub subject: Option<String>,
    /// The first index of the page.
    pub from: Option<u64>,
    /// Whether the newest come first.
    pub descending: bool,
    /// The most entries, 1 to [`MAX_LIMIT`].
    pub limit: u32,
}

fn decode(row: &SqliteRow) -> Result<LedgerEntry, StoreError> {
    const TABLE: &str = "ledger_entry";
    let bad = |what: &str| StoreError::BadRow { table: TABLE, what: what.to_owned() };
    let hash: &[u8] = column(row, TABLE, 1)?;
    Ok(LedgerEntry {
        index: count(row, TABLE, 0)?,
        hash: Hash(hash.try_into().map_err(|_| bad("hash is not 32 bytes"))?),
        body: String::from_utf8(column(row, TABLE, 2)?).map_err(|_| bad("body is not text"))?,
    })
}

async fn end(conn: &mut sqlx::SqliteConnection, shared: &Shared) -> Result<State, StoreError> {
    state(conn, shared).await?.ok_or(StoreError::Ledger { why: "it has no entries".to_owned() })
}
