//! A server on this machine that looks like AWS: faults, written answers and a million resources before a real moto.
//!
//! [`Front::start`] gives an address for `AWS_ENDPOINT_URL`. Each request is recognised ([`recognise`]), then answered
//! by the first that has something to say: the [`Rule`]s in order, written [`Answers`], the generated estate of a
//! [`Scale`], the moto behind it byte for byte, and without a moto an empty output of the operation.
//!
//! - [`recognise`] and [`decode`]: from a request to service, operation and parameters.
//! - [`encode`] and [`errors`]: from an output value or an error to the message.
//! - [`scale`]: generated listings in pages.
//! - [`model`]: a reader of the service models of its own, so that the client's codecs are checked by another mind.
//!
//! **Invariant:** it listens on the loopback interface only and ends when the [`Front`] is dropped.

mod accounts;
mod answers;
pub mod decode;
pub mod encode;
pub mod errors;
mod fault;
mod forward;
mod limits;
pub mod model;
pub mod recognise;
mod rules;
pub mod scale;
mod serve;
mod value;
mod xml;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::oneshot;

pub use answers::{Answers, AnswersError, Written};
pub use rules::{Call, Compute, Fault, Rule};
pub use scale::Scale;

use serve::Inner;

/// The account of access keys that the front has not seen made.
pub const ACCOUNT: &str = "123456789012";

/// What a front does.
#[derive(Debug)]
pub struct FrontOptions {
    /// Address of the moto behind; none to answer alone.
    pub moto: Option<String>,
    /// Rules, the first that takes a call decides.
    pub rules: Vec<Rule>,
    /// Written answers.
    pub answers: Answers,
    /// Generated listings.
    pub scale: Option<Scale>,
    /// Decides the chances of rules.
    pub seed: u64,
    /// The port; 0 for a free one.
    pub port: u16,
    /// The account of keys that are not known.
    pub account: String,
    /// The most calls that the log keeps; later ones are only counted.
    pub calls_max: usize,
    /// A pause before each answer, as a network has it.
    pub latency: Duration,
    /// Whether calls are limited as AWS limits them, by a token bucket for each operation of a place.
    pub limited: bool,
    /// How many accounts the organisation has, beside written answers; 0 for no organisation.
    pub accounts: u32,
}

impl Default for FrontOptions {
    fn default() -> Self {
        FrontOptions {
            moto: None,
            rules: Vec::new(),
            answers: Answers::default(),
            scale: None,
            seed: 1,
            port: 0,
            account: ACCOUNT.to_owned(),
            calls_max: 100_000,
            latency: Duration::ZERO,
            limited: false,
            accounts: 0,
        }
    }
}

/// A running front. It ends when this is dropped.
#[derive(Debug)]
pub struct Front {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    inner: Arc<Inner>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Front {
    /// Starts a server on a thread of its own; it listens when this returns.
    ///
    /// # Panics
    /// When the port is taken or the system gives no thread.
    pub fn start(options: FrontOptions) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = TcpListener::bind(address).expect("a free port on the loopback interface");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let url = format!("http://{}", listener.local_addr().expect("the address of a bound socket"));
        let inner = Arc::new(Inner::new(options));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&inner);
        let thread = std::thread::Builder::new()
            .name("front".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()
                    .expect("a runtime for the front");
                runtime.block_on(async move {
                    tokio::select! {
                        () = serve::serve(listener, shared) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_timeout(Duration::from_secs(1));
            })
            .expect("a thread for the front");
        Front { url, inner, stop: Some(stop), thread: Some(thread) }
    }

    /// Reads written answers: files `<service>.<Operation>.json`, each an output value.
    pub fn answers_from(dir: impl AsRef<Path>) -> Result<Answers, AnswersError> {
        Answers::from_dir(dir.as_ref())
    }

    /// Reads recordings in the form of placebo: files `<service>.<Operation>_<n>.json`.
    pub fn answers_from_placebo(dir: impl AsRef<Path>) -> Result<Answers, AnswersError> {
        Answers::from_placebo(dir.as_ref())
    }

    /// The answers written for calls that a scan makes and moto does not answer.
    ///
    /// # Panics
    /// When a file of this crate is damaged.
    pub fn answers_moto_lacks() -> Answers {
        Answers::for_moto()
    }

    /// The calls so far, in the order in which they were answered.
    pub fn calls(&self) -> Vec<Call> {
        self.inner.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many of the logged calls were of that operation.
    pub fn count(&self, service: &str, operation: &str) -> usize {
        let log = self.inner.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|call| call.service == service && call.operation == operation).count()
    }

    /// How many calls there were in all, logged or not.
    pub fn calls_total(&self) -> u64 {
        self.inner.total.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// How many calls differ in place, operation or parameters: what a client that repeats nothing would have made.
    pub fn calls_distinct(&self) -> usize {
        self.inner.distinct.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many calls were refused because of the limits.
    pub fn calls_throttled(&self) -> u64 {
        self.inner.throttled.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Empties the log.
    pub fn forget_calls(&self) {
        self.inner.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Replaces the rules.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        *write(&self.inner.rules) = Arc::new(rules);
    }

    /// Says which account an access key stands for.
    pub fn key_is_of(&self, access_key: &str, account: &str) {
        self.inner.accounts.learn(access_key, account);
    }
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
