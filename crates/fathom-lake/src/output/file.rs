//! An answer in a file: all of it, or no file.

use std::{
    fs::{self, File},
    io::{BufWriter, Error},
    path::{Path, PathBuf},
};

use super::{Options, Summary, write};
use crate::{answer::Answer, error::SqlError};

/// Writes an answer to a file, in place of one that is there. It is written beside it first and moved when it is
/// complete, so that a query that fails on the way leaves the old file as it was.
///
/// # Errors
/// Those of [`write`]; [`SqlError::Write`] names the path.
pub async fn write_file(answer: &mut Answer, options: &Options, path: &Path) -> Result<Summary, SqlError> {
    let failed = |source: Error| SqlError::Write { path: Some(path.to_owned()), source };
    let partial = partial(path).ok_or_else(|| failed(Error::other("the path names no file")))?;
    let mut out = BufWriter::new(File::create(&partial).map_err(failed)?);
    let written = write(answer, options, &mut out).await.map_err(|error| match error {
        SqlError::Write { source, .. } => failed(source),
        other => other,
    });
    let moved = written.and_then(|summary| {
        out.get_ref().sync_all().map_err(failed)?;
        fs::rename(&partial, path).map_err(failed)?;
        Ok(summary)
    });
    if moved.is_err() {
        // The error that stopped it is the one to report; a left-over is named so that people know it.
        let _ = fs::remove_file(&partial);
    }
    moved
}

fn partial(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    Some(path.with_file_name(name))
}
