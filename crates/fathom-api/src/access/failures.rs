//! How often an address may fail to sign in.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failed sign-ins from one address within [`WINDOW`] before it is told to wait.
pub(super) const FAILURES_MAX: usize = 20;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are remembered; beyond it, the one that failed longest ago is forgotten.
const ADDRESSES_MAX: usize = 4096;

/// Failed sign-ins by address.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<IpAddr, Vec<Instant>>>);

impl Failures {
    /// Counts a failure; says how long to wait where there were too many before.
    pub(super) fn note(&self, from: IpAddr, now: Instant) -> Option<Duration> {
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

    /// How long to wait where there were too many already; counts nothing.
    pub(super) fn wait(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.get(&network(from))?;
        let recent: Vec<&Instant> =
            times.iter().filter(|at| now.saturating_duration_since(**at) < WINDOW).collect();
        let first = recent.first().filter(|_| recent.len() >= FAILURES_MAX)?;
        Some(WINDOW.saturating_sub(now.saturating_duration_since(**first)))
    }
}

/// What counts as one address: for IPv6 the /64 that one subscriber has.
pub(crate) fn network(address: IpAddr) -> IpAddr {
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
}
