//! Arguments of `fathom web-firewall`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::NetworkArgs;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Asked are load balancers that packets from the internet come to, distributions, stages of REST interfaces, GraphQL interfaces, user \
    pools, App Runner, Amplify, and what can have no web firewall: HTTP interfaces, functions with an address, load balancers of the first \
    generation.\n\
    STOPS: a rule of its web ACL does more than count. ONLY COUNTS: none does. NONE: AWS says that none is there. UNKNOWN: what decides was not \
    read, and the call is named.\n\
    With --exit-code: 0 each has one that stops something, 3 one has not, 4 of one that is not known.\n\
    Example: fathom web-firewall rehearse shop --logs waf-logs/ --rule AWS-Common"
)]
pub(crate) struct WebFirewallArgs {
    #[command(subcommand)]
    pub(crate) command: Option<WebFirewallCommand>,
    /// Only this account
    #[arg(long = "only-account", value_name = "ACCOUNT")]
    pub(crate) only_account: Option<String>,
    /// End with code 3 where no web firewall stops anything, with 4 where that is not known
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebFirewallCommand {
    /// Say what would be blocked, of requests that were logged, if rules that only count blocked or a rule were added
    Rehearse(RehearseArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Logs are those of the web firewall, as it writes them: one JSON a line, also packed with gzip, in files or folders; or what `aws \
    wafv2 get-sampled-requests` and `aws logs filter-log-events` print.\n\
    What a log does not hold, such as the body of a request, is UNKNOWN and never \"does not match\"; such requests are counted apart.\n\
    Exit codes: 0 done and within the limits, 3 more than --max-blocked or --max-doubtful, 4 it may be more."
)]
pub(crate) struct RehearseArgs {
    /// The web ACL: its name, id or ARN
    #[arg(value_name = "ACL", required_unless_present = "acl_file")]
    pub(crate) acl: Option<String>,
    /// Files and folders of logged requests
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub(crate) logs: Vec<PathBuf>,
    /// The web ACL as `aws wafv2 get-web-acl` prints it, instead of one that was scanned
    #[arg(long, value_name = "FILE", conflicts_with = "acl")]
    pub(crate) acl_file: Option<PathBuf>,
    /// Only this rule blocks instead of counting; RULE/PART is one rule of a group. May be repeated; all that count otherwise
    #[arg(long, value_name = "RULE")]
    pub(crate) rule: Vec<String>,
    /// A rule to add, as JSON in the form of the API; where it counts, it is taken to block
    #[arg(long, value_name = "FILE", conflicts_with = "rule")]
    pub(crate) rule_file: Option<PathBuf>,
    /// The most requests that may newly be blocked
    #[arg(long, value_name = "N")]
    pub(crate) max_blocked: Option<u64>,
    /// The most of these that may look like those of real users
    #[arg(long, value_name = "N")]
    pub(crate) max_doubtful: Option<u64>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}
