use scim::caseless;
use store::{StoreError, Tx};

use super::Door;
use crate::instance::Author;

/// Someone with a password: id and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) hash: String,
}

/// Who may come through a door under this name. Users must be active and the Identity Center directory
/// the identity source; administrators depend on neither.
pub(super) fn known(
    tx: &mut Tx<'_>,
    instance_id: &str,
    door: Door,
    user_name: &str,
) -> Result<Option<Known>, StoreError> {
    let sql = match door {
        Door::Console => {
            "SELECT id, password_hash FROM administrators WHERE instance_id = ?1 AND user_name_key = ?2"
        }
        Door::Portal => {
            "SELECT u.id, p.hash FROM users u \
             JOIN passwords p ON p.instance_id = u.instance_id AND p.user_id = u.id \
             JOIN identity_sources s ON s.instance_id = u.instance_id AND s.state = 'active' \
             WHERE u.instance_id = ?1 AND u.user_name_key = ?2 AND u.active = 1 \
             AND s.kind = 'identity-center-directory'"
        }
    };
    let row = tx.row(sql, &[instance_id.into(), (&caseless::key(user_name)).into()])?;
    row.map(|row| Ok(Known { id: row.text(0)?, hash: row.text(1)? })).transpose()
}

/// Whether a user has a password.
///
/// # Errors
/// The engine's.
pub fn has_password(tx: &mut Tx<'_>, instance_id: &str, user_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM passwords WHERE instance_id = ?1 AND user_id = ?2";
    tx.exists(sql, &[instance_id.into(), user_id.into()])
}

/// Whether people sign in with passwords of this center.
///
/// # Errors
/// The engine's.
pub fn directory_is_source(tx: &mut Tx<'_>, instance_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM identity_sources WHERE instance_id = ?1 AND state = 'active' \
               AND kind = 'identity-center-directory'";
    tx.exists(sql, &[instance_id.into()])
}

pub(super) fn save(tx: &mut Tx<'_>, author: &Author, user_id: &str, hash: &str) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO passwords (instance_id, user_id, hash, changed_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (instance_id, user_id) DO UPDATE SET hash = ?3, changed_at = ?4",
        &[(&author.instance_id).into(), user_id.into(), hash.into(), author.now.micros().into()],
    )?;
    Ok(())
}
