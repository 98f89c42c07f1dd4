//! The end of a user: deleted softly, restored within 30 days, or purged.

use std::collections::HashSet;
use std::time::Duration;

use store::{StoreError, Tx};
use web::{Timestamp, session};

use super::store::{COLUMNS, read};
use super::{User, any_by_id, by_id_or_name, by_name, ensure_administrator, is_administrator, save};
use crate::access::GLOBAL_ADMINISTRATOR;
use crate::change::Change;
use crate::refused::Refused;
use crate::{applications, groups};

/// How many days a deleted user can be restored.
pub const KEPT_DAYS: u64 = 30;
const KEPT: Duration = Duration::from_secs(KEPT_DAYS * 24 * 60 * 60);

/// Deletes a user softly. Its memberships, assignments, sessions and its place as manager go, each with
/// an event, before the event of the deletion itself.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::LastAdministrator`]; the engine's.
pub fn delete(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), Refused> {
    let before = by_id_or_name(tx, &change.tenant, id)?;
    groups::leave_all(tx, change, &before.id)?;
    applications::unassign_all(tx, change, &before.id)?;
    leave_reports(tx, change, &before.id)?;
    session::end_all(tx, &change.tenant, &before.id)?;
    let sql = "UPDATE users SET deleted_at = ?3, updated_at = ?3 WHERE tenant_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&change.tenant).into(), (&before.id).into(), change.now.micros().into()])?;
    if is_administrator(tx, &change.tenant, &before.id)? {
        // Only a check that looks at the living finds out whether one is left.
        ensure_administrator(tx, &change.tenant, &HashSet::from([before.id.clone()]))?;
        let sql = "DELETE FROM role_assignments WHERE tenant_id = ?1 AND user_id = ?2 AND role = ?3";
        tx.exec(sql, &[(&change.tenant).into(), (&before.id).into(), GLOBAL_ADMINISTRATOR.into()])?;
    }
    let after = User { deleted_date_time: Some(change.now.rfc3339()), ..before.clone() };
    change.record(
        tx,
        "user.deleted",
        ("user", &before.id),
        Some(&before.to_json()),
        Some(&after.to_json()),
    )?;
    Ok(())
}

/// Nobody is managed by a user that is gone.
fn leave_reports(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE tenant_id = ?1 AND manager_id = ?2");
    let reports = tx.rows(&sql, &[(&change.tenant).into(), id.into()])?;
    for row in &reports {
        let before = read(row)?;
        let after = User { manager_id: None, ..before.clone() };
        save(tx, change, Some(&before), &after)?;
    }
    Ok(())
}

/// Brings a deleted user back, under its name, without its memberships, assignments and role: as with
/// Entra, those have to be given again.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::TooLate`] after 30 days, [`Refused::UserNameTaken`]; the engine's.
pub fn restore(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<User, Refused> {
    let before = deleted(tx, &change.tenant, id)?;
    if deleted_at(tx, &change.tenant, id)?.plus(KEPT) <= change.now {
        return Err(Refused::TooLate);
    }
    if by_name(tx, &change.tenant, &before.user_principal_name)?.is_some() {
        return Err(Refused::UserNameTaken(before.user_principal_name));
    }
    let sql = "UPDATE users SET deleted_at = NULL, updated_at = ?3 WHERE tenant_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&change.tenant).into(), id.into(), change.now.micros().into()])?;
    let mut after = User { deleted_date_time: None, ..before.clone() };
    if let Some(manager) = after.manager_id.clone()
        && super::by_id(tx, &change.tenant, &manager)?.is_none()
    {
        after.manager_id = None;
        let sql = "UPDATE users SET manager_id = NULL WHERE tenant_id = ?1 AND id = ?2";
        tx.exec(sql, &[(&change.tenant).into(), id.into()])?;
    }
    change.record(tx, "user.restored", ("user", id), Some(&before.to_json()), Some(&after.to_json()))?;
    Ok(after)
}

/// Removes a deleted user for good.
///
/// # Errors
/// [`Refused::NotFound`], also for a user that is not deleted; the engine's.
pub fn purge(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), Refused> {
    let before = deleted(tx, &change.tenant, id)?;
    for sql in [
        "DELETE FROM passwords WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM role_assignments WHERE tenant_id = ?1 AND user_id = ?2",
        "DELETE FROM users WHERE tenant_id = ?1 AND id = ?2",
    ] {
        tx.exec(sql, &[(&change.tenant).into(), id.into()])?;
    }
    change.record(tx, "user.purged", ("user", id), Some(&before.to_json()), None)?;
    Ok(())
}

/// Purges up to `limit` users that were deleted more than 30 days ago; how many.
///
/// # Errors
/// The engine's.
pub fn purge_expired(tx: &mut Tx<'_>, change: &Change, limit: i64) -> Result<usize, Refused> {
    let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    let sql = "SELECT id FROM users WHERE tenant_id = ?1 AND deleted_at IS NOT NULL AND deleted_at <= ?2 \
               ORDER BY deleted_at LIMIT ?3";
    let last = change.now.micros().saturating_sub(kept);
    let rows = tx.rows(sql, &[(&change.tenant).into(), last.into(), limit.into()])?;
    for row in &rows {
        purge(tx, change, &row.text(0)?)?;
    }
    Ok(rows.len())
}

fn deleted(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<User, Refused> {
    any_by_id(tx, tenant, id)?
        .filter(|user| user.deleted_date_time.is_some())
        .ok_or_else(|| Refused::not_found("deleted user", id))
}

fn deleted_at(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Timestamp, StoreError> {
    let sql = "SELECT deleted_at FROM users WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL";
    tx.int(sql, &[tenant.into(), id.into()]).map(Timestamp)
}
