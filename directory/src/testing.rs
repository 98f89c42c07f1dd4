//! A directory for tests: a fresh store, a clock that is moved by hand, replayable randomness, and a
//! browser and a program that send requests to its router.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value as Json;
use store::Engine;
use store::testing::TestStore;
use tower::ServiceExt;
use url::Url;
use web::routes::Listed;
use web::sealed::MasterKey;
use web::serve::Hardened;
use web::{Clock, Random, Timestamp};

use crate::access::Caller;
use crate::change::Change;
use crate::groups::{self, Group, NewGroup};
use crate::refused::Refused;
use crate::users::{self, NewUser, Profile, User};
use crate::{Directory, MIGRATIONS, credentials, setup};

/// The password of everybody whom [`TestDirectory`] makes.
pub const PASSWORD: &str = "correct horse battery";
/// The domain of the tenant.
pub const DOMAIN: &str = "contoso.example";
/// 2026-11-24 05:00:00 UTC, where the clock stands at first.
pub const START: Timestamp = Timestamp(1_795_496_400_000_000);

/// A directory whose set-up is complete: `admin@contoso.example` is Global Administrator.
pub struct TestDirectory {
    /// The half itself.
    pub directory: Directory,
    /// Its router.
    pub router: Hardened,
    /// Its routes.
    pub listed: Vec<Listed>,
    /// The first administrator's id.
    pub administrator: String,
    /// An API client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The one-time secret, used up.
    pub setup_secret: String,
    _store: TestStore,
}

/// A set-up directory on each engine.
pub async fn engines() -> Vec<TestDirectory> {
    vec![TestDirectory::new(Engine::Sqlite).await, TestDirectory::new(Engine::Postgres).await]
}

/// A directory on one engine whose set-up is not done, and its one-time secret.
pub async fn not_set_up(engine: Engine) -> (Directory, String, TestStore) {
    let store = store::testing::fresh(engine, MIGRATIONS).await;
    let (clock, random) = (Clock::manual(START), Random::seeded(7));
    let started = setup::first_start(&store.store, &clock, &random, DOMAIN).await.expect("a first start");
    let origin = Url::parse("http://127.0.0.1:7001").expect("an origin");
    let key = MasterKey::new([9; 32]);
    let directory =
        Directory::new(store.store.clone(), clock, random, key, origin, started.tenant_id.clone());
    (directory, started.secret.expect("a secret at the first start"), store)
}

impl TestDirectory {
    /// A set-up directory on one engine.
    pub async fn new(engine: Engine) -> Self {
        let (directory, setup_secret, store) = not_set_up(engine).await;
        let wanted = setup::Wanted {
            secret: setup_secret.clone(),
            user_principal_name: format!("admin@{DOMAIN}"),
            display_name: "Ada Admin".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let done = setup::complete(&directory, wanted).await.expect("the set-up");
        let name = done.user_principal_name.clone();
        let admin = directory.read(move |tx, tenant| users::by_id_or_name(tx, tenant, &name)).await;
        let (router, listed) = crate::router::router(&directory);
        Self {
            administrator: admin.expect("the administrator").id,
            directory,
            router,
            listed,
            client_id: done.client_id,
            client_secret: done.client_secret,
            setup_secret,
            _store: store,
        }
    }

    /// A change by nobody in particular, now.
    pub fn change(&self) -> Change {
        Change::new(&self.directory, "system")
    }

    /// The administrator as a caller.
    pub fn administrator(&self) -> Caller {
        Caller {
            actor: format!("user:{}", self.administrator),
            id: self.administrator.clone(),
            name: format!("admin@{DOMAIN}"),
            signed_in_at: self.directory.clock.now().micros(),
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.directory.clock.advance(by);
    }

    /// Runs a change in the administrator's name.
    pub async fn write<T, F>(&self, f: F) -> Result<T, Refused>
    where
        F: Fn(&mut store::Tx<'_>, &Change) -> Result<T, Refused> + Send + 'static,
        T: Send + 'static,
    {
        self.directory.write(&self.administrator(), f).await
    }

    /// A new user `{name}@contoso.example` with [`PASSWORD`] and a mail address.
    pub async fn user(&self, name: &str) -> User {
        let upn = format!("{name}@{DOMAIN}");
        let profile = Profile::default().with("mail", &upn).and_then(|p| p.with("givenName", name));
        let new = NewUser {
            user_principal_name: upn,
            display_name: name.to_owned(),
            account_enabled: true,
            manager_id: None,
            profile: profile.expect("a profile"),
        };
        let hash = credentials::hash(&self.directory, PASSWORD).await.expect("a hash");
        self.write(move |tx, change| {
            let user = users::create(tx, change, &new)?;
            credentials::set(tx, change, &user.id, &hash, false)?;
            Ok(user)
        })
        .await
        .expect("a user")
    }

    /// A new group with these users and groups in it, by id.
    pub async fn group(&self, name: &str, members: &[&str]) -> Group {
        let new = NewGroup { display_name: name.to_owned(), ..NewGroup::default() };
        let members: Vec<String> = members.iter().map(|m| (*m).to_owned()).collect();
        self.write(move |tx, change| {
            let group = groups::create(tx, change, &new)?;
            for member in &members {
                groups::add_member(tx, change, &group.id, member)?;
            }
            Ok(group)
        })
        .await
        .expect("a group")
    }

    /// The actions of the newest events, oldest first.
    pub async fn actions(&self, newest: i64) -> Vec<String> {
        let events = self
            .directory
            .read(move |tx, tenant| Ok(tx.events_newest(tenant, None, None, newest)?))
            .await
            .expect("events");
        events.into_iter().rev().map(|event| event.action).collect()
    }

    /// A browser that is signed in as `{name}@contoso.example`.
    pub async fn browser(&self, name: &str) -> Browser {
        let mut browser = Browser::new(&self.router);
        let fields = [("user_name", format!("{name}@{DOMAIN}")), ("password", PASSWORD.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = browser.submit("/sign-in", "/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name} signs in: {}", answer.text);
        browser
    }

    /// A program with an access token from the token endpoint.
    pub async fn program(&self) -> Program {
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.client_id, self.client_secret
        );
        let path = format!("/{}/oauth2/v2.0/token", self.directory.tenant_id);
        let request = Request::post(path).body(Body::from(body)).expect("a request");
        let answer = send(&self.router, request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
        Program { router: self.router.clone(), token }
    }
}

/// An answer, its body read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text; replacement characters where it is none.
    pub text: String,
    /// Its body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// Where it redirects to; empty where it does not.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// Sends a request to a router.
pub async fn send(router: &Hardened, request: Request<Body>) -> Answer {
    let response: Response = router.clone().oneshot(request).await.expect("a router answers");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 256 << 20).await.expect("a body").to_vec();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status, headers: parts.headers, text, bytes }
}

/// A program that calls the APIs.
#[derive(Clone)]
pub struct Program {
    router: Hardened,
    /// Its access token.
    pub token: String,
}

impl Program {
    /// Sends a request; null sends no body.
    pub async fn call(&self, method: Method, path: &str, body: &Json) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        send(&self.router, request.body(body).expect("a request")).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &Json::Null).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: &Json) -> Answer {
        self.call(Method::POST, path, body).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: &Json) -> Answer {
        self.call(Method::PATCH, path, body).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: &Json) -> Answer {
        self.call(Method::PUT, path, body).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &Json::Null).await
    }
}

/// A browser: it keeps cookies and fills in the token of forms. It follows no redirect.
#[derive(Clone)]
pub struct Browser {
    router: Hardened,
    cookies: Vec<(String, String)>,
}

impl Browser {
    /// A browser that was nowhere yet.
    pub fn new(router: &Hardened) -> Self {
        Self { router: router.clone(), cookies: Vec::new() }
    }

    /// Its cookies as a header.
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        pairs.join("; ")
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let request = match self.cookies.is_empty() {
            true => request,
            false => request.header(header::COOKIE, self.cookie_header()),
        };
        let answer = send(&self.router, request.body(body).expect("a request")).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or_default();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    /// The form token on `page`.
    pub async fn token(&mut self, page: &str) -> String {
        let text = self.get(page).await.text;
        let found = text.split("name=\"csrf\" value=\"").nth(1).and_then(|t| t.split('"').next());
        found.unwrap_or_default().to_owned()
    }

    /// Opens `page` and sends a form from it to `path`.
    pub async fn submit(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token(page).await;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &token).extend_pairs(fields);
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(form.finish())).await
    }

    /// Opens `page` and sends a form with files from it to `path`: field, file name, content.
    pub async fn upload(
        &mut self,
        page: &str,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let token = self.token(page).await;
        let mut body = Vec::new();
        let boundary = "----------------entente";
        for (name, value) in [("csrf", token.as_str())].iter().chain(fields) {
            let part =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        for (name, file, content) in files {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n"
            );
            body.extend(head.into_bytes());
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        let request =
            Request::post(path).header(header::CONTENT_TYPE, kind).header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(body)).await
    }
}
