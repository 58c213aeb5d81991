//! The files below a folder: found, measured and digested, never followed out of it.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Limits, Problem};
use crate::trail::records::{RecordsError, unpack};

/// The most bytes of a file, also when it is unpacked: parsed it takes some ten times as much.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;

/// One file of an import.
#[derive(Debug, Clone)]
pub struct SavedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder, with `/` between names; what people are shown.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal; none of a file that is over the limit, because nothing of it is used.
    pub sha256: Option<String>,
}

/// The files of a path.
#[derive(Debug)]
pub(super) struct Below {
    /// Itself, or those below it whose names have one of the endings.
    pub(super) files: Vec<SavedFile>,
    /// How many have other names.
    pub(super) skipped: usize,
    /// What was left out.
    pub(super) problems: Vec<Problem>,
}

/// A path's files: itself, or what lies below it and has one of these endings.
///
/// # Errors
/// When it cannot be read.
pub(super) fn below(path: &Path, endings: &[&str], limits: &Limits) -> io::Result<Below> {
    if !fs::metadata(path)?.is_dir() {
        let file = one(path.to_owned(), path.display().to_string(), limits)?;
        return Ok(Below { files: vec![file], skipped: 0, problems: Vec::new() });
    }
    let (found, problems) = find(path, limits)?;
    let has_ending = |file: &SavedFile| {
        let name = file.name.to_ascii_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let (files, other): (Vec<_>, Vec<_>) = found.into_iter().partition(has_ending);
    Ok(Below { files, skipped: other.len(), problems })
}

/// The bytes of a file, unpacked where they are gzip.
///
/// # Errors
/// Why it cannot be used, in words.
pub(super) fn unpacked(file: &SavedFile, limits: &Limits) -> Result<Vec<u8>, String> {
    let too_large =
        || format!("has more than the {} MiB that are read of a file; split it", UNPACKED_BYTES_MAX >> 20);
    let bytes = unpack(read(file, limits)?).map_err(|error| match error {
        RecordsError::Gzip(why) => format!("does not unpack: {why}"),
        _ => too_large(),
    })?;
    if bytes.len() as u64 > UNPACKED_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}

/// What was found of files that are looked at and not kept.
#[derive(Debug, Default)]
pub struct Looked {
    /// Files of folders with other names.
    pub skipped: usize,
    /// What was left out.
    pub problems: Vec<Problem>,
}

/// Takes the bytes of a file with its name, or why it cannot be used.
pub(crate) type Taker<'a> = &'a mut dyn FnMut(&str, Result<Vec<u8>, String>);

/// Hands on the bytes of a file, or of those below a folder whose names have one of these endings, unpacked where they are gzip; or why
/// one cannot be used. Nothing is stored of them.
///
/// # Errors
/// When the path cannot be read.
pub fn look(path: &Path, endings: &[&str], limits: &Limits, take: Taker<'_>) -> io::Result<Looked> {
    let below = below(path, endings, limits)?;
    for file in &below.files {
        take(&file.name, unpacked(file, limits));
    }
    Ok(Looked { skipped: below.skipped, problems: below.problems })
}

/// All regular files below a folder, sorted by name, and what was left out.
///
/// Symbolic links are not followed: what is imported is what lies in the folder, and a loop cannot be.
///
/// # Errors
/// When the folder itself cannot be read.
pub(super) fn find(root: &Path, limits: &Limits) -> io::Result<(Vec<SavedFile>, Vec<Problem>)> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let mut open: Vec<(PathBuf, String, usize)> = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, name, depth)) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(error),
            Err(error) => {
                problems.push(Problem::new(&name, format!("cannot be read: {error}")));
                continue;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    problems.push(Problem::new(&name, format!("cannot be read: {error}")));
                    continue;
                }
            };
            let own = entry.file_name().to_string_lossy().into_owned();
            let below = if name.is_empty() { own.clone() } else { format!("{name}/{own}") };
            let Ok(kind) = entry.file_type() else {
                problems.push(Problem::new(&below, "cannot be read"));
                continue;
            };
            if own == ".DS_Store" || own == ".git" {
                // What file managers and version control leave behind.
            } else if kind.is_symlink() {
                problems.push(Problem::new(&below, "is a symbolic link, which is not followed"));
            } else if kind.is_dir() && depth >= limits.depth_max {
                let message = format!("lies deeper than {} folders and is left out", limits.depth_max);
                problems.push(Problem::new(&below, message));
            } else if kind.is_dir() {
                open.push((entry.path(), below, depth + 1));
            } else if !kind.is_file() {
                problems.push(Problem::new(&below, "is no regular file and is left out"));
            } else if found.len() >= limits.files_max {
                let message = format!("is beyond the {} files that are read at once", limits.files_max);
                problems.push(Problem::new(&below, message));
                return Ok((digested(found, limits, &mut problems), problems));
            } else {
                found.push((entry.path(), below));
            }
        }
    }
    Ok((digested(found, limits, &mut problems), problems))
}

fn digested(
    mut found: Vec<(PathBuf, String)>,
    limits: &Limits,
    problems: &mut Vec<Problem>,
) -> Vec<SavedFile> {
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    let mut files = Vec::with_capacity(found.len());
    for (path, name) in found {
        match one(path, name.clone(), limits) {
            Ok(file) => files.push(file),
            Err(error) => problems.push(Problem::new(&name, format!("cannot be read: {error}"))),
        }
    }
    files
}

/// Measures and digests one file.
pub(super) fn one(path: PathBuf, name: String, limits: &Limits) -> io::Result<SavedFile> {
    let bytes = fs::metadata(&path)?.len();
    let sha256 = if bytes > limits.file_bytes_max {
        None
    } else {
        let mut digest = Sha256::new();
        let mut file = File::open(&path)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
            digest.update(part);
        }
        Some(hex::encode(digest.finalize()))
    };
    Ok(SavedFile { path, name, bytes, sha256 })
}

/// Reads a file that is not larger than the limit, also where it grew since it was measured.
pub(super) fn read(file: &SavedFile, limits: &Limits) -> Result<Vec<u8>, String> {
    let too_large =
        |bytes: u64| format!("has {bytes} bytes, more than the limit of {}; split it", limits.file_bytes_max);
    if file.bytes > limits.file_bytes_max {
        return Err(too_large(file.bytes));
    }
    let mut bytes = Vec::new();
    let opened = File::open(&file.path).map_err(|error| format!("cannot be read: {error}"))?;
    opened
        .take(limits.file_bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > limits.file_bytes_max { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}
