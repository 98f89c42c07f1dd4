//! The captured requests in `scim/testdata`, sent to the server.

use std::fs;
use std::path::PathBuf;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, GROUP, apps};

fn fixtures(prefix: &str) -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scim/testdata");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with(prefix) && name.ends_with(".json") {
            found.push((name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// What the server added is not in the fixtures.
fn bare(mut resource: Value, id: &Value, sent: &Value) -> Value {
    let map = resource.as_object_mut().unwrap();
    map.remove("meta");
    map.remove("groups");
    map.insert("id".to_owned(), id.clone());
    if id.is_null() {
        map.remove("id");
    }
    if sent.get("active").is_none() {
        map.remove("active");
    }
    resource
}

/// The fixture's resource on the server; its address.
async fn put_there(app: &App, fixture: &Value) -> String {
    let mut resource = fixture["resource"].clone();
    if resource.get("userName").is_none() {
        resource["userName"] = json!("somebody");
    }
    if let Some(found) = app.find("Users", "userName pr").await.body["Resources"][0]["id"].as_str() {
        app.delete(&format!("/Users/{found}")).await;
    }
    let made = app.post("/Users", &resource).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    format!("/Users/{}", made.body["id"].as_str().unwrap())
}

#[tokio::test]
async fn every_patch_of_a_user_has_its_outcome() {
    let mut replayed = 0;
    for app in apps().await {
        for (file, fixture) in fixtures("") {
            let aws = fixture["profile"] == "aws" || fixture["resource"].get("userName").is_none();
            if fixture["test"] != "patch" || fixture["kind"] == "Group" || aws {
                continue;
            }
            let path = put_there(&app, &fixture).await;
            let answer = app.write(Method::PATCH, &path, &fixture["request"]).await;
            replayed += 1;
            if fixture["error"].is_string() {
                assert!(answer.status.is_client_error(), "{file}: {}", answer.text);
                continue;
            }
            assert_eq!(answer.status, StatusCode::OK, "{file}: {}", answer.text);
            let expected = &fixture["expected"];
            assert_eq!(
                bare(answer.body, &expected["id"], expected),
                bare(expected.clone(), &expected["id"], expected),
                "{file}"
            );
        }
    }
    assert!(replayed > 60, "{replayed}");
}

#[tokio::test]
async fn every_create_has_its_outcome() {
    let mut replayed = 0;
    for app in apps().await {
        for (file, fixture) in fixtures("") {
            if fixture["test"] != "create" || fixture["profile"] == "aws" {
                continue;
            }
            let kind = if fixture["kind"] == "Group" { "Groups" } else { "Users" };
            let mut request = fixture["request"].clone();
            // Members must be users of this server.
            let members = request.get("members").is_some();
            if members && let Some(map) = request.as_object_mut() {
                map.remove("members");
            }
            let answer = app.post(&format!("/{kind}"), &request).await;
            replayed += 1;
            if fixture["error"].is_string() {
                assert!(answer.status.is_client_error() || members, "{file}: {}", answer.text);
            } else {
                assert_eq!(answer.status, StatusCode::CREATED, "{file}: {}", answer.text);
            }
            if let Some(id) = answer.body["id"].as_str() {
                app.delete(&format!("/{kind}/{id}")).await;
            }
        }
    }
    assert!(replayed > 20, "{replayed}");
}

/// The fixtures name members `a`, `b`, …: here they are users with ids of the server.
#[tokio::test]
async fn every_patch_of_members_has_its_outcome() {
    let mut replayed = 0;
    for app in apps().await {
        for (file, fixture) in fixtures("") {
            if fixture["test"] != "members" {
                continue;
            }
            let names = ids(&fixture["request"]);
            let mut text = fixture["request"].to_string();
            let mut known = Vec::new();
            for name in names {
                let id = app.user(&format!("member{replayed}-{}", known.len())).await;
                for (before, after) in [("\"", "\""), ("\\\"", "\\\"")] {
                    text = text.replace(&format!("{before}{name}{after}"), &format!("{before}{id}{after}"));
                }
                known.push((name, id));
            }
            let body = json!({ "schemas": [GROUP], "displayName": format!("Group {file}") });
            let group = app.post("/Groups", &body).await.body["id"].as_str().unwrap().to_owned();
            let request: Value = serde_json::from_str(&text).unwrap();
            let answer = app.write(Method::PATCH, &format!("/Groups/{group}"), &request).await;
            replayed += 1;
            if fixture["error"].is_string() {
                assert!(answer.status.is_client_error(), "{file}: {}", answer.text);
            } else {
                assert_eq!(answer.status, StatusCode::NO_CONTENT, "{file}: {}", answer.text);
                let added: Vec<&str> = fixture["expected"]["add"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|v| v.as_str().unwrap())
                    .collect();
                let mut expected: Vec<String> = known
                    .iter()
                    .filter(|(n, _)| added.contains(&n.as_str()))
                    .map(|(_, id)| id.clone())
                    .collect();
                expected.sort();
                assert_eq!(app.members(&group).await, expected, "{file}");
            }
            app.delete(&format!("/Groups/{group}")).await;
            for (_, id) in known {
                app.delete(&format!("/Users/{id}")).await;
            }
        }
    }
    assert!(replayed > 20, "{replayed}");
}

/// Ids that a request names.
fn ids(request: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(request, &mut found);
    found.sort_by_key(|id| std::cmp::Reverse(id.len()));
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| collect(v, found)),
        Value::Object(map) => {
            for (name, value) in map {
                match (name.as_str(), value) {
                    ("value" | "members", Value::String(id)) if !id.is_empty() => found.push(id.clone()),
                    ("value" | "members", Value::Array(list)) if list.iter().all(Value::is_string) => {
                        found.extend(list.iter().filter_map(|v| v.as_str().map(str::to_owned)));
                    }
                    ("path", Value::String(path)) => {
                        found.extend(path.split('"').skip(1).step_by(2).map(str::to_owned));
                    }
                    ("schemas", _) => {}
                    (name, value) => {
                        if name.contains('[') {
                            found.extend(name.split('"').skip(1).step_by(2).map(str::to_owned));
                        }
                        collect(value, found);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The sequence of a first cycle of Entra (entra-id 4.7), in both dialects.
#[tokio::test]
async fn a_cycle_of_entra_in_both_dialects() {
    for app in apps().await {
        for flag in ["", "?aadOptscim062020"] {
            let old = flag.is_empty();
            let probe = app.find("Users", "userName eq \"4d7b2f0e-1111-4222-8333-944445555666\"").await;
            assert_eq!((probe.status, &probe.body["totalResults"]), (StatusCode::OK, &json!(0)));
            assert_eq!(probe.body["Resources"], json!([]));
            let user = app.post(&format!("/Users{flag}"), &entra_user()).await;
            assert_eq!(user.status, StatusCode::CREATED, "{}", user.text);
            let id = user.body["id"].as_str().unwrap().to_owned();
            let group = json!({
                "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
                "externalId": "entra-staff", "displayName": "Staff", "meta": { "resourceType": "Group" }, "members": [],
            });
            let group = app.post("/Groups", &group).await.body["id"].as_str().unwrap().to_owned();
            let found =
                app.get("/Groups?excludedAttributes=members&filter=displayName+eq+%22Staff%22").await.body;
            assert_eq!(found["totalResults"], 1);

            let path = format!("/Groups/{group}{flag}");
            let op = |lower: &str| {
                if old { format!("{}{}", lower[..1].to_uppercase(), &lower[1..]) } else { lower.to_owned() }
            };
            let add =
                json!([{ "op": op("add"), "path": "members", "value": [{ "$ref": null, "value": id }] }]);
            assert_eq!(app.patch(&path, add).await.status, StatusCode::NO_CONTENT);
            assert_eq!(app.members(&group).await, std::slice::from_ref(&id));

            let user = format!("/Users/{id}{flag}");
            let changed = app.patch(&user, renamed(old)).await;
            assert_eq!(
                (changed.status, &changed.body["displayName"]),
                (StatusCode::OK, &json!("Ana N.")),
                "{}",
                changed.text
            );
            assert_eq!(changed.body["phoneNumbers"], json!([{ "value": "+49 1", "type": "mobile" }]));
            let reference = app.find("Users", &format!("id eq \"{id}\" and manager eq \"m-1\"")).await;
            assert_eq!(reference.body["totalResults"], 1);

            let remove = match old {
                true => json!([{ "op": "Remove", "path": "members", "value": [{ "value": id }] }]),
                false => json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]),
            };
            assert_eq!(app.patch(&path, remove).await.status, StatusCode::NO_CONTENT);
            assert!(app.members(&group).await.is_empty());
            let off = if old { json!("False") } else { json!(false) };
            app.patch(&user, json!([{ "op": op("replace"), "path": "active", "value": off }])).await;
            assert_eq!(app.names("userName eq \"ana@x.example\" and active eq false").await.len(), 1);
            assert_eq!(app.delete(&format!("/Users/{id}")).await.status, StatusCode::NO_CONTENT);
            assert_eq!(app.delete(&format!("/Groups/{group}")).await.status, StatusCode::NO_CONTENT);
        }
    }
}

fn entra_user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": "entra-ana", "userName": "ana@x.example", "active": true, "addresses": [], "displayName": "Ana",
        "emails": [{ "primary": true, "type": "work", "value": "ana@x.example" }],
        "meta": { "resourceType": "User" }, "name": { "formatted": "Ana Ng", "familyName": "Ng", "givenName": "Ana" }, "roles": [],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "R&D" },
    })
}

/// In the old dialect and in the one of `aadOptscim062020`.
fn renamed(old: bool) -> Value {
    match old {
        true => json!([
            { "op": "Replace", "path": "displayName", "value": "Ana N." },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+49 1" },
            { "op": "Replace", "path": "active", "value": "True" },
            { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": "m-1" },
        ]),
        false => json!([
            { "op": "replace", "value": { "displayName": "Ana N.", "name.givenName": "Anna", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager": "m-1" } },
            { "op": "replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+49 1" },
        ]),
    }
}
