//! References to others: they are ids of this server, or it is said.

use center::scim_server::mode::Mode;
use center::scim_server::tokens::store as tokens;
use http::Method;
use serde_json::{Value, json};

use crate::app::{App, GROUP, apps, refusal, refused, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn set_mode(app: &App, mode: Mode) {
    let author = app.center.author_named("system");
    let set = move |tx: &mut store::Tx<'_>| tokens::set_mode(tx, &author, None, Some(mode));
    app.center.store.write(set).await.unwrap();
}

fn under(name: &str, manager: &str) -> Value {
    let mut body = user(name);
    body[ENTERPRISE] = json!({ "manager": { "value": manager } });
    body
}

fn quirks_of(app: &App) -> Vec<&'static str> {
    let seen = app.center.scim_seen.of(&app.token.token.id);
    seen.map(|seen| seen.quirks.iter().map(|q| q.name()).collect()).unwrap_or_default()
}

#[tokio::test]
async fn a_manager_whom_nobody_has_is_taken_and_named_or_strictly_refused() {
    for app in apps().await {
        let boss = app.user("boss").await;
        assert_eq!(app.post("/Users", &under("ana", &boss)).await.status, 201);
        assert!(!quirks_of(&app).contains(&"aws-unknown-manager"));
        let bo = app.post("/Users", &under("bo", "nobody")).await;
        assert_eq!((bo.status.as_u16(), &bo.body[ENTERPRISE]["manager"]["value"]), (201, &json!("nobody")));
        assert!(quirks_of(&app).contains(&"aws-unknown-manager"), "{:?}", quirks_of(&app));

        set_mode(&app, Mode::Strict).await;
        let path = format!("/Users/{}", bo.body["id"].as_str().unwrap());
        // What was wrong before stands in the way of no other change.
        let titled = app.patch(&path, json!([{ "op": "replace", "path": "title", "value": "x" }])).await;
        assert_eq!(titled.status, 200, "{}", titled.text);
        for (method, path, body) in [
            (Method::POST, "/Users", under("cy", "nobody")),
            (Method::PUT, &path, under("bo", "no-one")),
            (Method::PUT, &path, under("bo", &boss.to_uppercase())),
        ] {
            let refused_so = app.write(method, path, &body).await;
            assert_eq!(refusal(&refused_so), refused(400, "invalidValue"));
            let detail = refused_so.body["detail"].as_str().unwrap();
            assert!(detail.contains("manager.value") && detail.contains("aws-unknown-manager"), "{detail}");
        }
        let manager = json!({ "value": "no-one" });
        let patch = json!([{ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": manager }]);
        assert_eq!(refusal(&app.patch(&path, patch).await), refused(400, "invalidValue"));
        let read = app.get(&path).await.body;
        assert_eq!((&read["title"], &read[ENTERPRISE]["manager"]["value"]), (&json!("x"), &json!("nobody")));
        assert!(app.names("userName eq \"cy\"").await.is_empty());
        let right = app.write(Method::PUT, &path, &under("bo", &boss)).await;
        assert_eq!(right.status, 200, "{}", right.text);
    }
}

#[tokio::test]
async fn managers_of_one_bulk_request_may_be_in_a_circle_strictly_too() {
    for app in apps().await {
        set_mode(&app, Mode::Strict).await;
        let post = |bulk_id: &str, data: Value| json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data });
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                post("a", under("ana", "bulkId:b")), post("b", under("bo", "bulkId:a")), post("c", under("cy", "nobody")),
            ],
        });
        let answer = app.post("/Bulk", &body).await;
        let statuses: Vec<&Value> =
            answer.body["Operations"].as_array().unwrap().iter().map(|o| &o["status"]).collect();
        assert_eq!(statuses, ["201", "201", "400"], "{}", answer.text);
    }
}

#[tokio::test]
async fn a_member_is_a_user_in_every_mode() {
    for app in apps().await {
        let (ana, inner) = (app.user("ana").await, app.group("Inner", &[]).await);
        let group = app.group("Staff", &[&ana]).await;
        for mode in Mode::ALL {
            set_mode(&app, mode).await;
            let kind = if mode == Mode::Aws { "" } else { "invalidValue" };
            for wrong in ["nobody", inner.as_str()] {
                let add = json!([{ "op": "add", "path": "members", "value": [{ "value": ana }, { "value": wrong }] }]);
                let answer = app.patch(&format!("/Groups/{group}"), add).await;
                assert_eq!(refusal(&answer), refused(400, kind), "{mode:?}");
                let body =
                    json!({ "schemas": [GROUP], "displayName": "Other", "members": [{ "value": wrong }] });
                assert_eq!(refusal(&app.post("/Groups", &body).await), refused(400, kind), "{mode:?}");
            }
        }
        set_mode(&app, Mode::Tolerant).await;
        assert_eq!(app.members(&group).await, [ana]);
        assert_eq!(app.find("Groups", "displayName eq \"Other\"").await.body["totalResults"], 0);
    }
}
