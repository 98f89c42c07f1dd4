//! Sign-ins that are refused: each with its code, its event, and nothing changed.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use saml::names::FORMAT_PERSISTENT;
use saml::response::{IssueResponse, issue_response};
use serde_json::{Value, json};

use crate::journey::{ANA, Brought, COOKIE, Sp, brought, cut, issue};
use crate::test_idp::Key;

type Change = fn(&mut IssueResponse<'_>);
type Tamper = fn(String) -> String;

/// Answers that the identity provider says differently, and their codes.
const SAID_WRONG: &[(&str, Change, &str)] = &[
    ("for another audience", |r| r.audience = "https://other.example", "AudienceMismatch"),
    ("for another address", |r| r.destination = "https://other.example/acs", "DestinationMismatch"),
    ("of another issuer", |r| r.issuer = "https://evil.example/", "IssuerMismatch"),
    ("long ago", |r| r.now -= Duration::from_secs(64 * 60), "Expired"),
    ("from the future", |r| r.now += Duration::from_secs(9 * 60), "NotYetValid"),
    ("to no request of ours", |r| r.in_response_to = Some("aws_0"), "RequestUnknown"),
    ("in another format", |r| r.name_id_format = FORMAT_PERSISTENT, "NameIdFormatMismatch"),
    ("with no address", |r| r.name_id = "ana", "NameIdNotAnAddress"),
    ("of somebody unknown", |r| r.name_id = "bob@corp.example", "UserNotFound"),
    ("in another case", |r| r.name_id = "Ana.Ng@corp.example", "UserNotFound"),
    ("with an empty name", |r| r.name_id = "", "NameIdMissing"),
];

/// Answers that somebody changed on the way, and their codes.
const TAMPERED: &[(&str, Tamper, &str)] = &[
    ("another name", |xml| xml.replace(ANA, "bob@corp.example"), "DigestMismatch"),
    ("no signature", |xml| xml.replace(cut(&xml, "<Signature", "</Signature>"), ""), "Unsigned"),
    ("half a document", |xml| xml[..xml.len() / 2].to_owned(), "NotWellFormed"),
    ("a document type", |xml| format!("<!DOCTYPE x>{xml}"), "Doctype"),
    ("not XML", |_| "hello".to_owned(), "TextOutsideRoot"),
    ("another document", |_| "<a/>".to_owned(), "NotAResponse"),
    (
        "two assertions",
        |xml| {
            let assertion = cut(&xml, "<Assertion", "</Assertion>").to_owned();
            xml.replace(&assertion, &format!("{assertion}{}", assertion.replace("_22222222", "_33333333")))
        },
        "AssertionCountNotOne",
    ),
    ("a failure", |xml| xml.replace("status:Success", "status:Requester"), "StatusNotSuccess"),
];

#[tokio::test]
async fn wrong_answers_sign_nobody_in_and_say_why_to_the_administrator() {
    for sp in Sp::on_each().await {
        for (case, change, code) in SAID_WRONG {
            let begun = sp.begin().await;
            let mut response = sp.right(Some(&begun));
            change(&mut response);
            let answer = sp.bring(&brought(issue(&response), &begun)).await;
            sp.refused(case, &answer, code, 0).await;
        }
        for (case, tamper, code) in TAMPERED {
            let begun = sp.begin().await;
            let xml = tamper(issue(&sp.right(Some(&begun))));
            let answer = sp.bring(&brought(xml, &begun)).await;
            let attempt = sp.refused(case, &answer, code, 0).await;
            assert_eq!(attempt["userName"], Value::Null, "{case}: what is not proven is not kept");
        }
        let begun = sp.begin().await;
        let xml = issue_response(&sp.right(Some(&begun)), &Key::next().signing).unwrap();
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("a stranger's key", &answer, "SignatureMismatch", 0).await;
        // Nothing of all that was in the way of the right answer.
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn the_recipient_counts_beside_the_destination() {
    let sp = Sp::on_each().await.remove(0);
    let begun = sp.begin().await;
    let other = "https://other.example/acs";
    let xml = issue(&IssueResponse { destination: other, ..sp.right(Some(&begun)) });
    let xml = xml.replace(&format!("Destination=\"{other}\""), &format!("Destination=\"{}\"", sp.acs_url));
    let answer = sp.bring(&brought(xml, &begun)).await;
    let attempt = sp.refused("another recipient", &answer, "RecipientMismatch", 0).await;
    let check = attempt["checks"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&check["name"], &check["expected"], &check["found"]),
        (&json!("Recipient"), &json!(sp.acs_url), &json!(other))
    );
}

#[tokio::test]
async fn only_the_letter_case_differs_and_the_trace_says_so() {
    let sp = Sp::on_each().await.remove(0);
    let begun = sp.begin().await;
    let xml = issue(&IssueResponse { name_id: "ANA.NG@corp.example", ..sp.right(Some(&begun)) });
    let answer = sp.bring(&brought(xml, &begun)).await;
    let attempt = sp.refused("case", &answer, "UserNotFound", 0).await;
    let check = attempt["checks"].as_array().unwrap().last().unwrap();
    assert_eq!(check["found"], format!("{ANA}, which differs in letter case"));
    assert!(attempt["fix"].as_str().unwrap().contains("letter by letter"));
}

#[tokio::test]
async fn a_disabled_user_is_refused() {
    for sp in Sp::on_each().await {
        let path = format!("/api/users/{ANA}/active");
        let answer = sp.test.api(Method::PUT, &path, json!({ "active": false })).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        let begun = sp.begin().await;
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        sp.refused("disabled", &answer, "UserDisabled", 0).await;
    }
}

#[tokio::test]
async fn a_request_is_answered_once_in_time_and_in_its_own_browser() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let other = sp.begin().await;
        let xml = issue(&sp.right(Some(&begun)));
        for cookie in ["", &other.cookie, &format!("{COOKIE}=x")] {
            let answer =
                sp.bring(&Brought { cookie: cookie.to_owned(), ..brought(xml.clone(), &begun) }).await;
            sp.refused("another browser", &answer, "RequestOfOtherBrowser", 0).await;
        }
        assert_eq!(sp.bring(&brought(xml.clone(), &begun)).await.status, StatusCode::SEE_OTHER);
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("the same assertion again", &answer, "Replayed", 1).await;
        let fresh = issue(&IssueResponse { assertion_id: "_fresh", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(fresh, &begun)).await;
        sp.refused("the same request again", &answer, "RequestUsed", 1).await;
        sp.test.center.clock.advance(Duration::from_secs(600));
        let late = issue(&IssueResponse { assertion_id: "_late", ..sp.right(Some(&other)) });
        let answer = sp.bring(&brought(late, &other)).await;
        sp.refused("too late", &answer, "RequestExpired", 1).await;
    }
}

#[tokio::test]
async fn of_two_at_the_same_time_one_is_taken() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let brought = brought(issue(&sp.right(Some(&begun))), &begun);
        let (a, b, c) = tokio::join!(sp.bring(&brought), sp.bring(&brought), sp.bring(&brought));
        let taken = [a, b, c].iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!((taken, sp.sessions().await), (1, 1));
    }
}

#[tokio::test]
async fn forms_that_carry_no_message_are_refused() {
    for sp in Sp::on_each().await {
        let large = format!("SAMLResponse={}", "A".repeat(400_000));
        let huge = format!("SAMLResponse={}", "A".repeat(2 << 20));
        let long_relay_state = format!("SAMLResponse=PGEvPg%3D%3D&RelayState={}", "A".repeat(2_049));
        for (form, code) in [
            ("", "ParameterMissing"),
            ("SAMLResponse=", "ParameterMissing"),
            ("RelayState=x", "ParameterMissing"),
            ("SAMLResponse=%3Ca%2F%3E", "NotBase64"),
            ("SAMLResponse=PGEvPg%3D%3D&SAMLResponse=PGEvPg%3D%3D", "ParameterRepeated"),
            ("SAMLResponse=PGEvPg%3D%3D&RelayState=a&RelayState=b", "ParameterRepeated"),
            (&large, "TooLarge"),
            (&huge, "TooLarge"),
            ("SAMLResponse=PGEvPg%3D%3D&SAMLRequest=PGEvPg%3D%3D", "BothMessages"),
            ("SAMLRequest=PGEvPg%3D%3D", "ParameterMissing"),
            ("SAMLResponse=PGE-vPg%3D%3D", "NotBase64"),
            ("SAMLResponse=PGE%2BAP88L2E%2B", "NotUtf8"),
            ("SAMLResponse=PGE%2BADwvYT4%3D", "IllegalCharacter"),
            ("SAMLResponse=PGEvPg%3D%3D&RelayState=%00", "RelayStateNotText"),
            (&long_relay_state, "RelayStateTooLong"),
        ] {
            let answer = sp.bring_form(form.to_owned(), "").await;
            sp.refused(&form[..form.len().min(60)], &answer, code, 0).await;
        }
        let elsewhere = sp.test.send(Method::POST, "/platform/saml/acs/other", &[], String::new()).await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
        let read = Request::get(&sp.acs_path).body(Body::empty()).unwrap();
        assert_eq!(sp.test.send_request(read).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn under_the_identity_center_directory_no_response_is_taken() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let xml = issue(&sp.right(Some(&begun)));
        let restored =
            sp.test.api(Method::POST, "/api/identity-source/restore", json!({ "confirm": "ACCEPT" })).await;
        assert_eq!(restored.json()["kind"], "identity-center-directory", "{}", restored.body);
        let answer = sp.bring(&brought(xml.clone(), &begun)).await;
        sp.refused("the directory", &answer, "SourceNotExternal", 0).await;
        // Back at the identity provider, sign-ins from before do not go on.
        sp.test.api(Method::POST, "/api/identity-source/restore", json!({ "confirm": "ACCEPT" })).await;
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("an old request", &answer, "RequestUnknown", 0).await;
    }
}
