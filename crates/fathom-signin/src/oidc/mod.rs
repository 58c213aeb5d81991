//! OpenID Connect: an issuer that people already sign in to says who they are, and their groups say what they may do.
//!
//! The authorization code flow with PKCE, state and nonce. [`Issuers::start`] sends a browser to the issuer;
//! [`Issuers::finish`] takes the code that it brings back, has it exchanged, and checks what the issuer signed:
//! signature, issuer, audience, times, nonce. A person is known by issuer and subject, never by an address of mail.
//!
//! Settings are read from `signin.yaml` ([`Settings`]). Endpoints and keys are fetched when they are needed and kept for
//! minutes; a key that is not known makes us look once more, so that issuers may change theirs at any time.
//!
//! **Invariant:** a flow ends once, within [`FLOW_TIME`], in the browser where it began.
//! **Invariant:** whoever has no group with a role does not enter.

mod claims;
mod http;
mod provider;
pub mod settings;
mod verify;

use std::{net::IpAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fathom_model::Timestamp;
use fathom_store::Scope;
use jiff::SignedDuration;
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, core::CoreResponseType,
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub use http::HttpError;
pub use settings::{IssuerSettings, Rule, Settings};

use crate::{Role, waiting::Waiting};
use provider::{Provider, chain};

/// How long somebody may take to sign in at an issuer.
pub const FLOW_TIME: SignedDuration = SignedDuration::from_mins(10);
/// People who may be at issuers at the same time.
const FLOWS_MAX: usize = 2000;
/// The longest code, state or error that is read.
const ANSWER_BYTES_MAX: usize = 8192;

/// Why somebody did not enter by an issuer.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// No such issuer is set up.
    #[error("there is no issuer `{id}` here")]
    NoSuchIssuer {
        /// What was asked for.
        id: String,
    },
    /// Our HTTP client does not start.
    #[error("the HTTP client for issuers does not start")]
    Client(#[source] reqwest::Error),
    /// We cannot be sent back to.
    #[error("`{address}` is no address to come back to")]
    Redirect {
        /// The address.
        address: String,
    },
    /// The issuer gives no answer, or one that is of no use.
    #[error("{name} ({issuer}) is not available: {why}")]
    Unavailable {
        /// What people know it by.
        name: String,
        /// Its address.
        issuer: String,
        /// What happened.
        why: String,
    },
    /// The flow was not begun here, not in this browser, is over, or ended already.
    #[error(
        "this sign-in was not begun in this browser within the last 10 minutes, or ended already; begin again"
    )]
    Flow,
    /// The issuer let nobody in.
    #[error("{name} did not sign in anybody: {error}")]
    Declined {
        /// What people know it by.
        name: String,
        /// What it said.
        error: String,
    },
    /// What the issuer signed does not hold.
    #[error("what {name} says was not accepted: {why}")]
    Refused {
        /// What people know it by.
        name: String,
        /// What does not hold.
        why: String,
    },
    /// The issuer knows the person, but none of the person's groups has a role.
    #[error(
        "{name} knows you as {person}, but none of your groups has a role here ({groups}); \
         an administrator can give one a role in signin.yaml"
    )]
    NoGroup {
        /// What people know the issuer by.
        name: String,
        /// Its address.
        issuer: String,
        /// Who it is, for the issuer.
        subject: String,
        /// The person's name there.
        person: String,
        /// How many groups there are, or that there is no such claim.
        groups: String,
    },
}

/// Where a browser goes, and what it keeps until it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The issuer's address, with our question.
    pub address: String,
    /// What the browser keeps in a cookie: only the one that began may end.
    pub binding: String,
}

/// What an issuer sends back with a browser.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Which flow this ends.
    pub state: String,
    /// The code to exchange.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
    /// Who says so (RFC 9207).
    pub iss: Option<String>,
}

/// Somebody whom an issuer knows, with what the settings say of the person's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Which of the settings' issuers it is.
    pub id: String,
    /// Its address.
    pub issuer: String,
    /// Who it is, for the issuer; never given to somebody else.
    pub subject: String,
    /// What to call the person: may change, and may be what another one is called too.
    pub name: String,
    /// The group that decided.
    pub group: String,
    /// The role.
    pub role: Role,
    /// The part of the estate.
    pub scope: Scope,
}

/// All issuers, with the flows that are under way.
#[derive(Debug)]
pub struct Issuers {
    providers: Vec<Arc<Provider>>,
    flows: Waiting<Flow>,
}

#[derive(Debug)]
struct Flow {
    provider: Arc<Provider>,
    binding: [u8; 32],
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    redirect: RedirectUrl,
    next: String,
}

/// Random bytes for one flow: its key, what the browser keeps, the nonce, the verifier.
#[derive(Debug, Clone, Copy)]
pub struct Drawn(pub [[u8; 32]; 4]);

impl Issuers {
    /// Makes ready to ask the issuers of the settings; asks none yet.
    ///
    /// # Errors
    /// Where our HTTP client does not start.
    pub fn new(settings: Settings) -> Result<Self, OidcError> {
        let providers = settings.issuers.into_iter().map(|each| Provider::new(each).map(Arc::new));
        Ok(Self {
            providers: providers.collect::<Result<_, _>>()?,
            flows: Waiting::new(FLOWS_MAX, FLOW_TIME),
        })
    }

    /// The ids and names of the issuers, in the order of the settings.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.providers.iter().map(|each| (each.settings.id.as_str(), each.settings.name.as_str()))
    }

    /// The issuers' settings, and how each was when it was asked last: none where that was not lately, why where it gave no
    /// answer.
    pub fn health(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (&IssuerSettings, Option<Result<(), String>>)> {
        self.providers.iter().map(move |each| (&each.settings, each.health(now)))
    }

    /// Begins: gives the address to send the browser to. `back` is the address that the issuer sends it back to, `next`
    /// the page to open in the end, `from` the network that the browser is in.
    ///
    /// # Errors
    /// Where the issuer is not set up or cannot be asked.
    pub async fn start(
        &self,
        id: &str,
        back: &str,
        next: String,
        drawn: &Drawn,
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Started, OidcError> {
        let provider = self.providers.iter().find(|each| each.settings.id == id);
        let provider = provider.ok_or_else(|| OidcError::NoSuchIssuer { id: id.to_owned() })?;
        let redirect = RedirectUrl::new(back.to_owned())
            .map_err(|_| OidcError::Redirect { address: back.to_owned() })?;
        let metadata = provider.metadata(now).await?;
        let client = provider.client(&metadata, redirect.clone());
        let [key, binding, nonce, verifier] = drawn.0;
        let nonce = Nonce::new(URL_SAFE_NO_PAD.encode(nonce));
        let verifier = PkceCodeVerifier::new(URL_SAFE_NO_PAD.encode(verifier));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let binding = URL_SAFE_NO_PAD.encode(binding);
        let flow = Flow {
            provider: Arc::clone(provider),
            binding: Sha256::digest(&binding).into(),
            nonce: nonce.clone(),
            verifier,
            redirect,
            next,
        };
        let state = CsrfToken::new(self.flows.put(&key, flow, from, now));
        let scopes = provider.settings.scopes.iter().cloned().map(openidconnect::Scope::new);
        let (address, ..) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || state,
                move || nonce,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Started { address: address.into(), binding })
    }

    /// Ends: tells who it is, and the page to open. `binding` is what the browser kept.
    ///
    /// # Errors
    /// Where the flow is not this browser's, where the issuer says no or cannot be asked, where what it says does not
    /// hold, or where no group of the person has a role.
    pub async fn finish(
        &self,
        answer: Answer,
        binding: Option<&str>,
        now: Timestamp,
    ) -> Result<(Identity, String), OidcError> {
        let flow = self.flows.take(&answer.state, now).ok_or(OidcError::Flow)?;
        let offered: [u8; 32] = Sha256::digest(binding.unwrap_or_default()).into();
        if !bool::from(offered.ct_eq(&flow.binding)) {
            return Err(OidcError::Flow);
        }
        let Flow { provider, nonce, verifier, redirect, next, .. } = flow;
        let refused = |why: String| OidcError::Refused { name: provider.settings.name.clone(), why };
        let metadata = provider.metadata(now).await?;
        // Who answers comes before what it answers, so that one issuer cannot answer for another.
        let announced = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match &answer.iss {
            Some(iss) if iss != provider.settings.issuer.as_str() => {
                return Err(refused("the answer comes from another issuer".to_owned()));
            }
            None if announced => {
                return Err(refused("the answer does not say which issuer it is from".to_owned()));
            }
            _ => {}
        }
        if let Some(error) = &answer.error {
            let words = answer.error_description.as_deref().unwrap_or(error);
            let error = words.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(OidcError::Declined { name: provider.settings.name.clone(), error });
        }
        let code = answer.code.filter(|code| !code.is_empty() && code.len() <= ANSWER_BYTES_MAX);
        let code = code.ok_or_else(|| refused("the answer has no code".to_owned()))?;
        let client = provider.client(&metadata, redirect);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| provider.unavailable(error.to_string()))?
            .set_pkce_verifier(verifier);
        let tokens = request.request_async(&provider.http).await.map_err(|error| match error {
            RequestTokenError::Request(error) => provider.unavailable(chain(&error)),
            RequestTokenError::ServerResponse(answer) => refused(format!("it refuses the code: {answer}")),
            RequestTokenError::Parse(error, _) => refused(format!("its answer cannot be read: {error}")),
            RequestTokenError::Other(why) => refused(why),
        })?;
        let identity = verify::identity(&provider, client, &tokens, &nonce, now).await?;
        Ok((identity, next))
    }
}
