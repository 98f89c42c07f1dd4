//! Sign-ins that go well, by every way in, and how long their sessions last.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use center::testing::{NOW, TestCenter};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize, SigningKey as _};
use saml::bindings::{Parameter, decode_post, decode_redirect, encode_post};
use saml::names::FORMAT_EMAIL;
use saml::response::{IssueResponse, SignOption, issue_response};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::StoreError;
use web::Timestamp;

use crate::journey::{ANA, Begun, Brought, COOKIE, Sp, brought, cut, issue, portal_cookie};
use crate::test_idp::{Key, SIGN_IN_URL};

#[tokio::test]
async fn a_person_comes_back_signed_in_where_she_wanted_to_go() {
    for sp in Sp::on_each().await {
        let begun = sp.begin_in("", "/start?account=1").await;
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/start?account=1"));
        let session = portal_cookie(&answer);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&session).unwrap());
        let audience = center::access::PORTAL_AUDIENCE;
        let caller = center::access::by_session(&sp.test.center, &headers, audience).await.unwrap().unwrap();
        assert_eq!(caller.name, ANA);
        let attempt = sp.newest().await;
        assert_eq!((&attempt["outcome"], &attempt["userName"]), (&json!("accepted"), &json!(ANA)));
        let names: Vec<_> =
            attempt["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        for name in [
            "Form",
            "Signature",
            "Issuer",
            "Destination",
            "Audience",
            "Conditions",
            "NameID",
            "Replay",
            "Request",
            "User",
        ] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        let event = sp.newest_event("sign_in.accepted").await;
        assert_eq!(event["subjectId"], caller.id.as_str());
        assert_eq!(event["actor"], format!("user:{}", caller.id));
    }
}

#[tokio::test]
async fn the_portal_sends_people_to_the_identity_provider_and_takes_them_back() {
    for sp in Sp::on_each().await {
        let mut browser = sp.test.browser();
        let page = browser.get("/start?account=1").await;
        let to_idp = browser.get(page.location()).await;
        let query = to_idp.location().strip_prefix(SIGN_IN_URL).unwrap().strip_prefix('?').unwrap();
        let id = decode_redirect(query, Parameter::SamlRequest).unwrap().relay_state.unwrap();
        let begun = Begun { relay_state: id.clone(), id, cookie: browser.cookie_header() };
        let xml = encode_post(&issue(&sp.right(Some(&begun))));
        // The binding: the same answer in another browser is worth nothing.
        let mut other = sp.test.browser();
        let refused = other.post_without_token(&sp.acs_path, &[("SAMLResponse", &xml)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let back = browser.post_without_token(&sp.acs_path, &[("SAMLResponse", &xml)]).await;
        assert_eq!(back.location(), "/start?account=1", "{}", sp.newest().await);
        assert_eq!(browser.get(back.location()).await.status, StatusCode::OK);
        assert!(!other.get("/start").await.location().is_empty());
    }
}

#[tokio::test]
async fn the_request_says_what_that_of_aws_says() {
    let sp = Sp::on_each().await.remove(0);
    let (headers, _) = sp.start("", "/start").await;
    let location = headers[header::LOCATION].to_str().unwrap().to_owned();
    let message = decode_redirect(location.split_once('?').unwrap().1, Parameter::SamlRequest).unwrap();
    let xml = String::from_utf8(message.xml).unwrap();
    let id = xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap();
    assert!(id.starts_with("aws_") && id.len() == 36, "{id}");
    assert!(id[4..].bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_eq!(message.relay_state.as_deref(), Some(id));
    for part in [
        format!("Destination=\"{SIGN_IN_URL}\""),
        format!("AssertionConsumerServiceURL=\"{}\"", sp.acs_url),
        format!(">{}</saml:Issuer>", sp.entity_id),
        format!("Format=\"{FORMAT_EMAIL}\""),
    ] {
        assert!(xml.contains(&part), "{part} in {xml}");
    }
    for absent in ["Signature", "ForceAuthn", "IsPassive", "AllowCreate", "RequestedAuthnContext", "Scoping"]
    {
        assert!(!xml.contains(absent), "{absent}");
    }
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with(COOKIE) && cookie.contains("HttpOnly") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
}

#[tokio::test]
async fn an_identity_provider_without_redirect_gets_a_form() {
    for test in TestCenter::on_each().await {
        let redirect = cut(
            &Key::current().metadata(&[]),
            "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"",
            "</SingleSignOnService>",
        )
        .to_owned();
        let sp = Sp::over(test, Key::current().metadata(&[]).replace(&redirect, "")).await;
        let (headers, page) = sp.start("", "/start").await;
        assert!(page.contains(&format!("action=\"{SIGN_IN_URL}\"")), "{page}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("form-action https://login.idp.example;"), "{policy}");
        let value = page.split_once("name=\"SAMLRequest\" value=\"").unwrap().1.split('"').next().unwrap();
        let xml = decode_post(&value.replace("&#61;", "=").replace("&#43;", "+")).unwrap();
        assert!(String::from_utf8(xml).unwrap().contains("aws_"));
    }
}

#[tokio::test]
async fn a_sign_in_that_begins_at_the_identity_provider_lands_on_the_portal() {
    for sp in Sp::on_each().await {
        let xml = issue(&sp.right(None));
        // RelayState of an identity provider leads nowhere.
        let brought = Brought { xml, relay_state: "https://evil.example/".to_owned(), cookie: String::new() };
        let answer = sp.bring(&brought).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/start"));
        assert_eq!(sp.sessions().await, 1);
        let answer = sp.bring(&brought).await;
        sp.refused("the same again", &answer, "Replayed", 1).await;
    }
}

#[tokio::test]
async fn every_place_of_the_signature_is_taken() {
    let sp = Sp::on_each().await.remove(0);
    for (n, sign) in [SignOption::Assertion, SignOption::Response, SignOption::ResponseAndAssertion]
        .into_iter()
        .enumerate()
    {
        let begun = sp.begin().await;
        let id = format!("_assertion-{n}");
        let xml = issue(&IssueResponse { sign, assertion_id: &id, ..sp.right(Some(&begun)) });
        assert_eq!(sp.bring(&brought(xml, &begun)).await.status, StatusCode::SEE_OTHER, "{sign:?}");
    }
}

#[tokio::test]
async fn two_tabs_of_a_browser_do_not_disturb_each_other() {
    let sp = Sp::on_each().await.remove(0);
    let first = sp.begin().await;
    let second = sp.begin_in(&first.cookie, "/start").await;
    assert_eq!(first.cookie, second.cookie);
    assert_ne!(first.id, second.id);
    for (begun, id) in [(&first, "_one"), (&second, "_two")] {
        let xml = issue(&IssueResponse { assertion_id: id, ..sp.right(Some(begun)) });
        assert_eq!(sp.bring(&brought(xml, begun)).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn both_certificates_count_during_a_rollover() {
    for test in TestCenter::on_each().await {
        let sp = Sp::over(test, Key::current().metadata(&[Key::next()])).await;
        for (key, id) in [(Key::current(), "_old"), (Key::next(), "_new")] {
            let begun = sp.begin().await;
            let response = IssueResponse { assertion_id: id, ..sp.right(Some(&begun)) };
            let xml = issue_response(&response, &key.signing).unwrap();
            assert_eq!(sp.bring(&brought(xml, &begun)).await.status, StatusCode::SEE_OTHER, "{id}");
        }
        sp.change_to(json!({ "kind": "external", "metadataXml": Key::next().metadata(&[]) })).await;
        let begun = sp.begin().await;
        let xml = issue(&IssueResponse { assertion_id: "_late", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("the old key afterwards", &answer, "SignatureMismatch", 2).await;
    }
}

/// Adds SessionNotOnOrAfter to an assertion and signs it again.
fn with_session_end(xml: &str, end: Timestamp, pair: &KeyPair) -> String {
    let assertion = cut(xml, "<Assertion", "</Assertion>");
    let signature = cut(assertion, "<Signature", "</Signature>");
    let index = cut(assertion, "SessionIndex=\"", "\">").trim_end_matches('>');
    let limited = format!("{index} SessionNotOnOrAfter=\"{}\"", end.rfc3339());
    let content = assertion.replace(signature, "").replace(index, &limited);
    let digest = STANDARD.encode(Sha256::digest(content.as_bytes()));
    let info = cut(signature, "<SignedInfo", "</SignedInfo>");
    let old_digest = cut(info, "<DigestValue>", "</DigestValue>");
    let info = info.replace(old_digest, &format!("<DigestValue>{digest}</DigestValue>"));
    let canonical =
        info.replacen("<SignedInfo", "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"", 1);
    let value = STANDARD.encode(pair.sign(canonical.as_bytes()).unwrap());
    let new_signature = signature.replace(cut(signature, "<SignedInfo", "</SignedInfo>"), &info).replace(
        cut(signature, "<SignatureValue>", "</SignatureValue>"),
        &format!("<SignatureValue>{value}</SignatureValue>"),
    );
    let issuer = cut(&content, "<Issuer", "</Issuer>").to_owned();
    let signed = content.replace(&issuer, &format!("{issuer}{new_signature}"));
    xml.replace(assertion, &signed)
}

#[tokio::test]
async fn a_session_ends_at_the_earlier_of_both_limits() {
    let hours = |n: u64| Duration::from_secs(n * 3600);
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let key = Key::of(&pair, 2026, 2030);
    for test in TestCenter::on_each().await {
        let sp = Sp::over(test, key.metadata(&[])).await;
        for (n, theirs, end) in [(0, Some(2), None), (1, Some(20), Some(8)), (2, None, Some(8))] {
            let theirs = theirs.map(|n| NOW.plus(hours(n)));
            let begun = sp.begin().await;
            let id = format!("_session-{n}");
            let xml =
                issue_response(&IssueResponse { assertion_id: &id, ..sp.right(Some(&begun)) }, &key.signing)
                    .unwrap();
            let xml = theirs.map_or(xml.clone(), |theirs| with_session_end(&xml, theirs, &pair));
            let answer = sp.bring(&brought(xml, &begun)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{n}: {}", sp.newest().await);
            let token = portal_cookie(&answer).split_once('=').unwrap().1.to_owned();
            let hash = web::token::hash(&token);
            let sql = "SELECT expires_at FROM sessions WHERE token_sha256 = ?1";
            let stored: Result<i64, StoreError> =
                sp.test.center.store.read(move |tx| tx.int(sql, &[hash[..].into()])).await;
            let end = end.map_or(theirs, |n| Some(sp.test.center.clock.now().plus(hours(n))));
            assert_eq!(Some(Timestamp(stored.unwrap())), end, "{n}");
        }
        // Within the clock skew the assertion would count, but a session without length helps nobody.
        let begun = sp.begin().await;
        let xml =
            issue_response(&IssueResponse { assertion_id: "_over", ..sp.right(Some(&begun)) }, &key.signing)
                .unwrap();
        let answer = sp.bring(&brought(with_session_end(&xml, NOW, &pair), &begun)).await;
        sp.refused("over", &answer, "SessionExpired", 3).await;
    }
}
