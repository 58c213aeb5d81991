//! Where a request comes from, and what it brings to show who sends it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Access;
use crate::{
    extract::shown,
    problem::{Code, Problem},
};

/// The cookie over plain loopback, and over TLS: a name with this prefix is taken by browsers only over TLS, for the
/// whole host, and from this host itself.
const COOKIE: &str = "fathom_session";
const SECURE_COOKIE: &str = "__Host-fathom_session";
/// What a request that changes something carries beside the cookie.
pub(super) const CSRF: HeaderName = HeaderName::from_static("x-fathom-csrf");
/// Marks requests that nobody made by hand: they do not keep a session alive.
pub(super) const BACKGROUND: HeaderName = HeaderName::from_static("x-fathom-background");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The most of a browser's description that is kept.
const AGENT_CHARS_MAX: usize = 200;

/// Who sends a request, as far as the connection tells.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Where it comes from.
    pub(crate) address: IpAddr,
    /// What it says that it was made with.
    pub(crate) agent: Option<String>,
    /// Every header that cookies come in.
    cookies: Vec<HeaderValue>,
}

impl Client {
    pub(super) fn of(headers: &HeaderMap, connected: Option<&ConnectInfo<SocketAddr>>) -> Self {
        Self {
            address: connected
                .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip())
                .to_canonical(),
            agent: one(headers, &header::USER_AGENT)
                .map(|agent| shown(&agent.chars().take(AGENT_CHARS_MAX).collect::<String>())),
            cookies: headers.get_all(header::COOKIE).iter().cloned().collect(),
        }
    }

    /// What our cookie holds. Where it is there twice, somebody planted one, and none counts.
    pub(crate) fn session(&self, access: &Access) -> Option<String> {
        let name = access.cookie_name();
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
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, parts.extensions.get::<ConnectInfo<SocketAddr>>()))
    }
}

impl Access {
    fn cookie_name(&self) -> &'static str {
        if self.0.secure { SECURE_COOKIE } else { COOKIE }
    }

    /// The header that gives a browser its session's cookie, or takes it away.
    pub(crate) fn cookie(&self, value: Option<&str>) -> HeaderValue {
        let (name, secure) = (self.cookie_name(), if self.0.secure { "; Secure" } else { "" });
        let age = if value.is_some() { "" } else { "; Max-Age=0" };
        let text =
            format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", value.unwrap_or_default());
        // Hexadecimal digits always make a header.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// The value of a header that is there once and is text.
pub(super) fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
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
pub(crate) async fn same_site(request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe();
    if changes && !is_same_origin(&request) {
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

    fn access(secure: bool) -> Access {
        Access::new(
            TokenHash::of("x"),
            "token",
            Hosts::new(true, &[]).expect("no names"),
            secure,
            ceremonies(),
        )
    }

    fn client(cookies: &[&str]) -> Client {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().expect("a header"));
        }
        Client::of(&headers, None)
    }

    #[test]
    fn only_one_cookie_of_ours_counts() {
        let secret = "ab".repeat(32);
        let plain = access(false);
        assert_eq!(client(&[&format!("a=b; fathom_session={secret}")]).session(&plain), Some(secret.clone()));
        assert_eq!(
            client(&["a=b", &format!("fathom_session={secret}")]).session(&plain),
            Some(secret.clone())
        );
        let twice = [format!("fathom_session={secret}; fathom_session={secret}")];
        assert_eq!(client(&[&twice[0]]).session(&plain), None);
        for wrong in ["fathom_session=", "fathom_session=abc", &format!("__Host-fathom_session={secret}")] {
            assert_eq!(client(&[wrong]).session(&plain), None, "{wrong}");
        }
        let tls = access(true);
        assert_eq!(client(&[&format!("fathom_session={secret}")]).session(&tls), None);
        assert_eq!(client(&[&format!("__Host-fathom_session={secret}")]).session(&tls), Some(secret));
    }

    #[test]
    fn the_cookie_is_hardened() {
        let given = access(true).cookie(Some("00"));
        assert_eq!(given, "__Host-fathom_session=00; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(
            access(false).cookie(None),
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
