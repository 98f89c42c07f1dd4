//! The roles of an application in the store. Each change and its event are in one transaction.

use std::collections::HashMap;

use serde_json::json;
use store::{Row, StoreError, Tx};

use super::app_roles::{AppRole, WantedRole, consistent};
use super::{COUNTS, DEFAULT_ACCESS, GROUPS_ABOVE, assignments};
use crate::change::Change;
use crate::refused::Refused;

const COLUMNS: &str = "id, display_name, description, value, is_enabled";
pub(super) const ASSIGNED_BY_ROLE: &str = "SELECT app_role_id, COUNT(*) FROM app_role_assignments \
     WHERE tenant_id = ?1 AND application_id = ?2 GROUP BY app_role_id";

fn read(row: &Row) -> Result<AppRole, StoreError> {
    let (id, display_name) = (row.text(0)?, row.text(1)?);
    Ok(AppRole::new(id, display_name, row.opt_text(2)?, row.opt_text(3)?, row.bool(4)?))
}

/// The roles of an application: the two that every application has, then its own, oldest first.
///
/// # Errors
/// The engine's.
pub fn app_roles(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Vec<AppRole>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM app_roles WHERE tenant_id = ?1 AND application_id = ?2 ORDER BY created_at, id"
    );
    let own = tx.rows(&sql, &[tenant.into(), application.into()])?;
    AppRole::fixed().into_iter().map(Ok).chain(own.iter().map(read)).collect()
}

/// The role with this id.
///
/// # Errors
/// The engine's.
pub fn app_role(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    id: &str,
) -> Result<Option<AppRole>, StoreError> {
    if let Some(fixed) = AppRole::fixed().into_iter().find(|role| role.id == id) {
        return Ok(Some(fixed));
    }
    if id.contains('\0') {
        return Ok(None);
    }
    let sql =
        format!("SELECT {COLUMNS} FROM app_roles WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3");
    tx.row(&sql, &[tenant.into(), application.into(), id.into()])?.as_ref().map(read).transpose()
}

/// The id of the role that a person or program names by its id, its value or its display name, in this order.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::Ambiguous`]; the engine's.
pub fn app_role_named(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    named: &str,
) -> Result<String, Refused> {
    if named == DEFAULT_ACCESS {
        return Ok(named.to_owned());
    }
    let roles = app_roles(tx, tenant, application)?;
    let by_id = roles.iter().find(|role| role.id == named);
    if let Some(role) = by_id.or_else(|| roles.iter().find(|role| role.value.as_deref() == Some(named))) {
        return Ok(role.id.clone());
    }
    let mut by_name = roles.iter().filter(|role| role.display_name == named);
    match (by_name.next(), by_name.next()) {
        (Some(role), None) => Ok(role.id.clone()),
        (None, _) => Err(Refused::not_found("app role", named)),
        _ => Err(Refused::Ambiguous { kind: "app role", name: named.to_owned() }),
    }
}

/// How many users and groups are assigned to each role of an application.
///
/// # Errors
/// The engine's.
pub fn assigned_by_role(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
) -> Result<HashMap<String, i64>, StoreError> {
    let rows = tx.rows(ASSIGNED_BY_ROLE, &[tenant.into(), application.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// Whether an application has roles besides the two that every application has, which have no value.
///
/// # Errors
/// The engine's.
pub fn has_own_roles(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM app_roles WHERE tenant_id = ?1 AND application_id = ?2 LIMIT 1";
    tx.exists(sql, &[tenant.into(), application.into()])
}

/// The enabled roles of an application that a user has, in person or through groups as far as nested groups
/// count: those with a value first, by value, then the others by name.
///
/// # Errors
/// The engine's.
pub fn roles_of_user(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    user: &str,
) -> Result<Vec<AppRole>, StoreError> {
    let mut roles = Vec::new();
    for row in tx.rows(&of_user(), &[tenant.into(), user.into(), application.into()])? {
        let id = row.text(0)?;
        match AppRole::fixed().into_iter().find(|role| role.id == id) {
            Some(fixed) => roles.push(fixed),
            // The zero id is access without a role.
            None if row.opt_text(1)?.is_none() => {}
            None => roles.extend(Some(read(&row)?).filter(|role| role.is_enabled)),
        }
    }
    roles.sort_by(|a, b| {
        let key = |role: &AppRole| {
            (role.value.is_none(), role.value.clone(), role.display_name.clone(), role.id.clone())
        };
        key(a).cmp(&key(b))
    });
    Ok(roles)
}

pub(super) fn of_user() -> String {
    format!(
        "{GROUPS_ABOVE}, principals (id, nested) AS ( \
           SELECT id, 0 FROM users WHERE tenant_id = ?1 AND id = ?2 UNION SELECT id, nested FROM above) \
         SELECT DISTINCT r.app_role_id, d.display_name, d.description, d.value, d.is_enabled \
         FROM principals a CROSS JOIN app_role_assignments r CROSS JOIN applications p CROSS JOIN tenants t \
         LEFT JOIN app_roles d ON d.tenant_id = r.tenant_id AND d.application_id = r.application_id \
           AND d.id = r.app_role_id \
         WHERE r.tenant_id = ?1 AND r.principal_id = a.id AND r.application_id = ?3 AND p.tenant_id = r.tenant_id \
           AND p.id = r.application_id AND t.id = r.tenant_id AND {COUNTS}"
    )
}

/// Creates the role, or changes the one with its id.
///
/// # Errors
/// [`Refused::Invalid`] for a role that everybody has and for a value that another role has,
/// [`Refused::TooMany`]; the engine's.
pub fn save_app_role(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    role: &AppRole,
) -> Result<(), Refused> {
    let mut roles = app_roles(tx, &change.tenant, application)?;
    let place = roles.iter().position(|known| known.id == role.id);
    let before = place.map(|n| roles.remove(n));
    roles.push(role.clone());
    consistent(&roles)?;
    write(tx, change, application, before.as_ref(), role)
}

/// Makes these the roles of an application, as Graph's PATCH of `appRoles` does: a role with a known id is
/// changed, one with another id created, and one that is not listed deleted. The two roles that every
/// application has stay whether they are listed or not.
///
/// # Errors
/// As [`save_app_role`] and [`delete_app_role`].
pub fn set_app_roles(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    wanted: &[WantedRole],
) -> Result<(), Refused> {
    let mut roles = Vec::with_capacity(wanted.len());
    for role in wanted {
        if role.id.is_none() {
            return Err(Refused::invalid("appRoles.id", "a GUID other than zero", ""));
        }
        roles.push(role.checked(String::new)?);
    }
    let listed = |id: &str| roles.iter().any(|role| role.id == id);
    let unlisted = AppRole::fixed().into_iter().filter(|fixed| !listed(&fixed.id));
    consistent(&roles.iter().cloned().chain(unlisted).collect::<Vec<_>>())?;
    let before = app_roles(tx, &change.tenant, application)?;
    for gone in before.iter().filter(|known| !known.is_fixed() && !listed(&known.id)) {
        delete_app_role(tx, change, application, &gone.id)?;
    }
    let changes: Vec<(Option<&AppRole>, &AppRole)> =
        roles.iter().map(|role| (before.iter().find(|known| known.id == role.id), role)).collect();
    // Two roles may exchange their values, which differ at every moment.
    let renamed = changes.iter().filter(|(known, role)| known.is_some_and(|known| known.value != role.value));
    for (_, role) in renamed {
        let sql =
            "UPDATE app_roles SET value = NULL WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3";
        tx.exec(sql, &[(&change.tenant).into(), application.into(), (&role.id).into()])?;
    }
    changes.into_iter().try_for_each(|(known, role)| write(tx, change, application, known, role))
}

fn write(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    before: Option<&AppRole>,
    role: &AppRole,
) -> Result<(), Refused> {
    if before == Some(role) {
        return Ok(());
    }
    if role.is_fixed() {
        let expected =
            "as it is: every application has the roles User and msiam_access, and they are not edited";
        return Err(Refused::invalid("appRoles", expected, &role.display_name));
    }
    let sql = "INSERT INTO app_roles (tenant_id, application_id, id, display_name, description, value, \
               is_enabled, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
               ON CONFLICT (tenant_id, application_id, id) DO UPDATE SET display_name = excluded.display_name, \
               description = excluded.description, value = excluded.value, is_enabled = excluded.is_enabled";
    let params = [
        (&change.tenant).into(),
        application.into(),
        (&role.id).into(),
        (&role.display_name).into(),
        role.description.as_deref().into(),
        role.value.as_deref().into(),
        role.is_enabled.into(),
        change.now.micros().into(),
    ];
    tx.exec(sql, &params)?;
    let action = if before.is_some() { "app_role.updated" } else { "app_role.created" };
    let before = before.map(|before| json!(before));
    Ok(change.record(tx, action, ("application", application), before.as_ref(), Some(&json!(role)))?)
}

/// Deletes a role, after the assignments that carry it, each with an event.
///
/// # Errors
/// [`Refused::NotFound`]; [`Refused::AppRoleInUse`] for an enabled role that somebody has, which Entra wants
/// disabled first as well; [`Refused::Invalid`] for a role that every application has; the engine's.
pub fn delete_app_role(tx: &mut Tx<'_>, change: &Change, application: &str, id: &str) -> Result<(), Refused> {
    let role = app_role(tx, &change.tenant, application, id)?;
    let role = role.ok_or_else(|| Refused::not_found("app role", id))?;
    if role.is_fixed() {
        return Err(Refused::invalid("appRoles", "a role of this application's own", &role.display_name));
    }
    let assigned = assignments::of_role(tx, &change.tenant, application, id)?;
    if role.is_enabled && !assigned.is_empty() {
        return Err(Refused::AppRoleInUse { role: role.display_name, assigned: assigned.len() });
    }
    for assignment in &assigned {
        assignments::remove(tx, change, assignment)?;
    }
    let sql = "DELETE FROM app_roles WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3";
    tx.exec(sql, &[(&change.tenant).into(), application.into(), id.into()])?;
    Ok(change.record(tx, "app_role.deleted", ("application", application), Some(&json!(role)), None)?)
}
