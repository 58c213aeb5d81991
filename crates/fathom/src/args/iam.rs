//! Arguments of `fathom iam`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum IamCommand {
    /// Decide requests with the policies they carry: JSON lines in, verdicts as JSON lines out
    Simulate(SimulateArgs),
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
