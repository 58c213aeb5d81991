//! Arguments of `fathom paths` and `fathom blast-radius`.

use clap::{Args, ValueEnum};
use fathom_paths::{Entry, Jewel};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntryArg {
    /// Anybody of the internet
    Internet,
    /// An account outside that a policy trusts
    Vendor,
    /// An access key that is not switched off
    LeakedKey,
}

impl From<EntryArg> for Entry {
    fn from(arg: EntryArg) -> Self {
        match arg {
            EntryArg::Internet => Self::Internet,
            EntryArg::Vendor => Self::Vendor,
            EntryArg::LeakedKey => Self::LeakedKey,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JewelArg {
    /// Everything in an account
    Administrators,
    /// What is kept in something whose data is restricted or confidential
    Data,
    /// Keys under which things are kept: taken away from those who need them
    Keys,
    /// Backups: destroyed
    Backups,
    /// Logs of what was done: stopped or destroyed
    Logs,
}

impl From<JewelArg> for Jewel {
    fn from(arg: JewelArg) -> Self {
        match arg {
            JewelArg::Administrators => Self::Administrators,
            JewelArg::Data => Self::Data,
            JewelArg::Keys => Self::Keys,
            JewelArg::Backups => Self::Backups,
            JewelArg::Logs => Self::Logs,
        }
    }
}

/// How answers are to be read.
const ANSWERS: &str = "YES: every step is possible as things are. ONLY IF: with what is shown, such as a weakness in what listens on a port. \
    UNKNOWN: what decides was not read.";

#[derive(Debug, Args)]
#[command(after_help = format!(
    "From each kind of beginning the surest and shortest way to each jewel is told, the worst first. {ANSWERS}\n\
    To close a way, each edit is tried on a copy of what was read, and all that the way depends on is asked again.\n\
    Data counts where its class is restricted or confidential, as `fathom explain` tells it. Vulnerabilities are not read yet: whether what \
    listens on a port has one is a condition.\n\
    Exit codes: 0 done, whatever was found.\n\
    Examples: fathom paths\n\
              fathom paths --entry internet --jewel data\n\
              fathom paths --from ci-deploy --to payments-ledger --json"
))]
pub(crate) struct PathsArgs {
    /// What the intruder has: `internet`, a user, role, server, function or access key by ARN, id or name, or an account
    #[arg(long, value_name = "WHAT", conflicts_with = "entry")]
    pub(crate) from: Option<String>,
    /// What the intruder wants: a jewel, by ARN or name, or an account
    #[arg(long, value_name = "JEWEL")]
    pub(crate) to: Option<String>,
    /// How the intruder begins; again for more. All of them otherwise
    #[arg(long, value_enum)]
    pub(crate) entry: Vec<EntryArg>,
    /// What kind of jewel; again for more. All of them otherwise
    #[arg(long, value_enum)]
    pub(crate) jewel: Vec<JewelArg>,
    /// Only ways that are sure
    #[arg(long)]
    pub(crate) sure: bool,
    /// Tell all stories, not only the worst
    #[arg(long)]
    pub(crate) all: bool,
    /// Show each hop of each packet
    #[arg(long)]
    pub(crate) hops: bool,
}

#[derive(Debug, Args)]
#[command(after_help = format!(
    "All steps are followed that somebody can take who has it: what it can become, read and destroy, and what it reaches over the network. \
    {ANSWERS}\n\
    Exit codes: 0 done, whatever falls.\n\
    Examples: fathom blast-radius ci-deploy\n\
              fathom blast-radius i-0123456789abcdef0 --json\n\
              fathom blast-radius 123456789012"
))]
pub(crate) struct BlastArgs {
    /// What is taken: a user, role, server, function or key by ARN, id or name, an access key's id, or an account
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Show all that falls, and all who were seen talking to it
    #[arg(long)]
    pub(crate) all: bool,
    /// How many days of flow logs to look back for who talks to it
    #[arg(long, value_name = "N", default_value_t = fathom_reach::flows::DAYS,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(fathom_reach::flows::DAYS_MAX)))]
    pub(crate) days: u32,
}
