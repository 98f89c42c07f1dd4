//! What is changed in the real center by hand is found and put right, by the command.

use std::collections::BTreeMap;

use entente::client::Http;
use entente::commands::directory::provisioning::settle;
use http::Method;
use serde_json::{Value, json};

use crate::crash::{all, connect, everything};
use crate::process::{Both, entente};

pub fn compare(both: &Both, arguments: &[&str]) -> Value {
    let file = both.folder.path().join("credentials.json");
    both.credentials.save(Some(&file)).unwrap();
    let mut command = entente();
    command.arg("--json").arg("--credentials").arg(&file);
    command.args(["directory", "app", "provisioning", "compare", "target"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One of each kind of change, by hand; how many that are.
async fn by_hand(scim: &Http) -> usize {
    let people = all(scim, "Users").await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let has_title: Vec<&Value> = people.iter().filter(|p| p["title"].is_string()).collect();
    let patch = async |path: String, operation: Value| {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        let body = json!({ "schemas": schemas, "Operations": [operation] });
        scim.call(Method::PATCH, &path, entente::client::Body::Json(&body)).await.unwrap();
    };
    let user = |n: usize| format!("/Users/{}", id(has_title[n]));
    patch(user(0), json!({ "op": "replace", "path": "title", "value": "Boss" })).await;
    patch(user(1), json!({ "op": "remove", "path": "title" })).await;
    patch(user(2), json!({ "op": "replace", "path": "active", "value": false })).await;
    let groups = all(scim, "Groups").await;
    let members = |group: &Value| group["members"].as_array().cloned().unwrap_or_default();
    let group = groups.iter().find(|g| members(g).len() > 2).unwrap();
    let leaves = members(group)[0]["value"].clone();
    let inside: Vec<Value> = members(group).iter().map(|m| m["value"].clone()).collect();
    let joins = people.iter().map(|p| p["id"].clone()).find(|id| !inside.contains(id)).unwrap();
    let path = format!("/Groups/{}", id(group));
    let filter = format!("members[value eq {leaves}]");
    patch(path.clone(), json!({ "op": "remove", "path": filter })).await;
    patch(path, json!({ "op": "add", "path": "members", "value": [{ "value": joins }] })).await;
    let gone = groups.iter().find(|g| g["id"] != group["id"]).unwrap();
    let path = format!("/Groups/{}", id(gone));
    scim.call(Method::DELETE, &path, entente::client::Body::Empty).await.unwrap();
    let nobody = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "by-hand@example.com",
        "displayName": "By Hand", "name": { "givenName": "By", "familyName": "Hand" } });
    scim.post("/Users", &nobody).await.unwrap();
    6
}

fn without_the_foreigner(mut all: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    assert!(all.remove("user by-hand@example.com").is_some(), "who was made by hand is still there");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_finds_and_repairs_what_was_changed_in_the_center() {
    let both = Both::start([None, None]).await;
    let (directory, center) = both.clients().await;
    let (job, scim) = connect(&both, &directory, &center).await;
    directory.job_action(&job.principal, &job.id, "start", &json!({})).await.unwrap();
    settle(&directory, &job, true).await.unwrap();
    let before = everything(&scim).await;
    let changes = by_hand(&scim).await;
    assert_ne!(everything(&scim).await, before);
    let dry = compare(&both, &["--dry-run"]);
    assert_eq!(dry["differenceCount"], changes, "{dry:#}");
    assert_eq!((&dry["foreignUsers"], &dry["membersUntold"]), (&json!(1), &json!(0)), "{dry:#}");
    assert_eq!(dry["foreign"][0]["name"], "by-hand@example.com");
    let real = compare(&both, &[]);
    assert_eq!(real["differenceCount"], changes);
    settle(&directory, &job, true).await.unwrap();
    let after = compare(&both, &["--dry-run"]);
    assert_eq!(after["differenceCount"], 0, "{after:#}");
    assert_eq!(without_the_foreigner(everything(&scim).await), before);
}
