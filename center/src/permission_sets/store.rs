//! The SQL of permission sets.

use serde_json::json;
use store::{Row, StoreError, Tx};
use web::{Random, Timestamp};

use super::{Fields, MAX_SETS, PermissionSet, PermissionSetError};
use crate::instance::{Author, Subject};

const COLUMNS: &str = "id, name, description, session_duration, relay_state, managed_policies, \
                       inline_policy, created_at";

/// Every permission set, by name. There are [`MAX_SETS`] at most.
///
/// # Errors
/// The engine's.
pub fn list(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<PermissionSet>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM permission_sets WHERE instance_id = ?1 ORDER BY name");
    tx.rows(&sql, &[instance_id.into()])?.iter().map(read).collect()
}

/// The permission set with this id.
///
/// # Errors
/// The engine's.
pub fn by_id(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Option<PermissionSet>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM permission_sets WHERE instance_id = ?1 AND id = ?2");
    tx.row(&sql, &[instance_id.into(), id.into()])?.as_ref().map(read).transpose()
}

/// The permission set with this name.
///
/// # Errors
/// The engine's.
pub fn by_name(tx: &mut Tx<'_>, instance_id: &str, name: &str) -> Result<Option<PermissionSet>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM permission_sets WHERE instance_id = ?1 AND name = ?2");
    tx.row(&sql, &[instance_id.into(), name.into()])?.as_ref().map(read).transpose()
}

/// The permission set with this name, id or ARN.
///
/// # Errors
/// [`PermissionSetError::NotFound`]; the engine's.
pub fn find(tx: &mut Tx<'_>, instance_id: &str, given: &str) -> Result<PermissionSet, PermissionSetError> {
    if let Some(set) = by_name(tx, instance_id, given)? {
        return Ok(set);
    }
    let id = given.strip_prefix(&super::arn(instance_id, "")).unwrap_or(given);
    by_id(tx, instance_id, id)?.ok_or_else(|| PermissionSetError::NotFound(given.to_owned()))
}

/// How many there are.
///
/// # Errors
/// The engine's.
pub fn count(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    tx.int("SELECT count(*) FROM permission_sets WHERE instance_id = ?1", &[instance_id.into()])
}

/// Makes a permission set.
///
/// # Errors
/// [`PermissionSetError::Invalid`], [`PermissionSetError::NameTaken`],
/// [`PermissionSetError::TooMany`]; the engine's.
pub fn create(
    tx: &mut Tx<'_>,
    author: &Author,
    random: &Random,
    fields: &Fields,
) -> Result<PermissionSet, PermissionSetError> {
    fields.check()?;
    if by_name(tx, &author.instance_id, &fields.name)?.is_some() {
        return Err(PermissionSetError::NameTaken(fields.name.clone()));
    }
    if count(tx, &author.instance_id)? >= MAX_SETS {
        return Err(PermissionSetError::TooMany);
    }
    let id = format!("ps-{}", random.hex::<8>());
    let set = PermissionSet { id, fields: fields.clone(), created_at: author.now };
    tx.exec(
        "INSERT INTO permission_sets (instance_id, id, name, description, session_duration, relay_state, \
         managed_policies, inline_policy, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            (&author.instance_id).into(),
            (&set.id).into(),
            (&fields.name).into(),
            (&fields.description).into(),
            (&fields.session_duration).into(),
            (&fields.relay_state).into(),
            (&json!(fields.managed_policies).to_string()).into(),
            (&fields.inline_policy).into(),
            author.now.micros().into(),
        ],
    )?;
    author.record(tx, "permission_set.created", subject(&set.id), None, Some(&set.for_event()))?;
    Ok(set)
}

/// Puts `fields` in place of the set's; its name stays.
///
/// # Errors
/// [`PermissionSetError::NotFound`], [`PermissionSetError::Invalid`]; the engine's.
pub fn update(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    fields: &Fields,
) -> Result<PermissionSet, PermissionSetError> {
    let before = required(tx, author, id)?;
    let fields = Fields { name: before.fields.name.clone(), ..fields.clone() };
    if before.fields == fields {
        return Ok(before);
    }
    fields.check()?;
    tx.exec(
        "UPDATE permission_sets SET description = ?3, session_duration = ?4, relay_state = ?5, \
         managed_policies = ?6, inline_policy = ?7 WHERE instance_id = ?1 AND id = ?2",
        &[
            (&author.instance_id).into(),
            id.into(),
            (&fields.description).into(),
            (&fields.session_duration).into(),
            (&fields.relay_state).into(),
            (&json!(fields.managed_policies).to_string()).into(),
            (&fields.inline_policy).into(),
        ],
    )?;
    let after = PermissionSet { fields, ..before.clone() };
    let (shown_before, shown_after) = (before.for_event(), after.for_event());
    author.record(tx, "permission_set.updated", subject(id), Some(&shown_before), Some(&shown_after))?;
    Ok(after)
}

/// Removes a permission set that is assigned nowhere.
///
/// # Errors
/// [`PermissionSetError::NotFound`], [`PermissionSetError::InUse`]; the engine's.
pub fn delete(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), PermissionSetError> {
    let before = required(tx, author, id)?;
    let used = "SELECT count(*) FROM account_assignments WHERE instance_id = ?1 AND permission_set_id = ?2";
    let assignments = tx.int(used, &[(&author.instance_id).into(), id.into()])?;
    if assignments > 0 {
        return Err(PermissionSetError::InUse { name: before.fields.name, assignments });
    }
    let sql = "DELETE FROM permission_sets WHERE instance_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&author.instance_id).into(), id.into()])?;
    author.record(tx, "permission_set.deleted", subject(id), Some(&before.for_event()), None)?;
    Ok(())
}

fn required(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<PermissionSet, PermissionSetError> {
    by_id(tx, &author.instance_id, id)?.ok_or_else(|| PermissionSetError::NotFound(id.to_owned()))
}

fn read(row: &Row) -> Result<PermissionSet, StoreError> {
    let why = "a JSON list of texts expected";
    let policies = serde_json::from_value(row.json(5)?);
    Ok(PermissionSet {
        id: row.text(0)?,
        fields: Fields {
            name: row.text(1)?,
            description: row.text(2)?,
            session_duration: row.text(3)?,
            relay_state: row.opt_text(4)?,
            managed_policies: policies.map_err(|_| StoreError::BadRow { column: 5, why })?,
            inline_policy: row.text(6)?,
        },
        created_at: Timestamp(row.int(7)?),
    })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "permission_set", id }
}
