//! `cargo xtask test`: sets up what the tests need, then runs all of them.

use anyhow::Result;

use crate::{
    python,
    workspace::{cargo, must, retry},
};

/// Sets up and tests. Further arguments go to `cargo test`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    python::ensure()?;
    retry("downloading crates", || must(&mut cargo(&["fetch", "--locked"])))?;
    let mut command = cargo(&["test", "--workspace", "--locked"]);
    command.args(arguments);
    // Peers were just set up, so a test that cannot reach one has found a fault, not an excuse.
    command.env("FATHOM_REQUIRE_PEERS", "1");
    must(&mut command)
}
