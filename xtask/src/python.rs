//! The Python environment that tests and the sample need: moto as the cloud to ask, boto3 as the oracle.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::workspace::{cache, must, retry, root};

/// Makes sure that the environment is there and is what the requirements file asks for; returns its `bin`.
pub(crate) fn ensure() -> Result<PathBuf> {
    environment("python", &root().join("tools/python/requirements.txt"))
}

/// An environment of its own for a named requirements file.
pub(crate) fn environment(name: &str, requirements: &Path) -> Result<PathBuf> {
    let directory = cache()?.join(name);
    let bin = directory.join("bin");
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let stamp = directory.join("requirements.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(bin);
    }
    println!("setting up the Python environment `{name}` in {}", directory.display());
    std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    if !bin.join("pip").exists() {
        must(Command::new("python3").args(["-m", "venv"]).arg(&directory))
            .context("cannot make a Python environment; on Debian: apt-get install python3-venv")?;
    }
    retry("installing Python packages", || {
        must(
            Command::new(bin.join("pip"))
                .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
                .arg(requirements),
        )
    })?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(bin)
}
