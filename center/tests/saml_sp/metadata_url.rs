//! The identity provider's metadata at a URL: what is taken over by itself, what waits, and what a failure does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use center::identity_source::refresh::refresh_due;
use center::testing::{Answer, TestCenter};
use http::{Method, StatusCode};
use saml::response::{IssueResponse, issue_response};
use serde_json::{Value, json};
use store::Engine;

use crate::journey::{Sp, brought};
use crate::test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

const PATH: &str = "/api/identity-source/metadata-url";
const DAY: Duration = Duration::from_secs(86_400);

type Said = Arc<Mutex<(StatusCode, String)>>;

/// A site that publishes metadata.
struct Site {
    url: String,
    said: Said,
}

impl Site {
    async fn open(metadata: String) -> Self {
        let said: Said = Arc::new(Mutex::new((StatusCode::OK, metadata)));
        let answer = |State(said): State<Said>| async move { said.lock().unwrap().clone() };
        let router = Router::new().route("/metadata", get(answer)).with_state(said.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/metadata", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, said }
    }

    fn says(&self, status: StatusCode, metadata: impl Into<String>) {
        *self.said.lock().unwrap() = (status, metadata.into());
    }
}

async fn set(sp: &Sp, site: &Site, query: &str) -> Answer {
    let body = json!({ "url": site.url, "allowPrivate": true });
    sp.test.api(Method::PUT, &format!("{PATH}{query}"), body).await
}

async fn shown(sp: &Sp) -> Value {
    sp.test.api(Method::GET, PATH, Value::Null).await.json()
}

/// Time passes, and the job reads.
async fn later(sp: &Sp, by: Duration) -> bool {
    sp.test.center.clock.advance(by);
    refresh_due(&sp.test.center).await.unwrap()
}

async fn source(sp: &Sp) -> Value {
    let answer = sp.test.api(Method::GET, "/api/identity-source", Value::Null).await;
    answer.json()["external"]["signInUrl"].clone()
}

async fn signs_in(sp: &Sp, key: &Key) -> bool {
    let begun = sp.begin().await;
    let response = IssueResponse { assertion_id: &begun.id, ..sp.right(Some(&begun)) };
    let xml = issue_response(&response, &key.signing).unwrap();
    sp.bring(&brought(xml, &begun)).await.status == StatusCode::SEE_OTHER
}

#[tokio::test]
async fn a_new_key_comes_by_itself_and_the_old_one_goes_after_a_while() {
    for sp in Sp::on_each().await {
        let (old, new) = (Key::current(), Key::next());
        let site = Site::open(old.metadata(&[])).await;
        let answer = set(&sp, &site, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json()["everySeconds"], 86_400);
        site.says(StatusCode::OK, old.metadata(&[new]));
        assert!(!later(&sp, DAY / 2).await, "not due");
        assert!(!signs_in(&sp, new).await);
        assert!(later(&sp, DAY / 2).await);
        assert!(!refresh_due(&sp.test.center).await.unwrap(), "once a day");
        assert_eq!(sp.newest_event("idp_certificate.added").await["after"]["how"], "refresh");
        assert!(signs_in(&sp, old).await && signs_in(&sp, new).await);
        // The old one is gone from the metadata: it counts until the grace is over.
        site.says(StatusCode::OK, new.metadata(&[]));
        assert!(later(&sp, DAY).await);
        let missing = shown(&sp).await["changes"]["missingCertificates"].clone();
        assert_eq!(missing[0]["thumbprint"], old.signing.certificate().thumbprint(), "{missing}");
        assert!(signs_in(&sp, old).await);
        for _ in 0..6 {
            assert!(later(&sp, DAY).await);
        }
        assert!(signs_in(&sp, old).await, "six days");
        assert!(later(&sp, DAY).await);
        assert!(!signs_in(&sp, old).await, "seven days");
        assert!(signs_in(&sp, new).await);
        assert_eq!(sp.newest_event("idp_certificate.removed").await["actor"], "system");
        // A metadata file with an unknown key alone: the last valid one that is known stays.
        let third = Key::valid(2020, 2021);
        site.says(StatusCode::OK, new.metadata(&[&third]));
        assert!(later(&sp, DAY).await);
        assert_eq!(shown(&sp).await["changes"]["newCertificates"], json!([]), "an expired one is not added");
    }
}

#[tokio::test]
async fn addresses_wait_for_an_administrator() {
    for sp in Sp::on_each().await {
        let good = Key::current().metadata(&[]);
        let moved = good.replace(SIGN_IN_URL, "https://new.idp.example/saml2");
        let site = Site::open(moved.clone()).await;
        let preview = set(&sp, &site, "?dryRun=true").await.json();
        assert_eq!(preview["changes"]["endpoints"][0]["found"], "https://new.idp.example/saml2");
        assert_eq!(shown(&sp).await["url"], Value::Null, "a preview saves nothing");
        set(&sp, &site, "").await;
        assert_eq!(source(&sp).await, SIGN_IN_URL);
        let page = sp.test.administrator().await.get("/console").await.body;
        assert!(page.contains("metadata URL needs attention"), "{page}");
        let apply = format!("{PATH}/apply");
        let wrong = sp.test.api(Method::POST, &apply, json!({ "confirm": "yes" })).await;
        assert_eq!(wrong.code(), "NotConfirmed");
        let confirm = json!({ "confirm": "ACCEPT" });
        let applied = sp.test.api(Method::POST, &apply, confirm.clone()).await;
        assert_eq!(applied.status, StatusCode::OK, "{}", applied.body);
        assert_eq!(source(&sp).await, "https://new.idp.example/saml2");
        assert_eq!(sp.newest_event("identity_source.updated").await["before"]["signInUrl"], SIGN_IN_URL);
        assert_eq!(sp.test.api(Method::POST, &apply, confirm).await.code(), "NothingToApply");
        // With the source goes its URL.
        sp.change_to(json!({ "kind": "identity-center-directory" })).await;
        assert_eq!(shown(&sp).await["url"], Value::Null);
        assert!(!later(&sp, 2 * DAY).await);
    }
}

#[tokio::test]
async fn a_failure_keeps_what_is_known_and_is_told_once() {
    for sp in Sp::on_each().await {
        let good = Key::current().metadata(&[]);
        let site = Site::open(good.clone()).await;
        set(&sp, &site, "").await;
        let foreign = Key::next().metadata(&[]).replace(ENTITY_ID, "https://evil.example/");
        let refresh = format!("{PATH}/refresh");
        let until = |end: &str| good.replacen("entityID=", &format!("validUntil=\"{end}\" entityID="), 1);
        let keys = good.split("<KeyDescriptor").nth(1).unwrap().split("</KeyDescriptor>").next().unwrap();
        let keyless = good.replace(&format!("<KeyDescriptor{keys}</KeyDescriptor>"), "");
        for (status, said, code) in [
            (StatusCode::OK, until("2020-01-01T00:00:00Z").as_str(), "MetadataExpired"),
            (StatusCode::OK, &until("soon"), "TimeMalformed"),
            (StatusCode::OK, &keyless, "SigningCertificateMissing"),
            (StatusCode::OK, &Key::valid(2020, 2021).metadata(&[]), "CertificatesExpired"),
            (StatusCode::OK, &good.replace(SIGN_IN_URL, "file:///etc/passwd"), "LocationNotHttp"),
            (StatusCode::OK, &good.replace(SIGN_IN_URL, "http://10.0.0.1/saml2"), "UrlNotAllowed"),
            (StatusCode::INTERNAL_SERVER_ERROR, good.as_str(), "MetadataUnreachable"),
            (StatusCode::FOUND, &good, "MetadataUnreachable"),
            (StatusCode::OK, "<a/>", "NotMetadata"),
            (StatusCode::OK, &"x".repeat(9 << 20), "MetadataUnreachable"),
            (StatusCode::OK, &foreign, "OtherIdentityProvider"),
        ] {
            site.says(status, said);
            let answer = sp.test.api(Method::POST, &refresh, Value::Null).await;
            assert_eq!(answer.code(), code, "{}", answer.body);
            let now = shown(&sp).await;
            assert!(!now["failure"].is_null() && !now["failedSince"].is_null(), "{now}");
            assert_eq!(source(&sp).await, SIGN_IN_URL, "{code}");
        }
        assert!(later(&sp, Duration::from_secs(3_600)).await, "tried again after an hour");
        assert!(signs_in(&sp, Key::current()).await && !signs_in(&sp, Key::next()).await);
        let sql = "SELECT count(*) FROM events WHERE action = 'idp_metadata_url.failed'";
        let told = sp.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap();
        assert_eq!(told, 1);
        let page = sp.test.administrator().await.get("/console").await.body;
        assert!(page.contains("It cannot be read since"), "{page}");
        let valid = until("9999-12-31T23:59:59Z");
        site.says(StatusCode::OK, valid);
        assert!(later(&sp, Duration::from_secs(3_600)).await);
        assert_eq!(shown(&sp).await["failure"], Value::Null);
        assert!(!sp.newest_event("idp_metadata_url.recovered").await.is_null());
    }
}

/// A redirect leads nowhere: not to a file, not into a private network, not to another site with good metadata.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (counted, good) = (asked.clone(), Key::current().metadata(&[]));
    let elsewhere = Router::new().fallback(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let good = good.clone();
        async move { good }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("http://{}/metadata", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, elsewhere).await });
    for to in [
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "//[::1]/",
        &other,
    ] {
        for status in [StatusCode::MOVED_PERMANENTLY, StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT] {
            let location = to.to_owned();
            let router = Router::new().fallback(move || {
                let location = location.clone();
                async move { (status, [("location", location)], "") }
            });
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/metadata", listener.local_addr().unwrap());
            tokio::spawn(async move { axum::serve(listener, router).await });
            let refused = sp.test.api(Method::PUT, PATH, json!({ "url": url, "allowPrivate": true })).await;
            assert_eq!(refused.code(), "MetadataUnreachable", "{to}: {}", refused.body);
            assert!(refused.body.contains(status.as_str()), "{}", refused.body);
        }
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert_eq!(shown(&sp).await["url"], Value::Null);
}

fn cut_out(metadata: &str) -> String {
    let (before, rest) = metadata.split_once("<Signature ").unwrap();
    format!("{before}{}", rest.split_once("</Signature>").unwrap().1)
}

/// Without a name a signature is not looked at, as in AWS; with one, nothing that its key did not sign is taken, from
/// the URL, from a file and for a change of the source. What is known stays.
#[tokio::test]
async fn whoever_is_named_must_have_signed_the_metadata() {
    for sp in Sp::on_each().await {
        let (good, forged) = (Key::current().metadata(&[]), Key::next().metadata(&[]));
        let site = Site::open(good.clone()).await;
        set(&sp, &site, "").await;
        let page = "/console/settings/identity-source/metadata-url";
        let mut administrator = sp.test.administrator().await;
        assert!(administrator.get(page).await.body.contains("signed, but by nobody that you named"));
        let name = |certificates: Value| {
            sp.test.api(Method::PUT, "/api/saml-settings", json!({ "metadataSigners": certificates }))
        };
        assert_eq!(name(json!(["no certificate"])).await.code(), "InvalidValue");
        assert_eq!(name(json!(vec!["x"; 11])).await.code(), "InvalidValue");
        let certificate = Key::current().signing.certificate();
        assert_eq!(
            name(json!([certificate.pem()])).await.json()["metadataSigners"],
            json!([certificate.base64()])
        );
        let refresh = format!("{PATH}/refresh");
        let accepted = sp.test.api(Method::POST, &refresh, Value::Null).await;
        assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
        let shown_by = certificate.thumbprint();
        assert!(administrator.get(page).await.body.contains(&format!("signed by {shown_by}")));
        for (said, code) in [
            (cut_out(&good), "SignatureMissing"),
            (forged.clone(), "SignatureMismatch"),
            (good.replace("/tenant-1/saml2", "/tenant-2/saml2"), "DigestMismatch"),
            (forged.replacen("entityID=", "x=\"\" entityID=", 1), "SignatureMismatch"),
        ] {
            site.says(StatusCode::OK, said.clone());
            let url = sp.test.api(Method::POST, &refresh, Value::Null).await;
            let file = json!({ "metadataXml": said });
            let file = sp.test.api(Method::POST, "/api/identity-source/certificates", file).await;
            let proposal = json!({ "kind": "external", "metadataXml": said });
            let proposal = sp.test.api(Method::PUT, "/api/identity-source/proposal", proposal).await;
            for refused in [url, file, proposal] {
                assert_eq!(
                    (refused.status, refused.code().as_str()),
                    (StatusCode::BAD_REQUEST, code),
                    "{}",
                    refused.body
                );
            }
            assert!(!shown(&sp).await["failure"].is_null());
            assert_eq!(source(&sp).await, SIGN_IN_URL);
        }
        assert!(signs_in(&sp, Key::current()).await && !signs_in(&sp, Key::next()).await);
        assert_eq!(name(json!([])).await.json()["metadataSigners"], json!([]));
        let both = Key::next().metadata(&[Key::current()]);
        site.says(StatusCode::OK, both);
        assert_eq!(sp.test.api(Method::POST, &refresh, Value::Null).await.status, StatusCode::OK);
        assert!(signs_in(&sp, Key::next()).await);
    }
}

#[tokio::test]
async fn two_processes_read_it_once() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let site = Site::open(Key::current().metadata(&[])).await;
    set(&sp, &site, "").await;
    sp.test.center.clock.advance(DAY);
    let replica = sp.test.replica();
    let (one, other) = tokio::join!(refresh_due(&sp.test.center), refresh_due(&replica.center));
    assert!(one.unwrap() != other.unwrap());
}

#[tokio::test]
async fn only_a_url_that_is_safe_and_of_this_identity_provider_is_saved() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let site = Site::open(Key::current().metadata(&[]).replace(ENTITY_ID, "https://other.example/")).await;
    for (body, code) in [
        (json!({ "url": site.url, "allowPrivate": true }), "OtherIdentityProvider"),
        (json!({ "url": site.url }), "MetadataUnreachable"),
        (json!({ "url": "http://idp.example/metadata" }), "UrlNotAllowed"),
        (json!({ "url": "https://10.0.0.1/metadata" }), "MetadataUnreachable"),
        (json!({ "url": "file:///etc/passwd" }), "UrlNotAllowed"),
        (json!({ "url": site.url, "everySeconds": 60 }), "InvalidValue"),
    ] {
        let answer = sp.test.api(Method::PUT, PATH, body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, code), "{body}");
    }
    let refresh = format!("{PATH}/refresh");
    assert_eq!(sp.test.api(Method::POST, &refresh, Value::Null).await.code(), "NoMetadataUrl");
    // The same in the console.
    let here = "/console/settings/identity-source/metadata-url";
    let mut browser = sp.test.administrator().await;
    assert!(browser.get(here).await.body.contains("Metadata URL (https)"));
    let fields =
        |action| [("action", action), ("url", site.url.as_str()), ("hours", "24"), ("allow_private", "on")];
    assert_eq!(browser.post(here, &fields("save")).await.status, StatusCode::BAD_REQUEST);
    site.says(StatusCode::OK, Key::current().metadata(&[Key::next()]));
    let page = browser.post(here, &fields("preview")).await.body;
    let thumbprint = Key::next().signing.certificate().thumbprint();
    assert!(page.contains("What happens when this URL is saved") && page.contains(&thumbprint), "{page}");
    assert_eq!(browser.post(here, &fields("save")).await.location(), here);
    assert!(signs_in(&sp, Key::next()).await);
    site.says(
        StatusCode::OK,
        Key::next().metadata(&[]).replace(SIGN_IN_URL, "https://new.idp.example/saml2"),
    );
    assert_eq!(browser.post(here, &[("action", "refresh")]).await.location(), here);
    let page = browser.get(here).await.body;
    assert!(page.contains("https://new.idp.example/saml2") && page.contains("Take it over"), "{page}");
    assert_eq!(browser.post(here, &[("action", "apply"), ("confirm", "ACCEPT")]).await.location(), here);
    assert!(!signs_in_at(&sp).await.is_empty());
    assert_eq!(browser.post(here, &[("action", "stop")]).await.location(), here);
    assert_eq!(shown(&sp).await["url"], Value::Null);
}

/// Where people are sent.
async fn signs_in_at(sp: &Sp) -> String {
    let (headers, _) = sp.start("", "/start").await;
    let to = headers[http::header::LOCATION].to_str().unwrap().to_owned();
    assert!(to.starts_with("https://new.idp.example/saml2?"), "{to}");
    to
}
