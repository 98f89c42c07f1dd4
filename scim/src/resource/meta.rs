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
    let mut sent = match resource {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    sent.shift_remove(ID.name);
    sent.shift_remove(META.name);
    let mut place = 0;
    if let Some(schemas) = sent.get_mut(SCHEMAS.name).map(Value::take) {
        sent.shift_insert(0, SCHEMAS.name.to_owned(), schemas);
        place = 1;
    }
    sent.shift_insert(place, ID.name.to_owned(), json!(meta.id));
    let facts = meta.facts(kind).map(|(name, value)| (name.to_owned(), json!(value)));
    sent.insert(META.name.to_owned(), Value::Object(facts.collect()));
    Value::Object(sent)
}

impl<'a> Meta<'a> {
    /// What `meta` says, in order.
    pub(super) fn facts(&self, kind: &ResourceType) -> impl Iterator<Item = (&'static str, &'a str)> {
        let facts = [
            ("resourceType", Some(kind.name)),
            ("created", Some(self.created)),
            ("lastModified", Some(self.last_modified)),
            ("location", self.location),
            ("version", self.version),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}
