//! Other people's SAML software as servers of their own: each is configured from our metadata, ours from theirs,
//! and a browser goes the whole way between them.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entente::client;
use entente::signin::{Browser, HtmlForm, Page};
use http::StatusCode;
use serde_json::{Value, json};

use crate::peer_servers::{Peer, mellon, node, python, simplesamlphp};
use crate::process::Both;

const PERSON: &str = "peer@example.com";
const PASSWORD: &str = "a password for peers";
const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

fn answer(page: &Page) -> Value {
    let body = String::from_utf8_lossy(&page.body);
    assert_eq!(page.status, StatusCode::OK, "{}: {body}", page.url);
    serde_json::from_slice(&page.body).unwrap_or_else(|e| panic!("{}: {e}: {body}", page.url))
}

/// Goes on from `url` over every form as `person` until a page has none; `change` sees each SAML message.
async fn walk(browser: &mut Browser, url: &str, person: &str, change: impl Fn(HtmlForm) -> HtmlForm) -> Page {
    let mut page = browser.get(url).await.unwrap();
    for _ in 0..6 {
        let form = match (page.sign_in_form(), page.auto_form()) {
            (Some(form), _) => {
                let field = if form.has("user_name") { "user_name" } else { "username" };
                form.with(field, person).with("password", PASSWORD)
            }
            (None, Some(form)) => change(form),
            (None, None) => return page,
        };
        page = browser.submit(&page.url, &form).await.unwrap();
    }
    panic!("{} still shows a form: {}", page.url, page.text());
}

/// The same message about somebody else.
fn forged(form: HtmlForm) -> HtmlForm {
    let Some((_, message)) = form.fields.iter().find(|(name, _)| name == "SAMLResponse") else { return form };
    let xml = String::from_utf8(STANDARD.decode(message).unwrap()).unwrap();
    assert!(xml.contains(PERSON), "{xml}");
    let message = STANDARD.encode(xml.replace(PERSON, "eve@example.com"));
    form.with("SAMLResponse", &message)
}

/// An application of the directory with this peer behind it, and somebody who is assigned to it.
async fn service_provider(both: &Both, start: impl FnOnce(&Path) -> Peer) -> Peer {
    let (directory, _) = both.clients().await;
    let user = json!({
        "userPrincipalName": PERSON, "displayName": "Peer Person", "givenName": "Peer", "surname": "Person",
        "mail": PERSON, "mailNickname": "peer", "accountEnabled": true,
        "passwordProfile": { "password": PASSWORD, "forceChangePasswordNextSignIn": false },
    });
    directory.http.post("/v1.0/users", &user).await.unwrap();
    let made = directory.create_application("peer").await.unwrap();
    let app = made["servicePrincipal"]["appId"].as_str().unwrap();
    let file = both.folder.path().join("idp.xml");
    std::fs::write(&file, directory.federation_metadata(app).await.unwrap()).unwrap();
    let peer = start(&file);
    let metadata = client::Http::new(&peer.url).unwrap().text(&peer.metadata).await.unwrap();
    directory.sp_metadata(app, metadata.into_bytes(), true).await.unwrap();
    directory.assign(app, &[json!({ "userPrincipalName": PERSON })], false).await.unwrap();
    peer
}

/// The peer says who signed in, and refuses the same answer about somebody else.
async fn accepts_and_refuses(peer: &Peer) -> Value {
    let login = format!("{}{}", peer.url, peer.start);
    let said = answer(&walk(&mut Browser::new().unwrap(), &login, PERSON, |form| form).await);
    let page = walk(&mut Browser::new().unwrap(), &login, PERSON, forged).await;
    assert!(page.status.is_client_error() || page.status.is_server_error(), "{}: {}", page.url, page.text());
    let body = String::from_utf8_lossy(&page.body);
    assert!(!body.contains(PERSON) && !body.contains("eve@"), "{body}");
    said
}

fn by_email() -> Value {
    json!({ "nameId": PERSON, "format": EMAIL, "givenName": "Peer", "relayState": "state-7" })
}

#[tokio::test(flavor = "multi_thread")]
async fn python3_saml_accepts_our_identity_provider() {
    let both = Both::start([None, None]).await;
    let peer = service_provider(&both, |idp| python("python3_saml_peer.py", idp)).await;
    assert_eq!(accepts_and_refuses(&peer).await, by_email());

    // The answer goes to a registered URL alone, whatever the request says.
    let elsewhere = format!("{}/login?elsewhere", peer.url);
    let page = walk(&mut Browser::new().unwrap(), &elsewhere, PERSON, |form| form).await;
    assert!(page.url.as_str().starts_with(&both.directory.origin), "{}", page.url);
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn node_saml_accepts_our_identity_provider() {
    let both = Both::start([None, None]).await;
    let peer = service_provider(&both, |idp| node("node_saml_peer.cjs", idp)).await;
    assert_eq!(accepts_and_refuses(&peer).await, by_email());
}

#[tokio::test(flavor = "multi_thread")]
async fn mod_auth_mellon_accepts_our_identity_provider() {
    let both = Both::start([None, None]).await;
    let folder: PathBuf = both.folder.path().join("mellon");
    let peer = service_provider(&both, |idp| mellon(&folder, idp)).await;
    let said = accepts_and_refuses(&peer).await;
    assert_eq!((&said["user"], &said["givenName"]), (&json!(PERSON), &json!("Peer")), "{said}");
    // It asks for a transient name, and so gets another one each time.
    assert!(said["nameId"].as_str().unwrap().starts_with('_'), "{said}");
    let again = accepts_and_refuses(&peer).await;
    assert_ne!(said["nameId"], again["nameId"]);
}

/// A person of the center signs in at the peer; somebody whom the center does not know is refused, and the
/// administrator finds out why.
async fn identity_provider(start: impl FnOnce(&Path, &Path) -> Peer) {
    let both = Both::start([None, None]).await;
    let (_, center) = both.clients().await;
    let file = both.folder.path().join("sp.xml");
    std::fs::write(&file, center.sp_metadata().await.unwrap()).unwrap();
    let peer = start(&both.folder.path().join("peer"), &file);
    let metadata = client::Http::new(&peer.url).unwrap().text(&peer.metadata).await.unwrap();
    center.propose(&json!({ "kind": "external", "metadataXml": metadata })).await.unwrap();
    center.accept().await.unwrap();
    let user = json!({
        "userName": PERSON, "givenName": "Peer", "familyName": "Person", "displayName": "Peer Person",
        "email": PERSON,
    });
    center.http.post("/api/users", &user).await.unwrap();

    let portal = format!("{}/start", both.center.origin);
    let mut browser = Browser::new().unwrap();
    let page = walk(&mut browser, &portal, PERSON, |form| form).await;
    assert_eq!((page.url.as_str(), page.status), (portal.as_str(), StatusCode::OK), "{}", page.text());
    let accounts = answer(&browser.get(&format!("{portal}/accounts")).await.unwrap());
    assert_eq!(accounts["userName"], PERSON);

    let page = walk(&mut Browser::new().unwrap(), &portal, "stranger@example.com", |form| form).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text());
    let page = walk(&mut Browser::new().unwrap(), &portal, PERSON, forged).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text());

    let attempts = center.http.get("/api/sign-in-attempts").await.unwrap();
    let outcome = |n: usize| attempts["value"][n]["outcome"].as_str().unwrap().to_owned();
    assert_eq!([outcome(0), outcome(1), outcome(2)], ["DigestMismatch", "UserNotFound", "accepted"]);
    let unknown = attempts["value"][1]["reference"].as_str().unwrap();
    let unknown = center.http.get(&format!("/api/sign-in-attempts/{unknown}")).await.unwrap();
    assert!(unknown["fix"].as_str().unwrap().contains("stranger@example.com"), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_service_provider_accepts_simplesamlphp() {
    identity_provider(|folder, sp| simplesamlphp(folder, sp, &[PERSON, "stranger@example.com"], PASSWORD))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_service_provider_accepts_samlp() {
    identity_provider(|_, sp| {
        let mut peer = node("samlp_peer.cjs", sp);
        "/FederationMetadata/2007-06/FederationMetadata.xml".clone_into(&mut peer.metadata);
        peer
    })
    .await;
}
