//! Bulk requests.

use serde_json::{Value, json};

use crate::app::{USER, user};

use super::{Case, Place, group};

fn bulk(name: &'static str, more: Value) -> Case {
    let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Case::new(name, "POST", "/Bulk").json(&body)
}

fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

pub fn cases(place: &Place) -> Vec<Case> {
    let one = post("/Users", "a", &user("eve"));
    let delete = |path: String| json!({ "method": "DELETE", "path": path });
    let nameless = json!({ "schemas": [USER] });
    let member = |bulk_id: &str| group(&json!([{ "value": format!("bulkId:{bulk_id}") }]));
    vec![
        bulk("10,000 operations", json!({ "Operations": vec![json!({}); 10_000] })).is(
            413,
            "",
            "1000 operations",
        ),
        bulk("no operations", json!({})).is(400, "invalidSyntax", "Operations"),
        bulk("failOnErrors 0", json!({ "failOnErrors": 0, "Operations": [one] })).is(
            400,
            "invalidSyntax",
            "from 1 on",
        ),
        bulk("failOnErrors -1", json!({ "failOnErrors": -1, "Operations": [one] })).is(
            400,
            "invalidSyntax",
            "from 1 on",
        ),
        bulk("failOnErrors 1e30", json!({ "failOnErrors": 1e30, "Operations": [one] })).is(
            400,
            "invalidSyntax",
            "from 1 on",
        ),
        bulk("a bulk in the bulk", json!({ "Operations": [post("/Bulk", "a", &json!({}))] })).is(
            400,
            "invalidSyntax",
            "/Users or /Groups",
        ),
        bulk("a bulkId twice", json!({ "Operations": [one, one] })).is(400, "invalidSyntax", "given twice"),
        bulk("a long bulkId", json!({ "Operations": [post("/Users", &"x".repeat(10_000), &user("eve"))] }))
            .is(400, "invalidSyntax", "256 bytes"),
        bulk("another method", json!({ "Operations": [{ "method": "GET", "path": "/Users/1" }] })).is(
            400,
            "invalidSyntax",
            "POST, PUT, PATCH or DELETE",
        ),
        bulk("a way up", json!({ "Operations": [delete(format!("/Users/../Users/{}", place.user))] })).is(
            400,
            "invalidSyntax",
            "id of one resource",
        ),
        bulk("U+0000 in a path", json!({ "Operations": [delete("/Users/\0".to_owned())] })).is(
            400,
            "invalidSyntax",
            "id",
        ),
        bulk("another's user", json!({ "Operations": [delete(format!("/Users/{}", place.stranger))] })).is(
            200,
            "",
            "\"status\":\"404\"",
        ),
        bulk("a group that is its own member", json!({ "Operations": [post("/Groups", "g", &member("g"))] }))
            .is(200, "", "\"status\":\"400\""),
        bulk(
            "groups in a circle",
            json!({ "Operations": [
            post("/Groups", "g", &member("h")), post("/Groups", "h", &member("g")),
        ] }),
        )
        .is(200, "", "\"status\":\"400\""),
        bulk("a bulkId that nobody has", json!({ "Operations": [post("/Groups", "g", &member("nobody"))] }))
            .is(200, "", "stands for nothing"),
        bulk(
            "1,000 failures",
            json!({ "Operations":
            (0..1000).map(|n| post("/Users", &format!("b{n}"), &nameless)).collect::<Vec<_>>() }),
        )
        .is(200, "", "userName"),
    ]
}
