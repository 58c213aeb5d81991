//! The server in front of moto as a process of its own, so that its cost is not counted with the scan's.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result};
use serde_json::Value;

/// A running front; ended by its id when dropped.
pub(super) struct Front {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Its address.
    pub(super) url: String,
}

/// What a front counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Calls {
    /// All calls.
    pub(super) all: u64,
    /// Calls that differ: the fewest that would have asked the same.
    pub(super) distinct: u64,
    /// Calls refused by the limits.
    pub(super) throttled: u64,
}

impl Front {
    /// Starts one with these flags of `fathom-front`.
    pub(super) fn start(binaries: &Path, words: &[&str]) -> Result<Self> {
        let mut child = Command::new(binaries.join("fathom-front"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start fathom-front")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("fathom-front has no output")?;
        let mut output = BufReader::new(output);
        let mut url = String::new();
        output.read_line(&mut url)?;
        Ok(Self { child, input, output, url: url.trim().to_owned() })
    }

    /// Ends it and reads its counts.
    pub(super) fn end(mut self) -> Result<Calls> {
        drop(self.input.take());
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        let counts: Value = serde_json::from_str(text.trim()).context("fathom-front gave no counts")?;
        let count = |name: &str| counts[name].as_u64().unwrap_or_default();
        Ok(Calls { all: count("calls"), distinct: count("distinct"), throttled: count("throttled") })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
