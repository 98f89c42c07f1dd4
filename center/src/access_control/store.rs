//! The row of `access_control_attributes`.

use ::store::{StoreError, Tx};
use serde_json::json;

use super::AccessControl;
use crate::instance::{Author, Subject};

/// The configuration; nothing where attributes for access control are not enabled.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn load(tx: &mut Tx<'_>, instance_id: &str) -> Result<Option<AccessControl>, StoreError> {
    let sql = "SELECT settings FROM access_control_attributes WHERE instance_id = ?1";
    let Some(row) = tx.row(sql, &[instance_id.into()])? else { return Ok(None) };
    let bad = StoreError::BadRow { column: 0, why: "attributes for access control expected" };
    serde_json::from_value(row.json(0)?).map(Some).map_err(|_| bad)
}

/// Saves the configuration, which enables it; nothing at all disables it.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, author: &Author, new: Option<&AccessControl>) -> Result<(), StoreError> {
    let old = load(tx, &author.instance_id)?;
    if old.as_ref() == new {
        return Ok(());
    }
    let after = new.map(|new| json!(new));
    match &after {
        Some(after) => tx.exec(
            "INSERT INTO access_control_attributes (instance_id, settings, changed_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT (instance_id) DO UPDATE SET settings = ?2, changed_at = ?3",
            &[(&author.instance_id).into(), (&after.to_string()).into(), author.now.micros().into()],
        )?,
        None => tx.exec(
            "DELETE FROM access_control_attributes WHERE instance_id = ?1",
            &[(&author.instance_id).into()],
        )?,
    };
    let before = old.map(|old| json!(old));
    let subject = Subject { kind: "access_control_attributes", id: &author.instance_id };
    author.record(tx, "access_control_attributes.updated", subject, before.as_ref(), after.as_ref())
}
