//! Extension schemas that administrators define (RFC 7643 §3.3 and §7), for users and for groups. The crate `scim`
//! judges resources by them as by the schemas of the RFC.

pub(super) mod http;
pub(super) mod pages;
pub mod store;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ::http::StatusCode;
use ::store::{Retryable, StoreError};
use scim::schema::custom::{Definition, DefinitionError, Extended};
use scim::schema::{RESOURCE_TYPES, ResourceType, Schema};
use serde_json::Value as Json;
use thiserror::Error;
use web::token;

use crate::admin_api::ApiError;
use crate::identity_store::IdentityKind;

/// How many there may be.
pub const MOST_SCHEMAS: usize = 10;
/// How many bytes of definitions one process keeps, those of removed schemas included.
const MOST_KEPT: usize = 8 << 20;

/// Why a schema was not added or removed.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// The definition breaks a rule.
    #[error("the schema is not right at {0}")]
    Definition(#[from] DefinitionError),
    /// There is one of this URN, or paths could not tell the two apart.
    #[error("the URN {urn} clashes with the schema {other}, which is there already")]
    Clash {
        /// The URN of the new one.
        urn: String,
        /// The one that is there.
        other: String,
    },
    /// There are as many as there may be.
    #[error("there are {MOST_SCHEMAS} schemas already")]
    Limit,
    /// So many different definitions were added and removed that no further one is kept in memory.
    #[error("this server has kept {MOST_KEPT} bytes of definitions in memory since it was started")]
    Memory,
    /// No such schema.
    #[error("there is no schema {0}")]
    NotFound(String),
    /// Values would be lost.
    #[error("{count} users or groups have values of the schema {urn}, which would be lost")]
    InUse {
        /// Its URN.
        urn: String,
        /// How many have values.
        count: i64,
    },
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for SchemaError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SchemaError> for ApiError {
    fn from(error: SchemaError) -> Self {
        let message = error.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, message.clone());
        match error {
            SchemaError::Definition(wrong) => Self::new(StatusCode::BAD_REQUEST, "InvalidSchema", message)
                .target(wrong.at)
                .expected(wrong.rule),
            SchemaError::Clash { .. } => {
                conflict("SchemaClash").target("id").fix("choose another URN, or remove that schema first")
            }
            SchemaError::Limit => {
                conflict("SchemaLimit").fix("remove one, or put the attributes into one of them")
            }
            SchemaError::Memory => conflict("SchemaMemory")
                .fix("restart the server, which frees the memory of schemas that were changed or removed"),
            SchemaError::NotFound(_) => Self::not_found("SchemaNotFound", message).target("urn"),
            SchemaError::InUse { count, .. } => conflict("SchemaInUse")
                .fix(format!("to remove the schema with all these values, confirm the number {count}")),
            SchemaError::Store(error) => error.into(),
        }
    }
}

/// A schema as stored.
#[derive(Debug, Clone)]
pub struct Defined {
    extends: String,
    definition: String,
}

/// The resource types with the schemas of an instance.
#[derive(Debug, Clone)]
pub struct Kinds([&'static ResourceType; 2]);

impl Kinds {
    /// The resource types with these schemas.
    ///
    /// # Errors
    /// The store's, where a definition cannot be read.
    pub fn of(defined: &[Defined]) -> Result<Self, StoreError> {
        let mut kinds = RESOURCE_TYPES;
        for kind in &mut kinds {
            *kind = extended(kind, defined)?;
        }
        Ok(Self(kinds))
    }

    /// The resource type of this name with the schemas.
    #[must_use]
    pub fn get(&self, kind: &'static ResourceType) -> &'static ResourceType {
        self.0.into_iter().find(|known| known.name == kind.name).unwrap_or(kind)
    }
}

/// The schemas for users or for groups.
///
/// # Errors
/// The store's, where a definition cannot be read.
pub fn schemas_of(defined: &[Defined], what: IdentityKind) -> Result<Vec<&'static Schema>, StoreError> {
    let extends = match what {
        IdentityKind::User => Extended::User,
        IdentityKind::Group => Extended::Group,
    };
    defined.iter().filter(|d| d.extends == extends.kind().name).map(|d| schema(&d.definition)).collect()
}

/// The resource without extensions that its type does not have (any more).
#[must_use]
pub fn known(kind: &ResourceType, mut known: Json) -> Json {
    if let Some(map) = known.as_object_mut() {
        map.retain(|name, _| !name.contains(':') || kind.extension(name).is_some());
    }
    if let Some(named) = known.get_mut("schemas").and_then(Json::as_array_mut) {
        named.retain(|name| name.as_str().is_some_and(|urn| kind.knows_schema(urn)));
    }
    known
}

/// Schemas and resource types by their definitions. They stay for as long as the process lives, for rules refer to
/// them without owning them; each definition that was ever in use is kept once, only administrators add any, and no
/// more than [`MOST_KEPT`] bytes of them.
struct Kept {
    schemas: BTreeMap<String, &'static Schema>,
    /// By the hash of all definitions.
    kinds: BTreeMap<[u8; 32], &'static ResourceType>,
    bytes: usize,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept { schemas: BTreeMap::new(), kinds: BTreeMap::new(), bytes: 0 });

impl Kept {
    /// Whether a definition may be added: one that is kept costs nothing more.
    fn has_room(&self, definition: &str) -> bool {
        self.schemas.contains_key(definition) || self.bytes + definition.len() <= MOST_KEPT
    }
}

/// Whether a definition may be added to those that this process keeps.
fn has_room(definition: &str) -> bool {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).has_room(definition)
}

fn extended(kind: &'static ResourceType, defined: &[Defined]) -> Result<&'static ResourceType, StoreError> {
    let own: Vec<&str> =
        defined.iter().filter(|d| d.extends == kind.name).map(|d| d.definition.as_str()).collect();
    if own.is_empty() {
        return Ok(kind);
    }
    let key = token::hash(&format!("{}\n{}", kind.name, own.join("\n")));
    if let Some(known) = KEPT.lock().unwrap_or_else(PoisonError::into_inner).kinds.get(&key) {
        return Ok(known);
    }
    let schemas = own.into_iter().map(schema).collect::<Result<Vec<_>, _>>()?;
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(kept.kinds.entry(key).or_insert_with(|| kind.extended(&schemas)))
}

fn schema(definition: &str) -> Result<&'static Schema, StoreError> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.schemas.get(definition) {
        return Ok(known);
    }
    let read: Definition = serde_json::from_str(definition)
        .map_err(|error| StoreError::Database(format!("a SCIM schema cannot be read: {error}")))?;
    let schema = read.into_schema();
    kept.bytes += definition.len();
    kept.schemas.insert(definition.to_owned(), schema);
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_is_kept() {
        let mut kept = Kept { schemas: BTreeMap::new(), kinds: BTreeMap::new(), bytes: MOST_KEPT - 10 };
        assert!(kept.has_room("0123456789") && !kept.has_room("0123456789a"));
        kept.schemas.insert("0123456789a".to_owned(), &scim::schema::USER_SCHEMA);
        assert!(kept.has_room("0123456789a"), "it is there already");
    }
}
