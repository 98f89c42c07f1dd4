//! What the server adds to a resource before it is sent, RFC 7643 §3.1.

use serde_json::{Map, Value, json};

use crate::schema::{ID, META, ResourceType, SCHEMAS};

/// What the server knows about a resource.
#[derive(Clone, Copy, Debug)]
pub struct Meta<'a> {
    /// The id that the server gave to it.
    pub id: &'a str,
    /// When it was created, as RFC 7643 §2.3.5 writes times.
    pub created: &'a str,
    /// When it last changed.
    pub last_modified: &'a str,
    /// Its address.
    pub location: Option<&'a str>,
    /// Its version, as in an ETag.
    pub version: Option<&'a str>,
}

/// The canonical resource with `id` and `meta`, in the order in which the RFC shows them.
#[must_use]
pub fn with_meta(kind: &ResourceType, resource: Value, meta: &Meta<'_>) -> Value {
    let mut sent = Map::new();
    let own = [SCHEMAS.name, ID.name, META.name];
    let mut rest = match resource {
        Value::Object(rest) => rest,
        _ => Map::new(),
    };
    if let Some(schemas) = rest.get_mut(SCHEMAS.name) {
        sent.insert(SCHEMAS.name.into(), schemas.take());
    }
    sent.insert(ID.name.into(), json!(meta.id));
    sent.extend(rest.into_iter().filter(|(name, _)| !own.contains(&name.as_str())));
    let mut facts = json!({
        "resourceType": kind.name, "created": meta.created, "lastModified": meta.last_modified,
    });
    for (name, value) in [("location", meta.location), ("version", meta.version)] {
        if let Some(value) = value {
            facts[name] = json!(value);
        }
    }
    sent.insert(META.name.into(), facts);
    Value::Object(sent)
}
