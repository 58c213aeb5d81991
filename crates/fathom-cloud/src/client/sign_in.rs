//! Who we are: credentials from the usual places, checked by a call.

use std::sync::Arc;

use aws_config::profile::ProfileFileLoadError;
use aws_credential_types::provider::{
    ProvideCredentials, SharedCredentialsProvider, error::CredentialsError,
};
use fathom_model::{AccountId, Partition, Reason, Region};
use serde_json::{Value, json};

use super::{
    Account, CallError, CallMeta, Client,
    account::{Keyring, Source},
    profile::{self, ProfileName},
};
use crate::codec::Secrets;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// None of the usual places has credentials.
    #[error(
        "no credentials: {}",
        if *alone {
            format!("{profile} gives none; run `aws configure --profile {}`", profile.name)
        } else {
            format!(
                "neither the environment, nor {profile}, nor the machine gives any; set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, name a profile with --profile, or run `aws configure` or `aws configure sso`"
            )
        }
    )]
    NoCredentials {
        /// The profile that holds.
        profile: ProfileName,
        /// Whether only the profile was asked, since it was named.
        alone: bool,
        /// What the last place said.
        #[source]
        source: CredentialsError,
    },
    /// The profile that was named is in neither file.
    #[error(
        "there is no {profile}; {}", if known.is_empty() {
            format!("neither file names any: run `aws configure --profile {}` or `aws configure sso`", profile.name)
        } else {
            format!("name one of {} with --profile or AWS_PROFILE", known.join(", "))
        }
    )]
    NoSuchProfile {
        /// The profile asked for.
        profile: ProfileName,
        /// Those that are there, in the order of the alphabet.
        known: Vec<String>,
    },
    /// One of the files cannot be read.
    #[error("cannot read {profile}; mend the file")]
    ProfileFile {
        /// The profile asked for.
        profile: ProfileName,
        /// Where it is wrong.
        #[source]
        source: ProfileFileLoadError,
    },
    /// The sign-in that a profile goes through has ended, or was never made.
    #[error(
        "the single sign-on of {profile} gives no credentials; run `aws sso login --profile {}`", profile.name
    )]
    SignOn {
        /// The profile asked for.
        profile: ProfileName,
        /// What is lacking.
        #[source]
        source: CredentialsError,
    },
    /// The place that should give credentials cannot.
    #[error("the credentials of {profile} could not be loaded; mend what the cause names")]
    Credentials {
        /// The profile asked for.
        profile: ProfileName,
        /// Why.
        #[source]
        source: CredentialsError,
    },
    /// The credentials have ended.
    #[error("the credentials have expired; sign in again (`aws sso login`, or a new session token)")]
    Expired(#[source] CallError),
    /// The secret does not belong to the key, or the key does not exist.
    #[error("the credentials do not verify; check that access key, secret and session token belong together")]
    InvalidSignature(#[source] CallError),
    /// The endpoint cannot be reached, or is no AWS endpoint.
    #[error("the endpoint does not answer")]
    Endpoint(#[source] CallError),
    /// The call was answered, but not with an identity.
    #[error("the identity of the caller is not known")]
    Identity(#[source] CallError),
}

/// What in the environment says where credentials come from.
const OF_ENVIRONMENT: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
/// What in a profile does.
const OF_PROFILE: [&str; 7] = [
    "aws_access_key_id",
    "role_arn",
    "source_profile",
    "credential_source",
    "credential_process",
    "web_identity_token_file",
    "login_session",
];

/// Where credentials are to come from, as far as anybody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The single sign-on of the profile.
    SignOn,
    /// Another place that the environment or the profile names.
    Configured,
    /// Nobody said: only the machine itself is left to ask.
    Machine,
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
        let chosen = ProfileName::of(profile);
        let files = chosen.read().await;
        let files = files.map_err(|source| SignInError::ProfileFile { profile: chosen.clone(), source })?;
        let is_there = files.get_profile(&chosen.name).is_some();
        // A profile of the environment may be meant for others, where the environment gives keys as well.
        let needed = profile.is_some() || std::env::var_os("AWS_ACCESS_KEY_ID").is_none();
        if chosen.named && needed && !is_there {
            let mut known: Vec<String> = files.profiles().map(ToOwned::to_owned).collect();
            known.sort();
            return Err(SignInError::NoSuchProfile { profile: chosen, known });
        }
        let provider = match profile {
            Some(name) => profile::only(name, region),
            None => profile::chain(None, region).await.credentials_provider().ok_or_else(|| {
                let source = CredentialsError::not_loaded_no_source();
                SignInError::NoCredentials { profile: chosen.clone(), alone: false, source }
            })?,
        };
        let says = |names: &[&str]| {
            files
                .get_profile(&chosen.name)
                .is_some_and(|profile| names.iter().any(|name| profile.get(name).is_some()))
        };
        let in_environment =
            OF_ENVIRONMENT.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        let from = if says(&["sso_session", "sso_start_url"]) {
            Place::SignOn
        } else if in_environment || says(&OF_PROFILE) {
            Place::Configured
        } else {
            Place::Machine
        };
        self.with_provider(provider, region, chosen, profile.is_some(), from).await
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
        self.with_provider(provider, region, ProfileName::of(None), false, Place::Configured).await
    }

    async fn with_provider(
        &self,
        provider: SharedCredentialsProvider,
        region: &Region,
        profile: ProfileName,
        alone: bool,
        from: Place,
    ) -> Result<Account, SignInError> {
        let credentials = provider.provide_credentials().await.map_err(|source| match source {
            CredentialsError::InvalidConfiguration(_) => SignInError::Credentials { profile, source },
            _ if from == Place::SignOn => SignInError::SignOn { profile, source },
            CredentialsError::CredentialsNotLoaded(_) => {
                SignInError::NoCredentials { profile, alone, source }
            }
            // Only the machine's own address was left to ask, and something there refused.
            _ if from == Place::Machine => SignInError::NoCredentials { profile, alone, source },
            _ => SignInError::Credentials { profile, source },
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
