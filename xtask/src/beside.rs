//! Programs that run beside each other, each with its output in one piece. A few tests that failed are run once more, alone:
//! one that passes then is told as unsteady, with what it said when it failed, and is no failure.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::{passed::Passed, workspace::target};

/// Programs that run at once. Most tests wait for a server of their own, so two suites fill two cores; with three, the
/// longest suite ends later and all takes as long.
const PLACES: usize = 2;
/// Where more tests than these failed it is no accident, and none is run again.
const AGAIN_MAX: usize = 3;

/// Lines that are told of a program that is no suite and failed.
const SAID_LINES: usize = 60;

/// A program to run.
pub(crate) struct Job {
    /// What it is called where its output begins.
    pub(crate) name: String,
    /// The program.
    pub(crate) command: Command,
    /// Whether it is a program of Rust's test harness, whose tests can be run one by one.
    pub(crate) suite: bool,
    /// By what it is known that it passed before; none where it always runs.
    pub(crate) digest: Option<String>,
}

/// Runs all, in this order where there is no place for all; what passed before is named and not run. What each printed is
/// printed when it ends.
///
/// # Errors
/// Names those that failed, when all have ended.
pub(crate) fn run(mut jobs: Vec<Job>, passed: Passed) -> Result<()> {
    let logs = target().join("tests");
    fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
    let is_known = |job: &mut Job| job.digest.as_ref().is_some_and(|digest| passed.has(&job.name, digest));
    let known: Vec<String> = jobs.extract_if(.., is_known).map(|job| job.name).collect();
    if !known.is_empty() {
        println!("passed before, with the same program, files and settings: {}", known.join(", "));
    }
    let passed = Mutex::new(passed);
    let waiting = Mutex::new(jobs.into_iter().enumerate().collect::<VecDeque<_>>());
    let failed = Mutex::new(Vec::new());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for _ in 0..PLACES {
            scope.spawn(|| {
                while let Some((number, mut job)) = next() {
                    let log = logs.join(format!("{number}.log"));
                    let ended = one(&mut job, &log).and_then(|()| match &job.digest {
                        Some(digest) => {
                            passed.lock().unwrap_or_else(PoisonError::into_inner).keep(&job.name, digest)
                        }
                        None => Ok(()),
                    });
                    if let Err(error) = ended {
                        println!("{}: {error:#}", job.name);
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(Failed::read(job, log));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.iter().map(|one| one.tests.len()).sum::<usize>() <= AGAIN_MAX {
        failed.retain_mut(|one| !one.passes_alone());
    }
    // Last, where it is found.
    failed.iter().for_each(Failed::print);
    let names: Vec<&str> = failed.iter().map(|one| one.job.name.as_str()).collect();
    if names.is_empty() { Ok(()) } else { bail!("failed: {}", names.join(", ")) }
}

/// A job that failed.
struct Failed {
    job: Job,
    log: PathBuf,
    /// The tests of a suite that failed.
    tests: Vec<String>,
    /// What they said.
    said: String,
}

impl Failed {
    fn read(job: Job, log: PathBuf) -> Self {
        let text =
            fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let (tests, said) = if job.suite { failures(&text) } else { (Vec::new(), last_lines(&text)) };
        Self { job, log, tests, said }
    }

    /// Runs the tests that failed again, one by one.
    fn passes_alone(&mut self) -> bool {
        if self.tests.is_empty() {
            return false;
        }
        println!("\nonce more, alone: {}", self.tests.join(", "));
        self.job.command.arg("--exact").args(&self.tests).env("RUST_TEST_THREADS", "1");
        let passes = one(&mut self.job, &self.log).is_ok();
        if passes {
            println!("\nUNSTEADY, failed once and passed alone: {}\n{}", self.tests.join(", "), self.said);
        }
        passes
    }

    fn print(&self) {
        println!("\nfailed: {} {}\n{}", self.job.name, self.tests.join(", "), self.said);
    }
}

/// The tests that failed by the output of a suite, and the part of it that says why.
fn failures(output: &str) -> (Vec<String>, String) {
    let name = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    let said = output.split_once("\nfailures:\n").map_or("", |(_, rest)| rest);
    let said = said.split_once("\nfailures:\n").map_or(said, |(said, _)| said);
    (output.lines().filter_map(name).collect(), said.trim().to_owned())
}

/// The end of what a program printed, where it says why it failed; frames of a stack are left out.
fn last_lines(output: &str) -> String {
    let is_frame =
        |line: &&str| line.contains("  at ") || line.trim_start().split(": ").next().is_some_and(is_number);
    let told: Vec<&str> = output.lines().filter(|line| !is_frame(line)).collect();
    told[told.len().saturating_sub(SAID_LINES)..].join("\n")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn one(job: &mut Job, log: &Path) -> Result<()> {
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
    let processor = cpu_of_ended().map_or_else(String::new, |cpu| format!(", {cpu} s of CPU in all so far"));
    writeln!(out, "\n== {} ({} s{processor})", job.name, begun.elapsed().as_secs())?;
    io::copy(&mut File::open(log)?, &mut out)?;
    out.flush()?;
    if status.success() { Ok(()) } else { bail!("ended with {status}") }
}

/// The processor time of all that we started and that ended, in seconds, by what Linux tells of a process; none elsewhere.
fn cpu_of_ended() -> Option<u64> {
    const TICKS_A_SECOND: u64 = 100;
    let told = fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may have spaces: state is field 3, the children's times are 16 and 17.
    let fields: Vec<&str> = told.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some((ticks(16)? + ticks(17)?) / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::{failures, last_lines};

    #[test]
    fn of_other_programs_the_end_is_told_without_frames() {
        assert_eq!(last_lines("a\nerror: b\n   0: x::y\n             at ./z.rs:1:2\n"), "a\nerror: b");
        assert_eq!(last_lines(&"x\n".repeat(100)).lines().count(), super::SAID_LINES);
    }

    #[test]
    fn what_failed_is_read_with_what_it_said() {
        let output = "running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest d ... FAILED\n\nfailures:\n\n\
                      ---- a::c stdout ----\nleft: 1\n\n---- d stdout ----\nno\n\n\nfailures:\n    a::c\n    d\n\n\
                      test result: FAILED. 1 passed; 2 failed\n";
        let (tests, said) = failures(output);
        assert_eq!(tests, ["a::c", "d"]);
        assert_eq!(said, "---- a::c stdout ----\nleft: 1\n\n---- d stdout ----\nno");
        assert_eq!(failures("test a ... ok\nkilled"), (Vec::new(), String::new()));
    }
}
