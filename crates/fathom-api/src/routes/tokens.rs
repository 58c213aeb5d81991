//! Tokens for programs.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use fathom_model::Timestamp;
use fathom_signin::{Permission, Secret, name, session::TOKEN_DAYS_MAX};
use fathom_store::{Holder, NewToken, StoredToken, TokensOf};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{me::check_fresh, people::NewScope};
use crate::{
    access::{Caller, OWNER, ScopeView, Who, role_of},
    extract::{Body, Nothing, Query, number},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// A token for programs, without what opens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenView {
    /// Its number.
    id: i64,
    /// What it is for.
    name: String,
    /// Who made it; null for the owner of the data directory.
    person: Option<i64>,
    /// The name of who made it.
    maker: String,
    /// Its role.
    role: String,
    /// What it may see.
    scope: ScopeView,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Since when it does not hold any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// When it was used last, within a minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Timestamp>,
}

/// Tokens for programs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The tokens: those that hold, then those that do not any more; each newest first.
    tokens: Vec<TokenView>,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeToken {
    /// What it is for.
    name: String,
    /// Its role, which permits nothing that the maker's does not.
    role: String,
    /// What it may see; what the maker may see where it is left out, and never more.
    scope: Option<NewScope>,
    /// For how many days it holds.
    #[schema(minimum = 1, maximum = 366)]
    days: i64,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// The token.
    token: TokenView,
    /// What opens. It is told once.
    secret: String,
}

/// Tokens for programs: one's own, or all for those who may read people
#[utoipa::path(get, path = "/tokens", tag = "people", operation_id = "tokens",
    responses(
        (status = 200, description = "The answer", body = Tokens),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
) -> Result<Json<Tokens>, Problem> {
    let sees_all = caller.may(Permission::ReadPeople) && caller.scope().is_all();
    let whose = match caller.who() {
        _ if sees_all => TokensOf::Everybody,
        Who::Owner => TokensOf::Owner,
        Who::Person(id) => TokensOf::Person(id),
        Who::Token(_) => return Ok(Json(Tokens { tokens: Vec::new() })),
    };
    let tokens = state.store.tokens(whose, state.now()).await?;
    Ok(Json(Tokens { tokens: tokens.into_iter().map(view).collect() }))
}

/// Makes a token for programs
///
/// It may do what its role may and its maker still may; it never lets others in.
#[utoipa::path(post, path = "/tokens", tag = "people", operation_id = "make_token", request_body = MakeToken,
    responses(
        (status = 201, description = "The answer", body = MadeToken),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn make(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    Body(new): Body<MakeToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    check_fresh(&state, &caller)?;
    name::check(&new.name).map_err(|error| Problem::new(Code::InvalidBody, format!("`name`: {error}")))?;
    let role = role_of(&new.role)?;
    if !role.at_most(caller.role()) {
        let detail =
            format!("a token of the role {role} could do more than you, whose role is {}", caller.role());
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let scope = match new.scope {
        Some(scope) => scope.read()?,
        None => caller.scope().clone(),
    };
    if !scope.within(caller.scope()) {
        return Err(Problem::new(Code::Forbidden, "the token could see more than you"));
    }
    if !(1..=TOKEN_DAYS_MAX).contains(&new.days) {
        return Err(Problem::new(Code::InvalidBody, format!("`days` is between 1 and {TOKEN_DAYS_MAX}")));
    }
    let person = match caller.who() {
        Who::Owner => None,
        Who::Person(id) => Some(id),
        Who::Token(_) => return Err(Problem::new(Code::Forbidden, "a token makes no tokens")),
    };
    let secret = Secret::token().map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let now = state.now();
    let token = NewToken {
        hash: secret.hash(),
        name: new.name,
        person,
        role: role.as_str().to_owned(),
        scope,
        expires_at: now.checked_add(SignedDuration::from_hours(new.days * 24)).unwrap_or(now),
    };
    let stored = state.store.add_token(token, caller.name(), now).await?;
    let mut token = view((stored, None));
    caller.name().clone_into(&mut token.maker);
    Ok((StatusCode::CREATED, Json(MadeToken { token, secret: secret.reveal().to_owned() })))
}

/// Revokes a token: one's own, or any for those who manage people
#[utoipa::path(delete, path = "/tokens/{id}", tag = "people", operation_id = "revoke_token",
    params(("id" = i64, Path, description = "The token's number")),
    responses(
        (status = 204, description = "It does not hold any more"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let id: i64 = number("id", &id)?;
    let none = || Problem::new(Code::NotFound, format!("no token {id} of yours is there"));
    let (token, _) = state.store.token_of(id).await?.ok_or_else(none)?;
    if !is_own(&caller, &token) && !caller.may(Permission::ManagePeople) {
        return Err(none());
    }
    state.store.revoke_token(id, caller.name(), state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_own(caller: &Caller, token: &StoredToken) -> bool {
    match caller.who() {
        Who::Owner => token.person.is_none(),
        Who::Person(id) => token.person == Some(id),
        Who::Token(_) => false,
    }
}

fn view((token, maker): (StoredToken, Option<Holder>)) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name,
        person: token.person,
        maker: maker.map_or_else(|| OWNER.to_owned(), |maker| maker.name),
        role: token.role,
        scope: (&token.scope).into(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        used_at: token.used_at,
    }
}
