//! Arguments of `fathom what-if`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::ShownArgs;

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("of").required(true).args(["principal", "managed", "resource", "scp", "rcp"]),
    after_help = "Asked are the actions that the old or the new policy speaks of and the other does not, on the resources that the scans saw and \
    the policies match; of a resource's policy, all actions on it. Nothing is changed.\n\
    Where there are too many to ask, or where a pattern matches nothing that was scanned, the answer says so.\n\
    Exit codes: 0 nobody gains anything, 1 failed, 3 somebody gains something, 4 unknown.\n\
    Examples: fathom what-if --policy new.json --principal deploy --name releases\n\
              fathom what-if --policy new.json --managed arn:aws:iam::111122223333:policy/shared\n\
              fathom what-if --policy bucket.json --resource customer-invoices\n\
              fathom what-if --remove --scp p-a1b2c3d4"
)]
pub(crate) struct WhatIfArgs {
    /// The policy as it would be, as JSON
    #[arg(long, value_name = "FILE", required_unless_present = "remove", conflicts_with = "remove")]
    pub(crate) policy: Option<PathBuf>,
    /// Ask what changes if the policy goes
    #[arg(long)]
    pub(crate) remove: bool,
    /// As an inline policy of this user, role or group: an ARN, or a user's or role's name
    #[arg(long, value_name = "WHO")]
    pub(crate) principal: Option<String>,
    /// Of --principal: the name of the inline policy; one that is there already is replaced
    #[arg(long, value_name = "NAME", requires = "principal", default_value = "what-if")]
    pub(crate) name: String,
    /// As the default version of this managed policy, for all who have it
    #[arg(long, value_name = "ARN")]
    pub(crate) managed: Option<String>,
    /// As the policy of this resource: an ARN, an id or a name; of a role, who may assume it
    #[arg(long, value_name = "RESOURCE")]
    pub(crate) resource: Option<String>,
    /// As this service control policy, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) scp: Option<String>,
    /// As this resource control policy, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) rcp: Option<String>,
    /// Of --scp and --rcp: attached to this root, unit or account; everywhere it is attached where absent
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["principal", "managed", "resource"])]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}
