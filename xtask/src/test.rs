//! `cargo xtask test` and `cargo xtask soak`: set up what the tests need, then run them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    beside::{self, Job},
    journeys,
    passed::Passed,
    provider, python, tree, ui,
    workspace::{cargo, debian, must, retry, root, target},
};

/// What property tests draw their cases from.
const SEED: &str = "PROPTEST_RNG_SEED";
/// The same cases every time, so that a change is judged by what it changes and not by luck; `soak` draws new ones.
const SAME_CASES: &str = "1";
/// Tests that run at once in a suite. Most wait for a moto of their own or for one that others share, so more than there
/// are cores.
const THREADS: &str = "4";
/// Where this is set, clippy looks at all code beside the suites, its warnings taken as errors.
pub(crate) const CLIPPY: &str = "FATHOM_CLIPPY";
/// How long `soak` runs where nothing is said.
const SOAK_MINUTES: u64 = 30;
/// The packages whose suites take longest, which begin first.
const LONG: [&str; 3] = ["fathom", "fathom-see", "fathom-lake"];

/// Sets up and tests: all suites and the journeys, beside each other. With arguments, `cargo test` alone runs, with
/// these.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        set_up()?;
        let mut command = cargo_test(arguments);
        if std::env::var_os(SEED).is_none() {
            command.env(SEED, SAME_CASES);
        }
        return must(&mut command);
    }
    ui::build()?;
    set_up()?;
    let mut suites = suites()?;
    suites.sort_by_key(|suite| {
        let place = LONG.iter().position(|name| *name == suite.package && suite.name == "it");
        place.unwrap_or(LONG.len())
    });
    let passed = Passed::open()?;
    let mut jobs: Vec<Job> = suites.into_iter().map(|suite| suite.job(&passed)).collect::<Result<_>>()?;
    let console = tree::digest(&root().join("ui"), &["node_modules"], |_| true)?;
    let walked = passed.digest(&[binary("fathom")], &["journeys", &console])?;
    let other = |name: &str, command, digest| Job { name: name.to_owned(), command, suite: false, digest };
    jobs.insert(1.min(jobs.len()), other("journeys", journeys::built()?, Some(walked)));
    jobs.insert(2.min(jobs.len()), other("console checks", ui::checks()?, None));
    let mut examples = cargo(&["test", "--workspace", "--locked", "--doc"]);
    with_peers(&mut examples);
    let sources = tree::digest(&root().join("crates"), &[], |_| true)?;
    let tried = passed.digest(&[], &["examples", &sources])?;
    jobs.push(other("examples in the documentation", examples, Some(tried)));
    if std::env::var_os(CLIPPY).is_some() {
        let command =
            cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]);
        jobs.insert(3.min(jobs.len()), other("clippy", command, None));
    }
    beside::run(jobs, passed)
}

/// Runs all tests again and again, property tests with new cases each time, until the minutes are over or one fails.
pub(crate) fn soak(arguments: &[String]) -> Result<()> {
    let (minutes, rest) = match arguments.split_first() {
        Some((first, rest)) if !first.starts_with('-') => {
            (first.parse().with_context(|| format!("`{first}` is no number of minutes"))?, rest)
        }
        _ => (SOAK_MINUTES, arguments),
    };
    set_up()?;
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let mut rounds = 0;
    while rounds == 0 || Instant::now() < until {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        println!("round {}, {SEED}={seed}", rounds + 1);
        must(cargo_test(rest).env(SEED, seed.to_string()))?;
        rounds += 1;
    }
    println!("{rounds} rounds, none failed");
    Ok(())
}

/// Sets up what the tests need.
fn set_up() -> Result<()> {
    python::ensure()?;
    provider::ensure()?;
    // Networks are built out of Linux with it; where it is not, that test says so.
    debian("nftables", "/usr/sbin/nft");
    retry("downloading crates", || must(&mut cargo(&["fetch", "--locked"])))
}

fn cargo_test(arguments: &[String]) -> Command {
    // One run tells all that fails.
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.args(arguments);
    with_peers(&mut command);
    command
}

/// Peers were just set up, so a test that cannot reach one has found a fault, not an excuse.
fn with_peers(command: &mut Command) {
    command.env("FATHOM_REQUIRE_PEERS", "1");
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        command.env("RUST_TEST_THREADS", THREADS);
    }
}

/// A program of tests that cargo built.
struct Suite {
    package: String,
    /// `it`, or the name of the library or binary whose unit tests they are.
    name: String,
    directory: PathBuf,
    program: PathBuf,
}

impl Suite {
    /// Reads a message of cargo; none where it is about something else.
    fn of(message: &Value) -> Option<Self> {
        let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
        let program = PathBuf::from(message["executable"].as_str().filter(|_| is_test)?);
        let directory = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
        let package = directory.file_name()?.to_string_lossy().into_owned();
        Some(Self { package, name: message["target"]["name"].as_str()?.to_owned(), directory, program })
    }

    /// As cargo would run it.
    fn job(self, passed: &Passed) -> Result<Job> {
        let name = format!("{} {}", self.package, self.name);
        // What tests start beside Python: the program under test, and the faulty front.
        let started: &[&str] =
            if self.package == "fathom" { &["fathom", "fathom-front"] } else { &["fathom-front"] };
        let mut programs: Vec<PathBuf> = started.iter().map(|name| binary(name)).collect();
        programs.push(self.program.clone());
        let digest = Some(passed.digest(&programs, &[&name])?);
        let mut command = Command::new(self.program);
        command.current_dir(&self.directory).env("CARGO_MANIFEST_DIR", &self.directory);
        command.env("FATHOM_REQUIRE_CONSOLE", "1");
        with_peers(&mut command);
        if std::env::var_os(SEED).is_none() {
            command.env(SEED, SAME_CASES);
        }
        Ok(Job { name, command, suite: true, digest })
    }
}

/// A program of ours, as tests start it.
fn binary(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Builds all programs of tests.
fn suites() -> Result<Vec<Suite>> {
    // Examples are checked by clippy, and run by the benchmarks.
    let output = cargo(&["test", "--workspace", "--locked", "--no-run", "--lib", "--bins", "--tests"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "the tests do not build");
    let messages = String::from_utf8(output.stdout).context("cargo writes no text")?;
    let suites: Vec<Suite> =
        messages.lines().filter_map(|line| Suite::of(&serde_json::from_str(line).ok()?)).collect();
    ensure!(!suites.is_empty(), "cargo built no tests");
    Ok(suites)
}
