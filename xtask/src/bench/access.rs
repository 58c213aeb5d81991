//! Who can do what, and who could become more: on organisations of three sizes, beside independent programs on the same
//! policies.

use std::{fmt::Write as _, fs::File, process::Command, time::Instant};

use anyhow::{Context, Result, ensure};

use super::{example_with, fresh};
use crate::{
    provider, python,
    workspace::{cache, must, root},
};

/// Principals of each organisation; the last is that of the budgets.
const SIZES: [usize; 3] = [100, 400, 10_000];
const RESOURCES: &str = "1000000";
/// PMapper compares every principal with every other: of more it takes hours.
const PMAPPER_MOST: usize = 400;

/// Prints nothing itself; the tables are the answer.
pub(super) fn run() -> Result<String> {
    provider::ensure()?;
    let pmapper = python::environment("pmapper", &root().join("tools/python/pmapper.txt"))?;
    let work = fresh("access")?;
    let mut told = String::new();
    for size in SIZES {
        let size_text = size.to_string();
        let table = example_with("fathom-iam", "who_can_scale", &[&size_text, RESOURCES])?;
        writeln!(told, "**{size} principals**\n\n{}", table.trim_end())?;
        let lines = work.join(format!("{size}.jsonl"));
        let file = lines.to_str().context("the build directory is no text")?;
        example_with("fathom-iam", "who_can_scale", &[&size_text, RESOURCES, file])?;
        let answers = work.join(format!("{size}.answers"));
        let begun = Instant::now();
        must(
            Command::new("node")
                .arg(root().join("tools/iam-peer/simulate.mjs"))
                .arg(cache()?.join("iam-peer"))
                .stdin(File::open(&lines).with_context(|| format!("cannot read {file}"))?)
                .stdout(File::create(&answers).context("cannot write the peer's answers")?),
        )?;
        let took = begun.elapsed().as_secs_f64();
        let said = std::fs::read_to_string(&answers)?;
        let answered = said.lines().filter(|line| !line.contains("error")).count();
        ensure!(answered == size, "the peer answered {answered} of {size}");
        writeln!(
            told,
            "| iam-simulate (npm), one who-can: identity and resource policies alone, process start included | {took:.2} s | – |\n"
        )?;
        let table = example_with("fathom-escalate", "escalate_scale", &[&size_text])?;
        writeln!(told, "{}", table.trim_end())?;
        if size <= PMAPPER_MOST {
            let estate = work.join(format!("{size}.estate.jsonl"));
            let file = estate.to_str().context("the build directory is no text")?;
            example_with("fathom-escalate", "escalate_scale", &[&size_text, file])?;
            let output = Command::new(pmapper.join("python"))
                .arg(root().join("tools/pmapper/edges.py"))
                .stdin(File::open(&estate).with_context(|| format!("cannot read {file}"))?)
                .output()
                .context("cannot run PMapper")?;
            ensure!(output.status.success(), "PMapper failed: {}", String::from_utf8_lossy(&output.stderr));
            writeln!(told, "{}", String::from_utf8_lossy(&output.stdout).trim_end())?;
        }
        let table = example_with("fathom-access", "grid_scale", &[&size_text])?;
        writeln!(told, "\n{}\n", table.trim_end())?;
    }
    told.push_str(
        "Release build. Every layer is on: identity policies inline and attached, boundaries, service and resource control policies \
         with conditions on the principal, policies of buckets, keys and roles. The peer is asked of identity and resource \
         policies only, one request a principal. PMapper is asked about users, roles and their policies, without the organisation's.\n",
    );
    Ok(told)
}
