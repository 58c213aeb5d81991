//! `fathom iam simulate`: requests with their policies as JSON lines, verdicts as JSON lines; or one of the estate.

use std::{
    fs::File,
    io::{BufRead, BufReader, IsTerminal as _, Read, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use fathom_iam::{batch, limits::LINE_BYTES_MAX};
use serde_json::json;

use crate::{
    Ending,
    args::{Global, IamCommand, SimulateArgs},
    commands::{compare, iam_actions, who_can},
    render,
};

/// Broken lines that are named on standard error; the rest are counted there, and each is named in its answer.
const NAMED: u64 = 20;

pub(crate) async fn run(global: &Global, command: &IamCommand) -> Result<Ending> {
    match command {
        IamCommand::Actions(args) => iam_actions::run(global, args)?,
        IamCommand::Simulate(args) => match (&args.principal, &args.action) {
            (Some(principal), Some(action)) => who_can::one(global, principal, action, args).await?,
            _ => simulate(args)?,
        },
        IamCommand::Compare(args) => return compare::run(global, args),
    }
    Ok(Ending::Done)
}

fn simulate(args: &SimulateArgs) -> Result<()> {
    let from: Box<dyn Read> = match args.requests.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
        None if std::io::stdin().is_terminal() => {
            bail!("no requests: name a file, or lead one in: fathom iam simulate < requests.jsonl")
        }
        None => Box::new(std::io::stdin().lock()),
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match answer(BufReader::new(from), &mut out) {
        // Whoever reads the beginning only closes the pipe.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(is_broken_pipe) => Ok(()),
        Ok(tally) if tally.broken > 0 && tally.broken == tally.lines => {
            bail!("no line could be answered; docs/iam-simulate.md describes their form")
        }
        other => other.map(|_| ()),
    }
}

fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// Lines that were not blank.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    broken: u64,
}

/// Answers each line with one line, in order; blank lines are left out.
fn answer(mut from: BufReader<impl Read>, out: &mut impl Write) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut number = 0_u64;
    while let Some(line) = next(&mut from)? {
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        tally.lines += 1;
        let line = std::str::from_utf8(&line).map_err(|error| format!("is no UTF-8: {error}"));
        let text = match line.and_then(batch::answer) {
            Ok(answer) => {
                for fault in &answer.verdict.faults {
                    tracing::debug!(line = number, %fault, "a policy that AWS would refuse");
                }
                render::json_line(&answer)?
            }
            Err(error) => {
                tally.broken += 1;
                if tally.broken <= NAMED {
                    anstream::eprintln!("line {number}: {}", render::clean(&error));
                }
                render::json_line(&json!({ "line": number, "error": error }))?
            }
        };
        writeln!(out, "{text}")?;
        // A program that waits for each answer gets it.
        if from.buffer().is_empty() {
            out.flush()?;
        }
    }
    out.flush()?;
    if tally.broken > NAMED {
        anstream::eprintln!("{} more lines could not be answered", tally.broken - NAMED);
    }
    Ok(tally)
}

/// The next line. Of one that is too long only so much is kept as shows that it is.
fn next(from: &mut BufReader<impl Read>) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let most = LINE_BYTES_MAX as u64 + 2;
    if from.by_ref().take(most).read_until(b'\n', &mut line).context("cannot read the requests")? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == most {
        from.skip_until(b'\n').context("cannot read the requests")?;
    }
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Some(line))
}
