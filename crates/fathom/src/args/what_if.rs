//! Arguments of `fathom what-if`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::ShownArgs;

/// What names a single policy.
const SINGLE: [&str; 5] = ["principal", "managed", "resource", "scp", "rcp"];

/// What a pipeline does not let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Something that the internet reaches, or that answers without asking who comes
    NewExposure,
    /// A way of an intruder to what must not be lost
    NewPath,
    /// A permission of a user or role, or somebody from outside who is let in
    NewPermission,
    /// What is not known, or was not looked at
    Unknown,
    /// Nothing
    None,
}

#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("of").required(true).args(["plan", "change_set", "principal", "managed", "resource", "scp", "rcp"]),
    after_help = "A plan or a change set is written into a copy of what the last scans read, and everything is asked of both: what the internet \
    reaches, what answers without asking who comes, whom resources let in, what users and roles may do, how an intruder would walk. \
    What of it is not known or was not looked at is told.\n\
    Of a single policy, asked are the actions that the old or the new policy speaks of and the other does not, on the resources that the scans saw and \
    the policies match; of a resource's policy, all actions on it. Nothing is changed.\n\
    Where there are too many to ask, or where a pattern matches nothing that was scanned, the answer says so.\n\
    Exit codes: 0 nothing that --fail-on names, 1 failed, 3 something opens or somebody gains something, 4 unknown.\n\
    Examples: terraform show -json plan.out > plan.json && fathom what-if --plan plan.json --markdown comment.md\n\
              fathom what-if --change-set change-set.json\n\
              fathom what-if --policy new.json --principal deploy --name releases\n\
              fathom what-if --policy new.json --managed arn:aws:iam::111122223333:policy/shared\n\
              fathom what-if --policy bucket.json --resource customer-invoices\n\
              fathom what-if --remove --scp p-a1b2c3d4"
)]
pub(crate) struct WhatIfArgs {
    /// A Terraform plan, as `terraform show -json` prints it
    #[arg(long, value_name = "FILE", help_heading = "Of a plan or a change set")]
    pub(crate) plan: Option<PathBuf>,
    /// A CloudFormation change set, as `aws cloudformation describe-change-set --include-property-values` prints it
    #[arg(long, value_name = "FILE", help_heading = "Of a plan or a change set")]
    pub(crate) change_set: Option<PathBuf>,
    /// The account of what the file does not say it of
    #[arg(long, value_name = "ID", conflicts_with_all = SINGLE, help_heading = "Of a plan or a change set")]
    pub(crate) account: Option<String>,
    /// The region of what the file does not say it of
    #[arg(long, value_name = "REGION", conflicts_with_all = SINGLE, help_heading = "Of a plan or a change set")]
    pub(crate) region: Option<String>,
    /// What ends with code 3, and with 4 for what is unknown
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT", conflicts_with_all = SINGLE,
        default_values_t = [FailOn::NewExposure, FailOn::NewPath, FailOn::NewPermission], help_heading = "Of a plan or a change set")]
    pub(crate) fail_on: Vec<FailOn>,
    /// Write SARIF for code scanning to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = SINGLE, help_heading = "Of a plan or a change set")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write a comment for the pull request to this file, as Markdown
    #[arg(long, value_name = "FILE", conflicts_with_all = SINGLE, help_heading = "Of a plan or a change set")]
    pub(crate) markdown: Option<PathBuf>,
    /// The policy as it would be, as JSON
    #[arg(long, value_name = "FILE", required_unless_present_any = ["remove", "plan", "change_set"], conflicts_with_all = ["remove", "plan", "change_set"])]
    pub(crate) policy: Option<PathBuf>,
    /// Ask what changes if the policy goes
    #[arg(long, conflicts_with_all = ["plan", "change_set"])]
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
