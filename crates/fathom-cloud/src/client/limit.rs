//! How fast calls may go: a bucket per account, region, service and operation that learns from throttles, and the
//! pauses between attempts.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fathom_model::{AccountId, Region};
use tokio::time::{Instant, sleep_until};

/// Calls per second and burst that AWS is known to allow: service, operation, rate, burst. `*` as operation: all the
/// service's operations share one bucket. What the services document, and what Steampipe's plugin has found.
const SEEDS: &[(&str, &str, f64, f64)] = &[
    ("route53", "*", 5.0, 5.0),
    ("route53domains", "*", 5.0, 5.0),
    ("cloudfront", "*", 5.0, 10.0),
    ("wafv2", "*", 5.0, 10.0),
    ("waf", "*", 5.0, 10.0),
    ("waf-regional", "*", 5.0, 10.0),
    ("organizations", "*", 5.0, 10.0),
    ("sso-admin", "*", 10.0, 20.0),
    ("iam", "GetPolicy", 35.0, 50.0),
    ("iam", "GetPolicyVersion", 35.0, 50.0),
    ("iam", "GetRole", 15.0, 30.0),
    ("iam", "GetAccountAuthorizationDetails", 5.0, 10.0),
    ("kinesis", "DescribeStream", 10.0, 10.0),
    ("kinesis", "ListStreams", 5.0, 5.0),
    ("kinesis", "DescribeStreamSummary", 20.0, 20.0),
    ("lambda", "GetPolicy", 15.0, 15.0),
    ("lambda", "ListFunctions", 10.0, 15.0),
    ("ssm", "DescribeInstancePatchStates", 5.0, 10.0),
    ("config", "SelectResourceConfig", 5.0, 5.0),
    ("cloudtrail", "LookupEvents", 2.0, 2.0),
    ("securityhub", "GetFindings", 3.0, 6.0),
    ("guardduty", "*", 10.0, 20.0),
];

/// Where no seed is known.
const DEFAULT: (f64, f64) = (20.0, 100.0);

/// Never slower than one call in five seconds.
const RATE_MIN: f64 = 0.2;

/// Throttles within this time count as one: the calls were under way together.
const ONE_THROTTLE: Duration = Duration::from_secs(1);

/// Longest pause that a service may ask for with `Retry-After`.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);

/// When this many buckets exist, those at rest are forgotten.
const BUCKETS_MAX: usize = 65_536;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    account: AccountId,
    region: Region,
    service: String,
    operation: String,
}

/// All buckets.
#[derive(Debug)]
pub(crate) struct Limits {
    buckets: Mutex<HashMap<Key, Arc<Bucket>>>,
    jitter: RandomState,
}

/// One bucket of tokens. A call takes one; tokens come back at the rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Tokens per second; none while nothing is known to limit the endpoint.
    rate: Option<f64>,
    /// The seed: growth aims at four times as much.
    seed: f64,
    burst: f64,
    /// Below zero: calls that wait already.
    tokens: f64,
    at: Instant,
    blocked_until: Option<Instant>,
    slowed_at: Option<Instant>,
    /// Calls in the second before `window`, to know how fast is too fast for an endpoint without seed.
    window: Instant,
    in_window: u32,
    last_window: u32,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self { buckets: Mutex::new(HashMap::new()), jitter: RandomState::new() }
    }

    /// The bucket of an operation. `open`: no limit until the first throttle (endpoints that are not AWS).
    pub(crate) fn bucket(
        &self,
        account: &AccountId,
        region: &Region,
        service: &str,
        operation: &str,
        open: bool,
    ) -> Arc<Bucket> {
        let seed = SEEDS.iter().find(|(of, name, ..)| *of == service && (*name == "*" || *name == operation));
        let (shared, rate, burst) = seed
            .map_or((false, DEFAULT.0, DEFAULT.1), |(_, name, rate, burst)| (*name == "*", *rate, *burst));
        let key = Key {
            account: account.clone(),
            region: region.clone(),
            service: service.to_owned(),
            operation: if shared { "*" } else { operation }.to_owned(),
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| !bucket.at_rest());
        }
        let new = || Arc::new(Bucket::new((!open).then_some(rate), rate, burst));
        Arc::clone(buckets.entry(key).or_insert_with(new))
    }

    /// A pause before the next attempt: anything up to a bound that doubles with each attempt ("full jitter"), from
    /// `base` to 20 seconds.
    pub(crate) fn pause(&self, base: Duration, attempt: u32) -> Duration {
        let bound = base.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(Duration::from_secs(20));
        let random = self.jitter.hash_one((Instant::now(), attempt, std::thread::current().id()));
        bound.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

impl Bucket {
    fn new(rate: Option<f64>, seed: f64, burst: f64) -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                rate,
                seed,
                burst,
                tokens: burst,
                at: now,
                blocked_until: None,
                slowed_at: None,
                window: now,
                in_window: 0,
                last_window: 0,
            }),
        }
    }

    /// Takes a token; waits for it where there is none.
    pub(crate) async fn take(&self) {
        let until = self.state.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        if let Some(until) = until {
            sleep_until(until).await;
        }
    }

    /// A call was answered: a little faster.
    pub(crate) fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rate) = state.rate {
            // About one call per second more for each second at the full rate.
            state.rate = Some((rate + 1.0 / rate.max(1.0)).min(state.seed * 4.0));
        }
    }

    /// A call was throttled: half as fast, and not at all for as long as the service says.
    pub(crate) fn throttled(&self, retry_after: Option<Duration>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).throttled(Instant::now(), retry_after);
    }

    /// Whether forgetting the bucket changes nothing.
    fn at_rest(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refill(now);
        let unblocked = state.blocked_until.is_none_or(|until| until <= now);
        unblocked && state.tokens >= state.burst && state.rate.is_none_or(|rate| rate >= state.seed)
    }
}

impl State {
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        if let Some(rate) = self.rate {
            self.tokens = (self.tokens + passed * rate).min(self.burst);
        }
    }

    fn take(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        if now.saturating_duration_since(self.window) >= Duration::from_secs(1) {
            self.window = now;
            self.last_window = self.in_window;
            self.in_window = 0;
        }
        self.in_window = self.in_window.saturating_add(1);
        let blocked = self.blocked_until.filter(|until| *until > now);
        let Some(rate) = self.rate else { return blocked };
        self.tokens -= 1.0;
        let start = blocked.unwrap_or(now);
        if self.tokens >= 0.0 {
            return blocked;
        }
        Some(start + Duration::from_secs_f64((-self.tokens / rate).min(600.0)))
    }

    fn throttled(&mut self, now: Instant, retry_after: Option<Duration>) {
        self.refill(now);
        if let Some(pause) = retry_after {
            let until = now + pause.min(RETRY_AFTER_MAX);
            self.blocked_until = Some(self.blocked_until.map_or(until, |other| other.max(until)));
        }
        if self.slowed_at.is_some_and(|at| now.saturating_duration_since(at) < ONE_THROTTLE) {
            return;
        }
        self.slowed_at = Some(now);
        if self.rate.is_none() {
            let seen = f64::from(self.in_window.max(self.last_window).max(2));
            self.seed = self.seed.max(seen);
            self.rate = Some(seen);
        }
        self.rate = self.rate.map(|rate| (rate / 2.0).max(RATE_MIN));
        self.tokens = self.tokens.min(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(limits: &Limits, service: &str, operation: &str, open: bool) -> Arc<Bucket> {
        limits.bucket(&"111122223333".into(), &"eu-west-1".into(), service, operation, open)
    }

    async fn seconds_for(bucket: &Bucket, calls: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            bucket.take().await;
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_comes_at_the_rate() {
        let limits = Limits::new();
        let bucket = bucket(&limits, "ec2", "DescribeVpcs", false);
        assert!(seconds_for(&bucket, 100).await < 0.01);
        let seconds = seconds_for(&bucket, 40).await;
        assert!((1.9..2.1).contains(&seconds), "40 calls at 20 per second took {seconds} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_halves_the_rate_once_per_second_and_answers_raise_it() {
        let limits = Limits::new();
        let bucket = bucket(&limits, "ec2", "DescribeVpcs", false);
        seconds_for(&bucket, 100).await;
        for _ in 0..10 {
            bucket.throttled(None);
        }
        let slow = seconds_for(&bucket, 20).await;
        assert!((1.9..2.1).contains(&slow), "20 calls at 10 per second took {slow} s");
        for _ in 0..200 {
            bucket.answered();
        }
        let fast = seconds_for(&bucket, 20).await;
        assert!(fast < slow / 2.0, "{fast} s after recovery, {slow} s before");
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_blocks_the_operation_and_no_other() {
        let limits = Limits::new();
        let blocked = bucket(&limits, "ec2", "DescribeVpcs", false);
        blocked.throttled(Some(Duration::from_secs(7)));
        assert!(seconds_for(&bucket(&limits, "ec2", "DescribeSubnets", false), 1).await < 0.01);
        assert!(seconds_for(&blocked, 1).await >= 7.0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_endpoint_has_no_limit_until_it_throttles() {
        let limits = Limits::new();
        let bucket = bucket(&limits, "route53", "ListHostedZones", true);
        assert!(seconds_for(&bucket, 1_000).await < 0.01);
        bucket.throttled(None);
        let seconds = seconds_for(&bucket, 500).await;
        assert!((0.9..1.1).contains(&seconds), "500 calls at half of 1,000 per second took {seconds} s");
    }

    #[tokio::test(start_paused = true)]
    async fn operations_of_a_service_with_one_limit_share_it() {
        let limits = Limits::new();
        let (zones, records) = (
            bucket(&limits, "route53", "ListHostedZones", false),
            bucket(&limits, "route53", "ListResourceRecordSets", false),
        );
        assert!(Arc::ptr_eq(&zones, &records));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_stay_under_a_bound_that_doubles() {
        let limits = Limits::new();
        let base = Duration::from_millis(100);
        for attempt in 1..40 {
            let bound = Duration::from_millis(100 << (attempt - 1).min(16)).min(Duration::from_secs(20));
            assert!(limits.pause(base, attempt) <= bound);
        }
    }
}
