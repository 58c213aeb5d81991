//! What a client can be told, and what it counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use url::Url;

use super::{endpoint::Overrides, transport::Transport};
use crate::codec::Secrets;

/// How a client behaves. Start from [`ClientOptions::default`] or [`ClientOptions::from_env`].
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Addresses in place of AWS's own.
    pub endpoints: Overrides,
    /// From the start of an attempt to the last byte of its answer; 60 s.
    pub timeout: Duration,
    /// Until a connection stands; 5 s.
    pub connect_timeout: Duration,
    /// Attempts of a call that is throttled or meets a stumbling service, the first included; 8.
    pub attempts_max: u32,
    /// First bound of the pause between attempts; it doubles with each; 100 ms, five times as long after a throttle.
    pub pause: Duration,
    /// Largest answer that is read, in bytes; 64 MiB.
    pub answer_bytes_max: usize,
    /// Most pages of one listing; 10,000.
    pub pages_max: u32,
    /// Most requests under way at once; 64.
    pub concurrency: usize,
    /// Whether values that the models mark as secret reach the caller; masked.
    pub secrets: Secrets,
    /// What carries the requests; HTTP where none is given.
    pub transport: Option<Arc<dyn Transport>>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            endpoints: Overrides::default(),
            timeout: Duration::from_mins(1),
            connect_timeout: Duration::from_secs(5),
            attempts_max: 8,
            pause: Duration::from_millis(100),
            answer_bytes_max: 64 << 20,
            pages_max: 10_000,
            concurrency: 64,
            secrets: Secrets::Mask,
            transport: None,
        }
    }
}

/// An endpoint address from a flag, the environment or a profile that is no address.
#[derive(Debug, thiserror::Error)]
#[error("`{variable}` is not an address of the form `https://host:port`")]
pub struct EndpointUrlError {
    /// The environment variable, or where else it stands.
    pub variable: String,
    /// The cause.
    #[source]
    pub source: url::ParseError,
}

impl ClientOptions {
    /// The defaults with the endpoint addresses that the environment gives: `AWS_ENDPOINT_URL`,
    /// `AWS_ENDPOINT_URL_<SERVICE>`; none with `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true`.
    ///
    /// # Errors
    /// When one of them is no address.
    pub fn from_env(vars: impl IntoIterator<Item = (String, String)>) -> Result<Self, EndpointUrlError> {
        let mut endpoints = Overrides::default();
        for (variable, value) in vars {
            if variable == "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" && value.eq_ignore_ascii_case("true") {
                return Ok(Self::default());
            }
            let Some(rest) = variable.strip_prefix("AWS_ENDPOINT_URL") else { continue };
            if value.is_empty() {
                continue;
            }
            let url =
                address(&value).map_err(|source| EndpointUrlError { variable: variable.clone(), source })?;
            if rest.is_empty() {
                endpoints.all = Some(url);
            } else if let Some(service) = rest.strip_prefix('_') {
                endpoints.services.insert(service.to_owned(), url);
            }
        }
        Ok(Self { endpoints, ..Self::default() })
    }

    /// The same with one address for all services, whatever the environment says.
    ///
    /// # Errors
    /// When the text is no `http` or `https` address.
    pub fn with_endpoint(mut self, url: &str) -> Result<Self, EndpointUrlError> {
        let variable = || url.to_owned();
        let url = address(url).map_err(|source| EndpointUrlError { variable: variable(), source })?;
        self.endpoints = Overrides { all: Some(url), ..Overrides::default() };
        Ok(self)
    }
}

pub(super) fn address(text: &str) -> Result<Url, url::ParseError> {
    let url = Url::parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(url::ParseError::RelativeUrlWithCannotBeABaseBase);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(url::ParseError::EmptyHost);
    }
    Ok(url)
}

/// What a client has done since it was made; a progress display polls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// HTTP requests sent, retries included.
    pub calls: u64,
    /// Requests that were an attempt after the first.
    pub retries: u64,
    /// Answers that asked to go slower.
    pub throttles: u64,
    /// Calls that ended without a usable answer.
    pub errors: u64,
    /// Requests under way now.
    pub in_flight: u64,
}

/// The counters behind [`Counters`].
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) calls: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) throttles: AtomicU64,
    pub(crate) errors: AtomicU64,
    in_flight: AtomicU64,
}

impl Counting {
    pub(crate) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            calls: read(&self.calls),
            retries: read(&self.retries),
            throttles: read(&self.throttles),
            errors: read(&self.errors),
            in_flight: read(&self.in_flight),
        }
    }

    /// Counts a request as under way until the guard falls.
    pub(crate) fn under_way(&self) -> UnderWay<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.in_flight)
    }
}

/// A request under way.
pub(crate) struct UnderWay<'a>(&'a AtomicU64);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
