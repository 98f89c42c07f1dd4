//! Set-up, signing in, tokens, and the pages around them, through the router.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use axum::body::Body;
use directory::refused::Refused;
use directory::setup::{self, Wanted};
use directory::testing::{Browser, DOMAIN, PASSWORD, TestDirectory, engines, not_set_up, send};
use directory::users::{self, UserChange};
use http::{Request, StatusCode, header};
use serde_json::json;
use store::Engine;

fn post_json(path: &str, body: &serde_json::Value) -> Request<Body> {
    Request::post(path).body(Body::from(body.to_string())).unwrap()
}

#[tokio::test]
async fn the_setup_api_works_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (directory, secret, _store) = not_set_up(engine).await;
        let (router, _) = directory::router::router(&directory);
        let about = send(&router, Request::get("/api/about").body(Body::empty()).unwrap()).await;
        assert_eq!(about.json()["setUp"], false);
        let body = json!({ "secret": secret, "userPrincipalName": "root", "password": PASSWORD });
        let answer = send(&router, post_json("/api/setup", &body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let done = answer.json();
        assert_eq!(done["userPrincipalName"], format!("root@{DOMAIN}"));
        assert_eq!(done["tenantId"], directory.tenant_id);
        let again = send(&router, post_json("/api/setup", &body)).await;
        assert_eq!(
            (again.status, &again.json()["error"]["code"]),
            (StatusCode::CONFLICT, &json!("SetupDone"))
        );
        let about = send(&router, Request::get("/api/about").body(Body::empty()).unwrap()).await;
        assert_eq!(about.json()["setUp"], true);
        let page = Browser::new(&router).get("/setup").await;
        assert_eq!(page.status, StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn a_wrong_setup_secret_is_refused_and_slowed_down() {
    let (directory, secret, _store) = not_set_up(Engine::Sqlite).await;
    let wanted = |secret: &str| Wanted {
        secret: secret.to_owned(),
        user_principal_name: "root".to_owned(),
        display_name: String::new(),
        password: PASSWORD.to_owned(),
    };
    for _ in 0..6 {
        let refused = setup::complete(&directory, wanted("entente_setup_guess")).await;
        assert!(matches!(refused, Err(Refused::SetupSecret)));
    }
    assert!(matches!(setup::complete(&directory, wanted(&secret)).await, Err(Refused::Throttled(_))));
    directory.clock.advance(Duration::from_secs(3));
    assert!(setup::complete(&directory, wanted(&secret)).await.is_ok());
}

#[tokio::test]
async fn a_restart_before_the_setup_draws_a_new_secret_and_after_it_none() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (directory, first, _store) = not_set_up(engine).await;
        let start = || setup::first_start(&directory.store, &directory.clock, &directory.random, DOMAIN);
        let second = start().await.unwrap();
        assert_eq!(second.tenant_id, directory.tenant_id);
        assert_ne!(second.secret.as_deref(), Some(first.as_str()));
        assert!(!format!("{second:?}").contains("entente_setup_"), "no secret in Debug");
        let wanted = |secret: &str| Wanted {
            secret: secret.to_owned(),
            user_principal_name: "root".to_owned(),
            display_name: String::new(),
            password: PASSWORD.to_owned(),
        };
        assert!(matches!(setup::complete(&directory, wanted(&first)).await, Err(Refused::SetupSecret)));
        setup::complete(&directory, wanted(second.secret.as_deref().unwrap())).await.unwrap();
        assert_eq!(start().await.unwrap().secret, None);
    }
}

#[tokio::test]
async fn the_setup_page_leads_to_a_signed_in_console() {
    let (directory, secret, _store) = not_set_up(Engine::Sqlite).await;
    let (router, _) = directory::router::router(&directory);
    let mut browser = Browser::new(&router);
    let name = format!("root@{DOMAIN}");
    let mut fields =
        vec![("secret", secret.as_str()), ("user_principal_name", name.as_str()), ("password", "short")];
    let short = browser.submit("/setup", "/setup", &fields).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    assert!(short.text.contains("at least 8 characters") && !short.text.contains(&secret));
    fields[2] = ("password", PASSWORD);
    let done = browser.submit("/setup", "/setup", &fields).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.text.contains("entente_client_"));
    let fields = [("user_name", name.as_str()), ("password", PASSWORD), ("return_to", "/console")];
    let answer = browser.submit("/sign-in", "/sign-in", &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/console"));
    assert_eq!(browser.get("/").await.location(), "/console");
}

#[tokio::test]
async fn guessing_at_one_account_is_slowed_down_even_for_the_right_password() {
    for test in engines().await {
        test.user("ana").await;
        let attempt = |password: &'static str| {
            let mut browser = Browser::new(&test.router);
            async move {
                let name = format!("ana@{DOMAIN}");
                let fields = [("user_name", name.as_str()), ("password", password)];
                browser.submit("/sign-in", "/sign-in", &fields).await.status
            }
        };
        for _ in 0..6 {
            assert_eq!(attempt("wrong password").await, StatusCode::FORBIDDEN);
        }
        assert_eq!(attempt(PASSWORD).await, StatusCode::FORBIDDEN);
        test.advance(Duration::from_secs(3));
        assert_eq!(attempt(PASSWORD).await, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_password_to_be_changed_opens_nothing_but_the_change() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let ana = test.user("ana").await;
    let hash = directory::credentials::hash(&test.directory, "first password").await.unwrap();
    let id = ana.id.clone();
    test.write(move |tx, change| Ok(directory::credentials::set(tx, change, &id, &hash, true)?))
        .await
        .unwrap();
    let mut browser = Browser::new(&test.router);
    let name = format!("ana@{DOMAIN}");
    let fields = [("user_name", name.as_str()), ("password", "first password"), ("return_to", "/my-apps")];
    let answer = browser.submit("/sign-in", "/sign-in", &fields).await;
    assert_eq!(answer.location(), "/change-password?return_to=%2Fmy-apps");
    assert_eq!(browser.get("/").await.location(), "/sign-in?return_to=%2F", "not signed in yet");
    let page = "/change-password?return_to=%2Fmy-apps";
    for (current, new, repeated, status) in [
        ("wrong password", "second password", "second password", StatusCode::FORBIDDEN),
        ("first password", "second password", "third password", StatusCode::BAD_REQUEST),
        ("first password", "short", "short", StatusCode::BAD_REQUEST),
        ("first password", "first password", "first password", StatusCode::BAD_REQUEST),
    ] {
        let fields = [("password", current), ("new_password", new), ("repeated", repeated)];
        assert_eq!(browser.submit(page, "/change-password", &fields).await.status, status, "{new}");
    }
    let fields = [
        ("password", "first password"),
        ("new_password", "second password"),
        ("repeated", "second password"),
        ("return_to", "/my-apps"),
    ];
    let answer = browser.submit(page, "/change-password", &fields).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/my-apps"));
    assert_eq!(browser.get("/").await.location(), "/my-apps");
}

#[tokio::test]
async fn disabling_or_signing_out_ends_the_session() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let ana = test.user("ana").await;
    let mut browser = test.browser("ana").await;
    let mut other = test.browser("ana").await;
    assert_eq!(browser.get("/").await.location(), "/my-apps");
    browser.submit("/sign-in", "/sign-out", &[]).await;
    assert_eq!(browser.get("/").await.location(), "/sign-in?return_to=%2F");
    assert_eq!(other.get("/").await.location(), "/my-apps", "another browser stays signed in");
    let disable = UserChange { account_enabled: Some(false), ..UserChange::default() };
    test.write(move |tx, change| users::update(tx, change, &ana.id, &disable)).await.unwrap();
    assert_eq!(other.get("/").await.location(), "/sign-in?return_to=%2F");
}

#[tokio::test]
async fn a_session_ends_after_a_day() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let mut browser = test.browser("admin").await;
    test.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(browser.get("/").await.location(), "/sign-in?return_to=%2F");
}

#[tokio::test]
async fn signing_in_returns_to_local_paths_alone() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let name = format!("admin@{DOMAIN}");
    for (wanted, to) in
        [("/console/users?q=a", "/console/users?q=a"), ("//evil.example", "/"), ("https://e", "/")]
    {
        let mut browser = Browser::new(&test.router);
        let fields = [("user_name", name.as_str()), ("password", PASSWORD), ("return_to", wanted)];
        assert_eq!(browser.submit("/sign-in", "/sign-in", &fields).await.location(), to, "{wanted}");
    }
}

#[tokio::test]
async fn a_form_without_its_token_signs_nobody_in() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let body = format!("user_name=admin%40{DOMAIN}&password={}", PASSWORD.replace(' ', "+"));
    let request = Request::post("/sign-in").body(Body::from(body)).unwrap();
    assert_eq!(send(&test.router, request).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn tokens_are_issued_to_known_clients_and_end_after_an_hour() {
    for test in engines().await {
        let path = format!("/{}/oauth2/v2.0/token", test.directory.tenant_id);
        let (id, secret) = (&test.client_id, &test.client_secret);
        let good = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let scoped = format!("{good}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default");
        for (path, body, status, error) in [
            (path.as_str(), scoped.as_str(), StatusCode::OK, ""),
            ("/CONTOSO.example/oauth2/v2.0/token", good.as_str(), StatusCode::OK, ""),
            ("/other/oauth2/v2.0/token", good.as_str(), StatusCode::BAD_REQUEST, "invalid_request"),
            (&path, "", StatusCode::BAD_REQUEST, "invalid_request"),
            (&path, "grant_type=password", StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            (&path, "grant_type=client_credentials", StatusCode::BAD_REQUEST, "invalid_request"),
            (&path, &format!("{good}x"), StatusCode::UNAUTHORIZED, "invalid_client"),
            (&path, &good.replace(id, "%00"), StatusCode::UNAUTHORIZED, "invalid_client"),
            (&path, &format!("{good}&scope=openid"), StatusCode::BAD_REQUEST, "invalid_scope"),
        ] {
            let request = Request::post(path).body(Body::from(body.to_owned())).unwrap();
            let answer = send(&test.router, request).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.text);
            assert_eq!(answer.json()["error"].as_str().unwrap_or_default(), error);
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        }
        let program = test.program().await;
        assert_eq!(program.get("/v1.0/users").await.status, StatusCode::OK);
        test.advance(Duration::from_secs(60 * 60));
        let ended = program.get("/v1.0/users").await;
        assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
        assert_eq!(ended.json()["error"]["code"], "InvalidAuthenticationToken");
    }
}
