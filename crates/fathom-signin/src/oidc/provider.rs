//! What is known of an issuer: its endpoints and keys, fetched when they are needed and kept for a while.

use std::sync::Arc;

use fathom_model::Timestamp;
use jiff::SignedDuration;
use openidconnect::{
    AdditionalProviderMetadata, AuthType, Client, ClientId, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, ProviderMetadata, RedirectUrl,
    StandardErrorResponse, StandardTokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{
    OidcError,
    claims::Other,
    http::{Http, HttpError},
    settings::IssuerSettings,
};

/// How long endpoints and keys are believed without asking again.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Between two fetches because of a key that is not known: an answer with an invented key must not make us fetch at will.
const RENEWED: SignedDuration = SignedDuration::from_secs(5);
/// How long an issuer that gave no answer is not asked again, so that many who wait do not wait one after the other.
const GONE: SignedDuration = SignedDuration::from_secs(5);

/// What the standard's document does not name, but a later one does (RFC 9207).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Announced {
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Announced {}

type Metadata = ProviderMetadata<
    Announced,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The answer to a code.
pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        Other,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// Us, to an issuer whose endpoints are known.
pub(super) type OurClient = Client<
    Other,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// One issuer.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) settings: IssuerSettings,
    pub(super) http: Http,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, Timestamp)>,
    gone: Option<(String, Timestamp)>,
}

impl Provider {
    pub(super) fn new(settings: IssuerSettings) -> Result<Self, OidcError> {
        let http = Http::new(settings.loopback).map_err(OidcError::Client)?;
        Ok(Self { settings, http, known: Mutex::default() })
    }

    /// Its endpoints and keys, not older than [`KEPT`].
    pub(super) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, OidcError> {
        self.fetched(now, KEPT).await
    }

    /// The same, fetched anew where that was not done just now: for a key that is not known yet.
    pub(super) async fn renewed(&self, now: Timestamp) -> Result<Arc<Metadata>, OidcError> {
        self.fetched(now, RENEWED).await
    }

    async fn fetched(&self, now: Timestamp, kept: SignedDuration) -> Result<Arc<Metadata>, OidcError> {
        let within = |at: Timestamp, time| now.duration_since(at).abs() < time;
        let mut known = self.known.lock().await;
        if let Some((metadata, at)) = &known.metadata
            && within(*at, kept)
        {
            return Ok(Arc::clone(metadata));
        }
        if let Some((why, at)) = &known.gone
            && within(*at, GONE)
        {
            return Err(self.unavailable(why.clone()));
        }
        match self.fetch().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known { metadata: Some((Arc::clone(&metadata), now)), gone: None };
                Ok(metadata)
            }
            Err(why) => {
                known.gone = Some((why.clone(), now));
                Err(self.unavailable(why))
            }
        }
    }

    /// How it was when it was asked last; none where that was not lately.
    pub(super) fn health(&self, now: Timestamp) -> Option<Result<(), String>> {
        // One that is being asked just now is not known.
        let known = self.known.try_lock().ok()?;
        if let Some((why, _)) = &known.gone {
            return Some(Err(why.clone()));
        }
        let (_, at) = known.metadata.as_ref()?;
        (now.duration_since(*at).abs() < KEPT).then_some(Ok(()))
    }

    async fn fetch(&self) -> Result<Metadata, String> {
        let issuer = self.settings.issuer.clone();
        let metadata =
            Metadata::discover_async(issuer, &self.http).await.map_err(|error| explained(&error))?;
        // What our own client fetches is held to TLS by the client; here a browser goes.
        let authorize = metadata.authorization_endpoint().url();
        if authorize.scheme() != "https" && !self.settings.loopback {
            return Err(format!("it sends people to `{authorize}`, which is not protected by TLS"));
        }
        if metadata.token_endpoint().is_none() {
            return Err("it names no token endpoint".to_owned());
        }
        Ok(metadata)
    }

    pub(super) fn unavailable(&self, why: String) -> OidcError {
        OidcError::Unavailable {
            name: self.settings.name.clone(),
            issuer: self.settings.issuer.to_string(),
            why,
        }
    }

    /// Us, as the issuer knows us.
    pub(super) fn client(&self, metadata: &Metadata, redirect: RedirectUrl) -> OurClient {
        let settings = &self.settings;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        Client::from_provider_metadata(
            metadata.clone(),
            ClientId::new(settings.client_id.clone()),
            settings.client_secret.clone(),
        )
        .set_redirect_uri(redirect)
        .set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
    }
}

/// An error of discovery in one line, without what the issuer answered.
fn explained(error: &DiscoveryError<HttpError>) -> String {
    match error {
        DiscoveryError::Request(error) => chain(error),
        DiscoveryError::Response(status, ..) => {
            format!("it answers {status} where it should describe itself")
        }
        DiscoveryError::Parse(error) => format!("what it says of itself cannot be read: {error}"),
        error => chain(error),
    }
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
