//! `cargo xtask tidy`: what a compiler does not look at. Sizes, headers, the crate table, words left lying about.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::workspace::root;

const LINES_WARN: usize = 600;
const LINES_MAX: usize = 1000;

/// Words that must not stay in committed text. Split here so that this file passes its own check.
const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX:"), concat!("HA", "CK:")];

/// Checks everything; with `fix`, writes generated files anew instead of complaining about them.
pub(crate) fn run(fix: bool) -> Result<()> {
    let mut faults = Vec::new();
    let files = tracked()?;
    for file in &files {
        check_file(file, &mut faults)?;
    }
    check_schema_names(&files, &mut faults)?;
    check_crate_table(fix, &mut faults)?;
    check_dependencies(&mut faults)?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} fault(s); generated files are renewed by `cargo xtask tidy --fix`", faults.len());
    }
    println!("tidy: {} files", files.len());
    Ok(())
}

fn tracked() -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("cannot run git")?;
    let mut files: Vec<PathBuf> =
        String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).collect();
    files.retain(|file| root().join(file).is_file());
    Ok(files)
}

fn check_file(file: &Path, faults: &mut Vec<String>) -> Result<()> {
    let name = file.display();
    let kind = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !matches!(kind, "rs" | "py" | "sql" | "yaml" | "toml" | "md" | "sh") {
        return Ok(());
    }
    let text = std::fs::read_to_string(root().join(file)).with_context(|| format!("cannot read {name}"))?;
    let lines = text.lines().count();
    if kind == "rs" {
        if lines > LINES_MAX {
            faults.push(format!("{name}: {lines} lines; the most is {LINES_MAX}, split it"));
        } else if lines > LINES_WARN {
            println!("{name}: {lines} lines; over {LINES_WARN} is hard to hold in mind");
        }
        let in_tests = file.components().any(|part| part.as_os_str() == "tests");
        if !in_tests && !text.starts_with("//!") {
            faults.push(format!("{name}: no `//!` head that says what it is for"));
        }
    }
    for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line)) {
        if line.ends_with(' ') && kind != "md" {
            faults.push(format!("{name}:{number}: trailing space"));
        }
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            faults.push(format!(
                "{name}:{number}: `{word}`; finish it, or write it down in docs/requirements.md"
            ));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{name}: no newline at its end"));
    }
    Ok(())
}

/// Two schemas of one name would silently become one in the API's document, and the console's types would be of the wrong one.
fn check_schema_names(files: &[PathBuf], faults: &mut Vec<String>) -> Result<()> {
    let mut seen: BTreeMap<String, &Path> = BTreeMap::new();
    let of_api = |file: &&PathBuf| {
        file.starts_with("crates/fathom-api/src") && file.extension() == Some("rs".as_ref())
    };
    for file in files.iter().filter(of_api) {
        let text = std::fs::read_to_string(root().join(file))?;
        let mut is_schema = false;
        for line in text.lines().map(str::trim) {
            is_schema |= line.starts_with("#[derive(") && line.contains("ToSchema");
            let words: Vec<&str> =
                line.split_whitespace().skip_while(|word| word.starts_with("pub")).collect();
            let [kind @ ("struct" | "enum"), name, rest @ ..] = &words[..] else { continue };
            // `enum View of Model {` is our macro for a schema that mirrors an enum of a lower layer.
            if is_schema || (*kind == "enum" && rest.first() == Some(&"of")) {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
                if let Some(before) = seen.insert(name.clone(), file) {
                    faults.push(format!(
                        "{}: the schema `{name}` is in {} too",
                        file.display(),
                        before.display()
                    ));
                }
            }
            is_schema = false;
        }
    }
    Ok(())
}

/// `crates/README.md` is made from the crates' own descriptions.
fn check_crate_table(fix: bool, faults: &mut Vec<String>) -> Result<()> {
    let mut table = String::from(
        "# Crates\n\nMade by `cargo xtask tidy --fix` from each crate's description.\n\n| crate | what it is for |\n| --- | --- |\n",
    );
    let mut directories: Vec<PathBuf> =
        std::fs::read_dir(root().join("crates"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    directories.push(root().join("xtask"));
    directories.sort();
    for directory in directories.iter().filter(|directory| directory.join("Cargo.toml").exists()) {
        let manifest = std::fs::read_to_string(directory.join("Cargo.toml"))?;
        let folder = directory.file_name().unwrap_or_default().to_string_lossy();
        let member = |key: &str| {
            manifest.lines().find_map(|line| {
                line.strip_prefix(key)?.trim().strip_prefix('=').map(|value| value.trim().trim_matches('"'))
            })
        };
        if member("name") != Some(&*folder) {
            faults.push(format!("{folder}/Cargo.toml: a crate is named as its folder"));
        }
        match member("description") {
            Some(description) => {
                let _ = writeln!(table, "| `{folder}` | {description} |");
            }
            None => faults.push(format!("{folder}/Cargo.toml: no description")),
        }
    }
    let file = root().join("crates/README.md");
    if std::fs::read_to_string(&file).unwrap_or_default() != table {
        if fix {
            std::fs::write(&file, table)?;
        } else {
            faults.push("crates/README.md: not what the crates' descriptions say".to_owned());
        }
    }
    Ok(())
}

/// Every direct dependency says in one line why it is there.
fn check_dependencies(faults: &mut Vec<String>) -> Result<()> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let dependencies = manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    for line in dependencies {
        let is_dependency = line.contains('=') && !line.starts_with('#') && !line.contains("path = ");
        if is_dependency && !line.contains(" # ") {
            let name = line.split('=').next().unwrap_or_default().trim();
            faults.push(format!("Cargo.toml: dependency `{name}` has no reason behind it"));
        }
    }
    Ok(())
}
