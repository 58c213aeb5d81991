//! Arguments of `fathom findings`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fathom_findings::State;

use super::{account, checks::SeverityArg, date, one_line};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "`fathom check` keeps findings; this lists what it kept: what an intruder could use first, then the rest.\n\
    A finding that could not be looked at again stays open and is marked as not confirmed. docs/findings.md says more."
)]
pub(crate) struct FindingsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<FindingsCommand>,
    #[command(flatten)]
    pub(crate) list: ListFindingsArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListFindingsArgs {
    /// Only findings that stand so; those that are open or reopened otherwise. May be repeated
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) state: Vec<StateArg>,
    /// Only findings of this severity or worse
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) severity: Option<SeverityArg>,
    /// Only what this team answers for
    #[arg(long, value_name = "TEAM")]
    pub(crate) owner: Option<String>,
    /// Only this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: Option<String>,
    /// Only this check. May be repeated
    #[arg(long, value_name = "CHECK")]
    pub(crate) check: Vec<String>,
    /// Only checks of this service, as the folders of `content/checks` name it. May be repeated
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Vec<String>,
    /// Only checks that test controls of this framework
    #[arg(long, value_name = "FRAMEWORK")]
    pub(crate) framework: Option<String>,
    /// Only of this resource: an ARN
    #[arg(long, value_name = "ARN")]
    pub(crate) resource: Option<String>,
    /// Only what should have been fixed already
    #[arg(long)]
    pub(crate) overdue: bool,
    /// What comes first; what an intruder could do takes longest to work out
    #[arg(long, value_enum, default_value_t = OrderArg::Rank, value_name = "ORDER")]
    pub(crate) order: OrderArg,
    /// Most findings that are shown; files and programs get all
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: usize,
    /// Print CSV, a line for each finding
    #[arg(long, conflicts_with_all = ["json", "ocsf", "asff"])]
    pub(crate) csv: bool,
    /// Print OCSF compliance findings (class 2003), a JSON object on each line
    #[arg(long, conflicts_with_all = ["json", "asff"])]
    pub(crate) ocsf: bool,
    /// Print the AWS Security Finding Format, a JSON array that Security Hub takes in
    #[arg(long, conflicts_with = "json")]
    pub(crate) asff: bool,
    /// Write SARIF 2.1.0 to this file, for code scanning
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write JUnit XML to this file, for test reports
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    Open,
    Reopened,
    Accepted,
    Fixed,
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Open => Self::Open,
            StateArg::Reopened => Self::Reopened,
            StateArg::Accepted => Self::Accepted,
            StateArg::Fixed => Self::Fixed,
        }
    }
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    /// What an intruder could do with the resource
    Rank,
    /// How bad the finding is anywhere
    Severity,
    /// When it is to be fixed
    Due,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FindingsCommand {
    /// Show one finding: why it fails, how it is put right, and what became of it
    Show {
        /// Its id, or the beginning of it
        finding: String,
    },
    /// Accept one finding, or all that fit a rule, until a date
    Accept(AcceptFindingsArgs),
    /// List what is accepted
    Exceptions {
        /// Also what ended
        #[arg(long)]
        all: bool,
    },
    /// End an exception before its date
    Withdraw {
        /// Its number, as `fathom findings exceptions` prints it
        number: i64,
        /// Why it ends
        #[arg(long)]
        reason: String,
        /// Who ends it; you, as the system knows you, otherwise
        #[arg(long, value_parser = one_line)]
        by: Option<String>,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "A rule takes the findings that fit all its patterns, also those that come later. In a pattern `*` stands for any characters.\n\
    Examples: fathom findings accept 3f9a1c --reason \"moves in May\" --approver k.lee --until 2027-01-31\n\
    \x20         fathom findings accept --check 's3_bucket_*' --tag 'stage=test*' --reason \"no real data\" --approver k.lee --until 2027-01-31"
)]
pub(crate) struct AcceptFindingsArgs {
    /// The finding's id, or the beginning of it; a rule where it is absent
    #[arg(conflicts_with_all = ["check", "kind", "account", "tag", "owner"], required_unless_present_any = ["check", "kind", "account", "tag", "owner"])]
    pub(crate) finding: Option<String>,
    /// A pattern over names of checks
    #[arg(long, value_name = "PATTERN")]
    pub(crate) check: Option<String>,
    /// A pattern over types
    #[arg(long = "type", id = "kind", value_name = "PATTERN")]
    pub(crate) kind: Option<String>,
    /// A pattern over accounts
    #[arg(long, value_name = "PATTERN")]
    pub(crate) account: Option<String>,
    /// A pattern over tags, as KEY=VALUE
    #[arg(long, value_name = "PATTERN")]
    pub(crate) tag: Option<String>,
    /// A pattern over those who answer for resources
    #[arg(long, value_name = "PATTERN")]
    pub(crate) owner: Option<String>,
    /// Why it is acceptable
    #[arg(long)]
    pub(crate) reason: String,
    /// Who approved it
    #[arg(long, value_parser = one_line)]
    pub(crate) approver: String,
    /// Until when: a date like 2027-01-31, at most 366 days away
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) until: jiff::civil::Date,
    /// Who accepts it; you, as the system knows you, otherwise
    #[arg(long, value_parser = one_line)]
    pub(crate) by: Option<String>,
}
