//! `cargo xtask ui`: builds the console into `ui/dist`, from where the next `cargo build` takes it, and checks its sizes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{
    tree,
    workspace::{cache, must, retry, root, target},
};

/// Compressed bytes of script and style that stand between an address and the first page.
const FIRST_MAX: u64 = 150 * 1024;
/// Compressed bytes that a page, or a part of one, may bring in beside that.
const MORE_MAX: u64 = 64 * 1024;

/// One file of Vite's manifest, as far as sizes need it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    file: String,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    css: Vec<String>,
    #[serde(default)]
    is_entry: bool,
    #[serde(default)]
    is_dynamic_entry: bool,
}

type Manifest = BTreeMap<String, Chunk>;

/// Builds, checks, tests and measures.
pub(crate) fn run() -> Result<()> {
    build()?;
    check()
}

/// Only builds. What was built of the same sources before is taken from there, with its times, so that cargo sees nothing
/// new.
pub(crate) fn build() -> Result<()> {
    install()?;
    let (ui, dist) = (root().join("ui"), root().join("ui/dist"));
    let wanted = tree::digest(&ui, &["node_modules", "dist"], |_| true)?;
    let stamp = ui.join("node_modules/.built");
    let told = |dist: &Path| anyhow::Ok(format!("{wanted} {}", tree::digest(dist, &[], |_| true)?));
    if dist.is_dir() && fs::read_to_string(&stamp).ok() == Some(told(&dist)?) {
        return Ok(());
    }
    let kept = target().join("console");
    let same = kept.join(&wanted);
    if same.is_dir() {
        tree::replace(&same, &dist)?;
    } else {
        must(&mut npm(&["run", "--silent", "build"]))?;
        // One is enough: that of the last sources.
        tree::empty(&kept)?;
        tree::replace(&dist, &same)?;
    }
    fs::write(&stamp, told(&dist)?).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Checks types and style, runs the unit tests, measures what was built.
pub(crate) fn check() -> Result<()> {
    let (ui, stamp) = (root().join("ui"), target().join("console-checked"));
    let api = fs::read(root().join("docs/openapi.json")).context("cannot read docs/openapi.json")?;
    let checked = format!(
        "{} {}",
        tree::digest(&ui, &["node_modules", "dist"], |_| true)?,
        hex::encode(Sha256::digest(&api))
    );
    // Types and style depend on nothing else: what passed once passes again.
    if fs::read_to_string(&stamp).is_ok_and(|passed| passed == checked) {
        println!("types and style of these very files were checked before");
    } else {
        for step in ["types:check", "check", "lint"] {
            must(&mut npm(&["run", "--silent", step]))?;
        }
        fs::write(&stamp, checked).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    must(&mut npm(&["run", "--silent", "test"]))?;
    measure(&root().join("ui/dist"))
}

/// A program that checks what is built.
pub(crate) fn checks() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
    command.args(["ui", "--checks"]);
    Ok(command)
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(root().join("ui"));
    command
}

fn install() -> Result<()> {
    // A lock that was installed already is not installed again: a fresh copy of all packages takes most of a minute.
    let ui = root().join("ui");
    let (lock, stamp) = (ui.join("package-lock.json"), ui.join("node_modules/.installed"));
    let wanted = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    // Another checkout with this lock has installed them: the same files under a second name.
    let kept = cache()?.join("console-packages");
    let (same, packages) = (kept.join(hex::encode(Sha256::digest(&wanted))), ui.join("node_modules"));
    if same.is_dir() && tree::replace(&same, &packages).is_ok() {
        return Ok(());
    }
    retry("downloading the console's packages", || {
        must(&mut npm(&["ci", "--no-audit", "--no-fund"]))
            .context("Node.js 20.19 or newer with npm is needed")
    })?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    tree::empty(&kept)?;
    // Where files cannot have two names, each checkout installs for itself.
    if let Err(error) = tree::replace(&packages, &same) {
        println!("the console's packages are not kept for other checkouts: {error:#}");
        tree::empty(&kept)?;
    }
    Ok(())
}

/// Prints what each page brings in, and fails where it is too much.
fn measure(dist: &Path) -> Result<()> {
    let text = fs::read(dist.join(".vite/manifest.json")).context("the build left no manifest")?;
    let manifest: Manifest = serde_json::from_slice(&text).context("the manifest is not as expected")?;
    let first: BTreeSet<String> = manifest
        .iter()
        .filter(|(_, chunk)| chunk.is_entry)
        .flat_map(|(name, _)| files(&manifest, name))
        .collect();
    ensure!(!first.is_empty(), "the manifest names no entry");
    let mut over = Vec::new();
    let mut check = |name: &str, size: u64, max: u64| {
        println!("{:>6.1} KiB  {name}", size as f64 / 1024.0);
        if size > max {
            over.push(format!("{name}: {size} bytes, at most {max}"));
        }
    };
    println!("compressed sizes of the console:");
    check("first", weigh(dist, &first)?, FIRST_MAX);
    for (name, _) in manifest.iter().filter(|(_, chunk)| chunk.is_dynamic_entry) {
        let more = files(&manifest, name).difference(&first).cloned().collect();
        check(name, weigh(dist, &more)?, MORE_MAX);
    }
    if !over.is_empty() {
        bail!("the console is too large: {}", over.join("; "));
    }
    Ok(())
}

/// The files that come with a chunk, its own imports included and what it asks for later left out.
fn files(manifest: &Manifest, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![name];
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) {
            continue;
        }
        if let Some(chunk) = manifest.get(name) {
            found.insert(chunk.file.clone());
            found.extend(chunk.css.iter().cloned());
            waiting.extend(chunk.imports.iter().map(String::as_str));
        }
    }
    found
}

/// What files weigh on the wire.
fn weigh(dist: &Path, files: &BTreeSet<String>) -> Result<u64> {
    let mut sum = 0;
    for file in files {
        let bytes = fs::read(dist.join(file))
            .with_context(|| format!("the manifest names {file}, and it is not there"))?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&bytes)?;
        sum += packed.finish()?.len() as u64;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_brings_in_what_it_imports_and_nothing_that_it_asks_for_later() {
        let manifest: Manifest = serde_json::from_str(
            r#"{
                "index.html": {"file": "index.js", "css": ["index.css"], "imports": ["shared"], "dynamicImports": ["page"], "isEntry": true},
                "page": {"file": "page.js", "imports": ["shared", "index.html", "table"], "isDynamicEntry": true},
                "shared": {"file": "shared.js", "imports": ["table"]},
                "table": {"file": "table.js", "imports": ["shared"]}
            }"#,
        )
        .expect("a manifest");
        let names = |name| files(&manifest, name).into_iter().collect::<Vec<_>>();
        assert_eq!(names("index.html"), ["index.css", "index.js", "shared.js", "table.js"]);
        assert_eq!(names("page"), ["index.css", "index.js", "page.js", "shared.js", "table.js"]);
    }
}
