//! The Python environment that tests and the sample need: moto as the cloud to ask, boto3 as the oracle.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::workspace::{cache, must, retry, root};

/// Makes sure that the environment is there and is what the requirements files ask for; returns its `bin`.
pub(crate) fn ensure() -> Result<PathBuf> {
    let tools = root().join("tools/python");
    let bin = environment("python", &tools.join("requirements.txt"))?;
    // Only files of it are read, so it needs nothing of what it depends on.
    install(&bin, &tools.join("examples.txt"), "examples.installed", &["--no-deps", "--no-compile"])?;
    Ok(bin)
}

/// An environment of its own for a named requirements file.
pub(crate) fn environment(name: &str, requirements: &Path) -> Result<PathBuf> {
    let directory = cache()?.join(name);
    let bin = directory.join("bin");
    if !bin.join("pip").exists() {
        println!("setting up the Python environment `{name}` in {}", directory.display());
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        must(Command::new("python3").args(["-m", "venv"]).arg(&directory))
            .context("cannot make a Python environment; on Debian: apt-get install python3-venv")?;
    }
    install(&bin, requirements, "requirements.installed", &[])?;
    Ok(bin)
}

/// Installs what a requirements file asks for, unless the stamp beside `bin` says that it is there.
fn install(bin: &Path, requirements: &Path, stamp: &str, options: &[&str]) -> Result<()> {
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let stamp = bin.with_file_name(stamp);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing {} for {}", requirements.display(), bin.display());
    retry("installing Python packages", || {
        must(
            Command::new(bin.join("pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .args(options)
                .arg("--requirement")
                .arg(requirements),
        )
    })?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
