//! Sign-ons that are refused, each with its number.

use directory::testing::Browser;
use http::StatusCode;

use crate::bench::{APP, APP_ID, Bench, action, engines, field, request_file, sqlite};

/// File, number, stable code.
const FILES: &[(&str, u32, &str)] = &[
    ("refused-acs-unknown.xml", 50011, "ReplyUrlNotRegistered"),
    ("refused-acs-longer.xml", 50011, "ReplyUrlNotRegistered"),
    ("refused-acs-case.xml", 50011, "ReplyUrlNotRegistered"),
    ("refused-issuer-unknown.xml", 700_016, "ApplicationNotFound"),
    ("refused-issuer-case.xml", 700_016, "ApplicationNotFound"),
    ("refused-issuer-missing.xml", 75005, "IssuerMissing"),
    ("refused-issuer-twice.xml", 75005, "IssuerMissing"),
    ("refused-issuer-format.xml", 75005, "IssuerFormatNotEntity"),
    ("refused-binding.xml", 75003, "BindingNotSupported"),
    ("refused-index.xml", 90009, "IndexNotSupported"),
    ("refused-id-digit.xml", 75005, "IdMalformed"),
    ("refused-id-missing.xml", 75005, "IdMissing"),
    ("refused-version.xml", 75005, "VersionNot20"),
    ("refused-instant.xml", 75005, "IssueInstantMalformed"),
    ("refused-subject.xml", 900_236, "SubjectNotSupported"),
    ("refused-scoping.xml", 90009, "ScopingNotSupported"),
    ("refused-format.xml", 75016, "NameIdFormatNotSupported"),
    ("refused-context.xml", 75011, "AuthnContextMismatch"),
    ("refused-context-unknown.xml", 75011, "AuthnContextNotSupported"),
    ("refused-context-comparison.xml", 75011, "ComparisonNotSupported"),
    ("refused-boolean.xml", 75005, "BooleanMalformed"),
    ("refused-logout-request.xml", 50061, "NameIdMissing"),
    ("refused-qualifier-long.xml", 90011, "NameQualifierTooLong"),
];

async fn refused(bench: &Bench, answer: &directory::testing::Answer, aadsts: u32, code: &str) {
    assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{code}: {}", answer.status);
    assert!(answer.text.contains(&format!("AADSTS{aadsts}<")), "{code}: {}", answer.text);
    assert_eq!(field(answer, "SAMLResponse"), None);
    let newest = bench.record_of(answer).await;
    assert_eq!(newest["code"], code, "{newest}");
    assert_eq!(newest["aadsts"], aadsts);
    assert_eq!(newest["outcome"], "refused");
    for key in ["message", "expected", "found", "fix", "who"] {
        assert!(newest[key].as_str().is_some_and(|t| !t.is_empty()), "{code}: {key}");
    }
    let checks = newest["checks"].as_array().unwrap();
    assert!(checks.iter().rev().skip(1).all(|c| c["passed"] == true), "{newest}");
    assert!(checks.last().is_none_or(|c| c["passed"] == false), "{newest}");
}

#[tokio::test]
async fn every_bad_request_has_its_number() {
    for bench in engines().await {
        for (file, aadsts, code) in FILES {
            let answer = bench.get(&bench.redirect(&request_file(file), None), "").await;
            refused(&bench, &answer, *aadsts, code).await;
            let message = saml::bindings::encode_post(&request_file(file));
            let answer = bench.post(&[("SAMLRequest", &message)]).await;
            refused(&bench, &answer, *aadsts, code).await;
        }
    }
}

#[tokio::test]
async fn every_refusal_file_has_a_row() {
    let folder = std::fs::read_dir(format!("{}/testdata/saml_idp", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let in_other_tests = ["refused-not-xml.xml", "refused-doctype.xml"];
    for name in names.filter(|n| n.starts_with("refused-") && !in_other_tests.contains(&n.as_str())) {
        assert!(FILES.iter().any(|(file, ..)| *file == name), "{name}");
    }
}

#[tokio::test]
async fn what_is_no_xml_of_ours_is_not_read() {
    let bench = sqlite().await;
    for file in ["refused-not-xml.xml", "refused-doctype.xml"] {
        let answer = bench.get(&bench.redirect(&request_file(file), None), "").await;
        let code = bench.record_of(&answer).await["code"].as_str().unwrap().to_owned();
        refused(&bench, &answer, 75005, &code).await;
    }
}

#[tokio::test]
async fn what_a_binding_cannot_carry_is_refused() {
    let bench = sqlite().await;
    let path = bench.path();
    let good = saml::bindings::encode_post(&request_file("good.xml"));
    for (query, aadsts, code) in [
        (String::new(), 750_054, "ParameterMissing"),
        ("?SAMLRequest=".to_owned(), 750_054, "ParameterMissing"),
        ("?SAMLResponse=!".to_owned(), 75001, "NotBase64"),
        ("?SAMLRequest=a&SAMLRequest=b".to_owned(), 75001, "ParameterRepeated"),
        ("?SAMLRequest=a&SAMLResponse=a".to_owned(), 75001, "BothMessages"),
        ("?SAMLRequest=%ZZ".to_owned(), 75001, "BadEscape"),
        ("?SAMLRequest=!".to_owned(), 75001, "NotBase64"),
        (format!("?SAMLRequest={}", good.replace('+', "%2B").replace('=', "%3D")), 75001, "NotDeflate"),
        (format!("?SAMLRequest=a&RelayState={}", "r".repeat(2049)), 75001, "RelayStateTooLong"),
    ] {
        let answer = bench.get(&format!("{path}{query}"), "").await;
        refused(&bench, &answer, aadsts, code).await;
    }
    let long = "r".repeat(2049);
    let large = saml::bindings::encode_post(&"<a/>".repeat(100_000));
    for (fields, aadsts, code) in [
        (vec![], 750_054, "ParameterMissing"),
        (vec![("SAMLRequest", "a"), ("SAMLRequest", "b")], 75001, "ParameterRepeated"),
        (vec![("SAMLRequest", good.as_str()), ("SAMLResponse", good.as_str())], 75001, "BothMessages"),
        (vec![("SAMLRequest", good.as_str()), ("RelayState", "\0")], 75001, "RelayStateNotText"),
        (vec![("SAMLRequest", good.as_str()), ("RelayState", long.as_str())], 75001, "RelayStateTooLong"),
        (vec![("SAMLRequest", large.as_str())], 75001, "TooLarge"),
    ] {
        let answer = bench.post(&fields).await;
        refused(&bench, &answer, aadsts, code).await;
    }
    let huge = "A".repeat(3 << 20);
    let answer = bench.post(&[("SAMLRequest", &huge)]).await;
    refused(&bench, &answer, 75001, "TooLarge").await;
}

#[tokio::test]
async fn a_small_query_cannot_become_a_large_document() {
    let bench = sqlite().await;
    let bomb = format!("<a>{}</a>", " ".repeat(5 << 20));
    let answer = bench.get(&bench.redirect(&bomb, None), "").await;
    refused(&bench, &answer, 75001, "TooLarge").await;
}

#[tokio::test]
async fn another_tenant_is_not_here() {
    for bench in engines().await {
        let own = bench.path();
        let path = bench.redirect(&request_file("good.xml"), None);
        let other = path.replace(&own, "/00000000-0000-4000-8000-000000000000/saml2");
        let answer = bench.get(&other, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        refused(&bench, &answer, 90002, "TenantNotFound").await;
        let by_domain = path.replace(&own, "/Contoso.Example/saml2");
        assert!(bench.get(&by_domain, "").await.location().starts_with("/sign-in?"));
    }
}

#[tokio::test]
async fn who_is_not_assigned_hears_who_can_fix_it() {
    for bench in engines().await {
        bench.t.user("eve").await;
        let mut browser = bench.t.browser("eve").await;
        let path = bench.redirect(&request_file("good.xml"), None);
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        for text in ["eve@contoso.example", "AWS SSO", "administrator of this directory", "Users and groups"]
        {
            assert!(answer.text.contains(text), "{text}: {}", answer.text);
        }
        refused(&bench, &answer, 50105, "NotAssigned").await;
        let answer = browser.get(&format!("/my-apps/{APP_ID}")).await;
        refused(&bench, &answer, 50105, "NotAssigned").await;
        bench.sql(&format!("UPDATE applications SET assignment_required = 0 WHERE id = '{APP}'")).await;
        assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_application_must_be_ready() {
    for (sql, aadsts, code) in [
        ("UPDATE applications SET account_enabled = 0", 70001, "ApplicationDisabled"),
        ("UPDATE applications SET single_sign_on_mode = NULL", 650_056, "NotSaml"),
        ("UPDATE application_reply_urls SET url = 'javascript:alert(1)'", 650_056, "ReplyUrlUnusable"),
        ("DELETE FROM application_reply_urls", 50011, "NoReplyUrl"),
        ("DELETE FROM application_certificates", 50003, "NoSigningKey"),
        ("UPDATE application_certificates SET key_id = 'moved'", 50003, "NoSigningKey"),
        ("UPDATE applications SET name_id_source = 'employeeId'", 501_241, "NameIdMissing"),
    ] {
        let bench = sqlite().await;
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        bench.sql(sql).await;
        let answer = browser.get(&bench.redirect(&request_file("default-acs.xml"), None)).await;
        refused(&bench, &answer, aadsts, code).await;
    }
    let bench = sqlite().await;
    bench.assigned("ana").await;
    bench.sql("DELETE FROM application_identifiers").await;
    let answer = bench.t.browser("ana").await.get(&format!("/my-apps/{APP_ID}")).await;
    refused(&bench, &answer, 50010, "NoIdentifier").await;
    let answer = bench.t.browser("ana").await.get("/my-apps/nothing%00").await;
    refused(&bench, &answer, 700_016, "ApplicationNotFound").await;
}

#[tokio::test]
async fn an_empty_source_with_an_opaque_format_gives_a_pairwise_name() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    bench.sql("UPDATE applications SET name_id_source = 'employeeId'").await;
    let mut browser = bench.t.browser("ana").await;
    let mut name = async || {
        let answer = browser.get(&bench.redirect(&request_file("format-persistent.xml"), None)).await;
        let response = field(&answer, "SAMLResponse").unwrap_or_else(|| panic!("{}", answer.text));
        let xml = String::from_utf8(saml::bindings::decode_post(&response).unwrap()).unwrap();
        xml.split("persistent\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let first = name().await;
    assert_eq!(first.len(), 44);
    assert_eq!(first, name().await);
}

#[tokio::test]
async fn a_passive_request_without_a_usable_session_is_answered_without_a_page() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut anonymous = Browser::new(&bench.t.router);
        let mut signed_in = bench.t.browser("ana").await;
        let passive = bench.redirect(&request_file("passive.xml"), Some("state"));
        let forced = bench.redirect(&request_file("force-and-passive.xml"), Some("state"));
        for answer in [anonymous.get(&passive).await, signed_in.get(&forced).await] {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            assert_eq!(action(&answer), crate::bench::ACS);
            assert_eq!(field(&answer, "RelayState").as_deref(), Some("state"));
            let response = saml::bindings::decode_post(&field(&answer, "SAMLResponse").unwrap()).unwrap();
            let xml = String::from_utf8(response).unwrap();
            for text in ["status:Responder", "status:NoPassive", "InResponseTo=\"_r1\"", "AADSTS50058"] {
                assert!(xml.contains(text), "{text}: {xml}");
            }
            assert!(!xml.contains("Assertion "), "{xml}");
            assert_eq!(bench.newest().await["code"], "NoSession");
        }
        let answer = signed_in.get(&passive).await;
        bench.accept(&answer, crate::bench::ACS, Some("_r1")).await.unwrap();
    }
}

#[tokio::test]
async fn a_flood_of_bad_requests_does_not_fill_the_record() {
    let bench = sqlite().await;
    for _ in 0..130 {
        bench.get(&bench.path(), "").await;
    }
    let answer = bench.t.program().await.get("/api/sign-ins?limit=500").await;
    assert_eq!(answer.json()["value"].as_array().unwrap().len(), 120);
}
