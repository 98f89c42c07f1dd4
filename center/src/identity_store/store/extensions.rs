//! Values of extension schemas that administrators define: where they are in use, and which may not repeat.

use std::collections::BTreeSet;

use scim::caseless;
use scim::schema::{Schema, Uniqueness, urn};
use serde_json::{Value as Json, json};
use store::{StoreError, Tx, Val};
use web::token;

use super::groups;
use crate::identity_store::{IdentityError, IdentityKind};
use crate::instance::{Author, Subject};
use crate::scim_server::schemas::{self, Defined};

/// How many resources are read at once.
const CHUNK: i64 = 500;

/// Notes what a user or group has of extensions.
///
/// # Errors
/// [`IdentityError::ValueTaken`]; the engine's.
pub(super) fn index(
    tx: &mut Tx<'_>,
    instance_id: &str,
    what: IdentityKind,
    id: &str,
    resource: &Json,
) -> Result<(), IdentityError> {
    let defined = schemas::store::defined(tx, instance_id)?;
    if defined.is_empty() {
        return Ok(());
    }
    forget(tx, instance_id, id)?;
    insert(tx, instance_id, what, id, resource, &defined)
}

/// The same of a resource that was not there before.
///
/// # Errors
/// [`IdentityError::ValueTaken`]; the engine's.
pub(super) fn index_new(
    tx: &mut Tx<'_>,
    instance_id: &str,
    what: IdentityKind,
    id: &str,
    resource: &Json,
) -> Result<(), IdentityError> {
    let mut names = resource.as_object().into_iter().flatten().map(|(name, _)| name);
    if !names.any(|name| name.contains(':') && name != urn::ENTERPRISE_USER) {
        return Ok(());
    }
    let defined = schemas::store::defined(tx, instance_id)?;
    insert(tx, instance_id, what, id, resource, &defined)
}

fn insert(
    tx: &mut Tx<'_>,
    instance_id: &str,
    what: IdentityKind,
    id: &str,
    resource: &Json,
    defined: &[Defined],
) -> Result<(), IdentityError> {
    for schema in schemas::schemas_of(defined, what)? {
        let Some(part) = resource.get(schema.id) else { continue };
        let urn_key = schema.id.to_ascii_lowercase();
        let sql = "INSERT INTO scim_schema_uses (instance_id, urn_key, resource_id) VALUES (?1, ?2, ?3)";
        tx.exec(sql, &[instance_id.into(), (&urn_key).into(), id.into()])?;
        index_unique(tx, instance_id, what, id, schema, part)?;
    }
    Ok(())
}

fn index_unique(
    tx: &mut Tx<'_>,
    instance_id: &str,
    what: IdentityKind,
    id: &str,
    schema: &Schema,
    part: &Json,
) -> Result<(), IdentityError> {
    let urn_key = schema.id.to_ascii_lowercase();
    for attribute in schema.attributes.iter().filter(|a| a.uniqueness == Uniqueness::Server) {
        let Some(value) = part.get(attribute.name) else { continue };
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts = values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
        let keys: BTreeSet<String> =
            texts.map(|text| if attribute.case_exact { text } else { caseless::key(&text) }).collect();
        for key in keys {
            // A hash, since PostgreSQL does not index long texts.
            let hash = hex::encode(token::hash(&key));
            let place: [Val<'_>; 4] =
                [instance_id.into(), (&urn_key).into(), attribute.name.into(), (&hash).into()];
            let sql = "SELECT resource_id FROM scim_unique_values \
                       WHERE instance_id = ?1 AND urn_key = ?2 AND attribute = ?3 AND value_hash = ?4";
            if let Some(row) = tx.row(sql, &place)? {
                let attribute = format!("{}:{}", schema.id, attribute.name);
                return Err(IdentityError::ValueTaken { attribute, value: key, what, id: row.text(0)? });
            }
            let sql = "INSERT INTO scim_unique_values (instance_id, urn_key, attribute, value_hash, resource_id) \
                       VALUES (?1, ?2, ?3, ?4, ?5)";
            tx.exec(sql, &[place[0], place[1], place[2], place[3], id.into()])?;
        }
    }
    Ok(())
}

/// Takes a user or group out of the notes.
///
/// # Errors
/// The engine's.
pub(super) fn forget(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<(), StoreError> {
    let key: [Val<'_>; 2] = [instance_id.into(), id.into()];
    tx.exec("DELETE FROM scim_schema_uses WHERE instance_id = ?1 AND resource_id = ?2", &key)?;
    tx.exec("DELETE FROM scim_unique_values WHERE instance_id = ?1 AND resource_id = ?2", &key).map(|_| ())
}

/// Puts what a group has of extensions in place of what it had. Nothing happens where it is the same.
///
/// # Errors
/// [`IdentityError::GroupNotFound`], [`IdentityError::ValueTaken`]; the engine's.
pub fn set_group_extensions(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    extensions: &Json,
) -> Result<(), IdentityError> {
    let before = groups::required(tx, author, id)?;
    if before.extensions == *extensions {
        return Ok(());
    }
    let sql = "UPDATE groups SET extensions = ?3, updated_at = ?4, version = version + 1 \
               WHERE instance_id = ?1 AND id = ?2";
    let text = extensions.to_string();
    tx.exec(sql, &[(&author.instance_id).into(), id.into(), (&text).into(), author.now.micros().into()])?;
    index(tx, &author.instance_id, IdentityKind::Group, id, extensions)?;
    let after = groups::required(tx, author, id)?;
    let subject = Subject { kind: "group", id };
    author.record(tx, "group.updated", subject, Some(&before.for_event()), Some(&after.for_event()))?;
    Ok(())
}

/// How many users or groups have values of the schema.
///
/// # Errors
/// The engine's.
pub fn count_extension_uses(tx: &mut Tx<'_>, instance_id: &str, urn: &str) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM scim_schema_uses WHERE instance_id = ?1 AND urn_key = ?2";
    tx.int(sql, &[instance_id.into(), (&urn.to_ascii_lowercase()).into()])
}

/// Takes the values of a schema out of every user or group. There is one event for all, which the removal of the
/// schema records.
///
/// # Errors
/// The engine's.
pub fn clear_extension(
    tx: &mut Tx<'_>,
    author: &Author,
    what: IdentityKind,
    urn: &str,
) -> Result<(), StoreError> {
    let (instance, urn_key) = (&author.instance_id, urn.to_ascii_lowercase());
    let (table, column) = match what {
        IdentityKind::User => ("users", "resource"),
        IdentityKind::Group => ("groups", "extensions"),
    };
    let (mut after, mut full) = (String::new(), true);
    while full {
        let sql = format!(
            "SELECT r.id, r.{column} FROM scim_schema_uses u \
             JOIN {table} r ON r.instance_id = u.instance_id AND r.id = u.resource_id \
             WHERE u.instance_id = ?1 AND u.urn_key = ?2 AND u.resource_id > ?3 ORDER BY u.resource_id LIMIT ?4"
        );
        let params: [Val<'_>; 4] = [instance.into(), (&urn_key).into(), (&after).into(), CHUNK.into()];
        let rows = tx.rows(&sql, &params)?;
        full = i64::try_from(rows.len()) == Ok(CHUNK);
        for row in rows {
            after = row.text(0)?;
            let rest = without(row.json(1)?, urn).to_string();
            let sql = format!(
                "UPDATE {table} SET {column} = ?3, updated_at = ?4, version = version + 1 \
                 WHERE instance_id = ?1 AND id = ?2"
            );
            let now = author.now.micros();
            tx.exec(&sql, &[instance.into(), (&after).into(), (&rest).into(), now.into()])?;
        }
    }
    let key: [Val<'_>; 2] = [instance.into(), (&urn_key).into()];
    tx.exec("DELETE FROM scim_schema_uses WHERE instance_id = ?1 AND urn_key = ?2", &key)?;
    tx.exec("DELETE FROM scim_unique_values WHERE instance_id = ?1 AND urn_key = ?2", &key).map(|_| ())
}

fn without(mut resource: Json, urn: &str) -> Json {
    if let Some(map) = resource.as_object_mut() {
        map.retain(|name, _| !name.eq_ignore_ascii_case(urn));
        if map.is_empty() {
            return Json::Null;
        }
    }
    if let Some(named) = resource.get_mut("schemas").and_then(Json::as_array_mut) {
        named.retain(|name| *name != json!(urn));
    }
    resource
}
