//! Arguments of `fathom iam`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum IamCommand {
    /// Decide requests with the policies they carry: JSON lines in, verdicts as JSON lines out
    Simulate(SimulateArgs),
    /// List the actions of AWS: what kind of access they are, on which resources, with which condition keys
    Actions(ActionsArgs),
    /// Say whether a policy allows what another does not, with the request that shows it
    Compare(CompareArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "A file holds one policy, or a list of policies that are attached together. Policies that name principals are taken \
    as policies of resources, all others as policies of identities.\n\
    Every request that is shown was decided again by `fathom iam simulate`'s evaluator. What cannot be decided is UNKNOWN with \
    the reason.\n\
    Exit codes: 0 the new policy allows nothing more, 1 a file could not be read (with line and column), 3 it allows more, \
    4 unknown.\n\
    Examples: fathom iam compare old.json new.json\n\
              terraform show -json tfplan > plan.json && fathom iam compare --plan plan.json\n\
              fathom iam compare bucket.json --outside 111122223333 --outside o-a1b2c3d4e5\n\
              fathom iam compare policy.json --never 's3:Delete*' --on 'arn:aws:s3:::prod-*'"
)]
pub(crate) struct CompareArgs {
    /// The old policy and the new one; one alone with --outside or --never
    #[arg(value_name = "FILE", num_args = 0..=2)]
    pub(crate) policies: Vec<PathBuf>,
    /// Compare each policy that a Terraform plan changes, before and after: what `terraform show -json PLAN` prints
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policies", "outside", "never"])]
    pub(crate) plan: Option<PathBuf>,
    /// Ask whether a resource's policy ever allows somebody outside of this account or organisation; again for more
    #[arg(long, value_name = "ACCOUNT|ORGANISATION")]
    pub(crate) outside: Vec<String>,
    /// Ask whether the policy ever allows this action; again for more
    #[arg(long, value_name = "ACTION")]
    pub(crate) never: Vec<String>,
    /// Of --never: on these resources alone
    #[arg(long, value_name = "ARN", requires = "never")]
    pub(crate) on: Vec<String>,
    /// Of --never: unless the request has this context key with this value; again for more, all of which it must have
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "never")]
    pub(crate) only_if: Vec<(String, String)>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A line is a request with everything that has a say in it; the answer has the decision, the statements that \
    decided and what every layer says. docs/iam-simulate.md describes both.\n\
    With --principal the question goes to the estate that was scanned instead, and one verdict comes out.\n\
    A line that is no request is answered with its number and the error, and the others are answered all the same.\n\
    Exit codes: 0 done, 1 no line could be answered.\n\
    Examples: fathom iam simulate < requests.jsonl > verdicts.jsonl\n\
              fathom iam simulate --principal deploy --action s3:GetObject --resource arn:aws:s3:::invoices/a.pdf"
)]
pub(crate) struct SimulateArgs {
    /// The requests; standard input where absent or `-`
    #[arg(value_name = "FILE")]
    #[arg(conflicts_with = "principal")]
    pub(crate) requests: Option<PathBuf>,
    /// Ask the scanned estate about this user or role: an ARN or a name; also an account, a service, or `*` for everyone
    #[arg(long, value_name = "WHO", requires = "action")]
    pub(crate) principal: Option<String>,
    /// The action, such as s3:GetObject
    #[arg(long, requires = "principal")]
    pub(crate) action: Option<String>,
    /// The resource: an ARN, or the id or name of something that was scanned; `*` for actions without one
    #[arg(
        long,
        requires = "principal",
        default_value_if("principal", clap::builder::ArgPredicate::IsPresent, "*")
    )]
    pub(crate) resource: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ContextArgs {
    /// A context key of the request and its value; again for more, and for more values of one key
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) pairs: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| key.contains(':'))
        .ok_or_else(|| format!("`{text}` is no key and value; write one such as aws:SourceIp=203.0.113.7"))?;
    Ok((key.to_owned(), value.to_owned()))
}

#[derive(Debug, Args)]
#[command(
    after_help = "Everyone that the scans saw is asked about, and whom the resource itself names: services, other accounts, \
    everyone.\n\
    What no scan read makes an answer unknown, and is named below the answers.\n\
    Examples: fathom who-can s3:GetObject arn:aws:s3:::invoices/a.pdf\n\
              fathom who-can sts:AssumeRole deploy\n\
              fathom who-can iam:CreateUser --context aws:MultiFactorAuthPresent=true"
)]
pub(crate) struct WhoCanArgs {
    /// The action, such as s3:GetObject
    pub(crate) action: String,
    /// The resource: an ARN, or the id or name of something that was scanned; `*` for actions without one
    #[arg(default_value = "*")]
    pub(crate) resource: String,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A resource type with `?` need not be named by every request; `* only` can be limited to no resource.\n\
    Data is what stores keep: reading, writing or deleting it, or the keys to it. Admin changes who may do what.\n\
    The catalogue is in the binary; what it does not know, AWS may have.\n\
    Examples: fathom iam actions s3:Get*\n\
              fathom iam actions kms --kind data\n\
              fathom iam actions --on arn:aws:sqs:eu-central-1:111122223333:jobs"
)]
pub(crate) struct ActionsArgs {
    /// A pattern as policies write it, such as s3:Get*, or a service
    #[arg(default_value = "*")]
    pub(crate) pattern: String,
    /// Only of this kind
    #[arg(long, value_enum)]
    pub(crate) kind: Option<KindArg>,
    /// Only those that are asked of resources with such an ARN
    #[arg(long, value_name = "ARN")]
    pub(crate) on: Option<String>,
    /// Most actions; 50 where absent, all with --json
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

/// The kinds of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// Which resources there are
    List,
    /// Settings
    Read,
    /// What stores keep
    Data,
    /// Only tags
    Tagging,
    /// Makes, changes, deletes
    Write,
    /// Changes who may do what
    Admin,
}
