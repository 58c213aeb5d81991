//! Who comes in, as whom, and what they may do.
//!
//! ```text
//! hosts      the host that a request names
//! client     where a request comes from, and what it brings: a token or a cookie
//! enter      token or cookie → Caller (name, role, scope); requests from other sites; how long a session still lasts
//! guard      what each route needs; the one way to register a route that is not open
//! signing    from a sign-in that succeeded to a session; what happens when one does not
//! streams    event streams end with their session
//! ```
//! The rules themselves are in `fathom-signin`.

mod caller;
mod ceremonies;
mod client;
mod enter;
mod failures;
mod guard;
mod hosts;
mod signing;
mod streams;
mod told;
mod uses;

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex as PlainMutex, PoisonError},
    time::{Duration, Instant},
};

use fathom_model::Timestamp;
use jiff::SignedDuration;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, SemaphorePermit};

pub(crate) use caller::{Caller, Visible, Who, limited};
pub use ceremonies::Ceremonies;
pub(crate) use ceremonies::{CALLBACK, Place};
pub(crate) use client::{Client, Unbarred, same_site};
pub(crate) use enter::enter;
pub(crate) use guard::{Answers, Guarded};
pub(crate) use hosts::check_host;
pub use hosts::{HostNameError, Hosts};
pub(crate) use signing::{Entered, ScopeView, SessionAnswer, SignedIn, role_of};
pub(crate) use uses::sweep;

use crate::{
    problem::{Code, Problem},
    token::TokenHash,
};
use failures::Failures;
pub(crate) use failures::network;
use told::Told;
use uses::Uses;

/// Who the ledger names for the owner of the data directory.
pub(crate) const OWNER: &str = "owner";
/// Who the ledger names where somebody whom we do not know tried something.
pub(crate) const NOBODY: &str = "nobody";

/// Sign-ins of one name follow each other, so that no two are checked against the same count of failures. Names share
/// this many locks.
const STRIPES: usize = 64;
/// Passwords that are hashed at the same time: each takes a core and 19 MiB.
const HASHING_MAX: usize = 4;
/// How long a sign-in waits for its turn.
const HASHING_WAIT: Duration = Duration::from_secs(10);
/// Keys of one-time codes that wait to be confirmed, and for how long.
const PENDING_MAX: usize = 1000;
const PENDING_TIME: SignedDuration = SignedDuration::from_mins(10);

/// Who may use the API.
#[derive(Clone, Debug)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    token: TokenHash,
    token_file: String,
    hosts: Hosts,
    /// Whether requests come over TLS.
    secure: bool,
    /// Whether a proxy on this machine passes requests on, and says where they come from.
    behind_proxy: bool,
    failures: Failures,
    uses: Uses,
    /// What the ledger is told of refused sign-ins, and of requests that a role does not permit.
    refused: Told,
    forbidden: Told,
    stripes: Vec<Arc<Mutex<()>>>,
    hashing: Semaphore,
    /// Keys of one-time codes that no code has confirmed yet, by person.
    pending: PlainMutex<HashMap<i64, (Vec<u8>, Timestamp)>>,
    /// Passkeys and issuers.
    ceremonies: Ceremonies,
}

impl Access {
    /// Lets in whoever has the owner's token, a session or a token for programs, and names a host of ours.
    ///
    /// `token_file` is what a refused caller is told to read; `secure` says that requests come over TLS, `behind_proxy` that
    /// a proxy on this machine passes them on and says where they come from.
    pub fn new(
        token: TokenHash,
        token_file: impl Into<String>,
        hosts: Hosts,
        secure: bool,
        behind_proxy: bool,
        ceremonies: Ceremonies,
    ) -> Self {
        Self(Arc::new(Inner {
            token,
            token_file: token_file.into(),
            hosts,
            secure,
            behind_proxy,
            failures: Failures::default(),
            uses: Uses::default(),
            refused: Told::default(),
            forbidden: Told::default(),
            stripes: (0..STRIPES).map(|_| Arc::default()).collect(),
            hashing: Semaphore::new(HASHING_MAX),
            pending: PlainMutex::default(),
            ceremonies,
        }))
    }

    fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    /// Whether a text is the owner's token.
    pub(crate) fn is_owner(&self, token: &str) -> bool {
        self.0.token.matches(token)
    }

    /// Counts a failure of an address; the problem where there were too many before.
    pub(crate) fn count_failure(&self, client: &Client) -> Result<(), Problem> {
        self.0.failures.note(client.address, Instant::now()).map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// Refuses an address that failed too often, before anything is looked at.
    pub(crate) fn check_address(&self, client: &Client) -> Result<(), Problem> {
        self.0.failures.wait(client.address, Instant::now()).map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// Waits until no other sign-in of this name is under way: the name as it is looked for, so that two spellings of one
    /// wait for each other.
    pub(crate) async fn turn_of(&self, name: &str) -> Result<OwnedMutexGuard<()>, Problem> {
        let mut hasher = DefaultHasher::new();
        name.to_lowercase().hash(&mut hasher);
        let at = hasher.finish() as usize % STRIPES;
        let stripe = self.0.stripes.get(at).map(Arc::clone).ok_or_else(busy)?;
        tokio::time::timeout(HASHING_WAIT, stripe.lock_owned()).await.map_err(|_| busy())
    }

    /// Waits for a place to hash a password in.
    pub(crate) async fn hashing(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match tokio::time::timeout(HASHING_WAIT, self.0.hashing.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(busy()),
        }
    }

    /// Keeps a key of one-time codes until a code confirms it.
    pub(crate) fn await_code(&self, person: i64, key: Vec<u8>, now: Timestamp) {
        let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|_, (_, since)| now.duration_since(*since) < PENDING_TIME);
        if pending.len() < PENDING_MAX {
            pending.insert(person, (key, now));
        }
    }

    /// The key that waits for a code.
    pub(crate) fn awaited(&self, person: i64, now: Timestamp) -> Option<Vec<u8>> {
        let pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, since) = pending.get(&person)?;
        (now.duration_since(*since) < PENDING_TIME).then(|| key.clone())
    }

    /// Forgets the key that waited.
    pub(crate) fn confirmed(&self, person: i64) {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&person);
    }
}

fn too_many(wait: Duration) -> Problem {
    let seconds = wait.as_secs().max(1);
    let most = failures::FAILURES_MAX;
    Problem::new(Code::TooManyFailures, format!("more than {most} sign-ins from this address failed"))
        .hint(format!("try again in {seconds} s"))
        .retry_after(seconds)
}

fn busy() -> Problem {
    Problem::new(Code::TooBusy, "other sign-ins are under way").retry_after(2)
}
