//! Arguments of `fathom what-if`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::ShownArgs;

/// Above what is asked of changes of more than one policy.
const HEADING: &str = "Of a plan, a change set, a template or edits";
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
    group = ArgGroup::new("of").required(true).multiple(true).args(["plan", "change_set", "template", "edit", "principal", "managed", "resource", "scp", "rcp"]),
    group = ArgGroup::new("single").args(SINGLE),
    after_help = "A plan or a change set is written into a copy of what the last scans read, and everything is asked of both: what the internet \
    reaches, what answers without asking who comes, whom resources let in, what users and roles may do, how an intruder would walk. \
    What of it is not known or was not looked at is told. The same is asked of single edits: --edit may be repeated, and takes what `fathom paths` and \
    `fathom escalate` say after \"To close it:\" and \"To prevent it:\".\n\
    Edits: add the rule for tcp 443 from 0.0.0.0/0 to SECURITY-GROUP, take the rule for … out of SECURITY-GROUP (what goes out: `rule for tcp 443 to …`),\n\
           add the route to 0.0.0.0/0 by GATEWAY to ROUTE-TABLE, add the policy ARN to ROLE, add the group NAME to USER, and `take … out of …` for each,\n\
           take ACTION out of statement N of the policy NAME of WHO, take statement N out of the bucket policy of BUCKET, remove the policy of QUEUE,\n\
           add ACTION to statement N of the policy NAME of WHO, add the statement {JSON} to the trust policy of ROLE,\n\
           block public access of BUCKET, allow public access of BUCKET, switch off the access key KEY, let SERVER run without ROLE,\n\
           set RESOURCE MEMBER=JSON, remove RESOURCE\n\
    Of a single policy, asked are the actions that the old or the new policy speaks of and the other does not, on the resources that the scans saw and \
    the policies match; of a resource's policy, all actions on it. Nothing is changed.\n\
    Where there are too many to ask, or where a pattern matches nothing that was scanned, the answer says so.\n\
    Exit codes: 0 nothing that --fail-on names, 1 failed, 3 something opens or somebody gains something, 4 unknown.\n\
    Examples: terraform show -json plan.out > plan.json && fathom what-if --plan plan.json --markdown comment.md\n\
              fathom what-if --change-set change-set.json --template template.yaml\n\
              fathom what-if --template template.yaml --stack shop --was template-of-main.yaml\n\
              fathom what-if --edit 'take the rule for tcp 22 from 0.0.0.0/0 out of sg-0a1b2c3d'\n\
              fathom what-if --edit 'set shop-db PubliclyAccessible=false' --edit 'remove sg-0a1b2c3d'\n\
              fathom what-if --policy new.json --principal deploy --name releases\n\
              fathom what-if --policy new.json --managed arn:aws:iam::111122223333:policy/shared\n\
              fathom what-if --policy bucket.json --resource customer-invoices\n\
              fathom what-if --remove --scp p-a1b2c3d4"
)]
pub(crate) struct WhatIfArgs {
    /// A Terraform plan, as `terraform show -json` prints it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["change_set", "template", "edit", "single"], help_heading = HEADING)]
    pub(crate) plan: Option<PathBuf>,
    /// A CloudFormation change set, as `aws cloudformation describe-change-set --include-property-values` prints it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["edit", "single"], help_heading = HEADING)]
    pub(crate) change_set: Option<PathBuf>,
    /// A CloudFormation template, asked against its --stack: what it would make, change and take away; with --change-set the
    /// template of that, which tells values that the change set does not show
    #[arg(long, value_name = "FILE", conflicts_with_all = ["edit", "single"], help_heading = HEADING)]
    pub(crate) template: Option<PathBuf>,
    /// Of --template: its stack, by name or ARN; a change set says it itself
    #[arg(long, value_name = "STACK", requires = "template", required_unless_present_any = ["plan", "change_set", "edit", "single"], help_heading = HEADING)]
    pub(crate) stack: Option<String>,
    /// Of --template: the template that the stack was made of, so that only what differs between the two is a change
    #[arg(long, value_name = "FILE", requires = "template", conflicts_with = "change_set", help_heading = HEADING)]
    pub(crate) was: Option<PathBuf>,
    /// Of --template: the values of its parameters, as JSON or YAML
    #[arg(long, value_name = "FILE", requires = "template", help_heading = HEADING)]
    pub(crate) parameters: Option<PathBuf>,
    /// A single edit in words; may be repeated, and they are done one after the other
    #[arg(long, value_name = "EDIT", conflicts_with = "single", help_heading = HEADING)]
    pub(crate) edit: Vec<String>,
    /// The account of what the file does not say it of
    #[arg(long, value_name = "ID", conflicts_with_all = SINGLE, help_heading = HEADING)]
    pub(crate) account: Option<String>,
    /// The region of what the file does not say it of
    #[arg(long, value_name = "REGION", conflicts_with_all = SINGLE, help_heading = HEADING)]
    pub(crate) region: Option<String>,
    /// What ends with code 3, and with 4 for what is unknown
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT", conflicts_with_all = SINGLE,
        default_values_t = [FailOn::NewExposure, FailOn::NewPath, FailOn::NewPermission], help_heading = HEADING)]
    pub(crate) fail_on: Vec<FailOn>,
    /// Write SARIF for code scanning to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = SINGLE, help_heading = HEADING)]
    pub(crate) sarif: Option<PathBuf>,
    /// Write a comment for the pull request to this file, as Markdown
    #[arg(long, value_name = "FILE", conflicts_with_all = SINGLE, help_heading = HEADING)]
    pub(crate) markdown: Option<PathBuf>,
    /// The policy as it would be, as JSON
    #[arg(long, value_name = "FILE", required_unless_present_any = ["remove", "plan", "change_set", "template", "edit"], conflicts_with_all = ["remove", "plan", "change_set", "template", "edit"])]
    pub(crate) policy: Option<PathBuf>,
    /// Ask what changes if the policy goes
    #[arg(long, conflicts_with_all = ["plan", "change_set", "template", "edit"])]
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
