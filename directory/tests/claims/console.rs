//! The pages of claims as a browser sees them.

use directory::claims::Configuration;
use directory::testing::{Browser, DOMAIN, TestDirectory, engines};
use http::StatusCode;

async fn saved(test: &TestDirectory, app: &str) -> Configuration {
    let app = app.to_owned();
    test.directory
        .read(move |tx, tenant| Ok(directory::claims::configuration(tx, tenant, &app)?))
        .await
        .unwrap()
}

async fn names(test: &TestDirectory, app: &str) -> Vec<String> {
    saved(test, app).await.claims.into_iter().map(|claim| claim.name).collect()
}

async fn submit(browser: &mut Browser, base: &str, form: &str, fields: &[(&str, &str)]) {
    let answer = browser.submit(base, &format!("{base}/{form}"), fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{form}: {}", answer.text);
}

#[tokio::test]
async fn claims_are_added_edited_and_previewed() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let group = test.group("Sales <b>", &[&ana.id]).await;
        let app =
            test.write(|tx, change| directory::applications::create(tx, change, "AWS <SSO>")).await.unwrap();
        let base = format!("/console/applications/{}/claims", app.id);
        let mut browser = test.browser("admin").await;
        let claim = [
            ("name", "team"),
            ("namespace", "urn:x"),
            ("name_format", "basic"),
            ("source_0", "\"a & \"\"b\"\"\""),
            ("user_type_0", "any"),
            ("source_2", "tolowercase(givenname)"),
            ("user_type_2", "members"),
            ("groups_2", "sales <B>"),
        ];
        submit(&mut browser, &base, "edit", &claim).await;
        let configuration = saved(&test, &app.id).await;
        let team = configuration.claims.last().unwrap();
        assert_eq!(team.values[1].source, "ToLowercase(user.givenname)");
        assert_eq!(team.values[1].groups, [group.id.as_str()], "a name is saved as its id");
        let editor = browser.get(&format!("{base}/edit?claim=urn:x/team")).await;
        for text in
            ["&#34;a &#38; &#34;&#34;b&#34;&#34;&#34;", "ToLowercase(user.givenname)", "Sales &#60;b&#62;"]
        {
            assert!(editor.text.contains(text), "{text}: {}", editor.text);
        }
        let bad =
            [("before", "urn:x/team"), ("name", "team"), ("source_0", "user.shoe"), ("user_type_0", "any")];
        let refused = browser.submit(&base, &format!("{base}/edit"), &bad).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text.contains("no attribute") && refused.text.contains("value=\"user.shoe\""));
        let restricted = [
            ("name", "http://schemas.microsoft.com/identity/claims/tenantid"),
            ("source_0", "\"x\""),
            ("user_type_0", "any"),
        ];
        let refused = browser.submit(&base, &format!("{base}/edit"), &restricted).await;
        assert!(
            refused.status == StatusCode::BAD_REQUEST && refused.text.contains("directory’s own")
                || refused.text.contains("directory&#39;s own"),
            "{}",
            refused.text
        );
        submit(&mut browser, &base, "name-id", &[("transformation", "ToUppercase(source)")]).await;
        let preview = browser.get(&format!("{base}/preview?user=ana@{DOMAIN}")).await.text;
        for text in [
            "ANA@CONTOSO.EXAMPLE",
            "ToLowercase(user.givenname)</code>: ana → ana",
            "left out",
            "in one of the groups",
        ] {
            assert!(preview.contains(text), "{text}: {preview}");
        }
        let none = browser.get(&format!("{base}/preview?user=nobody")).await;
        assert!(none.status == StatusCode::OK && none.text.contains("There is no such user"));
        assert_eq!(browser.get(&format!("{base}/edit?claim=nothing")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.get("/console/applications/x/claims").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn claims_are_moved_and_deleted_and_presets_and_groups_added() {
    for test in engines().await {
        let app = test.write(|tx, change| directory::applications::create(tx, change, "AWS")).await.unwrap();
        let base = format!("/console/applications/{}/claims", app.id);
        let mut browser = test.browser("admin").await;
        let name = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
        submit(&mut browser, &base, "move", &[("claim", name), ("to", "up")]).await;
        assert_eq!(names(&test, &app.id).await, ["givenname", "surname", "name", "emailaddress"]);
        let surname = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname";
        submit(&mut browser, &base, "delete", &[("claim", surname)]).await;
        submit(&mut browser, &base, "aws-session-tags", &[]).await;
        submit(&mut browser, &base, "aws-session-tags", &[]).await;
        assert_eq!(names(&test, &app.id).await.len(), 7, "the preset adds nothing twice");
        let groups = [("which", "all"), ("value", "id"), ("overflow", "refuse"), ("limit", "5")];
        submit(&mut browser, &base, "groups", &groups).await;
        let page = browser.get(&base).await.text;
        for text in ["AccessControl:Department", "value=\"5\""] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert_eq!(page.matches("name=\"csrf\"").count(), page.matches("method=\"post\"").count());
    }
}

#[tokio::test]
async fn issuer_and_audience_are_chosen() {
    for test in engines().await {
        let app = test.write(|tx, change| directory::applications::create(tx, change, "AWS")).await.unwrap();
        let base = format!("/console/applications/{}/claims", app.id);
        let mut browser = test.browser("admin").await;
        let advanced = [("issuer_with_application_id", "1"), ("audience_override", " urn:sp ")];
        submit(&mut browser, &base, "advanced", &advanced).await;
        let configuration = saved(&test, &app.id).await;
        assert!(configuration.issuer_with_application_id);
        assert_eq!(configuration.audience_override.as_deref(), Some("urn:sp"));
        let page = browser.get(&base).await.text;
        assert!(
            page.contains(&format!("/{}/</code>", app.app_id)) && page.contains("value=\"urn:sp\""),
            "{page}"
        );
        submit(&mut browser, &base, "advanced", &[("audience_override", "")]).await;
        assert_eq!(saved(&test, &app.id).await.audience_override, None);
        let bad = browser.submit(&base, &format!("{base}/advanced"), &[("audience_override", "sp")]).await;
        assert!(bad.status == StatusCode::BAD_REQUEST && bad.text.contains("absolute URI"), "{}", bad.text);
    }
}
