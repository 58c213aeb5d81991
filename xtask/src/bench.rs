//! `cargo xtask bench`: measures, prints a table with the machine, and keeps it in `docs/benchmarks.md`.
//!
//! Figures are whole-process: wall and CPU seconds and peak memory as the operating system counts them. Machines differ
//! and are noisy, so read the ratios.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    python,
    sample::Moto,
    workspace::{cargo, must, root, target},
};

/// Runs of each command; the median is quoted.
const RUNS: usize = 3;

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let all = ["scan", "estate", "ledger"];
    if let Some(name) = names.iter().find(|name| !all.contains(&name.as_str())) {
        bail!("no benchmark is called `{name}`; there are {}", all.join(", "));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    if wanted("scan") {
        keep("scan", &scan()?)?;
    }
    if wanted("estate") {
        keep("estate", &example("fathom-see", "estate_load")?)?;
    }
    if wanted("ledger") {
        keep("ledger", &example("fathom-store", "ledger_throughput")?)?;
    }
    Ok(())
}

/// A scan of the sample company in moto, beside Prowler on the same endpoint.
fn scan() -> Result<String> {
    let bin = python::ensure()?;
    let prowler = python::environment("prowler", &root().join("tools/python/prowler.txt"))?;
    must(&mut cargo(&["build", "--locked", "--profile", "quick", "--package", "fathom"]))?;
    let moto = Moto::start(&bin)?;
    must(
        Command::new(bin.join("python"))
            .arg(root().join("tools/estate/seed.py"))
            .args(["--endpoint", &moto.url]),
    )?;
    let work = target().join("bench");
    std::fs::create_dir_all(&work)?;
    let fathom = target().join("quick/fathom");
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut resources = 0;
    for number in 0..RUNS {
        let data = work.join("data");
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        let words = ["--data", &data.display().to_string(), "scan", "--regions", "us-east-1", "--quiet"]
            .map(str::to_owned);
        ours.push(measure(&bin, &work.join(format!("fathom-{number}.json")), &fathom, &words, &moto.url)?);
        let output = Command::new(&fathom).arg("--data").arg(&data).args(["--json", "summary"]).output()?;
        resources =
            serde_json::from_slice::<Value>(&output.stdout)?["resources"].as_u64().unwrap_or_default();
    }
    // One run of a minute and more is enough of the peer.
    let out = work.join("prowler-output");
    let words = [
        "aws",
        "--region",
        "us-east-1",
        "--output-modes",
        "csv",
        "--output-directory",
        &out.display().to_string(),
        "--no-banner",
        "--ignore-exit-code-3",
    ]
    .map(str::to_owned);
    theirs.push(measure(&bin, &work.join("prowler.json"), &prowler.join("prowler"), &words, &moto.url)?);
    let mut table = format!(
        "One account, one region, {resources} resources, the same moto endpoint (one Python process, which bounds the wall time of both).\n\n\
         | | wall s | CPU s | peak MiB |\n| --- | --- | --- | --- |\n"
    );
    let (ours, theirs) = (median(&ours), median(&theirs));
    for (name, row) in [
        ("Fathom `scan` (profile quick, dependencies unoptimised)", &ours),
        ("Prowler 5.46.0 `aws`", &theirs),
    ] {
        let _ = writeln!(table, "| {name} | {:.2} | {:.2} | {:.0} |", row[0], row[1], row[2]);
    }
    let _ = writeln!(
        table,
        "| ratio | {:.1} | {:.1} | {:.1} |\n\nFathom: the median of three runs; Prowler: one. They do not do the same work: Prowler asks more services, evaluates its checks and writes its reports, and most of its wall time is spent waiting, partly in retries of calls that moto does not answer. The CPU ratio says more than the wall ratio.",
        theirs[0] / ours[0].max(0.01),
        theirs[1] / ours[1].max(0.01),
        theirs[2] / ours[2].max(1.0)
    );
    Ok(table)
}

fn measure(bin: &Path, out: &Path, program: &Path, words: &[String], endpoint: &str) -> Result<[f64; 3]> {
    must(
        Command::new(bin.join("python"))
            .arg(root().join("tools/python/measure.py"))
            .arg(out)
            .arg(program)
            .args(words)
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true"),
    )?;
    let cost: Value = serde_json::from_slice(&std::fs::read(out)?)?;
    if cost["exit_code"] != 0 {
        let log = PathBuf::from(format!("{}.log", out.display()));
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(5).collect();
        bail!("{} ended with code {}: {}", program.display(), cost["exit_code"], tail.join(" | "));
    }
    let figure = |name: &str| cost[name].as_f64().unwrap_or_default();
    Ok([figure("wall_seconds"), figure("cpu_seconds"), figure("peak_mib")])
}

fn median(rows: &[[f64; 3]]) -> [f64; 3] {
    let mut result = [0.0; 3];
    for (at, slot) in result.iter_mut().enumerate() {
        let mut values: Vec<f64> = rows.iter().map(|row| row[at]).collect();
        values.sort_by(f64::total_cmp);
        *slot = values.get(values.len() / 2).copied().unwrap_or_default();
    }
    result
}

/// A benchmark that is a program of a crate and prints its own table.
fn example(package: &str, name: &str) -> Result<String> {
    let output = cargo(&["run", "--locked", "--release", "--quiet", "--package", package, "--example", name])
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run the benchmark {name}"))?;
    if !output.status.success() {
        bail!("the benchmark {name} ended with {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Prints a table and puts it in place of the one before.
fn keep(name: &str, table: &str) -> Result<()> {
    let file = root().join("docs/benchmarks.md");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let (before, rest) =
        text.split_once(&open).with_context(|| format!("docs/benchmarks.md has no `{open}`"))?;
    let (_, after) =
        rest.split_once(&close).with_context(|| format!("docs/benchmarks.md has no `{close}`"))?;
    let measured = format!("{}\n\n{}", machine(), table.trim_end());
    println!("\n## {name}\n{measured}");
    std::fs::write(&file, format!("{before}{open}\n{measured}\n{close}{after}"))?;
    Ok(())
}

/// The machine and the day, as figures without them mean little.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1))
        .unwrap_or("unknown processor")
        .trim();
    let memory_kib: u64 = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or_default();
    let day = Command::new("date")
        .args(["-u", "+%Y-%m-%d"])
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    format!(
        "Measured {} on {cores} × {model}, {} GiB, Linux.",
        String::from_utf8_lossy(&day).trim(),
        memory_kib / 1024 / 1024
    )
}
