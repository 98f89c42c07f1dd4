//! The access decision: accounts × permission sets of a person, and why.

use store::{StoreError, Tx};

use super::PrincipalType;

/// An account that a person has access to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountAccess {
    /// Twelve digits.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// The address of its root user.
    pub email: String,
    /// What the person may do there, by name.
    pub roles: Vec<RoleAccess>,
}

/// A permission set that a person has in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAccess {
    /// Its id.
    pub permission_set_id: String,
    /// Its name.
    pub name: String,
    /// The assignments that it comes from: never empty.
    pub because: Vec<Because>,
}

/// A reason for access: the assignment to the person or to one of the person's groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Because {
    /// Whether the assignment is to the person or to a group.
    pub principal_type: PrincipalType,
    /// The name of the user or group.
    pub display_name: String,
    /// The id of the user or group.
    pub principal_id: String,
}

/// What a user has access to, accounts by name. Empty for a user who is disabled or not there;
/// suspended accounts are left out.
///
/// # Errors
/// The engine's.
pub fn access_of(
    tx: &mut Tx<'_>,
    instance_id: &str,
    user_id: &str,
) -> Result<Vec<AccountAccess>, StoreError> {
    let mut rows = Vec::new();
    for (sql, kind) in [(DIRECT, PrincipalType::User), (BY_GROUP, PrincipalType::Group)] {
        for row in tx.rows(sql, &[instance_id.into(), user_id.into()])? {
            let because =
                Because { principal_type: kind, principal_id: row.text(5)?, display_name: row.text(6)? };
            rows.push(Row {
                account: (row.text(1)?, row.text(0)?, row.text(2)?),
                role: (row.text(4)?, row.text(3)?),
                because,
            });
        }
    }
    rows.sort();
    Ok(grouped(rows))
}

const DIRECT: &str = "SELECT c.id, c.name, c.email, p.id, p.name, u.id, u.display_name \
    FROM users u \
    JOIN account_assignments a ON a.instance_id = u.instance_id AND a.principal_id = u.id \
    JOIN accounts c ON c.instance_id = a.instance_id AND c.id = a.account_id \
    JOIN permission_sets p ON p.instance_id = a.instance_id AND p.id = a.permission_set_id \
    WHERE u.instance_id = ?1 AND u.id = ?2 AND u.active = 1 AND c.status = 'ACTIVE' \
    AND a.principal_type = 'USER'";

const BY_GROUP: &str = "SELECT c.id, c.name, c.email, p.id, p.name, g.id, g.display_name \
    FROM users u \
    JOIN group_members m ON m.instance_id = u.instance_id AND m.user_id = u.id \
    JOIN groups g ON g.instance_id = m.instance_id AND g.id = m.group_id \
    JOIN account_assignments a ON a.instance_id = g.instance_id AND a.principal_id = g.id \
    JOIN accounts c ON c.instance_id = a.instance_id AND c.id = a.account_id \
    JOIN permission_sets p ON p.instance_id = a.instance_id AND p.id = a.permission_set_id \
    WHERE u.instance_id = ?1 AND u.id = ?2 AND u.active = 1 AND c.status = 'ACTIVE' \
    AND a.principal_type = 'GROUP'";

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    /// Name, id, address.
    account: (String, String, String),
    /// Name, id.
    role: (String, String),
    because: Because,
}

/// Sorted rows as accounts with roles with reasons.
fn grouped(rows: Vec<Row>) -> Vec<AccountAccess> {
    let mut accounts: Vec<AccountAccess> = Vec::new();
    for row in rows {
        if accounts.last().is_none_or(|a| a.account_id != row.account.1) {
            let (account_name, account_id, email) = row.account;
            accounts.push(AccountAccess { account_id, account_name, email, roles: Vec::new() });
        }
        let Some(account) = accounts.last_mut() else { continue };
        if account.roles.last().is_none_or(|r| r.permission_set_id != row.role.1) {
            let (name, permission_set_id) = row.role;
            account.roles.push(RoleAccess { permission_set_id, name, because: Vec::new() });
        }
        if let Some(role) = account.roles.last_mut() {
            role.because.push(row.because);
        }
    }
    accounts
}
