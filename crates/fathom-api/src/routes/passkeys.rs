//! Passkeys: one's own, and signing in with one.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use fathom_model::Timestamp;
use fathom_signin::{
    Method,
    passkey::{Offered, PasskeyError, Question, Registrant, Stored},
    random,
};
use fathom_store::{Passkey, Person};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    access::{Access, Caller, Client, Entered, Place, SessionAnswer, SignedIn, Unbarred, network},
    extract::{Body, Nothing, Query, number, shown},
    problem::{Code, Problem, ProblemView},
    routes::{
        me::changing,
        session::{Empty, own},
    },
    state::ApiState,
};

/// A question for an authenticator.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyQuestion {
    /// What the answer names; it holds for 5 minutes, for one answer.
    challenge_id: String,
    /// What the browser asks the authenticator: `PublicKeyCredentialCreationOptionsJSON` or
    /// `PublicKeyCredentialRequestOptionsJSON` of WebAuthn Level 3.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Question> for PasskeyQuestion {
    fn from(Question { challenge_id, options }: Question) -> Self {
        Self { challenge_id, options }
    }
}

/// What an authenticator answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignin {
    /// Which question it answers.
    challenge_id: String,
    /// `AuthenticationResponseJSON` of WebAuthn Level 3.
    #[schema(value_type = Object)]
    credential: Value,
}

/// A passkey that was made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskey {
    /// Which question it answers.
    challenge_id: String,
    /// What to call it: 1 to 200 bytes.
    name: String,
    /// `RegistrationResponseJSON` of WebAuthn Level 3.
    #[schema(value_type = Object)]
    credential: Value,
}

/// One of one's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was used last; null where it was not.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
}

impl From<Passkey> for PasskeyView {
    fn from(Passkey { id, name, created_at, used_at, .. }: Passkey) -> Self {
        Self { id, name, created_at, used_at }
    }
}

/// One's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyList {
    /// The passkeys, oldest first.
    passkeys: Vec<PasskeyView>,
}

/// Asks for a passkey to sign in with
///
/// Passkeys are bound to the host that the request names, so that a page that was opened by an address in figures has
/// none.
#[utoipa::path(post, path = "/signin/passkey/start", tag = "signin", operation_id = "start_passkey_signin",
    security(()), request_body = Empty,
    responses(
        (status = 200, description = "The answer", body = PasskeyQuestion),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn start_signin(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Unbarred(client): Unbarred,
    place: Place,
    _: Query<Nothing>,
    Body(Empty {}): Body<Empty>,
) -> Result<Json<PasskeyQuestion>, Problem> {
    let site = access.site(&place)?;
    let question = access
        .passkeys()
        .start_signin(&site, &drawn()?, network(client.address), state.now())
        .map_err(|error| ours(&error))?;
    Ok(Json(question.into()))
}

/// Signs in with a passkey
#[utoipa::path(post, path = "/signin/passkey/finish", tag = "signin", operation_id = "finish_passkey_signin",
    security(()), request_body = PasskeySignin,
    responses(
        (status = 200, description = "The answer; the session's cookie comes with it", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn finish_signin(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Unbarred(client): Unbarred,
    _: Query<Nothing>,
    Body(PasskeySignin { challenge_id, credential }): Body<PasskeySignin>,
) -> Result<Entered, Problem> {
    let now = state.now();
    let refused = |person: Option<&Person>, why: &str| {
        access.refused(&state, Method::Passkey, person, &shown(why), &client)
    };
    let offered = match Offered::read(&credential) {
        Ok(offered) => offered,
        Err(error) => {
            access.passkeys().forget_signin(&challenge_id, now);
            return Err(refused(None, &error.to_string()));
        }
    };
    let Some(passkey) = state.store.passkey(&offered.credential()).await? else {
        access.passkeys().forget_signin(&challenge_id, now);
        return Err(refused(None, "unknown passkey"));
    };
    let person = state.store.person(passkey.person).await?;
    let person = person.ok_or_else(|| Problem::new(Code::Internal, "a passkey belongs to nobody"))?;
    let stored =
        Stored { credential: &passkey.credential, data: &passkey.data, handle: person.handle.as_slice() };
    let after = match access.passkeys().finish_signin(&challenge_id, &offered, stored, now) {
        Ok(after) => after,
        Err(error @ PasskeyError::Stored(_)) => return Err(ours(&error)),
        Err(error) => return Err(refused(Some(&person), &error.to_string())),
    };
    if !state.store.passkey_used(passkey.id, &passkey.data, &after, now).await? {
        return Err(refused(Some(&person), "the passkey was used elsewhere at the same time, or removed"));
    }
    let signed = SignedIn::new(&person, Method::Passkey).detail(format!("passkey {}", passkey.id));
    access.sign_in(&state, signed, &client).await
}

/// One's passkeys
#[utoipa::path(get, path = "/me/passkeys", tag = "account", operation_id = "passkeys",
    responses(
        (status = 200, description = "The answer", body = PasskeyList),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
) -> Result<Json<PasskeyList>, Problem> {
    let person = own(&state, &caller).await?;
    let passkeys = state.store.passkeys_of(person.id).await?.into_iter().map(Into::into).collect();
    Ok(Json(PasskeyList { passkeys }))
}

/// Asks for a new passkey
#[utoipa::path(post, path = "/me/passkeys/start", tag = "account", operation_id = "start_passkey",
    request_body = Empty,
    responses(
        (status = 200, description = "The answer", body = PasskeyQuestion),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn start(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    client: Client,
    place: Place,
    _: Query<Nothing>,
    Body(Empty {}): Body<Empty>,
) -> Result<Json<PasskeyQuestion>, Problem> {
    let person = changing(&state, &caller).await?;
    let site = access.site(&place)?;
    let known = state.store.passkeys_of(person.id).await?;
    let known = known.iter().map(|one| (one.credential.as_slice(), one.data.as_slice()));
    let who = Registrant { person: person.id, handle: &person.handle, name: &person.name };
    let question = access
        .passkeys()
        .start_registration(&site, who, known, &drawn()?, network(client.address), state.now())
        .map_err(|error| ours(&error))?;
    Ok(Json(question.into()))
}

/// Adds the passkey that was made
#[utoipa::path(post, path = "/me/passkeys/finish", tag = "account", operation_id = "finish_passkey",
    request_body = NewPasskey,
    responses(
        (status = 201, description = "The answer", body = PasskeyView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn finish(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    Body(NewPasskey { challenge_id, name, credential }): Body<NewPasskey>,
) -> Result<(StatusCode, Json<PasskeyView>), Problem> {
    let person = changing(&state, &caller).await?;
    let now = state.now();
    let made = access.passkeys().finish_registration(person.id, &challenge_id, &credential, now);
    let made = made.map_err(|error| match error {
        PasskeyError::Stored(_) => ours(&error),
        error => Problem::new(Code::InvalidBody, shown(&error.to_string())).hint("begin again"),
    })?;
    let name = name.trim();
    let added = state.store.add_passkey(person.id, &made.credential, &made.data, name, caller.name(), now);
    Ok((StatusCode::CREATED, Json(added.await?.into())))
}

/// Removes one of one's passkeys
///
/// Not the last way to sign in.
#[utoipa::path(delete, path = "/me/passkeys/{id}", tag = "account", operation_id = "remove_passkey",
    params(("id" = i64, Path, description = "The passkey's number")),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let person = changing(&state, &caller).await?;
    state.store.remove_passkey(person.id, number("id", &id)?, caller.name(), state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn drawn() -> Result<[u8; 32], Problem> {
    random().map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// An error that is our fault.
fn ours(error: &PasskeyError) -> Problem {
    tracing::error!(%error, "a passkey could not be asked for");
    Problem::new(Code::Internal, error.to_string())
}
