//! Who may come in: the host that a request names, the token that it carries, and how often it may be wrong.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    extract::shown,
    problem::{Code, Problem},
    state::ACTOR,
    token::TokenHash,
};

/// Failed sign-ins from one address within [`WINDOW`] before it is told to wait.
const FAILURES_MAX: usize = 20;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are remembered; beyond it, the one that failed longest ago is forgotten.
const ADDRESSES_MAX: usize = 4096;

/// Who may use the API.
#[derive(Clone, Debug)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    token: TokenHash,
    token_file: String,
    hosts: Hosts,
    failures: Failures,
}

impl Access {
    /// Lets in whoever has the token and names a host of ours.
    ///
    /// `token_file` is what a refused caller is told to read.
    pub fn new(token: TokenHash, token_file: impl Into<String>, hosts: Hosts) -> Self {
        Self(Arc::new(Inner { token, token_file: token_file.into(), hosts, failures: Failures::default() }))
    }

    /// Whether the request names a host of ours; the name where it does not.
    fn check_host(&self, request: &Request) -> Result<(), Option<String>> {
        let named = match request.uri().authority() {
            Some(authority) => Some(authority.clone()),
            None => one(request.headers(), &header::HOST).and_then(|host| host.parse::<Authority>().ok()),
        };
        match named {
            Some(named) if self.0.hosts.allow(named.host()) => Ok(()),
            named => Err(named.map(|named| named.host().to_owned())),
        }
    }

    fn check(&self, headers: &HeaderMap, from: IpAddr, now: Instant) -> Result<(), Problem> {
        let offered = one(headers, &header::AUTHORIZATION).and_then(bearer);
        // The right token always passes: 256 random bits cannot be guessed, and an address that many share (loopback,
        // a proxy) must not be locked out by one of them.
        if offered.is_some_and(|token| self.0.token.matches(token)) {
            return Ok(());
        }
        if let Some(wait) = self.0.failures.note(from, now) {
            let seconds = wait.as_secs().max(1);
            return Err(Problem::new(
                Code::TooManyFailures,
                format!("more than {FAILURES_MAX} requests without the right token came from this address"),
            )
            .hint(format!("try again in {seconds} s, with the token"))
            .retry_after(seconds));
        }
        let detail = match (headers.contains_key(header::AUTHORIZATION), offered) {
            (false, _) => "the request carries no token",
            (true, None) => "the `Authorization` header is not `Bearer` and a token",
            (true, Some(_)) => "the token is not the one of this server",
        };
        Err(Problem::new(Code::Unauthorized, detail).hint(format!(
            "send `Authorization: Bearer …` with the token in `{}` on the server",
            self.0.token_file
        )))
    }
}

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

/// Who a request comes from, by the token that it carries.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) &'static str);

/// The value of a header that is there once and is text.
fn one<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
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

/// Refuses requests without the token.
pub(crate) async fn check_token(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let from = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    match access.check(request.headers(), from, Instant::now()) {
        Ok(()) => {
            request.extensions_mut().insert(Caller(ACTOR));
            next.run(request).await
        }
        Err(problem) => {
            tracing::warn!(%from, code = problem.code().as_str(), "refused a request");
            problem.into_response()
        }
    }
}

/// Failed sign-ins by address.
#[derive(Debug, Default)]
struct Failures(Mutex<HashMap<IpAddr, Vec<Instant>>>);

impl Failures {
    /// Counts a failure; says how long to wait where there were too many before.
    fn note(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = network(from);
        let recent = |at: &Instant| now.saturating_duration_since(*at) < WINDOW;
        if !all.contains_key(&from) && all.len() >= ADDRESSES_MAX {
            all.retain(|_, times| times.last().is_some_and(recent));
            if all.len() >= ADDRESSES_MAX {
                let oldest =
                    all.iter().min_by_key(|(_, times)| times.last().copied()).map(|(address, _)| *address);
                oldest.and_then(|address| all.remove(&address));
            }
        }
        let times = all.entry(from).or_default();
        times.retain(recent);
        if times.len() < FAILURES_MAX {
            times.push(now);
            return None;
        }
        times.first().map(|first| WINDOW.saturating_sub(now.saturating_duration_since(*first)))
    }
}

/// What counts as one address: for IPv6 the /64 that one subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_per_network_and_ends_with_the_window() {
        let failures = Failures::default();
        let now = Instant::now();
        let one: IpAddr = "2001:db8::1".parse().expect("an address");
        let neighbour: IpAddr = "2001:db8::2".parse().expect("an address");
        let other: IpAddr = "192.0.2.1".parse().expect("an address");
        for _ in 0..FAILURES_MAX {
            assert_eq!(failures.note(one, now), None);
        }
        assert_eq!(failures.note(neighbour, now + Duration::from_secs(20)), Some(Duration::from_secs(40)));
        assert_eq!(failures.note(other, now), None);
        assert_eq!(failures.note(one, now + WINDOW), None);
    }

    #[test]
    fn the_number_of_addresses_is_limited() {
        let failures = Failures::default();
        let now = Instant::now();
        for n in 0..ADDRESSES_MAX as u32 + 100 {
            failures.note(IpAddr::V4(n.into()), now);
        }
        assert_eq!(failures.0.lock().expect("not poisoned").len(), ADDRESSES_MAX);
    }

    #[test]
    fn the_right_token_passes_even_after_failures() {
        let access = Access::new(TokenHash::of("right"), "token", Hosts::new(true, &[]).expect("no names"));
        let from = IpAddr::from([127, 0, 0, 1]);
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().expect("a header"));
            access.check(&headers, from, Instant::now()).map_err(|problem| problem.code())
        };
        for _ in 0..FAILURES_MAX {
            assert_eq!(with("Bearer wrong"), Err(Code::Unauthorized));
        }
        assert_eq!(with("Bearer wrong"), Err(Code::TooManyFailures));
        assert_eq!(with("bearer right"), Ok(()));
        assert_eq!(with("Basic right"), Err(Code::TooManyFailures));
    }

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
