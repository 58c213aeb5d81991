//! The command line: every command, flag and its help, in one place.

mod access;
mod assign;
mod checks;
mod findings;
mod fix;
mod iam;
mod import;
mod net;
mod outage;
mod paths;
mod people;
mod privilege;
mod scan;
mod serve;
mod vulnerabilities;
mod web_firewall;
mod what_if;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fathom_model::Moment;

pub(crate) use access::{
    EscalateArgs, KeysArgs, OpeningsArgs, SecretsArgs, ShownArgs, WhatCanArgs, WhatOnArgs,
};
pub(crate) use assign::AssignCommand;
pub(crate) use checks::{CheckArgs, ContentCommand, FrameworksArgs, ProtectionArgs};
pub(crate) use findings::{AcceptFindingsArgs, FindingsArgs, FindingsCommand, ListFindingsArgs, OrderArg};
pub(crate) use fix::FixArgs;
pub(crate) use iam::{ActionsArgs, CompareArgs, ContextArgs, IamCommand, KindArg, SimulateArgs, WhoCanArgs};
pub(crate) use import::{ImportCommand, ImportConfigArgs, ImportFlowsArgs, ImportJsonArgs, ImportTrailArgs};
pub(crate) use net::{ExposedArgs, NetCommand, NetworkArgs, ReachArgs, TraceArgs, UnauthenticatedArgs};
pub(crate) use outage::OutageArgs;
pub(crate) use paths::{BlastArgs, PathsArgs};
pub(crate) use people::{AddPersonArgs, PeopleCommand, RoleArg};
pub(crate) use privilege::{LeastPrivilegeArgs, UnusedArgs};
pub(crate) use scan::{ScanArgs, ScopeArgs};
pub(crate) use serve::{PermissionsArgs, Queues, ServeArgs};
pub(crate) use vulnerabilities::{ImportFeedArgs, ImportReportArgs, VulnerabilitiesArgs};
pub(crate) use web_firewall::{RehearseArgs, WebFirewallArgs, WebFirewallCommand};
pub(crate) use what_if::{FailOn, WhatIfArgs};

/// Every resource, identity and connection in your cloud is understood, or it is on a list.
#[derive(Debug, Parser)]
#[command(name = "fathom", version, max_term_width = 110, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate did not hold, 4 it could not be decided.\n\
    Start with `fathom scan`, then `fathom unknown`. Logs: FATHOM_LOG=info (or debug)."
)]
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
    /// Say who made a resource and who changed it, event by event, from CloudTrail
    Activity(ActivityArgs),
    /// List what is not understood, worst first
    Unknown(UnknownArgs),
    /// Show what was read, what was empty, and what could not be seen and why
    Coverage(CoverageArgs),
    /// Show the figures of the current estate: by type, account and region
    Summary(SummaryArgs),
    /// End with code 3 when the estate is not understood as well as asked, for pipelines
    Gate(GateArgs),
    /// Accept a gap with a reason, until a date
    Accept(AcceptArgs),
    /// Say who takes care of which resources, until when
    #[command(subcommand)]
    Assign(AssignCommand),
    /// Compare the estate with Terraform states and plans and with CloudFormation templates
    Drift(DriftArgs),
    /// Approve the estate as it is, and list every difference until somebody explains it
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// List scans
    Scans(LimitArgs),
    /// Show the versions of one resource, newest first, and what changed in each
    History(HistoryArgs),
    /// Show what changed in the estate between two scans
    Diff(DiffArgs),
    /// Ask about the estate as it was at a moment
    AsOf(AsOfArgs),
    /// Let go of old history, and give its space back to the disk
    Compact(CompactArgs),
    /// Ask the estate in SQL; without a query, open a prompt
    Sql(SqlArgs),
    /// Take in what was read elsewhere
    #[command(subcommand)]
    Import(ImportCommand),
    /// Say who can do something to a resource, with the statements that decide
    WhoCan(WhoCanArgs),
    /// Say what a user or role can do, over everything the scans saw
    WhatCan(WhatCanArgs),
    /// Say who can do what to a resource
    WhatOn(WhatOnArgs),
    /// Say what would open and close if a Terraform plan, a change set or a policy were applied
    WhatIf(WhatIfArgs),
    /// Say who can come to have more permissions than were given, by which steps, and what prevents it
    Escalate(EscalateArgs),
    /// Tell how an intruder would walk from the internet, a vendor or a leaked key to what must not be lost, and what to fix first
    Paths(PathsArgs),
    /// Say what falls if a user, role, server, key or account is taken, and who was seen talking to it
    BlastRadius(BlastArgs),
    /// Say what fails if a resource or a zone is gone, and what goes on with what is left
    Outage(OutageArgs),
    /// Say whether one thing reaches another over the network, with each hop
    Reach(ReachArgs),
    /// List what the internet reaches over the network, with the ports and the way
    Exposed(ExposedArgs),
    /// List what answers without asking who comes: settings, shares, listeners and policies, with the way over the network
    Unauthenticated(UnauthenticatedArgs),
    /// Say which web firewall stands before what answers the web, what its rules do, and what a rule would block before it does
    WebFirewall(WebFirewallArgs),
    /// List the weaknesses of hosts, images and functions, the most urgent first, and what nobody looked at
    #[command(visible_alias = "vulns")]
    Vulnerabilities(VulnerabilitiesArgs),
    /// Ask the checks of the estate: what fails, why, and how it is put right
    Check(CheckArgs),
    /// List frameworks and how the estate stands to their controls: pass, fail, unknown, or what somebody must show
    Frameworks(FrameworksArgs),
    /// Show how the data of each system is protected, layer by layer, by what its class demands
    Protection(ProtectionArgs),
    /// List what checks found and what became of it, what an intruder could use first; accept it until a date
    Findings(FindingsArgs),
    /// Print the exact change that puts a finding right, what it touches and how it is taken back; it runs nothing
    Fix(FixArgs),
    /// Test the content that ships and your own
    #[command(subcommand)]
    Content(ContentCommand),
    /// Follow packets through the network
    #[command(subcommand)]
    Net(NetCommand),
    /// List the resources that let in everyone
    Public(OpeningsArgs),
    /// List the resources that let in anybody from outside the organisation
    External(OpeningsArgs),
    /// List the resources that let in other accounts of one's own
    CrossAccount(OpeningsArgs),
    /// List the keys: who can use and administer each, its grants, its rotation, what it encrypts
    Keys(KeysArgs),
    /// List the secrets: who can read each, by its policies and by its key
    Secrets(SecretsArgs),
    /// List access keys, passwords, users and roles that nobody used
    Unused(UnusedArgs),
    /// Say what a user or role may do and did not, and propose the policy that leaves what it did
    LeastPrivilege(LeastPrivilegeArgs),
    /// Decide who may do what, exactly
    #[command(subcommand)]
    Iam(IamCommand),
    /// Serve the HTTP API
    Serve(ServeArgs),
    /// Say who may enter the console and the API
    #[command(subcommand)]
    People(PeopleCommand),
    /// Verify, prove and list the sealed ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Print the IAM policy that a scan needs, exactly
    Permissions(PermissionsArgs),
    /// Print the OpenAPI document of the HTTP API
    Openapi,
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
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
pub(crate) struct ActivityArgs {
    /// An ARN, an id, a name, or the beginning of one
    pub(crate) resource: String,
    /// Most events
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct UnknownArgs {
    /// Most rows
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
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
    /// References of documents that lead to nothing seen, by type and place
    #[arg(long, conflicts_with = "all")]
    pub(crate) references: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SummaryArgs {
    /// Show how much was understood when each past scan ended
    #[arg(long)]
    pub(crate) trend: bool,
    /// Most scans of the trend, the newest
    #[arg(long, default_value_t = 30, value_name = "N", requires = "trend")]
    pub(crate) scans: u32,
    /// Only this account, in the trend
    #[arg(long, requires = "trend")]
    pub(crate) account: Option<String>,
    /// Only this type, in the trend
    #[arg(long = "type", value_name = "TYPE", requires = "trend")]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("condition").required(true).multiple(true))]
#[command(
    after_help = "Exit codes: 0 all conditions hold, 1 nothing to judge or the report cannot be written, \
    2 wrong usage, 3 a condition does not hold.\n\
    Gaps that somebody accepted do not count. What the last finished scan could not read keeps its earlier state; \
    --max-uncovered is the condition on that."
)]
pub(crate) struct GateArgs {
    /// The least share of resources that must be understood, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent, group = "condition")]
    pub(crate) min_understood: Option<f64>,
    /// The most resources that may have a gap nobody accepted
    #[arg(long, value_name = "N", group = "condition")]
    pub(crate) max_unknown: Option<u64>,
    /// No gap that the scan before did not have
    #[arg(long, group = "condition")]
    pub(crate) no_new_unknown: bool,
    /// The most operations that may have stayed unread; what no definition reads, what is not enabled and what a flag
    /// left out do not count
    #[arg(long, value_name = "N", group = "condition")]
    pub(crate) max_uncovered: Option<u64>,
    /// Nothing may differ from this approved baseline but what somebody explained
    #[arg(long, value_name = "NAME", group = "condition")]
    pub(crate) baseline: Option<String>,
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// The form of the report; with --output, its ending (.sarif, .xml, .json) chooses otherwise
    #[arg(long, value_enum)]
    pub(crate) format: Option<GateFormat>,
    /// Write the report to this file, and the verdict for people to standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test reports
    Junit,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A resource never loses its newest version, nor that it existed. What baselines stand on is kept. \
    The compaction is an entry of the ledger, whose own entries stay for ever."
)]
pub(crate) struct CompactArgs {
    /// Keep everything of so many days
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) keep_days: u32,
    /// What to keep of the time before: the state at the end of each day or month (UTC), or nothing
    #[arg(long, value_enum, default_value_t = OlderArg::Monthly)]
    pub(crate) older: OlderArg,
    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Who does it; you, as the system knows you, otherwise
    #[arg(long, value_parser = one_line)]
    pub(crate) by: Option<String>,
}

/// What is kept of old history.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum OlderArg {
    Daily,
    Monthly,
    Nothing,
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
    #[arg(long, value_parser = one_line)]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The files are those that fathom.yaml names under `terraform_states`, `terraform_plans` and \
    `cloudformation_templates`, and those given here.\n\
    With --exit-code: 0 nothing drifted, 1 a file could not be used, 3 something drifted or is missing."
)]
pub(crate) struct DriftArgs {
    /// A Terraform state (version 4, or `terraform show -json`). May be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) terraform_state: Vec<PathBuf>,
    /// A Terraform plan, as `terraform show -json` prints it. May be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) terraform_plan: Vec<PathBuf>,
    /// A CloudFormation template, YAML or JSON. May be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) cloudformation: Vec<PathBuf>,
    /// Your declarations; `fathom.yaml` here where it exists
    #[arg(long, value_name = "FILE")]
    pub(crate) declarations: Option<PathBuf>,
    /// What the sample organisation declares, after `fathom scan --sample`
    #[arg(long, conflicts_with_all = ["declarations", "terraform_state", "terraform_plan", "cloudformation"])]
    pub(crate) sample: bool,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only this region
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Only what is declared
    #[arg(long, conflicts_with = "undeclared")]
    pub(crate) declared_only: bool,
    /// Only what nothing declares
    #[arg(long)]
    pub(crate) undeclared: bool,
    /// Also what is in line, and what could not be compared and why
    #[arg(long)]
    pub(crate) all: bool,
    /// Most rows of what nothing declares
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: u32,
    /// End with code 3 where something drifted or is missing
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Most rows
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// An ARN, an id, a name, or the beginning of one; also of what is gone
    pub(crate) resource: String,
    /// Most versions
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Every change and every value in full; with --json, the documents too
    #[arg(long)]
    pub(crate) full: bool,
}

#[derive(Debug, Args)]
#[command(after_help = MOMENT_HELP)]
pub(crate) struct DiffArgs {
    /// Where to begin, a day at its beginning; the scan before the last one otherwise
    #[arg(long, value_name = "MOMENT")]
    pub(crate) since: Option<Moment>,
    /// Where to end, a day at its end; the last scan otherwise
    #[arg(long, value_name = "MOMENT")]
    pub(crate) until: Option<Moment>,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Only this account
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Only this region
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Most resources that are shown; all are counted
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) limit: usize,
    /// Every change and every value in full
    #[arg(long)]
    pub(crate) full: bool,
    /// End with code 3 when anything differs
    #[arg(long)]
    pub(crate) exit_code: bool,
}

#[derive(Debug, Args)]
#[command(after_help = MOMENT_HELP)]
pub(crate) struct AsOfArgs {
    /// The moment, a day at its end
    pub(crate) moment: Moment,
    #[command(subcommand)]
    pub(crate) command: AsOfCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AsOfCommand {
    /// Ask in SQL; without a query, open a prompt
    Sql(SqlArgs),
}

/// How moments are written.
const MOMENT_HELP: &str = "A moment is a time (2027-01-31T08:00:00Z), a day (2027-01-31), how long ago (\"3 days ago\", 7d) \
    or a scan (scan:12, 12). The estate at a moment is as the last scan left it that had finished then. Times are UTC.";

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
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
    /// Ask about the estate as it was: a time, a day (at its end), how long ago, or scan:12
    #[arg(long, value_name = "MOMENT")]
    pub(crate) as_of: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
    Parquet,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Approve the estate as the last scan left it; a baseline of the same name ends
    Approve {
        /// The name of the baseline
        #[arg(long, default_value = "default", value_parser = one_line)]
        name: String,
        /// Why it is approved
        #[arg(long)]
        reason: String,
        /// Who approves it; you, as the system knows you, otherwise
        #[arg(long, value_parser = one_line)]
        by: Option<String>,
    },
    /// Count the differences, explained and not; ends with code 3 under --exit-code where one is not
    Status {
        /// The name of the baseline
        #[arg(long, default_value = "default", value_parser = one_line)]
        name: String,
        /// End with code 3 where a difference is not explained
        #[arg(long)]
        exit_code: bool,
    },
    /// List every difference, member by member
    Diff {
        /// The name of the baseline
        #[arg(long, default_value = "default", value_parser = one_line)]
        name: String,
        /// Also what somebody explained
        #[arg(long)]
        all: bool,
        /// Only this type
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Most differences
        #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Explain one difference; when the resource changes again, it is listed again
    Accept {
        /// An ARN, an id or a name of a resource that differs
        resource: String,
        /// The name of the baseline
        #[arg(long, default_value = "default", value_parser = one_line)]
        name: String,
        /// Why it may be so
        #[arg(long)]
        reason: String,
        /// Until when, a date like 2027-01-31; as long as the baseline otherwise
        #[arg(long, value_name = "DATE", value_parser = date)]
        until: Option<jiff::civil::Date>,
        /// Who explains it; you, as the system knows you, otherwise
        #[arg(long, value_parser = one_line)]
        by: Option<String>,
    },
    /// List the baselines, also those that ended
    List,
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

/// A name as it goes into the ledger.
fn one_line(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("it is empty".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("write one line without control characters".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim_end_matches('%').parse().map_err(|_| "write a number like 95".to_owned())?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err("write a number from 0 to 100".to_owned()) }
}

fn account(text: &str) -> Result<String, String> {
    let is_one = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    if is_one { Ok(text.to_owned()) } else { Err("write the twelve digits of an account".to_owned()) }
}
