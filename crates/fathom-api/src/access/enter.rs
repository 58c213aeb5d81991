//! From a token or a cookie to the caller; requests that another site makes a browser send; how long a session lasts.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use fathom_model::Timestamp;
use fathom_signin::{
    Method, Permission, Permissions, Role, TOKEN_PREFIX, csrf_of, hash_of, same, session::idle_until,
};
use fathom_store::{Holder, SYSTEM_ACTOR, Scope, SessionEnd, StoredSession, StoredToken};
use serde_json::json;

use super::{
    Access, Caller, Client, NOBODY, OWNER, Who,
    caller::{CallerSession, Taken},
    client::{BACKGROUND, CSRF, bearer, is_same_origin, one, other_site, what},
    guard::Refused,
    streams,
    told::{entry, tell},
};
use crate::{
    problem::{Code, Problem},
    state::ApiState,
};

/// Until when the session holds where it is not used again, and at the latest.
const IDLE_UNTIL: HeaderName = HeaderName::from_static("x-fathom-idle-until");
const ENDS_AT: HeaderName = HeaderName::from_static("x-fathom-ends-at");

/// Lets in whom we know, and says as whom.
pub(crate) async fn enter(
    State((state, access)): State<(ApiState, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = Client::of(&access, request.headers(), request.uri(), request.extensions());
    let now = state.now();
    let asked = Asked::of(&request);
    let caller = match access.caller(&state, &asked, &client, now).await {
        Ok(caller) => caller,
        Err(problem) => {
            tracing::warn!(from = %client.address, code = problem.code().as_str(), "refused a request");
            return problem.into_response();
        }
    };
    let is_use = !request.headers().contains_key(BACKGROUND);
    request.extensions_mut().insert(caller.clone());
    request.extensions_mut().insert(Taken::default());
    let mut response = next.run(request).await;
    let code = response.extensions().get::<Code>().copied();
    if let Some(code) = code.filter(|code| matches!(code, Code::Forbidden | Code::ScopeLimited)) {
        let permission = response.extensions_mut().remove::<Refused>().map(|Refused(permission)| permission);
        access.note_refused(&state, &caller, (code, permission), &asked.what, &client, now);
    }
    if is_stream(&response) {
        return streams::bounded(response, state, access, caller);
    }
    if is_use {
        access.note_use(&state, &caller, now);
    }
    if let Some(session) = &caller.session {
        let used_at = access.used_at(session.id, session.used_at);
        let until = idle_until(caller.role, session.method, used_at, session.ends_at);
        let headers = response.headers_mut();
        for (name, time) in [(IDLE_UNTIL, until), (ENDS_AT, session.ends_at)] {
            if let Ok(value) = HeaderValue::try_from(time.to_string()) {
                headers.insert(name, value);
            }
        }
    }
    response
}

/// What of a request tells who sends it.
struct Asked {
    /// Method and path.
    what: String,
    headers: HeaderMap,
    changes: bool,
    same_origin: bool,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self {
            what: what(request),
            headers: request.headers().clone(),
            changes: !request.method().is_safe(),
            same_origin: is_same_origin(request),
        }
    }
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

impl Access {
    /// Who sends a request.
    async fn caller(
        &self,
        state: &ApiState,
        asked: &Asked,
        client: &Client,
        now: Timestamp,
    ) -> Result<Caller, Problem> {
        let headers = &asked.headers;
        if headers.contains_key(header::AUTHORIZATION) {
            let offered = one(headers, &header::AUTHORIZATION).and_then(bearer);
            return self.bearer(state, offered, client, now).await;
        }
        let Some(secret) = client.session() else {
            // Nothing was tried, so nothing is counted.
            return Err(self.nobody("the request carries neither a token nor a session"));
        };
        let caller = self.session(state, &secret, now).await?;
        if asked.changes {
            let said = one(headers, &CSRF).unwrap_or_default();
            let is_ours = caller.session.as_ref().is_some_and(|session| same(said, &session.csrf));
            if !asked.same_origin || !is_ours {
                self.note_refused(state, &caller, (Code::CsrfRefused, None), &asked.what, client, now);
            }
            if !asked.same_origin {
                return Err(other_site());
            }
            if !is_ours {
                return Err(Problem::new(
                    Code::CsrfRefused,
                    "the header `x-fathom-csrf` is missing or not that of the session",
                )
                .hint("GET /session tells it; programs send `Authorization: Bearer …` and no cookie"));
            }
        }
        Ok(caller)
    }

    /// Who has a token.
    async fn bearer(
        &self,
        state: &ApiState,
        offered: Option<&str>,
        client: &Client,
        now: Timestamp,
    ) -> Result<Caller, Problem> {
        // The right token always passes: 256 random bits cannot be guessed, and an address that many share (loopback,
        // a proxy) must not be locked out by one of them.
        let mut known = None;
        let detail = match offered {
            None => "the `Authorization` header is not `Bearer` and a token",
            Some(token) if self.is_owner(token) => return Ok(owner(None)),
            Some(token) if token.starts_with(TOKEN_PREFIX) && token.len() == TOKEN_PREFIX.len() + 64 => {
                match state.store.token(&hash_of(token)).await? {
                    Some((token, maker)) => {
                        if let Some(caller) = of_token(&token, maker.as_ref(), now) {
                            return Ok(caller);
                        }
                        known = Some(token);
                        "the token does not hold any more"
                    }
                    None => "the token is none of this server",
                }
            }
            Some(_) => "the token is none of this server",
        };
        self.count_failure(client)?;
        if self.0.refused.may_tell(now) {
            let known = known.as_ref();
            let subject = known.map_or_else(|| "signin".to_owned(), |token| format!("token/{}", token.id));
            let body = json!({
                "method": Method::ApiToken.as_str(),
                "token": known.map(|token| token.id),
                "person": known.and_then(|token| token.person),
                "why": detail,
                "address": client.address.to_string(),
                "agent": client.agent,
            });
            tell(state, entry("signin.refused", NOBODY, subject, body), now);
        }
        Err(self.nobody(detail))
    }

    /// Whose session it is.
    pub(super) async fn session(
        &self,
        state: &ApiState,
        secret: &str,
        now: Timestamp,
    ) -> Result<Caller, Problem> {
        let ended = |detail: &str| Problem::new(Code::Unauthorized, detail).hint("sign in again");
        let Some((stored, user)) = state.store.session(&hash_of(secret)).await? else {
            return Err(ended("the session has ended"));
        };
        let Some(caller) = self.of_session(&stored, user.as_ref(), Some(secret)) else {
            return Err(ended("the session has ended"));
        };
        let Some(why) = over(&caller, now) else { return Ok(caller) };
        let (store, end) = (state.store.clone(), SessionEnd { session: stored.id, why: why.to_owned() });
        // The answer does not wait for what is being written.
        tokio::spawn(async move {
            if let Err(error) = store.end_sessions(&[end], SYSTEM_ACTOR, now).await {
                tracing::warn!(error = crate::problem::chain(&error), "could not note that a session ended");
            }
        });
        Err(ended(if why == NOT_USED {
            "the session was not used for too long, and has ended"
        } else {
            "the session lasted as long as one may, and has ended"
        }))
    }

    /// The caller of a session; none where its person may not enter any more.
    pub(super) fn of_session(
        &self,
        stored: &StoredSession,
        user: Option<&Holder>,
        secret: Option<&str>,
    ) -> Option<Caller> {
        let method = Method::parse(&stored.method)?;
        let session = CallerSession {
            id: stored.id,
            method,
            begun_at: stored.begun_at,
            used_at: self.used_at(stored.id, stored.used_at),
            ends_at: stored.ends_at,
            csrf: secret.map(csrf_of).unwrap_or_default(),
            enrolled: user.is_none_or(|user| user.enrolled),
        };
        let Some(person) = stored.person else { return Some(owner(Some(session))) };
        let user = user.filter(|user| user.disabled_at.is_none())?;
        let role = Role::parse(&user.role)?;
        let permissions = match method {
            // Whoever has an invitation may set up how to sign in, and nothing else.
            Method::Invitation => [Permission::OwnAccount].into_iter().collect(),
            _ => role.permissions(),
        };
        Some(Caller {
            who: Who::Person(person),
            name: Arc::from(user.name.as_str()),
            role,
            permissions,
            scope: Arc::new(user.scope.clone()),
            session: Some(session),
        })
    }

    /// Whether a caller is still let in, as the same.
    pub(super) async fn still(&self, state: &ApiState, caller: &Caller) -> bool {
        let now = state.now();
        let found = match (caller.who, &caller.session) {
            (_, Some(session)) => match state.store.session_of(session.id).await {
                Ok(Some((stored, user))) => self.of_session(&stored, user.as_ref(), None),
                _ => None,
            },
            (Who::Token(id), None) => match state.store.token_of(id).await {
                Ok(Some((token, maker))) => of_token(&token, maker.as_ref(), now),
                _ => None,
            },
            (_, None) => return true,
        };
        found.is_some_and(|found| {
            found.permissions == caller.permissions
                && found.scope == caller.scope
                && (found.session.is_none() || over(&found, now).is_none())
        })
    }

    fn nobody(&self, detail: &str) -> Problem {
        Problem::new(Code::Unauthorized, detail).hint(format!(
            "sign in, or send `Authorization: Bearer …` with the token in `{}` on the server",
            self.0.token_file
        ))
    }

    /// Tells the ledger that somebody whom we know was refused, and why: the code, and the permission where one is missing.
    fn note_refused(
        &self,
        state: &ApiState,
        caller: &Caller,
        (code, permission): (Code, Option<Permission>),
        asked: &str,
        client: &Client,
        now: Timestamp,
    ) {
        if !self.0.forbidden.may_tell(now) {
            return;
        }
        let (subject, token) = match caller.who {
            Who::Token(id) => (format!("token/{id}"), Some(id)),
            Who::Owner | Who::Person(_) => (format!("person/{}", caller.name), None),
        };
        let body = json!({
            "asked": asked,
            "why": code.as_str(),
            "permission": permission.map(Permission::as_str),
            "role": caller.role.as_str(),
            "token": token,
            "address": client.address.to_string(),
        });
        tell(state, entry("access.refused", &caller.name, subject, body), now);
    }

    /// Tells the ledger that another site made a browser send a sign-in. Nobody failed by it.
    pub(super) fn note_other_site(&self, state: &ApiState, asked: &str, client: &Client) {
        let now = state.now();
        if !self.0.refused.may_tell(now) {
            return;
        }
        let body = json!({
            "asked": asked,
            "why": Code::CsrfRefused.as_str(),
            "address": client.address.to_string(),
            "agent": client.agent,
        });
        tell(state, entry("signin.refused", NOBODY, "signin".to_owned(), body), now);
    }
}

pub(super) const NOT_USED: &str = "not used";
const TOO_OLD: &str = "as long as one may last";

/// Why a session is over, where it is.
pub(super) fn over(caller: &Caller, now: Timestamp) -> Option<&'static str> {
    let session = caller.session.as_ref()?;
    if now >= session.ends_at {
        return Some(TOO_OLD);
    }
    let until = idle_until(caller.role, session.method, session.used_at, session.ends_at);
    (now >= until).then_some(NOT_USED)
}

/// The owner of the data directory.
fn owner(session: Option<CallerSession>) -> Caller {
    Caller {
        who: Who::Owner,
        name: Arc::from(OWNER),
        role: Role::Administrator,
        permissions: Role::Administrator.permissions().minus([Permission::OwnAccount].into_iter().collect()),
        scope: Arc::new(Scope::ALL),
        session,
    }
}

/// The caller of a token: never more than whoever made it may do and see now.
fn of_token(token: &StoredToken, maker: Option<&Holder>, now: Timestamp) -> Option<Caller> {
    if token.revoked_at.is_some() || now >= token.expires_at {
        return None;
    }
    let role = Role::parse(&token.role)?;
    let (name, most, scope): (&str, Permissions, Scope) = match (token.person, maker) {
        (None, _) => (OWNER, Role::Administrator.permissions(), token.scope.clone()),
        (Some(_), Some(maker)) if maker.disabled_at.is_none() => {
            let most = Role::parse(&maker.role)?.permissions();
            (&maker.name, most, token.scope.intersection(&maker.scope))
        }
        _ => return None,
    };
    Some(Caller {
        who: Who::Token(token.id),
        name: Arc::from(format!("{name}, by token {}", token.name)),
        role,
        permissions: role.permissions().and(most).of_token(),
        scope: Arc::new(scope),
        session: None,
    })
}
