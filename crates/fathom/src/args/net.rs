//! Arguments of `fathom net`, `fathom reach`, `fathom exposed` and `fathom unauthenticated`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fathom_content::open::Asks;
use fathom_net::Protocol;

use super::account;

/// Which network is asked.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Ask a folder of API answers as the AWS command line prints them, instead of what the scans saw
    #[arg(long, value_name = "DIR")]
    pub(crate) aws_json: Option<PathBuf>,
    /// The account of files in no folder that is called after one
    #[arg(long, value_name = "ACCOUNT", value_parser = account, requires = "aws_json")]
    pub(crate) account: Option<String>,
    /// The region of files in no folder that is called after one
    #[arg(long, value_name = "REGION", requires = "aws_json")]
    pub(crate) region: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NetCommand {
    /// Walk one packet there and its answer back, and show each hop with the rule that let it pass or not
    Trace(TraceArgs),
}

/// How a place is written.
const PLACES: &str = "A place is `internet`, an address, the id of a network interface or server, a load balancer (name or ARN) or an \
    endpoint; 10.1.2.3@vpc-… is an address of a VPC, 10.1.2.3@vgw-… or @tgw-attach-… one behind a gateway.\n\
    YES: it is reached. NO: the hop that holds it up says why. ONLY IF: with the condition that is shown. UNKNOWN: what decides was not \
    read, and the call is named.";

#[derive(Debug, Args)]
#[command(
    after_help = format!("{PLACES}\nExample: fathom net trace --from internet --to i-0123456789abcdef0 --port 443 --json")
)]
pub(crate) struct TraceArgs {
    /// Where the packet begins
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: String,
    /// Where it goes
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: String,
    /// tcp, udp, icmp (an echo), icmpv6 or a number
    #[arg(long, default_value = "tcp", value_name = "PROTOCOL")]
    pub(crate) proto: Protocol,
    /// The port, of TCP and UDP
    #[arg(long, value_name = "PORT", required_unless_present = "proto", required_if_eq_any([("proto", "tcp"), ("proto", "udp")]))]
    pub(crate) port: Option<u16>,
    /// The client's own port; all from 1024 to 65535 otherwise
    #[arg(long, value_name = "PORT")]
    pub(crate) client_port: Option<u16>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
#[command(after_help = format!("{PLACES}\nExamples: fathom reach i-0123456789abcdef0 10.2.0.15 --port 5432\n          fathom reach internet storefront"))]
pub(crate) struct ReachArgs {
    /// Who reaches
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// What is reached
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// tcp, udp, icmp (an echo), icmpv6 or a number
    #[arg(long, default_value = "tcp", value_name = "PROTOCOL")]
    pub(crate) proto: Protocol,
    /// The port; all ports where absent, as ranges
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Each network interface with a public address and each public load balancer is asked, on every port that its rules tell \
    apart: routes, network ACLs, security groups and VPC Block Public Access decide, and the answer must find its way back. Of a load \
    balancer, also whether a target behind it is reached.\n\
    Services of AWS with addresses of their own, such as buckets and queues, are let in by policies: see `fathom public`."
)]
pub(crate) struct ExposedArgs {
    /// tcp, udp, icmp (an echo), icmpv6 or a number. May be repeated; tcp, udp and icmp otherwise
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) proto: Vec<Protocol>,
    /// Only what is reached on this port
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Show each hop
    #[arg(long)]
    pub(crate) hops: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Joins what the network lets through with what settings, shares, listeners and policies ask of who comes.\n\
    YES: it answers. ONLY IF: with the condition that is shown. UNKNOWN: what decides was not read, and the call is named; what \
    surely does not answer has no row.\n\
    What servers with public addresses ask of who comes, no document says: `fathom exposed` lists their ports."
)]
pub(crate) struct UnauthenticatedArgs {
    /// Instead, what inside the network asks nobody who they are: rules for everything, listeners in the clear, no client identity
    #[arg(long)]
    pub(crate) internal: bool,
    /// Only what still asks for this. May be repeated
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) asks: Vec<AsksArg>,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Show each hop
    #[arg(long)]
    pub(crate) hops: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// What is still asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AsksArg {
    /// Nothing at all
    Nothing,
    /// Nothing that the provider checks; the application behind may ask
    Application,
    /// A signature by any account of the provider
    AnyAccount,
    /// A password, key or token of its own
    Credentials,
}

impl From<AsksArg> for Asks {
    fn from(asks: AsksArg) -> Self {
        match asks {
            AsksArg::Nothing => Self::Nothing,
            AsksArg::Application => Self::Application,
            AsksArg::AnyAccount => Self::AnyAccount,
            AsksArg::Credentials => Self::Credentials,
        }
    }
}
