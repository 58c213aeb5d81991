//! `cargo xtask test` and `cargo xtask soak`: set up what the tests need, then run them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::{
    journeys, python, ui,
    workspace::{cargo, must, retry},
};

/// What property tests draw their cases from.
const SEED: &str = "PROPTEST_RNG_SEED";
/// The same cases every time, so that a change is judged by what it changes and not by luck; `soak` draws new ones.
const SAME_CASES: &str = "1";
/// Tests that run at once. Most wait for a moto of their own or for one that others share, so more than there are cores.
const THREADS: &str = "4";
/// How long `soak` runs where nothing is said.
const SOAK_MINUTES: u64 = 30;

/// Sets up and tests. With arguments, `cargo test` alone runs, with these.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let all = arguments.is_empty();
    if all {
        ui::run()?;
    }
    let mut command = prepared(arguments)?;
    if std::env::var_os(SEED).is_none() {
        command.env(SEED, SAME_CASES);
    }
    must(&mut command)?;
    if all { journeys::run() } else { Ok(()) }
}

/// Runs all tests again and again, property tests with new cases each time, until the minutes are over or one fails.
pub(crate) fn soak(arguments: &[String]) -> Result<()> {
    let (minutes, rest) = match arguments.split_first() {
        Some((first, rest)) if !first.starts_with('-') => {
            (first.parse().with_context(|| format!("`{first}` is no number of minutes"))?, rest)
        }
        _ => (SOAK_MINUTES, arguments),
    };
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let mut rounds = 0;
    while rounds == 0 || Instant::now() < until {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        println!("round {}, {SEED}={seed}", rounds + 1);
        must(prepared(rest)?.env(SEED, seed.to_string()))?;
        rounds += 1;
    }
    println!("{rounds} rounds, none failed");
    Ok(())
}

fn prepared(arguments: &[String]) -> Result<std::process::Command> {
    python::ensure()?;
    retry("downloading crates", || must(&mut cargo(&["fetch", "--locked"])))?;
    // One run tells all that fails.
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.args(arguments);
    // Peers were just set up, so a test that cannot reach one has found a fault, not an excuse.
    command.env("FATHOM_REQUIRE_PEERS", "1");
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        command.env("RUST_TEST_THREADS", THREADS);
    }
    Ok(command)
}
