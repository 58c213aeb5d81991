//! Passkeys and issuers of OpenID Connect: what is under way, and where the browser is that asks.

use std::{
    convert::Infallible,
    net::IpAddr,
    path::{Path, PathBuf},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts, uri::Authority},
};
use fathom_signin::{
    oidc::{Issuers, OidcError, Settings},
    passkey::{PasskeyError, Passkeys, Site},
};

use super::{Access, client::one};
use crate::{
    problem::{Code, Problem},
    routes::session::IssuerWay,
};

/// Where people are sent back to by their issuer, below the server's address.
pub(crate) const CALLBACK: &str = "/api/v1/signin/oidc/callback";

/// What is under way, and whom one can come from.
#[derive(Debug)]
pub struct Ceremonies {
    passkeys: Passkeys,
    issuers: Issuers,
    file: Option<PathBuf>,
}

impl Ceremonies {
    /// Passkeys, and the issuers of settings that were read from a file.
    ///
    /// # Errors
    /// Where the HTTP client that asks issuers does not start.
    pub fn new(settings: Settings, file: Option<PathBuf>) -> Result<Self, OidcError> {
        Ok(Self { passkeys: Passkeys::default(), issuers: Issuers::new(settings)?, file })
    }
}

/// The host that a request names, one of ours: where the browser is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    host: String,
    port: Option<u16>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.uri))
    }
}

impl Place {
    /// Where a request says that it goes.
    pub(super) fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let named = match uri.authority() {
            Some(authority) => Some(authority.clone()),
            None => one(headers, &header::HOST).and_then(|host| host.parse::<Authority>().ok()),
        };
        // Requests that name no host of ours do not come this far.
        let place = named.map(|named| Self { host: named.host().to_owned(), port: named.port_u16() });
        place.unwrap_or_else(|| Self { host: "localhost".to_owned(), port: None })
    }

    /// Whether the page is at an address of https. Without TLS only this machine is asked plainly; under any other name
    /// something before us ends TLS.
    pub(super) fn is_https(&self, secure: bool) -> bool {
        let near = self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self
                .host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        secure || !near
    }

    /// The origin of the page, like `https://fathom.example.com`.
    pub(crate) fn origin(&self, secure: bool) -> String {
        let scheme = if self.is_https(secure) { "https" } else { "http" };
        match self.port {
            Some(port) => format!("{scheme}://{}:{port}", self.host),
            None => format!("{scheme}://{}", self.host),
        }
    }
}

impl Access {
    /// The issuers of OpenID Connect that people may come from.
    pub(crate) fn issuers(&self) -> Vec<IssuerWay> {
        let names = self.oidc().names();
        names.map(|(id, name)| IssuerWay { id: id.to_owned(), name: name.to_owned() }).collect()
    }

    /// Passkeys.
    pub(crate) fn passkeys(&self) -> &Passkeys {
        &self.0.ceremonies.passkeys
    }

    /// Issuers.
    pub(crate) fn oidc(&self) -> &Issuers {
        &self.0.ceremonies.issuers
    }

    /// The file that names the issuers.
    pub(crate) fn issuers_file(&self) -> Option<&Path> {
        self.0.ceremonies.file.as_deref()
    }

    /// Whether requests come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.secure
    }

    /// Where passkeys are made and used for a request.
    ///
    /// # Errors
    /// Where that has no name that a passkey can be bound to.
    pub(crate) fn site(&self, place: &Place) -> Result<Site, Problem> {
        Site::of(&place.host, place.port, self.is_secure()).map_err(|error| {
            let problem = Problem::new(Code::InvalidParameter, error.to_string());
            match error {
                PasskeyError::Address { .. } => problem.hint("or sign in another way"),
                _ => problem,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_what_a_browser_shows() {
        let origin = |host: &str, port, secure| Place { host: host.to_owned(), port }.origin(secure);
        assert_eq!(origin("localhost", Some(7373), false), "http://localhost:7373");
        assert_eq!(origin("127.0.0.1", Some(7373), false), "http://127.0.0.1:7373");
        assert_eq!(origin("[::1]", Some(7373), false), "http://[::1]:7373");
        assert_eq!(origin("fathom.example.com", None, false), "https://fathom.example.com");
        assert_eq!(origin("192.0.2.7", Some(7373), true), "https://192.0.2.7:7373");
    }
}
