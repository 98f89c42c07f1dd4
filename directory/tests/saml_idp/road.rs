//! The road of an administrator: create the application, give it the service provider's metadata, assign
//! somebody, hand over our metadata; then that person signs in. By the APIs alone.

use axum::body::Body;
use directory::applications::NON_GALLERY_TEMPLATE;
use directory::testing::{Browser, engines, send};
use http::{Request, StatusCode};
use saml::authn_request::{self, WriteAuthnRequest};
use saml::bindings::{Parameter, decode_post, encode_redirect};
use saml::metadata::{Binding, IdpMetadata, WriteSpMetadata, write_sp};
use saml::names::FORMAT_EMAIL;
use saml::response::{Expect, ExpectInResponseTo, accept_response};
use serde_json::json;

use crate::bench::{Bench, field};

const SP: &str = "https://center.example/platform/saml/d-1234567890";
const ACS: &str = "https://center.example/platform/saml/acs/abc";

#[tokio::test]
async fn from_the_service_providers_metadata_to_a_signed_in_person() {
    for t in engines().await {
        t.user("ana").await;
        let program = t.program().await;
        let path = format!("/v1.0/applicationTemplates/{NON_GALLERY_TEMPLATE}/instantiate");
        let made = program.post(&path, &json!({ "displayName": "AWS SSO" })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let id = made.json()["application"]["id"].as_str().unwrap().to_owned();
        let sp = WriteSpMetadata {
            entity_id: SP,
            assertion_consumer_service_urls: &[ACS],
            name_id_format: FORMAT_EMAIL,
        };
        let request = Request::post(format!("/api/applications/{id}/saml/sp-metadata?save=true"))
            .header("authorization", format!("Bearer {}", program.token))
            .body(Body::from(write_sp(&sp).unwrap()))
            .unwrap();
        let saved = send(&t.router, request).await;
        assert_eq!(saved.json()["saved"], true, "{}", saved.text);
        let principals = json!({ "principals": [{ "userPrincipalName": "ana@contoso.example" }] });
        let assigned = program.post(&format!("/api/applications/{id}/assignments"), &principals).await;
        assert_eq!(assigned.json()["assigned"], 1, "{}", assigned.text);
        let shown = program.get(&format!("/api/applications/{id}/saml")).await.json();
        let path_of = |key: &str| shown[key].as_str().unwrap().strip_prefix("http://127.0.0.1:7001").unwrap();
        let file = program.get(path_of("metadataUrl")).await;
        let metadata = IdpMetadata::read(&file.bytes).unwrap();
        assert_eq!(metadata.entity_id, shown["entityId"]);
        let endpoint = metadata.single_sign_on_url(&Binding::HttpRedirect).unwrap();
        assert_eq!(endpoint, shown["loginUrl"]);
        let now = t.directory.clock.now().to_offset();
        let xml = authn_request::write(&WriteAuthnRequest {
            id: "aws_1",
            issue_instant: now,
            destination: endpoint,
            assertion_consumer_service_url: ACS,
            issuer: SP,
            name_id_format: FORMAT_EMAIL,
        });
        let url = encode_redirect(path_of("loginUrl"), Parameter::SamlRequest, &xml.unwrap(), Some("state"));
        let bench = Bench { t };
        let mut browser = Browser::new(&bench.t.router);
        let answer = browser.get(&url).await;
        let back = bench.sign_in(&mut browser, &answer, "ana").await;
        let answer = browser.get(&back).await;
        let response = field(&answer, "SAMLResponse").unwrap_or_else(|| panic!("{}", answer.text));
        let expect = Expect {
            acs_url: ACS,
            sp_entity_id: SP,
            idp_entity_id: &metadata.entity_id,
            certificates: &metadata.signing_certificates,
            in_response_to: ExpectInResponseTo::Request("aws_1"),
            now,
            clock_skew: time::Duration::ZERO,
            name_id_format: FORMAT_EMAIL,
        };
        let accepted = accept_response(&decode_post(&response).unwrap(), &expect).unwrap();
        assert_eq!(accepted.name_id, "ana@contoso.example");
        let test = format!("/console/applications/{id}/single-sign-on/test?user=ana@contoso.example");
        let page = bench.t.browser("admin").await.get(&test).await;
        assert!(page.text.contains("would be issued") && page.text.contains(ACS), "{}", page.text);
    }
}
