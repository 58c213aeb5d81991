//! The command line: every command, flag and its help, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Every resource, identity and connection in your cloud is understood, or it is on a list.
#[derive(Debug, Parser)]
#[command(name = "fathom", version, max_term_width = 110, propagate_version = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate did not hold.\n\
    Start with `fathom scan`, then `fathom unknown`. Logs: FATHOM_LOG=info (or debug).")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Where Fathom keeps its database, ledger and keys
    #[arg(long, env = "FATHOM_DATA", value_name = "DIR", default_value = ".fathom", global = true)]
    pub(crate) data: PathBuf,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Colours: `auto` is off when the output is piped or `NO_COLOR` is set
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(crate) color: Color,
    /// A directory of content that replaces or adds to the built-in definitions, file by file
    #[arg(long, env = "FATHOM_CONTENT", value_name = "DIR", global = true)]
    pub(crate) content: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at a cloud: read everything in scope, explain it, list what nobody can explain
    Scan(ScanArgs),
    /// Say what is known about one resource, and from which source
    Explain(ExplainArgs),
    /// List what is not understood, worst first
    Unknown(UnknownArgs),
    /// Show what was read, what was empty, and what could not be seen and why
    Coverage(CoverageArgs),
    /// Show the figures of the current estate: by type, account and region
    Summary,
    /// End with code 3 when less than a share of the estate is understood, for pipelines
    Gate(GateArgs),
    /// Accept a gap with a reason, until a date
    Accept(AcceptArgs),
    /// List scans
    Scans(LimitArgs),
    /// Ask the estate in SQL; without a query, open a prompt
    Sql(SqlArgs),
    /// Serve the HTTP API
    Serve(ServeArgs),
    /// Verify, prove and list the sealed ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Print the IAM policy that a scan needs, exactly
    Permissions,
    /// Print the OpenAPI document of the HTTP API
    Openapi,
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// The AWS profile to sign in with; the usual environment otherwise
    #[arg(long, env = "AWS_PROFILE")]
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
    /// Scan the sample organisation that comes with Fathom; needs no account and no network
    #[arg(long, conflicts_with_all = ["replay", "record", "organization_role"])]
    pub(crate) sample: bool,
    /// Write every exchange to this file (no credentials in it), to be played back later
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,
    /// Play back a recording instead of asking a cloud
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// Most requests under way at once
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub(crate) concurrency: usize,
    /// Seconds to wait for one answer
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) timeout: u64,
    /// Send requests to this address instead of the cloud's own
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// No progress display
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// An ARN, an id, a name, or the beginning of one
    pub(crate) resource: String,
    /// Show the whole document too
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UnknownArgs {
    /// Most rows
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: u32,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Also what somebody accepted
    #[arg(long)]
    pub(crate) accepted: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// Every row, also what was read
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    /// The least share of resources that must be understood, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) min_understood: f64,
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// An ARN, an id or a name
    pub(crate) resource: String,
    /// The gap, as `fathom unknown` names it; all of its gaps where absent
    #[arg(long, default_value = "*")]
    pub(crate) part: String,
    /// Why it is acceptable
    #[arg(long)]
    pub(crate) reason: String,
    /// Until when: a date like 2027-01-31
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) until: jiff::civil::Date,
    /// Who accepts it; you, as the system knows you, otherwise
    #[arg(long)]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Most rows
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct SqlArgs {
    /// The question; a prompt opens without one. `-` reads it from standard input
    pub(crate) query: Option<String>,
    /// The form of the answer
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Write the answer to this file; its ending chooses the form
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Most rows
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub(crate) limit: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
    Parquet,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on; another than loopback needs --tls-cert and --tls-key
    #[arg(long, default_value = "127.0.0.1:7373", env = "FATHOM_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: std::net::SocketAddr,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Your declarations, for scans started over the API
    #[arg(long, value_name = "FILE")]
    pub(crate) declarations: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check every entry, hash and signature, offline; names the first bad entry
    Verify {
        /// A ledger directory, also a copy on another machine; this installation's otherwise
        directory: Option<PathBuf>,
        /// The log's public key, as `ledger.pub` has it, or the file it is in
        #[arg(long)]
        key: Option<String>,
    },
    /// Write a proof that an entry is in the log, for anyone to check offline
    Prove {
        /// The entry's number
        index: u64,
        /// Write the proof here, and the entry beside it; printed otherwise
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List entries, newest first
    List(LimitArgs),
    /// Show size, root and public key
    Status,
}

fn date(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write a date like 2027-01-31".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim_end_matches('%').parse().map_err(|_| "write a number like 95".to_owned())?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err("write a number from 0 to 100".to_owned()) }
}
