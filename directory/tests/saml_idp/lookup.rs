//! What administrators and programs see of sign-ons, and the test page.

use directory::testing::Browser;
use http::StatusCode;

use crate::bench::{ACS, APP, engines, request_file, sqlite};

#[tokio::test]
async fn a_refusal_is_found_by_its_reference() {
    for bench in engines().await {
        let path = bench.redirect(&request_file("refused-acs-unknown.xml"), None);
        bench.get(&path, "").await;
        let reference = bench.newest().await["reference"].as_str().unwrap().to_owned();
        let program = bench.t.program().await;
        let one = program.get(&format!("/api/sign-ins/{reference}")).await.json();
        assert_eq!(one["found"], "https://evil.example/acs");
        assert!(one["expected"].as_str().unwrap().contains(ACS));
        let missing = program.get("/api/sign-ins/nothing").await;
        assert_eq!(
            (missing.status, &missing.json()["error"]["code"]),
            (StatusCode::NOT_FOUND, &"NotFound".into())
        );
        assert_eq!(program.get("/api/sign-ins/%00").await.status, StatusCode::NOT_FOUND);
        let mut admin = bench.t.browser("admin").await;
        let list = admin.get("/console/sign-ins").await;
        assert!(
            list.text.contains(&reference) && list.text.contains("ReplyUrlNotRegistered"),
            "{}",
            list.text
        );
        let page = admin.get(&format!("/console/sign-ins/{reference}")).await;
        for text in
            ["AADSTS50011", "https://evil.example/acs", "Reply URL", "Failed", "Basic SAML configuration"]
        {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        assert_eq!(admin.get("/console/sign-ins/nothing").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn others_do_not_see_sign_ons() {
    let bench = sqlite().await;
    bench.t.user("eve").await;
    let mut eve = bench.t.browser("eve").await;
    let test = format!("/console/applications/{APP}/single-sign-on/test?user=eve");
    for path in ["/console/sign-ins", "/console/sign-ins/x", test.as_str()] {
        assert_eq!(eve.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        let answer = Browser::new(&bench.t.router).get(path).await;
        assert!(answer.location().starts_with("/sign-in?"), "{path}");
    }
    for path in ["/api/sign-ins", "/api/sign-ins/x"] {
        assert_eq!(eve.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn the_test_page_shows_the_decision_and_issues_nothing() {
    for bench in engines().await {
        bench.assigned("ana").await;
        bench.t.user("eve").await;
        let mut admin = bench.t.browser("admin").await;
        let path = |user: &str| format!("/console/applications/{APP}/single-sign-on/test?user={user}");
        let page = admin.get(&path("ANA@contoso.example")).await;
        for text in
            ["would be issued", ACS, "NameID", "ana@contoso.example", "claims/objectidentifier", "Signature"]
        {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        assert!(!page.text.contains("SAMLResponse"));
        let page = admin.get(&path("eve@contoso.example")).await;
        for text in ["would be refused", "AADSTS50105", "eve@contoso.example", "Failed"] {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        let page = admin.get(&path("nobody@contoso.example")).await;
        assert!(page.text.contains("AADSTS50034"), "{}", page.text);
        bench
            .sql("UPDATE users SET account_enabled = 0 WHERE user_principal_name = 'ana@contoso.example'")
            .await;
        let page = admin.get(&path("ana@contoso.example")).await;
        assert!(page.text.contains("AADSTS50057"), "{}", page.text);
        assert_eq!(admin.get(&path("")).await.status, StatusCode::OK);
        let other = admin.get("/console/applications/nothing/single-sign-on/test?user=a").await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);
        let program = bench.t.program().await;
        assert_eq!(program.get("/api/sign-ins").await.json()["value"].as_array().unwrap().len(), 0);
    }
}
