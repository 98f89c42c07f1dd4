//! Sign-ons that end with an assertion.

use std::time::Duration;

use directory::testing::Browser;
use http::StatusCode;
use saml::names::{CONTEXT_PASSWORD, CONTEXT_PASSWORD_PROTECTED};

use crate::bench::{ACS, APP, APP_ID, SECOND_ACS, SP, Signer, action, engines, field, request_file, sqlite};

#[tokio::test]
async fn by_redirect_with_a_sign_in_on_the_way() {
    for bench in engines().await {
        let ana = bench.assigned("ana").await;
        let mut browser = Browser::new(&bench.t.router);
        let path = bench.redirect(&request_file("aws.xml"), Some("to/here?a=b&c"));
        let answer = browser.get(&path).await;
        let back = bench.sign_in(&mut browser, &answer, "ana").await;
        bench.t.advance(Duration::from_secs(20));
        let answer = browser.get(&back).await;
        let accepted = bench.accept(&answer, ACS, Some("aws_0123456789abcdef")).await.unwrap();
        assert_eq!(accepted.name_id, "ana@contoso.example");
        assert_eq!(accepted.authn_context.as_deref(), Some(CONTEXT_PASSWORD));
        assert_eq!(accepted.session_index.as_deref(), Some(accepted.assertion_id.as_str()));
        assert_eq!(accepted.authn_instant, bench.now() - time::Duration::seconds(20));
        assert_eq!(field(&answer, "RelayState").as_deref(), Some("to/here?a=b&c"));
        let claims: Vec<(&str, &str)> =
            accepted.attributes.iter().map(|a| (a.name.as_str(), a.values[0].as_str())).collect();
        let (tenant, issuer) = (bench.t.directory.tenant_id.as_str(), bench.entity_id());
        let expected = [
            ("http://schemas.microsoft.com/identity/claims/tenantid", tenant),
            ("http://schemas.microsoft.com/identity/claims/objectidentifier", ana.as_str()),
            ("http://schemas.microsoft.com/identity/claims/displayname", "ana"),
            ("http://schemas.microsoft.com/identity/claims/identityprovider", issuer.as_str()),
            (
                "http://schemas.microsoft.com/claims/authnmethodsreferences",
                "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password",
            ),
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "ana"),
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "ana@contoso.example"),
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "ana@contoso.example"),
        ];
        assert_eq!(claims, expected);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action https://sp.example https:;"), "{policy}");
        assert_eq!(bench.t.actions(1).await, ["sign_in.issued"]);
        let newest = bench.newest().await;
        assert_eq!((&newest["outcome"], &newest["userId"]), (&"issued".into(), &ana.as_str().into()));
        assert!(!newest.to_string().contains("Assertion "), "{newest}");
    }
}

#[tokio::test]
async fn by_post_with_a_session() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let session = bench.t.browser("ana").await.cookie_header();
        let message = saml::bindings::encode_post(&request_file("good.xml"));
        let answer = bench.post(&[("SAMLRequest", &message), ("RelayState", "état")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let answer = bench.get(answer.location(), &format!("{session}; {cookie}")).await;
        let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        assert_eq!(accepted.name_id, "ana@contoso.example");
        assert_eq!(field(&answer, "RelayState").as_deref(), Some("état"));
        assert_eq!(bench.newest().await["startedBy"], "HTTP-POST");
    }
}

#[tokio::test]
async fn a_session_answers_a_redirect_at_once() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    for (file, acs) in [("second-acs.xml", SECOND_ACS), ("default-acs.xml", ACS)] {
        let answer = browser.get(&bench.redirect(&request_file(file), None)).await;
        bench.accept(&answer, acs, Some("_r1")).await.unwrap();
        assert_eq!(field(&answer, "RelayState"), None);
    }
}

#[tokio::test]
async fn the_request_decides_format_and_context_of_the_answer() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    let answer = browser.get(&bench.redirect(&request_file("context-password-protected.xml"), None)).await;
    let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
    assert_eq!(accepted.authn_context.as_deref(), Some(CONTEXT_PASSWORD_PROTECTED));
    let xml_of = async |browser: &mut Browser, file: &str| {
        let answer = browser.get(&bench.redirect(&request_file(file), None)).await;
        let response = field(&answer, "SAMLResponse").unwrap_or_else(|| panic!("{}", answer.text));
        String::from_utf8(saml::bindings::decode_post(&response).unwrap()).unwrap()
    };
    let persistent = xml_of(&mut browser, "format-persistent.xml").await;
    assert!(persistent.contains("nameid-format:persistent\">ana@contoso.example</NameID>"), "{persistent}");
    let transient = xml_of(&mut browser, "format-transient.xml").await;
    assert!(transient.contains("nameid-format:transient\" SPNameQualifier=\"q&amp;a\">_"), "{transient}");
    let again = xml_of(&mut browser, "format-transient.xml").await;
    let name = |xml: &str| xml.split("q&amp;a\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_ne!(name(&transient), name(&again));
    let by_app_id = xml_of(&mut browser, "issuer-app-id.xml").await;
    assert!(by_app_id.contains(&format!("<Audience>spn:{APP_ID}</Audience>")), "{by_app_id}");
}

#[tokio::test]
async fn the_name_comes_from_the_configured_property() {
    let bench = sqlite().await;
    let ana = bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    for (source, format, name) in [
        ("mail", "emailAddress", "ana@contoso.example"),
        ("objectId", "unspecified", ana.as_str()),
        ("user.userprincipalname", "unspecified", "ana@contoso.example"),
    ] {
        bench
            .sql(&format!(
                "UPDATE applications SET name_id_source = '{source}', \
                 name_id_format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:{format}' WHERE id = '{APP}'"
            ))
            .await;
        let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        let response = field(&answer, "SAMLResponse").unwrap_or_else(|| panic!("{}", answer.text));
        let xml = String::from_utf8(saml::bindings::decode_post(&response).unwrap()).unwrap();
        assert!(xml.contains(&format!("nameid-format:{format}\">{name}</NameID>")), "{source}: {xml}");
    }
}

#[tokio::test]
async fn force_authn_wants_a_sign_in_after_the_request() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    bench.t.advance(Duration::from_secs(1));
    let answer = browser.get(&bench.redirect(&request_file("force-authn.xml"), None)).await;
    let (answer, back) = {
        let page = answer.location().to_owned();
        let back = page.strip_prefix("/sign-in?return_to=").unwrap().replace("%2F", "/");
        (answer, back)
    };
    let still = browser.get(&back).await;
    assert!(still.location().starts_with("/sign-in?"), "the old session is not enough");
    bench.t.advance(Duration::from_secs(1));
    let back = bench.sign_in(&mut browser, &answer, "ana").await;
    let answer = browser.get(&back).await;
    let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
    assert_eq!(accepted.authn_instant, bench.now());
}

#[tokio::test]
async fn a_tile_starts_a_sign_on_here_or_leads_to_the_application() {
    for bench in engines().await {
        bench.assigned("ana").await;
        bench.sql(&format!("UPDATE applications SET relay_state = 'start here' WHERE id = '{APP}'")).await;
        let path = format!("/my-apps/{APP_ID}");
        let answer = Browser::new(&bench.t.router).get(&path).await;
        assert!(answer.location().starts_with("/sign-in?return_to="), "{}", answer.location());
        let mut browser = bench.t.browser("ana").await;
        let answer = browser.get(&path).await;
        bench.accept(&answer, ACS, None).await.unwrap();
        assert_eq!(field(&answer, "RelayState").as_deref(), Some("start here"));
        bench
            .sql(&format!(
                "UPDATE applications SET sign_on_url = 'https://sp.example/start' WHERE id = '{APP}'"
            ))
            .await;
        assert_eq!(browser.get(&path).await.location(), "https://sp.example/start");
        bench
            .sql(&format!("UPDATE applications SET sign_on_url = 'javascript:alert(1)' WHERE id = '{APP}'"))
            .await;
        assert_eq!(action(&browser.get(&path).await), ACS);
    }
}

#[tokio::test]
async fn members_of_nested_groups_count_by_the_tenants_setting() {
    for bench in engines().await {
        let ana = bench.t.user("ana").await.id;
        let ben = bench.t.user("ben").await.id;
        let inner = bench.t.group("inner", &[&ana]).await.id;
        let outer = bench.t.group("outer", &[&inner, &ben]).await.id;
        bench.assign(&outer, "group").await;
        let path = bench.redirect(&request_file("good.xml"), None);
        let mut direct = bench.t.browser("ben").await;
        let answer = direct.get(&path).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        let mut nested = bench.t.browser("ana").await;
        let answer = nested.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer.text.contains("AADSTS50105") && answer.text.contains("let nested groups count"),
            "{}",
            answer.text
        );
        bench.sql("UPDATE tenants SET transitive_groups = 1 WHERE id = '{t}'").await;
        let answer = nested.get(&path).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
    }
}

#[tokio::test]
async fn a_rollover_changes_the_key_when_the_other_certificate_becomes_active() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut browser = bench.t.browser("ana").await;
        let second = Signer { key_id: "k2", which: 1, active: false, from: -1, until: 900 };
        bench.certificate(&second).await;
        let both = bench.metadata().await.signing_certificates;
        assert_eq!(both.len(), 2);
        let path = bench.redirect(&request_file("good.xml"), None);
        let answer = browser.get(&path).await;
        let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        assert_eq!(accepted.certificate_thumbprint, both[0].thumbprint());
        bench.sql("UPDATE application_certificates SET active = 1 - active").await;
        let answer = browser.get(&path).await;
        let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        assert_eq!(accepted.certificate_thumbprint, both[1].thumbprint());
        let swapped = bench.metadata().await.signing_certificates;
        assert_eq!(swapped[0], both[1]);
    }
}

#[tokio::test]
async fn an_expired_certificate_gives_way_to_a_valid_one_and_else_goes_on_signing() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    bench.t.advance(Duration::from_secs(366 * 24 * 3600));
    let mut browser = bench.t.browser("ana").await;
    let path = bench.redirect(&request_file("good.xml"), None);
    let expired = bench.metadata().await.signing_certificates[0].thumbprint();
    let answer = browser.get(&path).await;
    assert_eq!(bench.accept(&answer, ACS, Some("_r1")).await.unwrap().certificate_thumbprint, expired);
    bench.certificate(&Signer { key_id: "k2", which: 1, active: false, from: -1, until: 30 }).await;
    let answer = browser.get(&path).await;
    let accepted = bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
    assert_ne!(accepted.certificate_thumbprint, expired);
}

#[tokio::test]
async fn every_signing_option_is_accepted() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    for option in ["response", "both", "assertion"] {
        bench.sql(&format!("UPDATE applications SET signing_option = '{option}' WHERE id = '{APP}'")).await;
        let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
    }
}

#[tokio::test]
async fn a_hostile_relay_state_stays_text() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = bench.t.browser("ana").await;
    let hostile = "\"><script>alert(1)</script><input name=\"SAMLResponse\" value=\"&#34;'";
    let answer = browser.get(&bench.redirect(&request_file("good.xml"), Some(hostile))).await;
    assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
    assert_eq!(answer.text.matches("name=\"SAMLResponse\"").count(), 1);
    let raw = answer.text.split("name=\"RelayState\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(!raw.contains('<') && !raw.contains('>'), "{raw}");
    assert!(answer.text.contains(SP) || action(&answer) == ACS);
}
