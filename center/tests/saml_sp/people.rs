//! What an assertion says of a person beside the name: session tags, users made by signing in, and the page where a
//! sign-in that began at the identity provider goes on. And what replicas know of each other.

use center::testing::{Answer, TestCenter};
use http::{Method, StatusCode};
use saml::response::{Attribute, IssueResponse};
use serde_json::{Value, json};
use store::Engine;

use crate::journey::{ANA, Brought, Sp, brought, cut, issue, portal_cookie};
use crate::test_idp::Key;

const BOB: &str = "bob@corp.example";

fn said(name: &str, values: &[&str]) -> Attribute {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Attribute { name: name.to_owned(), name_format: None, values }
}

fn tag(key: &str, values: &[&str]) -> Attribute {
    said(&format!("https://aws.amazon.com/SAML/Attributes/AccessControl:{key}"), values)
}

async fn arrives(sp: &Sp, id: &str, name_id: &str, attributes: &[Attribute]) -> Answer {
    let begun = sp.begin().await;
    let response = IssueResponse { assertion_id: id, name_id, attributes, ..sp.right(Some(&begun)) };
    sp.bring(&brought(issue(&response), &begun)).await
}

async fn session_tags(sp: &Sp, signed_in: &Answer) -> Value {
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", sp.newest().await);
    let headers = [("cookie", portal_cookie(signed_in))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = sp.test.send(Method::GET, "/start/accounts", &headers, String::new()).await;
    answer.json()["sessionTags"].clone()
}

#[tokio::test]
async fn a_session_carries_tags_of_the_identity_store_and_of_the_assertion() {
    let path = "/api/access-control-attributes";
    for sp in Sp::on_each().await {
        let attributes = [
            tag("Team", &["red"]),
            tag("Name", &["Mallory"]),
            tag("Two", &["a", "b"]),
            said("other", &["x"]),
        ];
        let answer = arrives(&sp, "_1", ANA, &attributes).await;
        assert_eq!(session_tags(&sp, &answer).await, json!({}), "they are not enabled");
        let config = json!({ "attributes": [
            { "key": "Name", "source": "${path:displayName}" }, { "key": "Title", "source": "${path:title}" } ] });
        let saved = sp.test.api(Method::PUT, path, config).await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
        let answer = arrives(&sp, "_2", ANA, &attributes).await;
        let tags = session_tags(&sp, &answer).await;
        assert_eq!(tags, json!({ "Name": format!("Ana {ANA}"), "Team": "red" }));
        let attempt = sp.newest().await;
        let checks = attempt["checks"].as_array().unwrap();
        let left_out: Vec<_> = checks.iter().filter(|c| c["name"] == "Session tag left out").collect();
        assert_eq!(left_out.len(), 3, "Title has no value, Two has two, Name is the store's: {left_out:?}");
        for (bad, code) in [
            (json!({ "attributes": [{ "key": "aws:x", "source": "${path:title}" }] }), "InvalidValue"),
            (json!({ "attributes": [{ "key": "x", "source": "${path:password}" }] }), "InvalidValue"),
        ] {
            assert_eq!(sp.test.api(Method::PUT, path, bad).await.code(), code);
        }
        assert_eq!(sp.test.api(Method::DELETE, path, Value::Null).await.status, StatusCode::NO_CONTENT);
        let shown = sp.test.api(Method::GET, path, Value::Null).await.json();
        assert_eq!(shown["enabled"], false);
    }
}

#[tokio::test]
async fn tags_are_on_the_pages() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let mut browser = sp.test.administrator().await;
    let here = "/console/settings/access-control-attributes";
    assert!(browser.get(here).await.body.contains("aws:PrincipalTag"));
    let fields = [("enabled", "on"), ("key", "Name"), ("source", "${path:displayName}"), ("key", "")];
    assert_eq!(browser.post(here, &fields).await.location(), here);
    assert!(browser.get(here).await.body.contains("value=\"Name\""));
    let wrong = browser.post(here, &[("enabled", "on"), ("key", "a"), ("source", "b")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let answer = arrives(&sp, "_1", ANA, &[]).await;
    let cookie = portal_cookie(&answer);
    let page = sp.test.send(Method::GET, "/start", &[("cookie", &cookie)], String::new()).await;
    assert!(page.body.contains("Attributes of this session") && page.body.contains("aws:PrincipalTag/"));
}

#[tokio::test]
async fn somebody_unknown_becomes_a_user_where_that_is_chosen() {
    for sp in Sp::on_each().await {
        let claims = [
            said("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", &["Bob"]),
            said("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", &["Ray"]),
            said("http://schemas.microsoft.com/identity/claims/displayname", &["Bob Ray"]),
        ];
        let answer = arrives(&sp, "_1", BOB, &claims).await;
        sp.refused("off", &answer, "UserNotFound", 0).await;
        sp.test.api(Method::PUT, "/api/saml-settings", json!({ "justInTime": true })).await;
        let answer = arrives(&sp, "_2", BOB, &claims).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", sp.newest().await);
        let user = sp.test.api(Method::GET, &format!("/api/users/{BOB}"), Value::Null).await;
        let shown = user.json();
        assert_eq!(shown["displayName"], "Bob Ray", "{}", user.body);
        assert_eq!(sp.newest_event("user.created").await["after"]["owner"], "jit");
        let access = sp.test.api(Method::GET, &format!("/api/users/{BOB}/access"), Value::Null).await;
        assert!(!access.body.contains("accountId"), "{}", access.body);
        // The same person again is the same user, and claims that changed change nothing.
        let changed = [said("http://schemas.microsoft.com/identity/claims/displayname", &["Robert"])];
        assert_eq!(arrives(&sp, "_3", BOB, &changed).await.status, StatusCode::SEE_OTHER);
        let again = sp.test.api(Method::GET, &format!("/api/users/{BOB}"), Value::Null).await.json();
        assert_eq!((&again["id"], &again["displayName"]), (&shown["id"], &shown["displayName"]));
        // Nobody who is there is taken over: not by letter case, not by the address.
        let answer = arrives(&sp, "_4", "BOB@corp.example", &claims).await;
        sp.refused("case", &answer, "UserNotFound", 2).await;
        let theirs = [said("email", &[&format!("{ANA}@mail.example")])];
        let answer = arrives(&sp, "_5", "eve@corp.example", &theirs).await;
        sp.refused("the address of another", &answer, "JustInTimeRefused", 2).await;
        let answer = arrives(&sp, "_6", "administrator@", &claims).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        sp.test.api(Method::POST, "/api/scim/enable", json!({})).await;
        let answer = arrives(&sp, "_7", "carl@corp.example", &claims).await;
        let attempt = sp.refused("provisioned", &answer, "JustInTimeRefused", 2).await;
        assert!(attempt["checks"].to_string().contains("automatic provisioning"), "{attempt}");
    }
}

#[tokio::test]
async fn whoever_was_deleted_does_not_become_a_second_user() {
    for sp in Sp::on_each().await {
        sp.test.api(Method::PUT, "/api/saml-settings", json!({ "justInTime": true })).await;
        assert_eq!(arrives(&sp, "_1", BOB, &[]).await.status, StatusCode::SEE_OTHER);
        let path = format!("/api/users/{BOB}");
        let id = sp.test.api(Method::GET, &path, Value::Null).await.json()["id"].clone();
        let gone = sp.test.api(Method::DELETE, &path, Value::Null).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
        // In whatever case: the two could not both be there after a restoration.
        for (n, name_id) in [(2, BOB), (3, "BOB@corp.example")] {
            let answer = arrives(&sp, &format!("_{n}"), name_id, &[]).await;
            assert!(!answer.body.contains("recycle"), "strangers hear a reference alone");
            let attempt = sp.refused(name_id, &answer, "UserDeleted", 0).await;
            let said = attempt.to_string();
            assert!(
                said.contains("deleted ") && said.contains(&format!("restore {}", id.as_str().unwrap())),
                "{said}"
            );
        }
        let restore = format!("/api/recycle-bin/{}/restore", id.as_str().unwrap());
        assert_eq!(sp.test.api(Method::POST, &restore, Value::Null).await.status, StatusCode::OK);
        assert_eq!(arrives(&sp, "_4", BOB, &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(sp.test.api(Method::GET, &path, Value::Null).await.json()["id"], id);
        // Removed for good, the name is free.
        sp.test.api(Method::DELETE, &path, Value::Null).await;
        let removed = format!("/api/recycle-bin/{}", id.as_str().unwrap());
        assert!(sp.test.api(Method::DELETE, &removed, Value::Null).await.status.is_success());
        assert_eq!(arrives(&sp, "_5", BOB, &[]).await.status, StatusCode::SEE_OTHER);
        assert_ne!(sp.test.api(Method::GET, &path, Value::Null).await.json()["id"], id);
    }
}

#[tokio::test]
async fn relay_state_of_the_identity_provider_leads_to_the_portal_alone() {
    let sp = Sp::over(TestCenter::on(Engine::Sqlite).await, Key::current().metadata(&[])).await;
    let accounts = "account_id,name,email,ou_path\n111122223333,Main,main@aws.example,\n444455556666,Shop,shop@aws.example,\n";
    let imported = json!({ "accounts": accounts });
    let answer = sp.test.api(Method::POST, "/api/organization/import", imported).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let set = json!({ "name": "ReadOnly", "description": "d" });
    let answer = sp.test.api(Method::POST, "/api/permission-sets", set).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let assignment = json!({ "accountId": "444455556666", "permissionSet": "ReadOnly",
        "principalType": "USER", "principal": ANA });
    let answer = sp.test.api(Method::POST, "/api/assignments", assignment).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let link = |account: &str, role: &str| format!("/start/#/console?account_id={account}&role_name={role}");
    let (own, foreign) = (link("444455556666", "ReadOnly"), link("111122223333", "ReadOnly"));
    let role = link("444455556666", "Admin");
    for (n, (relay_state, to, note)) in [
        (own.as_str(), own.as_str(), "/start/#/console"),
        ("/start?q=shop", "/start?q=shop", "/start?q=shop"),
        (&foreign, "/start", "has no access to"),
        (&role, "/start", "has no access to"),
        ("/console/users", "/start", "leads to no page of the portal"),
        ("https://evil.example/start", "/start", "leads to another site"),
        ("//evil.example/start", "/start", "is no address"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("_{n}");
        let xml = issue(&IssueResponse { assertion_id: &id, ..sp.right(None) });
        let answer =
            sp.bring(&Brought { xml, relay_state: relay_state.to_owned(), cookie: String::new() }).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, to), "{relay_state}");
        let attempt = sp.newest().await;
        let checks = attempt["checks"].as_array().unwrap();
        let check = checks.iter().rfind(|check| check["name"] == "RelayState").unwrap();
        assert!(check["found"].as_str().unwrap().contains(note), "{relay_state}: {check}");
    }
}

#[tokio::test]
async fn an_assertion_counts_once_for_all_processes_and_after_a_restart() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let unasked = issue(&IssueResponse { assertion_id: "_u", ..sp.right(None) });
        let asked = issue(&IssueResponse { assertion_id: "_a", ..sp.right(Some(&begun)) });
        let unasked = Brought { xml: unasked, relay_state: String::new(), cookie: String::new() };
        let asked = brought(asked, &begun);
        let replica = Sp {
            test: sp.test.replica(),
            entity_id: sp.entity_id.clone(),
            acs_url: sp.acs_url.clone(),
            acs_path: sp.acs_path.clone(),
        };
        assert_eq!(sp.bring(&unasked).await.status, StatusCode::SEE_OTHER);
        // The request was made by one process, its answer comes to the other.
        assert_eq!(replica.bring(&asked).await.status, StatusCode::SEE_OTHER);
        for (case, process, brought) in
            [("unasked", &replica, &unasked), ("asked", &sp, &asked), ("asked", &replica, &asked)]
        {
            let answer = process.bring(brought).await;
            process.refused(case, &answer, "Replayed", 2).await;
        }
    }
}

#[tokio::test]
async fn what_is_kept_of_a_message_cannot_be_sent_again() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let xml = issue(&IssueResponse { audience: "https://other.example", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(xml.clone(), &begun)).await;
        let attempt = sp.refused("for somebody else", &answer, "AudienceMismatch", 0).await;
        let kept = attempt["response"].as_str().unwrap();
        let value = cut(&xml, "<SignatureValue>", "</SignatureValue>");
        assert!(kept.contains("https://other.example") && !kept.contains(value), "{kept}");
        assert!(kept.contains("<SignatureValue>[removed]</SignatureValue>"), "{kept}");
        let request = attempt["request"].as_str().unwrap();
        assert!(request.contains(&begun.id) && request.contains("AuthnRequest"), "{request}");
        let reference = attempt["reference"].as_str().unwrap();
        let mut browser = sp.test.administrator().await;
        let page = browser.get(&format!("/console/sign-in-attempts/{reference}")).await.body;
        assert!(page.contains("The response as it came") && page.contains("The request as it was sent"));
        // The list narrows.
        let begun = sp.begin().await;
        sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        for (query, count) in [
            ("outcome=accepted", 1),
            ("outcome=refused", 1),
            ("outcome=AudienceMismatch", 1),
            ("outcome=Expired", 0),
            ("userName=ana.ng@corp.example", 1),
            ("userName=bob", 0),
        ] {
            let path = format!("/api/sign-in-attempts?{query}");
            let list = sp.test.api(Method::GET, &path, Value::Null).await.json();
            assert_eq!(list["value"].as_array().unwrap().len(), count, "{query}: {list}");
        }
        let page = browser.get("/console/sign-in-attempts?outcome=refused").await.body;
        assert!(page.contains(reference), "{page}");
    }
}
