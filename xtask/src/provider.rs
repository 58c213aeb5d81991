//! The OpenID Connect provider that tests sign in at.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

use crate::workspace::{cache, must, retry, root};

/// Makes sure that it is installed as the lock file says.
pub(crate) fn ensure() -> Result<()> {
    let (from, to) = (root().join("tools/oidc"), cache()?.join("oidc"));
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let wanted = read(&from.join("package-lock.json"))?;
    let stamp = to.join("packages.installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("setting up the OpenID Connect provider in {}", to.display());
    std::fs::create_dir_all(&to).with_context(|| format!("cannot create {}", to.display()))?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::write(to.join(name), read(&from.join(name))?)
            .with_context(|| format!("cannot write {name}"))?;
    }
    retry("downloading the provider's packages", || {
        must(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&to))
            .context("Node.js 20 or newer with npm is needed")
    })?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
