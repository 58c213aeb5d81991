//! Passkeys (WebAuthn): a person proves to hold a key that never leaves an authenticator, and is known by it alone.
//!
//! Two ceremonies of two requests each: [`Passkeys::start_registration`] and [`Passkeys::finish_registration`] add a
//! passkey to a person who is signed in, [`Passkeys::start_signin`] and [`Passkeys::finish_signin`] tell who somebody is
//! that nobody knew before (discoverable credentials). The authenticator must verify its user, by a finger or a PIN, so
//! that a passkey is two factors in one.
//!
//! What is sent and received has the JSON forms of WebAuthn Level 3. What is kept of a passkey is bytes that only this
//! module reads: [`Registered::data`], renewed at each sign-in.
//!
//! **Invariant:** a challenge is answered once, within [`CHALLENGE_TIME`], at the origin where it was asked.
//! **Invariant:** a counter never goes back: where it does, the key was copied, and the sign-in is refused.

mod data;
mod site;

use std::net::IpAddr;

use fathom_model::Timestamp;
use jiff::SignedDuration;
use serde_json::Value;
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
    bin::Decode as _,
    request::{
        PublicKeyCredentialDescriptor,
        auth::AuthenticationVerificationOptions,
        register::{
            Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle, Username,
        },
    },
    response::{CredentialId, auth::DiscoverableAuthentication, auth::error::AuthCeremonyErr},
};

pub use site::Site;

use crate::waiting::Waiting;
use data::Data;

/// How long a challenge may be answered.
pub const CHALLENGE_TIME: SignedDuration = SignedDuration::from_mins(5);
/// Challenges of one ceremony that may be open at the same time.
const CHALLENGES_MAX: usize = 1000;
/// Bytes of a person's handle, which passkeys give back.
pub const HANDLE_BYTES: usize = 32;
/// The largest answer of an authenticator, as JSON.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

type Handle = UserHandle<HANDLE_BYTES>;

/// Why a passkey was not added or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The page was opened by an address in figures.
    #[error(
        "passkeys are bound to a name, and this page was opened by the address {host}; open it as localhost, \
         or under the server's name"
    )]
    Address {
        /// The address.
        host: String,
    },
    /// The host is no name that a passkey can be bound to.
    #[error("passkeys cannot be bound to the name `{host}`")]
    Host {
        /// The name.
        host: String,
    },
    /// Nobody asked this, or it was answered already, or it is too late.
    #[error("this was not asked within the last 5 minutes, or was answered already; begin again")]
    Challenge,
    /// The answer is not of the form that browsers send.
    #[error("the answer of the authenticator cannot be read: {0}")]
    Form(String),
    /// The answer does not fit the question.
    #[error("the passkey was not accepted: {0}")]
    Refused(String),
    /// The counter went back.
    #[error("the counter of the passkey went back, so that it may have been copied")]
    Counter,
    /// What is stored of a passkey or a person cannot be read.
    #[error("what is stored of the passkey cannot be read: {0}")]
    Stored(&'static str),
}

/// A question for a browser.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What the answer has to name.
    pub challenge_id: String,
    /// `PublicKeyCredentialCreationOptions` or `PublicKeyCredentialRequestOptions` in their JSON form.
    pub options: Value,
}

/// A passkey that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The id that the authenticator gave it.
    pub credential: Vec<u8>,
    /// Public key, counter and flags.
    pub data: Vec<u8>,
}

/// The passkey that somebody offers; it proves nothing before [`Passkeys::finish_signin`] has looked at it.
#[derive(Debug)]
pub struct Offered(DiscoverableAuthentication<HANDLE_BYTES>);

impl Offered {
    /// Reads the answer of a browser: a `PublicKeyCredential` with an assertion, in its JSON form.
    ///
    /// # Errors
    /// Where it has another form.
    pub fn read(credential: &Value) -> Result<Self, PasskeyError> {
        DiscoverableAuthentication::from_json_relaxed(&bytes(credential)?)
            .map(Self)
            .map_err(|error| PasskeyError::Form(error.to_string()))
    }

    /// The id of the passkey.
    pub fn credential(&self) -> Vec<u8> {
        self.0.raw_id().as_ref().to_vec()
    }
}

/// Whose passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Registrant<'a> {
    /// The person's number.
    pub person: i64,
    /// What passkeys know the person by: [`HANDLE_BYTES`] bytes.
    pub handle: &'a [u8],
    /// The name that authenticators show.
    pub name: &'a str,
}

/// Both ceremonies, with their open challenges.
#[derive(Debug)]
pub struct Passkeys {
    registering: Waiting<Registering>,
    entering: Waiting<Entering>,
}

#[derive(Debug)]
struct Registering {
    site: Site,
    person: i64,
    state: RegistrationServerState<HANDLE_BYTES>,
}

#[derive(Debug)]
struct Entering {
    site: Site,
    state: DiscoverableAuthenticationServerState,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self {
            registering: Waiting::new(CHALLENGES_MAX, CHALLENGE_TIME),
            entering: Waiting::new(CHALLENGES_MAX, CHALLENGE_TIME),
        }
    }
}

impl Passkeys {
    /// Asks a browser to make a passkey. `known` are the ids and data of those that the person has: an authenticator that
    /// holds one makes no second. `drawn` is random; `from` is the network that asks.
    ///
    /// # Errors
    /// Where what is stored of the person cannot be read.
    pub fn start_registration<'k>(
        &self,
        site: &Site,
        who: Registrant<'_>,
        known: impl IntoIterator<Item = (&'k [u8], &'k [u8])>,
        drawn: &[u8; 32],
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Question, PasskeyError> {
        let handle = handle(who.handle)?;
        let mut exclude = Vec::new();
        for (credential, data) in known {
            let id = CredentialId::<Vec<u8>>::decode(credential.to_vec())
                .map_err(|_| PasskeyError::Stored("its id"))?;
            exclude.push(PublicKeyCredentialDescriptor { id, transports: Data::read(data)?.transports()? });
        }
        let user = PublicKeyCredentialUserEntity {
            name: account_name(who.name, who.person)?,
            id: &handle,
            display_name: Nickname::try_from(who.name).ok(),
        };
        let (state, client) = PublicKeyCredentialCreationOptions::passkey(&site.rp, user, exclude)
            .start_ceremony()
            .map_err(|error| PasskeyError::Refused(error.to_string()))?;
        let options =
            serde_json::to_value(&client).map_err(|error| PasskeyError::Refused(error.to_string()))?;
        let waiting = Registering { site: site.clone(), person: who.person, state };
        Ok(Question { challenge_id: self.registering.put(drawn, waiting, from, now), options })
    }

    /// Checks what the browser made. That nobody else has a passkey with this id is for the store to say.
    ///
    /// # Errors
    /// Where it is no answer to the question, or not the one that was asked for.
    pub fn finish_registration(
        &self,
        person: i64,
        challenge_id: &str,
        credential: &Value,
        now: Timestamp,
    ) -> Result<Registered, PasskeyError> {
        let asked = self.registering.take(challenge_id, now).ok_or(PasskeyError::Challenge)?;
        if asked.person != person {
            return Err(PasskeyError::Challenge);
        }
        let registration = Registration::from_json_relaxed(&bytes(credential)?)
            .map_err(|error| PasskeyError::Form(error.to_string()))?;
        let origins = [asked.site.origin.as_str()];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            // Nothing that an extension says is used.
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = asked
            .state
            .verify(&asked.site.rp, &registration, &options)
            .map_err(|error| PasskeyError::Refused(error.to_string()))?;
        Ok(Registered { credential: made.id().as_ref().to_vec(), data: Data::of(&made).write()? })
    }

    /// Asks a browser for any passkey that it has for this place. `drawn` is random; `from` is the network that asks.
    ///
    /// # Errors
    /// Where the question cannot be written.
    pub fn start_signin(
        &self,
        site: &Site,
        drawn: &[u8; 32],
        from: IpAddr,
        now: Timestamp,
    ) -> Result<Question, PasskeyError> {
        let (state, client) = DiscoverableCredentialRequestOptions::passkey(&site.rp)
            .start_ceremony()
            .map_err(|error| PasskeyError::Refused(error.to_string()))?;
        let options =
            serde_json::to_value(&client).map_err(|error| PasskeyError::Refused(error.to_string()))?;
        let challenge_id = self.entering.put(drawn, Entering { site: site.clone(), state }, from, now);
        Ok(Question { challenge_id, options })
    }

    /// Checks that the passkey which is offered answers the question, with what is stored of it and of its person.
    /// Gives what is to be stored of it from now on.
    ///
    /// # Errors
    /// Where it does not, where its counter went back, or where the challenge is over.
    pub fn finish_signin(
        &self,
        challenge_id: &str,
        offered: &Offered,
        stored: Stored<'_>,
        now: Timestamp,
    ) -> Result<Vec<u8>, PasskeyError> {
        let asked = self.entering.take(challenge_id, now).ok_or(PasskeyError::Challenge)?;
        let mut data = Data::read(stored.data)?;
        let handle = handle(stored.handle)?;
        let id =
            CredentialId::<&[u8]>::decode(stored.credential).map_err(|_| PasskeyError::Stored("its id"))?;
        let (fixed, changing) = data.states()?;
        let mut credential = AuthenticatedCredential::new(id, &handle, fixed, changing)
            .map_err(|_| PasskeyError::Stored("its key"))?;
        let origins = [asked.site.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        match asked.state.verify(&asked.site.rp, &offered.0, &mut credential, &options) {
            Ok(_) => {
                data.renew(credential.dynamic_state());
                data.write()
            }
            Err(AuthCeremonyErr::SignatureCounter) => Err(PasskeyError::Counter),
            Err(error) => Err(PasskeyError::Refused(error.to_string())),
        }
    }

    /// Ends a question without an answer, so that what does not name a known passkey uses it up as well.
    pub fn forget_signin(&self, challenge_id: &str, now: Timestamp) {
        self.entering.take(challenge_id, now);
    }
}

/// What is stored of a passkey, and of whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// The id of the passkey.
    pub credential: &'a [u8],
    /// Its data.
    pub data: &'a [u8],
    /// The handle of its person.
    pub handle: &'a [u8],
}

fn handle(bytes: &[u8]) -> Result<Handle, PasskeyError> {
    let bytes: [u8; HANDLE_BYTES] =
        bytes.try_into().map_err(|_| PasskeyError::Stored("the handle of its person"))?;
    let Ok(handle) = Handle::decode(bytes);
    Ok(handle)
}

fn bytes(credential: &Value) -> Result<Vec<u8>, PasskeyError> {
    let bytes = serde_json::to_vec(credential).map_err(|error| PasskeyError::Form(error.to_string()))?;
    if bytes.len() > ANSWER_BYTES_MAX {
        return Err(PasskeyError::Form(format!("it has more than {ANSWER_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// The name as the standard wants names of accounts (RFC 8265: no spaces); the display name has it as it is.
fn account_name(name: &str, person: i64) -> Result<Username<'static>, PasskeyError> {
    let joined = name.split_whitespace().collect::<Vec<_>>().join(".");
    Username::try_from(joined)
        .or_else(|_| Username::try_from(format!("person-{person}")))
        .map_err(|_| PasskeyError::Stored("the name of its person"))
}
