//! Arguments of `fathom check` and `fathom content`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fathom_content::checks::Severity;

use super::account;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 with --fail-on: a check of that severity or worse fails.\n\
    A check that reads what a scan could not read, or what is known only after code is applied, is UNKNOWN, never passed.\n\
    Examples: terraform show -json plan.out > plan.json && fathom check plan.json --fail-on high --markdown comment.md\n\
    \x20         fathom check templates/ --parameters production.json --sarif checks.sarif\n\
    \x20         helm template shop charts/shop > all.yaml && fathom check all.yaml\n\
    docs/checks.md says more."
)]
pub(crate) struct CheckArgs {
    /// Code to ask instead of the estate: Terraform plans (`terraform show -json`), CloudFormation templates, Kubernetes manifests, folders of
    /// all of them
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Of templates: the values of their parameters, as JSON or YAML
    #[arg(long, value_name = "FILE", requires = "files")]
    pub(crate) parameters: Option<PathBuf>,
    /// Of code: what lies beside it is asked of the last scans; nothing else than the code is known otherwise
    #[arg(long, requires = "files")]
    pub(crate) with_estate: bool,
    /// Of code: the region that it is for, where it does not say it
    #[arg(long, value_name = "REGION", requires = "files")]
    pub(crate) region: Option<String>,
    /// List the checks instead
    #[arg(long, conflicts_with_all = ["explain", "csv", "sarif", "junit", "markdown", "fail_on", "files"])]
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
    #[arg(long, value_name = "TEAM", conflicts_with = "files")]
    pub(crate) owner: Option<String>,
    /// Only this account; of code, the account that it is for, where it does not say it
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
    /// Write a comment for a pull request to this file, as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Do not keep what is found; the next check then does not know of this one
    #[arg(long, conflicts_with_all = ["list", "explain", "files"])]
    pub(crate) no_keep: bool,
    /// End with code 3 where a check of this severity or worse fails and nobody accepted that
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

#[derive(Debug, Args)]
#[command(
    after_help = "A control whose checks all pass still needs evidence where no machine sees all of it. docs/frameworks.md says more."
)]
pub(crate) struct FrameworksArgs {
    /// The framework whose controls are shown; without one, all frameworks are listed
    #[arg(value_name = "FRAMEWORK")]
    pub(crate) framework: Option<String>,
    /// Print a line of CSV for each control
    #[arg(long, requires = "framework", conflicts_with = "json")]
    pub(crate) csv: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "What each class demands is in content/protection.yaml. What keeps data and has no class counts as confidential. A system is \
                  what a resource says that it is for."
)]
pub(crate) struct ProtectionArgs {
    /// Only this system, with each gap
    #[arg(value_name = "SYSTEM")]
    pub(crate) system: Option<String>,
    /// Only systems whose data has this class or a higher one
    #[arg(long, value_name = "CLASS", value_parser = ["public", "internal", "confidential", "restricted"])]
    pub(crate) class: Option<String>,
}
