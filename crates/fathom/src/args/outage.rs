//! Arguments of `fathom outage`.

use clap::Args;

/// What fails if something is gone.
#[derive(Debug, Args)]
#[command(
    after_help = "What things need of each other is read out of their relations (content/outage.yaml): a server its subnet, data its key,\n\
    a load balancer one of its targets. What needs one of several and lost them all but those that were never seen is UNKNOWN.\n\
    What programs call that no configuration names is not known: `fathom blast-radius` has who was seen talking to it.\n\n\
    Exit codes: 0 done, whatever fails.\n\
    Examples: fathom outage i-0123456789abcdef0\n\
              fathom outage eu-central-1a --account 123456789012\n\
              fathom outage alias/orders --json"
)]
pub(crate) struct OutageArgs {
    /// What is gone: a resource by ARN, id or name, or a zone
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Of a zone, only what is of this account: a zone's name means another place in another account
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Show all of it
    #[arg(long)]
    pub(crate) all: bool,
}
