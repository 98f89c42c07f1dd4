//! A center with automatic provisioning on, and a client of it.

use axum::body::Body;
use center::scim_server::tokens::{NewToken, store as tokens};
use center::{Center, MIGRATIONS, instance, router};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use store::testing::{TestStore, engines};
use tower::ServiceExt;
use web::sealed::MasterKey;
use web::serve::Hardened;
use web::{Clock, Random, Timestamp};

pub const START: Timestamp = Timestamp(1_800_000_000_000_000);
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub struct App {
    pub center: Center,
    pub router: Hardened,
    pub tenant: String,
    pub token: NewToken,
    _store: TestStore,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// One on each engine.
pub async fn apps() -> Vec<App> {
    let mut apps = Vec::new();
    for store in engines(MIGRATIONS).await {
        apps.push(App::new(store).await);
    }
    apps
}

impl App {
    /// Provisioning is on, with one token.
    async fn new(test: TestStore) -> Self {
        let app = Self::without_provisioning(test).await;
        app.set_source("external").await;
        let (author, made) = (app.center.author_named("system"), app.token.clone());
        app.center.store.write(move |tx| tokens::enable(tx, &author, &made)).await.unwrap();
        app
    }

    pub async fn without_provisioning(test: TestStore) -> Self {
        let (clock, random) = (Clock::manual(START), Random::system());
        let source = random.clone();
        let made = test.store.write(move |tx| instance::create(tx, &source, "eu-central-1", START)).await;
        let made = made.unwrap();
        let origin = url::Url::parse("http://127.0.0.1:9").unwrap();
        let center = Center::new(test.store.clone(), clock, random, MasterKey::new([7; 32]), origin, made.id);
        let (router, _) = router::router(&center);
        let token = NewToken::draw(&center.random, START);
        Self { center, router, tenant: made.scim_tenant_id, token, _store: test }
    }

    pub async fn set_source(&self, kind: &'static str) {
        let instance = self.center.instance_id.clone();
        let sql = "UPDATE identity_sources SET kind = ?2 WHERE instance_id = ?1 AND state = 'active'";
        let set = move |tx: &mut store::Tx<'_>| tx.exec(sql, &[(&instance).into(), kind.into()]);
        self.center.store.write(set).await.unwrap();
    }

    pub fn engine(&self) -> store::Engine {
        self.center.store.engine()
    }

    /// `path` below the SCIM root.
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("/{}/scim/v2{path}", self.tenant))
            .header("authorization", format!("Bearer {}", self.token.secret))
            .header("content-type", "application/scim+json; charset=utf-8")
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body, text }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.write(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.write(Method::PUT, path, body).await
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.write(Method::PATCH, path, &json!({ "schemas": [PATCH], "Operations": operations })).await
    }

    pub async fn write(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(self.request(method, path).body(Body::from(body.to_string())).unwrap()).await
    }

    /// Filters are percent-encoded as a client does.
    pub async fn find(&self, kind: &str, filter: &str) -> Answer {
        let filter: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        self.get(&format!("/{kind}?filter={filter}")).await
    }

    /// The user names that a filter finds, in the order of creation.
    pub async fn names(&self, filter: &str) -> Vec<String> {
        let answer = self.find("Users", filter).await;
        assert_eq!(answer.status, StatusCode::OK, "{filter}: {}", answer.text);
        let found = answer.body["Resources"].as_array().unwrap();
        assert_eq!(answer.body["totalResults"], found.len(), "{filter}");
        found.iter().map(|u| u["userName"].as_str().unwrap().to_owned()).collect()
    }

    /// A new user's id.
    pub async fn user(&self, name: &str) -> String {
        // Ids sort by the millisecond of their creation.
        self.center.clock.advance(std::time::Duration::from_millis(1));
        let answer = self.post("/Users", &user(name)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// A new group's id.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        let answer = self.post("/Groups", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Ids of a group's members, sorted.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let answer = self.get(&format!("/Groups/{group}")).await;
        let list = answer.body["members"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> = list.iter().map(|m| m["value"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// `action subject` of every event, oldest first.
    pub async fn events(&self) -> Vec<(String, String, String)> {
        let instance = self.center.instance_id.clone();
        let read = move |tx: &mut store::Tx<'_>| tx.events_newest(&instance, None, None, 10_000);
        let mut events = self.center.store.read(read).await.unwrap();
        events.reverse();
        events.into_iter().map(|e| (e.action, e.subject_id, e.actor)).collect()
    }

    pub async fn actions(&self) -> Vec<String> {
        let events = self.events().await;
        events
            .into_iter()
            .map(|e| e.0)
            .filter(|a| !a.starts_with("instance.") && !a.starts_with("scim."))
            .collect()
    }
}

pub fn user(name: &str) -> Value {
    json!({
        "schemas": [USER], "userName": name, "externalId": format!("ext-{name}"),
        "name": { "givenName": "Given", "familyName": "Family" }, "displayName": format!("Display {name}"),
        "emails": [{ "value": format!("{name}@mail.example"), "type": "work", "primary": true }],
        "active": true,
    })
}

/// The status and `scimType` of a refusal, whose body must be complete.
pub fn refusal(answer: &Answer) -> (u16, String) {
    let body = &answer.body;
    let kind = answer.headers["content-type"].to_str().unwrap();
    // AWS's refusals have neither a scimType nor SCIM's media type.
    assert!(
        kind == "application/scim+json" || (kind == "application/json" && body.get("scimType").is_none()),
        "{kind}"
    );
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{}", answer.text);
    assert_eq!(body["schema"], body["schemas"]);
    assert_eq!(body["status"], answer.status.as_str());
    assert_eq!(body["exceptionRequestId"], answer.headers["x-amzn-requestid"].to_str().unwrap());
    assert!(body["detail"].as_str().is_some_and(|d| d.len() > 10), "{}", answer.text);
    assert!(body["timeStamp"].is_string());
    (answer.status.as_u16(), body["scimType"].as_str().unwrap_or_default().to_owned())
}

pub fn refused(status: u16, scim_type: &str) -> (u16, String) {
    (status, scim_type.to_owned())
}
