//! Other people's software on the other side of each protocol.

use std::path::Path;
use std::process::Command;

use entente::client;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::process::Both;

/// What a script prints as its last line.
fn python(script: &str, arguments: &[&str]) -> Value {
    let said = said_by(script, arguments);
    serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {said}"))
}

/// All that a script prints, run by the Python that `cargo xtask test` has made; it has to succeed.
fn said_by(script: &str, arguments: &[&str]) -> String {
    let python = std::env::var("ENTENTE_TEST_PYTHON")
        .expect("ENTENTE_TEST_PYTHON names no Python: run the tests with `cargo xtask test`");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(script);
    let output = Command::new(python).args(["-W", "ignore"]).arg(script).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

async fn add_user(directory: &client::Directory, name: &str, password: &str) {
    let user = json!({
        "userPrincipalName": name, "displayName": "Peer Person", "givenName": "Peer", "surname": "Person",
        "mail": name, "mailNickname": "peer", "accountEnabled": true,
        "passwordProfile": { "password": password, "forceChangePasswordNextSignIn": false },
    });
    directory.http.post("/v1.0/users", &user).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pysaml2_as_a_service_provider_accepts_our_identity_provider() {
    let both = Both::start([None, None]).await;
    let (directory, _) = both.clients().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    add_user(&directory, "peer@example.com", "a password for peers").await;
    let made = directory.create_application("peer").await.unwrap();
    let app = made["servicePrincipal"]["appId"].as_str().unwrap();
    let sp = python("pysaml2_peer.py", &["sp-metadata", folder]);
    directory.sp_metadata(app, sp["xml"].as_str().unwrap().as_bytes().to_vec(), true).await.unwrap();
    directory.assign(app, &[json!({ "userPrincipalName": "peer@example.com" })], false).await.unwrap();
    let metadata = format!("{folder}/idp.xml");
    std::fs::write(&metadata, directory.federation_metadata(app).await.unwrap()).unwrap();

    let said = python(
        "pysaml2_peer.py",
        &["sp-signin", folder, &metadata, "peer@example.com", "a password for peers"],
    );
    assert_eq!(said["action"], "https://peer-sp.example/acs");
    assert_eq!(said["relayState"], "state-7");
    assert_eq!(said["nameId"], "peer@example.com");
    assert_eq!(said["format"], "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
    assert_eq!(said["inResponseTo"], true);
    let attributes = said["attributes"].as_object().unwrap();
    assert!(attributes.values().any(|values| values == &json!(["Peer"])), "{attributes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_service_provider_accepts_pysaml2_as_an_identity_provider() {
    let both = Both::start([None, None]).await;
    let (_, center) = both.clients().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let idp = python("pysaml2_peer.py", &["idp-metadata", folder]);
    center.propose(&json!({ "kind": "external", "metadataXml": idp["xml"] })).await.unwrap();
    center.accept().await.unwrap();
    let user = json!({
        "userName": "peer@example.com", "givenName": "Peer", "familyName": "Person",
        "displayName": "Peer Person", "email": "peer@example.com",
    });
    center.http.post("/api/users", &user).await.unwrap();
    let metadata = format!("{folder}/sp.xml");
    std::fs::write(&metadata, center.sp_metadata().await.unwrap()).unwrap();

    let origin = both.center.origin.as_str();
    let said = python("pysaml2_peer.py", &["idp-signin", folder, &metadata, origin, "peer@example.com"]);
    assert_eq!(said["landed"], format!("{origin}/start"));
    assert_eq!(said["portal"]["userName"], "peer@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn scim2_tester_and_scim2_cli_find_nothing_that_is_not_explained_in_either_mode() {
    let both = Both::start([None, None]).await;
    let (directory, center) = both.clients().await;
    let made = directory.create_application("tester").await.unwrap();
    let metadata =
        directory.federation_metadata(made["servicePrincipal"]["appId"].as_str().unwrap()).await.unwrap();
    center.propose(&json!({ "kind": "external", "metadataXml": metadata })).await.unwrap();
    center.accept().await.unwrap();
    let enabled = center.http.post("/api/scim/enable", &json!({})).await.unwrap();
    let (endpoint, token) =
        (enabled["endpoint"].as_str().unwrap(), enabled["token"]["secret"].as_str().unwrap());
    for mode in ["tolerant", "strict"] {
        let mode = json!({ "mode": mode });
        center.http.call(http::Method::PUT, "/api/scim/mode", client::Body::Json(&mode)).await.unwrap();
        // The script fails for every failure that it does not explain, and where too little was checked.
        println!("{mode}: {}", said_by("scim2_tester_check.py", &[endpoint, token]));
        let said = python("scim2_cli_walk.py", &[endpoint, token]);
        assert!(said["steps"].as_u64() >= Some(20), "{mode}: {said}");
    }
}

/// The password never has to stand on a command line.
#[tokio::test(flavor = "multi_thread")]
async fn the_signin_command_takes_the_password_from_a_file() {
    let both = Both::start([None, None]).await;
    let (_, center) = both.clients().await;
    let user = json!({
        "userName": "here@example.com", "givenName": "Here", "familyName": "Only",
        "displayName": "Here Only", "email": "here@example.com",
    });
    center.http.post("/api/users", &user).await.unwrap();
    let password = json!({ "password": "kept in a file" });
    let path = "/api/users/here%40example.com/password";
    center.http.call(http::Method::PUT, path, client::Body::Json(&password)).await.unwrap();
    let file = both.folder.path().join("password");
    std::fs::write(&file, "kept in a file\n").unwrap();
    let output = crate::process::entente()
        .args([
            "--json",
            "signin",
            "--url",
            &both.center.origin,
            "--user",
            "here@example.com",
            "--password-file",
        ])
        .arg(&file)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(said["userName"], "here@example.com", "{}", String::from_utf8_lossy(&output.stderr));
    let wrong = entente::signin::sign_in(
        &both.center.origin,
        "here@example.com",
        &SecretString::from("something else"),
    )
    .await;
    assert!(wrong.is_err());
}
