//! What carries a request to an endpoint: real HTTP, or a recording.

use std::{error::Error as _, fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use fathom_model::{AccountId, Partition, Region};
use futures::{StreamExt, future::BoxFuture};
use serde_json::Value;

use crate::{record::Header, wire};

/// Which call a request belongs to. Recordings find answers by it.
#[derive(Debug, Clone)]
pub struct CallMeta {
    /// The account asked; [`CallMeta::CALLER`] while it is not known yet.
    pub account: AccountId,
    /// The partition the account belongs to.
    pub partition: Partition,
    /// The region asked, as the caller of the client gave it.
    pub region: Region,
    /// Service as the models name it.
    pub service: String,
    /// Operation as the models name it.
    pub operation: String,
    /// The parameters of this page.
    pub params: Value,
}

impl CallMeta {
    /// Stands for the account of the credentials themselves, before `GetCallerIdentity` has named it.
    pub const CALLER: &'static str = "caller";
}

/// Sends signed requests and brings whole answers back.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request; the answer is whole and bounded in size. Redirects are answers, not followed.
    fn send<'a>(
        &'a self,
        meta: &'a CallMeta,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<wire::Response, TransportError>>;

    /// The recording that answers instead of the cloud. Where there is one, nothing is signed and nobody waits
    /// between attempts.
    fn recording(&self) -> Option<&Header> {
        None
    }
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The host's name does not exist.
    #[error("no address for host `{host}`")]
    NoSuchHost {
        /// The host that was looked up.
        host: String,
        /// The cause.
        #[source]
        source: Source,
    },
    /// No connection: refused, unreachable, or no agreement on TLS.
    #[error("no connection to `{host}`")]
    Connect {
        /// The host that was called.
        host: String,
        /// The cause.
        #[source]
        source: Source,
    },
    /// The connection ended before the answer was whole.
    #[error("the connection to `{host}` was cut")]
    Cut {
        /// The host that was called.
        host: String,
        /// The cause.
        #[source]
        source: Source,
    },
    /// No whole answer in time.
    #[error("no whole answer from `{host}` in time")]
    Timeout {
        /// The host that was called.
        host: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit that was passed.
        limit_bytes: usize,
    },
    /// The recording has no such call.
    #[error("the recording has no answer for this")]
    NotRecorded,
    /// The request itself cannot be sent.
    #[error("failed to make a request for `{host}`")]
    Request {
        /// The host that was to be called.
        host: String,
        /// The cause.
        #[source]
        source: Source,
    },
}

/// A cause inside a transport.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Limits of the real transport.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// From the start of a request to the last byte of its answer.
    pub timeout: Duration,
    /// Until a connection stands, TLS included.
    pub connect_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub answer_bytes_max: usize,
}

/// The real transport: HTTP/1.1 over a shared pool of connections.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    limits: HttpLimits,
}

impl HttpTransport {
    /// Makes a transport with its own pool of connections.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub fn new(limits: HttpLimits) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.timeout)
            .referer(false)
            .user_agent(concat!("fathom/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::Request { host: String::new(), source: Box::new(error) })?;
        Ok(Self { client, limits })
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<wire::Response, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let failed = |error| failure(error, &host);
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        let answer = self.client.execute(request).await.map_err(failed)?;
        let too_large = || TransportError::TooLarge { limit_bytes: self.limits.answer_bytes_max };
        let announced = answer.content_length().unwrap_or(0);
        if announced > self.limits.answer_bytes_max as u64 {
            return Err(too_large());
        }
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(failed)?;
            if body.len() + chunk.len() > self.limits.answer_bytes_max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(wire::Response { status, headers, body: body.freeze() })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(
        &'a self,
        _meta: &'a CallMeta,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<wire::Response, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// Tells apart what the HTTP library only half tells apart.
fn failure(error: reqwest::Error, host: &str) -> TransportError {
    let host = host.to_owned();
    let error = error.without_url();
    if error.is_timeout() {
        return TransportError::Timeout { host };
    }
    let (dns, connect, builder) = (is_dns(&error), error.is_connect(), error.is_builder());
    let source: Source = Box::new(error);
    match (dns, connect, builder) {
        (true, ..) => TransportError::NoSuchHost { host, source },
        (_, true, _) => TransportError::Connect { host, source },
        (_, _, true) => TransportError::Request { host, source },
        _ => TransportError::Cut { host, source },
    }
}

/// Whether a name was looked up in vain. A resolver that cannot be reached says "temporary failure": that is the
/// network's fault, not the endpoint's.
fn is_dns(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    let mut lookup = false;
    let mut temporary = false;
    while let Some(error) = cause {
        let text = error.to_string();
        lookup |= text.contains("dns error") || text.contains("failed to lookup address");
        temporary |= text.contains("Temporary failure");
        cause = error.source();
    }
    lookup && !temporary
}
