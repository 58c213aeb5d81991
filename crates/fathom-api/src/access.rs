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
    problem::{Code, Problem},
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
    hosts: Option<BTreeSet<String>>,
    failures: Failures,
}

impl Access {
    /// Lets in whoever has the token and names a host of ours.
    ///
    /// `token_file` is what a refused caller is told to read. Without `hosts`, any host name is taken; that is safe
    /// only behind TLS, where a foreign name has no valid certificate.
    pub fn new(token: TokenHash, token_file: impl Into<String>, hosts: Option<BTreeSet<String>>) -> Self {
        Self(Arc::new(Inner { token, token_file: token_file.into(), hosts, failures: Failures::default() }))
    }

    /// The hosts for a loopback address, and those that the user adds.
    pub fn loopback_hosts(more: &[String]) -> BTreeSet<String> {
        ["localhost", "127.0.0.1", "[::1]"]
            .into_iter()
            .map(ToOwned::to_owned)
            .chain(more.iter().map(|host| host.to_ascii_lowercase()))
            .collect()
    }

    fn host_allowed(&self, request: &Request) -> bool {
        let Some(hosts) = &self.0.hosts else { return true };
        // A browser that was lured to a name which now points here still sends that name.
        let named = match request.uri().authority() {
            Some(authority) => Some(authority.clone()),
            None => one(request.headers(), &header::HOST).and_then(|host| host.parse::<Authority>().ok()),
        };
        named.is_some_and(|named| hosts.contains(&named.host().to_ascii_lowercase()))
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
    if access.host_allowed(&request) {
        return next.run(request).await;
    }
    Problem::new(Code::HostRefused, "this server does not answer for the host that the request names")
        .hint("on the server itself, use localhost or 127.0.0.1")
        .into_response()
}

/// Refuses requests without the token.
pub(crate) async fn check_token(State(access): State<Access>, request: Request, next: Next) -> Response {
    let from = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
    match access.check(request.headers(), from, Instant::now()) {
        Ok(()) => next.run(request).await,
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
        let access = Access::new(TokenHash::of("right"), "token", None);
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
}
