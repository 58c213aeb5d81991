//! Arguments of `fathom import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ImportFeedArgs, ImportReportArgs, account};

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Who made and changed what: CloudTrail log files, folders of them, or s3://bucket/prefix
    Cloudtrail(ImportTrailArgs),
    /// A folder of API answers as the AWS command line prints them
    AwsJson(ImportJsonArgs),
    /// What AWS Config delivered: snapshot and history files, plain, in gzip or in a zip
    AwsConfig(ImportConfigArgs),
    /// What scanners of software and code found, as SARIF 2.1.0
    Sarif(ImportReportArgs),
    /// Components with their weaknesses, and VEX, as CycloneDX JSON
    Cyclonedx(ImportReportArgs),
    /// CISA's catalogue of known exploited vulnerabilities, as JSON
    Kev(ImportFeedArgs),
    /// FIRST's chance of exploitation of each CVE, as CSV
    Epss(ImportFeedArgs),
    /// Who talks to whom: VPC flow logs
    FlowLogs(ImportFlowsArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "A file counts once, told by what is in it, whatever it is called. Lines that cannot be read are named; the others count. \
    `fathom blast-radius` and the table `flows` tell what they say; `fathom compact` lets go of old days."
)]
pub(crate) struct ImportFlowsArgs {
    /// Files as AWS delivers them (text, also in gzip, Parquet, JSON of CloudWatch Logs), and folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
    /// The values of lines in files without a header, as you gave them to AWS; its default format otherwise
    #[arg(long, value_name = "NAMES")]
    pub(crate) format: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportJsonArgs {
    /// The folder: files like `ec2-describe-vpcs.json`, also in folders per account and region
    #[arg(value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The account of files in no folder that is called after one
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: Option<String>,
    /// The region of files in no folder that is called after one
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Your declarations: teams, systems and rules; `fathom.yaml` here where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) declarations: Option<PathBuf>,
    /// No progress display
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportConfigArgs {
    /// A file, or a folder of them
    #[arg(value_name = "FILE|DIR")]
    pub(crate) from: PathBuf,
    /// Your declarations: teams, systems and rules; `fathom.yaml` here where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) declarations: Option<PathBuf>,
    /// No progress display
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportTrailArgs {
    /// Files (.json, .json.gz, .jsonl), folders, or s3://bucket/prefix
    #[arg(required = true, value_name = "FROM")]
    pub(crate) from: Vec<String>,
    /// Of a bucket, how many days back
    #[arg(long, default_value_t = 90, value_name = "DAYS")]
    pub(crate) trail_days: u32,
    /// The AWS profile that reads the bucket, and nothing else; environment, profile and machine, in this order, otherwise
    #[arg(long)]
    pub(crate) profile: Option<String>,
}
