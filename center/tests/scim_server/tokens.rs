use std::time::Duration;

use axum::body::Body;
use center::scim_server::tokens::{NewToken, store as tokens};
use http::{Method, Request, StatusCode};
use serde_json::Value;
use store::testing::engines;

use crate::app::{Answer, App, apps, refusal, refused};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn without_a_live_token_of_this_tenant_nothing_opens() {
    for app in apps().await {
        let with = |header: Option<&str>, tenant: &str| {
            let mut request = Request::builder().uri(format!("/{tenant}/scim/v2/Users"));
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            request.body(Body::empty()).unwrap()
        };
        let good = format!("Bearer {}", app.token.secret);
        assert_eq!(app.send(with(Some(&good), &app.tenant)).await.status, StatusCode::OK);
        let lower = format!("bearer  {}", app.token.secret);
        assert_eq!(app.send(with(Some(&lower), &app.tenant)).await.status, StatusCode::OK);
        let other = app.center.random.uuid();
        for (header, tenant) in [
            (None, app.tenant.as_str()),
            (Some("Bearer nonsense"), &app.tenant),
            (Some("Bearer "), &app.tenant),
            (Some(app.token.secret.as_str()), &app.tenant),
            (Some(&good.to_uppercase()), &app.tenant),
            (Some(&good), &other),
            (Some(&good), "x"),
        ] {
            let answer = app.send(with(header, tenant)).await;
            assert_eq!(refusal(&answer), refused(401, ""), "{header:?} {tenant}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn a_token_of_another_instance_opens_nothing() {
    let (one, two) = (apps().await, apps().await);
    for (a, b) in one.iter().zip(&two) {
        let request = Request::builder()
            .uri(format!("/{}/scim/v2/Users", a.tenant))
            .header("authorization", format!("Bearer {}", b.token.secret));
        assert_eq!(refusal(&a.send(request.body(Body::empty()).unwrap()).await), refused(401, ""));
    }
}

#[tokio::test]
async fn a_token_ends_after_a_year() {
    for app in apps().await {
        app.center.clock.advance(DAY * 364);
        assert_eq!(app.get("/Users").await.status, StatusCode::OK);
        app.center.clock.advance(DAY);
        assert_eq!(refusal(&app.get("/Users").await), refused(401, ""));
    }
}

#[tokio::test]
async fn tokens_open_nothing_under_another_identity_source() {
    for app in apps().await {
        app.set_source("identity-center-directory").await;
        assert_eq!(refusal(&app.get("/Users").await), refused(401, ""));
        app.set_source("external").await;
        assert_eq!(app.get("/Users").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() {
    for app in apps().await {
        app.get("/Users").await;
        let first = last_used(&app, None).await;
        app.center.clock.advance(Duration::from_secs(30));
        app.get("/Users").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(last_used(&app, None).await, first);
        app.center.clock.advance(Duration::from_secs(31));
        app.get("/Users").await;
        assert_ne!(last_used(&app, first.as_deref()).await, first);
    }
}

/// Waits for a value other than `old`: it is written beside the request.
async fn last_used(app: &App, old: Option<&str>) -> Option<String> {
    let mut found = None;
    for _ in 0..100 {
        let instance = app.center.instance_id.clone();
        let state = app.center.store.read(move |tx| tokens::load(tx, &instance)).await.unwrap();
        found = state.tokens[0].last_used_at.map(web::Timestamp::rfc3339);
        if found.as_deref() != old {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    found
}

async fn api(app: &App, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("authorization", "Bearer key-secret");
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn add_key(app: &App) {
    let (instance, hash) = (app.center.instance_id.clone(), web::token::hash("key-secret"));
    let insert = move |tx: &mut store::Tx<'_>| {
        let sql = "INSERT INTO api_keys (instance_id, id, display_name, secret_sha256, created_at) \
                   VALUES (?1, 'key-1', 'test', ?2, 0)";
        tx.exec(sql, &[(&instance).into(), hash[..].into()])
    };
    app.center.store.write(insert).await.unwrap();
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["error"]["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn the_api_switches_on_rotates_and_switches_off() {
    for store in engines(center::MIGRATIONS).await {
        let mut app = App::without_provisioning(store).await;
        add_key(&app).await;
        assert_eq!(api(&app, Method::GET, "/api/scim").await.body["enabled"], false);
        assert_eq!(code(&api(&app, Method::POST, "/api/scim/enable").await), (409, "SourceNotExternal"));
        assert_eq!(code(&api(&app, Method::POST, "/api/scim/tokens").await), (409, "SourceNotExternal"));
        app.set_source("external").await;
        assert_eq!(code(&api(&app, Method::POST, "/api/scim/tokens").await), (409, "NotEnabled"));

        let on = api(&app, Method::POST, "/api/scim/enable").await;
        assert_eq!(on.status, StatusCode::CREATED, "{}", on.text);
        let endpoint = format!("http://127.0.0.1:9/{}/scim/v2/", app.tenant);
        assert_eq!(on.body["endpoint"], endpoint);
        app.token.secret = on.body["token"]["secret"].as_str().unwrap().to_owned();
        assert_eq!(app.get("/Users").await.status, StatusCode::OK);
        assert_eq!(code(&api(&app, Method::POST, "/api/scim/enable").await), (409, "AlreadyEnabled"));

        let second = api(&app, Method::POST, "/api/scim/tokens").await;
        assert_eq!(second.status, StatusCode::CREATED);
        assert_eq!(code(&api(&app, Method::POST, "/api/scim/tokens").await), (409, "TokenLimit"));
        let shown = api(&app, Method::GET, "/api/scim").await;
        assert_eq!(shown.body["tokens"].as_array().unwrap().len(), 2);
        for secret in [&on.body["token"]["secret"], &second.body["secret"]] {
            assert!(!shown.text.contains(secret.as_str().unwrap()), "a secret is shown once");
        }

        assert_eq!(code(&api(&app, Method::POST, "/api/scim/disable").await), (409, "TokensLeft"));
        for token in shown.body["tokens"].as_array().unwrap() {
            let path = format!("/api/scim/tokens/{}", token["id"].as_str().unwrap());
            assert_eq!(api(&app, Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
            assert_eq!(code(&api(&app, Method::DELETE, &path).await), (404, "TokenNotFound"));
        }
        assert_eq!(refusal(&app.get("/Users").await), refused(401, ""));
        assert_eq!(api(&app, Method::POST, "/api/scim/disable").await.body["enabled"], false);
        let actions: Vec<String> =
            app.events().await.into_iter().map(|e| e.0).filter(|a| a.starts_with("scim.")).collect();
        assert_eq!(
            actions,
            [
                "scim.enabled",
                "scim.token_created",
                "scim.token_created",
                "scim.token_deleted",
                "scim.token_deleted",
                "scim.disabled"
            ]
        );
    }
}

#[tokio::test]
async fn a_secret_is_in_no_row_and_no_event() {
    for app in apps().await {
        let instance = app.center.instance_id.clone();
        let read = move |tx: &mut store::Tx<'_>| tx.events_newest(&instance, None, None, 1000);
        let events = app.center.store.read(read).await.unwrap();
        let text: String =
            events.iter().flat_map(|e| [&e.before, &e.after]).flatten().map(Value::to_string).collect();
        assert!(!text.contains(&app.token.secret) && text.contains(&app.token.token.id));
        let rows = app.center.store.read(|tx| tx.rows("SELECT secret_sha256 FROM scim_tokens", &[])).await;
        assert_eq!(rows.unwrap()[0].bytes(0).unwrap(), web::token::hash(&app.token.secret));
    }
}

#[tokio::test]
async fn two_programs_cannot_make_a_third_token() {
    for app in apps().await {
        let makes = (0..10).map(|_| {
            let author = app.center.author_named("api:x");
            let new = NewToken::draw(&app.center.random, author.now);
            app.center.store.write(move |tx| tokens::create(tx, &author, &new))
        });
        let made = futures::future::join_all(makes).await;
        assert_eq!(made.iter().filter(|m| m.is_ok()).count(), 1, "{:?}", app.engine());
    }
}

async fn set_limit(app: &App, per_second: i64) {
    let author = app.center.author_named("system");
    let set = app.center.store.write(move |tx| tokens::set_rate_limit(tx, &author, per_second));
    set.await.unwrap();
}

#[tokio::test]
async fn a_client_that_sends_too_much_hears_when_to_come_again() {
    for app in apps().await {
        set_limit(&app, 2).await;
        for n in 0..4 {
            assert_eq!(app.get("/Users").await.status, StatusCode::OK, "{n}");
        }
        let answer = app.get("/Users").await;
        assert_eq!(refusal(&answer), refused(429, ""));
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(answer.body["detail"].as_str().unwrap().contains("2 requests a second"), "{}", answer.text);
        app.center.clock.advance(Duration::from_secs(1));
        assert_eq!(app.get("/Users").await.status, StatusCode::OK);
        assert_eq!(app.get("/Users").await.status, StatusCode::OK);
        assert_eq!(app.get("/Users").await.status, StatusCode::TOO_MANY_REQUESTS);
        let author = app.center.author_named("system");
        let wrong = app.center.store.write(move |tx| tokens::set_rate_limit(tx, &author, 0)).await;
        assert!(matches!(wrong, Err(center::scim_server::tokens::TokenError::RateLimit(0))));
    }
}

#[tokio::test]
async fn as_aws_does_twenty_requests_a_second_are_taken() {
    for app in apps().await {
        let author = app.center.author_named("system");
        let aws = Some(center::scim_server::mode::Mode::Aws);
        app.center.store.write(move |tx| tokens::set_mode(tx, &author, None, aws)).await.unwrap();
        for _ in 0..40 {
            assert_eq!(app.get("/ServiceProviderConfig").await.status, StatusCode::OK);
        }
        assert_eq!(app.get("/ServiceProviderConfig").await.status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn a_token_that_ends_is_announced_once_for_each_threshold() {
    use center::scim_server::tokens::announce_expiry;
    for app in apps().await {
        assert_eq!(announce_expiry(&app.center).await.unwrap(), 0);
        let mut said = Vec::new();
        for day in 0..=366 {
            said.extend((announce_expiry(&app.center).await.unwrap() > 0).then_some(365 - day));
            app.center.clock.advance(DAY);
        }
        assert_eq!(said, [90, 60, 30, 15, 7, 1, 0]);
        let events = app.events().await;
        let announced = events.iter().filter(|(action, ..)| action == "scim.token_expiring").count();
        assert_eq!(announced, 6);
        assert!(
            events.iter().any(|(action, id, _)| action == "scim.token_expired" && *id == app.token.token.id)
        );
    }
}

#[tokio::test]
async fn a_rotation_ends_when_the_new_token_is_used() {
    use center::testing::TestCenter;
    use serde_json::json;
    for test in TestCenter::on_each().await {
        let instance = test.center.instance_id.clone();
        let external = move |tx: &mut store::Tx<'_>| {
            let sql = "UPDATE identity_sources SET kind = 'external' WHERE instance_id = ?1";
            tx.exec(sql, &[(&instance).into()])
        };
        test.center.store.write(external).await.unwrap();
        let first = test.api(Method::POST, "/api/scim/enable", Value::Null).await.json();
        let finish = "/api/scim/tokens/finish-rotation";
        let early = test.api(Method::POST, finish, json!({})).await;
        assert_eq!((early.status, early.code().as_str()), (StatusCode::CONFLICT, "NoRotation"));
        test.center.clock.advance(Duration::from_secs(1));
        let second = test.api(Method::POST, "/api/scim/tokens", Value::Null).await.json();
        let unused = test.api(Method::POST, finish, json!({})).await;
        assert_eq!((unused.status, unused.code().as_str()), (StatusCode::CONFLICT, "NewTokenUnused"));
        let (instance, id, now) = (
            test.center.instance_id.clone(),
            second["id"].as_str().unwrap().to_owned(),
            test.center.clock.now(),
        );
        let used = move |tx: &mut store::Tx<'_>| tokens::note_use(tx, &instance, &id, now, now);
        test.center.store.write(used).await.unwrap();
        let done = test.api(Method::POST, finish, json!({})).await.json();
        assert_eq!(done["deletedTokenId"], first["token"]["id"], "{done}");
        let left = test.api(Method::PUT, "/api/scim/rate-limit", json!({ "requestsPerSecond": 50 })).await;
        assert_eq!(left.json()["requestsPerSecond"], 50, "{}", left.body);
        assert_eq!(left.json()["tokens"][0]["id"], second["id"]);
        let wrong = test.api(Method::PUT, "/api/scim/rate-limit", json!({ "requestsPerSecond": 0 })).await;
        assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::BAD_REQUEST, "InvalidValue"));
    }
}
