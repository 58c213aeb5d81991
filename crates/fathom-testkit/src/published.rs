//! The outputs that the provider publishes with its command line: a text file an operation
//! (`examples/ec2/describe-ipam-pools.rst`), in which an indented block of JSON follows a line `Output::`.

use std::{fs, path::PathBuf};

use crate::moto::python;

/// The directory of examples in the peers' Python. Where it is missing: none, with a printed reason.
///
/// # Panics
/// Where it is missing and `FATHOM_REQUIRE_PEERS=1`.
pub fn directory() -> Option<PathBuf> {
    let lib = python()?.parent()?.parent()?.join("lib");
    let versions = fs::read_dir(&lib).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let found = versions.map(|dir| dir.join("site-packages/awscli/examples")).find(|dir| dir.is_dir());
    if found.is_none() {
        let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no awscli/examples below {}: run `cargo xtask test`", lib.display());
        println!("skipped: no awscli/examples below {}", lib.display());
    }
    found
}

/// The blocks of a file after each line that announces an output, where they are JSON and not a table or text.
pub fn outputs(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !(line.starts_with("Output") && line.trim_end().ends_with("::")) {
            continue;
        }
        let mut block = String::new();
        while let Some(line) = lines.next_if(|line| line.trim().is_empty() || line.starts_with([' ', '\t'])) {
            block.push_str(line);
            block.push('\n');
        }
        if block.trim_start().starts_with(['{', '[']) {
            found.push(block);
        }
    }
    found
}
