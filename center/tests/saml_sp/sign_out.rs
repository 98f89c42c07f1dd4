//! Single sign-out: from here to the identity provider, and from there to here.

use std::time::Duration;

use center::testing::{Answer, Browser};
use http::{Method, StatusCode};
use saml::bindings::{Parameter, Received, decode_redirect, encode_redirect, encode_signed_redirect};
use saml::dsig::AcceptedAlgorithms;
use saml::logout::{
    LogoutExpect, LogoutOutcome, LogoutSignature, WriteLogoutRequest, WriteLogoutResponse, read_request,
    read_response, write_request, write_response,
};
use saml::metadata::SpMetadata;
use saml::names::FORMAT_EMAIL;
use saml::response::IssueResponse;
use serde_json::{Value, json};

use crate::journey::{ANA, Begun, Sp, issue};
use crate::test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

async fn chosen() -> Vec<Sp> {
    let all = Sp::on_each().await;
    for sp in &all {
        let answer = sp.test.api(Method::PUT, "/api/saml-settings", json!({ "singleLogout": true })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    all
}

async fn metadata(sp: &Sp) -> SpMetadata {
    let answer = sp.test.api(Method::GET, "/api/identity-source/sp-metadata", Value::Null).await;
    SpMetadata::read(answer.body.as_bytes()).unwrap()
}

/// Signs Ana in; the assertion's ID is the SessionIndex.
async fn signed_in<'a>(sp: &'a Sp, id: &str) -> Browser<'a> {
    let mut browser = sp.test.browser();
    let to_idp = browser.get("/sign-in?return_to=/start").await;
    let query = to_idp.location().split_once('?').unwrap().1;
    let request = decode_redirect(query, Parameter::SamlRequest).unwrap().relay_state.unwrap();
    let begun = Begun { relay_state: request.clone(), id: request, cookie: String::new() };
    let xml = issue(&IssueResponse { assertion_id: id, ..sp.right(Some(&begun)) });
    let form = [("SAMLResponse", saml::bindings::encode_post(&xml))];
    let answer =
        browser.post_without_token(&sp.acs_path, &form.each_ref().map(|(n, v)| (*n, v.as_str()))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", sp.newest().await);
    sp.test.center.clock.advance(Duration::from_micros(1));
    browser
}

fn expect<'a>(sp: &'a Sp, metadata: &'a SpMetadata) -> LogoutExpect<'a> {
    LogoutExpect {
        destination: SIGN_IN_URL,
        issuer: &sp.entity_id,
        signature: LogoutSignature::Required {
            certificates: &metadata.signing_certificates,
            algorithms: AcceptedAlgorithms::Sha2,
        },
        now: sp.test.center.clock.now().to_offset(),
        clock_skew: time::Duration::ZERO,
    }
}

fn slo_url(metadata: &SpMetadata) -> String {
    metadata.single_logout_services[0].location.clone()
}

fn path(url: &str) -> String {
    url.strip_prefix("http://127.0.0.1:7002").unwrap().to_owned()
}

#[tokio::test]
async fn who_signs_out_here_is_taken_to_the_identity_provider() {
    for sp in chosen().await {
        let published = metadata(&sp).await;
        let mut browser = signed_in(&sp, "_first").await;
        browser.get("/start").await;
        let page = browser.post("/start/sign-out", &[]).await;
        assert_eq!(sp.sessions().await, 0, "it is over before anything is sent");
        let refresh = page.headers["refresh"].to_str().unwrap();
        let query = refresh.strip_prefix("0; url=").unwrap().strip_prefix(SIGN_IN_URL).unwrap();
        let message = decode_redirect(query.trim_start_matches('?'), Parameter::SamlRequest).unwrap();
        let request = read_request(Received::Redirect(&message), &expect(&sp, &published)).unwrap();
        assert_eq!((request.name_id.value.as_str(), request.session_indexes.len()), (ANA, 1));
        // The identity provider answers.
        let url = slo_url(&published);
        let answer = |outcome: &LogoutOutcome, in_response_to: &str| {
            write_response(&WriteLogoutResponse {
                id: "_answer",
                issue_instant: sp.test.center.clock.now().to_offset(),
                destination: &url,
                issuer: ENTITY_ID,
                in_response_to,
                outcome,
            })
            .unwrap()
        };
        let key = &Key::current().signing;
        let signed =
            |xml: &str| path(&encode_signed_redirect(&url, Parameter::SamlResponse, xml, None, key).unwrap());
        let bare = encode_redirect(
            &url,
            Parameter::SamlResponse,
            &answer(&LogoutOutcome::Success, &request.id),
            None,
        );
        for (case, to, status, part) in [
            ("not signed", path(&bare), StatusCode::BAD_REQUEST, "may still be signed in"),
            (
                "to another",
                signed(&answer(&LogoutOutcome::Success, "aws_0")),
                StatusCode::BAD_REQUEST,
                "may still be",
            ),
            (
                "partial",
                signed(&answer(&LogoutOutcome::Partial, &request.id)),
                StatusCode::OK,
                "not everywhere",
            ),
            (
                "success",
                signed(&answer(&LogoutOutcome::Success, &request.id)),
                StatusCode::OK,
                "at your organization",
            ),
        ] {
            let shown = browser.get(&to).await;
            assert_eq!(shown.status, status, "{case}");
            assert!(shown.body.contains(part), "{case}: {}", shown.body);
        }
    }
}

fn asks(sp: &Sp, url: &str, name_id: &str, indexes: &[&str]) -> String {
    write_request(&WriteLogoutRequest {
        id: "_asks",
        issue_instant: sp.test.center.clock.now().to_offset(),
        not_on_or_after: None,
        destination: url,
        issuer: ENTITY_ID,
        name_id,
        name_id_format: Some(FORMAT_EMAIL),
        sp_name_qualifier: None,
        session_indexes: indexes,
    })
    .unwrap()
}

async fn sent(sp: &Sp, url: String) -> Answer {
    sp.test.send(Method::GET, &path(&url), &[], String::new()).await
}

#[tokio::test]
async fn who_signs_out_there_is_signed_out_here() {
    for sp in chosen().await {
        let published = metadata(&sp).await;
        let url = slo_url(&published);
        let mut first = signed_in(&sp, "_first").await;
        let mut second = signed_in(&sp, "_second").await;
        let all = asks(&sp, &url, ANA, &[]);
        let parameter = Parameter::SamlRequest;
        let with = |xml: &str, key: &Key| {
            encode_signed_redirect(&url, parameter, xml, Some("state"), &key.signing).unwrap()
        };
        let unsigned = encode_redirect(&url, parameter, &all, None);
        let both = format!("{unsigned}&SAMLResponse=x");
        let answer = encode_redirect(&url, Parameter::SamlResponse, &all, None);
        let foreign = all.replace(ENTITY_ID, "https://evil.example/");
        for (to, code) in [
            (unsigned, "SignOutSignatureMissing"),
            (both, "SignOutBothMessages"),
            (answer, "SignOutNotALogoutResponse"),
            (url.clone(), "SignOutParameterMissing"),
            (with(&all, Key::next()), "SignOutSignatureMismatch"),
            (with(&foreign, Key::current()), "SignOutIssuerMismatch"),
        ] {
            sp.test.center.clock.advance(Duration::from_micros(1));
            let answer = sent(&sp, to).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{code}");
            assert_eq!(sp.sessions().await, 2, "{code}");
            refused(&sp, &answer, code).await;
        }
        sp.test.user("bob@corp.example", None).await;
        for (name_id, indexes, left) in [
            ("bob@corp.example", &[][..], 2),
            ("nobody@corp.example", &[], 2),
            (ANA, &["_other"], 2),
            (ANA, &["_first"], 1),
            (ANA, &[], 0),
        ] {
            let answer = sent(&sp, with(&asks(&sp, &url, name_id, indexes), Key::current())).await;
            assert_eq!(sp.sessions().await, left, "{name_id} {indexes:?}");
            let query = answer.location().strip_prefix(SIGN_IN_URL).unwrap().trim_start_matches('?');
            let message = decode_redirect(query, Parameter::SamlResponse).unwrap();
            assert_eq!(message.relay_state.as_deref(), Some("state"));
            let read =
                read_response(Received::Redirect(&message), "_asks", &expect(&sp, &published)).unwrap();
            assert_eq!(read.outcome, LogoutOutcome::Success);
            assert_eq!(first.get("/start").await.status == StatusCode::OK, left == 2);
        }
        assert_ne!(second.get("/start").await.status, StatusCode::OK);
        assert_eq!(sp.newest_event("sign_out.by_identity_provider").await["after"]["sessions"], 1);
    }
}

/// The person has a reference, and the administrator what is wrong under it.
async fn refused(sp: &Sp, answer: &Answer, code: &str) {
    let kept = sp.newest().await;
    assert_eq!(kept["outcome"], code, "{kept}");
    let reference = kept["reference"].as_str().unwrap();
    assert!(answer.body.contains(reference) && !answer.body.contains(code), "{}", answer.body);
    let check = kept["checks"].as_array().unwrap().last().unwrap();
    assert!(check["passed"] == false && check["name"] == "Sign-out message", "{kept}");
    assert!(!kept["fix"].as_str().unwrap().is_empty());
    let event = sp.newest_event("sign_out.refused").await;
    assert_eq!(event["after"]["reference"], reference);
    let page = format!("/console/sign-in-attempts/{reference}");
    let page = sp.test.administrator().await.get(&page).await.body;
    assert!(page.contains(&format!("Sign-out message {reference}")) && page.contains(code), "{page}");
}

#[tokio::test]
async fn a_session_ends_under_the_name_with_which_it_began() {
    for sp in chosen().await {
        let url = slo_url(&metadata(&sp).await);
        let _browser = signed_in(&sp, "_first").await;
        // Since then she got another name.
        let sql =
            "UPDATE users SET user_name = 'ana.lee@corp.example', user_name_key = 'ana.lee@corp.example'";
        let renamed = sp.test.center.store.write(move |tx| tx.exec(sql, &[])).await.unwrap();
        assert_eq!(renamed, 1);
        let asked = |name: &str| {
            let xml = asks(&sp, &url, name, &["_first"]);
            let key = &Key::current().signing;
            encode_signed_redirect(&url, Parameter::SamlRequest, &xml, None, key).unwrap()
        };
        sent(&sp, asked("ana.lee@corp.example")).await;
        sent(&sp, asked("%@corp.example")).await;
        assert_eq!(sp.sessions().await, 1, "no session began under these names");
        sent(&sp, asked(ANA)).await;
        assert_eq!(sp.sessions().await, 0);
    }
}

#[tokio::test]
async fn without_the_setting_there_is_none_of_it() {
    let sp = Sp::on_each().await.remove(0);
    assert!(metadata(&sp).await.single_logout_services.is_empty());
    let mut browser = signed_in(&sp, "_first").await;
    browser.get("/start").await;
    let page = browser.post("/start/sign-out", &[]).await;
    assert!(page.headers.get("refresh").is_none() && page.body.contains("You are signed out"));
    let url = sp.acs_url.replace("/acs/", "/logout/");
    let asked = encode_signed_redirect(
        &url,
        Parameter::SamlRequest,
        &asks(&sp, &url, ANA, &[]),
        None,
        &Key::current().signing,
    );
    assert_eq!(sent(&sp, asked.unwrap()).await.status, StatusCode::NOT_FOUND);
}
