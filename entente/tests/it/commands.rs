//! Commands against servers that run: what they print and refuse, and what then counts.

use serde_json::{Value, json};

use crate::process::Both;

fn roles(both: &Both) -> Vec<(String, Value, Value, Value)> {
    let listed = both.run(&["directory", "app", "roles", "list", "Ledger"]);
    let of = |role: &Value| {
        let name = role["displayName"].as_str().unwrap().to_owned();
        (name, role["value"].clone(), role["isEnabled"].clone(), role["assigned"].clone())
    };
    listed.as_array().unwrap().iter().map(of).collect()
}

fn role(name: &str, value: Value, enabled: bool, assigned: i64) -> (String, Value, Value, Value) {
    (name.to_owned(), value, json!(enabled), json!(assigned))
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_made_given_disabled_and_deleted() {
    let both = Both::start([None, None]).await;
    let app = |arguments: &[&str]| both.run(&[&["directory", "app"], arguments].concat());
    let refused = |arguments: &[&str], code: &str| {
        let (done, _, error) = both.attempt(&[&["directory", "app"], arguments].concat());
        assert!(!done && error.contains(code), "{arguments:?}: {error}");
        error
    };
    app(&["create", "Ledger"]);
    let fixed = [role("User", Value::Null, true, 0), role("msiam_access", Value::Null, true, 0)];
    assert_eq!(roles(&both), fixed);
    let logs = ["provisioning", "logs", "Ledger", "--status", "failure", "--action", "create", "--who"];
    assert_eq!(app(&[&logs[..], &["Tom and Jo's"]].concat()), json!([]), "a filter that is understood");
    app(&["roles", "add", "Ledger", "Auditor", "--value", "audit/read", "--description", "Reads"]);
    refused(&["roles", "add", "Ledger", "Another", "--value", "audit/read"], "appRoles.value");

    let admin = "admin@example.com";
    app(&["assign", "Ledger", "--user", admin]);
    let given = app(&["assign", "Ledger", "--user", admin, "--role", "audit/read"]);
    assert_eq!(given["assigned"], 1, "a second role for the same person");
    let shown = app(&["roles", "show", "Ledger", "audit/read"]);
    assert_eq!((&shown["assigned"], &shown["people"]), (&json!(1), &json!(1)));
    assert_eq!(shown["assignedTo"][0]["userPrincipalName"], admin);
    let error = refused(&["roles", "remove", "Ledger", "Auditor"], "AppRoleInUse");
    assert!(error.contains("Disable the role first"), "{error}");

    let tried = app(&["roles", "set", "Ledger", "Auditor", "--disable", "--dry-run"]);
    assert_eq!(
        tried["becomes"],
        json!({ "displayName": "Auditor", "value": "audit/read", "description": "Reads", "isEnabled": false })
    );
    assert_eq!(roles(&both)[2], role("Auditor", json!("audit/read"), true, 1), "that changed nothing");
    let set = app(&["roles", "set", "Ledger", "Auditor", "--disable", "--display-name", "Old"]);
    assert_eq!((&set["isEnabled"], &set["description"]), (&json!(false), &json!("Reads")));
    assert_eq!(roles(&both)[2], role("Old", json!("audit/read"), false, 1));
    refused(&["assign", "Ledger", "--user", admin, "--role", "Old"], "AppRoleDisabled");
    app(&["roles", "set", "Ledger", "audit/read", "--enable", "--value", ""]);
    assert_eq!(roles(&both)[2], role("Old", Value::Null, true, 1));
    refused(&["roles", "set", "Ledger", "User", "--disable"], "not edited");

    let taken = app(&["unassign", "Ledger", "--user", admin, "--role", "User"]);
    assert_eq!(taken["removed"], 1);
    assert_eq!(roles(&both)[0], role("User", Value::Null, true, 0), "that one alone");
    app(&["roles", "set", "Ledger", "Old", "--disable"]);
    let tried = app(&["roles", "remove", "Ledger", "Old", "--dry-run"]);
    assert_eq!((&tried["assigned"], roles(&both).len()), (&json!(1), 3));
    let gone = app(&["roles", "remove", "Ledger", "Old"]);
    assert_eq!(gone, json!({ "removed": "Old", "assignmentsRemoved": 1 }));
    assert_eq!(roles(&both), fixed);
}

/// The certificate in metadata, as PEM.
fn certificate(metadata: &str) -> String {
    let (_, rest) = metadata.split_once("X509Certificate>").unwrap();
    let base64 = rest.split_once('<').unwrap().0;
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_have_signed_the_metadata_is_named_and_forgotten() {
    let both = Both::start([None, None]).await;
    let (directory, center) = both.clients().await;
    let mut made = Vec::new();
    for name in ["one", "other"] {
        let app = directory.create_application(name).await.unwrap();
        let app_id = app["servicePrincipal"]["appId"].as_str().unwrap().to_owned();
        let metadata = directory.federation_metadata(&app_id).await.unwrap();
        let file = both.folder.path().join(format!("{name}.pem"));
        std::fs::write(&file, certificate(&metadata)).unwrap();
        made.push((metadata, file.to_str().unwrap().to_owned()));
    }
    let settings = |arguments: &[&str]| both.run(&[&["center", "saml-settings"], arguments].concat());
    let signers = |settings: &Value| settings["metadataSigners"].as_array().unwrap().len();
    let refused = async |n: usize| {
        let proposal = json!({ "kind": "external", "metadataXml": made[n].0 });
        center.propose(&proposal).await.err().map(|failure| failure.code.to_string())
    };
    let (one, other) = (made[0].1.as_str(), made[1].1.as_str());
    assert_eq!(signers(&settings(&["--clock-skew", "17"])), 0);
    assert_eq!((refused(0).await, refused(1).await), (None, None), "nobody is named");

    assert_eq!(signers(&settings(&["--metadata-signer", one])), 1);
    assert_eq!(refused(0).await, None);
    assert_eq!(refused(1).await.as_deref(), Some("SignatureMismatch"));
    assert_eq!(signers(&settings(&["--metadata-signer", other, "--metadata-signer", one])), 2);
    assert_eq!((refused(0).await, refused(1).await), (None, None), "either of them");
    assert_eq!(signers(&settings(&["--metadata-signer", other])), 1, "in place of those before");
    let shown = settings(&["--sign-requests", "true"]);
    assert_eq!((signers(&shown), &shown["clockSkewSeconds"]), (1, &json!(17)), "what is not named stays");
    assert_eq!(refused(0).await.as_deref(), Some("SignatureMismatch"));

    let broken = both.folder.path().join("broken.pem");
    std::fs::write(&broken, "no certificate").unwrap();
    let command = |last: &[&str]| both.attempt(&[&["center", "saml-settings"], last].concat());
    let (done, _, error) = command(&["--metadata-signer", broken.to_str().unwrap()]);
    assert!(!done && error.contains("NotACertificate"), "{error}");
    let (done, _, error) = command(&["--no-metadata-signers", "--metadata-signer", one]);
    assert!(!done && error.contains("cannot be used with"), "{error}");
    assert_eq!(signers(&settings(&[])), 1, "neither changed anything");

    assert_eq!(signers(&settings(&["--no-metadata-signers"])), 0);
    assert_eq!((refused(0).await, refused(1).await), (None, None));
}
