//! Arguments of `fathom what-can`, `what-on`, `public`, `external`, `cross-account`, `keys` and `secrets`.

use std::path::PathBuf;

use clap::Args;

use super::{ContextArgs, KindArg};

#[derive(Debug, Args)]
#[command(
    after_help = "Every action that AWS has for a resource is asked of every resource that the scans saw, and those without a resource of \
    none. Resources that no policy tells apart share a line.\n\
    Examples: fathom what-can SupportAccess\n\
              fathom what-can arn:aws:iam::111122223333:role/deploy --kind data --json"
)]
pub(crate) struct WhatCanArgs {
    /// A user or role, by ARN or name; a root user by its account
    #[arg(value_name = "WHO")]
    pub(crate) principal: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Every action that AWS has for the resource is asked of everyone that the scans saw, and of whom the resource itself names. \
    Of a bucket, also those on an object that no policy singles out.\n\
    Examples: fathom what-on customer-invoices\n\
              fathom what-on arn:aws:kms:eu-central-1:111122223333:key/1234 --kind data"
)]
pub(crate) struct WhatOnArgs {
    /// The resource: an ARN, or the id or name of something that was scanned
    pub(crate) resource: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "What one could do is followed: roles that are assumed, users that are taken over, roles that are passed to services, what runs \
    as a role, and permissions that one gives oneself. Every action of every step is decided as by `fathom iam simulate`. The edit that is \
    shown is found by asking again as if it were made.\n\
    Not followed: identity centre assignments, cluster permissions inside Kubernetes, and what lies in stores as code or credentials.\n\
    Examples: fathom escalate\n\
              fathom escalate deploy --to 111122223333\n\
    Exit codes: 0 done, whatever was found."
)]
pub(crate) struct EscalateArgs {
    /// A user or role, by ARN or name; without one, everybody
    #[arg(value_name = "WHO")]
    pub(crate) principal: Option<String>,
    /// Only what leads to this user, role or account
    #[arg(long, value_name = "WHAT")]
    pub(crate) to: Option<String>,
    /// Only what is certain: no conditions, nothing unread
    #[arg(long)]
    pub(crate) sure: bool,
    /// Show all, not only the first of a long list
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Policies, access lists and grants of all resources are asked, with every action that AWS has for each. What is told is what \
    the resource's side allows; accounts must allow it to their own users and roles, too.\n\
    Exit codes: 0 done, whatever was found."
)]
pub(crate) struct OpeningsArgs {
    /// Whose accounts outside are: a YAML file `accounts: {"123456789012": {name: …, purpose: …, until: 2027-01-31}}`,
    /// beside `vendors` of fathom.yaml here
    #[arg(long, value_name = "FILE")]
    pub(crate) vendors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShownArgs {
    /// Only access of this kind; again for more
    #[arg(long, value_enum)]
    pub(crate) kind: Vec<KindArg>,
    /// Name all actions, not only how many there are
    #[arg(long)]
    pub(crate) actions: bool,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Who can use a key is decided by its policy, its grants and the policies of everyone; who can administer it may change its \
    policy, make grants or schedule its deletion.\n\
    A grant is one that nobody remembers where whom it is for is gone, or where it is older than --old-days: no log that is kept \
    says whether a grant is used.\n\
    Examples: fathom keys\n\
              fathom keys alias/payments --who"
)]
pub(crate) struct KeysArgs {
    /// Only this key: an ARN, an id or an alias
    #[arg(value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Name who can, not only how many
    #[arg(long)]
    pub(crate) who: bool,
    /// Grants older than this are told as forgotten
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) old_days: u32,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Secrets of Secrets Manager and SecureString parameters. Whoever may ask for the value and may not use the key reads nothing.\n\
    Examples: fathom secrets\n\
              fathom secrets storefront/database --who"
)]
pub(crate) struct SecretsArgs {
    /// Only this one: an ARN or a name
    #[arg(value_name = "SECRET")]
    pub(crate) secret: Option<String>,
    /// Name who can read it, and who may ask for it and cannot decrypt it
    #[arg(long)]
    pub(crate) who: bool,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}
