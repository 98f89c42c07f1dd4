use scim::caseless;
use store::{StoreError, Tx};
use web::{Timestamp, token};

use super::{KEY_NAME, New};
use crate::instance::Author;

/// Whether the set-up has been completed.
///
/// # Errors
/// The engine's.
pub fn has_administrator(tx: &mut Tx<'_>, instance_id: &str) -> Result<bool, StoreError> {
    tx.exists("SELECT 1 FROM administrators WHERE instance_id = ?1 LIMIT 1", &[instance_id.into()])
}

/// The hash of the secret that counts; none once the set-up is done.
pub(super) fn secret(tx: &mut Tx<'_>, instance_id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT secret_sha256 FROM setup_secrets WHERE instance_id = ?1";
    tx.row(sql, &[instance_id.into()])?.map(|row| row.bytes(0)).transpose()
}

pub(super) fn save_secret(
    tx: &mut Tx<'_>,
    instance_id: &str,
    secret: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO setup_secrets (instance_id, secret_sha256, created_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (instance_id) DO UPDATE SET secret_sha256 = ?2, created_at = ?3",
        &[instance_id.into(), token::hash(secret)[..].into(), now.micros().into()],
    )?;
    Ok(())
}

pub(super) fn delete_secret(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM setup_secrets WHERE instance_id = ?1", &[instance_id.into()]).map(|_| ())
}

pub(super) fn insert_administrator(tx: &mut Tx<'_>, author: &Author, new: &New) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO administrators (instance_id, id, user_name, user_name_key, password_hash, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            (&author.instance_id).into(),
            (&new.administrator_id).into(),
            (&new.user_name).into(),
            (&caseless::key(&new.user_name)).into(),
            (&new.hash).into(),
            author.now.micros().into(),
        ],
    )?;
    Ok(())
}

pub(super) fn insert_key(tx: &mut Tx<'_>, author: &Author, new: &New) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO api_keys (instance_id, id, display_name, secret_sha256, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            (&author.instance_id).into(),
            (&new.key_id).into(),
            KEY_NAME.into(),
            token::hash(&new.key)[..].into(),
            author.now.micros().into(),
        ],
    )?;
    Ok(())
}
