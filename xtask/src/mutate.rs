//! `cargo xtask mutate`: breaks each row of the tables of authorisation, one at a time, and says which break no test.
//!
//! Works on a copy of the last commit, so the checkout stays as it is.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{
    tree,
    workspace::{must, root, target},
};

/// The tests that stand on AWS's documents, which are quick; then all, the independent peer among them.
const QUICK: [&str; 4] = ["specifications::", "literal::", "questions::", "organisation::"];

/// A row that is broken.
struct Mutant {
    file: &'static str,
    /// Where in the file, in bytes, and what stands there instead.
    at: usize,
    old: String,
    new: String,
    line: usize,
}

/// A file, how its rows begin, and what is put in place of what.
type Table = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Breaks, tests, tells.
pub(crate) fn run() -> Result<()> {
    let copy = target().join("mutants");
    tree::empty(&copy)?;
    fs::create_dir_all(&copy).with_context(|| format!("cannot create {}", copy.display()))?;
    let archive = copy.join("commit.tar");
    must(Command::new("git").args(["archive", "--output"]).arg(&archive).arg("HEAD").current_dir(root()))?;
    must(Command::new("tar").arg("-xf").arg(&archive).current_dir(&copy))?;
    ensure!(passes(&copy, &[])?, "the tests fail before anything is broken");
    let mut survivors = String::new();
    let (mut count, mut alive) = (0, 0);
    for mutant in mutants(&copy)? {
        count += 1;
        let path = copy.join(mutant.file);
        let whole = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (before, rest) = whole.split_at(mutant.at);
        let after = rest.strip_prefix(mutant.old.as_str()).context("the file changed")?;
        fs::write(&path, format!("{before}{}{after}", mutant.new))?;
        let survives = passes(&copy, &QUICK)? && passes(&copy, &[])?;
        fs::write(&path, whole)?;
        let what = format!("{}:{}: `{}` as `{}`", mutant.file, mutant.line, mutant.old, mutant.new);
        println!("{} {what}", if survives { "SURVIVES" } else { "found   " });
        if survives {
            alive += 1;
            writeln!(survivors, "- {what}")?;
        }
    }
    println!("\n{count} rows broken, {alive} of them found by no test\n{survivors}");
    ensure!(alive == 0, "{alive} rows may be wrong and no test says so");
    Ok(())
}

/// Whether the tests pass; a row that does not build is found.
fn passes(copy: &Path, filters: &[&str]) -> Result<bool> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--locked", "--quiet", "--package", "fathom-iam", "--test", "it", "--"]);
    command.args(filters).current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target"));
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().context("cannot run cargo")?;
    Ok(status.success())
}

/// Every row of the two tables that decide: who else must allow, and what an operator means.
fn mutants(copy: &Path) -> Result<Vec<Mutant>> {
    const TABLES: [Table; 2] = [
        (
            "crates/fathom-iam/src/evaluate/table.rs",
            "    row(Kind::",
            &[("NEEDED", "IGNORED"), ("IGNORED", "NEEDED")],
        ),
        (
            "crates/fathom-iam/src/condition/operator.rs",
            "    row(\"",
            &[
                ("false", "true"),
                ("true", "false"),
                ("Order::Equal", "Order::LessOrEqual"),
                ("Order::LessOrEqual", "Order::Less"),
                ("Order::GreaterOrEqual", "Order::Greater"),
                ("Order::Less)", "Order::LessOrEqual)"),
                ("Order::Greater)", "Order::GreaterOrEqual)"),
                ("Compare::Text", "Compare::IgnoreCase"),
                ("Compare::IgnoreCase", "Compare::Text"),
                ("Compare::Like", "Compare::Text"),
                ("Compare::Arn", "Compare::Like"),
                ("Compare::Bool", "Compare::Text"),
                ("Compare::Binary", "Compare::Text"),
                ("Compare::Ip", "Compare::Text"),
            ],
        ),
    ];
    let mut mutants = Vec::new();
    for (file, beginning, swaps) in TABLES {
        let path: PathBuf = copy.join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if line.starts_with(beginning) {
                for (old, new) in swaps {
                    for (at, _) in line.match_indices(old) {
                        let (old, new) = ((*old).to_owned(), (*new).to_owned());
                        mutants.push(Mutant { file, at: start + at, old, new, line: number + 1 });
                    }
                }
            }
            start += line.len();
        }
    }
    ensure!(!mutants.is_empty(), "no row was found: the tables have another form");
    Ok(mutants)
}
