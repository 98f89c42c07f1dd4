//! Who is assigned to an application, and whom that lets in.

use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx};
use web::Timestamp;

use super::nested_groups::{COUNTS, GROUPS_ABOVE};
use super::{Application, DEFAULT_ACCESS, app_role, by_any_id, find};
use crate::change::Change;
use crate::groups::{self, MemberKind};
use crate::refused::Refused;
use crate::users::{self, Page};

/// What can be assigned.
pub type PrincipalKind = MemberKind;

/// An assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its id.
    pub id: String,
    /// The application's object id.
    pub application_id: String,
    /// Who is assigned.
    pub principal: Principal,
    /// The role.
    pub app_role_id: String,
    /// When.
    pub created_at: Timestamp,
}

/// A user or a group that is or may be assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Its object id.
    pub id: String,
    /// What it is.
    pub kind: PrincipalKind,
}

/// That somebody may sign in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// Why.
    pub via: Via,
}

/// Why somebody may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// Assigned in person.
    Direct,
    /// A member of an assigned group, directly or, where the tenant says so, through other groups.
    Group {
        /// The group's id.
        id: String,
        /// Its name.
        display_name: String,
    },
    /// The application needs no assignment.
    NotRequired,
}

const COLUMNS: &str = "id, application_id, principal_id, principal_type, app_role_id, created_at";

fn read(row: &Row) -> Result<Assignment, StoreError> {
    Ok(Assignment {
        id: row.text(0)?,
        application_id: row.text(1)?,
        principal: Principal { id: row.text(2)?, kind: MemberKind::from_row(row, 3)? },
        app_role_id: row.text(4)?,
        created_at: Timestamp(row.int(5)?),
    })
}

impl Assignment {
    /// As events have it.
    pub fn to_json(&self) -> Json {
        json!({
            "id": self.id,
            "principalId": self.principal.id,
            "principalType": self.principal.kind.as_str(),
            "appRoleId": self.app_role_id,
        })
    }
}

/// A page of the assignments of an application, oldest first. `after` is the id of the last one before.
///
/// # Errors
/// The engine's.
pub fn list_assignments(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Assignment>, StoreError> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let params = [tenant.into(), application.into(), after.unwrap_or("").into(), most.into()];
    let rows = tx.rows(&page(), &params)?;
    let items: Result<Vec<Assignment>, StoreError> = rows.iter().take(limit).map(read).collect();
    let items = items?;
    let next = items.last().filter(|_| rows.len() > limit).map(|last| last.id.clone());
    Ok(Page { items, next })
}

/// The assignment with this id.
///
/// # Errors
/// The engine's.
pub fn by_role_assignment(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<Assignment>, StoreError> {
    if id.contains('\0') {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS} FROM app_role_assignments WHERE tenant_id = ?1 AND id = ?2");
    tx.row(&sql, &[tenant.into(), id.into()])?.as_ref().map(read).transpose()
}

fn of_principal(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    principal: &str,
) -> Result<Vec<Assignment>, StoreError> {
    tx.rows(&every(OF_PRINCIPAL), &[tenant.into(), application.into(), principal.into()])?
        .iter()
        .map(read)
        .collect()
}

/// The ids of the roles that a user or group is assigned to itself, not through groups, the oldest first.
///
/// # Errors
/// The engine's.
pub fn roles_assigned(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    principal: &str,
) -> Result<Vec<String>, StoreError> {
    let assignments = of_principal(tx, tenant, application, principal)?;
    Ok(assignments.into_iter().map(|assignment| assignment.app_role_id).collect())
}

/// Assigns a user or a group. `role` is one of the application's; the zero id means access without one.
///
/// # Errors
/// [`Refused::NotFound`] for any of the three, [`Refused::AppRoleDisabled`], [`Refused::AlreadyAssigned`]; the
/// engine's.
pub fn assign(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &Application,
    principal: &str,
    role: &str,
) -> Result<Assignment, Refused> {
    if role != DEFAULT_ACCESS {
        let found = app_role(tx, &change.tenant, &application.id, role)?;
        let found = found.ok_or_else(|| Refused::not_found("app role", role))?;
        if !found.is_enabled {
            return Err(Refused::AppRoleDisabled(found.display_name));
        }
    }
    let (kind, name) = if let Some(user) = users::by_id(tx, &change.tenant, principal)? {
        (MemberKind::User, user.display_name)
    } else if let Some(group) = groups::by_id(tx, &change.tenant, principal)? {
        (MemberKind::Group, group.display_name)
    } else {
        return Err(Refused::not_found("user or group", principal));
    };
    if roles_assigned(tx, &change.tenant, &application.id, principal)?.iter().any(|has| has == role) {
        return Err(Refused::AlreadyAssigned { principal: name });
    }
    let assignment = Assignment {
        id: change.id(),
        application_id: application.id.clone(),
        principal: Principal { id: principal.to_owned(), kind },
        app_role_id: role.to_owned(),
        created_at: change.now,
    };
    insert(tx, change, &assignment)?;
    Ok(assignment)
}

fn insert(tx: &mut Tx<'_>, change: &Change, assignment: &Assignment) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO app_role_assignments (tenant_id, id, application_id, principal_id, principal_type, \
         app_role_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            (&change.tenant).into(),
            (&assignment.id).into(),
            (&assignment.application_id).into(),
            (&assignment.principal.id).into(),
            assignment.principal.kind.as_str().into(),
            (&assignment.app_role_id).into(),
            assignment.created_at.micros().into(),
        ],
    )?;
    let subject = ("application", assignment.application_id.as_str());
    change.record(tx, "assignment.created", subject, None, Some(&assignment.to_json()))
}

/// Takes every assignment of a user or group to one application away, or the one with `role` alone; how many
/// there were.
///
/// # Errors
/// The engine's.
pub fn unassign(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    principal: &str,
    role: Option<&str>,
) -> Result<usize, StoreError> {
    let mut known = of_principal(tx, &change.tenant, application, principal)?;
    known.retain(|assignment| role.is_none_or(|role| assignment.app_role_id == role));
    for assignment in &known {
        remove(tx, change, assignment)?;
    }
    Ok(known.len())
}

/// Takes one assignment away.
///
/// # Errors
/// [`Refused::NotFound`], also for one of another application; the engine's.
pub fn unassign_by_id(tx: &mut Tx<'_>, change: &Change, application: &str, id: &str) -> Result<(), Refused> {
    let application = by_any_id(tx, &change.tenant, application)?;
    let found = by_role_assignment(tx, &change.tenant, id)?.filter(|a| a.application_id == application.id);
    let found = found.ok_or_else(|| Refused::not_found("assignment", id))?;
    Ok(remove(tx, change, &found)?)
}

/// Takes every assignment of a user or group to any application away.
///
/// # Errors
/// The engine's.
pub fn unassign_all(tx: &mut Tx<'_>, change: &Change, principal: &str) -> Result<(), StoreError> {
    for row in tx.rows(&every(ANYWHERE), &[(&change.tenant).into(), principal.into()])? {
        remove(tx, change, &read(&row)?)?;
    }
    Ok(())
}

/// Takes everybody's assignment to an application away.
pub(super) fn unassign_everyone(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
) -> Result<(), StoreError> {
    for row in tx.rows(&every(OF_ANYBODY), &[(&change.tenant).into(), application.into()])? {
        remove(tx, change, &read(&row)?)?;
    }
    Ok(())
}

/// The assignments that carry a role.
pub(super) fn of_role(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    role: &str,
) -> Result<Vec<Assignment>, StoreError> {
    tx.rows(&every(OF_ROLE), &[tenant.into(), application.into(), role.into()])?.iter().map(read).collect()
}

pub(super) fn remove(tx: &mut Tx<'_>, change: &Change, assignment: &Assignment) -> Result<(), StoreError> {
    let sql = "DELETE FROM app_role_assignments WHERE tenant_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&change.tenant).into(), (&assignment.id).into()])?;
    let subject = ("application", assignment.application_id.as_str());
    change.record(tx, "assignment.deleted", subject, Some(&assignment.to_json()), None)
}

/// Whether a user may sign in to an application, and why: assigned in person, through a group, or because
/// no assignment is needed. That a Global Administrator passes without one, as Entra documents, is left
/// out: whoever needs the application can be assigned.
///
/// # Errors
/// The engine's.
pub fn is_assigned(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &Application,
    user: &str,
) -> Result<Option<Assigned>, StoreError> {
    if !of_principal(tx, tenant, &application.id, user)?.is_empty() {
        return Ok(Some(Assigned { via: Via::Direct }));
    }
    if let Some(row) = tx.row(&through_group(), &[tenant.into(), user.into(), (&application.id).into()])? {
        let via = Via::Group { id: row.text(0)?, display_name: row.text(1)? };
        return Ok(Some(Assigned { via }));
    }
    Ok((!application.assignment_required).then_some(Assigned { via: Via::NotRequired }))
}

/// The applications that a user is assigned to, in person or through a group, by name.
///
/// # Errors
/// The engine's.
pub fn assigned_applications(
    tx: &mut Tx<'_>,
    tenant: &str,
    user: &str,
) -> Result<Vec<Application>, StoreError> {
    let rows = tx.rows(&of_user(), &[tenant.into(), user.into()])?;
    let mut applications = Vec::with_capacity(rows.len());
    for row in &rows {
        applications.extend(find(tx, tenant, &row.text(0)?)?);
    }
    Ok(applications)
}

pub(super) const OF_PRINCIPAL: &str = "application_id = ?2 AND principal_id = ?3";
pub(super) const OF_ROLE: &str = "application_id = ?2 AND app_role_id = ?3";
pub(super) const OF_ANYBODY: &str = "application_id = ?2";
pub(super) const ANYWHERE: &str = "principal_id = ?2";

/// In the order in which they were made. By id it would be the same, but SQLite would go through those of the tenant
/// for it.
pub(super) fn every(condition: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM app_role_assignments WHERE tenant_id = ?1 AND {condition} ORDER BY created_at, id"
    )
}

pub(super) fn page() -> String {
    format!(
        "SELECT {COLUMNS} FROM app_role_assignments WHERE tenant_id = ?1 AND application_id = ?2 AND id > ?3 \
         ORDER BY id LIMIT ?4"
    )
}

pub(super) fn through_group() -> String {
    format!(
        "{GROUPS_ABOVE} SELECT g.id, g.display_name FROM above a CROSS JOIN app_role_assignments r \
         CROSS JOIN groups g CROSS JOIN applications p CROSS JOIN tenants t \
         WHERE r.tenant_id = ?1 AND r.principal_id = a.id AND r.application_id = ?3 AND g.tenant_id = ?1 \
         AND g.id = a.id AND p.tenant_id = ?1 AND p.id = r.application_id AND t.id = ?1 AND {COUNTS} \
         ORDER BY g.display_name_key, g.id LIMIT 1"
    )
}

pub(super) fn of_user() -> String {
    format!(
        "{GROUPS_ABOVE}, principals (id, nested) AS ( \
           SELECT id, 0 FROM users WHERE tenant_id = ?1 AND id = ?2 UNION SELECT id, nested FROM above) \
         SELECT DISTINCT p.id, p.display_name_key FROM principals a \
         CROSS JOIN app_role_assignments r CROSS JOIN applications p CROSS JOIN tenants t \
         WHERE r.tenant_id = ?1 AND r.principal_id = a.id AND p.tenant_id = r.tenant_id \
         AND p.id = r.application_id AND t.id = r.tenant_id AND {COUNTS} ORDER BY p.display_name_key, p.id"
    )
}
