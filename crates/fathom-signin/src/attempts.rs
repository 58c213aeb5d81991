//! How often somebody may fail: five times in a quarter of an hour, then nobody can sign in as that person for a minute,
//! and each time longer.

use fathom_model::Timestamp;
use fathom_store::Attempts;
use jiff::SignedDuration;

/// Failures within [`WINDOW`] that begin a lock.
pub const FAILURES_MAX: usize = 5;
/// How long a failure counts.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// How long the first, second, third lock lasts; all that follow last as long as the last one.
const LOCKS: [SignedDuration; 4] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_mins(60),
];
/// After this long without a lock, they begin anew.
const FORGIVEN: SignedDuration = SignedDuration::from_hours(24);

/// Until when nobody may try; none where somebody may.
pub fn locked_until(attempts: &Attempts, now: Timestamp) -> Option<Timestamp> {
    attempts.locked_until.filter(|until| *until > now)
}

/// What there is after another failure. While a person is locked, more failures change nothing: nobody can lengthen a
/// lock from outside.
pub fn failed(before: &Attempts, now: Timestamp) -> Attempts {
    if locked_until(before, now).is_some() {
        return before.clone();
    }
    let is_recent = |at: &Timestamp| now.duration_since(*at) < WINDOW;
    let locks = match before.locked_until {
        Some(until) if now.duration_since(until) >= FORGIVEN => 0,
        _ => before.locks,
    };
    let mut failures: Vec<Timestamp> = before.failures.iter().copied().filter(is_recent).collect();
    failures.push(now);
    if failures.len() < FAILURES_MAX {
        return Attempts { failures, locks, locked_until: before.locked_until };
    }
    let last = LOCKS.len() - 1;
    let length = LOCKS.get((locks as usize).min(last)).copied().unwrap_or(WINDOW);
    let until = now.checked_add(length).unwrap_or(now);
    Attempts { failures: Vec::new(), locks: locks.saturating_add(1), locked_until: Some(until) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("in range")
    }

    /// Fails five times at a moment; says for how many seconds the person is locked.
    fn fail_five(attempts: &mut Attempts, second: i64) -> i64 {
        for _ in 0..FAILURES_MAX {
            *attempts = failed(attempts, at(second));
        }
        locked_until(attempts, at(second)).map_or(0, |until| until.as_second() - at(second).as_second())
    }

    #[test]
    fn locks_grow_and_are_forgiven() {
        let mut attempts = Attempts::default();
        let mut second = 0;
        for minutes in [1, 5, 15, 60, 60] {
            assert_eq!(fail_five(&mut attempts, second), minutes * 60);
            second += minutes * 60;
            assert_eq!(locked_until(&attempts, at(second)), None, "it ends");
        }
        second += 24 * 3600;
        assert_eq!(fail_five(&mut attempts, second), 60);
    }

    #[test]
    fn failures_count_for_a_quarter_of_an_hour() {
        let mut attempts = Attempts::default();
        for n in 0..100 {
            attempts = failed(&attempts, at(n * 226));
            assert_eq!(locked_until(&attempts, at(n * 226)), None, "four within 15 minutes never lock");
        }
    }

    #[test]
    fn failures_while_locked_do_not_lengthen_the_lock() {
        let mut attempts = Attempts::default();
        fail_five(&mut attempts, 0);
        let until = attempts.locked_until;
        for second in 0..60 {
            attempts = failed(&attempts, at(second));
        }
        assert_eq!(attempts.locked_until, until);
    }
}
