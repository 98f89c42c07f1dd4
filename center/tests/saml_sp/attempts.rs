//! What is kept of attempts, for how long, and how administrators find it; and our metadata.

use std::time::Duration;

use center::saml_sp;
use center::testing::{NOW, TestCenter};
use http::{Method, StatusCode};
use saml::names::FORMAT_EMAIL;
use saml::response::IssueResponse;
use serde_json::Value;
use store::StoreError;
use web::Timestamp;

use crate::journey::{Sp, brought, issue};

#[tokio::test]
async fn a_flood_of_garbage_is_answered_and_not_kept() {
    for sp in Sp::on_each().await {
        for n in 0..130 {
            let answer = sp.bring_form("SAMLResponse=x".to_owned(), "").await;
            let expected = if n < 120 { StatusCode::FORBIDDEN } else { StatusCode::TOO_MANY_REQUESTS };
            assert_eq!(answer.status, expected, "{n}");
        }
        let sql = "SELECT count(*) FROM sign_in_attempts";
        let kept = sp.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap();
        let sql = "SELECT count(*) FROM events WHERE action = 'sign_in.refused'";
        let told = sp.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap();
        assert_eq!((kept, told), (120, 120));
        // What the identity provider has signed is still recorded, and still signs people in.
        let begun = sp.begin().await;
        let xml = issue(&IssueResponse { name_id: "bob@corp.example", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("a real refusal in the flood", &answer, "UserNotFound", 0).await;
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn of_attempts_that_anybody_can_make_the_newest_are_kept() {
    for test in TestCenter::on_each().await {
        let instance = test.center.instance_id.clone();
        let kept: Result<_, StoreError> = test
            .center
            .store
            .write(move |tx| {
                for n in 0..5_010_i64 {
                    let (reference, proven) = (format!("R{n:07}"), n < 5);
                    tx.exec(
                        "INSERT INTO sign_in_attempts (instance_id, reference, at, outcome, proven, trace) \
                         VALUES (?1, ?2, ?3, 'Unsigned', ?4, '{}')",
                        &[(&instance).into(), (&reference).into(), n.into(), proven.into()],
                    )?;
                }
                saml_sp::store::prune_attempts(tx, &instance, Timestamp(5_010), 30)?;
                let count = "SELECT count(*) FROM sign_in_attempts WHERE proven = ?1";
                let oldest = tx.int("SELECT min(at) FROM sign_in_attempts WHERE proven = 0", &[])?;
                Ok((tx.int(count, &[true.into()])?, tx.int(count, &[false.into()])?, oldest))
            })
            .await;
        assert_eq!(kept.unwrap(), (5, 5_000, 10));
    }
}

#[tokio::test]
async fn old_requests_attempts_and_assertions_are_cleared_away() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        let instance = sp.test.center.instance_id.clone();
        let later = NOW.plus(Duration::from_secs(31 * 86_400));
        let left: Result<_, StoreError> = sp
            .test
            .center
            .store
            .write(move |tx| {
                saml_sp::store::clear_requests(tx, &instance, later)?;
                saml_sp::store::prune_attempts(tx, &instance, later, 30)?;
                saml_sp::store::remember_assertion(tx, &instance, "_other", later, later)?;
                let requests = tx.int("SELECT count(*) FROM saml_requests", &[])?;
                let attempts = tx.int("SELECT count(*) FROM sign_in_attempts", &[])?;
                let assertions = tx.int("SELECT count(*) FROM saml_assertions_seen", &[])?;
                Ok((requests, attempts, assertions))
            })
            .await;
        assert_eq!(left.unwrap(), (0, 0, 1));
    }
}

#[tokio::test]
async fn an_administrator_finds_a_reference_in_the_console() {
    let sp = Sp::on_each().await.remove(0);
    let begun = sp.begin().await;
    let xml = issue(&IssueResponse { audience: "https://other.example", ..sp.right(Some(&begun)) });
    sp.bring(&brought(xml, &begun)).await;
    let reference = sp.newest().await["reference"].as_str().unwrap().to_owned();
    let mut browser = sp.test.administrator().await;
    let list = browser.get("/console/sign-in-attempts").await;
    assert!(list.body.contains(&reference) && list.body.contains("AudienceMismatch"), "{}", list.body);
    let spoken = format!("{}-{}", &reference[..4].to_lowercase(), &reference[4..]);
    let found = browser.get(&format!("/console/sign-in-attempts?q={spoken}")).await;
    assert_eq!(found.location(), format!("/console/sign-in-attempts/{reference}"));
    let page = browser.get(found.location()).await;
    for part in ["AudienceMismatch", "https://other.example", &sp.entity_id, "Correct the identifier"] {
        assert!(page.body.contains(part), "{part}");
    }
    let missing = browser.get("/console/sign-in-attempts?q=NOSUCH").await;
    assert!(missing.body.contains("There is no attempt with the reference"));
    assert_eq!(browser.get("/console/sign-in-attempts/NOSUCH").await.status, StatusCode::NOT_FOUND);
    let missing = sp.test.api(Method::GET, "/api/sign-in-attempts/NOSUCH", Value::Null).await;
    assert_eq!((missing.status, missing.code().as_str()), (StatusCode::NOT_FOUND, "SignInAttemptNotFound"));
    let stranger = sp.test.send(Method::GET, "/api/sign-in-attempts", &[], String::new()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn anyone_reads_our_metadata() {
    let sp = Sp::on_each().await.remove(0);
    let source = sp.test.api(Method::GET, "/api/identity-source", Value::Null).await.json();
    let url = source["serviceProvider"]["metadataUrl"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:7002").unwrap();
    let answer = sp.test.send(Method::GET, path, &[], String::new()).await;
    let read = saml::metadata::SpMetadata::read(answer.body.as_bytes()).unwrap();
    assert_eq!(read.entity_id, sp.entity_id);
    assert_eq!(read.reply_urls(), [sp.acs_url.as_str()]);
    assert!(read.want_assertions_signed && !read.authn_requests_signed);
    assert_eq!(read.name_id_formats, [FORMAT_EMAIL]);
    let other = sp.test.send(Method::GET, "/platform/saml/metadata/d-0000000000", &[], String::new()).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}
