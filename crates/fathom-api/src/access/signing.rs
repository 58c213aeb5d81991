//! From a sign-in that succeeded to a session, and what happens when one does not.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fathom_model::Timestamp;
use fathom_signin::{Method, Permission, Role, Secret, attempts, session};
use fathom_store::{Attempts, EntryDraft, NewSession, Person, Scope, Spends, StoreError, StoredSession};
use serde::Serialize;
use serde_json::json;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;

use super::{
    Access, Caller, Client, NOBODY, OWNER, Who,
    told::{entry, tell},
};
use crate::{
    problem::{Code, Problem, chain},
    state::ApiState,
};

/// Somebody whose sign-in succeeded.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    person: Option<Person>,
    method: Method,
    detail: Option<String>,
    spends: Spends,
}

impl SignedIn {
    /// A person.
    pub(crate) fn new(person: &Person, method: Method) -> Self {
        Self { person: Some(person.clone()), method, detail: None, spends: Spends::Nothing }
    }

    /// The owner of the data directory.
    pub(crate) fn owner() -> Self {
        Self { person: None, method: Method::OwnerToken, detail: None, spends: Spends::Nothing }
    }

    /// More about how, for the ledger: an issuer, a passkey's number. Never anything that opens.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What the sign-in uses up.
    pub(crate) fn spends(mut self, spends: Spends) -> Self {
        self.spends = spends;
        self
    }
}

/// What a session may do, and how long it lasts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionAnswer {
    /// Who is signed in: what the ledger says.
    name: String,
    /// The person; null for the owner of the data directory and for programs.
    person: Option<i64>,
    /// The role: `viewer`, `analyst`, `responder`, `auditor`, `administrator`.
    role: &'static str,
    /// What may be seen.
    scope: ScopeView,
    /// What may be done.
    permissions: Vec<&'static str>,
    /// How: `owner_token`, `password`, `passkey`, `oidc`, `recovery`, `invitation`, `api_token`.
    method: &'static str,
    /// What requests that change something carry as `x-fathom-csrf`; null for tokens, which need none.
    csrf: Option<String>,
    /// When it began; null for tokens.
    #[schema(value_type = Option<String>, format = DateTime)]
    begun_at: Option<Timestamp>,
    /// When it ends where it is not used; null for tokens.
    #[schema(value_type = Option<String>, format = DateTime)]
    idle_until: Option<Timestamp>,
    /// When it ends at the latest; null for tokens.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// After how many seconds without use it ends; null for tokens.
    idle_seconds: Option<i64>,
    /// Whether the person has a way to sign in again.
    enrolled: bool,
}

/// A part of the estate; null stands for all.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Scope)]
pub(crate) struct ScopeView {
    /// Only these accounts.
    accounts: Option<Vec<String>>,
    /// Only these teams.
    teams: Option<Vec<String>>,
}

impl From<&Scope> for ScopeView {
    fn from(scope: &Scope) -> Self {
        Self {
            accounts: scope.accounts.as_ref().map(|list| list.iter().map(ToString::to_string).collect()),
            teams: scope.teams.as_ref().map(|list| list.iter().cloned().collect()),
        }
    }
}

impl SessionAnswer {
    /// Of a caller.
    pub(crate) fn of(caller: &Caller) -> Self {
        let session = caller.session();
        let idle = |one: &super::caller::CallerSession| session::idle_max(caller.role(), one.method);
        let until = |one: &super::caller::CallerSession| {
            session::idle_until(caller.role(), one.method, one.used_at, one.ends_at)
        };
        let method = match (session, caller.who()) {
            (Some(session), _) => session.method,
            (None, Who::Owner) => Method::OwnerToken,
            (None, _) => Method::ApiToken,
        };
        Self {
            name: caller.name().to_owned(),
            person: caller.person().ok(),
            role: caller.role().as_str(),
            scope: caller.scope().into(),
            permissions: caller.permissions().iter().map(Permission::as_str).collect(),
            method: method.as_str(),
            csrf: session.map(|one| one.csrf.clone()),
            begun_at: session.map(|one| one.begun_at),
            idle_until: session.map(until),
            ends_at: session.map(|one| one.ends_at),
            idle_seconds: session.map(|one| idle(one).as_secs()),
            enrolled: session.is_none_or(|one| one.enrolled),
        }
    }
}

/// A session that began: its cookie, and what it is.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    pub(crate) cookie: HeaderValue,
    pub(crate) session: SessionAnswer,
}

impl IntoResponse for Entered {
    fn into_response(self) -> Response {
        (StatusCode::OK, [(header::SET_COOKIE, self.cookie)], Json(self.session)).into_response()
    }
}

impl Access {
    /// Begins a session for somebody whose sign-in succeeded: always a new one, in place of one that the browser had.
    ///
    /// # Errors
    /// [`Code::SigninRefused`] where the person is disabled or locked meanwhile, or what the sign-in uses up was used before.
    pub(crate) async fn sign_in(
        &self,
        state: &ApiState,
        signed: SignedIn,
        client: &Client,
    ) -> Result<Entered, Problem> {
        let now = state.now();
        let SignedIn { person, method, detail, spends } = signed;
        if person.as_ref().is_some_and(|person| person.disabled_at.is_some()) {
            return Err(self.refused(state, method, person.as_ref(), "disabled", client));
        }
        let secret = Secret::new().map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
        let before = match client.session() {
            Some(before) => state.store.session(&fathom_signin::hash_of(&before)).await?,
            None => None,
        };
        let name = person.as_ref().map_or(OWNER, |person| person.name.as_str());
        let new = NewSession {
            hash: secret.hash(),
            person: person.as_ref().map(|person| person.id),
            method: method.as_str().to_owned(),
            detail,
            ends_at: session::ends_at(method, now),
            address: Some(client.address.to_string()),
            agent: client.agent.clone(),
            spends,
            instead_of: before.map(|(before, _)| before.id),
            enrolling: method == Method::Invitation,
            ends: Method::Invitation.as_str().to_owned(),
        };
        let stored = match state.store.begin_session(new, name, now).await {
            Ok(stored) => stored,
            Err(StoreError::Spent) => {
                return Err(self.refused(state, method, person.as_ref(), "used before", client));
            }
            Err(StoreError::Conflict { what }) => {
                return Err(self.refused(state, method, person.as_ref(), &what, client));
            }
            Err(error) => return Err(error.into()),
        };
        self.entered(state, &stored, &secret, client).await
    }

    async fn entered(
        &self,
        state: &ApiState,
        stored: &StoredSession,
        secret: &Secret,
        client: &Client,
    ) -> Result<Entered, Problem> {
        let found = state.store.session_of(stored.id).await?;
        let caller =
            found.and_then(|(stored, user)| self.of_session(&stored, user.as_ref(), Some(secret.reveal())));
        let caller = caller.ok_or_else(not_signed_in)?;
        Ok(Entered { cookie: client.cookie(Some(secret.reveal())), session: SessionAnswer::of(&caller) })
    }

    /// Notes a sign-in that did not succeed, where no count of failures is kept for it: passkeys, issuers, invitations,
    /// tokens. `why` is for the ledger; the problem is the same for every cause. A name that was typed is not kept: people
    /// type passwords there.
    pub(crate) fn refused(
        &self,
        state: &ApiState,
        method: Method,
        person: Option<&Person>,
        why: &str,
        client: &Client,
    ) -> Problem {
        let now = state.now();
        if let Err(problem) = self.count_failure(client) {
            return problem;
        }
        if self.0.refused.may_tell(now) {
            tell(state, refusal(method, person, why, client), now);
        }
        not_signed_in()
    }

    /// Counts a failure against a person and, where that is too many, locks the person. `turn` is held until it is
    /// counted, and the answer does not wait for that: it takes as long for people who are not there.
    pub(crate) fn failed(
        &self,
        state: &ApiState,
        method: Method,
        person: Option<Person>,
        why: &str,
        client: &Client,
        turn: OwnedMutexGuard<()>,
    ) -> Problem {
        let now = state.now();
        let too_many = self.count_failure(client).err();
        let told = self.0.refused.may_tell(now).then(|| refusal(method, person.as_ref(), why, client));
        let told: Vec<EntryDraft> = told.into_iter().collect();
        let store = state.store.clone();
        tokio::spawn(async move {
            let done = match person {
                Some(person) => {
                    let count = |before: &Attempts| counted(before, &person, told, now);
                    store.set_attempts(person.id, count, now).await
                }
                None => store.append(told, now).await.map(|_| ()),
            };
            if let Err(error) = done {
                tracing::warn!(error = chain(&error), "could not count a failed sign-in");
            }
            drop(turn);
        });
        too_many.unwrap_or_else(not_signed_in)
    }
}

/// The one answer to every sign-in that does not succeed.
pub(crate) fn not_signed_in() -> Problem {
    Problem::new(Code::SigninRefused, "what was sent does not fit, or signing in is not possible now")
        .hint("check it and try again; after several failures, wait a quarter of an hour")
}

/// What there is after another failure, with the entry of a lock that begins.
fn counted(
    before: &Attempts,
    person: &Person,
    mut told: Vec<EntryDraft>,
    now: Timestamp,
) -> (Attempts, Vec<EntryDraft>) {
    let after = attempts::failed(before, now);
    if let Some(until) = attempts::locked_until(&after, now)
        && attempts::locked_until(before, now).is_none()
    {
        let body = json!({"person": person.id, "locked_until": until, "locks": after.locks});
        told.push(entry("signin.locked", NOBODY, format!("person/{}", person.name), body));
    }
    (after, told)
}

fn refusal(method: Method, person: Option<&Person>, why: &str, client: &Client) -> EntryDraft {
    let subject = person.map_or_else(|| "signin".to_owned(), |person| format!("person/{}", person.name));
    let body = json!({
        "method": method.as_str(),
        "person": person.map(|person| person.id),
        "why": why,
        "address": client.address.to_string(),
        "agent": client.agent,
    });
    entry("signin.refused", NOBODY, subject, body)
}

/// The role of a word that people and programs send.
pub(crate) fn role_of(word: &str) -> Result<Role, Problem> {
    Role::parse(word).ok_or_else(|| {
        let all = Role::ALL.map(Role::as_str).join(", ");
        Problem::new(Code::InvalidBody, format!("`role`: `{}` is none", crate::extract::shown(word)))
            .hint(format!("the roles are {all}"))
    })
}
