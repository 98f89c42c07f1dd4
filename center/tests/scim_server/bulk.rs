//! Bulk, RFC 7644 §3.7.

use serde_json::{Value, json};

use crate::app::{Answer, App, GROUP, apps, refusal, refused, user};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn bulk(app: &App, more: Value) -> Answer {
    let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post("/Bulk", &body).await
}

fn statuses(answer: &Answer) -> Vec<String> {
    let list = answer.body["Operations"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    list.iter().map(|o| o["status"].as_str().unwrap().to_owned()).collect()
}

fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

fn under(name: &str, manager: &str) -> Value {
    let mut body = user(name);
    body[MANAGER] = json!({ "manager": { "value": manager } });
    body
}

#[tokio::test]
async fn operations_may_name_what_others_create() {
    for app in apps().await {
        let group = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": "bulkId:a" }, { "value": "bulkId:b" }] });
        let operations = json!([
            post("/Groups", "g", &group),
            post("/Users", "a", &under("ana", "bulkId:b")),
            post("/Users", "b", &under("bo", "bulkId:a")),
            { "method": "PATCH", "path": "/Users/bulkId:b",
              "data": { "schemas": [crate::app::PATCH], "Operations": [{ "op": "add", "path": "title", "value": "Boss" }] } },
        ]);
        let answer = bulk(&app, json!({ "Operations": operations })).await;
        assert_eq!(statuses(&answer), ["201", "201", "201", "200"], "{}", answer.text);
        let done = &answer.body["Operations"];
        let id = |at: usize| done[at]["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let (ana, bo) = (id(1), id(2));
        let read = app.get(&format!("/Users/{bo}")).await.body;
        assert_eq!((&read["title"], &read[MANAGER]["manager"]["value"]), (&json!("Boss"), &json!(ana)));
        assert_eq!(app.get(&format!("/Users/{ana}")).await.body[MANAGER]["manager"]["value"], bo);
        let mut both = vec![ana, bo];
        both.sort();
        assert_eq!(app.members(&id(0)).await, both);
        assert_eq!((&done[0]["bulkId"], &done[3]["version"]), (&json!("g"), &read["meta"]["version"]));
    }
}

#[tokio::test]
async fn failures_stand_alone_until_there_are_too_many() {
    for app in apps().await {
        let id = app.user("ana").await;
        let operations = json!([
            post("/Users", "taken", &user("ana")),
            post("/Groups", "lost", &json!({ "schemas": [GROUP], "displayName": "Lost", "members": [{ "value": "bulkId:taken" }] })),
            { "method": "DELETE", "path": format!("/Users/{id}"), "version": "W/\"99\"" },
            post("/Users", "bo", &user("bo")),
            { "method": "DELETE", "path": "/Users/nobody" },
        ]);
        let answer = bulk(&app, json!({ "Operations": operations })).await;
        assert_eq!(statuses(&answer), ["409", "400", "412", "201", "404"], "{}", answer.text);
        let first = &answer.body["Operations"][0];
        assert_eq!((&first["response"]["scimType"], first.get("location")), (&json!("uniqueness"), None));
        assert!(answer.body["Operations"][2]["location"].is_string());
        let mut names = app.names("userName pr").await;
        names.sort();
        assert_eq!(names, ["ana", "bo"]);

        let operations = json!([post("/Users", "x", &user("ana")), post("/Users", "y", &user("cy"))]);
        let answer = bulk(&app, json!({ "failOnErrors": 1, "Operations": operations })).await;
        assert_eq!(statuses(&answer), ["409"]);
        assert!(app.names("userName eq \"cy\"").await.is_empty());
    }
}

#[tokio::test]
async fn what_is_no_bulk_request_is_refused() {
    for app in apps().await {
        for operations in [
            json!([{ "method": "POST", "path": "/Bulk", "bulkId": "a", "data": {} }]),
            json!([{ "method": "GET", "path": "/Users/1" }]),
            json!("x"),
        ] {
            let answer = bulk(&app, json!({ "Operations": operations })).await;
            assert_eq!(refusal(&answer), refused(400, "invalidSyntax"), "{}", answer.text);
        }
        let many = vec![json!({ "method": "DELETE", "path": "/Users/1" }); 1001];
        assert_eq!(refusal(&bulk(&app, json!({ "Operations": many })).await), refused(413, ""));
        let one =
            post("/Users", "n", &json!({ "schemas": [crate::app::USER], "userName": "x".repeat(1 << 20) }));
        assert_eq!(refusal(&bulk(&app, json!({ "Operations": [one] })).await), refused(413, ""));
    }
}

#[tokio::test]
async fn many_users_are_made_in_one_request() {
    for app in apps().await {
        let all: Vec<Value> =
            (0..300).map(|n| post("/Users", &format!("b{n}"), &user(&format!("u{n}")))).collect();
        let answer = bulk(&app, json!({ "Operations": all })).await;
        assert!(statuses(&answer).iter().all(|s| s == "201"), "{}", answer.text);
        assert_eq!(app.get("/Users?count=0").await.body["totalResults"], 300);
    }
}
