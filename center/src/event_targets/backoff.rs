//! When a target that did not accept an event is asked again, and when it is given up.

use std::time::Duration;

use web::Timestamp;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest that it becomes by itself.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// The longest that a target may ask for with `Retry-After`.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);
/// A target that has accepted nothing for so long is paused.
pub const GIVE_UP: Duration = Duration::from_secs(72 * 3600);

/// How long to wait after `failures` in a row: twice as long each time, of which `jitter` (0 to 255) takes away up to a
/// half so that targets that failed together do not come together again; never less than the target asked for.
pub fn wait(failures: i64, jitter: u8, asked: Option<Duration>) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1).clamp(0, 20)).unwrap_or(20);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let own = full - full / 2 * u32::from(jitter) / 255;
    asked.map_or(own, |asked| own.max(asked.min(LONGEST_ASKED)))
}

/// Whether it is given up now.
pub fn gives_up(failing_since: Timestamp, now: Timestamp) -> bool {
    now.since(failing_since) >= GIVE_UP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_from_a_second_to_a_quarter_of_an_hour() {
        let seconds = |failures, jitter, asked: Option<u64>| {
            wait(failures, jitter, asked.map(Duration::from_secs)).as_secs_f64()
        };
        assert_eq!([1, 2, 3, 10, 11, i64::MAX].map(|n| seconds(n, 0, None)), [1., 2., 4., 512., 900., 900.]);
        assert_eq!(seconds(3, 255, None), 2., "jitter takes away a half at most");
        assert_eq!(seconds(1, 0, Some(120)), 120.);
        assert_eq!(seconds(11, 0, Some(3)), 900., "a target cannot make us hurry");
        assert_eq!(seconds(1, 0, Some(u64::MAX)), 86_400.);
    }

    #[test]
    fn a_target_is_given_up_after_three_days() {
        let since = Timestamp(0);
        assert!(!gives_up(since, since.plus(GIVE_UP - Duration::from_secs(1))));
        assert!(gives_up(since, since.plus(GIVE_UP)));
    }
}
