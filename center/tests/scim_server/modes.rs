//! Modes, and what clients are seen to be.

use axum::body::Body;
use center::scim_server::mode::Mode;
use center::scim_server::tokens::store as tokens;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, GROUP, PATCH, USER, apps, refusal, refused, user};

async fn set(app: &App, token: bool, mode: Option<Mode>) {
    let (author, id) = (app.center.author_named("system"), app.token.token.id.clone());
    let set = move |tx: &mut store::Tx<'_>| tokens::set_mode(tx, &author, token.then_some(id.as_str()), mode);
    app.center.store.write(set).await.unwrap();
}

#[tokio::test]
async fn strict_names_the_deviation_that_it_refuses() {
    for app in apps().await {
        let id = app.user("ana").await;
        let path = format!("/Users/{id}");
        set(&app, false, Some(Mode::Strict)).await;
        for (operation, deviation) in [
            (json!({ "op": "Replace", "path": "title", "value": "x" }), "entra-capitalised-op"),
            (json!({ "op": "replace", "path": "active", "value": "False" }), "entra-scalar-as-string"),
            (json!({ "op": "replace", "value": { "name.givenName": "x" } }), "entra-path-as-key"),
            (
                json!({ "op": "add", "path": "emails[type eq \"home\"].value", "value": "x" }),
                "entra-value-path-creates",
            ),
        ] {
            let answer = app.patch(&path, json!([operation])).await;
            assert_eq!(refusal(&answer).0, 400, "{deviation}");
            assert!(answer.text.contains(deviation) && answer.text.contains("https://"), "{}", answer.text);
        }
        let fine = json!([{ "op": "replace", "path": "active", "value": false }]);
        assert_eq!(app.patch(&path, fine).await.status, StatusCode::OK);
        let plain = app.patch(&path, json!([{ "op": "replace", "path": "nope", "value": 1 }])).await;
        assert!(!plain.text.contains("deviation"), "{}", plain.text);

        // The token's own mode goes before that of the instance.
        set(&app, true, Some(Mode::Tolerant)).await;
        let entra = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
        assert_eq!(app.patch(&path, entra.clone()).await.status, StatusCode::OK);
        set(&app, true, None).await;
        assert_eq!(app.patch(&path, entra).await.status, StatusCode::BAD_REQUEST);
        let changes = app.events().await.into_iter().filter(|e| e.0 == "scim.mode_changed").count();
        assert_eq!(changes, 3);
    }
}

#[tokio::test]
async fn the_aws_mode_answers_as_aws() {
    for app in apps().await {
        set(&app, false, Some(Mode::Aws)).await;
        let made = app.post("/Users", &user("ana")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let mut keys: Vec<&String> = made.body["meta"].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["created", "lastModified", "resourceType"]);
        assert!(made.headers.get("etag").is_none());
        let taken = app.post("/Users", &user("ana")).await;
        assert_eq!(
            (taken.status, &taken.body["detail"]),
            (StatusCode::CONFLICT, &json!("Refused to create a new, duplicate resource."))
        );
        assert!(taken.body.get("scimType").is_none());
        let mut keys: Vec<&String> = taken.body.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["detail", "exceptionRequestId", "schema", "schemas", "status", "timeStamp"]);

        let mut two = user("bo");
        two["emails"] = json!([{ "value": "a@x", "primary": true }, { "value": "b@x" }]);
        let mut nameless = user("bo");
        nameless["name"] = json!({ "givenName": "B" });
        let mut other = user("bo");
        other["ims"] = json!([{ "value": "x" }]);
        for body in [two, nameless, other] {
            assert_eq!(refusal(&app.post("/Users", &body).await), refused(400, ""), "{body}");
        }
    }
}

#[tokio::test]
async fn the_aws_mode_has_the_limits_of_aws() {
    for app in apps().await {
        let id = &app.user("ana").await;
        set(&app, false, Some(Mode::Aws)).await;
        let group = json!({ "schemas": [GROUP], "displayName": "Staff", "members": [{ "value": id }] });
        let group = app.post("/Groups", &group).await;
        assert!(group.body.get("members").is_none(), "{}", group.text);
        let path = format!("/Groups/{}", group.body["id"].as_str().unwrap());
        assert_eq!(app.get(&path).await.body["members"], json!([]));
        let replace = json!([{ "op": "replace", "path": "members", "value": [{ "value": id }] }]);
        assert_eq!(
            app.patch(&path, replace).await.body["detail"],
            "Replacing group memberships is not supported."
        );
        let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]);
        let removed = app.patch(&path, remove).await;
        assert_eq!((removed.status, removed.text.as_str()), (StatusCode::NO_CONTENT, ""));
        let many: Vec<Value> = (0..101).map(|n| json!({ "value": format!("u{n}") })).collect();
        let add = json!([{ "op": "add", "path": "members", "value": many }]);
        assert_eq!(refusal(&app.patch(&path, add).await), refused(400, ""));
        let several = json!([{ "op": "replace", "value": { "title": "x", "nickName": "y" } }]);
        let several = app.patch(&format!("/Users/{id}"), several).await;
        assert!(
            several.body["detail"].as_str().unwrap().starts_with("Current PATCH support allows omitting")
        );
        let put = json!({ "schemas": [GROUP], "displayName": "Staff" });
        assert_eq!(refusal(&app.put(&path, &put).await), refused(405, ""));
        for path in ["/Me", "/.search", "/Bulk"] {
            assert_eq!(refusal(&app.post(path, &json!({})).await), refused(404, ""), "{path}");
        }
        for (filter, status) in [
            ("userName eq \"ana\"", 200),
            ("userName sw \"a\"", 400),
            ("userName eq \"ana\" or userName eq \"b\"", 400),
            ("displayName eq \"x\"", 400),
        ] {
            assert_eq!(app.find("Users", filter).await.status, status, "{filter}");
        }
        let entra = app.find("Users", &format!("id eq \"{id}\" and manager eq \"x\"")).await;
        assert_eq!((entra.status, &entra.body["totalResults"]), (StatusCode::OK, &json!(0)));
        let config = app.get("/ServiceProviderConfig").await.body;
        assert_eq!(
            (&config["bulk"]["supported"], &config["etag"]["supported"]),
            (&json!(false), &json!(false))
        );
    }
}

#[tokio::test]
async fn the_page_says_what_the_client_speaks() {
    let center = center::testing::TestCenter::on(store::Engine::Sqlite).await;
    let source = "UPDATE identity_sources SET kind = 'external' WHERE state = 'active'";
    center.center.store.write(move |tx| tx.exec(source, &[])).await.unwrap();
    let enabled = center.api(Method::POST, "/api/scim/enable", json!({})).await.json();
    let path = url::Url::parse(enabled["endpoint"].as_str().unwrap()).unwrap().path().to_owned();
    let bearer = format!("Bearer {}", enabled["token"]["secret"].as_str().unwrap());
    let send = |method: Method, path: String, body: Value| {
        let request = http::Request::builder().method(method).uri(path).header("authorization", &bearer);
        let request = request.header("content-type", "application/scim+json");
        center.send_request(request.body(Body::from(body.to_string())).unwrap())
    };
    let made = send(Method::POST, format!("{path}Users"), json!({ "schemas": [USER], "userName": "ana" }))
        .await
        .json();
    let quiet = center.api(Method::GET, "/api/scim", Value::Null).await.json();
    assert_eq!(
        (&quiet["mode"], &quiet["tokens"][0]["client"]["dialect"]),
        (&json!("tolerant"), &json!("rfc"))
    );
    let body = json!({ "schemas": [PATCH], "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] });
    let path = format!("{path}Users/{}", made["id"].as_str().unwrap());
    assert_eq!(send(Method::PATCH, path, body).await.status, StatusCode::OK);
    let seen = center.api(Method::GET, "/api/scim", Value::Null).await.json()["tokens"][0]["client"].clone();
    assert_eq!(seen["dialect"], "entra-default");
    let names: Vec<&Value> = seen["quirks"].as_array().unwrap().iter().map(|q| &q["name"]).collect();
    assert_eq!(names, ["entra-capitalised-op", "entra-scalar-as-string"]);

    let mut browser = center.administrator().await;
    let page = browser.get("/console/settings/automatic-provisioning").await.body;
    assert!(page.contains("This client speaks:") && page.contains("Entra (default dialect)"), "{page}");
    assert!(page.contains("entra-capitalised-op") && page.contains(Mode::Strict.consequences()));
    let here = "/console/settings/automatic-provisioning/mode";
    assert_eq!(browser.post(here, &[("mode", "strict")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(center.api(Method::GET, "/api/scim", Value::Null).await.json()["mode"], "strict");
    let wrong = center.api(Method::PUT, "/api/scim/mode", json!({ "mode": "lax" })).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let id = enabled["token"]["id"].as_str().unwrap();
    let own = center
        .api(Method::PUT, &format!("/api/scim/tokens/{id}/mode"), json!({ "mode": "aws" }))
        .await
        .json();
    assert_eq!((&own["mode"], &own["tokens"][0]["mode"]), (&json!("strict"), &json!("aws")));
}
