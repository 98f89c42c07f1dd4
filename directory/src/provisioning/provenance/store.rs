//! What is above a user among the groups, as far as it is looked at.

use std::collections::{BTreeMap, BTreeSet};

use store::{StoreError, Tx};

use super::paths::Memberships;

/// Groups that are looked at, the nearest first, and memberships among them.
const GROUPS: i64 = 2000;
const MEMBERSHIPS: i64 = 20_000;

/// The groups above somebody.
#[derive(Debug, Default)]
pub struct Above {
    /// Who is in which of them.
    pub memberships: Memberships,
    /// Their names.
    pub names: BTreeMap<String, String>,
    /// Those that are assigned to the application.
    pub assigned: BTreeSet<String>,
    /// Whether there are more than were looked at.
    pub cut: bool,
}

/// Step by step from member to group, so the nearest are found first. UNION drops what was seen, so circles end.
const NEAR: &str = "WITH RECURSIVE up (id) AS ( \
       SELECT group_id FROM group_members WHERE tenant_id = ?1 AND member_id = ?2 \
       UNION \
       SELECT m.group_id FROM up CROSS JOIN group_members m WHERE m.tenant_id = ?1 AND m.member_id = up.id), \
     near (id) AS (SELECT id FROM up LIMIT ?3) ";

/// The groups that `member` is in, directly or through others.
///
/// # Errors
/// The engine's.
pub fn above(tx: &mut Tx<'_>, tenant: &str, application: &str, member: &str) -> Result<Above, StoreError> {
    let mut above = Above::default();
    let sql = "SELECT group_id FROM group_members WHERE tenant_id = ?1 AND member_id = ?2 LIMIT ?3";
    let direct = tx.rows(sql, &[tenant.into(), member.into(), MEMBERSHIPS.into()])?;
    for row in &direct {
        above.memberships.entry(member.to_owned()).or_default().insert(row.text(0)?);
    }
    let sql = format!(
        "{NEAR} SELECT m.member_id, m.group_id FROM near CROSS JOIN group_members m \
         WHERE m.tenant_id = ?1 AND m.member_id = near.id LIMIT ?4"
    );
    let inner = tx.rows(&sql, &[tenant.into(), member.into(), GROUPS.into(), MEMBERSHIPS.into()])?;
    for row in &inner {
        above.memberships.entry(row.text(0)?).or_default().insert(row.text(1)?);
    }
    let sql = format!(
        "{NEAR} SELECT g.id, g.display_name, CASE WHEN EXISTS (SELECT 1 FROM app_role_assignments r \
           WHERE r.tenant_id = ?1 AND r.application_id = ?4 AND r.principal_id = g.id) THEN 1 ELSE 0 END \
         FROM near CROSS JOIN groups g WHERE g.tenant_id = ?1 AND g.id = near.id"
    );
    // One more than is looked at tells whether there are more.
    let most = (GROUPS + 1).into();
    let groups = tx.rows(&sql, &[tenant.into(), member.into(), most, application.into()])?;
    for row in &groups {
        above.names.insert(row.text(0)?, row.text(1)?);
        if row.bool(2)? {
            above.assigned.insert(row.text(0)?);
        }
    }
    let full = |rows: &[store::Row], most: i64| i64::try_from(rows.len()).is_ok_and(|n| n >= most);
    above.cut = full(&direct, MEMBERSHIPS) || full(&inner, MEMBERSHIPS) || full(&groups, GROUPS + 1);
    Ok(above)
}
