//! Configurations as rows, and the groups of a user that their claims ask for. Every look-up goes by an
//! index, from the user to its groups.

use std::collections::BTreeSet;

use serde_json::json;
use store::{Row, StoreError, Tx, Val};

use super::configuration::Configuration;
use super::evaluate::Memberships;
use super::group_claim::{Found, MemberGroup, Which};
use crate::applications::{Application, COUNTS, GROUPS_ABOVE, has_own_roles, roles_of_user};
use crate::change::Change;
use crate::groups::{self, ABOVE};
use crate::refused::Refused;
use crate::tenant;

/// Most groups that are read of a user: more than the highest limit, with room for a filter.
const MOST_READ: i64 = 5000;

/// The configuration of an application: what was saved, or the default claims.
///
/// # Errors
/// [`StoreError::BadRow`] for a row that cannot be read: the default claims instead could tell an
/// application something that was removed on purpose.
pub fn configuration(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Configuration, StoreError> {
    let sql = "SELECT configuration FROM application_claims WHERE tenant_id = ?1 AND application_id = ?2";
    let Some(row) = tx.row(sql, &[tenant.into(), application.into()])? else {
        return Ok(Configuration::default());
    };
    let bad = |_| StoreError::BadRow { column: 0, why: "a configuration of claims expected" };
    serde_json::from_str(&row.text(0)?).map_err(bad)
}

/// Changes a configuration by `wanted`; what it is now. Groups in conditions may be named by id or by name
/// and are saved by id.
///
/// # Errors
/// [`Refused::NotFound`] for the application or a group, [`Refused::Ambiguous`], [`Refused::Invalid`],
/// [`Refused::TooMany`]; what `wanted` returns; the engine's.
pub fn update(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &Application,
    wanted: impl Fn(Configuration) -> Result<Configuration, Refused>,
) -> Result<Configuration, Refused> {
    let before = configuration(tx, &change.tenant, &application.id)?;
    let mut after = wanted(before.clone())?;
    for value in after.claims.iter_mut().flat_map(|claim| &mut claim.values) {
        for group in &mut value.groups {
            *group = group_id(tx, &change.tenant, group, &before)?;
        }
    }
    let after = after.checked(&tenant::get(tx, &change.tenant)?.default_domain)?;
    if after == before {
        return Ok(after);
    }
    let (old, new) = (json!(before), json!(after));
    let text = new.to_string();
    let params =
        [(&change.tenant).into(), (&application.id).into(), (&text).into(), change.now.micros().into()];
    let sql = "UPDATE application_claims SET configuration = ?3, updated_at = ?4 \
               WHERE tenant_id = ?1 AND application_id = ?2";
    if tx.exec(sql, &params)? == 0 {
        let sql = "INSERT INTO application_claims (tenant_id, application_id, configuration, updated_at) \
                   VALUES (?1, ?2, ?3, ?4)";
        tx.exec(sql, &params)?;
    }
    let subject = ("application", application.id.as_str());
    change.record(tx, "application.claims_updated", subject, Some(&old), Some(&new))?;
    Ok(after)
}

/// The id of a group in a condition. One that was deleted since stays: nobody is in it.
fn group_id(tx: &mut Tx<'_>, tenant: &str, named: &str, before: &Configuration) -> Result<String, Refused> {
    let named = named.trim();
    if before.scoped_groups().contains(&named) || groups::by_id(tx, tenant, named)?.is_some() {
        return Ok(named.to_owned());
    }
    Ok(groups::by_name(tx, tenant, named)?.id)
}

/// What the claims of an application have to know of a user's groups.
///
/// # Errors
/// The engine's.
pub fn memberships(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &Application,
    configuration: &Configuration,
    user: &str,
) -> Result<Memberships, StoreError> {
    // Most applications have none, and each sign-in comes by here.
    let roles = match has_own_roles(tx, tenant, &application.id)? {
        true => roles_of_user(tx, tenant, &application.id, user)?,
        false => Vec::new(),
    };
    let mut roles: Vec<String> = roles.into_iter().filter_map(|role| role.value).collect();
    roles.dedup();
    let mut found = Memberships { roles, ..Memberships::default() };
    if !configuration.scoped_groups().is_empty() {
        found.scoped = scoped(tx, tenant, &application.id, configuration, user)?;
    }
    if let Some(groups) = &configuration.groups {
        if groups.which == Which::All {
            found.all = all(tx, tenant, user)?;
        }
        found.assigned = assigned(tx, tenant, application, user)?;
    }
    Ok(found)
}

/// Nested groups count for conditions where they count for assignments to the application.
fn scoped(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    configuration: &Configuration,
    user: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let wanted = configuration.scoped_groups();
    let places: Vec<String> = (0..wanted.len()).map(|n| format!("?{}", n + 4)).collect();
    let sql = format!(
        "{GROUPS_ABOVE} SELECT DISTINCT a.id FROM above a CROSS JOIN applications p CROSS JOIN tenants t \
         WHERE p.tenant_id = ?1 AND p.id = ?3 AND t.id = ?1 AND {COUNTS} AND a.id IN ({})",
        places.join(", ")
    );
    let mut params: Vec<Val<'_>> = vec![tenant.into(), user.into(), application.into()];
    params.extend(wanted.iter().map(|group| Val::from(*group)));
    tx.rows(&sql, &params)?.iter().map(|row| row.text(0)).collect()
}

/// Entra counts nested memberships for "All groups", whatever counts for assignments.
fn all(tx: &mut Tx<'_>, tenant: &str, user: &str) -> Result<Found, StoreError> {
    found(&tx.rows(&every_group(), &[tenant.into(), user.into(), (MOST_READ + 1).into()])?)
}

/// "Groups assigned to the application": direct members only, as with Entra.
fn assigned(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &Application,
    user: &str,
) -> Result<Found, StoreError> {
    let params = [tenant.into(), user.into(), (&application.id).into(), (MOST_READ + 1).into()];
    found(&tx.rows(ASSIGNED, &params)?)
}

pub(crate) fn every_group() -> String {
    format!(
        "{ABOVE} SELECT g.id, g.display_name, g.mail_nickname FROM above a CROSS JOIN groups g \
         WHERE g.tenant_id = ?1 AND g.id = a.id ORDER BY g.display_name_key, g.id LIMIT ?3"
    )
}

pub(crate) const ASSIGNED: &str = "SELECT DISTINCT g.id, g.display_name, g.mail_nickname, g.display_name_key \
     FROM group_members m CROSS JOIN app_role_assignments r CROSS JOIN groups g \
     WHERE m.tenant_id = ?1 AND m.member_id = ?2 AND r.tenant_id = ?1 AND r.application_id = ?3 \
       AND r.principal_id = m.group_id AND g.tenant_id = ?1 AND g.id = m.group_id \
     ORDER BY g.display_name_key, g.id LIMIT ?4";

fn found(rows: &[Row]) -> Result<Found, StoreError> {
    let most = usize::try_from(MOST_READ).unwrap_or(usize::MAX);
    let read = |row: &Row| {
        Ok(MemberGroup { id: row.text(0)?, display_name: row.text(1)?, mail_nickname: row.text(2)? })
    };
    let groups: Result<Vec<MemberGroup>, StoreError> = rows.iter().take(most).map(read).collect();
    Ok(Found { groups: groups?, more: rows.len() > most })
}
