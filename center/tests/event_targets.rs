//! Event targets, against a receiver on loopback, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use center::Center;
use center::event_targets::{Round, deliver_due, run};
use center::testing::{PASSWORD, TestCenter};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::Engine;
use tokio::sync::Notify;

const PROV: &str = "urn:ietf:params:scim:event:prov:";

/// A status, a `Retry-After` and a body.
type Reply = (u16, &'static str, String);

/// A receiver that keeps what comes, and answers by its script and then always the same.
#[derive(Clone)]
struct Receiver(Arc<Inner>);

struct Inner {
    url: String,
    got: Mutex<Vec<(HeaderMap, String)>>,
    script: Mutex<VecDeque<Reply>>,
    otherwise: Mutex<Reply>,
    /// While true, answers wait for `go`.
    holds: Mutex<bool>,
    go: Notify,
    arrived: Notify,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self(Arc::new(Inner {
            url: format!("http://{}/events", listener.local_addr().unwrap()),
            got: Mutex::default(),
            script: Mutex::default(),
            otherwise: Mutex::new((202, "", String::new())),
            holds: Mutex::new(false),
            go: Notify::new(),
            arrived: Notify::new(),
        }));
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    fn will(&self, status: u16, retry_after: &'static str) {
        self.0.script.lock().unwrap().push_back((status, retry_after, String::new()));
    }

    fn always(&self, status: u16, body: &str) {
        *self.0.otherwise.lock().unwrap() = (status, "", body.to_owned());
    }

    fn hold(&self, on: bool) {
        *self.0.holds.lock().unwrap() = on;
    }

    fn bodies(&self) -> Vec<String> {
        self.0.got.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    fn claims(&self) -> Vec<Value> {
        self.bodies().iter().map(|token| part(token, 1)).collect()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> Response {
    let inner = &receiver.0;
    inner.got.lock().unwrap().push((headers, body));
    inner.arrived.notify_one();
    let holds = *inner.holds.lock().unwrap();
    if holds {
        inner.go.notified().await;
    }
    let scripted = inner.script.lock().unwrap().pop_front();
    let (status, retry_after, body) = scripted.unwrap_or_else(|| inner.otherwise.lock().unwrap().clone());
    let status = StatusCode::from_u16(status).unwrap();
    match retry_after {
        "" => (status, body).into_response(),
        seconds => (status, [("retry-after", seconds)], body).into_response(),
    }
}

fn part(token: &str, n: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// RFC 2104, written out.
fn hmac(secret: &str, message: &str) -> String {
    let mut key = [0_u8; 64];
    key[..secret.len()].copy_from_slice(secret.as_bytes());
    let padded = |pad: u8| key.map(|byte| byte ^ pad).to_vec();
    let inner = Sha256::digest([padded(0x36), message.as_bytes().to_vec()].concat());
    URL_SAFE_NO_PAD.encode(Sha256::digest([padded(0x5c), inner.to_vec()].concat()))
}

async fn call(test: &TestCenter, method: Method, path: &str, body: Value) -> Value {
    let answer = test.api(method, path, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.body);
    answer.json()
}

/// Id and secret of a new target.
async fn add(test: &TestCenter, url: &str) -> (String, String) {
    let body = json!({ "url": url, "allowPrivate": true });
    let made = call(test, Method::POST, "/api/event-targets", body).await;
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn the_target(test: &TestCenter) -> Value {
    call(test, Method::GET, "/api/event-targets", Value::Null).await["value"][0].clone()
}

/// Looks until the target has refused a token; how many it accepted before. PostgreSQL shows an entry only when every
/// older transaction of the server has ended, also those of other tests.
async fn refused_after(center: &Center) -> usize {
    let mut delivered = 0;
    for _ in 0..1000 {
        let round = deliver_due(center).await.unwrap();
        delivered += round.delivered;
        if round.failed > 0 {
            return delivered;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing was refused");
}

/// Delivers until the receiver has `n` tokens.
async fn until(center: &Center, receiver: &Receiver, n: usize) {
    for _ in 0..1000 {
        if receiver.bodies().len() >= n {
            return;
        }
        deliver_due(center).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{} of {n} tokens came", receiver.bodies().len());
}

#[tokio::test]
async fn a_change_is_told_by_a_token_that_verifies() {
    for test in TestCenter::on_each().await {
        let receiver = Receiver::start().await;
        let (target, secret) = add(&test, &receiver.0.url).await;
        let ana = test.user("ana", Some(PASSWORD)).await;
        until(&test.center, &receiver, 1).await;

        let (headers, token) = receiver.0.got.lock().unwrap()[0].clone();
        assert_eq!(headers["content-type"], "application/secevent+jwt");
        let (input, tag) = token.rsplit_once('.').unwrap();
        assert_eq!(tag, hmac(&secret, input), "the signature");
        assert_eq!(part(&token, 0), json!({ "alg": "HS256", "typ": "secevent+jwt" }));
        let claims = part(&token, 1);
        assert_eq!(claims["iss"], "http://127.0.0.1:7002");
        assert_eq!(claims["aud"], receiver.0.url.as_str());
        assert_eq!(claims["iat"], test.center.clock.now().seconds());
        assert!(claims["jti"].as_str().unwrap().starts_with(&target), "{claims}");
        assert_eq!(claims["sub_id"], json!({ "format": "scim", "uri": format!("/Users/{ana}") }));
        let made = &claims["events"][format!("{PROV}create:notice")];
        let resource = json!({ "id": ana, "userName": "ana", "displayName": "Ana ana", "active": true });
        for (name, value) in resource.as_object().unwrap() {
            assert_eq!(made["resource"][name], *value);
        }
        assert_eq!(made["resource"].as_object().unwrap().len(), 4, "{made}");
        assert!(made["attributes"].as_array().unwrap().contains(&json!("emails")), "{made}");
        let text = claims.to_string();
        assert!(!text.contains("mail.example") && !text.contains(PASSWORD), "{text}");

        let shown = the_target(&test).await;
        assert_eq!((&shown["state"], &shown["waiting"]), (&json!("active"), &json!(0)));
        assert!(shown["deliveredAt"].is_string(), "{shown}");
    }
}

#[tokio::test]
async fn the_order_is_kept_and_nothing_is_lost_or_repeated_by_failures() {
    for test in TestCenter::on_each().await {
        let receiver = Receiver::start().await;
        add(&test, &receiver.0.url).await;
        let ana = test.user("ana", None).await;
        let dev = call(&test, Method::POST, "/api/groups", json!({ "displayName": "Dev" })).await;
        let dev = dev["id"].as_str().unwrap().to_owned();
        call(&test, Method::POST, "/api/groups/Dev/members", json!({ "members": ["ana"] })).await;
        call(&test, Method::PUT, "/api/users/ana/active", json!({ "active": false })).await;
        call(&test, Method::DELETE, "/api/users/ana", Value::Null).await;
        receiver.will(202, "");
        receiver.will(500, "");
        assert_eq!(refused_after(&test.center).await, 1);
        let shown = the_target(&test).await;
        assert_eq!(shown["state"], "failing");
        assert!(shown["failure"].as_str().unwrap().contains("500"), "{shown}");
        assert_eq!(
            deliver_due(&test.center).await.unwrap(),
            Round::default(),
            "it is left alone for a while"
        );

        test.center.clock.advance(Duration::from_secs(1));
        until(&test.center, &receiver, 7).await;
        let told: Vec<(String, Vec<String>)> = receiver
            .claims()
            .iter()
            .map(|claims| {
                let events = claims["events"].as_object().unwrap().keys();
                let names = events.map(|name| name.replace(PROV, "")).collect();
                (claims["sub_id"]["uri"].as_str().unwrap().to_owned(), names)
            })
            .collect();
        let expect = |path: String, name: &str| (path, vec![name.to_owned()]);
        let (user, group) = (format!("/Users/{ana}"), format!("/Groups/{dev}"));
        let expected = [
            expect(user.clone(), "create:notice"),
            expect(group.clone(), "create:notice"),
            expect(group.clone(), "create:notice"),
            expect(group.clone(), "patch:notice"),
            expect(user.clone(), "deactivate"),
            expect(group, "patch:notice"),
            expect(user, "delete"),
        ];
        assert_eq!(told, expected);
        let ids: Vec<Value> = receiver.claims().iter().map(|claims| claims["jti"].clone()).collect();
        assert_eq!(ids[1], ids[2], "what was refused comes again with its id");
        let unique: std::collections::HashSet<String> = ids.iter().map(Value::to_string).collect();
        assert_eq!(unique.len(), 6, "what was accepted does not");
        assert_eq!(deliver_due(&test.center).await.unwrap(), Round::default());
        assert_eq!(the_target(&test).await["failingSince"], Value::Null);
    }
}

#[tokio::test]
async fn a_target_is_left_alone_for_as_long_as_it_asks() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    add(&test, &receiver.0.url).await;
    test.user("ana", None).await;
    receiver.will(429, "120");
    assert_eq!(refused_after(&test.center).await, 0);
    test.center.clock.advance(Duration::from_secs(119));
    assert_eq!(deliver_due(&test.center).await.unwrap(), Round::default());
    test.center.clock.advance(Duration::from_secs(1));
    assert_eq!(deliver_due(&test.center).await.unwrap().delivered, 1);
    assert_eq!(receiver.bodies().len(), 2);
}

#[tokio::test]
async fn a_target_that_accepts_nothing_for_three_days_is_paused_and_loses_nothing() {
    for test in TestCenter::on_each().await {
        let receiver = Receiver::start().await;
        let (id, _) = add(&test, &receiver.0.url).await;
        test.user("ana", None).await;
        receiver.always(400, r#"{"err":"invalid_key","description":"which key?"}"#);
        for hours in 0..72 {
            assert_eq!(refused_after(&test.center).await, 0);
            assert_eq!(the_target(&test).await["state"], "failing", "after {hours} hours");
            test.center.clock.advance(Duration::from_secs(3600));
        }
        assert_eq!(refused_after(&test.center).await, 0);
        let shown = the_target(&test).await;
        assert_eq!(shown["state"], "paused");
        assert!(shown["failure"].as_str().unwrap().contains("invalid_key: which key?"), "{shown}");
        let log = call(&test, Method::GET, &format!("/api/events?subject={id}"), Value::Null).await;
        assert_eq!(log["value"][0]["action"], "event_target.paused");
        assert!(log["value"][0]["after"]["reason"].as_str().unwrap().contains("which key?"), "{log}");

        let dashboard = test.administrator().await.get("/console").await.body;
        assert!(dashboard.contains("and is paused") && dashboard.contains("which key?"), "{dashboard}");

        receiver.always(202, "");
        test.user("bo", None).await;
        test.center.clock.advance(Duration::from_secs(3600));
        assert_eq!(deliver_due(&test.center).await.unwrap(), Round::default());
        let before = receiver.bodies().len();
        call(&test, Method::POST, &format!("/api/event-targets/{id}/resume"), Value::Null).await;
        until(&test.center, &receiver, before + 2).await;
        let names: Vec<Value> = receiver.claims()[before..]
            .iter()
            .map(|claims| claims["events"][format!("{PROV}create:notice")]["resource"]["userName"].clone())
            .collect();
        assert_eq!(names, ["ana", "bo"]);
    }
}

#[tokio::test]
async fn of_two_processes_one_delivers_and_the_other_takes_over_after_a_crash() {
    for test in TestCenter::on_each().await {
        let other = test.replica();
        let receiver = Receiver::start().await;
        add(&test, &receiver.0.url).await;
        test.user("ana", None).await;
        test.user("bo", None).await;
        receiver.hold(true);
        let (center, told) = (test.center.clone(), receiver.clone());
        let first = tokio::spawn(async move { until(&center, &told, 2).await });
        receiver.0.arrived.notified().await;
        assert_eq!(deliver_due(&other.center).await.unwrap(), Round::default(), "the first one is at it");
        receiver.hold(false);
        receiver.0.go.notify_one();
        first.await.unwrap();
        let ids: Vec<Value> = receiver.claims().iter().map(|claims| claims["jti"].clone()).collect();
        assert_eq!(ids.len(), 2);
        assert_ne!(ids[0], ids[1]);

        receiver.hold(true);
        test.user("cy", None).await;
        let (center, told) = (test.center.clone(), receiver.clone());
        let first = tokio::spawn(async move { until(&center, &told, 4).await });
        // The permits of the requests before may be left over.
        while receiver.bodies().len() < 3 {
            receiver.0.arrived.notified().await;
        }
        first.abort();
        let _ = first.await;
        receiver.hold(false);
        assert_eq!(deliver_due(&other.center).await.unwrap(), Round::default(), "its lease has not run out");
        test.center.clock.advance(Duration::from_secs(61));
        until(&other.center, &receiver, 4).await;
        let claims = receiver.claims();
        assert_eq!(claims[2]["jti"], claims[3]["jti"], "a repetition can be told");
    }
}

#[tokio::test]
async fn addresses_are_checked_and_the_secret_is_shown_once() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    for (url, allow_private) in [
        ("http://events.example/", true),
        ("https://127.0.0.1/", false),
        ("https://10.0.0.1/", false),
        ("http://127.0.0.1:9/", false),
        ("ftp://events.example/", true),
        ("https://user:pass@events.example/", true),
        ("events.example", true),
        ("", true),
    ] {
        let body = json!({ "url": url, "allowPrivate": allow_private });
        let answer = test.api(Method::POST, "/api/event-targets", body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "EventTargetUrl".to_owned()),
            "{url}"
        );
    }
    // Without a word about private networks they are closed.
    let answer = test.api(Method::POST, "/api/event-targets", json!({ "url": "https://10.0.0.1/" })).await;
    assert_eq!(answer.code(), "EventTargetUrl");

    let (id, secret) = add(&test, &receiver.0.url).await;
    receiver.always(401, &json!({ "err": "authentication_failed", "description": secret }).to_string());
    test.user("ana", None).await;
    assert_eq!(refused_after(&test.center).await, 0);
    let path = format!("/api/event-targets/{id}");
    let mut said = Vec::new();
    for (method, path) in [
        (Method::POST, format!("{path}/test")),
        (Method::GET, "/api/event-targets".to_owned()),
        (Method::POST, format!("{path}/pause")),
        (Method::POST, format!("{path}/resume")),
        (Method::GET, "/api/events?limit=1000".to_owned()),
    ] {
        let answer = test.api(method, &path, Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        said.push(answer.body);
    }
    said.push(test.administrator().await.get("/console/settings/event-targets").await.body);
    assert!(said[0].contains("authentication_failed") && said[0].contains("401"), "{}", said[0]);
    for body in &said {
        assert!(!body.contains(&secret) && !body.contains("sealed"), "{body}");
    }

    receiver.always(202, "");
    let tested = call(&test, Method::POST, &format!("{path}/test"), Value::Null).await;
    assert_eq!(tested, json!({ "accepted": true, "status": 202, "reason": null }));
    let verification = receiver.claims().last().unwrap().clone();
    assert_eq!(verification["sub_id"], json!({ "format": "opaque", "id": id }));

    for _ in 1..5 {
        add(&test, "https://events.example/").await;
    }
    let answer =
        test.api(Method::POST, "/api/event-targets", json!({ "url": "https://events.example/" })).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::CONFLICT, "EventTargetLimit".to_owned()));
    call(&test, Method::DELETE, &path, Value::Null).await;
    let answer = test.api(Method::DELETE, &path, Value::Null).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "EventTargetNotFound".to_owned()));
}

#[tokio::test]
async fn the_console_adds_tests_pauses_and_removes() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    let mut browser = test.administrator().await;
    let page = "/console/settings/event-targets";
    browser.get(page).await;
    let refused = browser.post(page, &[("action", "add"), ("url", "https://127.0.0.1/x")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains("private network") && refused.body.contains("value=\"https://127.0.0.1/x\"")
    );
    let fields = [("action", "add"), ("url", receiver.0.url.as_str()), ("allow_private", "on")];
    let added = browser.post(page, &fields).await;
    let secret = added.body.split("entev-").nth(1).unwrap().split(['<', '"', ' ']).next().unwrap().to_owned();
    assert!(!browser.get(page).await.body.contains(&secret), "shown once");

    let id = the_target(&test).await["id"].as_str().unwrap().to_owned();
    let tested = browser.post(page, &[("action", "test"), ("id", &id)]).await;
    assert!(tested.body.contains("accepted the verification token"), "{}", tested.body);
    assert_eq!(
        tag_of(&receiver.bodies()[0]),
        hmac(&format!("entev-{secret}"), input_of(&receiver.bodies()[0]))
    );
    browser.post(page, &[("action", "pause"), ("id", &id)]).await;
    assert_eq!(the_target(&test).await["state"], "paused");
    browser.post(page, &[("action", "resume"), ("id", &id)]).await;
    assert_eq!(the_target(&test).await["state"], "active");
    let asked = browser.post(page, &[("action", "remove"), ("id", &id), ("confirm", "remove")]).await;
    assert_eq!(asked.status, StatusCode::BAD_REQUEST);
    assert_eq!(the_target(&test).await["id"], id);
    let removed = browser.post(page, &[("action", "remove"), ("id", &id), ("confirm", "REMOVE")]).await;
    assert!(browser.get(removed.location()).await.body.contains("The event target is removed"));
    assert_eq!(the_target(&test).await, Value::Null);
}

fn input_of(token: &str) -> &str {
    token.rsplit_once('.').unwrap().0
}

fn tag_of(token: &str) -> &str {
    token.rsplit_once('.').unwrap().1
}

#[tokio::test]
async fn the_task_tells_a_change_by_itself_and_ends_when_told() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    add(&test, &receiver.0.url).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(run(test.center.clone(), async {
        let _ = stopped.await;
    }));
    test.user("ana", None).await;
    receiver.0.arrived.notified().await;
    stop.send(()).unwrap();
    task.await.unwrap();
    assert_eq!(receiver.bodies().len(), 1);
}
