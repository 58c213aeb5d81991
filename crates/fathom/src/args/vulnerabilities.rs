//! Arguments of `fathom vulnerabilities`, and of the imports that it joins.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fathom_content::vulnerable::Software;

use super::account;

#[derive(Debug, Args)]
#[command(
    after_help = "Classes go from 1, the most urgent, to 6. A class is 1 and two steps more: 0 where the weakness is known to be exploited, 1 where \
    that is likely, 2 where it is not known, 3 where it is unlikely; and 0 where the internet reaches the thing and the weakness is \
    attacked over the network, 1 where that is not known, 2 where not. Within a class severity, then EPSS, then age decide.\n\
    What is known of exploitation is loaded from files: `fathom import kev FILE`, `fathom import epss FILE`. Without them it is UNKNOWN.\n\
    docs/vulnerabilities.md says more."
)]
pub(crate) struct VulnerabilitiesArgs {
    /// Only what is known to be exploited
    #[arg(long)]
    pub(crate) kev: bool,
    /// Only things that the internet reaches, perhaps under a condition
    #[arg(long)]
    pub(crate) exposed: bool,
    /// Only what has a fix
    #[arg(long)]
    pub(crate) fixable: bool,
    /// Only classes up to this one
    #[arg(long, value_name = "CLASS", value_parser = clap::value_parser!(u8).range(1..=6))]
    pub(crate) class: Option<u8>,
    /// Only this weakness, by its name
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only this thing: an ARN, an id or a name
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) of: Option<String>,
    /// Only hosts, images or functions. May be repeated
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) on: Vec<SoftwareArg>,
    /// Only this account
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(crate) account: Option<String>,
    /// Only what this team answers for
    #[arg(long, value_name = "TEAM")]
    pub(crate) owner: Option<String>,
    /// Instead, what somebody judged not to count, and who
    #[arg(long)]
    pub(crate) judged: bool,
    /// Instead, the things at which nobody looked
    #[arg(long, conflicts_with = "judged")]
    pub(crate) not_looked: bool,
    /// Most rows
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) limit: usize,
}

/// What has software.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SoftwareArg {
    /// Servers
    Host,
    /// Container images
    Image,
    /// Functions
    Function,
}

impl From<SoftwareArg> for Software {
    fn from(software: SoftwareArg) -> Self {
        match software {
            SoftwareArg::Host => Self::Host,
            SoftwareArg::Image => Self::Image,
            SoftwareArg::Function => Self::Function,
        }
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "A report is tied to the image whose digest or address in a registry it names, or to what --about names. The same file again \
    changes nothing; a newer report of the same tool about the same thing replaces the older one."
)]
pub(crate) struct ImportReportArgs {
    /// Files (.json, .sarif, also in gzip) and folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) from: Vec<PathBuf>,
    /// What the reports are about: an ARN, an id or a name; what they say themselves otherwise
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) about: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportFeedArgs {
    /// The file, also in gzip
    #[arg(value_name = "FILE")]
    pub(crate) from: PathBuf,
}
