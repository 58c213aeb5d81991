//! The peers of tests that are npm packages: the OpenID Connect provider, and the evaluator of IAM policies.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

use crate::workspace::{cache, must, retry, root};

/// Makes sure that they are installed as their lock files say.
pub(crate) fn ensure() -> Result<()> {
    ensure_one("oidc", "the OpenID Connect provider")?;
    ensure_one("iam-peer", "the evaluator of IAM policies")
}

fn ensure_one(name: &str, what: &str) -> Result<()> {
    let (from, to) = (root().join("tools").join(name), cache()?.join(name));
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let wanted = read(&from.join("package-lock.json"))?;
    let stamp = to.join("packages.installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("setting up {what} in {}", to.display());
    std::fs::create_dir_all(&to).with_context(|| format!("cannot create {}", to.display()))?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::write(to.join(name), read(&from.join(name))?)
            .with_context(|| format!("cannot write {name}"))?;
    }
    retry("downloading npm packages", || {
        must(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&to))
            .context("Node.js 20 or newer with npm is needed")
    })?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
