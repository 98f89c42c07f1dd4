//! What all sign-ons of a process share: parsed keys, a limit for strangers, and the time of the last
//! clearing away.

use std::sync::{Arc, Mutex, PoisonError};

use store::StoreError;
use web::Timestamp;

use super::keys::SigningKeys;
use super::{pending, sign_ins, sign_out};
use crate::Directory;

/// How many refusals of people without a session are recorded in a minute. Anybody can send bad requests
/// without end; beyond this they are logged, not stored.
const STRANGERS_A_MINUTE: u32 = 120;
/// After how many sign-ons of one minute it is cleared away again.
const SIGN_ONS: u32 = 1000;

/// Shared by all sign-ons of this process.
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// The parsed keys.
    pub keys: SigningKeys,
    /// Who has no session.
    pub strangers: Strangers,
    cleared: Arc<Mutex<Minute>>,
}

/// How much is recorded of people without a session.
#[derive(Debug, Clone, Default)]
pub struct Strangers(Arc<Mutex<Minute>>);

impl Strangers {
    /// Whether one more refusal of somebody without a session is recorded now.
    pub fn may_record(&self, now: Timestamp) -> bool {
        count(&self.0, now) <= STRANGERS_A_MINUTE
    }
}

/// A minute and how often something happened in it.
#[derive(Debug, Default)]
struct Minute {
    number: i64,
    count: u32,
}

impl Running {
    /// Clears away what has expired, about once a minute. It is a transaction of its own: with each
    /// sign-on it would look at what others write at that moment, and PostgreSQL would make them repeat.
    ///
    /// # Errors
    /// The store's.
    pub async fn clear_away(&self, directory: &Directory) -> Result<(), StoreError> {
        let now = directory.clock.now();
        if count(&self.cleared, now) % SIGN_ONS != 1 {
            return Ok(());
        }
        clear_away(directory).await
    }
}

/// Clears away what has expired: requests, sign-outs, and sign-ins that the tenant keeps no longer.
///
/// # Errors
/// The store's.
pub async fn clear_away(directory: &Directory) -> Result<(), StoreError> {
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    directory
        .store
        .write(move |tx| {
            pending::clear_away(tx, &tenant, now)?;
            sign_out::clear_away(tx, &tenant, now)?;
            sign_ins::clear_away(tx, &tenant, now)
        })
        .await
}

/// Counts one more in the minute of `now`; how many there were with it.
fn count(minute: &Mutex<Minute>, now: Timestamp) -> u32 {
    let number = now.seconds().div_euclid(60);
    let mut minute = minute.lock().unwrap_or_else(PoisonError::into_inner);
    if minute.number != number {
        *minute = Minute { number, count: 0 };
    }
    minute.count = minute.count.saturating_add(1);
    minute.count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_a_limit_and_the_next_one_its_own() {
        let strangers = Strangers::default();
        let recorded = |second: i64| strangers.may_record(Timestamp(second * 1_000_000));
        assert_eq!((0..200).filter(|_| recorded(59)).count(), 120);
        assert!(recorded(60));
    }
}
