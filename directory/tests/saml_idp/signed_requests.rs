//! Signed requests, chosen signatures, and encrypted assertions.

use http::StatusCode;
use saml::authn_request::{self, WriteAuthnRequest};
use saml::bindings::{Parameter, encode_post, encode_signed_redirect};
use saml::encryption::DecryptionKey;
use saml::names::FORMAT_EMAIL;
use saml::response::{AcceptOptions, Expect, ExpectInResponseTo, accept_response_with};
use serde_json::json;
use time::Duration;

use crate::bench::{ACS, APP, APP_ID, Bench, SP, cookies, engines, field, request_file, sqlite};

fn request<'a>(bench: &Bench, destination: &'a str) -> WriteAuthnRequest<'a> {
    WriteAuthnRequest {
        id: "_r1",
        issue_instant: bench.now(),
        destination,
        assertion_consumer_service_url: ACS,
        issuer: SP,
        name_id_format: FORMAT_EMAIL,
    }
}

async fn require(bench: &Bench) {
    let body = json!({ "requestSignatureVerification": { "isSignedRequestRequired": true } });
    let saved = bench.t.program().await.put(&format!("/api/applications/{APP}/saml"), &body).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
}

#[tokio::test]
async fn required_signatures_are_verified_by_either_binding() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let key = bench.verification_key().await;
        require(&bench).await;
        let mut browser = bench.t.browser("ana").await;
        let address = bench.address();
        let request = request(&bench, &address);
        let xml = authn_request::write(&request).unwrap();
        let unsigned = browser.get(&bench.redirect(&xml, None)).await;
        assert!(unsigned.text.contains("AADSTS76021"), "{}", unsigned.text);
        let parameter = Parameter::SamlRequest;
        let signed = encode_signed_redirect(&bench.path(), parameter, &xml, Some("x"), &key).unwrap();
        let answer = browser.get(&signed).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        let forged = signed.replace("RelayState=x", "RelayState=y");
        let refused = browser.get(&forged).await;
        assert!(refused.text.contains("AADSTS50006"), "{}", refused.text);
        let posted = encode_post(&authn_request::write_signed(&request, &key).unwrap());
        let waits = bench.post(&[("SAMLRequest", &posted)]).await;
        assert_eq!(waits.status, StatusCode::SEE_OTHER, "{}", waits.text);
        let answer = bench.get(waits.location(), &cookies(&browser, &waits)).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        let elsewhere = "https://idp.example/other";
        let request = WriteAuthnRequest { destination: elsewhere, ..request };
        let xml = authn_request::write(&request).unwrap();
        let signed = encode_signed_redirect(&bench.path(), parameter, &xml, None, &key).unwrap();
        let refused = browser.get(&signed).await;
        assert!(refused.text.contains("AADSTS75008"), "{}", refused.text);
        let old = WriteAuthnRequest { issue_instant: bench.now() - Duration::hours(2), ..request };
        let xml = authn_request::write(&old).unwrap();
        let signed = encode_signed_redirect(&bench.path(), parameter, &xml, None, &key).unwrap();
        let refused = browser.get(&signed).await;
        assert!(refused.text.contains("AADSTS76026"), "{}", refused.text);
    }
}

/// The signature is one with SHA-256 under the name of SHA-1: where SHA-1 is taken, it is wrong; else it is not looked at.
#[tokio::test]
async fn sha1_is_read_where_the_application_says_so() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let key = bench.verification_key().await;
    let address = bench.address();
    let xml = authn_request::write(&request(&bench, &address)).unwrap();
    let signed = encode_signed_redirect(&bench.path(), Parameter::SamlRequest, &xml, None, &key).unwrap();
    let sha256 = "http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
    assert!(signed.contains(sha256), "{signed}");
    let sha1 = signed.replace(sha256, "http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23rsa-sha1");
    for (weak, code) in [(json!(null), "AlgorithmNotAllowed"), (json!("rsaSha1"), "SignatureMismatch")] {
        let body = json!({ "requestSignatureVerification": {
            "isSignedRequestRequired": true, "allowedWeakAlgorithms": weak } });
        let saved = bench.t.program().await.put(&format!("/api/applications/{APP}/saml"), &body).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
        let refused = bench.get(&sha1, "").await;
        assert_eq!(bench.record_of(&refused).await["code"], code, "{}", refused.text);
        assert!(refused.text.contains("AADSTS50006"), "{}", refused.text);
    }
}

#[tokio::test]
async fn where_signatures_are_required_nothing_starts_here_and_no_certificate_lets_nobody_in() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let key = bench.verification_key().await;
    let mut browser = bench.t.browser("ana").await;
    // A request that came before signatures were required is decided after.
    let mut stranger = directory::testing::Browser::new(&bench.t.router);
    let waits = stranger.get(&bench.redirect(&request_file("good.xml"), None)).await;
    require(&bench).await;
    let back = bench.sign_in(&mut stranger, &waits, "ana").await;
    let late = stranger.get(&back).await;
    assert!(late.text.contains("SignedRequestRequired"), "{}", late.text);
    let tile = browser.get(&format!("/my-apps/{APP_ID}")).await;
    assert!(tile.text.contains("AADSTS76021") && tile.text.contains("sign-on URL"), "{}", tile.text);
    let mut admin = bench.t.browser("admin").await;
    let path = format!("/console/applications/{APP}/single-sign-on/test?user=ana@contoso.example");
    let test = admin.get(&path).await.text;
    assert!(test.contains("would be refused") && test.contains("SignedRequestRequired"), "{test}");
    bench.sql("DELETE FROM application_key_credentials").await;
    let address = bench.address();
    let xml = authn_request::write(&request(&bench, &address)).unwrap();
    let signed = encode_signed_redirect(&bench.path(), Parameter::SamlRequest, &xml, None, &key).unwrap();
    let refused = browser.get(&signed).await;
    assert!(refused.text.contains("AADSTS50003"), "{}", refused.text);
}

#[tokio::test]
async fn the_chosen_algorithm_signs() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    let program = bench.t.program().await;
    for algorithm in ["rsa-sha512", "rsa-sha384", "rsa-sha256"] {
        let path = format!("/api/applications/{APP}/saml");
        let saved =
            program.put(&path, &json!({ "signingAlgorithm": algorithm, "signingOption": "both" })).await;
        assert_eq!(saved.json()["signingAlgorithm"], algorithm, "{}", saved.text);
        let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        let xml = saml::bindings::decode_post(&field(&answer, "SAMLResponse").unwrap()).unwrap();
        let method = format!("#{algorithm}\"");
        assert_eq!(String::from_utf8(xml).unwrap().matches(&method).count(), 2, "both are signed with it");
    }
    let sha1 = json!({ "signingAlgorithm": "rsa-sha1" });
    let bad = program.put(&format!("/api/applications/{APP}/saml"), &sha1).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn assertions_are_encrypted_for_the_certificate_in_use() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        let program = bench.t.program().await;
        let (certificate, private_key) = bench.application_certificate();
        let key = bench.key_credential("Encrypt", &certificate).await;
        let path = format!("/api/applications/{APP}/saml");
        let saved = program.put(&path, &json!({ "tokenEncryptionKeyId": key })).await;
        assert_eq!(saved.json()["tokenEncryptionKeyId"], json!(key), "{}", saved.text);
        let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let xml = saml::bindings::decode_post(&field(&answer, "SAMLResponse").unwrap()).unwrap();
        let text = String::from_utf8(xml.clone()).unwrap();
        assert!(text.contains("EncryptedAssertion") && !text.contains("ana@contoso.example"), "{text}");
        let certificates = bench.metadata().await.signing_certificates;
        let expect = Expect {
            acs_url: ACS,
            sp_entity_id: SP,
            idp_entity_id: &bench.entity_id(),
            certificates: &certificates,
            in_response_to: ExpectInResponseTo::Request("_r1"),
            now: bench.now(),
            clock_skew: Duration::ZERO,
            name_id_format: FORMAT_EMAIL,
        };
        let keys = [DecryptionKey::new(&private_key).unwrap()];
        let options = AcceptOptions { decryption_keys: &keys, ..AcceptOptions::default() };
        let accepted = accept_response_with(&xml, &expect, &options).unwrap();
        assert_eq!(accepted.name_id, "ana@contoso.example");
        // It cannot go while it is in use, and where it has gone nothing is sent in clear.
        let credentials = format!("/api/applications/{APP}/key-credentials");
        let kept = program.delete(&format!("{credentials}/{key}")).await;
        assert_eq!(kept.status, StatusCode::CONFLICT, "{}", kept.text);
        bench.sql("DELETE FROM application_key_credentials").await;
        let refused = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        assert!(refused.text.contains("NoEncryptionCertificate"), "{}", refused.text);
        assert!(field(&refused, "SAMLResponse").is_none());
    }
}

#[tokio::test]
async fn a_sign_in_is_kept_with_messages_that_nobody_can_use_again() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut browser = directory::testing::Browser::new(&bench.t.router);
        let path =
            format!("{}&login_hint=ana%40contoso.example", bench.redirect(&request_file("good.xml"), None));
        let waits = browser.get(&path).await;
        let form = browser.get(waits.location()).await;
        assert!(form.text.contains("value=\"ana@contoso.example\""), "{}", form.text);
        let back = bench.sign_in(&mut browser, &waits, "ana").await;
        let answer = browser.get(&back).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        let listed = bench.newest().await;
        assert!(listed["responseXml"].is_null(), "lists have no messages");
        let reference = listed["reference"].as_str().unwrap().to_owned();
        let one = bench.t.program().await.get(&format!("/api/sign-ins/{reference}")).await.json();
        assert!(one["requestXml"].as_str().unwrap().contains("AuthnRequest"), "{one}");
        let response = one["responseXml"].as_str().unwrap();
        assert!(response.contains("ana@contoso.example") && response.contains("[removed]"), "{response}");
        let xml = saml::bindings::decode_post(&field(&answer, "SAMLResponse").unwrap()).unwrap();
        let text = String::from_utf8(xml).unwrap();
        let value = text.split("SignatureValue>").nth(1).unwrap().split('<').next().unwrap();
        assert!(!response.contains(value));
        let mut admin = bench.t.browser("admin").await;
        let page = admin.get(&format!("/console/sign-ins/{reference}")).await;
        assert!(page.text.contains("<summary>Response</summary>"), "{}", page.text);
        let kept = [("display_name", "Contoso"), ("groups", "direct"), ("sign_in_retention_days", "2")];
        admin.submit("/console/tenant", "/console/tenant", &kept).await;
        bench.t.advance(std::time::Duration::from_secs(3 * 24 * 3600));
        directory::saml_idp::clear_away(&bench.t.directory).await.unwrap();
        let gone = bench.t.program().await.get(&format!("/api/sign-ins/{reference}")).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
    }
}
