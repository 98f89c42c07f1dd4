use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::json;
use web::session::{self, Session};

use crate::app::{App, START, apps, refusal, refused, user};

#[tokio::test]
async fn a_user_is_created_read_changed_and_deleted() {
    for app in apps().await {
        let created = app.post("/Users", &user("ana")).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
        assert_eq!(created.headers["content-type"], "application/scim+json");
        let id = created.body["id"].as_str().unwrap().to_owned();
        let location = format!("http://127.0.0.1:9/{}/scim/v2/Users/{id}", app.tenant);
        assert_eq!(created.headers["location"], location.as_str());
        assert_eq!(created.body["meta"]["location"], location);
        assert_eq!(created.body["meta"]["resourceType"], "User");
        assert_eq!(created.body["emails"][0]["value"], "ana@mail.example");

        let path = format!("/Users/{id}");
        assert_eq!(app.get(&path).await.body, created.body);

        let patched = app.patch(&path, json!([{ "op": "replace", "path": "title", "value": "Boss" }])).await;
        assert_eq!((patched.status, &patched.body["title"]), (StatusCode::OK, &json!("Boss")));

        let mut body = user("ana2");
        body.as_object_mut().unwrap().remove("externalId");
        let replaced = app.put(&path, &body).await;
        assert_eq!(replaced.status, StatusCode::OK, "{}", replaced.text);
        assert_eq!((&replaced.body["id"], &replaced.body["userName"]), (&json!(id), &json!("ana2")));
        // What is not sent is cleared.
        assert!(replaced.body.get("title").is_none() && replaced.body.get("externalId").is_none());

        let deleted = app.delete(&path).await;
        assert_eq!((deleted.status, deleted.text.as_str()), (StatusCode::NO_CONTENT, ""));
        assert_eq!(refusal(&app.get(&path).await), refused(404, ""));
        assert_eq!(refusal(&app.delete(&path).await), refused(404, ""));
        assert_eq!(app.actions().await, ["user.created", "user.updated", "user.updated", "user.deleted"]);
        let actor = format!("scim:{}", app.token.token.id);
        assert!(app.events().await.iter().filter(|e| e.0.starts_with("user.")).all(|e| e.2 == actor));
    }
}

#[tokio::test]
async fn only_the_user_name_is_demanded() {
    for app in apps().await {
        let schemas = user("x")["schemas"].clone();
        let made = app.post("/Users", &json!({ "schemas": schemas, "userName": "service" })).await;
        assert_eq!((made.status, &made.body["active"]), (StatusCode::CREATED, &json!(true)), "{}", made.text);
        assert!(made.body.get("displayName").is_none());
        let none = app.post("/Users", &json!({ "schemas": schemas, "displayName": "No One" })).await;
        assert_eq!(refusal(&none), refused(400, "invalidValue"));
        assert!(none.text.contains("userName"));
        // The substitute for people is not found as if it were the attribute.
        assert!(app.names("displayName eq \"service\"").await.is_empty());
    }
}

#[tokio::test]
async fn user_names_and_primary_addresses_are_unique() {
    for app in apps().await {
        let ana = app.user("Ana").await;
        app.user("bo").await;
        let again = app.post("/Users", &user("ANA")).await;
        assert_eq!(refusal(&again), refused(409, "uniqueness"));
        let detail = again.body["detail"].as_str().unwrap();
        assert!(detail.contains("userName") && detail.contains(&ana) && detail.contains("ANA"), "{detail}");

        let mut other = user("cy");
        other["emails"][0]["value"] = json!("ANA@mail.example");
        let taken = app.post("/Users", &other).await;
        assert_eq!(refusal(&taken), refused(409, "uniqueness"));
        assert!(taken.text.contains("emails") && taken.text.contains(&ana), "{}", taken.text);

        let bo = app.names("userName eq \"BO\"").await;
        assert_eq!(bo, ["bo"]);
        let id = app.find("Users", "userName eq \"bo\"").await.body["Resources"][0]["id"].clone();
        let path = format!("/Users/{}", id.as_str().unwrap());
        let rename = json!([{ "op": "replace", "path": "userName", "value": "aNa" }]);
        assert_eq!(refusal(&app.patch(&path, rename).await), refused(409, "uniqueness"));
        assert_eq!(app.get(&path).await.body["userName"], "bo");
    }
}

#[tokio::test]
async fn a_disabled_user_loses_portal_sessions_at_once() {
    for app in apps().await {
        let id = app.user("ana").await;
        let path = format!("/Users/{id}");
        start_session(&app, &id).await;
        assert!(has_session(&app).await);
        app.patch(&path, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await;
        assert!(!has_session(&app).await);
        assert_eq!(app.get(&path).await.body["active"], false);
        // Disabled users are still found (entra-id 4.5).
        assert_eq!(app.names("userName eq \"ana\"").await, ["ana"]);
        assert_eq!(app.names("active eq false").await, ["ana"]);
    }
}

#[tokio::test]
async fn without_active_nobody_signs_in() {
    for app in apps().await {
        let id = app.user("ana").await;
        let path = format!("/Users/{id}");
        start_session(&app, &id).await;
        let removed = app.patch(&path, json!([{ "op": "remove", "path": "active" }])).await;
        assert_eq!((removed.status, removed.body.get("active")), (StatusCode::OK, None));
        assert!(!has_session(&app).await);
        // RFC 7644 §3.5.2.2: the attribute is unassigned, so it equals neither.
        assert!(
            app.names("active eq true").await.is_empty() && app.names("active eq false").await.is_empty()
        );
        assert_eq!(app.put(&path, &json!({ "userName": "ana" })).await.body["active"], false);
    }
}

#[tokio::test]
async fn a_put_without_active_brings_nobody_back() {
    for app in apps().await {
        let path = format!("/Users/{}", app.user("ana").await);
        app.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await;
        let mut body = user("ana");
        body.as_object_mut().unwrap().remove("active");
        assert_eq!(app.put(&path, &body).await.body["active"], false);
        body["active"] = json!(true);
        assert_eq!(app.put(&path, &body).await.body["active"], true);
    }
}

#[tokio::test]
async fn a_refused_patch_changes_nothing() {
    for app in apps().await {
        let path = format!("/Users/{}", app.user("ana").await);
        let before = app.get(&path).await.body;
        let events = app.events().await.len();
        let operations = json!([
            { "op": "replace", "path": "title", "value": "Boss" },
            { "op": "replace", "path": "active", "value": "perhaps" },
        ]);
        assert_eq!(refusal(&app.patch(&path, operations).await), refused(400, "invalidValue"));
        assert_eq!(app.get(&path).await.body, before);
        assert_eq!(app.events().await.len(), events);
        // The same again changes nothing either.
        let same = json!([{ "op": "replace", "path": "userName", "value": "ana" }]);
        assert_eq!(app.patch(&path, same).await.status, StatusCode::OK);
        assert_eq!(app.events().await.len(), events);
    }
}

#[tokio::test]
async fn fifty_creates_of_one_name_make_one_user() {
    for app in apps().await {
        let requests = (0..50).map(|n| {
            let mut body = user("ana");
            body["externalId"] = json!(n.to_string());
            let request = app.request(Method::POST, "/Users").body(Body::from(body.to_string())).unwrap();
            app.send(request)
        });
        let answers = futures::future::join_all(requests).await;
        let created = answers.iter().filter(|a| a.status == StatusCode::CREATED).count();
        assert_eq!(created, 1, "{:?}", app.engine());
        for answer in answers.iter().filter(|a| a.status != StatusCode::CREATED) {
            assert_eq!(refusal(answer), refused(409, "uniqueness"), "{}", answer.text);
        }
        assert_eq!(app.names("userName eq \"ana\"").await.len(), 1);
        assert_eq!(app.actions().await, ["user.created"]);
    }
}

#[tokio::test]
async fn groups_and_assignments_go_with_a_deleted_user() {
    for app in apps().await {
        let (ana, bo) = (app.user("ana").await, app.user("bo").await);
        let group = app.group("Staff", &[&ana, &bo]).await;
        let read = app.get(&format!("/Users/{ana}")).await.body;
        assert_eq!(read["groups"][0]["value"], json!(group));
        assert_eq!(read["groups"][0]["display"], "Staff");
        assign(&app, &ana).await;
        app.delete(&format!("/Users/{ana}")).await;
        assert_eq!(app.members(&group).await, [bo]);
        let actions = app.actions().await;
        assert_eq!(
            actions[actions.len() - 3..],
            ["group.member_removed", "assignment.deleted", "user.deleted"]
        );
        assert!(app.find("Users", "emails.value eq \"ana@mail.example\"").await.body["totalResults"] == 0);
    }
}

async fn assign(app: &App, user: &str) {
    let (instance, user) = (app.center.instance_id.clone(), user.to_owned());
    let insert = move |tx: &mut store::Tx<'_>| {
        tx.exec(
            "INSERT INTO account_assignments (instance_id, account_id, permission_set_id, principal_type, \
             principal_id, created_at) VALUES (?1, '111122223333', 'ps-1', 'USER', ?2, 0)",
            &[(&instance).into(), (&user).into()],
        )
    };
    app.center.store.write(insert).await.unwrap();
}

async fn start_session(app: &App, user: &str) {
    let session = Session {
        realm: app.center.instance_id.clone(),
        audience: "portal".to_owned(),
        subject_id: user.to_owned(),
        created_at: START,
        expires_at: START.plus(std::time::Duration::from_secs(3600)),
        data: json!({}),
    };
    app.center.store.write(move |tx| session::create(tx, "browser", &session)).await.unwrap();
}

async fn has_session(app: &App) -> bool {
    let instance = app.center.instance_id.clone();
    let find = move |tx: &mut store::Tx<'_>| session::find(tx, "browser", &instance, "portal", START);
    app.center.store.read(find).await.unwrap().is_some()
}
