//! PATCH on random requests: no panic, a canonical result, and members found without the group.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use scim::limits::{MAX_MEMBERS, MAX_OPERATIONS, MAX_VALUES};
use scim::patch::{PATCH_SCHEMA, PatchRequest, apply, member_changes};
use scim::schema::{Attribute, Mutability, ResourceType, Schema, urn};
use scim::{Profile, Quirks, Rules, resource};
use serde_json::{Value, json};

fn json_value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "value",
        "type",
        "primary",
        "display",
        "$ref",
        "givenName",
        "name.givenName",
        "title",
        "emails",
        "manager",
        "emails[type eq \"work\"].value",
        "schemas",
        "id",
        "members",
        "displayName",
        "userName",
        "active",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "department",
        "x y",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["", "True", "false", "work", "a@b.c", "x", "{\"value\":\"r\"}"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "",
        "userName",
        "active",
        "title",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        "emails.primary",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[type eq \"work\"].primary",
        "emails[primary eq true].type",
        "emails[not (type eq \"work\")]",
        "roles",
        "roles[primary eq \"True\"].value",
        "addresses[type eq \"work\"].country",
        "x509Certificates",
        "manager",
        "members",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "id",
        "meta.version",
        "schemas",
        "displayName",
        "nope",
    ]);
    let op = prop::sample::select(vec!["add", "Remove", "replace", "Add"]);
    (op, path, prop::option::weighted(0.9, json_value())).prop_map(|(op, path, value)| {
        let mut operation = json!({"op": op});
        if !path.is_empty() {
            operation["path"] = json!(path);
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    })
}

fn message(operations: &[Value]) -> Value {
    json!({"schemas": [PATCH_SCHEMA], "Operations": operations})
}

fn babs() -> Value {
    json!({
        "schemas": [urn::USER], "userName": "babs", "name": {"givenName": "B"}, "title": "Guide",
        "emails": [{"value": "a@b.c", "type": "work", "primary": true}, {"value": "d", "type": "home"}],
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_patched_user_stays_valid(operations in prop::collection::vec(operation(), 1..4)) {
        for quirks in [Quirks::tolerant(), Quirks::strict()] {
            let rules = Rules::users(Profile::Rfc).with_quirks(quirks.clone());
            let before = babs();
            let Ok(request) = PatchRequest::read(&message(&operations), &quirks) else { continue };
            if let Ok(after) = apply(&rules, &before, &request) {
                // What comes out is what a strict reader makes of it.
                let again = resource::read(&rules.clone().with_quirks(Quirks::strict()), &after);
                prop_assert_eq!(again, Ok(after));
            }
            prop_assert_eq!(before, babs());
        }
    }

    #[test]
    fn any_body_is_read_or_refused(body in json_value()) {
        for rules in [Rules::users(Profile::Aws), Rules::groups(Profile::Rfc)] {
            if let Ok(read) = resource::read(&rules, &body) {
                prop_assert_eq!(resource::read(&rules, &read), Ok(read));
            }
            let _ = PatchRequest::read(&body, &rules.quirks);
        }
    }

    #[test]
    fn members_without_the_group_are_those_with_it(operations in prop::collection::vec(member_operation(), 1..6)) {
        let rules = Rules::groups(Profile::Rfc);
        let request = PatchRequest::read(&message(&operations), &rules.quirks).unwrap();
        let group = json!({
            "schemas": [urn::GROUP], "displayName": "g", "members": [{"value": "a"}, {"value": "b"}, {"value": "c"}],
        });
        let net = member_changes(&rules, &request).unwrap().net();
        let mut expected: BTreeSet<String> = ids(&group);
        if net.clear {
            expected.clear();
        }
        expected.extend(net.add.iter().cloned());
        expected.retain(|id| !net.remove.contains(id));
        let after = apply(&rules, &group, &request).unwrap();
        prop_assert_eq!(ids(&after), expected);
    }
}

fn ids(group: &Value) -> BTreeSet<String> {
    resource::values(group, "members").iter().map(|m| m["value"].as_str().unwrap().to_owned()).collect()
}

fn member_operation() -> impl Strategy<Value = Value> {
    let id = prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let list = prop::collection::vec(id.clone().prop_map(|id| json!({"value": id, "$ref": null})), 0..4);
    prop_oneof![
        list.clone().prop_map(|v| json!({"op": "Add", "path": "members", "value": v})),
        list.clone().prop_map(|v| json!({"op": "Remove", "path": "members", "value": v})),
        list.clone().prop_map(|v| json!({"op": "replace", "path": "members", "value": v})),
        list.prop_map(|v| json!({"op": "add", "value": {"members": v, "displayName": "n"}})),
        id.clone().prop_map(|id| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")})),
        id.clone().prop_map(
            |id| json!({"op": "remove", "path": format!("members[value eq \"{id}\" or value eq \"a\"]")})
        ),
        id.prop_map(|id| json!({"op": "Add", "path": "members", "value": id})),
        Just(json!({"op": "remove", "path": "members"})),
        Just(json!({"op": "Replace", "path": "members", "value": null})),
    ]
}

#[test]
fn counts_are_limited() {
    let rules = Rules::users(Profile::Rfc);
    let many = vec![json!({"op": "add", "path": "title", "value": "x"}); MAX_OPERATIONS + 1];
    let error = PatchRequest::read(&message(&many), &rules.quirks).unwrap_err();
    assert_eq!(error.code(), "too-many-values");

    let emails: Vec<Value> = (0..=MAX_VALUES).map(|n| json!({"value": n.to_string()})).collect();
    let once = [json!({"op": "add", "path": "emails", "value": emails})];
    let request = PatchRequest::read(&message(&once), &rules.quirks).unwrap();
    assert_eq!(apply(&rules, &babs(), &request).unwrap_err().code(), "too-many-values");

    // Neither by one operation after another.
    let one_by_one: Vec<Value> =
        emails.iter().map(|e| json!({"op": "add", "path": "emails", "value": [e]})).collect();
    let request = PatchRequest::read(&message(&one_by_one), &rules.quirks).unwrap();
    assert_eq!(apply(&rules, &babs(), &request).unwrap_err().code(), "too-many-values");

    // Nor by elements that a value path makes.
    let paths = (0..=MAX_VALUES).map(|n| format!("emails[type eq \"{n}\"].value"));
    let made: Vec<Value> = paths.map(|p| json!({"op": "Add", "path": p, "value": "x"})).collect();
    let request = PatchRequest::read(&message(&made), &rules.quirks).unwrap();
    assert_eq!(apply(&rules, &babs(), &request).unwrap_err().code(), "too-many-values");
}

// No attribute of ours is complex, single-valued and has both a read-only and an immutable part, so
// the test has its own type.
#[test]
fn parts_of_a_complex_value_keep_their_mutability() {
    const PARTS: &[Attribute] = &[
        Attribute::text("own", "").read_only(),
        Attribute::text("once", "").mutability(Mutability::Immutable),
        Attribute::text("free", ""),
    ];
    const ATTRIBUTES: &[Attribute] = &[Attribute::complex("box", "", PARTS)];
    static SCHEMA: Schema =
        Schema { id: "urn:example:Thing", name: "Thing", description: "", attributes: ATTRIBUTES };
    static KIND: ResourceType = ResourceType {
        name: "Thing",
        endpoint: "/Things",
        description: "",
        schema: &SCHEMA,
        extensions: &[],
    };
    let rules = Rules { kind: &KIND, profile: Profile::Rfc, quirks: Quirks::strict() };
    let patched = |before: &Value, value: Value| {
        let operations = [json!({"op": "replace", "path": "box", "value": value})];
        apply(&rules, before, &PatchRequest::read(&message(&operations), &rules.quirks).unwrap())
    };
    let before = json!({"schemas": ["urn:example:Thing"], "box": {"own": "1"}});
    let after = patched(&before, json!({"own": "2", "once": "a", "free": "b"})).unwrap();
    assert_eq!(after["box"], json!({"own": "1", "once": "a", "free": "b"}));
    assert_eq!(patched(&after, json!({"once": "a", "free": "c"})).unwrap()["box"]["free"], "c");
    assert_eq!(patched(&after, json!({"once": "b"})).unwrap_err().code(), "immutable");
    assert_eq!(patched(&after, json!({"once": null})).unwrap_err().code(), "immutable");
}

#[test]
fn thousands_of_members_are_changed_in_one_request() {
    let rules = Rules::groups(Profile::Rfc);
    let members: Vec<Value> = (0..MAX_MEMBERS).map(|n| json!({"value": n.to_string()})).collect();
    let group = json!({"schemas": [urn::GROUP], "displayName": "g", "members": members});
    let half: Vec<Value> = members.iter().step_by(2).cloned().collect();
    let operations = [
        json!({"op": "Remove", "path": "members", "value": half}),
        json!({"op": "Add", "path": "members", "value": half}),
    ];
    let request = PatchRequest::read(&message(&operations), &rules.quirks).unwrap();
    assert_eq!(resource::values(&apply(&rules, &group, &request).unwrap(), "members").len(), MAX_MEMBERS);
    let patch = member_changes(&rules, &request).unwrap();
    assert_eq!((patch.member_count(), patch.net().add.len()), (MAX_MEMBERS, MAX_MEMBERS / 2));
    assert!(patch.rest.is_empty());
}

#[test]
fn the_rest_of_a_group_patch_applies_without_members() {
    let rules = Rules::groups(Profile::Rfc);
    let operations = [
        json!({"op": "Replace", "path": "displayName", "value": "New"}),
        json!({"op": "Add", "path": "members", "value": [{"value": "a"}]}),
    ];
    let request = PatchRequest::read(&message(&operations), &rules.quirks).unwrap();
    let patch = member_changes(&rules, &request).unwrap();
    let group = json!({"schemas": [urn::GROUP], "displayName": "Old"});
    assert_eq!(
        patch.rest.apply(&rules, &group).unwrap(),
        json!({"schemas": [urn::GROUP], "displayName": "New"})
    );
}
