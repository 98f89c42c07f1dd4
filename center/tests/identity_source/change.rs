//! The steps of a change through the API: what is refused, and when a review no longer counts.

use center::access::Caller;
use center::identity_source::{SourceError, accept, propose, withdraw};
use center::testing::TestCenter;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::StoreError;

use crate::calls::{confirm, put, source};
use crate::given::{external, metadata};
use crate::test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

async fn actions(test: &TestCenter) -> Vec<String> {
    let events = test.api(Method::GET, "/api/events?limit=50", Value::Null).await.json();
    let all = events["value"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap().to_owned());
    all.filter(|action| action.starts_with("identity_source")).collect()
}

#[tokio::test]
async fn a_change_is_proposed_reviewed_and_accepted_through_the_api() {
    for test in TestCenter::on_each().await {
        test.user("ana@corp.example", Some("correct horse battery")).await;
        test.user("bob", None).await;
        let before = source(&test).await;
        assert_eq!(
            (&before["kind"], &before["proposed"]),
            (&json!("identity-center-directory"), &json!(false))
        );
        assert!(before.get("external").is_none() && before.get("previous").is_none());
        let store_id =
            test.api(Method::GET, "/api/about", Value::Null).await.json()["identityStoreId"].clone();
        let issuer = format!("http://127.0.0.1:7002/platform/saml/{}", store_id.as_str().unwrap());
        assert_eq!(before["serviceProvider"]["issuer"], issuer);
        assert_eq!(before["serviceProvider"]["signInUrl"], "http://127.0.0.1:7002/start");

        let review = put(&test, json!({ "kind": "external", "metadataXml": metadata() })).await;
        assert_eq!(review.status, StatusCode::OK, "{}", review.body);
        let review = review.json();
        assert_eq!(
            (&review["from"], &review["to"]),
            (&json!("identity-center-directory"), &json!("external"))
        );
        assert_eq!(review["keepAccess"]["count"], 1);
        assert_eq!(review["loseAccess"][0]["userName"], "bob");
        assert_eq!(review["administrators"], json!({ "count": 1, "keepAccess": true }));
        let again = test.api(Method::GET, "/api/identity-source/proposal", Value::Null).await;
        assert_eq!(again.json(), review);
        let waiting = source(&test).await;
        assert_eq!(
            (&waiting["kind"], &waiting["proposed"]),
            (&json!("identity-center-directory"), &json!(true))
        );

        for word in ["", "accept", "Accept", " ACCEPT", "ACCEPT "] {
            assert_eq!(confirm(&test, "accept", word).await.code(), "NotConfirmed", "{word:?}");
        }
        let after = confirm(&test, "accept", "ACCEPT").await.json();
        assert_eq!((&after["kind"], &after["proposed"]), (&json!("external"), &json!(false)));
        assert_eq!(after["previous"], "identity-center-directory");
        assert_eq!(
            (&after["external"]["entityId"], &after["external"]["signInUrl"]),
            (&json!(ENTITY_ID), &json!(SIGN_IN_URL))
        );
        let thumbprint = Key::current().signing.certificate().thumbprint();
        let certificate = json!({ "thumbprint": thumbprint, "notAfter": "2030-01-01T00:00:00Z" });
        assert_eq!(after["external"]["certificates"], json!([certificate]));
        assert_eq!(confirm(&test, "accept", "ACCEPT").await.code(), "NoProposal");
    }
}

#[tokio::test]
async fn going_back_and_forth_takes_one_step_each() {
    for test in TestCenter::on_each().await {
        put(&test, json!({ "kind": "external", "metadataXml": metadata() })).await;
        let after = confirm(&test, "accept", "ACCEPT").await.json();
        assert_eq!(confirm(&test, "restore", "restore").await.code(), "NotConfirmed");
        let restored = confirm(&test, "restore", "ACCEPT").await.json();
        assert_eq!(
            (&restored["kind"], &restored["previous"]),
            (&json!("identity-center-directory"), &json!("external"))
        );
        let forth = confirm(&test, "restore", "ACCEPT").await.json();
        assert_eq!(forth["external"], after["external"]);
        assert_eq!(
            actions(&test).await,
            [
                "identity_source.restored",
                "identity_source.restored",
                "identity_source.changed",
                "identity_source.proposed"
            ]
        );
    }
}

#[tokio::test]
async fn bad_proposals_are_refused_and_change_nothing() {
    for test in TestCenter::on_each().await {
        let pem = Key::current().signing.certificate().pem();
        for (body, code) in [
            (json!({}), "BodyInvalid"),
            (json!({ "kind": "external" }), "ValueMissing"),
            (json!({ "kind": "external", "metadataXml": "<a/>" }), "NotMetadata"),
            (json!({ "kind": "external", "metadataXml": metadata(), "issuer": "x" }), "MetadataAndValues"),
            (
                json!({ "kind": "external", "signInUrl": "http://x.example", "issuer": "x", "certificatePem": pem }),
                "UrlNotAllowed",
            ),
            (json!({ "kind": "external", "metadata": metadata() }), "BodyInvalid"),
            (json!({ "kind": "active-directory" }), "ActiveDirectoryNotSupported"),
            (json!({ "kind": "okta" }), "KindUnknown"),
            (json!({ "kind": "identity-center-directory" }), "SameSource"),
        ] {
            let answer = put(&test, body).await;
            assert!(answer.status.is_client_error());
            assert_eq!(answer.code(), code, "{}", answer.body);
        }
        assert_eq!(source(&test).await["proposed"], false);
        for (method, path) in [(Method::GET, "proposal"), (Method::DELETE, "proposal")] {
            let answer = test.api(method, &format!("/api/identity-source/{path}"), Value::Null).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "NoProposal"));
        }
        assert_eq!(confirm(&test, "restore", "ACCEPT").await.code(), "NoPrevious");
        assert!(actions(&test).await.is_empty());
        let stranger = test.send(Method::GET, "/api/identity-source", &[], String::new()).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_review_that_is_no_longer_true_is_not_accepted() {
    for test in TestCenter::on_each().await {
        let proposal = json!({ "kind": "external", "metadataXml": metadata() });
        put(&test, proposal.clone()).await;
        // Somebody who keeps access outdates nothing; somebody who loses it does.
        test.user("ana@corp.example", None).await;
        test.user("bob", None).await;
        let answer = confirm(&test, "accept", "ACCEPT").await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "ReviewOutdated"));
        assert_eq!(source(&test).await["kind"], "identity-center-directory");
        put(&test, proposal).await;
        test.user("eve@corp.example", None).await;
        assert_eq!(confirm(&test, "accept", "ACCEPT").await.json()["kind"], "external");

        // A proposal from before another change was accepted compares with another source.
        put(&test, json!({ "kind": "external", "metadataXml": Key::next().metadata(&[]) })).await;
        confirm(&test, "restore", "ACCEPT").await;
        assert_eq!(confirm(&test, "accept", "ACCEPT").await.code(), "ReviewOutdated");
    }
}

#[tokio::test]
async fn without_an_administrator_nothing_is_changed() {
    for test in TestCenter::on_each().await {
        let caller = Caller { actor: "api:x".to_owned(), id: "x".to_owned(), name: "x".to_owned() };
        propose(&test.center, &caller, external()).await.unwrap();
        let emptied: Result<u64, StoreError> =
            test.center.store.write(|tx| tx.exec("DELETE FROM administrators", &[])).await;
        assert_eq!(emptied.unwrap(), 1);
        let refused = accept(&test.center, &caller, "ACCEPT", None).await.unwrap_err();
        assert!(matches!(refused, SourceError::NoAdministrator), "{refused}");
        let refused = propose(&test.center, &caller, external()).await.unwrap_err();
        assert!(matches!(refused, SourceError::NoAdministrator), "{refused}");
        withdraw(&test.center, &caller).await.unwrap();
        assert_eq!(source(&test).await["kind"], "identity-center-directory");
    }
}

#[tokio::test]
async fn thousands_of_people_are_reviewed_in_one_step() {
    for test in TestCenter::on_each().await {
        let instance = test.center.instance_id.clone();
        let made: Result<(), StoreError> = test
            .center
            .store
            .write(move |tx| {
                for n in 0..2_000 {
                    let (id, name) = (format!("u-{n}"), format!("User-{n:04}"));
                    let key = name.to_lowercase();
                    tx.exec(
                        "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, \
                         active, owner, resource, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?3, ?4, 1, 'api', '{}', 0, 0)",
                        &[(&instance).into(), (&id).into(), (&name).into(), (&key).into()],
                    )?;
                }
                Ok(())
            })
            .await;
        made.unwrap();
        let review = put(&test, json!({ "kind": "external", "metadataXml": metadata() })).await.json();
        assert_eq!(review["loseAccess"].as_array().unwrap().len(), 2_000);
        let mut browser = test.administrator().await;
        let page = browser.get("/console/settings/identity-source/change/review").await;
        assert!(page.body.contains("User-0199") && !page.body.contains("User-0200"));
        assert!(page.body.contains("and 1800 more"));
    }
}
