//! A whole center for tests: its store on a real engine, a clock that stands, ids that can be replayed,
//! an administrator, an API key, and a browser.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use store::Engine;
use store::testing::{TestStore, fresh};
use tower::ServiceExt;
use url::Url;
use web::routes::Listed;
use web::sealed::MasterKey;
use web::serve::Hardened;
use web::{Clock, Random, Timestamp};

use crate::{Center, MIGRATIONS, router, setup};

/// The administrator's user name.
pub const ADMINISTRATOR: &str = "owner";
/// The administrator's password.
pub const PASSWORD: &str = "correct horse battery";
/// 2026-11-24 05:00:00 UTC.
pub const NOW: Timestamp = Timestamp(1_795_496_400_000_000);

/// A center that has been set up, and its router.
pub struct TestCenter {
    /// The half.
    pub center: Center,
    /// Its routes.
    pub router: Hardened,
    /// The list of its routes.
    pub listed: Vec<Listed>,
    /// A valid API key.
    pub api_key: String,
    // A replica has none: the database is that of the first.
    _store: Option<TestStore>,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Where it redirects to; empty where it does not.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The code of a JSON error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl TestCenter {
    /// One on each engine.
    pub async fn on_each() -> Vec<Self> {
        vec![Self::on(Engine::Sqlite).await, Self::on(Engine::Postgres).await]
    }

    /// One on an engine, at `http://127.0.0.1:7002`.
    ///
    /// # Panics
    /// Where it cannot be set up.
    pub async fn on(engine: Engine) -> Self {
        let test_store = fresh(engine, MIGRATIONS).await;
        let (clock, random) = (Clock::manual(NOW), Random::seeded(7));
        let store = test_store.store.clone();
        let started = setup::first_start(&store, &clock, &random, "eu-west-1").await.expect("first start");
        let origin = Url::parse("http://127.0.0.1:7002").expect("a URL");
        let key = MasterKey::new([5; 32]);
        let center = Center::new(store, clock, random, key, origin, started.instance_id);
        let (router, listed) = router::router(&center);
        let mut made = Self { center, router, listed, api_key: String::new(), _store: Some(test_store) };
        let body = json!({ "secret": started.secret, "userName": ADMINISTRATOR, "password": PASSWORD });
        let answer = made.send(Method::POST, "/api/setup", &[], body.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        made.api_key = answer.json()["apiKey"].as_str().expect("an API key").to_owned();
        made
    }

    /// A second process over the same database, or the same one after a restart.
    pub fn replica(&self) -> Self {
        let (clock, random) = (self.center.clock.clone(), Random::seeded(8));
        let (store, origin) = (self.center.store.clone(), self.center.origin.clone());
        let key = MasterKey::new([5; 32]);
        let center = Center::new(store, clock, random, key, origin, self.center.instance_id.clone());
        let (router, listed) = router::router(&center);
        Self { center, router, listed, api_key: self.api_key.clone(), _store: None }
    }

    /// Sends a request with these headers.
    ///
    /// # Panics
    /// For a request that cannot be built.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send_request(request.body(Body::from(body)).expect("a request")).await
    }

    /// Sends any request.
    ///
    /// # Panics
    /// Where the answer cannot be read.
    pub async fn send_request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.expect("a body");
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Calls the admin API with the key; `Value::Null` sends no body.
    pub async fn api(&self, method: Method, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.api_key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, &headers, body).await
    }

    /// Makes a user of this name with a password, through the admin API; the user's id.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn user(&self, user_name: &str, password: Option<&str>) -> String {
        let body = json!({
            "userName": user_name, "givenName": "Ana", "familyName": "Ng",
            "displayName": format!("Ana {user_name}"), "email": format!("{user_name}@mail.example"),
        });
        let answer = self.api(Method::POST, "/api/users", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        if let Some(password) = password {
            let path = format!("/api/users/{user_name}/password");
            let answer = self.api(Method::PUT, &path, json!({ "password": password })).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
        }
        answer.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser { center: self, cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// A browser in which the administrator is signed in.
    ///
    /// # Panics
    /// Where the sign-in is refused.
    pub async fn administrator(&self) -> Browser<'_> {
        let mut browser = self.browser();
        browser.get("/console/sign-in").await;
        let fields = [("user_name", ADMINISTRATOR), ("password", PASSWORD)];
        let answer = browser.post("/console/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }

    /// A browser in which a user is signed in to the portal with a password.
    ///
    /// # Panics
    /// Where the sign-in is refused.
    pub async fn portal_user(&self, user_name: &str, password: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.get("/sign-in").await;
        let answer = browser.post("/sign-in", &[("user_name", user_name), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }
}

/// A browser: it keeps cookies and the token of the last form that it saw, and follows no redirects.
pub struct Browser<'a> {
    center: &'a TestCenter,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Browser<'_> {
    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    /// Sends a form with the token of the last form that was seen.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &csrf).extend_pairs(fields);
        self.send(Method::POST, path, form.finish()).await
    }

    /// Sends a form as another site would: without the token.
    pub async fn post_without_token(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, form).await
    }

    /// What the browser would send as its cookies.
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Answer {
        let cookies = self.cookie_header();
        let headers = [("cookie", cookies.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let answer = self.center.send(method, path, &headers, body).await;
        self.keep(&answer.headers);
        if let Some((_, rest)) = answer.body.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap_or_default().to_owned();
        }
        answer
    }

    fn keep(&mut self, headers: &HeaderMap<HeaderValue>) {
        for line in headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok()) {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
