//! Changing the identity source: what it does to whom, what is refused, the API and the wizard.

mod test_idp;

use axum::body::Body;
use center::access::Caller;
use center::identity_source::impact::{Impact, LossReason, People, Person, impact};
use center::identity_source::{
    ExternalIdp, Manual, Source, SourceError, accept, propose, read_manual, read_metadata, withdraw,
};
use center::testing::{Answer, Browser, NOW, TestCenter};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use store::StoreError;
use test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

fn metadata() -> String {
    Key::current().metadata(&[])
}

fn external() -> Source {
    Source::External(read_metadata(metadata().as_bytes(), NOW).unwrap())
}

fn person(user_name: &str, active: bool, has_password: bool) -> Person {
    Person { user_name: user_name.to_owned(), active, has_password }
}

fn of(from: &Source, to: &Source, users: &[Person]) -> Impact {
    let people = People { users: users.to_vec(), administrators: 1, provisioning: false };
    impact(from, to, &people, NOW)
}

#[test]
fn who_loses_access_and_why() {
    use LossReason::{Disabled, NoPassword, NotAnAddress};
    let (directory, idp) = (Source::IdentityCenterDirectory, external());
    // (user name, active, has a password) → lost under the identity provider, lost under the directory
    let table = [
        (("ana@corp.example", true, true), None, None),
        (("ana@corp.example", true, false), None, Some(NoPassword)),
        (("ana@corp.example", false, true), Some(Disabled), Some(Disabled)),
        (("Ana.Ng@corp.example", true, true), None, None),
        (("ana", true, true), Some(NotAnAddress), None),
        (("ana", false, false), Some(Disabled), Some(Disabled)),
        (("@corp.example", true, true), Some(NotAnAddress), None),
        (("ana@", true, true), Some(NotAnAddress), None),
        (("a@b@c", true, true), Some(NotAnAddress), None),
        (("\"ana ng\"@corp.example", true, true), Some(NotAnAddress), None),
        (("ána@corp.example", true, true), None, None),
    ];
    for ((name, active, password), at_idp, at_directory) in table {
        let users = [person(name, active, password)];
        for (from, to, expected) in [(&directory, &idp, at_idp), (&idp, &directory, at_directory)] {
            let found = of(from, to, &users);
            assert_eq!(found.lose.first().map(|loss| loss.reason), expected, "{name} {active} {password}");
            assert_eq!(found.keep, usize::from(expected.is_none()), "{name} {active} {password}");
            assert_eq!(found.lose.len() + found.keep, 1);
        }
    }
}

#[test]
fn names_with_upper_case_letters_are_listed_for_an_identity_provider_alone() {
    let users =
        [person("Ana@x.example", true, true), person("bob@x.example", true, true), person("EVE", true, true)];
    let (directory, idp) = (Source::IdentityCenterDirectory, external());
    let found = of(&directory, &idp, &users);
    assert_eq!(found.exact_case, ["Ana@x.example"]);
    assert!(
        found
            .consequences
            .iter()
            .any(|text| text.contains("1 user name has upper-case letters (Ana@x.example)"))
    );
    assert!(of(&idp, &directory, &users).exact_case.is_empty());
}

#[test]
fn sentences_list_a_few_names_and_count_the_rest() {
    let users: Vec<Person> = (0..8).map(|n| person(&format!("U{n}@x.example"), true, true)).collect();
    let found = of(&Source::IdentityCenterDirectory, &external(), &users);
    assert!(
        found.consequences.iter().any(|text| text.contains("U4@x.example and 3 more")),
        "{:?}",
        found.consequences
    );
}

fn said(impact: &Impact, part: &str) -> bool {
    impact.consequences.iter().any(|text| text.contains(part))
}

#[test]
fn the_consequences_name_what_people_ask_about() {
    let (directory, idp) = (Source::IdentityCenterDirectory, external());
    let people =
        People { users: vec![person("ana@x.example", true, false)], administrators: 2, provisioning: false };
    let there = impact(&directory, &idp, &people, NOW);
    for part in [
        "1 user keep access if the identity provider sends a NameID",
        "cannot be seen from here",
        "Passwords of the Identity Center directory are kept, unused",
        "multi-factor",
        "provisioning is enabled separately",
        "sessions that are open run until they expire",
        "assignments and permission sets stay",
        "2 administrators keep their way in",
        "can be restored in one step",
    ] {
        assert!(said(&there, part), "{part}: {:?}", there.consequences);
    }
    let back = impact(&idp, &directory, &People { provisioning: true, ..people }, NOW);
    for part in ["1 active user has no password", "provisioning belongs to an external", "second factor"] {
        assert!(said(&back, part), "{part}: {:?}", back.consequences);
    }
    let other = of(&idp, &external_signing(), &[]);
    assert!(said(&other, "WantAuthnRequestsSigned") && !said(&other, "Passwords of the Identity Center"));
}

fn external_signing() -> Source {
    let Source::External(idp) = external() else { unreachable!() };
    Source::External(ExternalIdp { wants_signed_requests: true, ..idp })
}

#[test]
fn certificates_that_end_soon_or_have_ended_are_named() {
    // The clock stands at 2026-11-24: one ends in 38 days, one has ended.
    let key = Key::valid(2026, 2027);
    let old = Key::valid(2025, 2026);
    let idp = read_metadata(key.metadata(&[&old]).as_bytes(), NOW).unwrap();
    let found = of(&Source::IdentityCenterDirectory, &Source::External(idp), &[]);
    assert!(said(&found, &format!("{} expires on 2027-01-01", key.signing.certificate().thumbprint())));
    assert!(said(&found, &format!("{} expired on 2026-01-01", old.signing.certificate().thumbprint())));
    let refused = read_metadata(old.metadata(&[]).as_bytes(), NOW).unwrap_err();
    assert!(matches!(refused, SourceError::CertificatesExpired { .. }), "{refused}");
}

#[test]
fn metadata_is_read_and_errors_name_the_element() {
    let good = metadata();
    let idp = read_metadata(good.as_bytes(), NOW).unwrap();
    assert_eq!((idp.entity_id.as_str(), idp.sign_in_url()), (ENTITY_ID, SIGN_IN_URL));
    let service = |binding: &str| format!("urn:oasis:names:tc:SAML:2.0:bindings:{binding}");
    let plain = good.replace("https://login.idp.example", "http://login.idp.example");
    let loopback = good.replace("https://login.idp.example", "http://127.0.0.1:7001");
    let soap = good
        .replace(&service("HTTP-Redirect"), &service("SOAP"))
        .replace(&service("HTTP-POST"), &service("SOAP"));
    let no_certificate = good.replace("use=\"signing\"", "use=\"encryption\"");
    let sp = "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"x\"><SPSSODescriptor \
              protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"/></EntityDescriptor>";
    assert!(read_metadata(loopback.as_bytes(), NOW).is_ok());
    for (xml, code, target, part) in [
        (plain.as_str(), "UrlNotAllowed", "SingleSignOnService/@Location", "https"),
        (&soap, "NoUsableBinding", "SingleSignOnService/@Binding", "HTTP-Redirect"),
        (&no_certificate, "SigningCertificateMissing", "metadataXml", "X509Certificate"),
        (sp, "SpInsteadOfIdp", "metadataXml", "IDPSSODescriptor"),
        ("<a/>", "NotMetadata", "metadataXml", "EntityDescriptor"),
        ("", "NoRoot", "metadataXml", ""),
        (&good.replace("entityID=", "x="), "EntityIdMissing", "metadataXml", "entityID"),
        (&" ".repeat(75_001), "TooLong", "metadataXml", "75000"),
        (&"x".repeat(400_000), "TooLong", "metadataXml", "75,000"),
    ] {
        let error = center::admin_api::ApiError::from(read_metadata(xml.as_bytes(), NOW).unwrap_err());
        assert_eq!((error.code, error.target.as_deref()), (code, Some(target)), "{error:?}");
        assert!(error.expected.as_deref().unwrap_or_default().contains(part), "{error:?}");
        assert!(error.fix.is_some() && error.status == StatusCode::BAD_REQUEST, "{error:?}");
    }
}

#[test]
fn values_by_hand_are_read_and_checked() {
    let pem = Key::current().signing.certificate().pem();
    let bare = Key::current().signing.certificate().base64();
    let good = Manual { sign_in_url: SIGN_IN_URL, issuer: ENTITY_ID, certificate: &pem };
    let by_hand = read_manual(&good, NOW).unwrap();
    assert_eq!(by_hand.redirect_url.as_deref(), Some(SIGN_IN_URL));
    assert_eq!(read_manual(&Manual { certificate: &bare, ..good }, NOW).unwrap(), by_hand);
    let chain = format!("{pem}{pem}{pem}");
    let long = "i".repeat(1_025);
    for (manual, code, target) in [
        (Manual { sign_in_url: "", ..good }, "ValueMissing", "signInUrl"),
        (Manual { issuer: " ", ..good }, "ValueMissing", "issuer"),
        (Manual { certificate: "", ..good }, "ValueMissing", "certificatePem"),
        (Manual { sign_in_url: "http://login.idp.example/", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { sign_in_url: "javascript:alert(1)", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { sign_in_url: "https://u:p@login.idp.example/", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { sign_in_url: "https://login.idp.example/#x", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { issuer: "two words", ..good }, "IssuerInvalid", "issuer"),
        (Manual { issuer: &long, ..good }, "IssuerInvalid", "issuer"),
        (Manual { certificate: &chain, ..good }, "CertificateTooLong", "certificatePem"),
        (Manual { certificate: "hello", ..good }, "NotACertificate", "certificatePem"),
    ] {
        let error = center::admin_api::ApiError::from(read_manual(&manual, NOW).unwrap_err());
        assert_eq!((error.code, error.target.as_deref()), (code, Some(target)), "{error:?}");
    }
}

async fn source(test: &TestCenter) -> Value {
    test.api(Method::GET, "/api/identity-source", Value::Null).await.json()
}

async fn put(test: &TestCenter, body: Value) -> Answer {
    test.api(Method::PUT, "/api/identity-source/proposal", body).await
}

async fn confirm(test: &TestCenter, step: &str, word: &str) -> Answer {
    let path = format!("/api/identity-source/{step}");
    test.api(Method::POST, &path, json!({ "confirm": word })).await
}

async fn actions(test: &TestCenter) -> Vec<String> {
    let events = test.api(Method::GET, "/api/events?limit=50", Value::Null).await.json();
    let all = events["value"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap().to_owned());
    all.filter(|action| action.starts_with("identity_source")).collect()
}

#[tokio::test]
async fn a_change_is_proposed_reviewed_accepted_and_restored_through_the_api() {
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
async fn an_administrator_walks_through_the_wizard() {
    for test in TestCenter::on_each().await {
        test.user("ana@corp.example", None).await;
        test.user("bob", None).await;
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

        let third = browser.get(taken.location()).await;
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
