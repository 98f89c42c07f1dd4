//! The identity provider's certificates: one follows another without an outage, and their ends are announced.

use std::time::Duration;

use center::identity_source::certificates::announce_expiry;
use center::testing::{NOW, TestCenter};
use http::{Method, StatusCode};
use saml::response::{IssueResponse, issue_response};
use serde_json::{Value, json};
use store::Engine;

use crate::journey::{Sp, brought};
use crate::test_idp::{ENTITY_ID, Key};

const PATH: &str = "/api/identity-source/certificates";

fn thumbprint(key: &Key) -> String {
    key.signing.certificate().thumbprint()
}

async fn signs_in(sp: &Sp, key: &Key, id: &str) -> StatusCode {
    let begun = sp.begin().await;
    let response = IssueResponse { assertion_id: id, ..sp.right(Some(&begun)) };
    let xml = issue_response(&response, &key.signing).unwrap();
    sp.bring(&brought(xml, &begun)).await.status
}

async fn listed(sp: &Sp, key: &Key) -> Value {
    let all = sp.test.api(Method::GET, PATH, Value::Null).await.json();
    let mut found = all["value"].as_array().unwrap().iter();
    found.find(|one| one["thumbprint"] == thumbprint(key)).cloned().unwrap_or(Value::Null)
}

#[tokio::test]
async fn the_identity_provider_changes_its_key_without_an_outage() {
    for sp in Sp::on_each().await {
        let (old, new) = (Key::current(), Key::next());
        assert_eq!(listed(&sp, old).await["origin"], "identity-source");
        assert_eq!(signs_in(&sp, old, "_1").await, StatusCode::SEE_OTHER);
        assert_eq!(signs_in(&sp, new, "_2").await, StatusCode::FORBIDDEN);
        let pem = json!({ "certificatePem": new.signing.certificate().pem() });
        let added = sp.test.api(Method::POST, PATH, pem.clone()).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
        let shown = listed(&sp, new).await;
        assert_eq!((&shown["origin"], &shown["status"]), (&json!("upload"), &json!("valid")));
        assert!(shown["addedBy"].as_str().unwrap().starts_with("api:"), "{shown}");
        assert_eq!(sp.newest_event("idp_certificate.added").await["subjectId"], thumbprint(new));
        assert_eq!(sp.test.api(Method::POST, PATH, pem).await.code(), "CertificateExists");
        // While both are there, both count.
        assert_eq!(signs_in(&sp, old, "_3").await, StatusCode::SEE_OTHER);
        let one = format!("{PATH}/{}", thumbprint(old));
        let says = |shown: Value| shown["removal"].to_string();
        let shown = sp.test.api(Method::GET, &one, Value::Null).await.json();
        assert!(says(shown.clone()).contains("nobody can sign in any more"), "{shown}");
        assert_eq!(signs_in(&sp, new, "_4").await, StatusCode::SEE_OTHER);
        assert_eq!(sp.newest().await["certificate"], thumbprint(new));
        let shown = sp.test.api(Method::GET, &one, Value::Null).await.json();
        assert!(says(shown.clone()).contains("another certificate did so later"), "{shown}");
        assert!(!shown["lastUsedAt"].is_null());
        // The old one goes, and not without the word.
        assert_eq!(sp.test.api(Method::DELETE, &one, Value::Null).await.code(), "NotConfirmed");
        let confirmed = format!("{one}?confirm=DELETE");
        let removed = sp.test.api(Method::DELETE, &confirmed, Value::Null).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.body);
        assert_eq!(sp.newest_event("idp_certificate.removed").await["subjectId"], thumbprint(old));
        assert_eq!(signs_in(&sp, old, "_5").await, StatusCode::FORBIDDEN);
        assert_eq!(sp.newest().await["outcome"], "SignatureMismatch");
        assert_eq!(signs_in(&sp, new, "_6").await, StatusCode::SEE_OTHER);
        assert_eq!(sp.test.api(Method::DELETE, &confirmed, Value::Null).await.code(), "CertificateNotFound");
        let last = format!("{PATH}/{}?confirm=DELETE", thumbprint(new));
        assert_eq!(sp.test.api(Method::DELETE, &last, Value::Null).await.code(), "LastCertificate");
    }
}

#[tokio::test]
async fn certificates_come_from_metadata_of_the_same_identity_provider_alone() {
    let sp = Sp::on_each().await.remove(0);
    let both = Key::current().metadata(&[Key::next()]);
    let foreign = both.replace(ENTITY_ID, "https://other.idp.example/");
    let answer = sp.test.api(Method::POST, PATH, json!({ "metadataXml": foreign })).await;
    assert_eq!(answer.code(), "OtherIdentityProvider", "{}", answer.body);
    assert_eq!(listed(&sp, Key::next()).await, Value::Null);
    let answer = sp.test.api(Method::POST, PATH, json!({ "metadataXml": both })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_eq!(listed(&sp, Key::next()).await["origin"], "metadata");
    let answer = sp.test.api(Method::POST, PATH, json!({ "certificatePem": "hello" })).await;
    assert_eq!(answer.code(), "NotACertificate");
    let old = Key::valid(2020, 2024).signing.certificate().pem();
    let answer = sp.test.api(Method::POST, PATH, json!({ "certificatePem": old })).await;
    assert_eq!(answer.code(), "CertificatesExpired");
    // Another identity source has other certificates.
    let other = Key::valid(2026, 2033);
    sp.change_to(json!({ "kind": "external", "metadataXml": other.metadata(&[]) })).await;
    assert_eq!(listed(&sp, Key::next()).await, Value::Null);
    assert_eq!(listed(&sp, &other).await["origin"], "identity-source");
    sp.change_to(json!({ "kind": "identity-center-directory" })).await;
    let pem = json!({ "certificatePem": Key::next().signing.certificate().pem() });
    assert_eq!(sp.test.api(Method::POST, PATH, pem).await.code(), "SourceNotExternal");
}

#[tokio::test]
async fn the_end_of_a_certificate_is_announced_once_for_each_threshold() {
    for test in TestCenter::on_each().await {
        // It ends 37 days and 19 hours after the test's beginning.
        let key = Key::valid(2026, 2027);
        let sp = Sp::over(test, key.metadata(&[])).await;
        let days = |n: u64| Duration::from_secs(n * 86_400);
        let center = &sp.test.center;
        for (advance, announced) in [(0, 1), (0, 0), (29, 1), (2, 1), (0, 0), (6, 0), (1, 1), (400, 0)] {
            center.clock.advance(days(advance));
            let now = center.clock.now();
            assert_eq!(announce_expiry(center).await.unwrap(), announced, "after {advance} days, {now:?}");
        }
        let event = sp.newest_event("idp_certificate.expired").await;
        assert_eq!((&event["subjectId"], &event["actor"]), (&json!(thumbprint(&key)), &json!("system")));
        assert_eq!(listed(&sp, &key).await["status"], "expired");
        let page = sp.test.administrator().await.get("/console").await.body;
        assert!(page.contains("A signing certificate of the identity provider ends"), "{page}");
        assert!(page.contains(&thumbprint(&key)));
        // It still carries the key.
        assert_eq!(signs_in(&sp, &key, "_1").await, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn an_administrator_changes_certificates_in_the_console() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[Key::next()])).await;
    let mut browser = sp.test.administrator().await;
    let here = "/console/settings/identity-source/certificates";
    let page = browser.get(here).await.body;
    for part in [&thumbprint(Key::current()), &thumbprint(Key::next()), "an expired one still counts"] {
        assert!(page.contains(part), "{part}");
    }
    let one = format!("{here}/{}", thumbprint(Key::next()));
    let page = browser.get(&one).await.body;
    assert!(page.contains("are refused from then on"), "{page}");
    let refused = browser.post(&one, &[("confirm", "delete")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    assert_eq!(browser.post(&one, &[("confirm", "DELETE")]).await.location(), here);
    assert!(!browser.get(here).await.body.contains(&thumbprint(Key::next())));
    assert_eq!(browser.get(&one).await.status, StatusCode::NOT_FOUND);
    assert!(sp.test.center.clock.now() >= NOW);
}
