//! Arguments of `fathom unused` and `least-privilege`.

use std::path::PathBuf;

use clap::Args;

/// As far back as uses may be asked for.
const DAYS_MAX: i64 = 3_650;

#[derive(Debug, Args)]
#[command(
    after_help = "Administrators come first, then what is oldest. What could not be read is listed as not known, never as unused. Where a log \
    that was read names a later use than IAM, that counts.\n\
    Examples: fathom unused\n\
              fathom unused --days 180 --json"
)]
pub(crate) struct UnusedArgs {
    /// Not used for so many days
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    pub(crate) days: u32,
    /// The most rows to show; --json has all
    #[arg(long, value_name = "ROWS", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
#[command(
    after_help = "What was used is what `fathom import cloudtrail` read. Actions that no log would show (data events, permissions that no call \
    is named after) are told as such, and the proposed policy keeps them unless --drop-unseen is given.\n\
    The policy is proved: the evaluator allows all that was used, and nothing is allowed that is not granted today.\n\
    Examples: fathom least-privilege storefront-task\n\
              fathom least-privilege arn:aws:iam::111122223333:role/deploy --days 365 --policy deploy.json"
)]
pub(crate) struct LeastPrivilegeArgs {
    /// A user or role, by ARN or name
    #[arg(value_name = "WHO")]
    pub(crate) principal: String,
    /// What was used in so many days counts
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    pub(crate) days: u32,
    /// Leave out what no log would show, and narrow the resources of data events to those that were seen
    #[arg(long)]
    pub(crate) drop_unseen: bool,
    /// Write the proposed policy to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Name all actions, not only how many there are
    #[arg(long)]
    pub(crate) actions: bool,
}
