//! The discovery documents, RFC 7643 §5 to §7 and RFC 7644 §4.

use serde_json::{Map, Value, json};

use super::{Attribute, Kind, ResourceType, Schema};

const SCHEMA_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const CONFIG_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// What a server says about itself in `/ServiceProviderConfig`.
#[derive(Clone, Debug)]
pub struct Service<'a> {
    /// Most resources in one list.
    pub max_results: usize,
    /// How many resources a list has when the client does not say.
    pub default_results: usize,
    /// How long a cursor is good for, in seconds.
    pub cursor_seconds: u64,
    /// Where people read about the service.
    pub documentation_uri: Option<&'a str>,
    /// Whether lists can be sorted.
    pub sort: bool,
    /// Most operations and bytes of a bulk request; none where there is no `/Bulk`.
    pub bulk: Option<(usize, usize)>,
    /// Whether `meta.version` and `If-Match` are honoured.
    pub etag: bool,
    /// The events of RFC 9967 that others are told of; none where nobody is told.
    pub event_uris: &'a [&'a str],
}

/// The document of `/ServiceProviderConfig`, RFC 7643 §5, with RFC 9865 §3's `pagination`.
/// `base` is the address of the SCIM root without a slash at its end.
#[must_use]
pub fn service_provider_config(base: &str, service: &Service<'_>) -> Value {
    // The sizes are required where bulk is not supported too, RFC 7643 §5.
    let (operations, payload) = service.bulk.unwrap_or((1, 1_048_576));
    let mut document = json!({
        "schemas": [CONFIG_SCHEMA],
        "patch": {"supported": true},
        "bulk": {"supported": service.bulk.is_some(), "maxOperations": operations, "maxPayloadSize": payload},
        "filter": {"supported": true, "maxResults": service.max_results},
        "changePassword": {"supported": false},
        "sort": {"supported": service.sort},
        "etag": {"supported": service.etag},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": service.default_results,
            "maxPageSize": service.max_results,
            "cursorTimeout": service.cursor_seconds,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", format!("{base}/ServiceProviderConfig")),
    });
    // RFC 9967 §4. A request is never answered by an event.
    if !service.event_uris.is_empty() {
        document["securityEvents"] = json!({"asyncRequest": "none", "eventUris": service.event_uris});
    }
    if let Some(uri) = service.documentation_uri {
        document["documentationUri"] = json!(uri);
    }
    document
}

/// The entries of `/ResourceTypes`, RFC 7643 §6.
#[must_use]
pub fn resource_types(base: &str, kinds: &[&ResourceType]) -> Vec<Value> {
    kinds.iter().map(|kind| resource_type_document(base, kind)).collect()
}

/// The document of `/ResourceTypes/{name}`.
#[must_use]
pub fn resource_type(base: &str, kinds: &[&ResourceType], name: &str) -> Option<Value> {
    let kind = kinds.iter().find(|k| k.name.eq_ignore_ascii_case(name))?;
    Some(resource_type_document(base, kind))
}

/// The entries of `/Schemas`, RFC 7643 §7.
#[must_use]
pub fn schemas(base: &str, kinds: &[&ResourceType]) -> Vec<Value> {
    schemas_of(kinds).map(|schema| schema_document(base, schema)).collect()
}

/// The document of `/Schemas/{urn}`.
#[must_use]
pub fn schema(base: &str, kinds: &[&ResourceType], urn: &str) -> Option<Value> {
    let schema = schemas_of(kinds).find(|s| s.id.eq_ignore_ascii_case(urn))?;
    Some(schema_document(base, schema))
}

fn schemas_of(kinds: &[&ResourceType]) -> impl Iterator<Item = &'static Schema> {
    kinds.iter().flat_map(|kind| std::iter::once(kind.schema).chain(kind.extensions.iter().copied()))
}

fn resource_type_document(base: &str, kind: &ResourceType) -> Value {
    let extensions: Vec<Value> =
        kind.extensions.iter().map(|s| json!({"schema": s.id, "required": false})).collect();
    let mut document = json!({
        "schemas": [RESOURCE_TYPE_SCHEMA],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.endpoint,
        "description": kind.description,
        "schema": kind.schema.id,
    });
    // RFC 7643 §2.5: an empty list is the same as none, so it is left out.
    if !extensions.is_empty() {
        document["schemaExtensions"] = Value::Array(extensions);
    }
    document["meta"] = meta("ResourceType", format!("{base}/ResourceTypes/{}", kind.name));
    document
}

fn schema_document(base: &str, schema: &Schema) -> Value {
    json!({
        "schemas": [SCHEMA_SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": attributes(schema.attributes),
        "meta": meta("Schema", format!("{base}/Schemas/{}", schema.id)),
    })
}

fn attributes(list: &[Attribute]) -> Vec<Value> {
    list.iter().map(attribute).collect()
}

fn attribute(a: &Attribute) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), json!(a.name));
    map.insert("type".into(), json!(a.kind.word()));
    map.insert("multiValued".into(), json!(a.multi_valued));
    map.insert("description".into(), json!(a.description));
    map.insert("required".into(), json!(a.required));
    if matches!(a.kind, Kind::String | Kind::Reference | Kind::Binary) {
        map.insert("caseExact".into(), json!(a.case_exact));
    }
    if !a.canonical_values.is_empty() {
        map.insert("canonicalValues".into(), json!(a.canonical_values));
    }
    map.insert("mutability".into(), json!(a.mutability.word()));
    map.insert("returned".into(), json!(a.returned.word()));
    // RFC 7643 §7: uniqueness has no meaning for booleans and complex attributes.
    if !matches!(a.kind, Kind::Boolean | Kind::Complex) {
        map.insert("uniqueness".into(), json!(a.uniqueness.word()));
    }
    if !a.reference_types.is_empty() {
        map.insert("referenceTypes".into(), json!(a.reference_types));
    }
    if !a.sub_attributes.is_empty() {
        map.insert("subAttributes".into(), Value::Array(attributes(a.sub_attributes)));
    }
    Value::Object(map)
}

fn meta(kind: &str, location: String) -> Value {
    json!({"resourceType": kind, "location": location})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::RESOURCE_TYPES;

    #[test]
    fn every_attribute_has_the_members_of_rfc_7643_section_7() {
        fn check(list: &Value) {
            for a in list.as_array().unwrap() {
                for key in
                    ["name", "type", "multiValued", "description", "required", "mutability", "returned"]
                {
                    assert!(!a[key].is_null(), "{key} of {a}");
                }
                if a["type"] == "complex" {
                    check(&a["subAttributes"]);
                }
                if a["type"] == "reference" {
                    assert!(a["referenceTypes"].is_array(), "{a}");
                }
            }
        }
        for document in schemas("https://h/scim/v2", &RESOURCE_TYPES) {
            check(&document["attributes"]);
            let id = document["id"].as_str().unwrap();
            assert_eq!(document["meta"]["location"], format!("https://h/scim/v2/Schemas/{id}"));
        }
    }

    #[test]
    fn documents_are_found_without_regard_to_case() {
        assert!(schema("", &RESOURCE_TYPES, "URN:ietf:params:scim:schemas:core:2.0:user").is_some());
        assert!(resource_type("", &RESOURCE_TYPES, "group").is_some());
        assert!(schema("", &RESOURCE_TYPES, "urn:example").is_none());
    }
}
