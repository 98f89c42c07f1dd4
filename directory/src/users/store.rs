//! Users as rows: look-ups, and the two writes that everything else goes through.

use std::collections::HashSet;

use store::{Row, StoreError, Tx, Val};
use web::{Timestamp, session};

use super::{NewUser, Profile, User, UserChange, checked_display_name, checked_name};
use crate::access::GLOBAL_ADMINISTRATOR;
use crate::change::Change;
use crate::refused::Refused;

pub(super) const COLUMNS: &str =
    "id, user_principal_name, display_name, account_enabled, manager_id, profile, created_at, deleted_at";

pub(super) fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.text(0)?,
        user_principal_name: row.text(1)?,
        display_name: row.text(2)?,
        account_enabled: row.bool(3)?,
        manager_id: row.opt_text(4)?,
        profile: Profile::from_row(row.json(5)?),
        created_date_time: Timestamp(row.int(6)?).rfc3339(),
        deleted_date_time: row.opt_int(7)?.map(|at| Timestamp(at).rfc3339()),
    })
}

/// How a name is compared: without letter case.
pub fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The living user with this id.
///
/// # Errors
/// The engine's.
pub fn by_id(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<User>, StoreError> {
    Ok(any_by_id(tx, tenant, id)?.filter(|user| user.deleted_date_time.is_none()))
}

/// The user with this id, whether living or deleted and still restorable.
///
/// # Errors
/// The engine's.
pub fn any_by_id(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<User>, StoreError> {
    // PostgreSQL takes no NUL in a text, and no id has one.
    if id.contains('\0') {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM users WHERE tenant_id = ?1 AND id = ?2");
    tx.row(&sql, &[tenant.into(), id.into()])?.as_ref().map(read).transpose()
}

/// The living users with these ids, in the order of the ids; those that are not there are left out.
///
/// # Errors
/// The engine's.
pub fn by_ids(tx: &mut Tx<'_>, tenant: &str, ids: &[String]) -> Result<Vec<User>, StoreError> {
    let mut users = Vec::with_capacity(ids.len());
    for id in ids {
        users.extend(by_id(tx, tenant, id)?);
    }
    Ok(users)
}

/// The living user with this user principal name, whatever its letter case.
///
/// # Errors
/// The engine's.
pub fn by_name(tx: &mut Tx<'_>, tenant: &str, name: &str) -> Result<Option<User>, StoreError> {
    if name.contains('\0') {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM users \
         WHERE tenant_id = ?1 AND user_principal_name_key = ?2 AND deleted_at IS NULL"
    );
    tx.row(&sql, &[tenant.into(), (&key(name)).into()])?.as_ref().map(read).transpose()
}

/// The living user with this id or user principal name, as Graph's paths name one.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn by_id_or_name(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<User, Refused> {
    let found = if id.contains('@') { by_name(tx, tenant, id)? } else { by_id(tx, tenant, id)? };
    found.ok_or_else(|| Refused::not_found("user", id))
}

/// Creates a user.
///
/// # Errors
/// [`Refused::Invalid`], [`Refused::UserNameTaken`], [`Refused::NotFound`] for the manager; the engine's.
pub fn create(tx: &mut Tx<'_>, change: &Change, new: &NewUser) -> Result<User, Refused> {
    let user = User {
        id: change.id(),
        user_principal_name: checked_name(&new.user_principal_name)?,
        display_name: checked_display_name(&new.display_name)?,
        account_enabled: new.account_enabled,
        manager_id: new.manager_id.clone(),
        created_date_time: change.now.rfc3339(),
        deleted_date_time: None,
        profile: new.profile.clone(),
    };
    if by_name(tx, &change.tenant, &user.user_principal_name)?.is_some() {
        return Err(Refused::UserNameTaken(user.user_principal_name));
    }
    if let Some(manager) = &user.manager_id {
        by_id(tx, &change.tenant, manager)?.ok_or_else(|| Refused::not_found("user", manager))?;
    }
    save(tx, change, None, &user)?;
    Ok(user)
}

/// Changes a user; what it is now. Nothing is written where nothing differs.
///
/// # Errors
/// As [`create`], and [`Refused::LastAdministrator`] where nobody could open the console any more.
pub fn update(tx: &mut Tx<'_>, change: &Change, id: &str, wanted: &UserChange) -> Result<User, Refused> {
    let before = by_id_or_name(tx, &change.tenant, id)?;
    let after = before.with(wanted)?;
    if key(&after.user_principal_name) != key(&before.user_principal_name)
        && by_name(tx, &change.tenant, &after.user_principal_name)?.is_some()
    {
        return Err(Refused::UserNameTaken(after.user_principal_name));
    }
    if before == after {
        return Ok(after);
    }
    save(tx, change, Some(&before), &after)?;
    if before.account_enabled && !after.account_enabled {
        after_disabled(tx, change, &HashSet::from([after.id.clone()]))?;
    }
    Ok(after)
}

/// Sets or removes a user's manager.
///
/// # Errors
/// [`Refused::NotFound`] for either, [`Refused::Invalid`] for oneself; the engine's.
pub fn set_manager(
    tx: &mut Tx<'_>,
    change: &Change,
    id: &str,
    manager: Option<&str>,
) -> Result<User, Refused> {
    let before = by_id_or_name(tx, &change.tenant, id)?;
    let manager = manager.map(|m| by_id_or_name(tx, &change.tenant, m)).transpose()?;
    if manager.as_ref().is_some_and(|m| m.id == before.id) {
        return Err(Refused::invalid("manager", "another user", &before.id));
    }
    let after = User { manager_id: manager.map(|m| m.id), ..before.clone() };
    if before != after {
        save(tx, change, Some(&before), &after)?;
    }
    Ok(after)
}

/// Writes a user whose values were checked, and its event: `user.created` without `before`, else
/// `user.updated`.
///
/// # Errors
/// The engine's; [`StoreError::Unique`] where the name is taken, which the caller has looked for.
pub fn save(tx: &mut Tx<'_>, change: &Change, before: Option<&User>, after: &User) -> Result<(), StoreError> {
    let (name_key, display_key) = (key(&after.user_principal_name), key(&after.display_name));
    let (profile, mail_key) = (after.profile.to_row(), after.profile.text("mail").map(key));
    let sql = match before {
        None => {
            "INSERT INTO users (tenant_id, id, user_principal_name, user_principal_name_key, display_name, \
             display_name_key, account_enabled, manager_id, profile, mail_key, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)"
        }
        Some(_) => {
            "UPDATE users SET user_principal_name = ?3, user_principal_name_key = ?4, display_name = ?5, \
             display_name_key = ?6, account_enabled = ?7, manager_id = ?8, profile = ?9, mail_key = ?10, \
             updated_at = ?11 WHERE tenant_id = ?1 AND id = ?2"
        }
    };
    let values: [Val<'_>; 11] = [
        (&change.tenant).into(),
        (&after.id).into(),
        (&after.user_principal_name).into(),
        (&name_key).into(),
        (&after.display_name).into(),
        (&display_key).into(),
        after.account_enabled.into(),
        (&after.manager_id).into(),
        (&profile).into(),
        (&mail_key).into(),
        change.now.micros().into(),
    ];
    tx.exec(sql, &values)?;
    let action = if before.is_some() { "user.updated" } else { "user.created" };
    let before = before.map(User::to_json);
    change.record(tx, action, ("user", &after.id), before.as_ref(), Some(&after.to_json()))
}

/// Whether a user has the role Global Administrator.
///
/// # Errors
/// The engine's.
pub fn is_administrator(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT role FROM role_assignments WHERE tenant_id = ?1 AND user_id = ?2 AND role = ?3";
    tx.exists(sql, &[tenant.into(), id.into(), GLOBAL_ADMINISTRATOR.into()])
}

/// Makes a user Global Administrator.
///
/// # Errors
/// The engine's.
pub fn give_administrator(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), StoreError> {
    if is_administrator(tx, &change.tenant, id)? {
        return Ok(());
    }
    let sql = "INSERT INTO role_assignments (tenant_id, user_id, role) VALUES (?1, ?2, ?3)";
    tx.exec(sql, &[(&change.tenant).into(), id.into(), GLOBAL_ADMINISTRATOR.into()])?;
    let after = serde_json::json!({ "role": GLOBAL_ADMINISTRATOR });
    change.record(tx, "user.role_added", ("user", id), None, Some(&after))
}

/// Takes the role Global Administrator from a user.
///
/// # Errors
/// [`Refused::LastAdministrator`]; the engine's.
pub fn take_administrator(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), Refused> {
    if !is_administrator(tx, &change.tenant, id)? {
        return Ok(());
    }
    let sql = "DELETE FROM role_assignments WHERE tenant_id = ?1 AND user_id = ?2 AND role = ?3";
    tx.exec(sql, &[(&change.tenant).into(), id.into(), GLOBAL_ADMINISTRATOR.into()])?;
    let sql = "SELECT u.id FROM role_assignments r CROSS JOIN users u WHERE r.tenant_id = ?1 AND r.role = ?2 \
               AND u.tenant_id = ?1 AND u.id = r.user_id AND u.account_enabled = 1 AND u.deleted_at IS NULL";
    if !tx.exists(sql, &[(&change.tenant).into(), GLOBAL_ADMINISTRATOR.into()])? {
        return Err(Refused::LastAdministrator);
    }
    let before = serde_json::json!({ "role": GLOBAL_ADMINISTRATOR });
    Ok(change.record(tx, "user.role_removed", ("user", id), Some(&before), None)?)
}

/// That somebody can still open the console, once `touched` were disabled or deleted.
///
/// # Errors
/// [`Refused::LastAdministrator`]; the engine's.
pub fn ensure_administrator(tx: &mut Tx<'_>, tenant: &str, touched: &HashSet<String>) -> Result<(), Refused> {
    let sql = "SELECT r.user_id FROM role_assignments r WHERE r.tenant_id = ?1 AND r.role = ?2";
    let administrators = tx.rows(sql, &[tenant.into(), GLOBAL_ADMINISTRATOR.into()])?;
    let mut concerned = false;
    for row in &administrators {
        let id = row.text(0)?;
        if by_id(tx, tenant, &id)?.is_some_and(|user| user.account_enabled) {
            return Ok(());
        }
        concerned |= touched.contains(&id);
    }
    if concerned { Err(Refused::LastAdministrator) } else { Ok(()) }
}

/// What follows when accounts were disabled: their sessions end, and an administrator must be left.
///
/// # Errors
/// [`Refused::LastAdministrator`]; the engine's.
pub fn after_disabled(tx: &mut Tx<'_>, change: &Change, ids: &HashSet<String>) -> Result<(), Refused> {
    for id in ids {
        session::end_all(tx, &change.tenant, id)?;
    }
    if ids.is_empty() { Ok(()) } else { ensure_administrator(tx, &change.tenant, ids) }
}
