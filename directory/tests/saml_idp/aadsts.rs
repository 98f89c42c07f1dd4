//! Every number that Entra's administrators know a refusal by, each with a situation that brings it.

use std::collections::BTreeSet;
use std::time::Duration;

use directory::saml_idp::AADSTS;
use directory::testing::{Answer, Browser, PASSWORD};
use http::StatusCode;
use saml::authn_request::{self, WriteAuthnRequest};
use saml::bindings::{Parameter, encode_signed_redirect};
use saml::names::FORMAT_EMAIL;
use serde_json::{Value, json};

use crate::bench::{ACS, APP, APP_ID, Bench, SP, engines, request_file, sqlite};
use crate::sign_out::{logout_request, sign_on, two_applications};

/// How a refusal comes about.
enum By {
    /// A request of this file, by somebody who is assigned.
    File(&'static str),
    /// A path; `{saml2}` is the endpoint's.
    Path(&'static str),
    /// A good request after this statement.
    Sql(&'static str),
    /// A good request with these claims, after this statement.
    Claims(&'static str, &'static str),
    /// A request to an application that demands a signature.
    Signed(Signed),
    /// A name and a password, after so many wrong ones and a statement.
    Password(&'static str, &'static str, usize, Option<&'static str>),
    /// A LogoutRequest of an application for a name.
    LogoutRequest(&'static str, &'static str),
}

#[derive(PartialEq)]
enum Signed {
    Not,
    ForAnotherAddress,
    OverAnotherText,
}

const ANA: &str = "ana@contoso.example";
const TEMPORARY: &str = "UPDATE passwords SET must_change = 1 WHERE user_id IN (SELECT id FROM users WHERE \
                         user_principal_name = 'ana@contoso.example')";
const DISABLED: &str =
    "UPDATE users SET account_enabled = 0 WHERE user_principal_name = 'ana@contoso.example'";
const PREFIX: &str = r#"{"nameIdTransformation":"ExtractMailPrefix(source)","claims":[]}"#;
const AUDIENCE: &str = r#"{"audienceOverride":"urn:a","claims":[]}"#;

/// Number, stable code, situation.
const SITUATIONS: &[(u32, &str, By)] = &[
    (50003, "NoSigningKey", By::Sql("UPDATE application_certificates SET key_id = 'moved'")),
    (50006, "SignatureMismatch", By::Signed(Signed::OverAnotherText)),
    (50010, "NoIdentifier", By::Path("/my-apps/{app_id}")),
    (50011, "ReplyUrlNotRegistered", By::File("refused-acs-unknown.xml")),
    (50020, "UserOfAnotherDomain", By::Password("ana@fabrikam.example", PASSWORD, 0, None)),
    (50034, "UserUnknown", By::Password("nobody@contoso.example", PASSWORD, 0, None)),
    (50053, "Locked", By::Password(ANA, PASSWORD, 6, None)),
    (50055, "PasswordMustChange", By::Password(ANA, PASSWORD, 0, Some(TEMPORARY))),
    (50057, "AccountDisabled", By::Password(ANA, PASSWORD, 0, Some(DISABLED))),
    (50058, "NoSession", By::File("force-and-passive.xml")),
    (50061, "NameIdMissing", By::File("refused-logout-request.xml")),
    (50068, "SignOutNotParticipant", By::LogoutRequest("https://other.example/saml", ANA)),
    (50070, "SignOutOtherName", By::LogoutRequest(SP, "ben@contoso.example")),
    (50071, "SignOutGone", By::Path("{saml2}/sign-outs/nothing")),
    (50105, "NotAssigned", By::Sql("DELETE FROM app_role_assignments")),
    (
        50124,
        "NameIdTransformation",
        By::Claims(PREFIX, "UPDATE applications SET name_id_source = 'givenName'"),
    ),
    (50126, "WrongPassword", By::Password(ANA, "another password", 0, None)),
    (50146, "CustomSigningKeyMissing", By::Claims(AUDIENCE, "DELETE FROM application_certificates")),
    (70001, "ApplicationDisabled", By::Sql("UPDATE applications SET account_enabled = 0")),
    (75001, "NotBase64", By::Path("{saml2}?SAMLRequest=!")),
    (75003, "BindingNotSupported", By::File("refused-binding.xml")),
    (75005, "VersionNot20", By::File("refused-version.xml")),
    (75008, "DestinationMismatch", By::Signed(Signed::ForAnotherAddress)),
    (75011, "AuthnContextMismatch", By::File("refused-context.xml")),
    (75016, "NameIdFormatNotSupported", By::File("refused-format.xml")),
    (76021, "SignatureMissing", By::Signed(Signed::Not)),
    (76026, "RequestGone", By::Path("{saml2}/requests/nothing")),
    (90002, "TenantNotFound", By::Path("/other.example/saml2?SAMLRequest=a")),
    (90009, "IndexNotSupported", By::File("refused-index.xml")),
    (90011, "NameQualifierTooLong", By::File("refused-qualifier-long.xml")),
    (501_241, "NameIdMissing", By::Sql("UPDATE applications SET name_id_source = 'employeeId'")),
    (650_056, "NotSaml", By::Sql("UPDATE applications SET single_sign_on_mode = NULL")),
    (700_016, "ApplicationNotFound", By::File("refused-issuer-unknown.xml")),
    (750_054, "ParameterMissing", By::Path("{saml2}")),
    (900_236, "SubjectNotSupported", By::File("refused-subject.xml")),
];

#[tokio::test]
async fn every_number_has_its_situation() {
    for (number, code, by) in SITUATIONS {
        let bench = sqlite().await;
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        let refused = bring_about(&bench, &mut browser, by).await;
        let record = bench.newest().await;
        assert_eq!((&record["aadsts"], &record["code"]), (&json!(number), &json!(code)), "{}", refused.text);
        let guessed = matches!(by, By::Password(..));
        assert_eq!(record["startedBy"] == "password", guessed, "{record}");
        assert_eq!(refused.text.contains("AADSTS"), !guessed && *number != 50058, "{code}: {}", refused.text);
        let page = format!("/console/sign-ins/{}", record["reference"].as_str().unwrap());
        let page = bench.t.browser("admin").await.get(&page).await;
        let meaning = AADSTS.iter().find(|(known, _)| known == number).map(|(_, m)| m.replace('\'', "&#39;"));
        assert!(
            page.text.contains(&format!("AADSTS{number} at Entra</dt><dd>{}", meaning.unwrap())),
            "{}",
            page.text
        );
    }
    let shown: BTreeSet<u32> = SITUATIONS.iter().map(|(number, ..)| *number).collect();
    let listed: BTreeSet<u32> = AADSTS.iter().map(|(number, _)| *number).collect();
    assert_eq!(shown, listed);
}

async fn bring_about(bench: &Bench, browser: &mut Browser, by: &By) -> Answer {
    let good = bench.redirect(&request_file("good.xml"), None);
    match by {
        By::File(file) => browser.get(&bench.redirect(&request_file(file), None)).await,
        By::Path(path) => {
            bench.sql("DELETE FROM application_identifiers").await;
            browser.get(&path.replace("{saml2}", &bench.path()).replace("{app_id}", APP_ID)).await
        }
        By::Sql(sql) => {
            bench.sql(sql).await;
            browser.get(&good).await
        }
        By::Claims(claims, sql) => {
            let claims: Value = serde_json::from_str(claims).unwrap();
            let saved =
                bench.t.program().await.put(&format!("/api/applications/{APP}/claims"), &claims).await;
            assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
            bench.sql(sql).await;
            browser.get(&good).await
        }
        By::Signed(signed) => browser.get(&demanded(bench, signed).await).await,
        By::Password(name, password, wrong, sql) => {
            if let Some(sql) = sql {
                bench.sql(sql).await;
            }
            let mut guesser = Browser::new(&bench.t.router);
            for _ in 0..*wrong {
                guess(&mut guesser, name, "wrong").await;
            }
            bench.t.advance(Duration::from_millis(1));
            guess(&mut guesser, name, password).await
        }
        By::LogoutRequest(sp, name) => {
            two_applications(bench).await;
            sign_on(bench, browser, SP).await;
            bench.t.advance(Duration::from_millis(1));
            let waits = browser.get(&bench.redirect(&logout_request(bench, sp, name), None)).await;
            browser.get(waits.location()).await
        }
    }
}

async fn guess(browser: &mut Browser, name: &str, password: &str) -> Answer {
    browser.submit("/sign-in", "/sign-in", &[("user_name", name), ("password", password)]).await
}

/// The path of a request to the application, which demands a signature from now on.
async fn demanded(bench: &Bench, signed: &Signed) -> String {
    let key = bench.verification_key().await;
    let body = json!({ "requestSignatureVerification": { "isSignedRequestRequired": true } });
    let saved = bench.t.program().await.put(&format!("/api/applications/{APP}/saml"), &body).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let address = bench.address();
    let elsewhere = *signed == Signed::ForAnotherAddress;
    let request = WriteAuthnRequest {
        id: "_r1",
        issue_instant: bench.now(),
        destination: if elsewhere { "https://idp.example/other" } else { &address },
        assertion_consumer_service_url: ACS,
        issuer: SP,
        name_id_format: FORMAT_EMAIL,
    };
    let xml = authn_request::write(&request).unwrap();
    if *signed == Signed::Not {
        return bench.redirect(&xml, None);
    }
    let path = encode_signed_redirect(&bench.path(), Parameter::SamlRequest, &xml, Some("x"), &key).unwrap();
    if elsewhere { path } else { path.replace("RelayState=x", "RelayState=y") }
}

/// The page without what is drawn anew each time, and without the name that was typed.
fn shape(answer: &Answer, name: &str) -> String {
    let mut text = answer.text.replace(name, "NAME");
    for (before, length) in [("under the reference ", 36), ("name=\"csrf\" value=\"", 43)] {
        let at = text.find(before).unwrap_or_else(|| panic!("{before}: {text}")) + before.len();
        text.replace_range(at..at + length, "");
    }
    text
}

/// Whoever guesses sees the same page for a wrong password, an unknown name, another domain, a disabled
/// account and a pause; each has its record, and the wrong password is not in it.
#[tokio::test]
async fn whoever_guesses_hears_nothing_of_the_reason() {
    for bench in engines().await {
        for name in ["ana", "ben", "eve"] {
            bench.t.user(name).await;
        }
        bench
            .sql("UPDATE users SET account_enabled = 0 WHERE user_principal_name = 'ben@contoso.example'")
            .await;
        let mut guesser = Browser::new(&bench.t.router);
        for _ in 0..6 {
            guess(&mut guesser, "eve@contoso.example", "wrong").await;
        }
        let mut shapes = BTreeSet::new();
        for (name, password, code) in [
            (ANA, "hunter-two-secret", "WrongPassword"),
            ("ben@contoso.example", PASSWORD, "AccountDisabled"),
            ("eve@contoso.example", PASSWORD, "Locked"),
            ("nobody@contoso.example", PASSWORD, "UserUnknown"),
            ("hunter-two-secret", PASSWORD, "UserUnknown"),
            ("\0", PASSWORD, "UserUnknown"),
            ("ana@fabrikam.example", PASSWORD, "UserOfAnotherDomain"),
        ] {
            bench.t.advance(Duration::from_millis(1));
            let answer = guess(&mut guesser, name, password).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            shapes.insert(shape(&answer, name));
            let record = bench.newest().await;
            assert_eq!(record["code"], code, "{record}");
            assert!(answer.text.contains(record["reference"].as_str().unwrap()));
            let everything =
                bench.t.directory.read(|tx, t| Ok(tx.events_newest(t, None, None, 5)?)).await.unwrap();
            for text in [record.to_string(), format!("{everything:?}")] {
                assert!(!text.contains("hunter-two") && !text.contains(PASSWORD), "{text}");
            }
        }
        assert_eq!(shapes.len(), 1, "{shapes:#?}");
    }
}

#[tokio::test]
async fn a_flood_of_names_does_not_fill_the_record() {
    let bench = sqlite().await;
    let mut guesser = Browser::new(&bench.t.router);
    for n in 0..125 {
        guess(&mut guesser, &format!("n{n}@contoso.example"), "x").await;
    }
    let kept = bench.t.program().await.get("/api/sign-ins?limit=500").await.json();
    assert_eq!(kept["value"].as_array().unwrap().len(), 120);
}
