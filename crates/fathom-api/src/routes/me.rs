//! How one signs in oneself.

use axum::{Extension, Json, extract::State, http::StatusCode};
use fathom_signin::{Method, RECOVERY_CODES, Secret, hash_of_code, password, random, session::FRESH, totp};
use fathom_store::Person;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    people::PersonView,
    session::{Empty, own},
};
use crate::{
    access::{Access, Caller},
    extract::{Nothing, Query, SecretBody},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// 12 to 256 characters, without the name.
    password: String,
}

/// A key of one-time codes, for an authenticator app. It is told once, and holds when a code of it was confirmed.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTotp {
    /// The key as one types it.
    secret: String,
    /// The key as an app reads it from a picture.
    address: String,
}

/// A one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    /// Six digits.
    code: String,
}

/// Recovery codes. They are told once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// The codes; each opens one emergency session.
    codes: Vec<String>,
}

/// Oneself
#[utoipa::path(get, path = "/me", tag = "account", operation_id = "me",
    responses(
        (status = 200, description = "The answer", body = PersonView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn me(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
) -> Result<Json<PersonView>, Problem> {
    let person = own(&state, &caller).await?;
    Ok(Json(PersonView::new(person, state.now())))
}

/// Sets one's password
///
/// One's other sessions end.
#[utoipa::path(put, path = "/me/password", tag = "account", operation_id = "set_password", request_body = NewPassword,
    responses(
        (status = 204, description = "It holds from now on"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn set_password(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    SecretBody(NewPassword { password }): SecretBody<NewPassword>,
) -> Result<StatusCode, Problem> {
    let person = changing(&state, &caller).await?;
    let refuse = |error: password::PasswordError| Problem::new(Code::PasswordRefused, error.to_string());
    password::check(&password, &person.name).map_err(refuse)?;
    let place = access.hashing().await?;
    let hash = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    drop(place);
    let hash = hash.map_err(|_| Problem::new(Code::Internal, "the password could not be hashed"))?;
    let hash = hash.map_err(refuse)?;
    let but = caller.session().map(|session| session.id);
    state.store.set_password(person.id, &hash, but, caller.name(), state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a key of one-time codes
///
/// It holds when `/me/totp/confirm` was sent a code of it, within ten minutes.
#[utoipa::path(post, path = "/me/totp", tag = "account", operation_id = "new_totp", request_body = Empty,
    responses(
        (status = 200, description = "The answer", body = NewTotp),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn new_totp(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    SecretBody(Empty {}): SecretBody<Empty>,
) -> Result<Json<NewTotp>, Problem> {
    let person = changing(&state, &caller).await?;
    let key = random::<{ totp::KEY_BYTES }>().map_err(no_random)?;
    access.await_code(person.id, key.to_vec(), state.now());
    Ok(Json(NewTotp { secret: totp::key_text(&key), address: totp::address(&key, &person.name) }))
}

/// Confirms a key of one-time codes by a code of it
#[utoipa::path(post, path = "/me/totp/confirm", tag = "account", operation_id = "confirm_totp", request_body = TotpCode,
    responses(
        (status = 204, description = "The key holds from now on"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn confirm_totp(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    SecretBody(TotpCode { code }): SecretBody<TotpCode>,
) -> Result<StatusCode, Problem> {
    let person = changing(&state, &caller).await?;
    let now = state.now();
    let key = access.awaited(person.id, now).ok_or_else(|| {
        Problem::new(Code::Conflict, "no key waits to be confirmed").hint("POST /me/totp makes one")
    })?;
    let step = totp::accept(&key, &code, now.as_second(), None).ok_or_else(|| {
        Problem::new(Code::CodeRefused, "the code is not one of this key and this minute")
            .hint("compare the clock of the device with that of the server")
    })?;
    state.store.set_totp(person.id, &key, step, caller.name(), now).await?;
    access.confirmed(person.id);
    Ok(StatusCode::NO_CONTENT)
}

/// Makes recovery codes; the ones before stop to open anything
#[utoipa::path(post, path = "/me/recovery-codes", tag = "account", operation_id = "new_recovery_codes",
    request_body = Empty,
    responses(
        (status = 200, description = "The answer", body = RecoveryCodes),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn new_recovery_codes(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    SecretBody(Empty {}): SecretBody<Empty>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let person = changing(&state, &caller).await?;
    let codes: Vec<Secret> =
        (0..RECOVERY_CODES).map(|_| Secret::recovery_code()).collect::<Result<_, _>>().map_err(no_random)?;
    let hashes: Vec<_> = codes.iter().map(|code| hash_of_code(code.reveal())).collect();
    state.store.set_recovery_codes(person.id, &hashes, caller.name(), state.now()).await?;
    Ok(Json(RecoveryCodes { codes: codes.iter().map(|code| code.reveal().to_owned()).collect() }))
}

/// The person who calls, where it is one who may change how to sign in now.
///
/// # Errors
/// [`Code::SignInAgain`] where the session began too long ago.
/// [`Code::Conflict`] where an issuer of OpenID Connect says who the person is.
pub(crate) async fn changing(state: &ApiState, caller: &Caller) -> Result<Person, Problem> {
    let person = own(state, caller).await?;
    if person.issuer.is_some() {
        return Err(Problem::new(Code::Conflict, "you sign in through OpenID Connect")
            .hint("change how you sign in where your organisation keeps it"));
    }
    check_fresh(state, caller)?;
    Ok(person)
}

/// Refuses a session that began too long ago to change who may enter, and how: whoever finds an unlocked screen must not
/// be able to stay. Tokens are no screens.
///
/// # Errors
/// [`Code::SignInAgain`].
pub(crate) fn check_fresh(state: &ApiState, caller: &Caller) -> Result<(), Problem> {
    let is_fresh = caller.session().is_none_or(|session| {
        session.method == Method::Invitation || state.now().duration_since(session.begun_at) < FRESH
    });
    if is_fresh {
        return Ok(());
    }
    Err(Problem::new(Code::SignInAgain, "you signed in too long ago to change who may enter, and how")
        .hint("sign out, sign in, and do it within a quarter of an hour"))
}

fn no_random(error: fathom_signin::NoRandom) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}
