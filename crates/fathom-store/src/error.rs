//! What can go wrong in the store, and what a person can do about it.
//!
//! The common accidents of a data directory (no space, no rights, another process, a foreign or broken file) have
//! variants of their own, whatever operation met them; all else names the operation and carries its cause. No error
//! shows the content of a row, a key or a token.

use std::{io, path::PathBuf};

use fathom_ledger::{checkpoint::CheckpointError, note::KeyError};

/// Why an operation of the store did not happen. Nothing of it is left behind unless the variant says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The data directory cannot be made or its rights cannot be set.
    #[error("cannot create the data directory `{path}`; choose another with --data, or fix its rights", path = path.display())]
    CreateDir {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Nothing had been scanned yet at the moment asked for.
    #[error(
        "nothing is known of {moment}: {}",
        begins.map_or_else(|| "no scan has ended yet; run `fathom scan`".to_owned(), |at| format!("history begins at {at}"))
    )]
    BeforeHistory {
        /// The moment.
        moment: fathom_model::Timestamp,
        /// When the first scan ended.
        begins: Option<fathom_model::Timestamp>,
    },
    /// A compaction let go of a part of what was as of a scan.
    #[error("the state as of scan {scan} was let go of by a compaction of the history; {}", kept_words(kept))]
    Compacted {
        /// The scan.
        scan: i64,
        /// The nearest scans whose state is kept: the one before and the one after.
        kept: Vec<i64>,
    },
    /// What was said as of a scan was not kept yet when that scan ended.
    #[error(
        "{what} as of scan {scan} is not known: it is kept of scans that ended after {since}, and of resources and their \
         documents before that"
    )]
    NotKept {
        /// What is not kept.
        what: &'static str,
        /// The scan.
        scan: i64,
        /// Since when it is.
        since: fathom_model::Timestamp,
    },
    /// There is nothing to read yet.
    #[error("there is no Fathom data in `{path}`; run a scan first, or name the directory with --data", path = path.display())]
    NoData {
        /// The directory.
        path: PathBuf,
    },
    /// Another process writes to the directory.
    #[error(
        "`{path}` is in use by another Fathom process{holder}; stop it, or use its API, or choose another directory",
        path = path.display(), holder = pid.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The holder's process id, where it could be read.
        pid: Option<u32>,
    },
    /// The lock file cannot be made or locked.
    #[error("cannot lock `{path}`; check the rights of the data directory and that its file system has locks", path = path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// No space is left where the data directory is.
    #[error("no space left while trying to {operation}; nothing was changed: free space at `{path}` and try again", path = path.display())]
    DiskFull {
        /// What was tried.
        operation: &'static str,
        /// The data directory.
        path: PathBuf,
    },
    /// The data directory or a file in it may not be written.
    #[error("`{path}` may not be written, so Fathom cannot {operation}; fix the rights, or mount it writable", path = path.display())]
    ReadOnly {
        /// What was tried.
        operation: &'static str,
        /// The data directory.
        path: PathBuf,
    },
    /// The store was opened for reading only.
    #[error("cannot {operation}: the store was opened for reading only")]
    ReaderOnly {
        /// What was tried.
        operation: &'static str,
    },
    /// Some other program holds the database for longer than we wait.
    #[error("the database in `{path}` is locked by another program while trying to {operation}; close it and try again", path = path.display())]
    Busy {
        /// What was tried.
        operation: &'static str,
        /// The data directory.
        path: PathBuf,
    },
    /// `fathom.db` is not a database of ours.
    #[error("`{path}` is not a Fathom database; move it away, or choose another data directory", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The database file is damaged.
    #[error("the database in `{path}` is damaged (found while trying to {operation}); restore a backup, or scan into a new directory; `fathom ledger verify` works on the `ledger` directory alone", path = path.display())]
    Corrupt {
        /// What was tried.
        operation: &'static str,
        /// The data directory.
        path: PathBuf,
    },
    /// A newer Fathom made this database.
    #[error("`{path}` was made by a newer Fathom (schema {found}, this one knows {known}); use that one", path = path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// An older Fathom made this database, and it cannot be brought up to date now.
    #[error("`{path}` was made by an older Fathom (schema {found}, this one reads {known}), and it cannot be updated while another process writes or where the directory may not be written; stop that process, or run any command where it may be written", path = path.display())]
    TooOld {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema that this program reads.
        known: i64,
    },
    /// Any other failure of the database.
    #[error("cannot {operation}")]
    Database {
        /// What was tried.
        operation: &'static str,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// A file operation failed.
    #[error("cannot {operation} at `{path}`", path = path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A row holds something that this program never writes.
    #[error(
        "`{table}` holds a value that Fathom does not write ({what}); the database was changed from outside"
    )]
    BadRow {
        /// The table.
        table: &'static str,
        /// What is wrong.
        what: String,
    },
    /// There is no such scan, or it is no longer under way.
    #[error("scan {scan} is not under way")]
    NoSuchScan {
        /// The scan.
        scan: i64,
    },
    /// The resource is not in the estate.
    #[error("no resource `{uid}` is known")]
    NoSuchResource {
        /// The uid.
        uid: String,
    },
    /// There is nothing to revoke.
    #[error("no acceptance of `{part}` holds for `{uid}`")]
    NoSuchAcceptance {
        /// The uid.
        uid: String,
        /// The part.
        part: String,
    },
    /// There is no such person, session, token or passkey.
    #[error("there is no {what} {id}")]
    Missing {
        /// What.
        what: &'static str,
        /// Its number.
        id: i64,
    },
    /// What is there does not allow it.
    #[error("{what}")]
    Conflict {
        /// What does not go together.
        what: String,
    },
    /// Something that opens once was used before.
    #[error("it was used before")]
    Spent,
    /// An argument is out of its limits.
    #[error("{what}")]
    Invalid {
        /// Which one and what its limits are.
        what: String,
    },
    /// The signing key cannot be read.
    #[error("the signing key `{path}` cannot be used; restore it from a backup (a new key would break the log)", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: KeyError,
    },
    /// The key is missing although there is a log.
    #[error("the signing key `{path}` is missing although the log has entries; restore it from a backup", path = path.display())]
    KeyMissing {
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint does not hold.
    #[error("the checkpoint in `{place}` does not hold")]
    Checkpoint {
        /// File or table.
        place: String,
        /// The cause.
        #[source]
        source: CheckpointError,
    },
    /// The log in the database is older than, or differs from, what was already published.
    #[error(
        "the ledger was refused: {why}. The database looks like a restored older copy; bring back the newest one, or move the whole data directory away and start a new log"
    )]
    Anchor {
        /// What does not fit.
        why: String,
    },
    /// An entry cannot be written: too large, or not canonical.
    #[error("the ledger cannot take an entry of kind `{kind}`")]
    Entry {
        /// Kind of the entry.
        kind: String,
        /// The cause.
        #[source]
        source: fathom_ledger::entry::EntryError,
    },
    /// The log is damaged.
    #[error("the ledger does not hold: {why}")]
    Ledger {
        /// What does not fit.
        why: String,
    },
    /// No entry has this index.
    #[error("the ledger has {size} entries, numbered from 0; there is no {index}")]
    NoSuchEntry {
        /// The index asked for.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// The store is closing.
    #[error("the store is closing")]
    Closed,
}

impl StoreError {
    /// The same error for another caller of the same batch.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::DiskFull { operation, path } => Self::DiskFull { operation, path: path.clone() },
            Self::ReadOnly { operation, path } => Self::ReadOnly { operation, path: path.clone() },
            Self::Busy { operation, path } => Self::Busy { operation, path: path.clone() },
            Self::Corrupt { operation, path } => Self::Corrupt { operation, path: path.clone() },
            Self::Closed => Self::Closed,
            other => Self::Ledger { why: other.to_string() },
        }
    }
}

fn kept_words(kept: &[i64]) -> String {
    match kept {
        [] => "there is none that is kept".to_owned(),
        [one] => format!("the nearest that is kept is `scan:{one}`"),
        [before, after, ..] => format!("the nearest that are kept are `scan:{before}` and `scan:{after}`"),
    }
}

/// Turns a database error into ours, at the place that knows what was tried.
pub(crate) fn classify(operation: &'static str, path: &std::path::Path, source: sqlx::Error) -> StoreError {
    let path = path.to_owned();
    if let sqlx::Error::Io(cause) = &source {
        match cause.kind() {
            io::ErrorKind::StorageFull => return StoreError::DiskFull { operation, path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                return StoreError::ReadOnly { operation, path };
            }
            _ => {}
        }
    }
    // The low byte of SQLite's extended code is its primary code.
    let code = match &source {
        sqlx::Error::Database(cause) => cause.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    match code.map(|code| code & 0xff) {
        Some(13) => StoreError::DiskFull { operation, path },
        Some(8 | 14) => StoreError::ReadOnly { operation, path },
        Some(5 | 6) => StoreError::Busy { operation, path },
        Some(11) => StoreError::Corrupt { operation, path },
        Some(26) => StoreError::Foreign { path: path.join(crate::DATABASE_FILE) },
        _ => StoreError::Database { operation, source },
    }
}

/// Turns an error of the file system into ours.
pub(crate) fn file_error(operation: &'static str, path: &std::path::Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull => StoreError::DiskFull { operation, path },
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StoreError::ReadOnly { operation, path }
        }
        _ => StoreError::File { operation, path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn accidents_of_the_disk_say_what_to_do() {
        let dir = Path::new("/data");
        let message = |kind: io::ErrorKind| file_error("write a file", dir, kind.into()).to_string();
        assert!(message(io::ErrorKind::StorageFull).contains("free space at `/data`"));
        assert!(message(io::ErrorKind::ReadOnlyFilesystem).contains("`/data` may not be written"));
        assert!(message(io::ErrorKind::PermissionDenied).contains("fix the rights"));
        let full = classify("stage", dir, sqlx::Error::Io(io::ErrorKind::StorageFull.into()));
        assert!(matches!(full.again(), StoreError::DiskFull { .. }));
    }
}
