//! Log files in folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fathom_model::Timestamp;

use super::{Reader, TrailError, records};

/// The largest file that is read, in bytes as it lies there.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How deep folders may nest.
const DEPTH_MAX: usize = 32;
/// The most files of one import.
const FILES_MAX: usize = 5_000_000;

/// Reads every log file under the paths, in the order of their names.
///
/// # Errors
/// When a path that was named is not there, or the store does not take what was read. A file that cannot be read is
/// named in the report.
pub async fn read(
    reader: &mut Reader,
    paths: &[PathBuf],
    clock: &impl Fn() -> Timestamp,
) -> Result<(), TrailError> {
    for path in paths {
        let root = path.clone();
        let (files, skipped, problems) = tokio::task::spawn_blocking(move || list(&root))
            .await
            .map_err(|_| TrailError::Stopped)?
            .map_err(|source| TrailError::Read { path: path.clone(), source })?;
        reader.report().skipped_files += skipped;
        for (place, why) in problems {
            reader.broken(&place, &why);
        }
        for file in files {
            one(reader, &file).await?;
            reader.settle(clock()).await?;
        }
    }
    Ok(())
}

async fn one(reader: &mut Reader, file: &Path) -> Result<(), TrailError> {
    let name = file.display().to_string();
    let path = file.to_owned();
    let loaded = tokio::task::spawn_blocking(move || load(&path)).await.map_err(|_| TrailError::Stopped)?;
    match loaded {
        Ok(bytes) => bytes_of(reader, &name, bytes),
        Err(why) => reader.broken(&name, &why),
    }
    Ok(())
}

/// Takes the records of a file's or an object's bytes.
pub(super) fn bytes_of(reader: &mut Reader, name: &str, bytes: Vec<u8>) {
    let plain = match records::unpack(bytes) {
        Ok(plain) => plain,
        Err(error) => return reader.broken(name, &error.to_string()),
    };
    let ended = records::each(&plain, &mut |number, record| {
        reader.take(record, &format!("{name}#{number}"));
    });
    match ended {
        Ok(true) => reader.file(name, &plain),
        Ok(false) => reader.report().skipped_files += 1,
        Err(error) => reader.broken(name, &error.to_string()),
    }
}

pub(crate) fn load(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("it has {size} bytes, more than the limit of {FILE_BYTES_MAX}"));
    }
    fs::read(path).map_err(|error| error.to_string())
}

/// What a folder holds: files to read, how many are of other kinds, and what could not be looked into.
pub(crate) type Listed = (Vec<PathBuf>, u64, Vec<(String, String)>);

pub(crate) fn list(root: &Path) -> std::io::Result<Listed> {
    let (mut files, mut skipped, mut problems) = (Vec::new(), 0, Vec::new());
    if !fs::metadata(root)?.is_dir() {
        return Ok((vec![root.to_owned()], 0, problems));
    }
    let mut open = vec![(0, root.to_owned())];
    while let Some((depth, folder)) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                problems.push((folder.display().to_string(), error.to_string()));
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            // Links to folders are not followed: they may lead in a circle.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH_MAX => open.push((depth + 1, path)),
                Ok(kind) if kind.is_dir() => {
                    problems.push((path.display().to_string(), "folders nest too deep here".to_owned()));
                }
                Ok(_) if files.len() >= FILES_MAX => {
                    problems
                        .push((root.display().to_string(), format!("there are more than {FILES_MAX} files")));
                    return Ok((files, skipped, problems));
                }
                Ok(_) if is_log(&path) => files.push(path),
                Ok(_) => skipped += 1,
                Err(error) => problems.push((path.display().to_string(), error.to_string())),
            }
        }
    }
    files.sort();
    Ok((files, skipped, problems))
}

/// Whether a name is one of a log file. Digests, which CloudTrail puts beside the logs, are not.
pub(super) fn is_log_name(name: &str) -> bool {
    const ENDINGS: [&str; 6] = [".json", ".json.gz", ".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"];
    !name.contains("/CloudTrail-Digest/")
        && !name.contains("_CloudTrail-Digest_")
        && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_log(path: &Path) -> bool {
    is_log_name(&path.to_string_lossy().replace('\\', "/"))
}
