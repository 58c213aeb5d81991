//! Where a browser is when it uses a passkey: the relying party that the passkey is bound to, and the page's origin.

use std::net::IpAddr;

use webauthn_rp::request::{AsciiDomain, RpId};

use super::PasskeyError;

/// A place where passkeys work: a name, and the origin of the pages that are served under it.
#[derive(Debug, Clone)]
pub struct Site {
    pub(super) rp: RpId,
    pub(super) origin: String,
}

impl Site {
    /// The place that a request names: its host, with the port where it has one. `secure` says that it came over TLS.
    ///
    /// Without TLS only this very machine may be named, by the rules of browsers; under any other name there is something
    /// before us that ends TLS, and the browser sees `https`.
    ///
    /// # Errors
    /// Where the host is an address in figures, or no name that a passkey can be bound to.
    pub fn of(host: &str, port: Option<u16>, secure: bool) -> Result<Self, PasskeyError> {
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return Err(PasskeyError::Address { host: name });
        }
        let rp =
            AsciiDomain::try_from(name.clone()).map_err(|_| PasskeyError::Host { host: name.clone() })?;
        let here = name == "localhost" || name.ends_with(".localhost");
        let (scheme, usual) = if secure || !here { ("https", 443) } else { ("http", 80) };
        // What stands before us has the usual port where the browser does not say another.
        let port = port.filter(|port| *port != usual).map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self { rp: RpId::Domain(rp), origin: format!("{scheme}://{name}{port}") })
    }

    /// The origin of its pages, like `https://fathom.example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_what_the_browser_shows() {
        for (host, port, secure, origin, rp) in [
            ("localhost", Some(7373), false, "http://localhost:7373", "localhost"),
            ("LOCALHOST", Some(80), false, "http://localhost", "localhost"),
            ("fathom.example.com", None, true, "https://fathom.example.com", "fathom.example.com"),
            ("fathom.example.com", Some(443), true, "https://fathom.example.com", "fathom.example.com"),
            (
                "Fathom.Example.com.",
                Some(8443),
                true,
                "https://fathom.example.com:8443",
                "fathom.example.com",
            ),
            // Something before us ends TLS.
            ("fathom.example.com", None, false, "https://fathom.example.com", "fathom.example.com"),
        ] {
            let site = Site::of(host, port, secure).expect(host);
            assert_eq!((site.origin(), site.rp.as_ref()), (origin, rp), "{host}");
        }
    }

    #[test]
    fn an_address_in_figures_is_no_relying_party() {
        for host in ["127.0.0.1", "[::1]", "192.0.2.7"] {
            let error = Site::of(host, Some(7373), true).expect_err(host);
            assert!(matches!(error, PasskeyError::Address { .. }), "{error}");
            assert!(error.to_string().contains("localhost"), "{error}");
        }
    }
}
