//! The wizard in the console, page by page.

use axum::body::Body;
use center::identity_source::impact::LossReason;
use center::testing::{Answer, Browser, TestCenter};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::calls::{confirm, put, source};
use crate::given::metadata;
use crate::test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

const WIZARD: &str = "/console/settings/identity-source/change";

/// Sends the form of step 2 with a file or with values.
async fn upload(
    test: &TestCenter,
    browser: &Browser<'_>,
    page: &Answer,
    file: &str,
    values: &[(&str, &str)],
) -> Answer {
    let csrf = page.body.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap();
    let mut body = format!("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
    for (name, value) in values {
        body.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"metadata\"; filename=\"idp.xml\"\r\n\
         Content-Type: text/xml\r\n\r\n{file}\r\n--b--\r\n"
    ));
    let request = Request::post(format!("{WIZARD}/external"))
        .header("content-type", "multipart/form-data; boundary=b")
        .header("cookie", browser.cookie_header())
        .body(Body::from(body))
        .unwrap();
    test.send_request(request).await
}

#[tokio::test]
async fn the_first_two_steps_take_what_is_right_and_show_again_what_is_not() {
    for test in TestCenter::on_each().await {
        let stranger = test.send(Method::GET, WIZARD, &[], String::new()).await;
        assert!(stranger.location().starts_with("/console/sign-in"), "{}", stranger.location());

        let mut browser = test.administrator().await;
        let first = browser.get(WIZARD).await;
        for part in
            ["Identity Center directory", "Active Directory", "not supported", "External identity provider"]
        {
            assert!(first.body.contains(part), "{part}");
        }
        let foreign = browser.post_without_token(WIZARD, &[("kind", "external")]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        let refused = browser.post(WIZARD, &[("kind", "active-directory")]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.body.contains("Nothing was changed"));
        let next = browser.post(WIZARD, &[("kind", "external")]).await;
        assert_eq!(next.location(), format!("{WIZARD}/external"));

        let second = browser.get(next.location()).await;
        let sp = source(&test).await["serviceProvider"].clone();
        for value in ["signInUrl", "acsUrl", "issuer", "metadataUrl"] {
            assert!(second.body.contains(sp[value].as_str().unwrap()), "{value}");
        }
        let refused = upload(&test, &browser, &second, "<a/>", &[]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.body.contains("EntityDescriptor"), "{}", refused.body);
        let refused = upload(&test, &browser, &second, "", &[("issuer", "urn:x")]).await;
        assert!(
            refused.body.contains("signInUrl is missing") || refused.body.contains("SignInUrl is missing"),
            "{}",
            refused.body
        );
        assert!(refused.body.contains("value=\"urn:x\""), "what was typed is shown again");
        let taken = upload(&test, &browser, &second, &metadata(), &[]).await;
        assert_eq!(taken.location(), format!("{WIZARD}/review"), "{}", taken.body);
    }
}

#[tokio::test]
async fn the_review_is_accepted_by_its_word_and_can_be_undone() {
    for test in TestCenter::on_each().await {
        test.user("ana@corp.example", None).await;
        test.user("bob", None).await;
        put(&test, json!({ "kind": "external", "metadataXml": metadata() })).await;
        let mut browser = test.administrator().await;
        let third = browser.get(&format!("{WIZARD}/review")).await;
        for part in ["bob", LossReason::NotAnAddress.text(), ENTITY_ID, "ACCEPT", "administrators keep"] {
            assert!(third.body.contains(part), "{part}");
        }
        let digest = third
            .body
            .split_once("name=\"review\" value=\"")
            .unwrap()
            .1
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let refused =
            browser.post(&format!("{WIZARD}/accept"), &[("review", &digest), ("confirm", "yes")]).await;
        assert!(refused.status == StatusCode::BAD_REQUEST && refused.body.contains("ACCEPT"));
        let refused =
            browser.post(&format!("{WIZARD}/accept"), &[("review", "old"), ("confirm", "ACCEPT")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        let done =
            browser.post(&format!("{WIZARD}/accept"), &[("review", &digest), ("confirm", "ACCEPT")]).await;
        assert_eq!(done.location(), format!("{WIZARD}/done"), "{}", done.body);
        let done = browser.get(done.location()).await;
        assert!(done.body.contains("External identity provider") && done.body.contains(ENTITY_ID));
        assert_eq!(source(&test).await["kind"], "external");

        let shown = browser.get("/console/settings/identity-source").await;
        let thumbprint = Key::current().signing.certificate().thumbprint();
        for part in [ENTITY_ID, SIGN_IN_URL, &thumbprint, "tag good", "Restore it"] {
            assert!(shown.body.contains(part), "{part}");
        }
        // The administrator is still in, and goes back.
        let review = browser.get("/console/settings/identity-source/restore").await;
        assert!(review.body.contains("has no password in the Identity Center directory"), "{}", review.body);
        let digest = review
            .body
            .split_once("name=\"review\" value=\"")
            .unwrap()
            .1
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let back = browser
            .post("/console/settings/identity-source/restore", &[("review", &digest), ("confirm", "ACCEPT")])
            .await;
        assert_eq!(back.location(), format!("{WIZARD}/done"), "{}", back.body);
        assert_eq!(source(&test).await["kind"], "identity-center-directory");
    }
}

#[tokio::test]
async fn a_change_can_be_cancelled_and_the_directory_chosen() {
    for test in TestCenter::on_each().await {
        put(&test, json!({ "kind": "external", "metadataXml": metadata() })).await;
        let mut browser = test.administrator().await;
        browser.get(&format!("{WIZARD}/review")).await;
        let cancelled = browser.post(&format!("{WIZARD}/cancel"), &[]).await;
        assert_eq!(cancelled.location(), "/console/settings");
        assert_eq!(browser.get(&format!("{WIZARD}/review")).await.status, StatusCode::NOT_FOUND);
        browser.get(WIZARD).await;
        let same = browser.post(WIZARD, &[("kind", "identity-center-directory")]).await;
        assert_eq!(same.status, StatusCode::CONFLICT);
        put(&test, json!({ "kind": "external", "metadataXml": metadata() })).await;
        confirm(&test, "accept", "ACCEPT").await;
        let next = browser.post(WIZARD, &[("kind", "identity-center-directory")]).await;
        assert_eq!(next.location(), format!("{WIZARD}/review"), "{}", next.body);
        let missing = test.send(Method::GET, "/api/identity-source/sp-metadata", &[], String::new()).await;
        assert_eq!(missing.status, StatusCode::UNAUTHORIZED);
        let file = test.api(Method::GET, "/api/identity-source/sp-metadata", Value::Null).await;
        assert!(file.body.contains("SPSSODescriptor"));
    }
}
