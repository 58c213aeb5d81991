//! Signing in through an issuer of OpenID Connect.

use axum::{
    Extension, Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fathom_signin::{
    Method,
    oidc::{Answer, Drawn, Identity, OidcError},
    random,
};
use fathom_store::{NewPerson, Person, PersonChange, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{Access, CALLBACK, Client, Place, SignedIn, Unbarred, network},
    extract::{Nothing, Query, shown},
    problem::{Code, Problem, ProblemView, chain},
    state::ApiState,
};

/// The longest address within the console.
const NEXT_BYTES_MAX: usize = 2000;
/// How long a browser keeps what it gets at the beginning.
const COOKIE_SECONDS: u64 = 600;
/// Names that are tried for somebody whose name is taken.
const NAMES_MAX: usize = 5;

/// Where to go in the end.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// The page of the console to open, from its `/` on.
    next: Option<String>,
}

/// An issuer, as those see it who may read people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// How addresses name it.
    id: String,
    /// How people know it.
    name: String,
    /// Its address.
    issuer: String,
    /// Who we are to it.
    client_id: String,
    /// Where it sends people back to: what has to be registered there.
    callback: String,
    /// People who came from it.
    people: u64,
    /// `well`, `unreachable`, or `unknown` where it was not asked lately.
    state: &'static str,
    /// Why it is not well.
    detail: Option<String>,
}

/// The issuers that people may come from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Providers {
    /// The file that says so; null where there is none.
    file: Option<String>,
    /// The issuers, in the order of the file.
    providers: Vec<ProviderView>,
}

/// Sends the browser to an issuer
///
/// It comes back to `/signin/oidc/callback`. Where the issuer cannot be asked, it goes to `/#signin_failed=issuer`.
#[utoipa::path(get, path = "/signin/oidc/{id}/start", tag = "signin", operation_id = "start_oidc", security(()),
    params(("id" = String, Path, description = "The issuer, as `GET /signin` names it"), Start),
    responses(
        (status = 302, description = "To the issuer"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn start(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    Unbarred(client): Unbarred,
    place: Place,
    Path(id): Path<String>,
    Query(Start { next }): Query<Start>,
) -> Result<Response, Problem> {
    let next = next.unwrap_or_else(|| "/".to_owned());
    if !is_ours(&next) {
        return Err(Problem::parameter("next", "`next` is a page of the console, and begins with one `/`"));
    }
    let mut drawn = [[0; 32]; 4];
    for bytes in &mut drawn {
        *bytes = random().map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    }
    let back = format!("{}{CALLBACK}", place.origin(access.is_secure()));
    let from = network(client.address);
    match access.oidc().start(&id, &back, next, &Drawn(drawn), from, state.now()).await {
        Ok(started) => Ok(to(&started.address, [Some(cookie(&client, Some(&started.binding))), None])),
        Err(OidcError::NoSuchIssuer { id }) => {
            Err(Problem::new(Code::NotFound, format!("no issuer `{}` is set up", shown(&id))))
        }
        Err(error) => {
            tracing::warn!(error = chain(&error), "somebody could not be sent to an issuer");
            Ok(failed(&client, code(&error)))
        }
    }
}

/// Takes a browser back from an issuer
///
/// It goes on to the page that it came for, with a session, or to `/#signin_failed=` and `refused`, `no_role`, `expired`,
/// `declined` or `issuer`.
#[utoipa::path(get, path = "/signin/oidc/callback", tag = "signin", operation_id = "oidc_callback", security(()),
    params(
        ("state" = String, Query, description = "What we sent there"),
        ("code" = Option<String>, Query, description = "What the issuer gives for it"),
        ("iss" = Option<String>, Query, description = "Which issuer it is"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
    ),
    responses(
        (status = 302, description = "Into the console"),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn callback(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    client: Client,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if access.check_address(&client).is_err() {
        return failed(&client, "refused");
    }
    let binding = kept(&client, &headers);
    let answer = answer(query.as_deref().unwrap_or_default());
    let (identity, next) = match access.oidc().finish(answer, binding.as_deref(), state.now()).await {
        Ok(known) => known,
        Err(error) => {
            let code = code(&error);
            // That an issuer is gone is nobody's failure to sign in. Nor is what no flow of this browser waits for: any page
            // can send a visitor's browser here, and must not make the visitor's address wait by it.
            if code == "issuer" {
                tracing::warn!(error = chain(&error), "an issuer did not answer");
            } else if !matches!(error, OidcError::Flow) {
                let person = known(&state, &error).await;
                let why: String = error.to_string().chars().take(400).collect();
                access.refused(&state, Method::Oidc, person.as_ref(), &why, &client);
            }
            return failed(&client, code);
        }
    };
    match enter(&state, &access, &identity, &client).await {
        Ok(session) => to(&next, [Some(session), Some(cookie(&client, None))]),
        Err(problem) => {
            tracing::warn!(code = problem.code().as_str(), issuer = identity.id, "somebody could not enter");
            failed(&client, "refused")
        }
    }
}

/// The issuers that people may come from
#[utoipa::path(get, path = "/signin/providers", tag = "people", operation_id = "oidc_providers",
    responses(
        (status = 200, description = "The answer", body = Providers),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn providers(
    State(state): State<ApiState>,
    Extension(access): Extension<Access>,
    place: Place,
    _: Query<Nothing>,
) -> Result<Json<Providers>, Problem> {
    let people = state.store.people().await?;
    let callback = format!("{}{CALLBACK}", place.origin(access.is_secure()));
    let providers = access.oidc().health(state.now()).map(|(settings, health)| {
        let issuer = settings.issuer.to_string();
        let of = |person: &&Person| person.issuer.as_ref().is_some_and(|(of, _)| *of == issuer);
        let (state, detail) = match health {
            None => ("unknown", None),
            Some(Ok(())) => ("well", None),
            Some(Err(why)) => ("unreachable", Some(why)),
        };
        ProviderView {
            id: settings.id.clone(),
            name: settings.name.clone(),
            client_id: settings.client_id.clone(),
            callback: callback.clone(),
            people: people.iter().filter(of).count() as u64,
            state,
            detail,
            issuer,
        }
    });
    let file = access.issuers_file().map(|file| file.display().to_string());
    Ok(Json(Providers { file, providers: providers.collect() }))
}

/// Begins a session for somebody whom an issuer knows; the person is added, or gets what the issuer's groups say now.
async fn enter(
    state: &ApiState,
    access: &Access,
    identity: &Identity,
    client: &Client,
) -> Result<HeaderValue, Problem> {
    let person = match state.store.person_of_issuer(&identity.issuer, &identity.subject).await? {
        Some(person) => renewed(state, person, identity).await?,
        None => added(state, identity).await?,
    };
    let signed =
        SignedIn::new(&person, Method::Oidc).detail(format!("{}, group {}", identity.id, identity.group));
    Ok(access.sign_in(state, signed, client).await?.cookie)
}

/// What the issuer says now holds now, for the last administrator too: the owner of the data directory can always enter.
async fn renewed(state: &ApiState, person: Person, identity: &Identity) -> Result<Person, Problem> {
    const KEEP_NOBODY: &str = "";
    let role = identity.role.as_str();
    if (person.role == role && person.scope == identity.scope) || person.disabled_at.is_some() {
        return Ok(person);
    }
    let change =
        PersonChange { role: Some(role.to_owned()), scope: Some(identity.scope.clone()), disabled: None };
    Ok(state.store.change_person(person.id, change, KEEP_NOBODY, &actor(identity), state.now()).await?)
}

async fn added(state: &ApiState, identity: &Identity) -> Result<Person, Problem> {
    for number in 0..NAMES_MAX {
        let handle = random::<32>().map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
        let new = NewPerson {
            // Somebody else may have the name: whoever shares it is told apart by the issuer, and by a number.
            name: match number {
                0 => identity.name.clone(),
                1 => format!("{} ({})", identity.name, identity.id),
                _ => format!("{} ({} {number})", identity.name, identity.id),
            },
            role: identity.role.as_str().to_owned(),
            scope: identity.scope.clone(),
            issuer: Some((identity.issuer.clone(), identity.subject.clone())),
            handle: handle.to_vec(),
            invitation: None,
        };
        match state.store.add_person(new, &actor(identity), state.now()).await {
            Ok(person) => return Ok(person),
            Err(StoreError::Conflict { .. }) => {
                // Or the same person came in twice at once.
                let other = state.store.person_of_issuer(&identity.issuer, &identity.subject).await?;
                if let Some(person) = other {
                    return Ok(person);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::new(Code::Conflict, format!("too many people are called {}", shown(&identity.name))))
}

/// Who the ledger names for what an issuer says.
fn actor(identity: &Identity) -> String {
    format!("oidc {}", identity.id)
}

/// The person whom a refusal is about, where we know one.
async fn known(state: &ApiState, error: &OidcError) -> Option<Person> {
    let OidcError::NoGroup { issuer, subject, .. } = error else { return None };
    state.store.person_of_issuer(issuer, subject).await.ok().flatten()
}

/// What the console is told.
fn code(error: &OidcError) -> &'static str {
    match error {
        OidcError::Unavailable { .. } | OidcError::Client(_) | OidcError::Redirect { .. } => "issuer",
        OidcError::Flow => "expired",
        OidcError::Declined { .. } => "declined",
        OidcError::NoGroup { .. } => "no_role",
        OidcError::Refused { .. } | OidcError::NoSuchIssuer { .. } => "refused",
    }
}

/// Reads what an issuer sends with a browser. Issuers add what they like; a name that is there twice is not read.
fn answer(query: &str) -> Answer {
    let one = |name: &str| {
        let mut values = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value.into_owned()),
            _ => None,
        }
    };
    Answer {
        state: one("state").unwrap_or_default(),
        code: one("code"),
        error: one("error"),
        error_description: one("error_description"),
        iss: one("iss"),
    }
}

/// Whether an address is a page of ours, and can be nothing else to any browser.
fn is_ours(next: &str) -> bool {
    next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= NEXT_BYTES_MAX
        && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

fn cookie_name(client: &Client) -> &'static str {
    if client.secure { "__Host-fathom_oidc" } else { "fathom_oidc" }
}

/// What the browser keeps until it comes back. It comes back from another site, so that a strict cookie would stay behind.
fn cookie(client: &Client, binding: Option<&str>) -> HeaderValue {
    let name = cookie_name(client);
    let secure = if client.secure { "; Secure" } else { "" };
    let (value, age) = binding.map_or(("", 0), |binding| (binding, COOKIE_SECONDS));
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What the browser kept; where it is there twice, somebody planted one, and none counts.
fn kept(client: &Client, headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == cookie_name(client));
    match (ours.next(), ours.next()) {
        (Some((_, value)), None) => Some(value.to_owned()),
        _ => None,
    }
}

fn failed(client: &Client, code: &str) -> Response {
    to(&format!("/#signin_failed={code}"), [Some(cookie(client, None)), None])
}

fn to(address: &str, cookies: [Option<HeaderValue>; 2]) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    match HeaderValue::try_from(address) {
        Ok(address) => headers.insert(header::LOCATION, address),
        Err(_) => headers.insert(header::LOCATION, HeaderValue::from_static("/")),
    };
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_opened_in_the_end() {
        for ours in ["/", "/resources?type=x", "/a/b#c"] {
            assert!(is_ours(ours), "{ours}");
        }
        let long = format!("/{}", "a".repeat(NEXT_BYTES_MAX));
        for foreign in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "a", "/a b", "/\n", &long]
        {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }

    #[test]
    fn an_answer_is_read_with_whatever_issuers_add() {
        let read = answer("state=a%2Bb&code=c&session_state=x&iss=https%3A%2F%2Fx&error=e&error=f");
        assert_eq!((read.state.as_str(), read.code.as_deref()), ("a+b", Some("c")));
        assert_eq!((read.iss.as_deref(), read.error), (Some("https://x"), None));
    }
}
