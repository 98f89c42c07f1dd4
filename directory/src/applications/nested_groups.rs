//! Whether members of nested groups count for an application: for sign-on, conditions of claims and provisioning
//! alike. Entra counts direct members alone.

use store::{StoreError, Tx};

// CROSS JOIN, here and wherever groups are followed: SQLite keeps to this order, and would else go through every
// membership of the tenant for each group.
/// The groups that a user is in (?2; `nested` is 0) and those above them (1), for a tenant (?1).
pub(crate) const GROUPS_ABOVE: &str = "WITH RECURSIVE above (id, nested) AS ( \
       SELECT group_id, 0 FROM group_members WHERE tenant_id = ?1 AND member_id = ?2 \
       UNION \
       SELECT m.group_id, 1 FROM above a CROSS JOIN group_members m \
       WHERE m.tenant_id = ?1 AND m.member_id = a.id)";

/// Whether a row `a` of [`GROUPS_ABOVE`] counts for an application `p` of a tenant `t`.
pub(crate) const COUNTS: &str = "(a.nested = 0 OR COALESCE(p.transitive_groups, t.transitive_groups) = 1)";

/// Whether members of nested groups count for an application (by object id): its own setting, else the tenant's.
///
/// # Errors
/// [`StoreError::NoRow`] where there is no such tenant; the engine's.
pub fn transitive_groups(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<bool, StoreError> {
    let sql = "SELECT COALESCE(p.transitive_groups, t.transitive_groups) FROM tenants t \
               LEFT JOIN applications p ON p.tenant_id = t.id AND p.id = ?2 WHERE t.id = ?1";
    tx.row(sql, &[tenant.into(), application.into()])?.ok_or(StoreError::NoRow)?.bool(0)
}
