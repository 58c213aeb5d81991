//! Accounts and the credentials that speak for them.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use fathom_model::{AccountId, Partition, Region};
use futures::future::BoxFuture;

use super::{CallError, Inner, assume::Role};

/// Credentials are renewed when they end sooner than this.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// Credentials that could not be renewed are used as long as they last this much longer.
const STILL_GOOD: Duration = Duration::from_secs(10);

/// An account that can be asked. Cheap to clone; never shows a secret.
#[derive(Clone)]
pub struct Account {
    /// The twelve digits.
    pub id: AccountId,
    /// The partition it belongs to.
    pub partition: Partition,
    /// The region where it signed in, used for calls that need any region.
    pub home: Region,
    /// The ARN of the caller, where a call has named it.
    pub caller: Option<String>,
    pub(crate) credentials: Arc<Keyring>,
}

impl Account {
    /// An account with credentials from elsewhere, not checked by a call.
    pub fn new(
        id: impl Into<AccountId>,
        partition: impl Into<Partition>,
        home: impl Into<Region>,
        provider: impl ProvideCredentials + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            partition: partition.into(),
            home: home.into(),
            caller: None,
            credentials: Arc::new(Keyring::new(Source::Provider(SharedCredentialsProvider::new(provider)))),
        }
    }

    /// An account that only a recording can answer for: it has no credentials.
    pub fn played(
        id: impl Into<AccountId>,
        partition: impl Into<Partition>,
        home: impl Into<Region>,
    ) -> Self {
        Self {
            id: id.into(),
            partition: partition.into(),
            home: home.into(),
            caller: None,
            credentials: Arc::new(Keyring::new(Source::None)),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("partition", &self.partition)
            .field("home", &self.home)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// Where credentials come from.
pub(crate) enum Source {
    /// The credential chain, or whatever else the caller gave.
    Provider(SharedCredentialsProvider),
    /// A role, assumed with another account's credentials.
    Role(Box<Role>, Weak<Inner>),
    /// Nowhere: a recording answers.
    None,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("no credentials")]
    Provider(#[source] CredentialsError),
    #[error("the role could not be assumed")]
    Role(#[source] CallError),
    #[error("there are no credentials in a recording")]
    None,
}

/// Credentials, kept until shortly before they end.
pub(crate) struct Keyring {
    source: Source,
    current: tokio::sync::Mutex<Option<Credentials>>,
    generation: AtomicU64,
}

/// Credentials and their place in the order of renewals.
pub(crate) struct Keys {
    pub(crate) credentials: Credentials,
    pub(crate) generation: u64,
}

impl Keyring {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, current: tokio::sync::Mutex::new(None), generation: AtomicU64::new(0) }
    }

    /// The same, with credentials that are known already.
    pub(crate) fn with(source: Source, credentials: Credentials) -> Self {
        Self { source, current: tokio::sync::Mutex::new(Some(credentials)), generation: AtomicU64::new(0) }
    }

    /// Credentials that last for a while yet. Concurrent callers wait for one renewal.
    pub(crate) async fn get(&self, now: SystemTime) -> Result<Keys, KeyError> {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|keys| lasts(keys, now + RENEW_BEFORE)) {
            return Ok(self.keys(credentials));
        }
        match self.load().await {
            Ok(fresh) => {
                self.generation.fetch_add(1, Ordering::Relaxed);
                *current = Some(fresh.clone());
                Ok(self.keys(&fresh))
            }
            Err(error) => match current.as_ref().filter(|keys| lasts(keys, now + STILL_GOOD)) {
                Some(credentials) => Ok(self.keys(credentials)),
                None => Err(error),
            },
        }
    }

    /// Renews the credentials of a generation that was refused. False where the source gives the same again.
    pub(crate) async fn renew(&self, refused: u64) -> Result<bool, KeyError> {
        let mut current = self.current.lock().await;
        if self.generation.load(Ordering::Relaxed) != refused {
            return Ok(true);
        }
        let fresh = self.load().await?;
        let same = current.as_ref().is_some_and(|old| {
            old.access_key_id() == fresh.access_key_id() && old.session_token() == fresh.session_token()
        });
        self.generation.fetch_add(1, Ordering::Relaxed);
        *current = Some(fresh);
        Ok(!same)
    }

    fn keys(&self, credentials: &Credentials) -> Keys {
        Keys { credentials: credentials.clone(), generation: self.generation.load(Ordering::Relaxed) }
    }

    /// Boxed: a role's credentials come from a call, which needs credentials.
    fn load(&self) -> BoxFuture<'_, Result<Credentials, KeyError>> {
        Box::pin(async move {
            match &self.source {
                Source::Provider(provider) => {
                    provider.provide_credentials().await.map_err(KeyError::Provider)
                }
                Source::Role(role, inner) => {
                    let inner = inner.upgrade().ok_or(KeyError::None)?;
                    super::Client::from_inner(inner).take_role(role).await.map_err(KeyError::Role)
                }
                Source::None => Err(KeyError::None),
            }
        })
    }
}

fn lasts(credentials: &Credentials, until: SystemTime) -> bool {
    credentials.expiry().is_none_or(|end| end > until)
}
