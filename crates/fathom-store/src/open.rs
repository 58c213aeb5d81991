//! The store: opening, sharing and closing it.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex as PlainMutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fathom_ledger::VerifierKey;
use fathom_model::Timestamp;
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    },
};
use tokio::{
    sync::{Mutex, MutexGuard, Notify, RwLock, mpsc},
    task::JoinHandle,
};

use crate::{
    DATABASE_FILE, NetworkRules, Overlay, StoreError,
    catalog::{Catalog, Pasts, Touched},
    error::classify,
    files,
    ledger::{self, Append, Keys, Published},
    overlap::ReadSince,
    scans, schema,
};

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS_MAX: u32 = 8;
/// Those that walk through a table for as long as whoever asked takes to read it.
const WALKERS_MAX: u32 = 8;
const READER_WAIT: Duration = Duration::from_secs(30);
/// Appends that wait for a commit; more callers wait for a place.
const APPENDS_QUEUED_MAX: usize = 4096;

/// The state of one Fathom. Cheap to clone; every clone is the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// Whether streams are read for somebody who may take long.
    asked: bool,
    /// What is laid over what it tells.
    pub(crate) overlay: Option<Arc<Overlay>>,
}

struct Inner {
    shared: Arc<Shared>,
    appends: PlainMutex<Option<mpsc::Sender<Append>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What the background tasks need, too.
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    /// For what is read at once, and for what scans read: whoever holds one of these gives it back soon.
    pub(crate) readers: SqlitePool,
    /// For the streams of questions, which are read as fast as somebody takes the answer.
    pub(crate) walkers: SqlitePool,
    pub(crate) verifier: VerifierKey,
    /// The estate by its columns, as it was read last.
    pub(crate) catalog: RwLock<Option<Arc<Catalog>>>,
    /// The same as scans left it, by scan and by how many had finished when it was read; the one used last at the end.
    pub(crate) pasts: Mutex<Pasts>,
    /// What scans of this process changed.
    pub(crate) touched: PlainMutex<Touched>,
    pub(crate) network_rules: OnceLock<NetworkRules>,
    /// Set in the writing process only.
    pub(crate) writer: Option<Writer>,
}

/// What only the writing process has.
pub(crate) struct Writer {
    conn: Mutex<Option<SqliteConnection>>,
    options: SqliteConnectOptions,
    pub(crate) keys: Keys,
    /// Rung after each commit that made the log longer.
    pub(crate) grown: Notify,
    pub(crate) closing: AtomicBool,
    /// What of the log is on disk; held while it is being written.
    pub(crate) published: Mutex<Published>,
    lock: PlainMutex<Option<File>>,
    /// Held while a scan is being finished: one after the other.
    pub(crate) finishing: Arc<Mutex<()>>,
    /// Scans that failed where even that could not be written, with why.
    pub(crate) unended: Mutex<BTreeMap<i64, String>>,
    /// What ended while an earlier scan was under way.
    pub(crate) read_since: Mutex<ReadSince>,
}

/// The one writing connection, held until dropped.
pub(crate) struct WriteGuard<'s> {
    conn: MutexGuard<'s, Option<SqliteConnection>>,
    options: &'s SqliteConnectOptions,
    dir: &'s Path,
}

impl WriteGuard<'_> {
    /// Begins a transaction that may write at once, so that it never fails half way for want of the lock.
    pub(crate) async fn begin(
        &mut self,
        operation: &'static str,
    ) -> Result<Transaction<'_, Sqlite>, StoreError> {
        let conn = self.conn.as_mut().ok_or(StoreError::Closed)?;
        if conn.is_in_transaction() {
            let failed = |source| classify(operation, self.dir, source);
            // What was dropped is rolled back by and by.
            conn.ping().await.map_err(failed)?;
            // Where SQLite did that by itself, as on a full disk, the rollback found no transaction and failed, and the
            // connection counts one for ever: another one takes its place.
            if conn.is_in_transaction() {
                *conn = self.options.connect().await.map_err(failed)?;
            }
        }
        conn.begin_with("BEGIN IMMEDIATE").await.map_err(|source| classify(operation, self.dir, source))
    }
}

#[cfg(test)]
impl WriteGuard<'_> {
    /// The connection itself, to make it fail.
    pub(crate) fn connection(&mut self) -> Option<&mut SqliteConnection> {
        self.conn.as_mut()
    }
}

impl Shared {
    /// Waits for the writing connection.
    pub(crate) async fn write(&self, operation: &'static str) -> Result<WriteGuard<'_>, StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::ReaderOnly { operation })?;
        Ok(WriteGuard { conn: writer.conn.lock().await, options: &writer.options, dir: &self.dir })
    }

    /// The writing process's part.
    pub(crate) fn writer(&self, operation: &'static str) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or(StoreError::ReaderOnly { operation })
    }

    /// An error of the database, with what was tried.
    pub(crate) fn failed(&self, operation: &'static str, source: sqlx::Error) -> StoreError {
        classify(operation, &self.dir, source)
    }
}

impl Store {
    /// Opens a data directory for writing and makes what is missing in it.
    ///
    /// `origin` names the log for ever: a URL without scheme, such as `fathom.example.com/log`. Scans that an earlier
    /// process left under way become interrupted. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where another process writes, [`StoreError::Anchor`] where the database is an older copy,
    /// and the accidents of files and disks.
    pub async fn open(dir: &Path, origin: &str, now: Timestamp) -> Result<Self, StoreError> {
        files::create_dir(dir)?;
        let lock = files::lock(dir).await?;
        let database = dir.join(DATABASE_FILE);
        schema::check_ours(dir, &database).await?;
        let options = base_options(&database)
            .create_if_missing(true)
            // Of a new file only: what is removed can be given back to the disk.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("cache_size", "-131072")
            .pragma("journal_size_limit", "67108864");
        let mut conn =
            options.connect().await.map_err(|source| classify("open the database", dir, source))?;
        schema::migrate(&mut conn, dir, &database, now).await?;
        let keys = ledger::open_keys(&mut conn, dir, origin).await?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            readers: reader_pool(base_options(&database).read_only(true), READERS_MAX),
            walkers: reader_pool(base_options(&database).read_only(true), WALKERS_MAX),
            verifier: keys.signer.verifier().clone(),
            catalog: RwLock::default(),
            pasts: Mutex::default(),
            touched: PlainMutex::default(),
            network_rules: OnceLock::new(),
            writer: Some(Writer {
                conn: Mutex::new(Some(conn)),
                options,
                keys,
                grown: Notify::new(),
                closing: AtomicBool::new(false),
                published: Mutex::new(Published::default()),
                lock: PlainMutex::new(Some(lock)),
                finishing: Arc::default(),
                unended: Mutex::default(),
                read_since: Mutex::default(),
            }),
        });
        ledger::prepare(&shared, now).await?;
        scans::interrupt_leftovers(&shared, now).await?;
        ledger::publish(&shared).await?;
        let (appends, queue) = mpsc::channel(APPENDS_QUEUED_MAX);
        let tasks = vec![
            tokio::spawn(ledger::run_writer(Arc::clone(&shared), queue)),
            tokio::spawn(ledger::run_publisher(Arc::clone(&shared))),
        ];
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                appends: PlainMutex::new(Some(appends)),
                tasks: Mutex::new(tasks),
            }),
            asked: false,
            overlay: None,
        })
    }

    /// Opens a data directory for reading, also beside a running server. Everything that writes is refused. A database of
    /// an older version is brought up to date first, where nobody writes to it.
    pub async fn open_reader(dir: &Path) -> Result<Self, StoreError> {
        let database = dir.join(DATABASE_FILE);
        let there = std::fs::metadata(&database);
        if there.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Err(StoreError::NoData { path: dir.to_owned() });
        }
        // The database first: where it is some other program's, nothing else here is ours either.
        let first = match try_reader(dir, &database, false).await {
            Err(error @ StoreError::TooOld { .. }) if update(dir, &database).await.is_err() => Err(error),
            Err(StoreError::TooOld { .. }) => try_reader(dir, &database, false).await,
            other => other,
        };
        let (readers, walkers) = match first {
            // A directory that may not be written has no place for SQLite's shared index; where no log of changes
            // is left either, the file alone is the whole database.
            Err(StoreError::ReadOnly { .. }) if !dir.join(format!("{DATABASE_FILE}-wal")).is_file() => {
                try_reader(dir, &database, true).await?
            }
            other => other?,
        };
        let verifier = ledger::read_public_key(dir)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            readers,
            walkers,
            verifier,
            catalog: RwLock::default(),
            pasts: Mutex::default(),
            touched: PlainMutex::default(),
            network_rules: OnceLock::new(),
            writer: None,
        });
        Ok(Self {
            inner: Arc::new(Inner { shared, appends: PlainMutex::new(None), tasks: Mutex::new(Vec::new()) }),
            asked: false,
            overlay: None,
        })
    }

    /// Finishes what is queued, writes the ledger's tiles, and frees the directory. Later calls on any clone fail
    /// with [`StoreError::Closed`]. A store that is dropped instead does the same in the background, and what a dying
    /// process leaves undone is made up for by the next [`Store::open`].
    pub async fn close(&self) -> Result<(), StoreError> {
        drop(self.inner.take_appends());
        let tasks = std::mem::take(&mut *self.inner.tasks.lock().await);
        for task in tasks {
            // A task that panicked has said so; what it left is made up for at the next open.
            let _ended = task.await;
        }
        let shared = &self.inner.shared;
        shared.readers.close().await;
        shared.walkers.close().await;
        if let Some(writer) = &shared.writer {
            let conn = writer.conn.lock().await.take();
            let closed = match conn {
                Some(conn) => conn.close().await,
                None => Ok(()),
            };
            if let Ok(mut lock) = writer.lock.lock() {
                *lock = None;
            }
            closed.map_err(|source| shared.failed("close the database", source))?;
        }
        Ok(())
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.inner.shared.dir
    }

    /// Whether this process may write.
    pub fn is_writer(&self) -> bool {
        self.inner.shared.writer.is_some()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.shared.readers
    }

    /// The same store for questions that people ask: their streams have connections of their own, so that slow ones never
    /// keep a scan from its end.
    pub fn for_questions(&self) -> Self {
        Self { asked: true, ..self.clone() }
    }

    /// The same store, seen under an overlay.
    #[must_use]
    pub fn under(&self, overlay: Overlay) -> Self {
        Self { overlay: Some(Arc::new(overlay)), ..self.clone() }
    }

    /// Where streams are read.
    pub(crate) fn walkers(&self) -> &SqlitePool {
        if self.asked { &self.inner.shared.walkers } else { &self.inner.shared.readers }
    }

    pub(crate) fn failed(&self, operation: &'static str, source: sqlx::Error) -> StoreError {
        match source {
            sqlx::Error::PoolClosed => StoreError::Closed,
            source => self.inner.shared.failed(operation, source),
        }
    }

    /// The queue of the group commit.
    pub(crate) fn appends(&self) -> Result<mpsc::Sender<Append>, StoreError> {
        self.inner.shared.writer("append to the ledger")?;
        let sender = self.inner.appends.lock().ok().and_then(|sender| sender.clone());
        sender.ok_or(StoreError::Closed)
    }
}

impl Inner {
    fn take_appends(&self) -> Option<mpsc::Sender<Append>> {
        self.appends.lock().ok().and_then(|mut sender| sender.take())
    }
}

impl Writer {
    /// Tells the publisher to finish.
    pub(crate) fn begin_closing(&self) {
        self.closing.store(true, Ordering::Release);
        self.grown.notify_one();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir()).field("writer", &self.is_writer()).finish()
    }
}

fn base_options(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(1024)
        .disable_statement_logging()
}

fn reader_pool(options: SqliteConnectOptions, connections: u32) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(READER_WAIT)
        .connect_lazy_with(options.pragma("cache_size", "-16384"))
}

/// Brings a database that nobody writes to up to date.
async fn update(dir: &Path, database: &Path) -> Result<(), StoreError> {
    let _lock = files::lock(dir).await?;
    let failed = |source| classify("update the database schema", dir, source);
    let mut conn = base_options(database).foreign_keys(true).connect().await.map_err(failed)?;
    schema::migrate(&mut conn, dir, database, Timestamp::now()).await?;
    conn.close().await.map_err(failed)
}

async fn try_reader(
    dir: &Path,
    database: &Path,
    immutable: bool,
) -> Result<(SqlitePool, SqlitePool), StoreError> {
    let options = base_options(database).read_only(true).immutable(immutable);
    let pool = reader_pool(options.clone(), READERS_MAX);
    let mut conn = pool.acquire().await.map_err(|source| classify("open the database", dir, source))?;
    match schema::check_version(&mut conn, dir, database).await {
        Ok(found) if found < schema::NEWEST => {
            Err(StoreError::TooOld { path: database.to_owned(), found, known: schema::NEWEST })
        }
        Ok(_) => Ok((pool.clone(), reader_pool(options, WALKERS_MAX))),
        // A file without our table of migrations is some other program's.
        Err(StoreError::Database { .. }) => Err(StoreError::Foreign { path: database.to_owned() }),
        Err(error) => Err(error),
    }
}
