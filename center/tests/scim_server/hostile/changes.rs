//! PATCH and PUT.

use serde_json::{Value, json};

use crate::app::{PATCH, user};

use super::{ALL, Case, Mode, OURS, Place, group};

fn patch(name: &'static str, path: &str, operations: &Value) -> Case {
    Case::new(name, "PATCH", path).json(&json!({ "schemas": [PATCH], "Operations": operations }))
}

/// A PATCH with its operations as text.
fn raw(name: &'static str, path: &str, operations: &str) -> Case {
    Case::new(name, "PATCH", path).body(format!("{{\"schemas\":[\"{PATCH}\"],\"Operations\":{operations}}}"))
}

pub fn cases(place: &Place) -> Vec<Case> {
    let mut all = of_users(place);
    all.extend(of_groups(place));
    all
}

fn of_users(place: &Place) -> Vec<Case> {
    let one = format!("/Users/{}", place.user);
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let replace = |path: &str, value: Value| json!([{ "op": "replace", "path": path, "value": value }]);
    let mut all =
        vec![
            raw("100,000 operations", &one, &format!("[{}{{}}]", "{},".repeat(99_999))).in_modes(&ALL).is(
                400,
                "invalidValue",
                "Operations",
            ),
            raw("no operations", &one, "[]").in_modes(&ALL).is(400, "invalidSyntax", "empty"),
            raw("operations of nothing", &one, "[null]").in_modes(&ALL).is(400, "invalidSyntax", "object"),
            raw("a deep value", &one, &format!("[{{\"op\":\"add\",\"path\":\"name\",\"value\":{deep}}}]"))
                .in_modes(&ALL)
                .is(400, "invalidSyntax", "depth"),
            raw("op twice", &one, "[{\"op\":\"add\",\"op\":\"remove\",\"path\":\"title\",\"value\":\"x\"}]")
                .in_modes(&ALL)
                .is(400, "invalidSyntax", "twice"),
            patch("an unknown op", &one, &json!([{ "op": "test", "path": "title", "value": "x" }]))
                .in_modes(&ALL)
                .is(400, "invalidSyntax", "op"),
            patch("1,000 brackets", &one, &replace(&format!("emails{}", "[".repeat(1_000)), json!("x")))
                .in_modes(&ALL)
                .is(400, "invalidFilter", ""),
            patch(
                "1,000 brackets in a filter",
                &one,
                &replace(&format!("emails[{}", "(".repeat(1_000)), json!("x")),
            )
            .in_modes(&ALL)
            .is(400, "invalidFilter", "brackets are open"),
            patch("a path of 100,000 bytes", &one, &replace(&"x".repeat(100_000), json!("x")))
                .in_modes(&ALL)
                .is(400, "invalidPath", "too long"),
            patch("a filter of 100,000 bytes", &one, &{
                let path = format!("emails[value eq \"{}\"]", "x".repeat(100_000));
                replace(&path, json!("x"))
            })
            .in_modes(&ALL)
            .is(400, "invalidFilter", "longer than"),
            patch("quotes in a path", &one, &replace("title'; DROP TABLE users", json!("x")))
                .in_modes(&ALL)
                .is(400, "invalidPath", "DROP"),
            patch("remove of everything", &one, &json!([{ "op": "remove" }]))
                .in_modes(&ALL)
                .is(400, "noTarget", "path"),
            patch("the name goes", &one, &json!([{ "op": "remove", "path": "userName" }])).is(
                400,
                "mutability",
                "userName",
            ),
            patch("another id", &one, &replace("id", json!("x"))).is(400, "mutability", "id"),
            patch("a boolean of text", &one, &replace("active", json!("perhaps"))).in_modes(&ALL).is(
                400,
                "invalidValue",
                "active",
            ),
            patch("U+0000", &one, &replace("title", json!("a\0b"))).in_modes(&ALL).is(
                400,
                "invalidValue",
                "U+0000",
            ),
            patch("an unknown manager", &one, &{
                let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
                replace(path, json!({ "value": place.stranger }))
            })
            .in_modes(&[Mode::Strict])
            .is(400, "invalidValue", "manager"),
        ];
    let mut other = user("ana");
    other["id"] = json!(place.stranger);
    // RFC 7644 §3.5.1: what is read-only is passed over. The user of the address stays as he is, for all is equal.
    all.push(
        Case::new("a PUT with another id", "PUT", one).json(&other).in_modes(&OURS).is(200, "", "\"ana\""),
    );
    all.push(
        Case::new("a PUT of another's user", "PUT", format!("/Users/{}", place.stranger))
            .json(&other)
            .in_modes(&ALL)
            .is(404, "", "does not exist"),
    );
    all
}

fn of_groups(place: &Place) -> Vec<Case> {
    let Place { user, group: own, stranger, .. } = place;
    let path = format!("/Groups/{own}");
    let add = |value: Value| json!([{ "op": "add", "path": "members", "value": value }]);
    let numbered =
        |count: usize| -> Vec<Value> { (0..count).map(|n| json!({ "value": format!("{n}") })).collect() };
    let deep = format!("[{{\"op\":\"remove\",\"path\":\"members[value eq {}\"}}]", "[".repeat(10_000));
    vec![
        patch("100,000 members", &path, &add(json!(numbered(100_000)))).in_modes(&ALL).is(413, "", "1048576"),
        patch("30,000 members", &path, &add(json!(numbered(30_000)))).in_modes(&ALL).is(
            400,
            "invalidValue",
            "members",
        ),
        patch("20,000 unknown members", &path, &add(json!(numbered(20_000)))).is(
            400,
            "invalidValue",
            "does not exist",
        ),
        patch("101 members", &path, &add(json!(numbered(101)))).in_modes(&[Mode::Aws]).is(
            400,
            "",
            "100 members",
        ),
        raw(
            "100,000 bare members",
            &path,
            &format!(
                "[{{\"op\":\"add\",\"path\":\"members\",\"value\":[{}\"a\"]}}]",
                "\"a\",".repeat(99_999)
            ),
        )
        .in_modes(&ALL)
        .is(400, "invalidValue", "members"),
        raw("deep JSON as a filter's value", &path, &deep).in_modes(&ALL).is(
            400,
            "invalidFilter",
            "expected a value",
        ),
        patch("the group itself", &path, &add(json!([{ "value": own }]))).in_modes(&ALL).is(
            400,
            "invalidValue",
            "is a group",
        ),
        patch("another's user", &path, &add(json!([{ "value": stranger }]))).in_modes(&ALL).is(
            400,
            "invalidValue",
            "does not exist",
        ),
        patch("nobody", &path, &add(json!([{ "value": "" }]))).in_modes(&[Mode::Strict]).is(
            400,
            "invalidValue",
            "",
        ),
        patch("one of them is nobody", &path, &add(json!([{ "value": user }, { "value": "nobody" }])))
            .in_modes(&ALL)
            .is(400, "invalidValue", "nobody"),
        patch(
            "U+0000 in a member's path",
            &path,
            &json!([{ "op": "remove", "path": "members[value eq \"\\u0000\"]" }]),
        )
        .in_modes(&ALL)
        .is(400, "invalidValue", "does not exist"),
        patch(
            "members by something else",
            &path,
            &json!([{ "op": "remove", "path": "members[display eq \"x\"]" }]),
        )
        .in_modes(&ALL)
        .is(400, "invalidPath", "value"),
        Case::new("a group of the group", "POST", "/Groups")
            .json(&group(&json!([{ "value": own }])))
            .in_modes(&ALL)
            .is(400, "invalidValue", "is a group"),
        Case::new("a group of another's user", "POST", "/Groups")
            .json(&group(&json!([{ "value": stranger }])))
            .in_modes(&ALL)
            .is(400, "invalidValue", "does not exist"),
    ]
}
