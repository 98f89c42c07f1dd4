//! Single sign-out between two service providers, whose half of the work `saml` does.

use directory::testing::{Answer, Browser};
use http::{StatusCode, header};
use saml::authn_request::{self, WriteAuthnRequest};
use saml::bindings::{Parameter, Received, RedirectMessage, decode_redirect, encode_redirect};
use saml::dsig::AcceptedAlgorithms;
use saml::logout::{
    LogoutExpect, LogoutOutcome, LogoutRequest, LogoutSignature, WriteLogoutRequest, WriteLogoutResponse,
    read_request, read_response, write_request, write_response,
};
use time::Duration;

use crate::bench::{ACS, APP, Bench, SP, engines, field, sqlite};

const SLO: &str = "https://sp.example/slo";
const OTHER: &str = "33333333-3333-4333-8333-333333333333";
const OTHER_SP: &str = "https://other.example/saml";
const OTHER_SLO: &str = "https://other.example/slo";
const ANA: &str = "ana@contoso.example";

/// A second application, with logout URLs for both.
pub async fn two_applications(bench: &Bench) {
    bench.sql(&format!("UPDATE applications SET logout_url = '{SLO}' WHERE id = '{APP}'")).await;
    bench
        .sql(&format!(
            "INSERT INTO applications (tenant_id, id, app_id, service_principal_id, display_name, \
             display_name_key, account_enabled, assignment_required, visible, single_sign_on_mode, \
             logout_url, name_id_source, name_id_format, signing_option, created_at, updated_at) \
             SELECT tenant_id, '{OTHER}', 'other-app-id', 'other-sp', 'Other', 'other', 1, 0, 1, \
             single_sign_on_mode, '{OTHER_SLO}', name_id_source, name_id_format, signing_option, \
             created_at, updated_at FROM applications WHERE id = '{APP}'"
        ))
        .await;
    bench
        .sql(&format!(
            "INSERT INTO application_identifiers (tenant_id, identifier, application_id, position) \
             VALUES ('{{t}}', '{OTHER_SP}', '{OTHER}', 0)"
        ))
        .await;
    bench
        .sql(&format!(
            "INSERT INTO application_reply_urls (tenant_id, application_id, position, url, acs_index, is_default) \
             VALUES ('{{t}}', '{OTHER}', 0, '{ACS}', 0, 1)"
        ))
        .await;
    // The place that the key is sealed for names its id alone.
    bench
        .sql(&format!(
            "INSERT INTO application_certificates (tenant_id, application_id, key_id, thumbprint, certificate_der, \
             private_key_sealed, not_before, not_after, active, created_at) SELECT tenant_id, '{OTHER}', key_id, \
             thumbprint, certificate_der, private_key_sealed, not_before, not_after, active, created_at \
             FROM application_certificates WHERE application_id = '{APP}'"
        ))
        .await;
}

/// Signs the browser on to an application.
pub async fn sign_on(bench: &Bench, browser: &mut Browser, sp: &str) {
    let address = bench.address();
    let xml = authn_request::write(&WriteAuthnRequest {
        id: "_r1",
        issue_instant: bench.now(),
        destination: &address,
        assertion_consumer_service_url: ACS,
        issuer: sp,
        name_id_format: saml::names::FORMAT_EMAIL,
    })
    .unwrap();
    let answer = browser.get(&bench.redirect(&xml, None)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(field(&answer, "SAMLResponse").is_some(), "{}", answer.text);
}

pub fn logout_request(bench: &Bench, sp: &str, name: &str) -> String {
    write_request(&WriteLogoutRequest {
        id: "_out",
        issue_instant: bench.now(),
        not_on_or_after: None,
        destination: &bench.address(),
        issuer: sp,
        name_id: name,
        name_id_format: None,
        sp_name_qualifier: None,
        session_indexes: &[],
    })
    .unwrap()
}

/// Where a page of ours sends the browser.
fn onward(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let refresh = answer.headers.get(header::REFRESH).unwrap_or_else(|| panic!("{}", answer.text));
    refresh.to_str().unwrap().strip_prefix("0; url=").unwrap().to_owned()
}

fn message(url: &str, at: &str, parameter: Parameter) -> RedirectMessage {
    let query = url.strip_prefix(at).unwrap_or_else(|| panic!("{url} begins with {at}"));
    decode_redirect(&query[1..], parameter).unwrap()
}

async fn expect_of(bench: &Bench) -> Vec<saml::certificate::Certificate> {
    bench.metadata().await.signing_certificates
}

/// What the other application is asked, its signature verified.
async fn asked(bench: &Bench, url: &str) -> (LogoutRequest, Option<String>) {
    let message = message(url, OTHER_SLO, Parameter::SamlRequest);
    let (issuer, certificates) = (bench.entity_id(), expect_of(bench).await);
    let expect = LogoutExpect {
        destination: OTHER_SLO,
        issuer: &issuer,
        signature: LogoutSignature::Required {
            certificates: &certificates,
            algorithms: AcceptedAlgorithms::default(),
        },
        now: bench.now(),
        clock_skew: Duration::ZERO,
    };
    let request = read_request(Received::Redirect(&message), &expect).unwrap();
    (request, message.relay_state)
}

fn logout_response(
    bench: &Bench,
    request: &LogoutRequest,
    relay_state: &str,
    outcome: &LogoutOutcome,
) -> String {
    let xml = write_response(&WriteLogoutResponse {
        id: "_answer",
        issue_instant: bench.now(),
        destination: &bench.address(),
        issuer: OTHER_SP,
        in_response_to: &request.id,
        outcome,
    })
    .unwrap();
    encode_redirect(&bench.path(), Parameter::SamlResponse, &xml, Some(relay_state))
}

/// What the application that asked is told.
async fn told(bench: &Bench, url: &str) -> (LogoutOutcome, Option<String>) {
    let message = message(url, SLO, Parameter::SamlResponse);
    let (issuer, certificates) = (bench.entity_id(), expect_of(bench).await);
    let expect = LogoutExpect {
        destination: SLO,
        issuer: &issuer,
        signature: LogoutSignature::Required {
            certificates: &certificates,
            algorithms: AcceptedAlgorithms::default(),
        },
        now: bench.now(),
        clock_skew: Duration::ZERO,
    };
    let response = read_response(Received::Redirect(&message), "_out", &expect).unwrap();
    (response.outcome, message.relay_state)
}

#[tokio::test]
async fn an_application_signs_out_everywhere_and_is_told_so() {
    for bench in engines().await {
        two_applications(&bench).await;
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        sign_on(&bench, &mut browser, SP).await;
        sign_on(&bench, &mut browser, OTHER_SP).await;
        let path = bench.redirect(&logout_request(&bench, SP, ANA), Some("state of sp"));
        let waits = browser.get(&path).await;
        assert_eq!(waits.status, StatusCode::SEE_OTHER, "{}", waits.text);
        assert_eq!(browser.get("/my-apps").await.status, StatusCode::OK, "nothing has ended yet");
        let page = browser.get(waits.location()).await;
        let (request, relay_state) = asked(&bench, &onward(&page)).await;
        assert_eq!((request.name_id.value.as_str(), request.session_indexes.len()), (ANA, 1));
        assert_eq!(browser.get("/my-apps").await.status, StatusCode::SEE_OTHER, "the session has ended");
        let state = relay_state.unwrap();
        let back = browser.get(&logout_response(&bench, &request, &state, &LogoutOutcome::Success)).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
        let last = browser.get(back.location()).await;
        let (outcome, relay_state) = told(&bench, &onward(&last)).await;
        assert_eq!((outcome, relay_state.as_deref()), (LogoutOutcome::Success, Some("state of sp")));
        let again = browser.get(back.location()).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "answered once");
        let actions = bench.t.actions(10).await;
        assert!(actions.iter().any(|a| a == "sign_out.ended"), "{actions:?}");
        assert!(actions.iter().any(|a| a == "session.signed_out"), "{actions:?}");
    }
}

#[tokio::test]
async fn an_application_that_does_not_sign_out_makes_it_partial() {
    let failed = LogoutOutcome::Failed {
        status: saml::names::STATUS_RESPONDER.to_owned(),
        nested: None,
        message: None,
    };
    for answers in [Some(failed), None] {
        let bench = sqlite().await;
        two_applications(&bench).await;
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        sign_on(&bench, &mut browser, SP).await;
        sign_on(&bench, &mut browser, OTHER_SP).await;
        let waits = browser.get(&bench.redirect(&logout_request(&bench, SP, ANA), None)).await;
        let (request, state) = asked(&bench, &onward(&browser.get(waits.location()).await)).await;
        if let Some(outcome) = answers {
            browser.get(&logout_response(&bench, &request, &state.unwrap(), &outcome)).await;
        }
        // Without an answer the person takes the link that leads past it.
        let last = browser.get(waits.location()).await;
        assert_eq!(told(&bench, &onward(&last)).await.0, LogoutOutcome::Partial);
    }
}

#[tokio::test]
async fn a_refused_answer_makes_it_partial_and_is_found_by_the_administrator() {
    for bench in engines().await {
        two_applications(&bench).await;
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        sign_on(&bench, &mut browser, SP).await;
        sign_on(&bench, &mut browser, OTHER_SP).await;
        let waits = browser.get(&bench.redirect(&logout_request(&bench, SP, ANA), None)).await;
        let (request, state) = asked(&bench, &onward(&browser.get(waits.location()).await)).await;
        let other = LogoutRequest { id: "_other".to_owned(), ..request };
        bench.t.advance(std::time::Duration::from_millis(1));
        browser.get(&logout_response(&bench, &other, &state.unwrap(), &LogoutOutcome::Success)).await;
        let kept = bench.newest().await;
        assert_eq!((&kept["code"], &kept["startedBy"]), (&"InResponseToMismatch".into(), &"sign-out".into()));
        assert_eq!((&kept["found"], &kept["applicationName"]), (&"_other".into(), &"Other".into()), "{kept}");
        let last = browser.get(waits.location()).await;
        assert_eq!(told(&bench, &onward(&last)).await.0, LogoutOutcome::Partial);
    }
}

#[tokio::test]
async fn a_request_for_somebody_else_or_from_elsewhere_ends_no_session() {
    let bench = sqlite().await;
    two_applications(&bench).await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    sign_on(&bench, &mut browser, SP).await;
    for (sp, name, number) in [(SP, "ben@contoso.example", "50070"), (OTHER_SP, ANA, "50068")] {
        let waits = browser.get(&bench.redirect(&logout_request(&bench, sp, name), None)).await;
        let refused = browser.get(waits.location()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert!(refused.text.contains(&format!("AADSTS{number}")), "{}", refused.text);
        assert_eq!(browser.get("/my-apps").await.status, StatusCode::OK, "still signed in");
    }
    let unknown = browser.get(&bench.redirect(&logout_request(&bench, "urn:nobody", ANA), None)).await;
    assert!(unknown.text.contains("AADSTS700016"), "{}", unknown.text);
    let gone = browser.get(&format!("{}/sign-outs/nothing", bench.path())).await;
    assert!(gone.text.contains("AADSTS50071"), "{}", gone.text);
}

#[tokio::test]
async fn who_uploaded_a_certificate_must_sign_its_requests_to_sign_out() {
    let bench = sqlite().await;
    two_applications(&bench).await;
    bench.assigned("ana").await;
    let key = bench.verification_key().await;
    let mut browser = bench.t.browser("ana").await;
    sign_on(&bench, &mut browser, SP).await;
    let xml = logout_request(&bench, SP, ANA);
    let unsigned = browser.get(&bench.redirect(&xml, None)).await;
    assert!(unsigned.text.contains("AADSTS50006"), "{}", unsigned.text);
    let parameter = Parameter::SamlRequest;
    let signed = saml::bindings::encode_signed_redirect(&bench.path(), parameter, &xml, None, &key).unwrap();
    let waits = browser.get(&signed).await;
    let (outcome, _) = told(&bench, &onward(&browser.get(waits.location()).await)).await;
    assert_eq!(outcome, LogoutOutcome::Success, "no other application took part");
}

#[tokio::test]
async fn signing_out_at_my_apps_signs_out_of_the_applications() {
    for bench in engines().await {
        two_applications(&bench).await;
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        sign_on(&bench, &mut browser, OTHER_SP).await;
        let out = browser.submit("/my-apps", "/sign-out", &[]).await;
        assert!(out.location().contains("/saml2/sign-outs/"), "{}", out.location());
        let page = browser.get(out.location()).await;
        let (request, state) = asked(&bench, &onward(&page)).await;
        // By HTTP-POST, from the application's page, which brings no cookie.
        let xml = write_response(&WriteLogoutResponse {
            id: "_answer",
            issue_instant: bench.now(),
            destination: &bench.address(),
            issuer: OTHER_SP,
            in_response_to: &request.id,
            outcome: &LogoutOutcome::Success,
        })
        .unwrap();
        let (encoded, state) = (saml::bindings::encode_post(&xml), state.unwrap());
        let back = bench.post(&[("SAMLResponse", &encoded), ("RelayState", &state)]).await;
        let last = browser.get(back.location()).await;
        assert!(last.text.contains("You are signed out") && last.text.contains("Other"), "{}", last.text);
        assert_eq!(browser.get("/my-apps").await.status, StatusCode::SEE_OTHER);
    }
}
