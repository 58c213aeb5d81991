//! Signing in and out, and the session that comes of it.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use fathom_model::Timestamp;
use fathom_signin::{Method, Permission, Role, attempts, hash_of, hash_of_code, password, session, totp};
use fathom_store::{Holder, Person, SessionEnd, Spends, StoredSession};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    access::{Access, Caller, Client, Entered, OWNER, SessionAnswer, SignedIn, Unbarred, Who},
    extract::{Nothing, Query, SecretBody, number},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// The longest text of a sign-in.
const TEXT_BYTES_MAX: usize = 4096;

/// An issuer of OpenID Connect that people may come from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct IssuerWay {
    /// How addresses name it.
    pub(crate) id: String,
    /// How people know it.
    pub(crate) name: String,
}

/// How one can sign in here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ways {
    /// Whether there is no person yet: only the owner's token enters, and the first administrator is to be added.
    setup_needed: bool,
    /// With a password and a one-time code.
    password: bool,
    /// With a passkey.
    passkey: bool,
    /// With a recovery code.
    recovery: bool,
    /// Through an issuer of OpenID Connect.
    oidc: Vec<IssuerWay>,
}

/// The token of the owner of the data directory.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenSignin {
    token: String,
}

/// A name, a password and a one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordSignin {
    name: String,
    password: String,
    /// Six digits of the authenticator app.
    code: String,
}

/// A name and one of its recovery codes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoverySignin {
    name: String,
    code: String,
}

/// An invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationSignin {
    /// What stands behind `#invite=` in the link.
    invitation: String,
}

/// Nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Empty {}

/// A session that is open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Its number.
    id: i64,
    /// How it began.
    method: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    begun_at: Timestamp,
    /// When it was used last.
    #[schema(value_type = String, format = DateTime)]
    used_at: Timestamp,
    /// When it ends where it is not used.
    #[schema(value_type = String, format = DateTime)]
    idle_until: Timestamp,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// Where the request came from that began it.
    address: Option<String>,
    /// What that request said that it was made with.
    agent: Option<String>,
    /// Whose it is; null for the owner of the data directory.
    person: Option<i64>,
    /// The name.
    name: String,
    /// The role.
    role: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// Sessions that are open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// The sessions, newest first.
    sessions: Vec<SessionView>,
}

/// How one can sign in here
#[utoipa::path(get, path = "/signin", tag = "signin", operation_id = "signin_ways", security(()),
    responses(
        (status = 200, description = "The answer", body = Ways),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn ways(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    _: Query<Nothing>,
) -> Result<Json<Ways>, Problem> {
    let has_people = state.store.has_people().await?;
    Ok(Json(Ways {
        setup_needed: !has_people,
        password: has_people,
        passkey: has_people,
        recovery: has_people,
        oidc: access.issuers(),
    }))
}

/// Signs in with the token of the owner of the data directory
#[utoipa::path(post, path = "/signin/token", tag = "signin", operation_id = "signin_token", security(()),
    request_body = TokenSignin,
    responses(
        (status = 200, description = "The answer; the session's cookie comes with it", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn token(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    client: Client,
    _: Query<Nothing>,
    SecretBody(body): SecretBody<TokenSignin>,
) -> Result<Entered, Problem> {
    // The right token passes however many wrong ones came from the same address.
    if access.is_owner(body.token.trim()) {
        return access.sign_in(&state, SignedIn::owner(), &client).await;
    }
    access.check_address(&client)?;
    Err(access.refused(&state, Method::OwnerToken, None, "wrong token", &client))
}

/// Signs in with a password and a one-time code
///
/// Whatever does not fit, the answer is the same, and takes as long.
#[utoipa::path(post, path = "/signin/password", tag = "signin", operation_id = "signin_password", security(()),
    request_body = PasswordSignin,
    responses(
        (status = 200, description = "The answer; the session's cookie comes with it", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn with_password(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Unbarred(client): Unbarred,
    _: Query<Nothing>,
    SecretBody(body): SecretBody<PasswordSignin>,
) -> Result<Entered, Problem> {
    let PasswordSignin { name, password: typed, code } = body;
    check_texts(&[&name, &typed, &code])?;
    let name = name.trim();
    let turn = access.turn_of(name).await?;
    let person = state.store.person_named(name).await?;
    // Nobody has the number 0; who is not there is looked for all the same.
    let secrets = state.store.secrets(person.as_ref().map_or(0, |person| person.id)).await?;
    let (kept, key) = (secrets.password, secrets.totp);
    let place = access.hashing().await?;
    let fits = tokio::task::spawn_blocking(move || password::verify(&typed, kept.as_deref()));
    let fits = fits.await.map_err(|_| Problem::new(Code::Internal, "the password could not be checked"))?;
    drop(place);
    let now = state.now();
    let none = [0; totp::KEY_BYTES];
    let step = totp::accept(key.as_deref().unwrap_or(&none), &code, now.as_second(), secrets.totp_step);
    let why = match &person {
        None => "unknown name",
        Some(person) if person.disabled_at.is_some() => "disabled",
        Some(person) if is_locked(person, now) => "locked",
        Some(_) if !fits => "password",
        Some(person) => match step.filter(|_| key.is_some()) {
            None => "one-time code",
            Some(step) => {
                let signed = SignedIn::new(person, Method::Password).spends(Spends::TotpStep(step));
                return access.sign_in(&state, signed, &client).await;
            }
        },
    };
    let person = person.filter(|person| person.disabled_at.is_none());
    Err(access.failed(&state, Method::Password, person, why, &client, turn))
}

/// Signs in with a recovery code, for an emergency
///
/// The code is spent, and the session ends after 5 minutes without use.
#[utoipa::path(post, path = "/signin/recovery", tag = "signin", operation_id = "signin_recovery", security(()),
    request_body = RecoverySignin,
    responses(
        (status = 200, description = "The answer; the session's cookie comes with it", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn with_recovery_code(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Unbarred(client): Unbarred,
    _: Query<Nothing>,
    SecretBody(body): SecretBody<RecoverySignin>,
) -> Result<Entered, Problem> {
    check_texts(&[&body.name, &body.code])?;
    let name = body.name.trim();
    let turn = access.turn_of(name).await?;
    let person = state.store.person_named(name).await?;
    let hash = hash_of_code(&body.code);
    let fits = state.store.has_recovery_code(person.as_ref().map_or(0, |person| person.id), &hash).await?;
    let why = match &person {
        None => "unknown name",
        Some(person) if person.disabled_at.is_some() => "disabled",
        Some(person) if is_locked(person, state.now()) => "locked",
        Some(_) if !fits => "recovery code",
        Some(person) => {
            let signed = SignedIn::new(person, Method::Recovery).spends(Spends::RecoveryCode(hash));
            return access.sign_in(&state, signed, &client).await;
        }
    };
    let person = person.filter(|person| person.disabled_at.is_none());
    Err(access.failed(&state, Method::Recovery, person, why, &client, turn))
}

/// Opens an invitation: a session that may only set up how the person will sign in
///
/// The invitation is spent by `/signin/invitation/finish`.
#[utoipa::path(post, path = "/signin/invitation", tag = "signin", operation_id = "signin_invitation", security(()),
    request_body = InvitationSignin,
    responses(
        (status = 200, description = "The answer; the session's cookie comes with it", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn with_invitation(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Unbarred(client): Unbarred,
    _: Query<Nothing>,
    SecretBody(body): SecretBody<InvitationSignin>,
) -> Result<Entered, Problem> {
    check_texts(&[&body.invitation])?;
    let hash = hash_of(body.invitation.trim());
    match state.store.person_invited(&hash, state.now()).await? {
        Some(person) => access.sign_in(&state, SignedIn::new(&person, Method::Invitation), &client).await,
        None => Err(access.refused(&state, Method::Invitation, None, "no such invitation", &client)),
    }
}

/// Ends the setting up: a session like any other, in place of the invitation's
///
/// Once the person has a passkey, or a password and a confirmed one-time code.
#[utoipa::path(post, path = "/signin/invitation/finish", tag = "signin", operation_id = "finish_invitation",
    request_body = Empty,
    responses(
        (status = 200, description = "The answer; the session's cookie comes with it", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn finish_invitation(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    client: Client,
    _: Query<Nothing>,
    SecretBody(Empty {}): SecretBody<Empty>,
) -> Result<Entered, Problem> {
    let is_enrolling = caller.session().is_some_and(|session| session.method == Method::Invitation);
    if !is_enrolling {
        return Err(Problem::new(Code::Conflict, "this session did not begin with an invitation"));
    }
    let person = own(&state, &caller).await?;
    let method = match person {
        Person { passkeys: 1.., .. } => Method::Passkey,
        Person { has_password: true, has_totp: true, .. } => Method::Password,
        _ => {
            return Err(Problem::new(Code::Conflict, "there is no way to sign in yet")
                .hint("register a passkey, or set a password and confirm one-time codes"));
        }
    };
    let signed = SignedIn::new(&person, method).spends(Spends::Invitation).detail("invitation");
    access.sign_in(&state, signed, &client).await
}

/// Who is signed in, what may be done, and how long the session lasts
#[utoipa::path(get, path = "/session", tag = "signin", operation_id = "session",
    responses(
        (status = 200, description = "The answer", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn current(Extension(caller): Extension<Caller>, _: Query<Nothing>) -> Json<SessionAnswer> {
    Json(SessionAnswer::of(&caller))
}

/// Keeps the session alive
#[utoipa::path(post, path = "/session/alive", tag = "signin", operation_id = "session_alive", request_body = Empty,
    responses(
        (status = 200, description = "The answer", body = SessionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn alive(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    SecretBody(Empty {}): SecretBody<Empty>,
) -> Json<SessionAnswer> {
    Json(SessionAnswer::of(&access.now_used(&state, caller)))
}

/// Signs out
#[utoipa::path(delete, path = "/session", tag = "signin", operation_id = "sign_out",
    responses(
        (status = 204, description = "The session has ended"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    client: Client,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let session = caller.session().ok_or_else(|| {
        Problem::new(Code::Conflict, "the request came with a token, not with a session")
            .hint("DELETE /tokens/{id} revokes a token")
    })?;
    let end = SessionEnd { session: session.id, why: "signed out".to_owned() };
    state.store.end_sessions(&[end], caller.name(), state.now()).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, client.cookie(None))]).into_response())
}

/// Open sessions: one's own, or all for those who may read people
#[utoipa::path(get, path = "/sessions", tag = "people", operation_id = "sessions",
    responses(
        (status = 200, description = "The answer", body = Sessions),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
) -> Result<Json<Sessions>, Problem> {
    let sees_all = caller.may(Permission::ReadPeople) && caller.scope().is_all();
    let open = state.store.sessions().await?;
    let sessions = open
        .iter()
        .filter(|(stored, _)| sees_all || is_own(&caller, stored))
        .map(|(stored, user)| view(&access, &caller, stored, user.as_ref()))
        .collect();
    Ok(Json(Sessions { sessions }))
}

/// Ends a session: one's own, or any for those who manage people
#[utoipa::path(delete, path = "/sessions/{id}", tag = "people", operation_id = "end_session",
    params(("id" = i64, Path, description = "The session's number")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn end_one(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let id: i64 = number("id", &id)?;
    let none = || Problem::new(Code::NotFound, format!("no session {id} of yours is open"));
    let (stored, _) = state.store.session_of(id).await?.ok_or_else(none)?;
    if !is_own(&caller, &stored) && !caller.may(Permission::ManagePeople) {
        return Err(none());
    }
    let end = SessionEnd { session: id, why: "revoked".to_owned() };
    state.store.end_sessions(&[end], caller.name(), state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a session is of whoever asks.
fn is_own(caller: &Caller, stored: &StoredSession) -> bool {
    match caller.who() {
        Who::Owner => stored.person.is_none(),
        Who::Person(id) => stored.person == Some(id),
        Who::Token(_) => false,
    }
}

fn view(access: &Access, caller: &Caller, stored: &StoredSession, user: Option<&Holder>) -> SessionView {
    let word = user.map_or(Role::Administrator.as_str(), |user| user.role.as_str());
    let used_at = access.used_at(stored.id, stored.used_at);
    let idle_until = match (Role::parse(word), Method::parse(&stored.method)) {
        (Some(role), Some(method)) => session::idle_until(role, method, used_at, stored.ends_at),
        _ => stored.ends_at,
    };
    SessionView {
        id: stored.id,
        method: stored.method.clone(),
        begun_at: stored.begun_at,
        used_at,
        idle_until,
        ends_at: stored.ends_at,
        address: stored.address.clone(),
        agent: stored.agent.clone(),
        person: stored.person,
        name: user.map_or(OWNER, |user| user.name.as_str()).to_owned(),
        role: word.to_owned(),
        current: caller.session().is_some_and(|own| own.id == stored.id),
    }
}

/// The person who calls.
pub(super) async fn own(state: &ApiState, caller: &Caller) -> Result<Person, Problem> {
    let id = caller.person()?;
    state.store.person(id).await?.ok_or_else(|| Problem::new(Code::NotFound, "you are not there any more"))
}

fn is_locked(person: &Person, now: Timestamp) -> bool {
    attempts::locked_until(&person.attempts, now).is_some()
}

fn check_texts(texts: &[&str]) -> Result<(), Problem> {
    if texts.iter().any(|text| text.len() > TEXT_BYTES_MAX) {
        return Err(Problem::new(Code::InvalidBody, format!("a text has at most {TEXT_BYTES_MAX} bytes")));
    }
    Ok(())
}
