//! The host that a request names.

use std::{collections::BTreeSet, net::IpAddr};

use axum::{
    extract::{Request, State},
    http::{header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Access, client::one};
use crate::{
    extract::shown,
    problem::{Code, Problem},
};

/// The hosts that requests may name. A browser that was lured to a foreign name which now points here (DNS rebinding)
/// still sends that name, so a name is taken only where somebody said that it is ours.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: BTreeSet<String>,
    /// Whether addresses in figures are taken too: nobody can make those point elsewhere.
    addresses: bool,
}

/// A text that cannot be a host's name.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` is not a host's name; write it without scheme, port and path, like fathom.example.com")]
pub struct HostNameError {
    /// The text.
    pub name: String,
}

impl Hosts {
    /// The names of loopback and those that the user adds; away from loopback every address in figures too.
    ///
    /// # Errors
    /// When one of the added names cannot be one.
    pub fn new(loopback: bool, more: &[String]) -> Result<Self, HostNameError> {
        let mut names: BTreeSet<String> =
            ["localhost", "127.0.0.1", "[::1]"].into_iter().map(ToOwned::to_owned).collect();
        for name in more {
            let is_name = name
                .parse::<Authority>()
                .is_ok_and(|read| read.host() == name && !name.contains(['*', '@', '%']));
            if !is_name {
                return Err(HostNameError { name: shown(name) });
            }
            names.insert(plain(name));
        }
        Ok(Self { names, addresses: !loopback })
    }

    fn allow(&self, host: &str) -> bool {
        self.names.contains(&plain(host))
            || (self.addresses && host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok())
    }
}

/// In small letters and without the dot that may end a full name.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

impl Access {
    /// Whether the request names a host of ours; the name where it does not.
    fn check_host(&self, request: &Request) -> Result<(), Option<String>> {
        let named = match request.uri().authority() {
            Some(authority) => Some(authority.clone()),
            None => one(request.headers(), &header::HOST).and_then(|host| host.parse::<Authority>().ok()),
        };
        match named {
            Some(named) if self.hosts().allow(named.host()) => Ok(()),
            named => Err(named.map(|named| named.host().to_owned())),
        }
    }
}

/// Refuses requests that name a host we do not answer for.
pub(crate) async fn check_host(State(access): State<Access>, request: Request, next: Next) -> Response {
    let named = match access.check_host(&request) {
        Ok(()) => return next.run(request).await,
        Err(named) => named,
    };
    let detail = match &named {
        Some(name) => format!("this server does not answer for the host `{}`", shown(name)),
        None => "the request does not name one host".to_owned(),
    };
    Problem::new(Code::HostRefused, detail)
        .hint(
            "on the server itself, use localhost or 127.0.0.1; under a name of its own it is started with \
             `--allowed-host` and that name",
        )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_only_where_somebody_said_so() {
        let hosts = |loopback, more: &[&str]| {
            Hosts::new(loopback, &more.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
        };
        let near = hosts(true, &["Fathom.Example.com"]).expect("a name");
        for ours in
            ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "fathom.example.com", "fathom.example.com."]
        {
            assert!(near.allow(ours), "{ours}");
        }
        for foreign in ["example.com", "x.fathom.example.com", "192.0.2.1", "127.0.0.1.example.com", ""] {
            assert!(!near.allow(foreign), "{foreign}");
        }
        let far = hosts(false, &["fathom.example.com"]).expect("a name");
        for ours in ["192.0.2.1", "[2001:db8::1]", "fathom.example.com", "localhost"] {
            assert!(far.allow(ours), "{ours}");
        }
        for foreign in ["evil.example", "192.0.2.1.evil.example", "0x7f.1", "fathom.example.com.evil.example"]
        {
            assert!(!far.allow(foreign), "{foreign}");
        }
        for wrong in ["https://a", "a:443", "a/b", "*.example.com", "a b", "", "u@a"] {
            assert!(hosts(false, &[wrong]).is_err(), "{wrong}");
        }
    }
}
