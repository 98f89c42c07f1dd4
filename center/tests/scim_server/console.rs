use axum::body::Body;
use center::access::CONSOLE_AUDIENCE;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use store::testing::engines;
use web::session::{self, Session};

use crate::app::{Answer, App, START};

const PAGE: &str = "/console/settings/automatic-provisioning";

/// An administrator's browser.
struct Browser<'a> {
    app: &'a App,
    cookies: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    async fn signed_in(app: &'a App) -> Self {
        let instance = app.center.instance_id.clone();
        let insert = move |tx: &mut store::Tx<'_>| {
            let sql = "INSERT INTO administrators (instance_id, id, user_name, user_name_key, password_hash, created_at) \
                       VALUES (?1, 'a-1', 'owner', 'owner', '', 0)";
            tx.exec(sql, &[(&instance).into()])?;
            let session = Session {
                realm: instance.clone(),
                audience: CONSOLE_AUDIENCE.to_owned(),
                subject_id: "a-1".to_owned(),
                created_at: START,
                expires_at: START.plus(std::time::Duration::from_secs(3600)),
                data: json!({}),
            };
            session::create(tx, "browser", &session)
        };
        app.center.store.write(insert).await.unwrap();
        let set = app.center.session_cookie.set("browser");
        let cookies = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut browser = Self { app, cookies, csrf: String::new() };
        let first = browser.get().await;
        let form = first.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
        browser.cookies = format!("{}; {form}", browser.cookies);
        browser.csrf = between(&first.text, "name=\"csrf\" value=\"", "\"").to_owned();
        browser
    }

    async fn get(&self) -> Answer {
        let request = Request::get(PAGE).header(header::COOKIE, &self.cookies);
        self.app.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, fields: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{PAGE}{path}"))
            .header(header::COOKIE, &self.cookies);
        let body = format!("csrf={}&{fields}", self.csrf);
        self.app.send(request.body(Body::from(body)).unwrap()).await
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found)
}

#[tokio::test]
async fn an_administrator_enables_rotates_and_disables() {
    for store in engines(center::MIGRATIONS).await {
        let mut app = App::without_provisioning(store).await;
        app.set_source("external").await;
        let secret = {
            let browser = Browser::signed_in(&app).await;
            assert!(browser.get().await.text.contains("Enable automatic provisioning"));
            let enabled = browser.post("/enable", "").await;
            assert_eq!(enabled.status, StatusCode::OK, "{}", enabled.text);
            let endpoint = format!("http://127.0.0.1:9/{}/scim/v2/", app.tenant);
            assert!(enabled.text.contains(&format!("data-copy=\"{endpoint}\"")), "{}", enabled.text);
            let secret = between(&enabled.text, "data-copy=\"entente_scim_", "\"").to_owned();
            assert_eq!(secret.len(), 43);
            assert!(!browser.get().await.text.contains(&secret), "shown once");
            format!("entente_scim_{secret}")
        };
        app.token.secret = secret;
        assert_eq!(app.get("/Users").await.status, StatusCode::OK);
        let browser = Browser { app: &app, cookies: String::new(), csrf: String::new() };
        assert_eq!(browser.get().await.status, StatusCode::SEE_OTHER, "others go to the sign-in page");
        finish(&app).await;
    }
}

async fn finish(app: &App) {
    let instance = app.center.instance_id.clone();
    let forget = move |tx: &mut store::Tx<'_>| {
        tx.exec("DELETE FROM administrators WHERE instance_id = ?1", &[(&instance).into()])
    };
    app.center.store.write(forget).await.unwrap();
    app.center.store.write(|tx| web::session::end(tx, "browser")).await.unwrap();
    let browser = Browser::signed_in(app).await;
    assert_eq!(browser.post("/tokens", "").await.status, StatusCode::OK);
    let full = browser.post("/tokens", "").await;
    assert_eq!(full.status, StatusCode::CONFLICT);
    assert!(full.text.contains("There are 2 tokens already"), "{}", full.text);
    assert_eq!(browser.post("/disable", "confirm=DISABLE").await.status, StatusCode::CONFLICT);
    for _ in 0..2 {
        let page = browser.get().await.text;
        let id = between(&page, "/tokens/", "/delete").to_owned();
        let path = format!("/tokens/{id}/delete");
        assert_eq!(browser.post(&path, "confirm=delete").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(browser.post(&path, "confirm=DELETE").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(app.get("/Users").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post("/disable", "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.post("/disable", "confirm=DISABLE").await.status, StatusCode::SEE_OTHER);
    assert!(browser.get().await.text.contains("Enable automatic provisioning"));
}

#[tokio::test]
async fn the_page_says_what_is_needed_and_forms_need_their_token() {
    for store in engines(center::MIGRATIONS).await {
        let app = App::without_provisioning(store).await;
        let mut browser = Browser::signed_in(&app).await;
        let page = browser.get().await.text;
        assert!(page.contains("An external identity provider is needed") && !page.contains("/enable\""));
        let refused = browser.post("/enable", "").await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text.contains("Change the identity source to an external"), "{}", refused.text);
        browser.csrf = "wrong".to_owned();
        assert_eq!(browser.post("/enable", "").await.status, StatusCode::FORBIDDEN);
    }
}
