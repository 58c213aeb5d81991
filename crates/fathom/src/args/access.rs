//! Arguments of `fathom what-can`, `what-on`, `public`, `external` and `cross-account`.

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
    after_help = "Policies, access lists and grants of all resources are asked, with every action that AWS has for each. What is told is what \
    the resource's side allows; accounts must allow it to their own users and roles, too.\n\
    Exit codes: 0 done, whatever was found."
)]
pub(crate) struct OpeningsArgs {
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
