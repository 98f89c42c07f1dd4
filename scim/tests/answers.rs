//! Answers: projection, lists, queries, discovery documents.
#![expect(clippy::unwrap_used, reason = "tests")]

use scim::list::{ListQuery, Paging, SortOrder, index_page};
use scim::resource::{self, Meta, project, with_meta};
use scim::schema::{Attribute, GROUP, GROUP_SCHEMA, ResourceType, Returned, Schema, USER, documents, urn};
use serde_json::{Value, json};

const ENTERPRISE: &str = urn::ENTERPRISE_USER;

fn babs() -> Value {
    json!({
        "schemas": [urn::USER, ENTERPRISE], "id": "7", "externalId": "x", "userName": "babs",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [{"value": "a@b.c", "type": "work"}, {"value": "d@e.f", "type": "home"}],
        ENTERPRISE: {"department": "Tours", "manager": {"value": "9"}},
        "meta": {"resourceType": "User"},
    })
}

fn check_projection(query: &str, expected: Value) {
    let query = ListQuery::parse(query).unwrap();
    let mut found = project(&USER, babs(), &query.projection);
    // `schemas` and `id` are always returned, RFC 7643 §3.1 and §7.
    let map = found.as_object_mut().unwrap();
    assert_eq!(map.remove("id"), Some(json!("7")));
    assert!(map.remove("schemas").is_some());
    assert_eq!(found, expected);
}

// RFC 7644 §3.9
#[test]
fn attributes_choose_what_is_returned() {
    check_projection("attributes=userName", json!({"userName": "babs"}));
    check_projection(
        "attributes=USERNAME,name.givenName",
        json!({"userName": "babs", "name": {"givenName": "Barbara"}}),
    );
    check_projection("attributes=emails.type", json!({"emails": [{"type": "work"}, {"type": "home"}]}));
    check_projection(
        "attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName",
        json!({"userName": "babs"}),
    );
    check_projection(
        &format!("attributes={ENTERPRISE}:department"),
        json!({ENTERPRISE: {"department": "Tours"}}),
    );
    check_projection(&format!("attributes={ENTERPRISE}"), json!({ENTERPRISE: babs()[ENTERPRISE]}));
    check_projection("attributes=favouriteColour", json!({}));
    check_projection("attributes=id", json!({}));
}

#[test]
fn excluded_attributes_are_left_out_unless_always_returned() {
    let mut expected = babs();
    for name in ["schemas", "id", "emails", "meta", ENTERPRISE] {
        expected.as_object_mut().unwrap().remove(name);
    }
    expected["name"] = json!({"familyName": "Jensen"});
    check_projection(&format!("excludedAttributes=id,emails,meta,name.givenName,{ENTERPRISE}"), expected);
    // RFC 7644 §3.9 calls them mutually exclusive.
    let both = ListQuery::parse("attributes=name&excludedAttributes=name.givenName").unwrap_err();
    assert_eq!(both.code(), "value");
}

#[test]
fn a_server_need_not_load_what_it_will_not_send() {
    let members = GROUP_SCHEMA.attribute("members").unwrap();
    for (query, expected) in [
        ("", true),
        ("excludedAttributes=members", false),
        ("excludedAttributes=displayName", true),
        ("attributes=displayName", false),
        ("attributes=members.value", true),
    ] {
        let query = ListQuery::parse(query).unwrap();
        assert_eq!(query.projection.includes(&GROUP, members), expected, "{query:?}");
    }
}

// RFC 7643 §7, `returned`. No attribute of ours is "never" or "request", so the test has its own type.
#[test]
fn returned_never_and_request_hold() {
    const ATTRIBUTES: &[Attribute] = &[
        Attribute::text("secret", "").returned(Returned::Never),
        Attribute::text("costly", "").returned(Returned::Request),
        Attribute::text("plain", ""),
    ];
    static SCHEMA: Schema =
        Schema { id: "urn:example:Thing", name: "Thing", description: "", attributes: ATTRIBUTES };
    static KIND: ResourceType = ResourceType {
        name: "Thing",
        endpoint: "/Things",
        description: "",
        schema: &SCHEMA,
        extensions: &[],
    };
    let thing = json!({"secret": "s", "costly": "c", "plain": "p"});
    for (query, expected) in [
        ("", json!({"plain": "p"})),
        ("attributes=secret,costly", json!({"costly": "c"})),
        ("excludedAttributes=plain", json!({})),
    ] {
        let query = ListQuery::parse(query).unwrap();
        assert_eq!(project(&KIND, thing.clone(), &query.projection), expected);
    }
}

#[test]
fn queries_as_clients_send_them() {
    let query =
        ListQuery::parse("filter=externalId+eq+%22jyoung%22&startIndex=0&count=-3&aadOptscim062020&foo=%zz")
            .unwrap();
    assert_eq!(query.filter.as_deref(), Some("externalId eq \"jyoung\""));
    assert_eq!((query.start_index, query.count), (Some(1), Some(0)));
    let query =
        ListQuery::parse("excludedAttributes=members&FILTER=displayName%20eq%20%22K%C3%A4se%2B%22").unwrap();
    assert_eq!(query.filter.as_deref(), Some("displayName eq \"Käse+\""));
    let query = ListQuery::parse("sortBy=name.familyName&sortOrder=descending&filter=").unwrap();
    assert_eq!((query.sort_order, query.filter), (SortOrder::Descending, None));
    assert_eq!(query.sort_by.unwrap().to_string(), "name.familyName");
    assert_eq!(ListQuery::parse("").unwrap(), ListQuery::default());
}

#[test]
fn wrong_queries_are_refused() {
    for (query, code) in [
        ("startIndex=x", "value"),
        ("count=ten", "count"),
        ("count=", "count"),
        ("filter=%ff", "value"),
        ("filter=%4", "value"),
        ("filter=a&filter=b", "value"),
        ("sortOrder=up", "value"),
        ("attributes=a%20b", "path"),
        ("attributes=a,,1", "path"),
    ] {
        assert_eq!(ListQuery::parse(query).unwrap_err().code(), code, "{query}");
    }
    assert_eq!(ListQuery::parse(&format!("cursor={}", "x".repeat(2000))).unwrap_err().code(), "cursor");
    assert_eq!(ListQuery::parse(&"a&".repeat(40_000)).unwrap_err().code(), "value");
}

// RFC 7644 §3.4.2.4 and RFC 9865 §2.
#[test]
fn the_presence_of_cursor_decides_the_paging() {
    let paging = |query: &str| ListQuery::parse(query).unwrap().paging(50, 100);
    assert_eq!(paging(""), Paging::Index { start: 1, count: 50 });
    assert_eq!(paging("startIndex=5&count=1000"), Paging::Index { start: 5, count: 100 });
    assert_eq!(paging("count=99999999999999999999"), Paging::Index { start: 1, count: 100 });
    assert_eq!(paging("count=0"), Paging::Index { start: 1, count: 0 });
    assert_eq!(paging("cursor"), Paging::Cursor { cursor: None, count: 50 });
    assert_eq!(paging("cursor=&count=5"), Paging::Cursor { cursor: None, count: 5 });
    assert_eq!(paging("cursor=a%2Fb"), Paging::Cursor { cursor: Some("a/b".into()), count: 50 });
}

// RFC 7644 §3.4.3
#[test]
fn a_search_request_is_a_query() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["displayName", "userName"], "filter": "displayName sw \"smith\"",
        "startIndex": 1, "count": 10,
    });
    let query = ListQuery::from_search_request(&body).unwrap();
    assert_eq!(
        query,
        ListQuery::parse(
            "attributes=displayName,userName&filter=displayName+sw+%22smith%22&startIndex=1&count=10"
        )
        .unwrap()
    );
    for body in [
        json!([]),
        json!({}),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": true}),
    ] {
        assert!(ListQuery::from_search_request(&body).is_err());
    }
}

#[test]
fn a_resource_gets_id_and_meta() {
    let stored = json!({"schemas": [urn::GROUP], "displayName": "x"});
    let meta = Meta { id: "7", created: "c", last_modified: "m", location: Some("l"), version: None };
    let sent = with_meta(&GROUP, stored, &meta);
    assert_eq!(
        sent.to_string(),
        format!(
            r#"{{"schemas":["{}"],"id":"7","displayName":"x","meta":{{"resourceType":"Group","created":"c","lastModified":"m","location":"l"}}}}"#,
            urn::GROUP
        )
    );
    let page: Value = serde_json::from_slice(index_page(1, 1, &[sent.into()]).bytes()).unwrap();
    assert_eq!(page["Resources"][0]["id"], "7");
}

#[test]
fn fields_are_read_by_path() {
    let babs = babs();
    assert_eq!(resource::text(&babs, "name.givenName"), Some("Barbara"));
    assert_eq!(resource::text(&babs, &format!("{ENTERPRISE}:manager.value")), Some("9"));
    assert_eq!(resource::text(&babs, "title"), None);
    assert_eq!(resource::flag(&babs, "active"), None);
    assert_eq!(resource::values(&babs, "emails").len(), 2);
    // Two addresses and none of them primary: none is the one.
    assert_eq!(resource::primary(&babs, "emails"), None);
    let one = json!({"emails": [{"value": "a", "primary": false}, {"value": "b", "primary": true}]});
    assert_eq!(resource::primary(&one, "emails"), Some("b"));
}

#[test]
fn resource_types_name_their_schemas() {
    let types = documents::resource_types("https://h/scim/v2", &scim::schema::RESOURCE_TYPES);
    assert_eq!(types.len(), 2);
    assert_eq!(types[0]["schemaExtensions"], json!([{"schema": ENTERPRISE, "required": false}]));
    assert_eq!(types[1]["meta"]["location"], "https://h/scim/v2/ResourceTypes/Group");
    assert!(types[1].get("schemaExtensions").is_none());
}

#[test]
fn the_configuration_says_what_is_supported() {
    let service = documents::Service {
        max_results: 100,
        default_results: 50,
        cursor_seconds: 3600,
        documentation_uri: None,
        sort: false,
        etag: false,
        bulk: None,
        event_uris: &[],
    };
    let document = documents::service_provider_config("https://h", &service);
    assert_eq!(document["filter"], json!({"supported": true, "maxResults": 100}));
    assert_eq!(document["patch"]["supported"], true);
    assert_eq!(document["pagination"]["maxPageSize"], 100);
    assert_eq!(document["authenticationSchemes"][0]["type"], "oauthbearertoken");
    assert!(document.get("documentationUri").is_none() && document.get("securityEvents").is_none());
    let event_uris = ["urn:ietf:params:scim:event:prov:delete"];
    let told = documents::Service { event_uris: &event_uris, ..service };
    let document = documents::service_provider_config("https://h", &told);
    assert_eq!(document["securityEvents"], json!({"asyncRequest": "none", "eventUris": event_uris}));
}
