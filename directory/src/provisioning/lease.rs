//! Who works on a job: one process at a time.

use std::time::Duration;

use store::{StoreError, Tx};
use web::Timestamp;

/// How long a lease lasts without being renewed: as long as a crashed process can hold up the others.
pub const LENGTH: Duration = Duration::from_secs(20);

/// Takes or renews the lease; whether `holder` has it now.
///
/// # Errors
/// The engine's.
pub fn take(
    tx: &mut Tx<'_>,
    realm: &str,
    name: &str,
    holder: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT holder, until FROM leases WHERE realm = ?1 AND name = ?2";
    if let Some(row) = tx.row(sql, &[realm.into(), name.into()])? {
        if row.text(0)? != holder && row.int(1)? > now.micros() {
            return Ok(false);
        }
    }
    let sql = "INSERT INTO leases (realm, name, holder, until) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (realm, name) DO UPDATE SET holder = ?3, until = ?4";
    tx.exec(sql, &[realm.into(), name.into(), holder.into(), now.plus(LENGTH).micros().into()])?;
    Ok(true)
}

/// Gives the lease back.
///
/// # Errors
/// The engine's.
pub fn release(tx: &mut Tx<'_>, realm: &str, name: &str, holder: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM leases WHERE realm = ?1 AND name = ?2 AND holder = ?3";
    tx.exec(sql, &[realm.into(), name.into(), holder.into()]).map(|_| ())
}
