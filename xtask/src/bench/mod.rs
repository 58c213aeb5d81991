//! `cargo xtask bench`: measures, prints a table with the machine, and keeps it in `docs/benchmarks.md`.
//!
//! Figures are whole-process: wall and CPU seconds and peak memory as the operating system counts them. Machines differ
//! and are noisy, so read the ratios.

mod access;
mod checks;
mod console;
mod front;
mod large;
mod organisation;
mod scan;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{cargo, must, root, target};

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let all = [
        "scan",
        "checks",
        "posture",
        "organisation",
        "large",
        "estate",
        "history",
        "ledger",
        "console",
        "access",
    ];
    if let Some(name) = names.iter().find(|name| !all.contains(&name.as_str())) {
        bail!("no benchmark is called `{name}`; there are {}", all.join(", "));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    if wanted("scan") {
        keep("scan", &scan::run()?)?;
    }
    if wanted("checks") {
        keep("checks", &checks::run()?)?;
    }
    if wanted("posture") {
        keep("posture", &example("fathom-posture", "posture_scale")?)?;
    }
    if wanted("organisation") {
        keep("organisation", &organisation::run()?)?;
    }
    if wanted("large") {
        keep("large", &large::run()?)?;
    }
    if wanted("estate") {
        keep("estate", &example("fathom-see", "estate_load")?)?;
    }
    if wanted("history") {
        keep("history", &example("fathom-store", "history_scale")?)?;
    }
    if wanted("console") {
        keep("console", &console::run()?)?;
    }
    if wanted("access") {
        keep("access", &access::run()?)?;
    }
    if wanted("ledger") {
        keep("ledger", &example("fathom-store", "ledger_throughput")?)?;
    }
    Ok(())
}

/// What a process cost.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    wall_seconds: f64,
    cpu_seconds: f64,
    peak_mib: f64,
}

/// Runs a program to its end with these variables and measures it; its output goes to `<out>.log`.
fn measure(
    bin: &Path,
    out: &Path,
    program: &Path,
    words: &[&str],
    variables: &[(&str, &str)],
) -> Result<Cost> {
    must(
        Command::new(bin.join("python"))
            .arg(root().join("tools/python/measure.py"))
            .arg(out)
            .arg(program)
            .args(words)
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied()),
    )?;
    let cost: Value = serde_json::from_slice(&std::fs::read(out)?)?;
    if cost["exit_code"] != 0 {
        let log = PathBuf::from(format!("{}.log", out.display()));
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(5).collect();
        bail!("{} ended with code {}: {}", program.display(), cost["exit_code"], tail.join(" | "));
    }
    let figure = |name: &str| cost[name].as_f64().unwrap_or_default();
    Ok(Cost {
        wall_seconds: figure("wall_seconds"),
        cpu_seconds: figure("cpu_seconds"),
        peak_mib: figure("peak_mib"),
    })
}

/// The median of each figure.
fn median(costs: &[Cost]) -> Cost {
    let middle = |figure: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        wall_seconds: middle(|cost| cost.wall_seconds),
        cpu_seconds: middle(|cost| cost.cpu_seconds),
        peak_mib: middle(|cost| cost.peak_mib),
    }
}

/// The program as the first command of the README builds it.
fn quick_build(packages: &[&str]) -> Result<PathBuf> {
    let mut words = vec!["build", "--locked", "--profile", "quick"];
    for package in packages {
        words.extend(["--package", package]);
    }
    must(&mut cargo(&words))?;
    Ok(target().join("quick"))
}

/// An empty directory for a run.
fn fresh(name: &str) -> Result<PathBuf> {
    let directory = target().join("bench").join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// A benchmark that is a program of a crate and prints its own table.
fn example(package: &str, name: &str) -> Result<String> {
    example_with(package, name, &[])
}

fn example_with(package: &str, name: &str, arguments: &[&str]) -> Result<String> {
    let output = cargo(&["run", "--locked", "--release", "--quiet", "--package", package, "--example", name])
        .arg("--")
        .args(arguments)
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
