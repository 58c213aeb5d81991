//! Arguments of `fathom iam`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum IamCommand {
    /// Decide requests with the policies they carry: JSON lines in, verdicts as JSON lines out
    Simulate(SimulateArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "A line is a request with everything that has a say in it; the answer has the decision, the statements that \
    decided and what every layer says. docs/iam-simulate.md describes both.\n\
    A line that is no request is answered with its number and the error, and the others are answered all the same.\n\
    Exit codes: 0 done, 1 no line could be answered.\n\
    Example: fathom iam simulate < requests.jsonl > verdicts.jsonl"
)]
pub(crate) struct SimulateArgs {
    /// The requests; standard input where absent or `-`
    #[arg(value_name = "FILE")]
    pub(crate) requests: Option<PathBuf>,
}
