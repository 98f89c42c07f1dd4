//! Who has a role of an application: what an administrator sees before it is disabled or deleted.

use serde::Serialize;
use store::{Row, StoreError, Tx};

use super::reach::people_with;
use super::{PrincipalKind, transitive_groups};

/// Most users and groups that are named.
const NAMED: i64 = 200;

/// Who has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holders {
    /// How many users and groups are assigned to it.
    pub assigned: i64,
    /// How many different people have it, in person or through these groups as far as nested groups count.
    pub people: i64,
    /// The users and groups that were assigned first, at most 200.
    pub assigned_to: Vec<Holder>,
}

/// A user or group that is assigned to a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Its object id.
    pub id: String,
    /// `user` or `group`.
    pub kind: &'static str,
    /// Its name.
    pub display_name: String,
    /// Of a user.
    pub user_principal_name: Option<String>,
}

impl Holders {
    /// How many users and groups have it and are not named.
    pub fn more(&self) -> i64 {
        self.assigned - i64::try_from(self.assigned_to.len()).unwrap_or(i64::MAX)
    }
}

/// Who has the role with this id.
///
/// # Errors
/// The engine's.
pub fn holders(tx: &mut Tx<'_>, tenant: &str, application: &str, role: &str) -> Result<Holders, StoreError> {
    let params = [tenant.into(), application.into(), role.into()];
    let assigned = tx.int(COUNT, &params)?;
    let read = |row: &Row| {
        Ok(Holder {
            id: row.text(0)?,
            kind: PrincipalKind::from_row(row, 1)?.as_str(),
            display_name: row.text(2)?,
            user_principal_name: row.opt_text(3)?,
        })
    };
    let assigned_to: Result<Vec<Holder>, StoreError> = tx.rows(&first(), &params)?.iter().map(read).collect();
    let nested = transitive_groups(tx, tenant, application)?;
    let people = people_with(tx, tenant, application, Some(role), nested)?;
    Ok(Holders { assigned, people, assigned_to: assigned_to? })
}

pub(super) const COUNT: &str = "SELECT count(*) FROM app_role_assignments \
     WHERE tenant_id = ?1 AND application_id = ?2 AND app_role_id = ?3";

pub(super) fn first() -> String {
    format!(
        "SELECT r.principal_id, r.principal_type, COALESCE(u.display_name, g.display_name, ''), \
         u.user_principal_name FROM app_role_assignments r \
         LEFT JOIN users u ON u.tenant_id = r.tenant_id AND u.id = r.principal_id \
         LEFT JOIN groups g ON g.tenant_id = r.tenant_id AND g.id = r.principal_id \
         WHERE r.tenant_id = ?1 AND r.application_id = ?2 AND r.app_role_id = ?3 ORDER BY r.created_at, r.id LIMIT {NAMED}"
    )
}
