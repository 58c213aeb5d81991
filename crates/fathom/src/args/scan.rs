//! Arguments of `fathom scan`, and those that say what any scan looks at.

use std::path::PathBuf;

use clap::Args;

/// What a scan looks at, and as whom; `scan` and `serve` share it.
#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// The AWS profile to sign in with, and nothing else; environment, profile and machine, in this order, otherwise
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// Only these regions (comma-separated); all enabled ones otherwise
    #[arg(long, value_delimiter = ',', value_name = "REGION")]
    pub(crate) regions: Vec<String>,
    /// Only these resource types (comma-separated), like AWS::S3::Bucket
    #[arg(long, value_delimiter = ',', value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// Also scan every other account of the organisation, through this role
    #[arg(long, value_name = "ROLE")]
    pub(crate) organization_role: Option<String>,
    /// The external id that the role asks for
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Of the organisation, only these accounts (comma-separated)
    #[arg(long, value_delimiter = ',', value_name = "ACCOUNT")]
    pub(crate) accounts: Vec<String>,
    /// Your declarations: teams, systems and rules; `fathom.yaml` here where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) declarations: Option<PathBuf>,
    /// Where to learn who made and changed things: `lookup` asks CloudTrail's own memory of 90 days, `s3://BUCKET/PREFIX`
    /// or a path reads a trail's logs, `off` uses only what was read before; `auto` is `lookup` for a live cloud
    #[arg(long, value_name = "FROM", default_value = "auto")]
    pub(crate) cloudtrail: String,
    /// How many days back to look in CloudTrail
    #[arg(long, default_value_t = 90, value_name = "DAYS")]
    pub(crate) trail_days: u32,
    /// With `lookup`: the most pages of 50 changes in each account and region, newest first; two a second are answered
    #[arg(long, default_value_t = 60, value_name = "N")]
    pub(crate) trail_pages: u32,
    /// Most requests under way at once
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub(crate) concurrency: usize,
    /// Seconds to wait for one answer
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) timeout: u64,
    /// Send requests to this address instead of the cloud's own, or of what AWS_ENDPOINT_URL and the profile say
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Scan the sample organisation that comes with Fathom; needs no account and no network
    #[arg(long, conflicts_with_all = ["replay", "record", "organization_role"])]
    pub(crate) sample: bool,
    /// Write every exchange to this file (no credentials in it), to be played back later
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,
    /// Play back a recording instead of asking a cloud
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// No progress display
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
