//! Where a request comes from, and what it brings to show who sends it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Access, Place};
use crate::{
    extract::shown,
    problem::{Code, Problem},
    state::ApiState,
};

/// The cookie over plain loopback, and over TLS: a name with this prefix is taken by browsers only over TLS, for the
/// whole host, and from this host itself.
const COOKIE: &str = "fathom_session";
const SECURE_COOKIE: &str = "__Host-fathom_session";
/// What a request that changes something carries beside the cookie.
pub(super) const CSRF: HeaderName = HeaderName::from_static("x-fathom-csrf");
/// Marks requests that nobody made by hand: they do not keep a session alive.
pub(super) const BACKGROUND: HeaderName = HeaderName::from_static("x-fathom-background");
/// Where a request came from that a proxy passes on: the last one is what the proxy itself saw.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The most of what was asked that the ledger is told.
const ASKED_CHARS_MAX: usize = 200;
/// The most of a browser's description that is kept.
const AGENT_CHARS_MAX: usize = 200;

/// Who sends a request, as far as the connection tells.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Where it comes from.
    pub(crate) address: IpAddr,
    /// What it says that it was made with.
    pub(crate) agent: Option<String>,
    /// Whether the browser is at an address of https: then its cookies are for TLS only.
    pub(crate) secure: bool,
    /// Every header that cookies come in.
    cookies: Vec<HeaderValue>,
}

impl Client {
    pub(super) fn of(access: &Access, headers: &HeaderMap, uri: &Uri, around: &Extensions) -> Self {
        let connected = around.get::<ConnectInfo<SocketAddr>>();
        let peer = connected
            .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
            .to_canonical();
        // Only a proxy on this machine is believed, and only where somebody said that there is one.
        let is_proxy = access.0.behind_proxy && peer.is_loopback();
        Self {
            address: is_proxy.then(|| forwarded_for(headers)).flatten().unwrap_or(peer),
            secure: Place::of(headers, uri).is_https(access.is_secure()),
            agent: one(headers, &header::USER_AGENT)
                .map(|agent| shown(&agent.chars().take(AGENT_CHARS_MAX).collect::<String>())),
            cookies: headers.get_all(header::COOKIE).iter().cloned().collect(),
        }
    }

    /// What our cookie holds. Where it is there twice, somebody planted one, and none counts.
    pub(crate) fn session(&self) -> Option<String> {
        let name = self.cookie_name();
        let pairs =
            self.cookies.iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
        let mut ours = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        match (ours.next(), ours.next()) {
            (Some(value), None) if value.len() == 64 => Some(value.to_owned()),
            _ => None,
        }
    }

    fn cookie_name(&self) -> &'static str {
        if self.secure { SECURE_COOKIE } else { COOKIE }
    }

    /// The header that gives the browser its session's cookie, or takes it away.
    pub(crate) fn cookie(&self, value: Option<&str>) -> HeaderValue {
        let (name, secure) = (self.cookie_name(), if self.secure { "; Secure" } else { "" });
        let age = if value.is_some() { "" } else { "; Max-Age=0" };
        let text =
            format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", value.unwrap_or_default());
        // Hexadecimal digits always make a header.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// What every request passes on its way to a route.
fn access_of(parts: &Parts) -> Result<&Access, Problem> {
    let access = parts.extensions.get::<Access>();
    access.ok_or_else(|| Problem::new(Code::Internal, "nobody knows who may enter"))
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(access_of(parts)?, &parts.headers, &parts.uri, &parts.extensions))
    }
}

/// A client whose address has not failed too often: who takes it before the body refuses the others without reading on.
#[derive(Debug)]
pub(crate) struct Unbarred(pub(crate) Client);

impl<S: Send + Sync> FromRequestParts<S> for Unbarred {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let client = Client::from_request_parts(parts, state).await?;
        access_of(parts)?.check_address(&client)?;
        Ok(Self(client))
    }
}

/// Where a proxy says that a request came from. What stands before the last address came from the client, who may write
/// there what it likes.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    let last = last.rsplit(',').next()?.trim();
    let with_port = || last.parse::<SocketAddr>().ok().map(|address| address.ip());
    last.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

/// The value of a header that is there once and is text.
pub(super) fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Method and path below the base, as the ledger tells what was asked.
pub(super) fn what(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri().path()).chars().take(ASKED_CHARS_MAX).collect()
}

/// The token of an `Authorization` header.
pub(super) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a request may have been made by a page of our own, by what browsers say of it. Programs say nothing.
pub(super) fn is_same_origin(request: &Request) -> bool {
    let headers = request.headers();
    if headers.contains_key(FETCH_SITE) && one(headers, &FETCH_SITE) != Some("same-origin") {
        return false;
    }
    if !headers.contains_key(header::ORIGIN) {
        return true;
    }
    let ours = match request.uri().authority() {
        Some(authority) => Some(authority.as_str().to_owned()),
        None => one(headers, &header::HOST).map(ToOwned::to_owned),
    };
    let theirs = one(headers, &header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, at)| at);
    let is_authority = theirs.is_some_and(|theirs| theirs.parse::<Authority>().is_ok());
    is_authority && ours.zip(theirs).is_some_and(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs))
}

pub(super) fn other_site() -> Problem {
    Problem::new(Code::CsrfRefused, "the request comes from another site")
        .hint("programs send `Authorization: Bearer …` and no cookie")
}

/// Refuses sign-ins that another site makes a browser send.
pub(crate) async fn same_site(
    State((state, access)): State<(ApiState, Access)>,
    request: Request,
    next: Next,
) -> Response {
    let changes = !request.method().is_safe();
    if changes && !is_same_origin(&request) {
        let client = Client::of(&access, request.headers(), request.uri(), request.extensions());
        access.note_other_site(&state, &what(&request), &client);
        return other_site().into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use fathom_signin::oidc::Settings;

    use super::*;
    use crate::{Hosts, TokenHash, access::Ceremonies};

    fn ceremonies() -> Ceremonies {
        Ceremonies::new(Settings::default(), None).expect("no issuers")
    }

    fn access(secure: bool, behind_proxy: bool) -> Access {
        let hosts = Hosts::new(true, &[]).expect("no names");
        Access::new(TokenHash::of("x"), "token", hosts, secure, behind_proxy, ceremonies())
    }

    fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().expect("a header"));
        }
        headers
    }

    fn client(secure: bool, cookies: &[&str]) -> Client {
        let headers = headers(&header::COOKIE, cookies);
        Client::of(&access(secure, false), &headers, &Uri::from_static("/"), &Extensions::new())
    }

    #[test]
    fn where_a_request_comes_from_is_what_the_proxy_of_this_machine_says() {
        let from = |behind_proxy, peer: &str, said: &[&str]| {
            let mut around = Extensions::new();
            around.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
            let headers = headers(&FORWARDED_FOR, said);
            let access = access(false, behind_proxy);
            Client::of(&access, &headers, &Uri::from_static("/"), &around).address.to_string()
        };
        assert_eq!(from(true, "127.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        // Whatever a client writes, the proxy adds what it saw.
        assert_eq!(from(true, "127.0.0.1", &["10.0.0.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(from(true, "::1", &["10.0.0.1", "2001:db8::7"]), "2001:db8::7");
        assert_eq!(from(true, "127.0.0.1", &["192.0.2.7:4711"]), "192.0.2.7");
        for nothing in [&[][..], &["unknown"], &[""], &["192.0.2.7,"]] {
            assert_eq!(from(true, "127.0.0.1", nothing), "127.0.0.1", "{nothing:?}");
        }
        assert_eq!(from(true, "192.0.2.9", &["192.0.2.7"]), "192.0.2.9", "no proxy of ours");
        assert_eq!(from(false, "127.0.0.1", &["192.0.2.7"]), "127.0.0.1", "nobody said that there is one");
    }

    #[test]
    fn behind_a_proxy_that_ends_tls_cookies_are_for_tls_only() {
        let at = |host: &str, secure| {
            let headers = headers(&header::HOST, &[host]);
            let access = access(secure, false);
            Client::of(&access, &headers, &Uri::from_static("/"), &Extensions::new()).cookie(Some("00"))
        };
        let hardened = "__Host-fathom_session=00; Path=/; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(at("fathom.example.com", false), hardened);
        assert_eq!(at("localhost:7373", true), hardened);
        let plain = "fathom_session=00; Path=/; HttpOnly; SameSite=Strict";
        assert_eq!(at("localhost:7373", false), plain);
        assert_eq!(at("127.0.0.1:7373", false), plain);
    }

    #[test]
    fn only_one_cookie_of_ours_counts() {
        let secret = "ab".repeat(32);
        let plain = |cookies: &[&str]| client(false, cookies).session();
        assert_eq!(plain(&[&format!("a=b; fathom_session={secret}")]), Some(secret.clone()));
        assert_eq!(plain(&["a=b", &format!("fathom_session={secret}")]), Some(secret.clone()));
        let twice = [format!("fathom_session={secret}; fathom_session={secret}")];
        assert_eq!(plain(&[&twice[0]]), None);
        for wrong in ["fathom_session=", "fathom_session=abc", &format!("__Host-fathom_session={secret}")] {
            assert_eq!(plain(&[wrong]), None, "{wrong}");
        }
        let tls = |cookies: &[&str]| client(true, cookies).session();
        assert_eq!(tls(&[&format!("fathom_session={secret}")]), None);
        assert_eq!(tls(&[&format!("__Host-fathom_session={secret}")]), Some(secret));
    }

    #[test]
    fn the_cookie_is_hardened() {
        let given = client(true, &[]).cookie(Some("00"));
        assert_eq!(given, "__Host-fathom_session=00; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(
            client(false, &[]).cookie(None),
            "fathom_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }

    #[test]
    fn other_sites_are_told_by_what_browsers_say() {
        let asked = |headers: &[(&str, &str)]| {
            let mut request = Request::builder().uri("/x").header("host", "fathom.test:80");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            is_same_origin(&request.body(Body::empty()).expect("a request"))
        };
        assert!(asked(&[]), "a program");
        assert!(asked(&[("sec-fetch-site", "same-origin"), ("origin", "http://fathom.test:80")]));
        assert!(asked(&[("origin", "https://FATHOM.test:80")]), "behind a proxy that ends TLS");
        for site in ["cross-site", "same-site", "none"] {
            assert!(!asked(&[("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["http://evil.example", "null", "http://fathom.test", "http://fathom.test:80/x", ""] {
            assert!(!asked(&[("origin", origin)]), "{origin}");
        }
        assert!(!asked(&[("origin", "http://fathom.test:80"), ("origin", "http://evil.example")]));
    }
}
