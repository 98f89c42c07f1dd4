//! How many requests a token may send: a bucket for each token that fills by the second.
//!
//! In the memory of one process: several processes over one database each allow as much, which bounds a client
//! that runs wild as well, and costs no write per request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use web::Timestamp;

use super::mode::Mode;

/// What the setting may be, in requests a second.
pub const ALLOWED: std::ops::RangeInclusive<i64> = 1..=100_000;
/// What AWS allows each instance (AWS quotas, "SCIM operations").
const AWS_PER_SECOND: i64 = 20;
/// Buckets are kept for this many tokens; there are two at a time, and others were deleted.
const MOST_BUCKETS: usize = 64;

/// How fast a client may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Requests a second.
    pub per_second: i64,
}

impl Limit {
    /// The limit of a token in this mode, where the instance is set to `per_second`.
    pub fn of(mode: Mode, per_second: i64) -> Self {
        let per_second = per_second.clamp(*ALLOWED.start(), *ALLOWED.end());
        match mode {
            Mode::Aws => Self { per_second: per_second.min(AWS_PER_SECOND) },
            Mode::Tolerant | Mode::Strict => Self { per_second },
        }
    }

    /// How many requests may come at once: those of two seconds.
    fn burst(self) -> i64 {
        self.per_second * 2
    }
}

/// Requests that may still come, in millionths: what one second gives is what one microsecond gives, times a
/// million.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: i64,
    at: Timestamp,
}

impl Bucket {
    const ONE: i64 = 1_000_000;

    fn full(limit: Limit, now: Timestamp) -> Self {
        Self { left: limit.burst() * Self::ONE, at: now }
    }

    /// Takes one request; where none is left, how long until there is.
    fn take(&mut self, limit: Limit, now: Timestamp) -> Result<(), Duration> {
        let passed = now.micros().saturating_sub(self.at.micros()).max(0);
        let filled = self.left.saturating_add(passed.saturating_mul(limit.per_second));
        self.left = filled.min(limit.burst() * Self::ONE);
        self.at = now;
        if self.left < Self::ONE {
            let missing = (Self::ONE - self.left).div_euclid(limit.per_second) + 1;
            return Err(Duration::from_micros(missing.unsigned_abs()));
        }
        self.left -= Self::ONE;
        Ok(())
    }
}

/// The buckets of this process.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<String, Bucket>>);

impl Limiter {
    /// Takes one request of a token; where it has none left, how long until it has.
    ///
    /// # Errors
    /// The time to wait.
    pub fn take(&self, token_id: &str, limit: Limit, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !buckets.contains_key(token_id) {
            if buckets.len() >= MOST_BUCKETS {
                buckets.clear();
            }
            buckets.insert(token_id.to_owned(), Bucket::full(limit, now));
        }
        buckets.get_mut(token_id).map_or(Ok(()), |bucket| bucket.take(limit, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(millis: u64) -> Timestamp {
        Timestamp(0).plus(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_passes_and_then_as_many_as_a_second_gives() {
        let (limiter, limit) = (Limiter::default(), Limit { per_second: 10 });
        for n in 0..20 {
            assert_eq!(limiter.take("t", limit, after(0)), Ok(()), "{n}");
        }
        let wait = limiter.take("t", limit, after(0)).unwrap_err();
        assert!(wait > Duration::from_millis(99) && wait < Duration::from_millis(101), "{wait:?}");
        assert_eq!(limiter.take("t", limit, after(101)), Ok(()));
        assert!(limiter.take("t", limit, after(101)).is_err());
        assert_eq!(limiter.take("other", limit, after(101)), Ok(()), "each token has its own");
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let (limiter, limit) = (Limiter::default(), Limit { per_second: 1 });
        assert_eq!(limiter.take("t", limit, after(5000)), Ok(()));
        assert_eq!(limiter.take("t", limit, after(0)), Ok(()));
        assert!(limiter.take("t", limit, after(0)).is_err());
    }

    #[test]
    fn aws_allows_twenty() {
        assert_eq!(Limit::of(Mode::Aws, 1000).per_second, 20);
        assert_eq!(Limit::of(Mode::Aws, 5).per_second, 5);
        assert_eq!(Limit::of(Mode::Strict, 1000).per_second, 1000);
        assert_eq!(Limit::of(Mode::Tolerant, 0).per_second, 1, "nonsense in a row stops nobody for good");
    }

    #[test]
    fn buckets_are_bounded() {
        let (limiter, limit) = (Limiter::default(), Limit { per_second: 1 });
        for n in 0..1000 {
            assert_eq!(limiter.take(&n.to_string(), limit, after(0)), Ok(()));
        }
        assert!(limiter.0.lock().unwrap().len() <= MOST_BUCKETS);
    }
}
