//! Slows a guesser down: after a few failures at one subject, a pause that doubles.

use std::time::Duration;

use store::{StoreError, Tx};

use crate::clock::Timestamp;

const FREE: i64 = 5;
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Until when `subject` (for example `password:{user}` or `setup`) may not be tried; `None` where it may.
///
/// # Errors
/// The engine's.
pub fn blocked_until(
    tx: &mut Tx<'_>,
    realm: &str,
    subject: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT blocked_until FROM throttles WHERE realm = ?1 AND subject = ?2 AND blocked_until > ?3";
    let row = tx.row(sql, &[realm.into(), subject.into(), now.micros().into()])?;
    row.map(|row| row.int(0).map(Timestamp)).transpose()
}

/// Counts a failure.
///
/// # Errors
/// The engine's.
pub fn failed(tx: &mut Tx<'_>, realm: &str, subject: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "SELECT failures FROM throttles WHERE realm = ?1 AND subject = ?2";
    let before = tx.row(sql, &[realm.into(), subject.into()])?.map_or(Ok(0), |row| row.int(0))?;
    let failures = before + 1;
    tx.exec(
        "INSERT INTO throttles (realm, subject, failures, blocked_until) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (realm, subject) DO UPDATE SET failures = ?3, blocked_until = ?4",
        &[realm.into(), subject.into(), failures.into(), now.plus(pause(failures)).micros().into()],
    )?;
    Ok(())
}

/// Forgets the failures after a success.
///
/// # Errors
/// The engine's.
pub fn succeeded(tx: &mut Tx<'_>, realm: &str, subject: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM throttles WHERE realm = ?1 AND subject = ?2";
    tx.exec(sql, &[realm.into(), subject.into()]).map(|_| ())
}

fn pause(failures: i64) -> Duration {
    match u32::try_from(failures - FREE) {
        Ok(over) if over > 0 => FIRST.saturating_mul(1 << (over - 1).min(20)).min(LONGEST),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        assert_eq!(pause(5), Duration::ZERO);
        assert_eq!(pause(6), Duration::from_secs(2));
        assert_eq!(pause(8), Duration::from_secs(8));
        assert_eq!(pause(1000), LONGEST);
    }
}
