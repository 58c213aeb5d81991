//! `cargo xtask bench`: measures, prints a table with the machine, and keeps it in `docs/benchmarks.md`.

use anyhow::Result;

/// Runs the named benchmarks, or all.
pub fn run(names: &[String]) -> Result<()> {
    anyhow::bail!("no benchmark is called {names:?}")
}
