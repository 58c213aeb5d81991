//! `cargo xtask mutate`: breaks each row of the tables of authorisation, one at a time, and says which break no test.
//!
//! Works on a copy of the last commit, so the checkout stays as it is. What was found is written down row by row: a run
//! that was interrupted goes on where it ended, as long as the evaluator and its tests are the same.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::Write as _,
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

/// Breaks that change no answer, by how the row begins and which of its swaps it is, with the reason.
const SAME: [(&str, usize, &str); 2] = [
    ("row(Kind::User, user,", 2, "a user has no session policy"),
    ("row(\"Null\",", 0, "`Null` is answered before this is read"),
];

/// A row that is broken.
struct Mutant {
    file: &'static str,
    /// Why no answer can differ, where that is known.
    same: Option<&'static str>,
    /// Where in the file, in bytes, and what stands there instead.
    at: usize,
    old: String,
    new: String,
    line: usize,
    column: usize,
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
    let mut known = Known::open(&target().join("mutants.found"))?;
    if known.found.is_empty() {
        ensure!(passes(&copy, &[])?, "the tests fail before anything is broken");
    }
    let (mut survivors, mut same, mut count) = (Vec::new(), Vec::new(), 0);
    for mutant in mutants(&copy)? {
        let what =
            format!("{}:{}:{} `{}` as `{}`", mutant.file, mutant.line, mutant.column, mutant.old, mutant.new);
        if let Some(why) = mutant.same {
            println!("same     {what}: {why}");
            same.push(what);
            continue;
        }
        count += 1;
        let found = match known.found.get(&what) {
            Some(found) => *found,
            None => known.learn(&what, mutant.is_found(&copy)?)?,
        };
        println!("{} {what}", if found { "found   " } else { "SURVIVES" });
        if !found {
            survivors.push(what);
        }
    }
    println!(
        "\n{count} rows broken, {} of them found by no test; {} can change no answer",
        survivors.len(),
        same.len()
    );
    for what in &survivors {
        println!("- {what}");
    }
    ensure!(survivors.is_empty(), "{} rows may be wrong and no test says so", survivors.len());
    Ok(())
}

/// What earlier runs found about the same evaluator and the same tests.
struct Known {
    path: PathBuf,
    found: HashMap<String, bool>,
}

impl Known {
    /// Reads what is known; forgets it where the crate is another by now.
    fn open(path: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.args(["rev-parse", "HEAD:crates/fathom-iam"]).current_dir(root());
        let digest = String::from_utf8(git.output().context("cannot run git")?.stdout)?;
        let text = fs::read_to_string(path).unwrap_or_default();
        let found = match text.split_once('\n') {
            Some((first, rows)) if first == digest.trim() => {
                let row = |line: &str| {
                    let (found, what) = line.split_once(' ')?;
                    Some((what.to_owned(), found == "found"))
                };
                rows.lines().filter_map(row).collect()
            }
            _ => {
                fs::write(path, digest).with_context(|| format!("cannot write {}", path.display()))?;
                HashMap::new()
            }
        };
        Ok(Self { path: path.to_owned(), found })
    }

    /// Writes down what was found about one.
    fn learn(&mut self, what: &str, found: bool) -> Result<bool> {
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        writeln!(file, "{} {what}", if found { "found" } else { "survives" })?;
        Ok(found)
    }
}

impl Mutant {
    /// Whether a test fails with this row broken. The file is as before when this ends.
    fn is_found(&self, copy: &Path) -> Result<bool> {
        let path = copy.join(self.file);
        let whole = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (before, rest) = whole.split_at(self.at);
        let after = rest.strip_prefix(self.old.as_str()).context("the file changed")?;
        fs::write(&path, format!("{before}{}{after}", self.new))?;
        let found = !passes(copy, &QUICK)? || !passes(copy, &[])?;
        fs::write(&path, whole)?;
        Ok(found)
    }
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
                    for (nth, (at, _)) in line.match_indices(old).enumerate() {
                        let is_same =
                            |(row, which, _): &&(&str, usize, &str)| line.contains(row) && *which == nth;
                        mutants.push(Mutant {
                            file,
                            same: SAME.iter().find(is_same).map(|(_, _, why)| *why),
                            at: start + at,
                            old: (*old).to_owned(),
                            new: (*new).to_owned(),
                            line: number + 1,
                            column: at + 1,
                        });
                    }
                }
            }
            start += line.len();
        }
    }
    ensure!(!mutants.is_empty(), "no row was found: the tables have another form");
    Ok(mutants)
}
