//! From an operation's name and parameters to its answer.
//!
//! [`Client::call`] serialises the parameters, finds the endpoint, signs, waits for its turn, sends, and tells apart
//! why no answer came; [`Client::pages`] follows an operation's pages; [`Client::sign_in`] and [`Client::assume`] give
//! the accounts to ask. Reading order: `call.rs`, then `outcome.rs` (what errors mean) and `limit.rs` (how fast).
//!
//! **Invariant:** every call ends, in a value or in a [`CallError`] with one of the coverage ledger's reasons: there is
//! a limit on attempts, pages, bytes and time. No error, log line or debug text holds a secret.

mod account;
mod assume;
mod call;
mod discover;
mod endpoint;
mod error;
mod guard;
mod limit;
mod options;
mod outcome;
mod pages;
mod permission;
mod profile;
mod sign;
mod sign_in;
mod transport;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicI64},
};

use tokio::sync::Semaphore;

pub use account::Account;
pub use call::Answer;
pub use endpoint::{EndpointError, Overrides, Target};
pub use error::CallError;
pub use options::{ClientOptions, Counters, EndpointUrlError};
pub use outcome::reason_of_code;
pub use pages::Pages;
pub use permission::required_permission;
pub use profile::ProfileName;
pub use sign::SignError;
pub use sign_in::SignInError;
pub use transport::{
    CallMeta, HttpLimits, HttpTransport, Source as TransportSource, Transport, TransportError,
};

use crate::{
    model::{ModelError, Models},
    record::Header,
};

/// A client for all services, regions and accounts. Cheap to clone; clones share connections, limits and counters.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// What clones share.
pub(crate) struct Inner {
    options: ClientOptions,
    transport: Arc<dyn Transport>,
    models: &'static Models,
    limits: limit::Limits,
    turns: Semaphore,
    counting: options::Counting,
    roles: Mutex<HashMap<assume::Role, Account>>,
    discovered: discover::Discovered,
    /// Our clock's error against the services', in seconds.
    skew_seconds: AtomicI64,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP library does not start.
    #[error("failed to start the HTTP client")]
    Transport(#[source] TransportError),
    /// The embedded models cannot be read.
    #[error("failed to read the service models")]
    Models(#[source] ModelError),
}

impl Client {
    /// Makes a client.
    ///
    /// # Errors
    /// When the system's TLS certificates or the embedded models cannot be read.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let models = Models::embedded();
        models.endpoints().map_err(ClientError::Models)?;
        let limits = HttpLimits {
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            answer_bytes_max: options.answer_bytes_max,
        };
        let transport = match &options.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(HttpTransport::new(limits).map_err(ClientError::Transport)?),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                transport,
                models,
                limits: limit::Limits::new(),
                turns: Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
                counting: options::Counting::default(),
                roles: Mutex::new(HashMap::new()),
                discovered: discover::Discovered::default(),
                skew_seconds: AtomicI64::new(0),
                options,
            }),
        })
    }

    fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// What the client has done so far.
    pub fn counters(&self) -> Counters {
        self.inner.counting.read()
    }

    /// The recording that answers instead of the cloud, if one does.
    pub fn recording(&self) -> Option<&Header> {
        self.inner.transport.recording()
    }
}
