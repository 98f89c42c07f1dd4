//! The index over every e-mail address of every user.

use scim::caseless;
use serde_json::Value as Json;
use store::{StoreError, Tx, Val};

/// Brings the index up to date with the addresses in a user's resource.
pub(super) fn index(
    tx: &mut Tx<'_>,
    instance_id: &str,
    user_id: &str,
    resource: &Json,
) -> Result<(), StoreError> {
    let wanted = keys(resource);
    let sql = "SELECT email_key FROM user_emails WHERE instance_id = ?1 AND user_id = ?2";
    let rows = tx.rows(sql, &[instance_id.into(), user_id.into()])?;
    let known = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    for gone in known.iter().filter(|key| !wanted.contains(key)) {
        let sql = "DELETE FROM user_emails WHERE instance_id = ?1 AND email_key = ?2 AND user_id = ?3";
        tx.exec(sql, &[instance_id.into(), gone.into(), user_id.into()])?;
    }
    wanted.iter().filter(|key| !known.contains(key)).try_for_each(|new| insert(tx, instance_id, user_id, new))
}

/// The same of a user who was not there before.
///
/// # Errors
/// The engine's.
pub(super) fn index_new(
    tx: &mut Tx<'_>,
    instance_id: &str,
    user_id: &str,
    resource: &Json,
) -> Result<(), StoreError> {
    keys(resource).iter().try_for_each(|new| insert(tx, instance_id, user_id, new))
}

fn insert(tx: &mut Tx<'_>, instance_id: &str, user_id: &str, key: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO user_emails (instance_id, email_key, user_id) VALUES (?1, ?2, ?3)";
    tx.exec(sql, &[instance_id.into(), key.into(), user_id.into()]).map(|_| ())
}

/// Takes a user out of the index.
pub(super) fn forget(tx: &mut Tx<'_>, instance_id: &str, user_id: &str) -> Result<(), StoreError> {
    let key: [Val<'_>; 2] = [instance_id.into(), user_id.into()];
    tx.exec("DELETE FROM user_emails WHERE instance_id = ?1 AND user_id = ?2", &key).map(|_| ())
}

/// The addresses as they are compared, each once.
fn keys(resource: &Json) -> Vec<String> {
    let emails = resource["emails"].as_array().into_iter().flatten();
    let mut keys: Vec<String> = emails.filter_map(|e| e["value"].as_str()).map(caseless::key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
