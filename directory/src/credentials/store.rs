//! Password hashes as rows.

use serde_json::json;
use store::{StoreError, Tx};
use web::session;

use crate::change::Change;

/// A password as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// The PHC string.
    pub hash: String,
    /// Whether it must be changed before anything else.
    pub must_change: bool,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("must_change", &self.must_change).finish_non_exhaustive()
    }
}

/// The password of a user, if it has one.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, tenant: &str, user: &str) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT hash, must_change FROM passwords WHERE tenant_id = ?1 AND user_id = ?2";
    let row = tx.row(sql, &[tenant.into(), user.into()])?;
    row.map(|row| Ok(Stored { hash: row.text(0)?, must_change: row.bool(1)? })).transpose()
}

/// Whether a user has a password.
///
/// # Errors
/// The engine's.
pub fn has_password(tx: &mut Tx<'_>, tenant: &str, user: &str) -> Result<bool, StoreError> {
    Ok(find(tx, tenant, user)?.is_some())
}

/// Sets a user's password and ends its sessions: whoever had the old one is out.
///
/// # Errors
/// The engine's.
pub fn set(
    tx: &mut Tx<'_>,
    change: &Change,
    user: &str,
    hash: &str,
    must_change: bool,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO passwords (tenant_id, user_id, hash, must_change, changed_at) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = ?3, must_change = ?4, changed_at = ?5",
        &[
            (&change.tenant).into(),
            user.into(),
            hash.into(),
            must_change.into(),
            change.now.micros().into(),
        ],
    )?;
    session::end_all(tx, &change.tenant, user)?;
    let after = json!({ "mustChange": must_change });
    change.record(tx, "password.changed", ("user", user), None, Some(&after))
}
