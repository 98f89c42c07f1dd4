//! How many people an application's assignments reach, and whom they do not.

use serde::Serialize;
use store::{StoreError, Tx};

use super::transitive_groups;

/// Most groups that are named as not followed.
const NAMED: i64 = 200;

/// Whom the assignments of an application reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Different people.
    pub people: i64,
    /// Whether members of nested groups count.
    pub transitive: bool,
    /// Groups inside assigned groups whose members are not reached through them.
    pub not_followed: Vec<NotFollowed>,
    /// People who are in such groups alone.
    pub people_not_reached: i64,
}

/// A group inside an assigned group that is not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotFollowed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// The name of the assigned group that it is in.
    pub inside: String,
}

/// Whom the assignments of an application reach under its setting for nested groups.
///
/// # Errors
/// The engine's.
pub fn reach(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Reach, StoreError> {
    let transitive = transitive_groups(tx, tenant, application)?;
    let all = people_reached(tx, tenant, application, true)?;
    if transitive {
        let (not_followed, people_not_reached) = (Vec::new(), 0);
        return Ok(Reach { people: all, transitive, not_followed, people_not_reached });
    }
    let people = people_reached(tx, tenant, application, false)?;
    let not_followed = not_followed(tx, tenant, application)?;
    Ok(Reach { people, transitive, not_followed, people_not_reached: all - people })
}

/// How many different people the assignments of an application reach, with or without nested groups.
///
/// # Errors
/// The engine's.
pub fn people_reached(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    nested: bool,
) -> Result<i64, StoreError> {
    people_with(tx, tenant, application, None, nested)
}

/// The same for the assignments with `role` alone, where one is given.
pub(super) fn people_with(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    role: Option<&str>,
    nested: bool,
) -> Result<i64, StoreError> {
    let params: Vec<_> =
        [Some(tenant), Some(application), role].into_iter().flatten().map(Into::into).collect();
    tx.int(&counting(role.is_some(), nested), &params)
}

/// Counts the people of a tenant's (?1) application (?2), or of its role (?3) alone.
pub(super) fn counting(of_role: bool, nested: bool) -> String {
    let only = if of_role { "AND app_role_id = ?3" } else { "" };
    let assigned = |kind: &str| {
        format!(
            "SELECT principal_id AS id FROM app_role_assignments \
             WHERE tenant_id = ?1 AND application_id = ?2 AND principal_type = '{kind}' {only}"
        )
    };
    let below = match nested {
        true => {
            " UNION SELECT m.member_id FROM below b CROSS JOIN group_members m \
             WHERE m.tenant_id = ?1 AND m.group_id = b.id AND m.member_type = 'group'"
        }
        false => "",
    };
    format!(
        "WITH RECURSIVE below (id) AS ({}{below}) \
         SELECT count(*) FROM ({} UNION \
           SELECT m.member_id FROM below b CROSS JOIN group_members m \
           WHERE m.tenant_id = ?1 AND m.group_id = b.id AND m.member_type = 'user') people",
        assigned("group"),
        assigned("user")
    )
}

// A nested group that is assigned itself needs no following.
pub(super) const NOT_FOLLOWED: &str = "SELECT DISTINCT g.id, g.display_name, o.display_name, g.display_name_key \
     FROM app_role_assignments r CROSS JOIN group_members m CROSS JOIN groups g CROSS JOIN groups o \
     WHERE r.tenant_id = ?1 AND r.application_id = ?2 AND m.tenant_id = ?1 AND m.group_id = r.principal_id \
       AND m.member_type = 'group' AND g.tenant_id = ?1 AND g.id = m.member_id AND o.tenant_id = ?1 \
       AND o.id = r.principal_id \
       AND NOT EXISTS (SELECT 1 FROM app_role_assignments x \
         WHERE x.tenant_id = ?1 AND x.application_id = ?2 AND x.principal_id = g.id) \
     ORDER BY g.display_name_key, g.id LIMIT ?3";

fn not_followed(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Vec<NotFollowed>, StoreError> {
    let rows = tx.rows(NOT_FOLLOWED, &[tenant.into(), application.into(), NAMED.into()])?;
    let read = |row: &store::Row| {
        Ok(NotFollowed { id: row.text(0)?, display_name: row.text(1)?, inside: row.text(2)? })
    };
    rows.iter().map(read).collect()
}
