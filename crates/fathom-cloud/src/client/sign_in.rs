//! Who we are: credentials from the usual places, checked by a call.

use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_credential_types::provider::{
    ProvideCredentials, SharedCredentialsProvider, error::CredentialsError,
};
use aws_types::region::Region as SdkRegion;
use fathom_model::{AccountId, Partition, Reason, Region};
use serde_json::{Value, json};

use super::{
    Account, CallError, CallMeta, Client,
    account::{Keyring, Source},
};
use crate::codec::Secrets;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// None of the usual places has credentials.
    #[error("no credentials: neither the environment, nor the profile, nor the machine gives any")]
    NoCredentials(#[source] CredentialsError),
    /// The place that should give credentials cannot.
    #[error("the credentials could not be loaded")]
    Credentials(#[source] CredentialsError),
    /// The credentials have ended.
    #[error("the credentials have expired; sign in again")]
    Expired(#[source] CallError),
    /// The secret does not belong to the key, or the key does not exist.
    #[error("the credentials do not verify")]
    InvalidSignature(#[source] CallError),
    /// The endpoint cannot be reached, or is no AWS endpoint.
    #[error("the endpoint does not answer")]
    Endpoint(#[source] CallError),
    /// The call was answered, but not with an identity.
    #[error("the identity of the caller is not known")]
    Identity(#[source] CallError),
}

impl Client {
    /// Finds credentials where the AWS tools find them (environment, profiles, SSO, processes, containers, machines)
    /// and asks whose they are. `region` is where the question is asked; later calls may go to any.
    ///
    /// # Errors
    /// [`SignInError`] tells missing, ended and wrong credentials and an unreachable endpoint apart.
    pub async fn sign_in(&self, profile: Option<&str>, region: &Region) -> Result<Account, SignInError> {
        if self.recording().is_some() {
            return self.identify(Keyring::new(Source::None), region).await;
        }
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).region(SdkRegion::new(region.to_string()));
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let provider = config
            .credentials_provider()
            .ok_or_else(|| SignInError::NoCredentials(CredentialsError::not_loaded_no_source()))?;
        self.sign_in_with(provider, region).await
    }

    /// The same with credentials from elsewhere.
    ///
    /// # Errors
    /// As [`Client::sign_in`].
    pub async fn sign_in_with(
        &self,
        provider: SharedCredentialsProvider,
        region: &Region,
    ) -> Result<Account, SignInError> {
        let credentials = provider.provide_credentials().await.map_err(|error| match error {
            CredentialsError::CredentialsNotLoaded(_) => SignInError::NoCredentials(error),
            other => SignInError::Credentials(other),
        })?;
        self.identify(Keyring::with(Source::Provider(provider), credentials), region).await
    }

    async fn identify(&self, keyring: Keyring, region: &Region) -> Result<Account, SignInError> {
        let endpoints = self.inner.models.endpoints().ok();
        let of_region =
            endpoints.as_ref().and_then(|endpoints| endpoints.partition_of_region(region.as_str()));
        let mut account = Account {
            id: AccountId::new(CallMeta::CALLER),
            partition: Partition::new(of_region.map_or("aws", |partition| &partition.id)),
            home: region.clone(),
            caller: None,
            credentials: Arc::new(keyring),
        };
        let meta = CallMeta {
            account: account.id.clone(),
            partition: account.partition.clone(),
            region: region.clone(),
            service: "sts".to_owned(),
            operation: "GetCallerIdentity".to_owned(),
            params: json!({}),
        };
        let answer = self.call_with(&account, &meta, Secrets::Mask).await.map_err(told_apart)?;
        let text = |name: &str| answer.value.get(name).and_then(Value::as_str);
        let id = text("Account").filter(|id| !id.is_empty()).ok_or_else(|| {
            SignInError::Identity(CallError::plain(Reason::Malformed, "the answer names no account"))
        })?;
        account.id = AccountId::new(id);
        account.caller = text("Arn").map(str::to_owned);
        if let Some(partition) = account.caller.as_deref().and_then(|arn| arn.split(':').nth(1))
            && endpoints.as_ref().is_some_and(|endpoints| endpoints.partition(partition).is_some())
        {
            account.partition = Partition::new(partition);
        }
        Ok(account)
    }
}

fn told_apart(error: CallError) -> SignInError {
    let ended = error.code.as_deref().is_some_and(|code| {
        code.starts_with("Expired") || matches!(code, "TokenRefreshRequired" | "RequestExpired")
    });
    match error.reason {
        Reason::Unauthenticated if ended => SignInError::Expired(error),
        Reason::Unauthenticated | Reason::RegionDisabled => SignInError::InvalidSignature(error),
        Reason::Network | Reason::Timeout | Reason::NotAnswered | Reason::Malformed | Reason::TooLarge => {
            SignInError::Endpoint(error)
        }
        _ => SignInError::Identity(error),
    }
}
