//! Arguments of `fathom people`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum PeopleCommand {
    /// List everybody who may enter, and how they sign in
    List,
    /// Add a person; prints the link with which the person enters the first time
    Add(AddPersonArgs),
    /// Let a person not enter any more; sessions and tokens end at once
    Disable {
        /// The person's name
        name: String,
    },
    /// Let a person enter again who was disabled
    Enable {
        /// The person's name
        name: String,
    },
    /// Remove every way a person has to sign in, and print a link to set up new ones
    Reset {
        /// The person's name
        name: String,
        /// Where people find the server, for the link
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7373", env = "FATHOM_URL")]
        url: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddPersonArgs {
    /// What the person signs in with, and what the ledger says
    pub(crate) name: String,
    /// What the person may do
    #[arg(long, value_enum)]
    pub(crate) role: RoleArg,
    /// Only what is of this account; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) account: Vec<String>,
    /// Only what this team answers for; may be repeated
    #[arg(long, value_name = "TEAM")]
    pub(crate) team: Vec<String>,
    /// Where people find the server, for the link
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7373", env = "FATHOM_URL")]
    pub(crate) url: String,
}

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Looks
    Viewer,
    /// Also reads documents, asks in SQL, accepts gaps, starts scans
    Analyst,
    /// Also approves baselines
    Responder,
    /// Reads everything, people and the ledger too, and changes nothing
    Auditor,
    /// Everything
    Administrator,
}
