//! Signing in with passwords, sessions, and the access portal.

use std::time::Duration;

use center::testing::{ADMINISTRATOR, PASSWORD, TestCenter};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::StoreError;

async fn organization(test: &TestCenter) {
    let csv = "account_id,name,email,ou_path\n000000000001,management,m@x.example,\n000000000002,<b>shop,s@x.example,Work\n";
    test.api(Method::POST, "/api/organization/import", json!({ "accounts": csv })).await;
    test.api(Method::POST, "/api/permission-sets", json!({ "predefined": "ReadOnlyAccess" })).await;
    let body = json!({ "accountId": "000000000002", "permissionSet": "ReadOnlyAccess", "principalType": "USER", "principal": "ana" });
    assert_eq!(test.api(Method::POST, "/api/assignments", body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_portal_shows_what_a_person_has() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        organization(&test).await;
        let mut browser = test.browser();
        assert_eq!(browser.get("/").await.location(), "/start");
        let to = browser.get("/start?q=shop").await;
        assert_eq!(to.location(), "/sign-in?return_to=%2Fstart%3Fq%3Dshop");
        let form = browser.get(to.location()).await;
        assert!(form.body.contains(r#"name="return_to" value="/start?q=shop""#), "{}", form.body);
        let fields = [("user_name", "ANA"), ("password", PASSWORD), ("return_to", "/start?q=shop")];
        let answer = browser.post("/sign-in", &fields).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/start?q=shop"));
        let page = browser.get("/start?q=shop").await.body;
        assert!(page.contains("&#60;b&#62;shop") && page.contains("ReadOnlyAccess"), "{page}");
        assert!(!page.contains("management</strong>") && !page.contains("<b>shop"));
        let accounts = browser.get("/start/accounts").await.json();
        let expected = json!([{ "accountId": "000000000002", "accountName": "<b>shop", "emailAddress": "s@x.example", "roles": ["ReadOnlyAccess"] }]);
        assert_eq!((accounts["userName"].as_str(), &accounts["accounts"]), (Some("ana"), &expected));
        let out = browser.post("/start/sign-out", &[]).await;
        assert!(out.body.contains("You are signed out"), "{}", out.body);
        assert_eq!(browser.get("/start").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn an_old_cookie_opens_nothing_after_signing_out() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        let mut browser = test.portal_user("ana", PASSWORD).await;
        let stolen = browser.cookie_header();
        browser.get("/start").await;
        browser.post("/start/sign-out", &[]).await;
        let answer = test.send(Method::GET, "/start/accounts", &[("cookie", &stolen)], String::new()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn disabling_a_password_change_and_deletion_end_sessions_at_once() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        for (method, path, body) in [
            (Method::PUT, "/api/users/ana/active", json!({ "active": false })),
            (Method::PUT, "/api/users/ana/password", json!({ "password": PASSWORD })),
            (Method::DELETE, "/api/users/ana", Value::Null),
        ] {
            let mut browser = test.portal_user("ana", PASSWORD).await;
            assert_eq!(browser.get("/start").await.status, StatusCode::OK);
            assert!(test.api(method, path, body).await.status.is_success(), "{path}");
            assert_eq!(browser.get("/start").await.status, StatusCode::SEE_OTHER, "{path}");
            test.api(Method::PUT, "/api/users/ana/active", json!({ "active": true })).await;
            assert_eq!(
                browser.get("/start").await.status,
                StatusCode::SEE_OTHER,
                "{path}: the old session stays ended"
            );
        }
    }
}

#[tokio::test]
async fn sessions_end_with_the_portal_session_length() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        let mut administrator = test.administrator().await;
        administrator.get("/console/settings").await;
        let saved = administrator.post("/console/settings/portal-session", &[("seconds", "900")]).await;
        assert_eq!(saved.location(), "/console/settings?done=settings");
        for bad in ["899", "7776001", "x", ""] {
            let answer = administrator.post("/console/settings/portal-session", &[("seconds", bad)]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
        }
        let mut browser = test.portal_user("ana", PASSWORD).await;
        test.center.clock.advance(Duration::from_secs(899));
        assert_eq!(browser.get("/start").await.status, StatusCode::OK);
        test.center.clock.advance(Duration::from_secs(1));
        assert_eq!(browser.get("/start").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn all_failures_look_the_same() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        test.user("nopassword", None).await;
        test.user("disabled", Some(PASSWORD)).await;
        test.api(Method::PUT, "/api/users/disabled/active", json!({ "active": false })).await;
        let mut pages = Vec::new();
        for (name, password) in
            [("ana", "wrong"), ("nobody", PASSWORD), ("nopassword", PASSWORD), ("disabled", PASSWORD)]
        {
            let mut browser = test.browser();
            browser.get("/sign-in").await;
            let answer = browser.post("/sign-in", &[("user_name", name), ("password", password)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
            let page = answer.body.replace(&format!("value=\"{name}\""), "");
            let start = page.find("name=\"csrf\" value=\"").unwrap() + 19;
            pages.push(format!("{}{}", &page[..start], &page[start + 64..]));
        }
        assert!(pages.windows(2).all(|w| w[0] == w[1]));
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_for_known_and_unknown_names_alike() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        for name in ["ana", "nobody"] {
            let mut browser = test.browser();
            browser.get("/sign-in").await;
            for n in 0..6 {
                let answer = browser.post("/sign-in", &[("user_name", name), ("password", "wrong")]).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name} {n}");
            }
            let answer = browser.post("/sign-in", &[("user_name", name), ("password", PASSWORD)]).await;
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
        }
        test.center.clock.advance(Duration::from_secs(3));
        test.portal_user("ana", PASSWORD).await;
    }
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_too() {
    let test = TestCenter::on(store::Engine::Sqlite).await;
    test.user("ana", Some(PASSWORD)).await;
    let guess = async |n: usize| {
        let mut browser = test.browser();
        browser.get("/sign-in").await;
        let password = format!("wrong number {n}");
        browser.post("/sign-in", &[("user_name", "ana"), ("password", &password)]).await.status
    };
    futures::future::join_all((0..12).map(guess)).await;
    let mut browser = test.browser();
    browser.get("/sign-in").await;
    let answer = browser.post("/sign-in", &[("user_name", "ana"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn doors_do_not_open_for_each_other() {
    for test in TestCenter::on_each().await {
        test.user(ADMINISTRATOR, Some("another password")).await;
        let mut browser = test.browser();
        browser.get("/console/sign-in").await;
        let fields = [("user_name", ADMINISTRATOR), ("password", "another password")];
        assert_eq!(browser.post("/console/sign-in", &fields).await.status, StatusCode::UNAUTHORIZED);
        let user = test.portal_user(ADMINISTRATOR, "another password").await.cookie_header();
        let swapped = user.replace("entente_portal_session", "entente_center_session");
        let answer = test.send(Method::GET, "/console", &[("cookie", &swapped)], String::new()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "a portal session is no console session");
    }
}

#[tokio::test]
async fn an_external_source_closes_the_password_door_and_leaves_the_console_open() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some(PASSWORD)).await;
        let mut browser = test.browser();
        browser.get("/sign-in").await;
        let instance = test.center.instance_id.clone();
        let switch = move |tx: &mut store::Tx<'_>| -> Result<(), StoreError> {
            let sql = "UPDATE identity_sources SET kind = 'external' WHERE instance_id = ?1";
            tx.exec(sql, &[(&instance).into()]).map(|_| ())
        };
        test.center.store.write(switch).await.unwrap();
        let answer = browser.post("/sign-in", &[("user_name", "ana"), ("password", PASSWORD)]).await;
        assert_ne!(answer.location(), "/start");
        assert_eq!(browser.get("/start").await.status, StatusCode::SEE_OTHER);
        let outcome = center::credentials::sign_in(
            &test.center,
            center::credentials::Door::Portal,
            "ana",
            PASSWORD.into(),
        )
        .await;
        assert_eq!(outcome.unwrap(), center::credentials::Outcome::Wrong);
        test.administrator().await;
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let test = TestCenter::on(store::Engine::Sqlite).await;
    test.user("ana", Some(PASSWORD)).await;
    for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=y"] {
        let mut browser = test.browser();
        browser.get("/sign-in").await;
        let fields = [("user_name", "ana"), ("password", PASSWORD), ("return_to", evil)];
        assert_eq!(browser.post("/sign-in", &fields).await.location(), "/start", "{evil:?}");
        let mut console = test.browser();
        console.get("/console/sign-in").await;
        let fields = [("user_name", ADMINISTRATOR), ("password", PASSWORD), ("return_to", evil)];
        assert_eq!(console.post("/console/sign-in", &fields).await.location(), "/console", "{evil:?}");
    }
}
