//! Arguments of `fathom serve` and `fathom permissions`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use fathom_see::refresh::EventSource;

use super::ScopeArgs;

/// The shortest time from one scan to the next.
const EVERY_MIN: Duration = Duration::from_secs(10);
/// The longest.
const EVERY_MAX: Duration = Duration::from_hours(366 * 24);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on; another than loopback needs --tls-cert and --tls-key
    #[arg(long, default_value = "127.0.0.1:7373", env = "FATHOM_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: std::net::SocketAddr,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A name under which this server is reached; requests that name another are refused. May be repeated
    #[arg(long = "allowed-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<String>,
    /// A proxy on this machine passes requests on: where they come from is the last address of X-Forwarded-For
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// The issuers of OpenID Connect that people may come from, and what their groups may do; without it, signin.yaml in
    /// the data directory where it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) signin: Option<PathBuf>,
    /// Scan by itself, so long after the beginning of the last scan of the same scope: 30m, 6h, 1d
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub(crate) every: Option<Duration>,
    /// Look again at what changed when an event of CloudTrail says so: `sqs:` and the address of a queue, or a folder
    /// that log files are put into
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    pub(crate) events: Option<EventSource>,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PermissionsArgs {
    /// Also what `serve --events` needs; with `sqs:` and the address of the queue, for this queue alone
    #[arg(long, value_name = "SOURCE", num_args = 0..=1, default_missing_value = "sqs:", value_parser = queue)]
    pub(crate) events: Option<Queues>,
}

/// Which queues are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Queues {
    /// Any.
    Any,
    /// One, by its ARN.
    One(String),
}

/// A time like 30m, 6h, 1d.
fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time like 30m, 6h or 1d".to_owned();
    let (number, seconds) = match text.char_indices().last().ok_or_else(wrong)? {
        (at, 's') => (text.get(..at), 1),
        (at, 'm') => (text.get(..at), 60),
        (at, 'h') => (text.get(..at), 3600),
        (at, 'd') => (text.get(..at), 86_400),
        _ => return Err(wrong()),
    };
    let number: u64 = number.and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let every = Duration::from_secs(number.saturating_mul(seconds));
    if (EVERY_MIN..=EVERY_MAX).contains(&every) {
        Ok(every)
    } else {
        Err("write a time from 10s to 366d".to_owned())
    }
}

fn source(text: &str) -> Result<EventSource, String> {
    text.parse().map_err(|error: fathom_see::refresh::SourceError| error.to_string())
}

fn queue(text: &str) -> Result<Queues, String> {
    if text == "sqs:" {
        return Ok(Queues::Any);
    }
    let arn = source(text)?.queue_arn();
    arn.map(Queues::One).ok_or_else(|| {
        "write sqs: and the address of a queue, as `aws sqs get-queue-url` prints it".to_owned()
    })
}
