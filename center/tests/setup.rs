//! The first start and the set-up.

use center::testing::{ADMINISTRATOR, PASSWORD, TestCenter};
use center::{Center, MIGRATIONS, router, setup};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::testing::{TestStore, engines};
use tower::ServiceExt;
use web::sealed::MasterKey;
use web::{Clock, Random, Timestamp};

struct Fresh {
    center: Center,
    secret: String,
    _store: TestStore,
}

async fn fresh() -> Vec<Fresh> {
    let mut all = Vec::new();
    for test in engines(MIGRATIONS).await {
        let (clock, random) = (Clock::manual(Timestamp(1)), Random::seeded(1));
        let started = setup::first_start(&test.store, &clock, &random, "eu-west-1").await.expect("it works");
        let origin = url::Url::parse("http://127.0.0.1:1").expect("it works");
        let key = MasterKey::new([1; 32]);
        let center = Center::new(test.store.clone(), clock, random, key, origin, started.instance_id);
        all.push(Fresh { center, secret: started.secret.expect("it is there"), _store: test });
    }
    all
}

impl Fresh {
    async fn set_up(&self, secret: &str, user_name: &str, password: &str) -> (StatusCode, Value) {
        let body = json!({ "secret": secret, "userName": user_name, "password": password }).to_string();
        let request = http::Request::post("/api/setup").body(axum::body::Body::from(body)).expect("it works");
        let response = router::router(&self.center).0.oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("it works");
        (status, serde_json::from_slice(&bytes).expect("it works"))
    }
}

#[tokio::test]
async fn the_secret_is_good_once() {
    for fresh in fresh().await {
        let (status, body) = fresh.set_up(&fresh.secret, "owner", PASSWORD).await;
        assert_eq!(status, StatusCode::CREATED);
        assert!(body["instanceArn"].as_str().unwrap().starts_with("arn:aws:sso:::instance/ssoins-"));
        assert!(body["identityStoreId"].as_str().unwrap().starts_with("d-"));
        assert!(body["apiKey"].as_str().unwrap().starts_with("entc-"));
        let (status, body) = fresh.set_up(&fresh.secret, "other", PASSWORD).await;
        assert_eq!((status, body["error"]["code"].as_str()), (StatusCode::CONFLICT, Some("SetupDone")));
        let center = &fresh.center;
        let again = setup::first_start(&center.store, &center.clock, &center.random, "x").await.unwrap();
        assert_eq!((again.instance_id, again.secret), (center.instance_id.clone(), None));
    }
}

#[tokio::test]
async fn a_new_start_makes_an_old_secret_worthless() {
    for fresh in fresh().await {
        let center = &fresh.center;
        let again = setup::first_start(&center.store, &center.clock, &center.random, "x").await.unwrap();
        let (status, body) = fresh.set_up(&fresh.secret, "owner", PASSWORD).await;
        assert_eq!(
            (status, body["error"]["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("SetupSecretWrong"))
        );
        assert_eq!(fresh.set_up(&again.secret.unwrap(), "owner", PASSWORD).await.0, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn wrong_secrets_are_slowed_down() {
    for fresh in fresh().await {
        for _ in 0..6 {
            assert_eq!(fresh.set_up("setup-x", "owner", PASSWORD).await.0, StatusCode::FORBIDDEN);
        }
        let (status, body) = fresh.set_up(&fresh.secret, "owner", PASSWORD).await;
        assert_eq!(
            (status, body["error"]["code"].as_str()),
            (StatusCode::TOO_MANY_REQUESTS, Some("TooManyAttempts"))
        );
        fresh.center.clock.advance(std::time::Duration::from_secs(3));
        assert_eq!(fresh.set_up(&fresh.secret, "owner", PASSWORD).await.0, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn values_that_are_not_allowed_leave_the_secret_good() {
    for fresh in fresh().await {
        for (name, password, code) in [
            ("", PASSWORD, "InvalidValue"),
            ("a b", PASSWORD, "InvalidValue"),
            ("owner", "short", "PasswordLength"),
        ] {
            let (status, body) = fresh.set_up(&fresh.secret, name, password).await;
            assert_eq!(
                (status, body["error"]["code"].as_str()),
                (StatusCode::BAD_REQUEST, Some(code)),
                "{body}"
            );
        }
        assert_eq!(fresh.set_up(&fresh.secret, "owner", PASSWORD).await.0, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn many_at_once_make_one_administrator() {
    for fresh in fresh().await {
        let tries = (0..8).map(|_| fresh.set_up(&fresh.secret, "owner", PASSWORD));
        let done = futures::future::join_all(tries).await;
        assert_eq!(done.iter().filter(|(status, _)| *status == StatusCode::CREATED).count(), 1, "{done:?}");
    }
}

#[tokio::test]
async fn about_tells_who_is_there() {
    for test in TestCenter::on_each().await {
        let about = test.send(Method::GET, "/api/about", &[], String::new()).await.json();
        assert_eq!(about["product"], "entente center");
        assert_eq!(
            (&about["setUp"], about["origin"].as_str()),
            (&json!(true), Some("http://127.0.0.1:7002"))
        );
        assert_eq!(about["region"], "eu-west-1");
    }
}

#[tokio::test]
async fn the_pages_lead_to_the_console_once_it_is_done() {
    let test = TestCenter::on(store::Engine::Sqlite).await;
    let mut browser = test.browser();
    assert_eq!(browser.get("/setup").await.location(), "/console");
    assert_eq!(browser.get("/console/sign-in").await.status, StatusCode::OK);
    let answer =
        browser.post("/console/sign-in", &[("user_name", ADMINISTRATOR), ("password", "wrong")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = browser.post("/console/sign-in", &[("user_name", "OWNER"), ("password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/console"));
}
