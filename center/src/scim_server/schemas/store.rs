//! The SQL of extension schemas.

use scim::schema::custom::{Definition, Extended};
use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx, Val};

use super::{Defined, MOST_SCHEMAS, SchemaError, has_room};
use crate::identity_store::IdentityKind;
use crate::identity_store::store::{clear_extension, count_extension_uses};
use crate::instance::{Author, Subject};

/// The schemas, in the order in which they were added.
///
/// # Errors
/// The engine's.
pub fn defined(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<Defined>, StoreError> {
    let sql = "SELECT resource_type, definition FROM scim_schemas WHERE instance_id = ?1 \
               ORDER BY created_at, urn_key";
    let read = |row: &Row| Ok(Defined { extends: row.text(0)?, definition: row.text(1)? });
    tx.rows(sql, &[instance_id.into()])?.iter().map(read).collect()
}

/// The definitions, each with the number of users or groups that have values of it.
///
/// # Errors
/// The engine's.
pub fn list(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<(Definition, i64)>, StoreError> {
    let mut list = Vec::new();
    for defined in defined(tx, instance_id)? {
        let definition = read(&defined)?;
        let count = count_extension_uses(tx, instance_id, &definition.id)?;
        list.push((definition, count));
    }
    Ok(list)
}

/// Adds a schema.
///
/// # Errors
/// [`SchemaError::Definition`], [`SchemaError::Clash`], [`SchemaError::Limit`]; the engine's.
pub fn add(tx: &mut Tx<'_>, author: &Author, new: &Definition) -> Result<(), SchemaError> {
    new.check()?;
    let known = list(tx, &author.instance_id)?;
    if let Some((other, _)) = known.iter().find(|(known, _)| new.clashes(&known.id)) {
        return Err(SchemaError::Clash { urn: new.id.clone(), other: other.id.clone() });
    }
    if known.len() >= MOST_SCHEMAS {
        return Err(SchemaError::Limit);
    }
    let document = document(new)?;
    if !has_room(&document.to_string()) {
        return Err(SchemaError::Memory);
    }
    let kind = new.resource_type.kind().name;
    tx.exec(
        "INSERT INTO scim_schemas (instance_id, urn_key, resource_type, definition, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            (&author.instance_id).into(),
            (&new.id.to_ascii_lowercase()).into(),
            kind.into(),
            (&document.to_string()).into(),
            author.now.micros().into(),
        ],
    )?;
    Ok(author.record(tx, "scim.schema_added", subject(&new.id), None, Some(&document))?)
}

/// Removes a schema, and its values from every user or group; how many had some. Where there are any, `confirmed`
/// must be their number.
///
/// # Errors
/// [`SchemaError::NotFound`], [`SchemaError::InUse`]; the engine's.
pub fn remove(
    tx: &mut Tx<'_>,
    author: &Author,
    urn: &str,
    confirmed: Option<i64>,
) -> Result<i64, SchemaError> {
    let found = list(tx, &author.instance_id)?.into_iter().find(|(d, _)| d.id.eq_ignore_ascii_case(urn));
    let Some((definition, count)) = found else {
        return Err(SchemaError::NotFound(urn.chars().take(300).collect()));
    };
    if count > 0 && confirmed != Some(count) {
        return Err(SchemaError::InUse { urn: definition.id, count });
    }
    let what = match definition.resource_type {
        Extended::User => IdentityKind::User,
        Extended::Group => IdentityKind::Group,
    };
    clear_extension(tx, author, what, &definition.id)?;
    let urn_key = definition.id.to_ascii_lowercase();
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), (&urn_key).into()];
    tx.exec("DELETE FROM scim_schemas WHERE instance_id = ?1 AND urn_key = ?2", &key)?;
    let mut before = document(&definition)?;
    before["resourcesWithValues"] = json!(count);
    author.record(tx, "scim.schema_removed", subject(&definition.id), Some(&before), None)?;
    Ok(count)
}

fn read(defined: &Defined) -> Result<Definition, StoreError> {
    serde_json::from_str(&defined.definition)
        .map_err(|error| StoreError::Database(format!("a SCIM schema cannot be read: {error}")))
}

fn document(definition: &Definition) -> Result<Json, StoreError> {
    serde_json::to_value(definition).map_err(|error| StoreError::Database(error.to_string()))
}

fn subject(urn: &str) -> Subject<'_> {
    Subject { kind: "scim_schema", id: urn }
}
