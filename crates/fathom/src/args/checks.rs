//! Arguments of `fathom check` and `fathom content`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fathom_content::checks::Severity;

use super::account;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 with --fail-on: a check of that severity or worse fails.\n\
    A check that reads what a scan could not read is UNKNOWN, never passed. docs/checks.md says more."
)]
pub(crate) struct CheckArgs {
    /// List the checks instead
    #[arg(long, conflicts_with_all = ["explain", "csv", "sarif", "junit", "fail_on"])]
    pub(crate) list: bool,
    /// Say what a check asks, why, how it is made to hold and what that costs
    #[arg(long, value_name = "CHECK")]
    pub(crate) explain: Option<String>,
    /// Only checks of this severity or worse
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) severity: Option<SeverityArg>,
    /// Only checks of this service, as the folders of `content/checks` name it. May be repeated
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Vec<String>,
    /// Only this check. May be repeated
    #[arg(long, value_name = "CHECK")]
    pub(crate) check: Vec<String>,
    /// Only checks that test controls of this framework
    #[arg(long, value_name = "FRAMEWORK")]
    pub(crate) framework: Option<String>,
    /// Only what this team answers for
    #[arg(long, value_name = "TEAM")]
    pub(crate) owner: Option<String>,
    /// Only this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: Option<String>,
    /// Only findings of this status; those that fail or are unknown otherwise. May be repeated
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Vec<StatusArg>,
    /// Most resources that are shown of each check
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub(crate) limit: usize,
    /// Print CSV, a line for each finding
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Write SARIF 2.1.0 to this file, for code scanning
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write JUnit XML to this file, for test reports
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// End with code 3 where a check of this severity or worse fails
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<SeverityArg>,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityArg {
    Critical,
    High,
    Medium,
    Low,
}

impl From<SeverityArg> for Severity {
    fn from(severity: SeverityArg) -> Self {
        match severity {
            SeverityArg::Critical => Self::Critical,
            SeverityArg::High => Self::High,
            SeverityArg::Medium => Self::Medium,
            SeverityArg::Low => Self::Low,
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusArg {
    Fail,
    Unknown,
    Pass,
    NotApplicable,
}

impl From<StatusArg> for fathom_checks::Status {
    fn from(status: StatusArg) -> Self {
        match status {
            StatusArg::Fail => Self::Fail,
            StatusArg::Unknown => Self::Unknown,
            StatusArg::Pass => Self::Pass,
            StatusArg::NotApplicable => Self::NotApplicable,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContentCommand {
    /// Run the tests that content brings, and name what cannot be used
    Test,
}
