//! The Graph API through the router, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use directory::testing::{Program, TestDirectory, engines};
use http::{StatusCode, header};
use serde_json::{Value, json};
use store::Engine;

fn new_user(name: &str) -> Value {
    json!({
        "accountEnabled": true,
        "displayName": name,
        "mailNickname": name,
        "userPrincipalName": format!("{name}@contoso.example"),
        "mail": format!("{name}@mail.example"),
        "passwordProfile": { "password": "correct horse battery", "forceChangePasswordNextSignIn": false },
    })
}

async fn create(program: &Program, path: &str, body: &Value) -> Value {
    let answer = program.post(path, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

async fn create_user(program: &Program, name: &str) -> String {
    create(program, "/v1.0/users", &new_user(name)).await["id"].as_str().unwrap().to_owned()
}

async fn create_group(program: &Program, name: &str) -> String {
    let body =
        json!({ "displayName": name, "mailEnabled": false, "mailNickname": name, "securityEnabled": true });
    create(program, "/v1.0/groups", &body).await["id"].as_str().unwrap().to_owned()
}

fn reference(id: &str) -> Value {
    json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}") })
}

#[tokio::test]
async fn a_user_lives_through_graph() {
    for test in engines().await {
        let program = test.program().await;
        let answer = program.post("/v1.0/users", &new_user("ana")).await;
        let ana = answer.json();
        let id = ana["id"].as_str().unwrap().to_owned();
        assert_eq!(answer.headers[header::LOCATION], format!("http://127.0.0.1:7001/v1.0/users/{id}"));
        assert!(answer.headers.contains_key("request-id"));
        assert_eq!((&ana["businessPhones"], &ana["jobTitle"]), (&json!([]), &Value::Null));
        assert!(test.browser("ana").await.get("/").await.location() == "/my-apps", "the password works");

        let patch = json!({ "jobTitle": "Engineer", "accountEnabled": false, "mail": null });
        assert_eq!(
            program.patch("/v1.0/users/ANA@contoso.example", &patch).await.status,
            StatusCode::NO_CONTENT
        );
        let path = format!("/v1.0/users/{id}?$select=jobTitle,accountEnabled,mail");
        let ana = program.get(&path).await.json();
        assert_eq!(
            (&ana["jobTitle"], &ana["accountEnabled"], &ana["mail"]),
            (&json!("Engineer"), &json!(false), &Value::Null)
        );
        assert_eq!(ana.as_object().unwrap().len(), 4, "with the context");

        assert_eq!(program.delete(&format!("/v1.0/users/{id}")).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get(&format!("/v1.0/users/{id}")).await.status, StatusCode::NOT_FOUND);
        let deleted = program.get("/v1.0/directory/deletedItems/microsoft.graph.user").await.json();
        assert_eq!(deleted["value"][0]["id"], id.as_str());
        let restored =
            program.post(&format!("/v1.0/directory/deletedItems/{id}/restore"), &Value::Null).await;
        assert_eq!(restored.status, StatusCode::OK, "{}", restored.text);
        program.delete(&format!("/v1.0/users/{id}")).await;
        let purge = format!("/v1.0/directory/deletedItems/{id}");
        assert_eq!(program.delete(&purge).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.delete(&purge).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn lists_are_filtered_and_paged_to_the_end() {
    for test in engines().await {
        let program = test.program().await;
        for name in ["ana", "anton", "ben"] {
            create_user(&program, name).await;
        }
        for (filter, names) in [
            ("displayName eq 'ANA'", vec!["ana"]),
            ("startswith(displayName,'an')", vec!["ana", "anton"]),
            ("userPrincipalName eq 'ben@contoso.example' or mail eq 'ana@mail.example'", vec!["ana", "ben"]),
            ("accountEnabled eq false", vec![]),
            ("displayName eq 'O''Neil'", vec![]),
        ] {
            let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
            let answer = program.get(&format!("/v1.0/users?$filter={query}")).await.json();
            let found: Vec<&str> = answer["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|u| u["displayName"].as_str().unwrap())
                .collect();
            assert_eq!(found, names, "{filter}");
        }
        let (mut path, mut seen) = ("/v1.0/users?$top=2&$select=id".to_owned(), 0);
        loop {
            let page = program.get(&path).await.json();
            seen += page["value"].as_array().unwrap().len();
            match page["@odata.nextLink"].as_str() {
                Some(link) => path = link.strip_prefix("http://127.0.0.1:7001").unwrap().to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, 4, "with the administrator");
        let found = program.get("/v1.0/users?$search=%22displayName:nton%22").await.json();
        assert_eq!(found["value"][0]["displayName"], "anton");
    }
}

#[tokio::test]
async fn refusals_have_graphs_shape_and_say_no_secret() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let program = test.program().await;
    create_user(&program, "ana").await;
    let without = |name: &str| {
        let mut body = new_user("ben");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = new_user("ben");
        body[name] = value;
        body
    };
    for (body, word) in [
        (without("passwordProfile"), "passwordProfile"),
        (without("mailNickname"), "mailNickname"),
        (without("accountEnabled"), "accountEnabled"),
        (with("userPrincipalName", json!("ben")), "userPrincipalName"),
        (with("userPrincipalName", json!("ana@contoso.example")), "ana@contoso.example"),
        (with("salary", json!(1)), "salary"),
        (with("jobTitle", json!(1)), "jobTitle"),
        (with("passwordProfile", json!({ "password": "hunter2" })), "at least 8 characters"),
        (json!([]), "body"),
    ] {
        let answer = program.post("/v1.0/users", &body).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status, &error["code"]),
            (StatusCode::BAD_REQUEST, &json!("Request_BadRequest")),
            "{body}"
        );
        assert!(error["message"].as_str().unwrap().contains(word), "{word}: {error}");
        assert!(!answer.text.contains("hunter2"));
        assert_eq!(error["innerError"]["request-id"], answer.headers["request-id"].to_str().unwrap());
    }
    for (path, code) in [
        ("/v1.0/users/nobody", "Request_ResourceNotFound"),
        ("/v1.0/users?$expand=manager", "Request_UnsupportedQuery"),
        ("/v1.0/users?$filter=salary%20eq%20'1'", "Request_UnsupportedQuery"),
        ("/v1.0/users?$select=salary", "Request_UnsupportedQuery"),
        ("/v1.0/users?$top=0", "Request_BadRequest"),
    ] {
        assert_eq!(program.get(path).await.json()["error"]["code"], code, "{path}");
    }
}

#[tokio::test]
async fn managers_are_set_read_and_removed() {
    for test in engines().await {
        let program = test.program().await;
        let (ana, ben) = (create_user(&program, "ana").await, create_user(&program, "ben").await);
        let path = format!("/v1.0/users/{ana}/manager/$ref");
        assert_eq!(program.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.put(&path, &reference(&ben)).await.status, StatusCode::NO_CONTENT);
        let manager = program.get(&format!("/v1.0/users/{ana}/manager")).await.json();
        assert_eq!(manager["id"], ben.as_str());
        assert!(program.get(&path).await.json()["@odata.id"].as_str().unwrap().contains(&ben));
        assert_eq!(program.put(&path, &reference(&ana)).await.status, StatusCode::BAD_REQUEST, "oneself");
        assert_eq!(program.put(&path, &reference("nobody")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.put(&path, &json!({})).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(program.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get(&path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn groups_and_their_members_live_through_graph() {
    for test in engines().await {
        let program = test.program().await;
        let (ana, ben) = (create_user(&program, "ana").await, create_user(&program, "ben").await);
        let (inner, outer) = (create_group(&program, "Inner").await, create_group(&program, "Outer").await);
        let members = format!("/v1.0/groups/{outer}/members/$ref");
        assert_eq!(program.post(&members, &reference(&inner)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.post(&members, &reference(&ana)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.post(&members, &reference(&ana)).await.status, StatusCode::BAD_REQUEST, "twice");
        assert_eq!(program.post(&members, &reference("nobody")).await.status, StatusCode::NOT_FOUND);
        let bind = json!({ "members@odata.bind": [reference(&ben)["@odata.id"]] });
        assert_eq!(
            program.patch(&format!("/v1.0/groups/{inner}"), &bind).await.status,
            StatusCode::NO_CONTENT
        );

        let direct = program.get(&format!("/v1.0/groups/{outer}/members")).await.json();
        let kinds: Vec<&str> =
            direct["value"].as_array().unwrap().iter().map(|m| m["@odata.type"].as_str().unwrap()).collect();
        assert_eq!(kinds.len(), 2);
        assert!(kinds.contains(&"#microsoft.graph.user") && kinds.contains(&"#microsoft.graph.group"));
        let all = program.get(&format!("/v1.0/groups/{outer}/transitiveMembers")).await.json();
        assert_eq!(all["value"].as_array().unwrap().len(), 3);
        let mut link = format!("/v1.0/groups/{outer}/transitiveMembers?$top=1");
        let mut pages = 0;
        loop {
            let page = program.get(&link).await.json();
            pages += page["value"].as_array().unwrap().len();
            match page["@odata.nextLink"].as_str() {
                Some(next) => link = next.strip_prefix("http://127.0.0.1:7001").unwrap().to_owned(),
                None => break,
            }
        }
        assert_eq!(pages, 3);
        let of = program.get(&format!("/v1.0/users/{ben}/memberOf")).await.json();
        assert_eq!(of["value"][0]["displayName"], "Inner");
        let ids = program.post(&format!("/v1.0/users/{ben}/getMemberObjects"), &json!({})).await.json();
        assert_eq!(ids["value"], json!([inner, outer]));

        let one = format!("/v1.0/groups/{outer}/members/{ana}/$ref");
        assert_eq!(program.delete(&one).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.delete(&one).await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.delete(&format!("/v1.0/groups/{inner}")).await.status, StatusCode::NO_CONTENT);
        let direct = program.get(&format!("/v1.0/groups/{outer}/members")).await.json();
        assert_eq!(direct["value"], json!([]));
    }
}

#[tokio::test]
async fn only_security_groups_are_made() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let program = test.program().await;
    let good =
        json!({ "displayName": "G", "mailEnabled": false, "mailNickname": "g", "securityEnabled": true });
    for (name, value) in [
        ("mailEnabled", json!(true)),
        ("securityEnabled", json!(false)),
        ("groupTypes", json!(["Unified"])),
        ("mailNickname", json!("a b@c")),
        ("owners@odata.bind", json!(1)),
        ("visibility", json!("Public")),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let answer = program.post("/v1.0/groups", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}: {}", answer.text);
    }
    let mut many = good.clone();
    many["members@odata.bind"] = json!(vec!["https://g/v1.0/directoryObjects/x"; 21]);
    assert_eq!(program.post("/v1.0/groups", &many).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_saml_tutorial_can_be_followed() {
    for test in engines().await {
        let program = test.program().await;
        let templates =
            program.get("/v1.0/applicationTemplates?$filter=displayName%20eq%20'Custom'").await.json();
        let template = templates["value"][0]["id"].as_str().unwrap();
        let path = format!("/v1.0/applicationTemplates/{template}/instantiate");
        let made = create(&program, &path, &json!({ "displayName": "AWS SSO" })).await;
        let (app, sp) =
            (made["application"]["id"].as_str().unwrap(), made["servicePrincipal"]["id"].as_str().unwrap());
        let (app, sp) = (format!("/v1.0/applications/{app}"), format!("/v1.0/servicePrincipals/{sp}"));
        assert_eq!(made["servicePrincipal"]["preferredSingleSignOnMode"], Value::Null);
        assert_eq!(program.get(&sp).await.json()["keyCredentials"], json!([]));

        let mode = json!({ "preferredSingleSignOnMode": "saml" });
        assert_eq!(program.patch(&sp, &mode).await.status, StatusCode::NO_CONTENT);
        let web = json!({
            "identifierUris": ["urn:amazon:webservices"],
            "web": { "redirectUris": ["https://signin.aws.amazon.com/saml", "https://other.example/acs"],
                     "redirectUriSettings": [{ "uri": "https://other.example/acs", "index": 3 }] },
        });
        assert_eq!(program.patch(&app, &web).await.status, StatusCode::NO_CONTENT);
        let first = program.get(&sp).await.json();
        assert_eq!(first["replyUrls"][0], "https://signin.aws.amazon.com/saml");
        assert_eq!(first["servicePrincipalNames"][1], "urn:amazon:webservices");
        let thumbprint = first["preferredTokenSigningKeyThumbprint"].as_str().unwrap().to_owned();

        let add = format!("{sp}/addTokenSigningCertificate");
        let body = json!({ "displayName": "CN=AWS", "endDateTime": "2027-01-25T00:00:00Z" });
        let certificate = program.post(&add, &body).await.json();
        assert_eq!(certificate["endDateTime"], "2027-01-25T00:00:00Z");
        assert_eq!(certificate["thumbprint"].as_str().unwrap().len(), 40);
        let after = program.get(&sp).await.json();
        assert_eq!(
            after["preferredTokenSigningKeyThumbprint"],
            thumbprint.as_str(),
            "the new one is inactive"
        );
        let choose = json!({ "preferredTokenSigningKeyThumbprint": certificate["thumbprint"] });
        assert_eq!(program.patch(&sp, &choose).await.status, StatusCode::NO_CONTENT);
        let after = program.get(&sp).await.json();
        assert_eq!(after["preferredTokenSigningKeyThumbprint"], certificate["thumbprint"]);
        let late = json!({ "endDateTime": "2036-01-25T00:00:00Z" });
        assert_eq!(program.post(&add, &late).await.status, StatusCode::BAD_REQUEST);

        let ana = create_user(&program, "ana").await;
        let body = json!({ "principalId": ana, "resourceId": after["id"], "appRoleId": "18d14569-c3bd-439b-9a66-3a2aee01d14f" });
        let path = format!("{sp}/appRoleAssignedTo");
        let assigned = create(&program, &path, &body).await;
        assert_eq!(assigned["principalDisplayName"], "ana");
        assert_eq!(program.post(&path, &body).await.status, StatusCode::BAD_REQUEST, "twice");
        let found =
            program.get("/v1.0/servicePrincipals?$filter=displayName%20eq%20'aws%20sso'").await.json();
        assert_eq!(found["value"][0]["id"], after["id"]);
        let one = format!("{path}/{}", assigned["id"].as_str().unwrap());
        assert_eq!(program.delete(&one).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get(&path).await.json()["value"], json!([]));
        assert_eq!(program.delete(&sp).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get(&app).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn certificates_of_an_application_are_one_collection() {
    let der = |name: &str| {
        let key =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let certificate =
            rcgen::CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate.der())
    };
    let (one, two) = (der("one.example"), der("two.example"));
    let (first, second) = ("0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002");
    let entry = |id: &str, usage: &str, key: Value| json!({ "keyId": id, "type": "AsymmetricX509Cert", "usage": usage, "key": key });
    for test in engines().await {
        let program = test.program().await;
        let template = "/v1.0/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate";
        let made = create(&program, template, &json!({ "displayName": "AWS SSO" })).await;
        let app = format!("/v1.0/applications/{}", made["application"]["id"].as_str().unwrap());
        assert_eq!(made["application"]["requestSignatureVerification"]["isSignedRequestRequired"], false);
        let body = json!({
            "keyCredentials": [entry(first, "Encrypt", json!(one)), entry(second, "Verify", json!(two))],
            "tokenEncryptionKeyId": first,
            "requestSignatureVerification": { "isSignedRequestRequired": true, "allowedWeakAlgorithms": "rsaSha1" },
        });
        assert_eq!(program.patch(&app, &body).await.status, StatusCode::NO_CONTENT);
        let now = program.get(&app).await.json();
        assert_eq!(
            (&now["tokenEncryptionKeyId"], &now["keyCredentials"][0]["key"]),
            (&json!(first), &Value::Null)
        );
        assert_eq!(now["requestSignatureVerification"], body["requestSignatureVerification"]);
        let keys = program.get(&format!("{app}?$select=keyCredentials")).await.json();
        assert_eq!(keys["keyCredentials"][0]["key"], json!(one));

        // The certificate that assertions are encrypted for cannot go while it is in use, and nothing of
        // such a change stays.
        let without =
            json!({ "displayName": "Other", "keyCredentials": [entry(second, "Verify", Value::Null)] });
        assert_eq!(program.patch(&app, &without).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(program.get(&app).await.json()["displayName"], "AWS SSO");
        for bad in [
            json!({ "keyCredentials": [entry(second, "Encrypt", Value::Null)] }),
            json!({ "keyCredentials": [entry("0a1b2c3d-0000-4000-8000-000000000003", "Verify", Value::Null)] }),
            json!({ "keyCredentials": [entry("x", "Verify", json!(two))] }),
            json!({ "keyCredentials": [entry(first, "Sign", json!(one))] }),
            json!({ "keyCredentials": [entry(first, "Encrypt", json!("AAAA"))] }),
            json!({ "keyCredentials": [entry(first, "Encrypt", json!(one)), entry(first, "Encrypt", json!(one))] }),
            json!({ "tokenEncryptionKeyId": second }),
            json!({ "requestSignatureVerification": { "allowedWeakAlgorithms": "md5" } }),
        ] {
            let status = program.patch(&app, &bad).await.status;
            assert!(status.is_client_error(), "{bad} {status}");
        }
        let mut off = without.clone();
        off["tokenEncryptionKeyId"] = Value::Null;
        assert_eq!(program.patch(&app, &off).await.status, StatusCode::NO_CONTENT);
        let after = program.get(&app).await.json();
        assert_eq!(after["keyCredentials"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&after["keyCredentials"][0]["keyId"], &after["tokenEncryptionKeyId"]),
            (&json!(second), &Value::Null)
        );
    }
}
