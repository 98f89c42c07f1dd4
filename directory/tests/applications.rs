//! SAML settings, assignments and what they reach, through our own API and as rows.
#![expect(clippy::unwrap_used, reason = "tests")]

use directory::applications::{self, Application, USER_ROLE, Via};
use directory::refused::Refused;
use directory::testing::{TestDirectory, engines};
use directory::{tenant, users};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::Engine;

const METADATA: &str = include_str!("../testdata/sp-metadata/iam-identity-center.xml");

async fn application(test: &TestDirectory, name: &str) -> Application {
    let name = name.to_owned();
    test.write(move |tx, change| applications::create(tx, change, &name)).await.unwrap()
}

async fn assigned(test: &TestDirectory, application: &Application, user: &str) -> Option<Via> {
    let (application, user) = (application.clone(), user.to_owned());
    let found = test
        .directory
        .read(move |tx, tenant| Ok(applications::is_assigned(tx, tenant, &application, &user)?));
    found.await.unwrap().map(|assigned| assigned.via)
}

async fn follow_nested_groups(test: &TestDirectory, follow: bool) {
    test.write(move |tx, change| tenant::update(tx, change, "Contoso", follow)).await.unwrap();
}

#[tokio::test]
async fn metadata_is_looked_at_first_and_then_saved() {
    for test in engines().await {
        let (program, app) = (test.program().await, application(&test, "AWS SSO").await);
        let path = format!("/api/applications/{}/saml/sp-metadata", app.app_id);
        let request = |save: bool| {
            let request = http::Request::post(format!("{path}?save={save}"))
                .header("authorization", format!("Bearer {}", program.token));
            directory::testing::send(&test.router, request.body(METADATA.to_owned().into()).unwrap())
        };
        let looked_at = request(false).await;
        assert_eq!(looked_at.status, StatusCode::OK, "{}", looked_at.text);
        assert_eq!(looked_at.json()["saved"], false);
        let settings = format!("/api/applications/{}/saml", app.service_principal_id);
        assert_eq!(program.get(&settings).await.json()["identifiers"], json!([]));
        assert_eq!(request(true).await.json()["saved"], true);
        let saved = program.get(&settings).await.json();
        assert_eq!(
            saved["identifiers"],
            json!(["https://eu-central-1.signin.aws/platform/saml/d-99672f8b24"])
        );
        assert_eq!(saved["replyUrls"][0]["isDefault"], true);
        assert_eq!(saved["certificates"][0]["active"], true, "saving chose SAML and made a certificate");
        let tenant = &test.directory.tenant_id;
        assert_eq!(saved["loginUrl"], format!("http://127.0.0.1:7001/{tenant}/saml2"));
        assert_eq!(saved["entityId"], format!("http://127.0.0.1:7001/{tenant}/"));
        assert!(saved["metadataUrl"].as_str().unwrap().ends_with(&app.app_id));
    }
}

#[tokio::test]
async fn settings_change_one_by_one_and_null_removes() {
    for test in engines().await {
        let (program, app) = (test.program().await, application(&test, "App").await);
        let path = format!("/api/applications/{}/saml", app.id);
        let body = json!({
            "identifiers": ["urn:app"],
            "replyUrls": [{ "url": "https://app.example/acs" }],
            "signOnUrl": "https://app.example/",
            "relayState": "x",
            "nameId": { "source": "mail", "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" },
            "signingOption": "both",
        });
        assert_eq!(program.put(&path, &body).await.status, StatusCode::OK);
        let after = program.put(&path, &json!({ "signOnUrl": null })).await.json();
        assert_eq!((&after["signOnUrl"], &after["relayState"]), (&Value::Null, &json!("x")));
        assert_eq!((&after["signingOption"], &after["nameId"]["source"]), (&json!("both"), &json!("mail")));
        for (name, value, code) in [
            ("replyUrls", json!([{ "url": "http://app.example/acs" }]), "InvalidValue"),
            ("replyUrls", json!([{ "url": "javascript:alert(1)" }]), "InvalidValue"),
            ("identifiers", json!(["a b"]), "InvalidValue"),
            ("identifiers", json!(vec!["x"; 101]), "TooMany"),
            ("nameId", json!({ "source": "password", "format": "x" }), "InvalidValue"),
            ("signingOption", json!("none"), "InvalidValue"),
            ("privateKey", json!("x"), "InvalidValue"),
        ] {
            let answer = program.put(&path, &json!({ name: value })).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
            assert_eq!(answer.json()["error"]["code"], code, "{name}");
        }
    }
}

#[tokio::test]
async fn an_identifier_belongs_to_one_application() {
    for test in engines().await {
        let program = test.program().await;
        let (first, second) = (application(&test, "First").await, application(&test, "Second").await);
        let body = json!({ "identifiers": ["urn:one", "urn:two"] });
        program.put(&format!("/api/applications/{}/saml", first.id), &body).await;
        let answer = program.put(&format!("/api/applications/{}/saml", second.id), &body).await;
        assert_eq!(answer.json()["error"]["code"], "IdentifierTaken");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("First"));
        let swapped = json!({ "identifiers": ["urn:two", "urn:one"] });
        let answer = program.put(&format!("/api/applications/{}/saml", first.id), &swapped).await;
        assert_eq!(answer.json()["identifiers"], swapped["identifiers"], "one's own can change places");
        let (id, app_id) = (first.id.clone(), first.app_id.clone());
        let found = test.directory.read(move |tx, tenant| {
            let by_name = applications::by_identifier(tx, tenant, "urn:two")?;
            let by_app_id = applications::by_identifier(tx, tenant, &format!("spn:{app_id}"))?;
            Ok([by_name, by_app_id].map(|a| a.map(|a| a.id)))
        });
        assert_eq!(found.await.unwrap(), [Some(id.clone()), Some(id)]);
    }
}

#[tokio::test]
async fn certificates_roll_over_and_the_active_one_stays() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let app = application(&test, "App").await;
    let first = applications::make_certificate(&test.directory, None).await.unwrap();
    let second = applications::make_certificate(&test.directory, None).await.unwrap();
    let (id, one, two) = (app.id.clone(), first.key_id().to_owned(), second.key_id().to_owned());
    let (a, b) = (id.clone(), first.clone());
    test.write(move |tx, change| applications::choose_saml(tx, change, &a, &b)).await.unwrap();
    let (a, b) = (id.clone(), second.clone());
    test.write(move |tx, change| applications::add_certificate(tx, change, &a, &b)).await.unwrap();
    let delete = |key: String| {
        let id = id.clone();
        test.write(move |tx, change| applications::delete_certificate(tx, change, &id, &key))
    };
    assert!(matches!(delete(one.clone()).await, Err(Refused::ActiveCertificate(_))));
    let (a, key) = (id.clone(), two.clone());
    test.write(move |tx, change| applications::activate(tx, change, &a, &key)).await.unwrap();
    let a = id.clone();
    let active = test.directory.read(move |tx, tenant| Ok(applications::active_certificate(tx, tenant, &a)?));
    let active = active.await.unwrap().unwrap();
    assert_eq!(active.key_id, two);
    saml::certificate::SigningKey::new(&active.private_key(&test.directory.master_key).unwrap(), &active.der)
        .unwrap();
    delete(one).await.unwrap();
    assert_eq!(test.actions(2).await, ["certificate.activated", "certificate.deleted"]);
}

#[tokio::test]
async fn assignments_reach_whom_the_tenant_says() {
    for test in engines().await {
        let (ana, ben, cara) = (test.user("ana").await, test.user("ben").await, test.user("cara").await);
        let inner = test.group("Inner", &[&ben.id]).await;
        let outer = test.group("Outer", &[&inner.id, &ana.id]).await;
        let app = application(&test, "App").await;
        let program = test.program().await;
        let path = format!("/api/applications/{}/assignments", app.id);
        let body = json!({ "principals": [
            { "userPrincipalName": "ANA@contoso.example" },
            { "groupDisplayName": "outer" },
        ] });
        let answer = program.post(&path, &body).await.json();
        assert_eq!((&answer["assigned"], &answer["reachesPeople"]), (&json!(2), &json!(1)));
        assert_eq!(
            answer["notReached"],
            json!([{ "id": inner.id, "displayName": "Inner", "inside": "Outer" }])
        );
        assert_eq!(assigned(&test, &app, &ana.id).await, Some(Via::Direct));
        assert_eq!(assigned(&test, &app, &ben.id).await, None);
        follow_nested_groups(&test, true).await;
        let via = Via::Group { id: outer.id.clone(), display_name: "Outer".to_owned() };
        assert_eq!(assigned(&test, &app, &ben.id).await, Some(via));
        assert_eq!(assigned(&test, &app, &cara.id).await, None);
        let again = program.post(&path, &body).await.json();
        assert_eq!(
            (&again["already"], &again["reachesPeople"], &again["notReached"]),
            (&json!(2), &json!(2), &json!([]))
        );
        let removed = program.call(Method::DELETE, &path, &body).await.json();
        assert_eq!((&removed["removed"], &removed["reachesPeople"]), (&json!(2), &json!(0)));
        let open = app.id.clone();
        let app = test
            .write(move |tx, change| {
                applications::update(tx, change, &open, |a| a.assignment_required = false)
            })
            .await
            .unwrap();
        assert_eq!(assigned(&test, &app, &cara.id).await, Some(Via::NotRequired));
    }
}

#[tokio::test]
async fn one_unknown_principal_and_nobody_is_assigned() {
    for test in engines().await {
        test.user("ana").await;
        let app = application(&test, "App").await;
        let program = test.program().await;
        let path = format!("/api/applications/{}/assignments", app.id);
        for (bad, code) in [
            (json!({ "userPrincipalName": "ghost@contoso.example" }), "NotFound"),
            (json!({ "groupDisplayName": "Ghosts" }), "NotFound"),
            (json!({ "id": "ghost" }), "NotFound"),
            (json!({ "id": "a", "groupDisplayName": "b" }), "InvalidValue"),
            (json!({ "id": "a\0" }), "InvalidValue"),
            (json!({}), "InvalidValue"),
        ] {
            let body = json!({ "principals": [{ "userPrincipalName": "ana@contoso.example" }, bad] });
            let answer = program.post(&path, &body).await;
            assert_eq!(answer.json()["error"]["code"], code, "{body}");
        }
        let body = json!({ "principals": vec![json!({ "id": "x" }); 10_001] });
        assert_eq!(program.post(&path, &body).await.json()["error"]["code"], "TooMany");
        let events = test.actions(1).await;
        assert_eq!(events, ["application.created"], "nothing was assigned");
    }
}

#[tokio::test]
async fn deleting_a_user_or_an_application_ends_assignments_first() {
    for test in engines().await {
        let (ana, app) = (test.user("ana").await, application(&test, "App").await);
        let sales = test.group("Sales", &[&ana.id]).await;
        for principal in [ana.id.clone(), sales.id] {
            let app = app.clone();
            test.write(move |tx, change| applications::assign(tx, change, &app, &principal, USER_ROLE))
                .await
                .unwrap();
        }
        test.write(move |tx, change| users::delete(tx, change, &ana.id)).await.unwrap();
        assert_eq!(test.actions(3).await, ["group.member_removed", "assignment.deleted", "user.deleted"]);
        test.write(move |tx, change| applications::delete(tx, change, &app.app_id)).await.unwrap();
        assert_eq!(test.actions(2).await, ["assignment.deleted", "application.deleted"]);
    }
}
