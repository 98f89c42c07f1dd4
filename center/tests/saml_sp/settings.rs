//! How the service provider behaves where administrators may choose.

use std::time::Duration;

use center::saml_sp::key_expiry::announce_expiry;
use center::testing::{Answer, TestCenter};
use http::{Method, StatusCode, header};
use saml::authn_request::RequestPolicy;
use saml::bindings::{Parameter, Received, decode_post, decode_redirect};
use saml::encryption::{ContentAlgorithm, Encryption, KeyTransport};
use saml::metadata::SpMetadata;
use saml::response::{IssueResponse, issue_encrypted_response};
use serde_json::{Value, json};
use store::Engine;

use crate::journey::{Sp, brought, cut, issue};
use crate::test_idp::Key;

async fn set(sp: &Sp, settings: Value) -> Answer {
    sp.test.api(Method::PUT, "/api/saml-settings", settings).await
}

async fn metadata(sp: &Sp) -> SpMetadata {
    let answer = sp.test.api(Method::GET, "/api/identity-source/sp-metadata", Value::Null).await;
    SpMetadata::read(answer.body.as_bytes()).unwrap()
}

#[tokio::test]
async fn settings_are_those_of_aws_until_somebody_changes_them() {
    for sp in Sp::on_each().await {
        let shown = sp.test.api(Method::GET, "/api/saml-settings", Value::Null).await.json();
        assert_eq!(
            shown,
            json!({ "clockSkewSeconds": 180, "signRequests": false, "acceptEncrypted": false, "acceptSha1": false,
                "acceptUnsolicited": true, "singleLogout": false, "justInTime": false, "attemptDays": 30,
                "metadataSigners": [] })
        );
        for (change, code) in [
            (json!({ "clockSkewSeconds": 301 }), "InvalidValue"),
            (json!({ "clockSkewSeconds": -1 }), "InvalidValue"),
            (json!({ "attemptDays": 0 }), "InvalidValue"),
            (json!({ "acceptEverything": true }), "BodyInvalid"),
        ] {
            let answer = set(&sp, change.clone()).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, code), "{change}");
        }
        let changed = set(&sp, json!({ "clockSkewSeconds": 0 })).await.json();
        assert_eq!((&changed["clockSkewSeconds"], &changed["attemptDays"]), (&json!(0), &json!(30)));
        assert_eq!(sp.newest_event("saml_settings.updated").await["before"]["clockSkewSeconds"], 180);
        // The clock of the identity provider is six minutes ahead, and what it says begins five minutes before.
        let late = |begun, id| {
            let right = sp.right(Some(begun));
            issue(&IssueResponse { now: right.now + Duration::from_secs(360), assertion_id: id, ..right })
        };
        let begun = sp.begin().await;
        let answer = sp.bring(&brought(late(&begun, "_1"), &begun)).await;
        sp.refused("without skew", &answer, "NotYetValid", 0).await;
        set(&sp, json!({ "clockSkewSeconds": 120, "acceptUnsolicited": false })).await;
        let answer = sp.bring(&brought(late(&begun, "_1"), &begun)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let unasked = crate::journey::Brought {
            xml: issue(&IssueResponse { assertion_id: "_2", ..sp.right(None) }),
            relay_state: String::new(),
            cookie: String::new(),
        };
        let answer = sp.bring(&unasked).await;
        sp.refused("unsolicited", &answer, "InResponseToMissing", 1).await;
    }
}

fn required<'a>(certificates: &'a [saml::certificate::Certificate]) -> RequestPolicy<'a> {
    RequestPolicy { required: true, certificates, allow_rsa_sha1: false }
}

#[tokio::test]
async fn requests_are_signed_with_the_key_that_the_metadata_publishes() {
    for sp in Sp::on_each().await {
        assert!(metadata(&sp).await.signing_certificates.is_empty());
        set(&sp, json!({ "signRequests": true })).await;
        let published = metadata(&sp).await;
        assert!(published.authn_requests_signed);
        let [first] = &published.signing_certificates[..] else { panic!("one certificate") };
        let (headers, _) = sp.start("", "/start").await;
        let location = headers[header::LOCATION].to_str().unwrap();
        let message = decode_redirect(location.split_once('?').unwrap().1, Parameter::SamlRequest).unwrap();
        let read = required(std::slice::from_ref(first)).read(Received::Redirect(&message)).unwrap();
        assert_eq!(read.issuer, sp.entity_id);
        let stranger = [Key::next().signing.certificate().clone()];
        assert!(required(&stranger).read(Received::Redirect(&message)).is_err());
        // The next key is published before it signs.
        let made = sp.test.api(Method::POST, "/api/saml-keys", json!({ "purpose": "signing" })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(metadata(&sp).await.signing_certificates.len(), 2);
        let path = format!("/api/saml-keys/{id}");
        let activated = sp.test.api(Method::POST, &format!("{path}/activate"), Value::Null).await;
        assert_eq!(activated.status, StatusCode::OK, "{}", activated.body);
        let (headers, _) = sp.start("", "/start").await;
        let location = headers[header::LOCATION].to_str().unwrap();
        let message = decode_redirect(location.split_once('?').unwrap().1, Parameter::SamlRequest).unwrap();
        let second: Vec<_> =
            metadata(&sp).await.signing_certificates.into_iter().filter(|c| c != first).collect();
        assert!(required(&second).read(Received::Redirect(&message)).is_ok());
        assert!(required(std::slice::from_ref(first)).read(Received::Redirect(&message)).is_err());
        assert_eq!(sp.test.api(Method::DELETE, &path, Value::Null).await.code(), "KeyActive");
        let keys = sp.test.api(Method::GET, "/api/saml-keys", Value::Null).await;
        assert!(!keys.body.to_lowercase().contains("private"), "{}", keys.body);
    }
}

#[tokio::test]
async fn the_end_of_a_key_in_use_is_announced_once_for_each_threshold() {
    const DAY: Duration = Duration::from_secs(86_400);
    for sp in Sp::on_each().await {
        let center = &sp.test.center;
        let made =
            sp.test.api(Method::POST, "/api/saml-keys", json!({ "purpose": "encryption" })).await.json();
        assert_eq!((&made["active"], &made["status"]), (&json!(true), &json!("valid")));
        set(&sp, json!({ "signRequests": true })).await;
        assert_eq!(announce_expiry(center).await.unwrap(), 0);
        // Three years less 59 days.
        center.clock.advance(DAY * (3 * 365 - 59));
        assert_eq!(announce_expiry(center).await.unwrap(), 1, "the encryption key is not in use");
        for (days, announced) in [(0, 0), (28, 0), (2, 1), (0, 0), (24, 1), (4, 0), (3, 1), (10, 0)] {
            center.clock.advance(DAY * days);
            assert_eq!(announce_expiry(center).await.unwrap(), announced, "after {days} days");
        }
        let event = sp.newest_event("saml_key.expired").await;
        let keys = sp.test.api(Method::GET, "/api/saml-keys", Value::Null).await.json();
        let signing =
            keys["value"].as_array().unwrap().iter().find(|key| key["purpose"] == "signing").unwrap();
        assert_eq!(event["after"]["thumbprint"], signing["thumbprint"]);
        assert_eq!(signing["status"], "expired");
        for page in ["/console", "/console/settings/saml"] {
            let page = sp.test.administrator().await.get(page).await.body;
            assert!(page.contains("A key of the service provider ends") && page.contains("Make another one"));
        }
        let next = sp.test.api(Method::POST, "/api/saml-keys", json!({ "purpose": "signing" })).await.json();
        let page = sp.test.administrator().await.get("/console").await.body;
        assert!(page.contains("Another one is there"), "{page}");
        let activate = format!("/api/saml-keys/{}/activate", next["id"].as_str().unwrap());
        sp.test.api(Method::POST, &activate, Value::Null).await;
        let page = sp.test.administrator().await.get("/console").await.body;
        assert!(!page.contains("A key of the service provider ends"), "{page}");
    }
}

/// The signature is one with SHA-256 under the name of SHA-1: where SHA-1 is taken, it is wrong; else it is not looked at.
#[tokio::test]
async fn sha1_is_read_where_that_is_chosen() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let sha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
        let xml = issue(&sp.right(Some(&begun)));
        assert!(xml.contains(sha256), "{xml}");
        let xml = xml.replace(sha256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
        for (accept, code) in [
            (false, "SignatureMethodNotAllowed"),
            (true, "SignatureMismatch"),
            (false, "SignatureMethodNotAllowed"),
        ] {
            set(&sp, json!({ "acceptSha1": accept })).await;
            let answer = sp.bring(&brought(xml.clone(), &begun)).await;
            sp.refused("SHA-1", &answer, code, 0).await;
        }
    }
}

#[tokio::test]
async fn a_posted_request_is_signed_inside() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let good = Key::current().metadata(&[]);
    let redirect = cut(
        &good,
        "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"",
        "</SingleSignOnService>",
    );
    let sp = Sp::over(test, good.replace(redirect, "")).await;
    set(&sp, json!({ "signRequests": true })).await;
    let (_, page) = sp.start("", "/start").await;
    let value = page.split_once("name=\"SAMLRequest\" value=\"").unwrap().1.split('"').next().unwrap();
    let xml = decode_post(&value.replace("&#61;", "=").replace("&#43;", "+").replace("&#47;", "/")).unwrap();
    let certificates = metadata(&sp).await.signing_certificates;
    required(&certificates).read(Received::Post(&xml)).unwrap();
}

#[tokio::test]
async fn encrypted_assertions_are_read_when_that_is_chosen() {
    for sp in Sp::on_each().await {
        set(&sp, json!({ "acceptEncrypted": true })).await;
        let published = metadata(&sp).await.encryption_certificates;
        let [certificate] = &published[..] else { panic!("one certificate") };
        let encrypted = |id: &str, begun: &crate::journey::Begun, certificate| {
            let response = IssueResponse { assertion_id: id, ..sp.right(Some(begun)) };
            let encryption = Encryption {
                certificate,
                content: ContentAlgorithm::Aes256Gcm,
                transport: KeyTransport::OaepSha256,
                key: &[7; 32],
                iv: &[9; 16],
            };
            issue_encrypted_response(&response, &Key::current().signing, &encryption).unwrap()
        };
        let begun = sp.begin().await;
        let xml = encrypted("_1", &begun, certificate);
        let cipher = cut(&xml, "CipherValue>", "</").to_owned();
        let answer = sp.bring(&brought(xml, &begun)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", sp.newest().await);
        let attempt = sp.newest().await;
        let response = attempt["response"].as_str().unwrap();
        assert!(response.contains("CipherValue") && !response.contains(&cipher), "{response}");
        // For another key, and with a byte changed: strangers hear the same.
        let begun = sp.begin().await;
        let other = Key::next().signing.certificate();
        let wrong_key = sp.bring(&brought(encrypted("_2", &begun, other), &begun)).await;
        let xml = encrypted("_3", &begun, certificate);
        let at = xml.rfind("</CipherValue>").or_else(|| xml.rfind(":CipherValue>")).unwrap() - 20;
        let turned = if xml.as_bytes()[at] == b'A' { "B" } else { "A" };
        let broken = format!("{}{turned}{}", &xml[..at], &xml[at + 1..]);
        let tampered = sp.bring(&brought(broken, &begun)).await;
        for answer in [&wrong_key, &tampered] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
        let without_reference = |answer: &Answer| {
            let reference = cut(&answer.body, "<dd><code>", "</code>").to_owned();
            let reference = reference.replace("<dd><code>", "").replace("</code>", "");
            answer.body.replace(&reference, "")
        };
        assert_eq!(without_reference(&wrong_key), without_reference(&tampered));
        // Off again: the key is there, and is not used.
        set(&sp, json!({ "acceptEncrypted": false })).await;
        assert!(metadata(&sp).await.encryption_certificates.is_empty());
        let answer = sp.bring(&brought(encrypted("_4", &begun, certificate), &begun)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn the_length_of_a_portal_session_is_set_within_its_range() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let path = "/api/portal-session";
    assert_eq!(sp.test.api(Method::GET, path, Value::Null).await.json(), json!({ "seconds": 28_800 }));
    for seconds in [899, 7_776_001] {
        let answer = sp.test.api(Method::PUT, path, json!({ "seconds": seconds })).await;
        assert_eq!(answer.code(), "InvalidValue", "{seconds}");
    }
    sp.test.api(Method::PUT, path, json!({ "seconds": 900 })).await;
    let begun = sp.begin().await;
    let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
    let cookie = crate::journey::portal_cookie(&answer);
    let headers = [("cookie", cookie.as_str())];
    for (seconds, status) in [(899, StatusCode::OK), (1, StatusCode::SEE_OTHER)] {
        sp.test.center.clock.advance(Duration::from_secs(seconds));
        let page = sp.test.send(Method::GET, "/start", &headers, String::new()).await;
        assert_eq!(page.status, status);
    }
}

#[tokio::test]
async fn an_administrator_changes_settings_and_keys_in_the_console() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let mut browser = sp.test.administrator().await;
    let here = "/console/settings/saml";
    assert!(browser.get(here).await.body.contains("Sign requests"));
    let fields = [("clockSkewSeconds", "60"), ("attemptDays", "7"), ("acceptSha1", "on")];
    assert_eq!(browser.post(here, &fields).await.location(), here);
    let page = browser.get(here).await.body;
    assert!(page.contains("SHA-1 is broken") && page.contains("value=\"60\""), "{page}");
    let shown = sp.test.api(Method::GET, "/api/saml-settings", Value::Null).await.json();
    assert_eq!((&shown["acceptSha1"], &shown["acceptUnsolicited"]), (&json!(true), &json!(false)));
    let wrong = browser.post(here, &[("clockSkewSeconds", "many"), ("attemptDays", "7")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let numbers = [("clockSkewSeconds", "60"), ("attemptDays", "7")];
    let post = async |browser: &mut center::testing::Browser, signers: Option<&str>| {
        let named = signers.map(|text| ("metadataSigners", text));
        browser.post(here, &numbers.into_iter().chain(named).collect::<Vec<_>>()).await
    };
    let signers = async || {
        let shown = sp.test.api(Method::GET, "/api/saml-settings", Value::Null).await.json();
        shown["metadataSigners"].as_array().unwrap().clone()
    };
    let certificates = [Key::current(), Key::next()].map(|key| key.signing.certificate().clone());
    let both = certificates.iter().map(saml::certificate::Certificate::pem).collect::<Vec<_>>().join("\n");
    assert_eq!(post(&mut browser, Some(&both)).await.location(), here);
    assert_eq!(signers().await, certificates.each_ref().map(|c| json!(c.base64())));
    let page = browser.get(here).await.body;
    assert_eq!(page.matches("BEGIN CERTIFICATE").count(), 2, "{page}");
    assert_eq!(post(&mut browser, None).await.location(), here);
    assert_eq!(signers().await.len(), 2, "a form without the field changes nobody");
    let wrong = post(&mut browser, Some("no certificate")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(post(&mut browser, Some("")).await.location(), here);
    assert!(signers().await.is_empty());
    let keys = format!("{here}/keys");
    assert_eq!(browser.post(&keys, &[("action", "make"), ("purpose", "signing")]).await.location(), here);
    let wrong = browser.post(&keys, &[("action", "make"), ("purpose", "other")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}
