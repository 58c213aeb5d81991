//! People who may enter.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use fathom_model::{AccountId, Timestamp};
use fathom_signin::{Role, Secret, attempts, name, random, session::INVITED};
use fathom_store::{Invitation, NewPerson, Person, PersonChange, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{me::check_fresh, session::Empty};
use crate::{
    access::{Caller, ScopeView, Who, role_of},
    extract::{Body, Nothing, Query, number},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// The most accounts or teams of a scope.
const LIST_MAX: usize = 1000;
/// The longest account or team.
const TEXT_BYTES_MAX: usize = 200;

/// Somebody who may enter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonView {
    /// The person's number.
    id: i64,
    /// The name.
    name: String,
    /// The role.
    role: String,
    /// What the person may see.
    scope: ScopeView,
    /// Whether the person may not enter any more.
    disabled: bool,
    /// The issuer of OpenID Connect; null where Fathom itself knows the person.
    issuer: Option<String>,
    /// What the issuer calls the person.
    subject: Option<String>,
    /// Whether there is a password.
    has_password: bool,
    /// Whether there are one-time codes.
    has_totp: bool,
    /// How many passkeys there are.
    passkeys: u64,
    /// How many recovery codes are left.
    recovery_codes: u64,
    /// Until when an invitation is open; null where none is.
    #[schema(value_type = Option<String>, format = DateTime)]
    invited_until: Option<Timestamp>,
    /// Until when the person is locked after failed sign-ins; null where not.
    #[schema(value_type = Option<String>, format = DateTime)]
    locked_until: Option<Timestamp>,
    /// When the person was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the person signed in last.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_signin_at: Option<Timestamp>,
    /// How many sessions are open.
    sessions: u64,
}

impl PersonView {
    pub(super) fn new(person: Person, now: Timestamp) -> Self {
        let (issuer, subject) = person.issuer.unzip();
        Self {
            id: person.id,
            name: person.name,
            role: person.role,
            scope: (&person.scope).into(),
            disabled: person.disabled_at.is_some(),
            issuer,
            subject,
            has_password: person.has_password,
            has_totp: person.has_totp,
            passkeys: person.passkeys,
            recovery_codes: person.recovery_codes,
            invited_until: person.invited_until.filter(|until| *until > now),
            locked_until: attempts::locked_until(&person.attempts, now),
            created_at: person.created_at,
            last_signin_at: person.last_signin_at,
            sessions: person.sessions,
        }
    }
}

/// People.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct People {
    /// The people, by name.
    people: Vec<PersonView>,
}

/// A part of the estate; what is left out or null stands for all.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewScope {
    /// Only these accounts.
    accounts: Option<Vec<String>>,
    /// Only these teams: owners of resources, as their explanations name them.
    teams: Option<Vec<String>>,
}

impl NewScope {
    /// As it is kept.
    pub(super) fn read(self) -> Result<Scope, Problem> {
        for (name, list) in [("accounts", &self.accounts), ("teams", &self.teams)] {
            let Some(list) = list else { continue };
            let wrong = list.is_empty()
                || list.len() > LIST_MAX
                || list.iter().any(|one| one.trim().is_empty() || one.len() > TEXT_BYTES_MAX);
            if wrong {
                let limits =
                    format!("has 1 to {LIST_MAX} texts of 1 to {TEXT_BYTES_MAX} bytes, or is null for all");
                return Err(Problem::new(Code::InvalidBody, format!("`scope.{name}` {limits}")));
            }
        }
        Ok(Scope {
            accounts: self.accounts.map(|list| list.into_iter().map(AccountId::from).collect()),
            teams: self.teams.map(|list| list.into_iter().collect()),
        })
    }
}

/// Somebody to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddPerson {
    /// 1 to 100 characters; no other person has it, whatever the case of its letters.
    name: String,
    /// The role: `viewer`, `analyst`, `responder`, `auditor`, `administrator`.
    role: String,
    /// What the person may see; everything where it is left out. Administrators are never limited.
    #[serde(default)]
    scope: NewScope,
    /// The issuer of OpenID Connect that the person comes from, together with `subject`.
    issuer: Option<String>,
    /// What the issuer calls the person.
    subject: Option<String>,
}

/// What is to be changed of a person; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePerson {
    /// Another role.
    role: Option<String>,
    /// Another scope, whole.
    scope: Option<NewScope>,
    /// Whether the person may not enter any more: sessions and tokens end at once.
    disabled: Option<bool>,
}

/// How the person may enter the first time. It is told once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    /// What `/signin/invitation` takes.
    token: String,
    /// What stands behind this server's address in the link.
    path: String,
    /// Until when it can be used.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// Somebody who was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddedPerson {
    /// The person.
    person: PersonView,
    /// How the person may enter; null where an issuer says who the person is.
    invitation: Option<InvitationView>,
}

/// Everybody who may enter
#[utoipa::path(get, path = "/people", tag = "people", operation_id = "people",
    responses(
        (status = 200, description = "The answer", body = People),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(State(state): State<ApiState>, _: Query<Nothing>) -> Result<Json<People>, Problem> {
    let now = state.now();
    let people = state.store.people().await?.into_iter().map(|person| PersonView::new(person, now)).collect();
    Ok(Json(People { people }))
}

/// One person
#[utoipa::path(get, path = "/people/{id}", tag = "people", operation_id = "person",
    params(("id" = i64, Path, description = "The person's number")),
    responses(
        (status = 200, description = "The answer", body = PersonView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Json<PersonView>, Problem> {
    let id: i64 = number("id", &id)?;
    let person = state.store.person(id).await?;
    let person = person.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no person {id}")))?;
    Ok(Json(PersonView::new(person, state.now())))
}

/// Adds a person
///
/// The answer has an invitation, which holds for a day.
#[utoipa::path(post, path = "/people", tag = "people", operation_id = "add_person", request_body = AddPerson,
    responses(
        (status = 201, description = "The answer", body = AddedPerson),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    _: Query<Nothing>,
    Body(new): Body<AddPerson>,
) -> Result<(StatusCode, Json<AddedPerson>), Problem> {
    check_fresh(&state, &caller)?;
    name::check(&new.name).map_err(|error| Problem::new(Code::InvalidBody, format!("`name`: {error}")))?;
    let role = role_of(&new.role)?;
    let scope = new.scope.read()?;
    check_administrator(role, &scope)?;
    let issuer = match (new.issuer, new.subject) {
        (Some(issuer), Some(subject)) => Some((issuer, subject)),
        (None, None) => None,
        _ => return Err(Problem::new(Code::InvalidBody, "`issuer` and `subject` go together")),
    };
    let now = state.now();
    let invitation = if issuer.is_none() { Some(invite(now)?) } else { None };
    let handle = random::<32>().map_err(no_random)?.to_vec();
    let person = NewPerson {
        name: new.name,
        role: role.as_str().to_owned(),
        scope,
        issuer,
        handle,
        invitation: invitation.as_ref().map(|(kept, _)| kept.clone()),
    };
    let person = state.store.add_person(person, caller.name(), now).await?;
    let added =
        AddedPerson { person: PersonView::new(person, now), invitation: invitation.map(|(_, told)| told) };
    Ok((StatusCode::CREATED, Json(added)))
}

/// Changes what a person may do and see, or whether the person may enter
#[utoipa::path(patch, path = "/people/{id}", tag = "people", operation_id = "change_person", request_body = ChangePerson,
    params(("id" = i64, Path, description = "The person's number")),
    responses(
        (status = 200, description = "The answer", body = PersonView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(change): Body<ChangePerson>,
) -> Result<Json<PersonView>, Problem> {
    let id: i64 = number("id", &id)?;
    if caller.who() == Who::Person(id) {
        return Err(Problem::new(Code::Conflict, "nobody changes what they may do themselves")
            .hint("another administrator, or the owner's token, can"));
    }
    check_fresh(&state, &caller)?;
    let before = state.store.person(id).await?;
    let before = before.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no person {id}")))?;
    let role = change.role.as_deref().map(role_of).transpose()?;
    let scope = change.scope.map(NewScope::read).transpose()?;
    let role_after = role.or_else(|| Role::parse(&before.role));
    if let Some(role) = role_after {
        check_administrator(role, scope.as_ref().unwrap_or(&before.scope))?;
    }
    let change =
        PersonChange { role: role.map(|role| role.as_str().to_owned()), scope, disabled: change.disabled };
    let now = state.now();
    let keep = Role::Administrator.as_str();
    let person = state.store.change_person(id, change, keep, caller.name(), now).await?;
    Ok(Json(PersonView::new(person, now)))
}

/// Lets a person set up anew how to sign in
///
/// Password, one-time codes, passkeys and recovery codes are removed, sessions and tokens for programs end.
#[utoipa::path(post, path = "/people/{id}/invitation", tag = "people", operation_id = "invite_person", request_body = Empty,
    params(("id" = i64, Path, description = "The person's number")),
    responses(
        (status = 201, description = "The answer", body = InvitationView),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn invite_anew(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    _: Query<Nothing>,
    Body(Empty {}): Body<Empty>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let id: i64 = number("id", &id)?;
    if caller.who() == Who::Person(id) {
        return Err(Problem::new(Code::Conflict, "nobody invites themselves anew").hint(
            "change how you sign in in your account; another administrator, or the owner's token, can invite you anew",
        ));
    }
    check_fresh(&state, &caller)?;
    let now = state.now();
    let (kept, told) = invite(now)?;
    state.store.invite_anew(id, kept, caller.name(), now).await?;
    Ok((StatusCode::CREATED, Json(told)))
}

/// An invitation, as it is kept and as it is told.
fn invite(now: Timestamp) -> Result<(Invitation, InvitationView), Problem> {
    let secret = Secret::new().map_err(no_random)?;
    let until = now.checked_add(INVITED).unwrap_or(now);
    let token = secret.reveal().to_owned();
    let path = format!("/#invite={token}");
    Ok((Invitation { hash: secret.hash(), until }, InvitationView { token, path, until }))
}

/// Whoever lets others in could lift a limit of their own.
fn check_administrator(role: Role, scope: &Scope) -> Result<(), Problem> {
    if role != Role::Administrator || scope.is_all() {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidBody, "an administrator may see everything; leave `scope` out"))
}

fn no_random(error: fathom_signin::NoRandom) -> Problem {
    Problem::new(Code::Internal, error.to_string())
}
