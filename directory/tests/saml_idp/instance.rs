//! Several service principals of one vendor, whose requests all have the same Issuer, in one tenant.

use axum::body::Body;
use directory::applications::NON_GALLERY_TEMPLATE;
use directory::testing::{Answer, Browser, send};
use http::{Request, StatusCode, header};
use saml::authn_request::{self, WriteAuthnRequest};
use saml::bindings::{Parameter, decode_post, encode_post, encode_redirect, encode_signed_redirect};
use saml::metadata::{Binding, IdpMetadata};
use saml::names::FORMAT_EMAIL;
use saml::response::{Accepted, Expect, ExpectInResponseTo, accept_response};
use serde_json::{Value, json};
use time::Duration;

use crate::bench::{Bench, SP, action, cookies, engines, field, sqlite};

const OWN: &str = "https://sp.example/saml#2";
const ACS: &str = "https://two.sp.example/acs";

/// The second instance: its requests say `SP`, which the first application has as its identifier.
struct Instance {
    id: String,
    principal: String,
    shown: Value,
}

impl Instance {
    async fn new(bench: &Bench) -> Self {
        let program = bench.t.program().await;
        let path = format!("/v1.0/applicationTemplates/{NON_GALLERY_TEMPLATE}/instantiate");
        let made = program.post(&path, &json!({ "displayName": "AWS SSO two" })).await.json();
        let id = made["application"]["id"].as_str().unwrap().to_owned();
        let settings = json!({ "identifiers": [OWN], "replyUrls": [{ "url": ACS }] });
        let saved = program.put(&format!("/api/applications/{id}/saml"), &settings).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
        let shown = saved.json();
        let principal = made["servicePrincipal"]["id"].as_str().unwrap().to_owned();
        assert_eq!(shown["instanceLoginUrl"], format!("{}/{principal}", bench.address()));
        let principals = json!({ "principals": [{ "userPrincipalName": "ana@contoso.example" }] });
        let assigned = program.post(&format!("/api/applications/{id}/assignments"), &principals).await;
        assert_eq!(assigned.json()["assigned"], 1, "{}", assigned.text);
        Self { id, principal, shown }
    }

    fn path(&self, bench: &Bench) -> String {
        format!("{}/{}", bench.path(), self.principal)
    }

    async fn metadata(&self, bench: &Bench) -> IdpMetadata {
        let url = self.shown["metadataUrl"].as_str().unwrap();
        let file = bench.get(url.strip_prefix("http://127.0.0.1:7001").unwrap(), "").await;
        IdpMetadata::read(&file.bytes).unwrap()
    }

    async fn accept(&self, bench: &Bench, answer: &Answer, issuer: &str, audience: &str) -> Accepted {
        assert_eq!(action(answer), ACS, "{}", answer.text);
        let xml = decode_post(&field(answer, "SAMLResponse").unwrap()).unwrap();
        let expect = Expect {
            acs_url: ACS,
            sp_entity_id: audience,
            idp_entity_id: issuer,
            certificates: &self.metadata(bench).await.signing_certificates,
            in_response_to: ExpectInResponseTo::Request("_r1"),
            now: bench.now(),
            clock_skew: Duration::ZERO,
            name_id_format: FORMAT_EMAIL,
        };
        accept_response(&xml, &expect).unwrap()
    }
}

fn request(bench: &Bench, destination: &str) -> String {
    let request = WriteAuthnRequest {
        id: "_r1",
        issue_instant: bench.now(),
        destination,
        assertion_consumer_service_url: ACS,
        issuer: SP,
        name_id_format: FORMAT_EMAIL,
    };
    authn_request::write(&request).unwrap()
}

async fn post(bench: &Bench, path: &str, xml: &str) -> Answer {
    let message = encode_post(xml);
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("SAMLRequest", &message).finish();
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://sp.example");
    send(&bench.t.router, request.body(Body::from(form)).unwrap()).await
}

/// Without the service principal in the path the Issuer finds the first application, which does not know
/// this reply URL.
#[tokio::test]
async fn the_address_finds_the_application_and_not_the_issuer() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let two = Instance::new(&bench).await;
        let mut browser = bench.t.browser("ana").await;
        let xml = request(&bench, &bench.address());
        let first = browser.get(&bench.redirect(&xml, None)).await;
        assert!(first.text.contains("AADSTS50011"), "{}", first.text);
        for principal in [two.principal.clone(), two.principal.to_uppercase()] {
            let path = format!("{}/{principal}", bench.path());
            let url = encode_redirect(&path, Parameter::SamlRequest, &xml, Some("state"));
            let answer = browser.get(&url).await;
            let accepted = two.accept(&bench, &answer, &bench.entity_id(), OWN).await;
            assert_eq!(accepted.name_id, "ana@contoso.example");
            assert_eq!(field(&answer, "RelayState").as_deref(), Some("state"));
        }
        let newest = bench.newest().await;
        assert_eq!(
            (&newest["outcome"], &newest["applicationName"]),
            (&json!("issued"), &json!("AWS SSO two"))
        );
        assert!(
            newest["checks"].to_string().contains(&format!("{OWN} in place of the Issuer {SP}")),
            "{newest}"
        );
        let waits = post(&bench, &two.path(&bench), &xml).await;
        assert_eq!(waits.status, StatusCode::SEE_OTHER, "{}", waits.text);
        let answer = bench.get(waits.location(), &cookies(&browser, &waits)).await;
        two.accept(&bench, &answer, &bench.entity_id(), OWN).await;
    }
}

/// The application keeps its own certificate, issuer and audience whatever the request calls it.
#[tokio::test]
async fn the_answer_is_of_the_service_principal_in_the_path() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let two = Instance::new(&bench).await;
    let claims = json!({ "issuerWithApplicationId": true, "audienceOverride": SP, "claims": [] });
    let saved = bench.t.program().await.put(&format!("/api/applications/{}/claims", two.id), &claims).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    let xml = request(&bench, &bench.address());
    let url = encode_redirect(&two.path(&bench), Parameter::SamlRequest, &xml, None);
    let mut browser = Browser::new(&bench.t.router);
    let to_sign_in = browser.get(&url).await;
    let back = bench.sign_in(&mut browser, &to_sign_in, "ana").await;
    let answer = browser.get(&back).await;
    let issuer = format!("{}{}/", bench.entity_id(), two.shown["appId"].as_str().unwrap());
    two.accept(&bench, &answer, &issuer, SP).await;
    let metadata = two.metadata(&bench).await;
    assert_eq!(metadata.entity_id, issuer);
    let published = metadata.single_sign_on_url(&Binding::HttpRedirect).unwrap();
    assert_eq!(published, bench.address(), "the metadata has the address of the tenant");
}

#[tokio::test]
async fn a_required_signature_is_refused_at_this_address_however_good() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let (der, pkcs8) = bench.application_certificate();
        let key = saml::certificate::SigningKey::new(&pkcs8, &der).unwrap();
        let two = Instance::new(&bench).await;
        let program = bench.t.program().await;
        let upload = Request::post(format!("/api/applications/{}/key-credentials?usage=Verify", two.id))
            .header(header::AUTHORIZATION, format!("Bearer {}", program.token));
        assert_eq!(
            send(&bench.t.router, upload.body(Body::from(der)).unwrap()).await.status,
            StatusCode::CREATED
        );
        let required = json!({ "requestSignatureVerification": { "isSignedRequestRequired": true },
            "identifiers": [OWN] });
        let saved = program.put(&format!("/api/applications/{}/saml", two.id), &required).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
        let mut browser = bench.t.browser("ana").await;
        let good = request(&bench, &bench.address()).replace(SP, OWN);
        let parameter = Parameter::SamlRequest;
        let signed = |path: &str| encode_signed_redirect(path, parameter, &good, None, &key).unwrap();
        let answer = browser.get(&signed(&bench.path())).await;
        two.accept(&bench, &answer, &bench.entity_id(), OWN).await;
        let unsigned = encode_redirect(&two.path(&bench), parameter, &good, None);
        for refused in [
            browser.get(&signed(&two.path(&bench))).await,
            browser.get(&unsigned).await,
            post(&bench, &two.path(&bench), &good).await,
        ] {
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
            assert!(refused.text.contains("AADSTS76021"), "{}", refused.text);
            let record = bench.record_of(&refused).await;
            assert_eq!(record["code"], "SignedRequestOverridden", "{record}");
            assert_eq!(record["applicationName"], "AWS SSO two");
        }
        let mut admin = bench.t.browser("admin").await;
        let page = admin.get(&format!("/console/applications/{}/single-sign-on", two.id)).await;
        assert!(page.text.contains(two.shown["instanceLoginUrl"].as_str().unwrap()), "{}", page.text);
        assert!(page.text.contains("even with a good signature.</strong>"), "{}", page.text);
    }
}

/// Only the object id of a service principal counts there: neither of the application's other ids does.
#[tokio::test]
async fn what_names_no_service_principal_is_refused() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let two = Instance::new(&bench).await;
    let xml = request(&bench, &bench.address());
    let app_id = two.shown["appId"].as_str().unwrap();
    for named in ["sp-1", "a%00b", &two.id, app_id, "00000000-0000-4000-8000-000000000000", &"x".repeat(5000)]
    {
        let path = format!("{}/{named}", bench.path());
        let refused = bench.get(&encode_redirect(&path, Parameter::SamlRequest, &xml, None), "").await;
        assert!(refused.text.contains("AADSTS700016"), "{named}: {}", refused.text);
        assert_eq!(bench.record_of(&refused).await["code"], "ApplicationNotFound");
    }
    let elsewhere = format!("/other.example/saml2/{}", two.principal);
    let refused = bench.get(&encode_redirect(&elsewhere, Parameter::SamlRequest, &xml, None), "").await;
    assert!(refused.text.contains("AADSTS90002"), "{}", refused.text);
    let program = bench.t.program().await;
    let settings = format!("/api/applications/{}/saml", two.id);
    let none = program.put(&settings, &json!({ "identifiers": [] })).await;
    assert_eq!(none.status, StatusCode::OK);
    let url = encode_redirect(&two.path(&bench), Parameter::SamlRequest, &xml, None);
    let refused = bench.get(&url, "").await;
    assert_eq!(bench.record_of(&refused).await["code"], "NoIdentifier", "{}", refused.text);
}
