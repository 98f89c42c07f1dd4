//! Federation metadata.

use http::StatusCode;
use saml::metadata::Binding;

use crate::bench::{APP_ID, Signer, engines, sqlite};

#[tokio::test]
async fn names_the_tenant_and_carries_the_active_certificate_first() {
    for bench in engines().await {
        bench.certificate(&Signer { key_id: "k0", which: 1, active: false, from: -1, until: 900 }).await;
        let metadata = bench.metadata().await;
        assert_eq!(metadata.entity_id, bench.entity_id());
        let url = format!("http://127.0.0.1:7001{}", bench.path());
        assert_eq!(metadata.single_sign_on_url(&Binding::HttpRedirect), Some(url.as_str()));
        assert_eq!(metadata.single_sign_on_url(&Binding::HttpPost), Some(url.as_str()));
        assert_eq!(metadata.signing_certificates.len(), 2);
        let days = |i: usize| (metadata.signing_certificates[i].not_after() - bench.now()).whole_days();
        assert_eq!((days(0), days(1)), (365, 900));
        assert!(!metadata.want_authn_requests_signed);
    }
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    for bench in engines().await {
        let tenant = bench.t.directory.tenant_id.clone();
        let at = |tenant: &str, query: &str| {
            format!("/{tenant}/FederationMetadata/2007-06/FederationMetadata.xml{query}")
        };
        let good = format!("?appid={APP_ID}");
        for (path, status, text) in [
            (at(&tenant, ""), StatusCode::BAD_REQUEST, "?appid="),
            (at(&tenant, "?appid=nothing"), StatusCode::NOT_FOUND, "appid"),
            (at(&tenant, "?appid=%00"), StatusCode::NOT_FOUND, "appid"),
            (at("other", &good), StatusCode::NOT_FOUND, "AADSTS90002"),
            (at("%00", &good), StatusCode::NOT_FOUND, "AADSTS90002"),
            (at("Contoso.example", &good), StatusCode::OK, "EntityDescriptor"),
            (
                at(&tenant.to_uppercase(), &good.to_uppercase().replace("APPID", "appid")),
                StatusCode::OK,
                "IDPSSODescriptor",
            ),
        ] {
            let answer = bench.get(&path, "").await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text);
            assert!(answer.text.contains(text), "{path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn an_application_without_certificate_has_none() {
    let bench = sqlite().await;
    bench.sql("DELETE FROM application_certificates").await;
    let tenant = &bench.t.directory.tenant_id;
    let path = format!("/{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid={APP_ID}");
    let answer = bench.get(&path, "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
