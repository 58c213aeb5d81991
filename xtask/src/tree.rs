//! Folders as a whole.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

/// Removes a folder with all that is in it, where it is there.
pub(crate) fn empty(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot empty {}", folder.display())),
    }
}

/// Puts a folder where another may be: its files under a second name, which takes neither time nor space; its folders with
/// their times.
pub(crate) fn replace(from: &Path, to: &Path) -> Result<()> {
    empty(to)?;
    // Half a folder is never taken for a whole one.
    let part = to.with_extension("part");
    empty(&part)?;
    link(from, &part)?;
    fs::rename(&part, to).with_context(|| format!("cannot make {}", to.display()))
}

fn link(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("cannot link {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(failed)?;
    for entry in fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let (source, target, kind) = (entry.path(), to.join(entry.file_name()), entry.file_type()?);
        if kind.is_dir() {
            link(&source, &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target).with_context(failed)?;
        } else {
            fs::hard_link(&source, &target).with_context(failed)?;
        }
    }
    let time = fs::metadata(from).and_then(|about| about.modified()).with_context(failed)?;
    File::open(to).and_then(|folder| folder.set_modified(time)).with_context(failed)
}

/// All files below a folder but for what has one of these names right in it.
pub(crate) fn files(folder: &Path, without: &[&str], found: &mut Vec<PathBuf>) -> Result<()> {
    let failed = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        if without.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            files(&entry.path(), &[], found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The digest of the names and contents of all files below a folder, but for what has one of these names right in it and
/// for what is not wanted.
pub(crate) fn digest(folder: &Path, without: &[&str], is_wanted: fn(&Path) -> bool) -> Result<String> {
    let mut found = Vec::new();
    files(folder, without, &mut found)?;
    found.retain(|path| is_wanted(path));
    found.sort();
    let mut hash = Sha256::new();
    for path in found {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        hash.update(format!("{name}\0{}\0", bytes.len()));
        hash.update(bytes);
    }
    Ok(hex::encode(hash.finalize()))
}
