//! `kill -9` of either half at random moments of a sync leaves nothing behind that an undisturbed run
//! would not have.

use std::collections::BTreeMap;
use std::time::Duration;

use entente::client;
use entente::commands::directory::provisioning::{Job, job, settle};
use serde_json::{Value, json};
use store::Engine;
use store::testing::fresh_url;

use crate::organization::{Numbers, Size, write};
use crate::process::Both;

const KILLS: usize = 20;
const SIZE: Size = Size { people: 240, groups: 40, accounts: 3, assignments: 4 };

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_change_nothing_in_the_end_on_sqlite() {
    same_end([None, None], [None, None]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_change_nothing_in_the_end_on_postgresql() {
    let fresh = || Some(fresh_url(Engine::Postgres).0);
    same_end([fresh(), fresh()], [fresh(), fresh()]).await;
}

async fn same_end(disturbed: [Option<String>; 2], undisturbed: [Option<String>; 2]) {
    let mut numbers = Numbers(0x0bad_cafe);
    let (disturbed, undisturbed) =
        tokio::join!(history(disturbed, Some(&mut numbers)), history(undisturbed, None));
    // The administrator is a person of the directory too.
    assert_eq!(disturbed.len(), SIZE.people + SIZE.groups + 1);
    for (key, value) in &undisturbed {
        assert_eq!(disturbed.get(key), Some(value), "{key}");
    }
    assert_eq!(disturbed.len(), undisturbed.len(), "nothing is there twice");
}

/// Imports one state after the other while the sync runs, and, with `kills`, kills a half in between; what
/// the center holds in the end.
async fn history(stores: [Option<String>; 2], mut kills: Option<&mut Numbers>) -> BTreeMap<String, Value> {
    let mut both = Both::start(stores).await;
    let (directory, center) = both.clients().await;
    let (job, scim) = connect(&both, &directory, &center).await;
    directory.job_action(&job.principal, &job.id, "start", &json!({})).await.unwrap();
    for round in 0..KILLS {
        // Everybody has to have arrived before somebody leaves: who was never there is not disabled there.
        if round == KILLS / 2 {
            settle(&directory, &job, true).await.unwrap();
        }
        directory.import(&changed(&both, round), false).await.unwrap();
        if let Some(numbers) = kills.as_deref_mut() {
            tokio::time::sleep(Duration::from_millis(u64::try_from(numbers.below(600)).unwrap())).await;
            let half = if numbers.below(2) == 0 { &mut both.directory } else { &mut both.center };
            half.kill();
            half.again();
        }
    }
    settle(&directory, &job, true).await.unwrap();
    everything(&scim).await
}

/// The people and groups of a round: titles change, and in the second half ten people leave, which is
/// within what may go without asking.
fn changed(both: &Both, round: usize) -> Value {
    let folder = both.folder.path();
    write(folder, SIZE);
    let read = |name: &str| std::fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
    let mut users = String::new();
    for (i, line) in read("users").lines().enumerate() {
        let mut line = line.to_owned();
        if i > 0 && (i + round).is_multiple_of(3) {
            line = line.replace("Engineer", &format!("Engineer of round {round},").replace(',', ""));
        }
        if round >= KILLS / 2 && i.is_multiple_of(24) && i > 0 {
            line = line.replace(",true", ",false");
        }
        users.push_str(&line);
        users.push('\n');
    }
    json!({ "users": users, "groups": read("groups"), "members": read("members") })
}

pub async fn connect(
    both: &Both,
    directory: &client::Directory,
    center: &client::Center,
) -> (Job, client::Http) {
    directory.import(&changed(both, 0), false).await.unwrap();
    connect_empty(directory, center).await
}

/// The same without anybody in the directory.
pub async fn connect_empty(directory: &client::Directory, center: &client::Center) -> (Job, client::Http) {
    let made = directory.create_application("target").await.unwrap();
    let (principal, app) = (
        made["servicePrincipal"]["id"].as_str().unwrap(),
        made["servicePrincipal"]["appId"].as_str().unwrap(),
    );
    let metadata = directory.federation_metadata(app).await.unwrap();
    center.propose(&json!({ "kind": "external", "metadataXml": metadata })).await.unwrap();
    center.accept().await.unwrap();
    let enabled = center.http.post("/api/scim/enable", &json!({})).await.unwrap();
    let (endpoint, token) =
        (enabled["endpoint"].as_str().unwrap(), enabled["token"]["secret"].as_str().unwrap());
    let job = job(directory, principal).await.unwrap();
    let secrets = [
        ("BaseAddress", endpoint),
        ("SecretToken", token),
        ("SyncAll", "True"),
        ("AllowPrivateNetwork", "True"),
    ];
    directory.provisioning_secrets(principal, &secrets).await.unwrap();
    let scim = client::Http::new(endpoint.trim_end_matches('/')).unwrap().with_bearer(token.to_owned());
    (job, scim)
}

/// What the center holds, by name, without what differs between any two runs.
pub async fn everything(scim: &client::Http) -> BTreeMap<String, Value> {
    let users = all(scim, "Users").await;
    let names: BTreeMap<&str, &str> =
        users.iter().map(|u| (u["id"].as_str().unwrap(), u["userName"].as_str().unwrap())).collect();
    let mut found = BTreeMap::new();
    for user in &users {
        let key = format!("user {}", user["userName"].as_str().unwrap());
        let manager = &user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]["value"];
        let manager = manager.as_str().map(|id| names.get(id).copied().unwrap_or("unknown"));
        let state = json!({
            "active": user["active"], "title": user["title"], "displayName": user["displayName"],
            "emails": user["emails"], "name": user["name"], "manager": manager,
        });
        assert!(found.insert(key.clone(), state).is_none(), "{key} is there twice");
    }
    for group in all(scim, "Groups").await {
        let key = format!("group {}", group["displayName"].as_str().unwrap());
        let members = group["members"].as_array().cloned().unwrap_or_default();
        let mut members: Vec<&str> = members.iter().map(|m| names[m["value"].as_str().unwrap()]).collect();
        members.sort_unstable();
        assert!(found.insert(key.clone(), json!(members)).is_none(), "{key} is there twice");
    }
    found
}

pub async fn all(scim: &client::Http, kind: &str) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let page = scim.get(&format!("/{kind}?startIndex={}&count=100", found.len() + 1)).await.unwrap();
        let resources = page["Resources"].as_array().cloned().unwrap_or_default();
        if resources.is_empty() {
            return found;
        }
        found.extend(resources);
    }
}
