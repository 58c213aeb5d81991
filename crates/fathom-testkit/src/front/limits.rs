//! Limits like those of AWS: a token bucket for each account, region, service and operation.
//!
//! The rates are those that the providers document or that tools which ask a lot have settled on: a burst and what
//! comes back each second. Most read operations get 100 and 20, as EC2 documents for `DescribeHosts`.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use super::rules::Call;

/// Burst and refill per second of a service's operations.
type Rate = (f64, f64);

const USUAL: Rate = (100.0, 20.0);

/// Services that allow less; global ones have one bucket for all their callers in an account.
const TIGHTER: [(&str, Rate); 9] = [
    ("route53", (5.0, 5.0)),
    ("cloudfront", (5.0, 5.0)),
    ("wafv2", (5.0, 5.0)),
    ("organizations", (10.0, 5.0)),
    ("iam", (35.0, 15.0)),
    ("lambda", (20.0, 15.0)),
    ("kinesis", (10.0, 5.0)),
    ("cloudtrail", (5.0, 2.0)),
    ("secretsmanager", (50.0, 40.0)),
];

type Key = (String, String, String, String);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// Buckets of all callers.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    buckets: Mutex<HashMap<Key, Bucket>>,
}

impl Limits {
    /// Whether a call may pass now.
    pub(crate) fn admit(&self, call: &Call, now: Instant) -> bool {
        let (burst, refill) =
            TIGHTER.iter().find(|(service, _)| *service == call.service).map_or(USUAL, |(_, rate)| *rate);
        let key = (call.account.clone(), call.region.clone(), call.service.clone(), call.operation.clone());
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: burst, at: now });
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * refill).min(burst);
        bucket.at = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_refill_decides() {
        let call = |service: &str, region: &str| Call {
            service: service.to_owned(),
            operation: "List".to_owned(),
            region: region.to_owned(),
            account: "123456789012".to_owned(),
            status: 0,
            params: None,
        };
        let (limits, begun) = (Limits::default(), Instant::now());
        let admitted = |service, region, at: Instant| {
            (0..200).filter(|_| limits.admit(&call(service, region), at)).count()
        };
        assert_eq!(admitted("ec2", "us-east-1", begun), 100);
        assert_eq!(admitted("ec2", "eu-west-1", begun), 100, "another region has a bucket of its own");
        assert_eq!(admitted("ec2", "us-east-1", begun + Duration::from_secs(2)), 40);
        assert_eq!(admitted("route53", "us-east-1", begun), 5);
    }
}
