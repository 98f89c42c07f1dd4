use axum::body::Body;
use center::testing::TestCenter;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{apps, refusal, refused, user};

#[tokio::test]
async fn slashes_that_clients_add_do_not_matter() {
    for app in apps().await {
        let id = app.user("ana").await;
        for path in ["//Users", "/Users/", "//Users/?count=5", "//Users//"] {
            let answer = app.get(path).await;
            assert_eq!((answer.status, &answer.body["totalResults"]), (StatusCode::OK, &json!(1)), "{path}");
        }
        assert_eq!(app.get(&format!("//Users/{id}")).await.body["userName"], "ana");
        assert_eq!(app.post("//Users", &user("bo")).await.status, StatusCode::CREATED);
        let spaced = app.get("/Users?aadOptscim062020&filter=userName%20eq%20%22ana%22").await;
        assert_eq!(spaced.body["totalResults"], 1);
        let plus = app.get("/Users?filter=userName+eq+%22ana%22&aadOptscim062020=").await;
        assert_eq!(plus.body["totalResults"], 1);
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    for app in apps().await {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let nested = format!("{{\"name\":{}1{}}}", "{\"a\":".repeat(200), "}".repeat(200));
        for body in [
            "",
            "{",
            "{\"userName\": }",
            "nonsense",
            "{\"userName\":\"\\ud800\"}",
            deep.as_str(),
            nested.as_str(),
        ] {
            let request = app.request(Method::POST, "/Users").body(Body::from(body.to_owned())).unwrap();
            let answer = app.send(request).await;
            assert_eq!(refusal(&answer), refused(400, "invalidSyntax"), "{}", &body[..body.len().min(40)]);
        }
        for body in [json!([]), json!("x"), json!(null), json!({ "schemas": ["urn:other"], "userName": "x" })]
        {
            assert_eq!(refusal(&app.post("/Users", &body).await), refused(400, "invalidSyntax"), "{body}");
        }
        let request = app.request(Method::POST, "/Users").body(Body::from(vec![b'"', 0xff, b'"'])).unwrap();
        assert_eq!(refusal(&app.send(request).await), refused(400, "invalidSyntax"));
        assert!(app.names("userName pr").await.is_empty());
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    for app in apps().await {
        let mut body = user("ana");
        body["nickName"] = json!("x".repeat(1 << 20));
        let answer = app.post("/Users", &body).await;
        assert_eq!(refusal(&answer), refused(413, ""));
        assert!(answer.text.contains("1048576"), "{}", answer.text);
    }
}

#[tokio::test]
async fn other_media_types_are_refused() {
    for app in apps().await {
        for (kind, expected) in [
            ("application/json", 201),
            ("application/scim+json;charset=UTF-8", 201),
            ("text/plain", 415),
            ("application/xml", 415),
        ] {
            let mut request = app
                .request(Method::POST, "/Users")
                .body(Body::from(user(&kind.replace(['/', ';', ' '], "-")).to_string()))
                .unwrap();
            request.headers_mut().insert("content-type", kind.parse().unwrap());
            let answer = app.send(request).await;
            assert_eq!(answer.status.as_u16(), expected, "{kind}: {}", answer.text);
        }
        let mut request =
            app.request(Method::POST, "/Users").body(Body::from(user("x").to_string())).unwrap();
        request.headers_mut().remove("content-type");
        assert_eq!(refusal(&app.send(request).await), refused(415, ""));
    }
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_have_scim_errors() {
    for app in apps().await {
        for path in ["/nonsense", "/Users/1/2", "/Users/%00", "/Schemas/urn:none", "/ResourceTypes/None"] {
            assert_eq!(refusal(&app.get(path).await), refused(404, ""), "{path}");
        }
        let answer = app.post("/ServiceProviderConfig", &json!({})).await;
        assert_eq!(refusal(&answer), refused(405, ""));
        assert!(answer.headers["allow"].to_str().unwrap().contains("GET"));
        assert_eq!(refusal(&app.delete("/Users").await), refused(405, ""));
    }
}

#[tokio::test]
async fn the_server_describes_itself() {
    for app in apps().await {
        let config = app.get("/ServiceProviderConfig").await.body;
        assert_eq!(
            (&config["patch"]["supported"], &config["bulk"]["supported"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            (&config["etag"]["supported"], &config["sort"]["supported"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            (&config["filter"]["maxResults"], &config["pagination"]["cursor"]),
            (&json!(100), &json!(true))
        );
        let location = format!("http://127.0.0.1:9/{}/scim/v2/ServiceProviderConfig", app.tenant);
        assert_eq!(config["meta"]["location"], location);
        for (path, ids) in [
            ("/ResourceTypes", vec!["User", "Group"]),
            (
                "/Schemas",
                vec![
                    crate::app::USER,
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                    crate::app::GROUP,
                ],
            ),
        ] {
            let list = app.get(path).await.body;
            let found: Vec<&Value> = list["Resources"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
            assert_eq!(found, ids);
            for id in ids {
                assert_eq!(app.get(&format!("{path}/{id}")).await.body["id"], id);
            }
            assert_eq!(refusal(&app.get(&format!("{path}?filter=id+eq+%22x%22")).await), refused(403, ""));
        }
    }
}

#[tokio::test]
async fn answers_have_the_attributes_that_were_asked_for() {
    for app in apps().await {
        let id = app.user("ana").await;
        let only = app.get(&format!("/Users/{id}?attributes=userName,emails.value")).await.body;
        let keys: Vec<&String> = only.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["schemas", "id", "userName", "emails"]);
        assert_eq!(only["emails"], json!([{ "value": "ana@mail.example" }]));
        let less = app.get("/Users?excludedAttributes=emails,name").await.body;
        assert!(
            less["Resources"][0].get("emails").is_none() && less["Resources"][0].get("userName").is_some()
        );
        let written = app.post("/Users?attributes=id", &user("bo")).await.body;
        assert!(written.get("userName").is_none() && written.get("id").is_some());
    }
}

#[tokio::test]
async fn clients_hear_that_others_are_told_of_events() {
    for test in TestCenter::on_each().await {
        let source = "UPDATE identity_sources SET kind = 'external' WHERE state = 'active'";
        test.center.store.write(move |tx| tx.exec(source, &[])).await.unwrap();
        let enabled = test.api(Method::POST, "/api/scim/enable", json!({})).await.json();
        let path = url::Url::parse(enabled["endpoint"].as_str().unwrap()).unwrap().path().to_owned();
        let (path, bearer) = (
            format!("{path}ServiceProviderConfig"),
            format!("Bearer {}", enabled["token"]["secret"].as_str().unwrap()),
        );
        let told = || async {
            let headers = [("authorization", bearer.as_str())];
            let answer = test.send(Method::GET, &path, &headers, String::new()).await;
            answer.json().get("securityEvents").cloned()
        };
        assert_eq!(told().await, None);
        let target = json!({ "url": "http://127.0.0.1:1/", "allowPrivate": true });
        let id = test.api(Method::POST, "/api/event-targets", target).await.json()["id"].clone();
        let uris = center::event_targets::EVENT_URIS;
        assert_eq!(told().await, Some(json!({ "asyncRequest": "none", "eventUris": uris })));
        test.api(Method::PUT, "/api/scim/mode", json!({ "mode": "aws" })).await;
        assert_eq!(told().await, None, "AWS has none");
        test.api(Method::PUT, "/api/scim/mode", json!({ "mode": "strict" })).await;
        let path = format!("/api/event-targets/{}", id.as_str().unwrap());
        assert!(test.api(Method::DELETE, &path, Value::Null).await.status.is_success());
        assert_eq!(told().await, None);
    }
}
