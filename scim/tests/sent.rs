//! The text of an answer is made of the text of a row; it must be what the way over values gives, byte by byte.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use proptest::sample::select;
use scim::list::ListQuery;
use scim::resource::{Meta, Stored, project, with_meta};
use scim::schema::{Attribute, ResourceType, Returned, Schema, USER, urn};
use serde_json::{Map, Value, json};

const ENTERPRISE: &str = urn::ENTERPRISE_USER;

static SUBS: [Attribute; 4] = [
    Attribute::text("value", ""),
    Attribute::text("always", "").returned(Returned::Always),
    Attribute::text("request", "").returned(Returned::Request),
    Attribute::text("never", "").returned(Returned::Never),
];

/// With attributes of each kind that RFC 7643 §7 has for `returned`.
static SCHEMA: Schema = Schema {
    id: "urn:example:Thing",
    name: "Thing",
    description: "",
    attributes: &[
        Attribute::text("plain", ""),
        Attribute::text("always", "").returned(Returned::Always),
        Attribute::text("request", "").returned(Returned::Request),
        Attribute::text("never", "").returned(Returned::Never),
        Attribute::complex("part", "", &SUBS),
        Attribute::complex("parts", "", &SUBS).many(),
        Attribute::complex(
            "emails",
            "",
            const { &[Attribute::text("value", ""), Attribute::text("type", "")] },
        )
        .many(),
    ],
};
static KIND: ResourceType = ResourceType {
    name: "Thing",
    endpoint: "/Things",
    description: "",
    schema: &SCHEMA,
    extensions: USER_EXTENSIONS,
};
static USER_EXTENSIONS: &[&Schema] = &[&scim::schema::ENTERPRISE_USER_SCHEMA];

const NAMES: [&str; 22] = [
    "userName",
    "displayName",
    "active",
    "name",
    "emails",
    "plain",
    "always",
    "request",
    "never",
    "part",
    "parts",
    "externalId",
    "id",
    "meta",
    "PLAIN",
    "nobody's",
    "a \"quoted\" \\ name\n",
    "urn:example:unknown",
    ENTERPRISE,
    "password",
    "groups",
    "roles",
];
const PARTS: [&str; 12] = [
    "value",
    "always",
    "request",
    "never",
    "type",
    "givenName",
    "department",
    "manager",
    "VALUE",
    "odd \u{7}",
    "x",
    "costCenter",
];

fn scalar() -> impl Strategy<Value = Value> {
    select(vec![
        json!("text"),
        json!("{}"),
        json!("quote \" \\ \u{1} é 💡"),
        json!(true),
        json!(null),
        json!(7),
        json!(1.5),
        json!(""),
        json!([]),
        json!({}),
    ])
}

fn object(value: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec((select(&PARTS[..]), value), 0..4).prop_map(|members| {
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    })
}

fn value() -> impl Strategy<Value = Value> {
    let objects = || object(prop_oneof![scalar(), object(scalar())]);
    prop_oneof![
        scalar(),
        objects(),
        prop::collection::vec(prop_oneof![scalar(), objects()], 0..3).prop_map(Value::Array)
    ]
}

/// A resource as it might stand in a row, though most of these never will. `schemas` has URNs that the type knows.
fn resource() -> impl Strategy<Value = Value> {
    let schemas = select(vec![json!([SCHEMA.id]), json!([SCHEMA.id, ENTERPRISE]), json!([])]);
    let members = prop::collection::vec((select(&NAMES[..]), value()), 0..9);
    (prop::option::of(schemas), members, 0..9_usize).prop_map(|(schemas, members, place)| {
        let mut map: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(schemas) = schemas {
            map.shift_insert(place.min(map.len()), "schemas".to_owned(), schemas);
        }
        Value::Object(map)
    })
}

const QUERIES: [&str; 10] = [
    "",
    "",
    "",
    "attributes=plain,part.value",
    "attributes=request,parts.request",
    "attributes=meta.version,emails.type",
    "excludedAttributes=emails,always,id",
    "excludedAttributes=meta.location,part.value,schemas,meta.resourceType",
    "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department,members",
    "excludedAttributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6000) })]

    #[test]
    fn the_text_is_what_the_way_over_values_gives(
        resource in resource(),
        added in prop::option::of(select(vec![("emails", json!([])), ("parts", json!([{"value": "v", "never": "n"}])), ("part", json!({})), ("unknown", json!([1]))])),
        query in select(&QUERIES[..]),
        with_version in any::<bool>(),
    ) {
        let projection = ListQuery::parse(query).unwrap().projection;
        let meta = Meta {
            id: "i\"d", created: "c", last_modified: "m", location: with_version.then_some("l"),
            version: with_version.then_some("W/\"1\""),
        };
        let mut resource = resource;
        if let Some((name, _)) = &added {
            resource.as_object_mut().unwrap().shift_remove(*name);
        }
        let mut expected = resource.clone();
        if let Some((name, value)) = &added {
            expected.as_object_mut().unwrap().insert((*name).to_owned(), value.clone());
        }
        let expected = project(&KIND, with_meta(&KIND, expected, &meta), &projection).to_string();
        let text = resource.to_string();
        let stored = Stored { kind: &KIND, text: &text, added, meta };
        let sent = stored.sent(&projection).unwrap();
        prop_assert_eq!(std::str::from_utf8(sent.bytes()).unwrap(), expected, "{} of {}", query, text);
    }
}

fn user(text: &str) -> Result<Value, String> {
    let meta = Meta { id: "7", created: "c", last_modified: "m", location: None, version: None };
    let stored = Stored { kind: &USER, text, added: None, meta };
    let sent = stored.sent(&ListQuery::default().projection).map_err(|error| error.to_string())?;
    Ok(serde_json::from_slice(sent.bytes()).unwrap())
}

#[test]
fn schemas_that_the_type_does_not_have_are_left_out() {
    let text = r#"{"userName":"ana","schemas":["urn:gone","urn:ietf:params:scim:schemas:core:2.0:User"],"urn:gone":{"a":1}}"#;
    let meta = json!({"resourceType": "User", "created": "c", "lastModified": "m"});
    let expected = json!({"schemas": [urn::USER], "id": "7", "userName": "ana", "meta": meta});
    assert_eq!(user(text).unwrap(), expected);
}

#[test]
fn what_is_no_resource_is_an_error() {
    for text in ["", "[]", "{", "null", "{\"userName\":}", "{\"schemas\":1}"] {
        assert!(user(text).is_err(), "{text}");
    }
}
