//! Rules: which calls are answered differently, and how.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

/// A call that the front saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The service as the models name it.
    pub service: String,
    /// The operation; empty where it could not be told.
    pub operation: String,
    /// The region in the signature.
    pub region: String,
    /// The account that the access key stands for.
    pub account: String,
    /// The HTTP status of the answer; 0 while there is none.
    pub status: u16,
    /// The parameters, where the model has the operation.
    pub params: Option<Value>,
}

/// Computes an output value from parameters and call.
pub type Compute = Arc<dyn Fn(&Value, &Call) -> Value + Send + Sync>;

/// What happens to a call.
#[derive(Clone)]
pub enum Fault {
    /// Too many requests.
    Throttle {
        /// HTTP status; AWS uses 400, 429 and 503.
        status: u16,
        /// Error code.
        code: String,
    },
    /// The caller lacks the permission.
    Denied {
        /// The message of the refusal.
        message: String,
    },
    /// The account has not enabled the region: its credentials are not known there.
    RegionDisabled,
    /// The session's credentials are too old.
    ExpiredToken,
    /// A page for people, with status 500.
    Html500,
    /// The usual answer, cut after that many bytes of its body.
    CutConnection {
        /// Bytes before the end.
        after_bytes: usize,
    },
    /// A success whose body ends in the middle.
    Malformed,
    /// A pause, then the following rules and the usual answer.
    Slow(Duration),
    /// A success whose body is that long, sent as a stream.
    Huge(u64),
    /// The written or empty answer with a page token that never changes.
    LoopingToken,
    /// An output value in the value form.
    Answer(Value),
    /// A computed output value.
    AnswerWith(Compute),
    /// An empty answer with that status.
    Status(u16),
    /// An error of the service.
    Error {
        /// HTTP status.
        status: u16,
        /// Error code.
        code: String,
        /// Message.
        message: String,
    },
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Fault::Throttle { status, code } => return write!(f, "Throttle({status}, {code})"),
            Fault::Denied { .. } => "Denied",
            Fault::RegionDisabled => "RegionDisabled",
            Fault::ExpiredToken => "ExpiredToken",
            Fault::Html500 => "Html500",
            Fault::CutConnection { after_bytes } => return write!(f, "CutConnection({after_bytes})"),
            Fault::Malformed => "Malformed",
            Fault::Slow(pause) => return write!(f, "Slow({pause:?})"),
            Fault::Huge(bytes) => return write!(f, "Huge({bytes})"),
            Fault::LoopingToken => "LoopingToken",
            Fault::Answer(value) => return write!(f, "Answer({value})"),
            Fault::AnswerWith(_) => "AnswerWith",
            Fault::Status(status) => return write!(f, "Status({status})"),
            Fault::Error { status, code, .. } => return write!(f, "Error({status}, {code})"),
        };
        f.write_str(name)
    }
}

/// Which of the calls that a rule is about it takes, counted per rule.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Which {
    All,
    Nth(u64),
    First(u64),
    Chance(f64),
}

/// A rule. Without conditions it is about every call.
#[derive(Debug)]
pub struct Rule {
    account: Option<String>,
    region: Option<String>,
    service: Option<String>,
    operation: Option<String>,
    which: Which,
    seen: AtomicU64,
    pub(crate) fault: Fault,
}

impl Rule {
    /// A rule about every call.
    pub fn new(fault: Fault) -> Self {
        Rule {
            account: None,
            region: None,
            service: None,
            operation: None,
            which: Which::All,
            seen: AtomicU64::new(0),
            fault,
        }
    }

    /// Only calls of that account.
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only calls signed for that region.
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Only calls of that service.
    pub fn service(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// Only calls of that operation.
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only the n-th call that fits the conditions, from 1.
    pub fn nth(mut self, n: u64) -> Self {
        self.which = Which::Nth(n);
        self
    }

    /// Only the first `n` calls that fit the conditions.
    pub fn first(mut self, n: u64) -> Self {
        self.which = Which::First(n);
        self
    }

    /// Each call that fits with that probability; the same calls for the same seed and order.
    pub fn chance(mut self, probability: f64) -> Self {
        self.which = Which::Chance(probability);
        self
    }

    /// How many calls fitted the conditions so far.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Whether the rule takes this call. `place` is the rule's own, so that rules draw different lots.
    pub(crate) fn takes(&self, call: &Call, seed: u64, place: u64) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let is_about = fits(&self.account, &call.account)
            && fits(&self.region, &call.region)
            && fits(&self.service, &call.service)
            && fits(&self.operation, &call.operation);
        if !is_about {
            return false;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        match self.which {
            Which::All => true,
            Which::Nth(n) => number == n,
            Which::First(n) => number <= n,
            Which::Chance(probability) => lot(seed, place, number) < probability,
        }
    }
}

/// A number from 0 to 1 that seed, place and count decide (SplitMix64).
fn lot(seed: u64, place: u64, number: u64) -> f64 {
    let mut z = seed ^ place.rotate_left(32) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(service: &str, region: &str) -> Call {
        Call {
            service: service.to_owned(),
            operation: "Op".to_owned(),
            region: region.to_owned(),
            account: "123456789012".to_owned(),
            status: 0,
            params: None,
        }
    }

    #[test]
    fn counts_are_of_the_calls_that_fit() {
        let rule = Rule::new(Fault::Malformed).service("ec2").region("eu-west-1").nth(2);
        assert!(!rule.takes(&call("s3", "eu-west-1"), 0, 0));
        assert!(!rule.takes(&call("ec2", "eu-west-1"), 0, 0));
        assert!(!rule.takes(&call("ec2", "us-east-1"), 0, 0));
        assert!(rule.takes(&call("ec2", "eu-west-1"), 0, 0));
        assert!(!rule.takes(&call("ec2", "eu-west-1"), 0, 0));
        assert_eq!(rule.seen(), 3);
    }

    #[test]
    fn chances_repeat_with_the_seed() {
        let draw = |seed| {
            let rule = Rule::new(Fault::Malformed).chance(0.25);
            (0..1000).map(|_| rule.takes(&call("ec2", "x"), seed, 1)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7).iter().filter(|hit| **hit).count();
        assert!((200..300).contains(&hits), "{hits}");
    }
}
