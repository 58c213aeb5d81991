//! Programs that run beside each other, each with its output in one piece.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write as _},
    process::Command,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::workspace::target;

/// Programs that run at once. Most tests wait for a server of their own, so two suites fill two cores; with three, the
/// longest suite ends later and so does all.
const PLACES: usize = 2;

/// A program to run.
pub(crate) struct Job {
    /// What it is called where its output begins.
    pub(crate) name: String,
    /// The program.
    pub(crate) command: Command,
}

/// Runs all, in this order where there is no place for all. What each printed is printed when it ends.
///
/// # Errors
/// Names those that failed, when all have ended.
pub(crate) fn run(jobs: Vec<Job>) -> Result<()> {
    let logs = target().join("tests");
    fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
    let waiting = Mutex::new(jobs.into_iter().enumerate().collect::<VecDeque<_>>());
    let failed = Mutex::new(Vec::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..PLACES {
            scope.spawn(|| {
                while let Some((number, job)) = next() {
                    let name = job.name.clone();
                    if let Err(error) = one(job, &logs.join(format!("{number}.log"))) {
                        println!("{name}: {error:#}");
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

fn one(mut job: Job, log: &std::path::Path) -> Result<()> {
    println!("begun: {}", job.name);
    let begun = Instant::now();
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let status = job
        .command
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot run {}", job.command.get_program().to_string_lossy()))?;
    let mut out = io::stdout().lock();
    writeln!(out, "\n== {} ({} s)", job.name, begun.elapsed().as_secs())?;
    io::copy(&mut File::open(log)?, &mut out)?;
    out.flush()?;
    if status.success() { Ok(()) } else { bail!("ended with {status}") }
}
