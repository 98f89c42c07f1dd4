//! The directory provisions our own center while that judges it as AWS IAM Identity Center does: an initial cycle,
//! changes, a full comparison, and what an object does that AWS refuses.

use std::collections::BTreeMap;

use entente::client::{Body, Center, Directory, Http};
use entente::commands::directory::provisioning::{Job, settle};
use http::Method;
use serde_json::{Value, json};
use store::Engine;
use store::testing::fresh_url;

use crate::comparison::compare;
use crate::crash::connect_empty;
use crate::process::Both;

const GROUPS: [&str; 3] = ["builders", "painters", "everybody"];

/// Twelve people, of whom the first report to the last, and three groups; afterwards titles are others, somebody has
/// left, and somebody has joined a group.
fn files(afterwards: bool) -> Value {
    let mut users = "user_name,given_name,family_name,display_name,email,title,manager,active\n".to_owned();
    let mut members = "group,kind,member\n".to_owned();
    for n in 0..12 {
        let name = format!("p{n}@generated.example");
        let title = if afterwards && n % 3 == 0 { "Lead" } else { "Engineer" };
        let manager = if n < 3 { "p11@generated.example" } else { "" };
        let active = !(afterwards && n == 5);
        users += &format!("{name},Given{n},Family{n},Person {n},{name},{title},{manager},{active}\n");
        members += &format!("{},user,{name}\neverybody,user,{name}\n", GROUPS[n % 2]);
    }
    if afterwards {
        members += "builders,user,p7@generated.example\n";
    }
    let groups: String = GROUPS.iter().map(|name| format!("{name},\n")).collect();
    json!({ "users": users, "groups": format!("name,description\n{groups}"), "members": members })
}

/// What the center holds, by name.
async fn state(center: &Center, scim: &Http) -> BTreeMap<String, Value> {
    let page = scim.get("/Users?cursor=&count=100").await.unwrap();
    assert!(page.get("nextCursor").is_none(), "{page:#}");
    let users = page["Resources"].as_array().unwrap();
    let name = |user: &Value| user["userName"].as_str().unwrap().to_owned();
    let names: BTreeMap<&str, String> = users.iter().map(|u| (u["id"].as_str().unwrap(), name(u))).collect();
    let mut state = BTreeMap::new();
    for user in users {
        let manager = &user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]["value"];
        let manager = manager.as_str().map(|id| names[id].clone());
        let what = json!({ "active": user["active"], "title": user["title"], "emails": user["emails"], "manager": manager });
        state.insert(name(user), what);
    }
    for group in GROUPS {
        let members = center.http.get(&format!("/api/groups/{group}/members?limit=1000")).await.unwrap();
        let mut members: Vec<String> = members["value"].as_array().unwrap().iter().map(name).collect();
        members.sort();
        state.insert(group.to_owned(), json!(members));
    }
    state
}

async fn id_of(scim: &Http, kind: &str, attribute: &str, value: &str) -> String {
    let filter = format!("{attribute}%20eq%20%22{value}%22");
    let found = scim.get(&format!("/{kind}?filter={filter}")).await.unwrap();
    found["Resources"][0]["id"].as_str().unwrap_or_else(|| panic!("{value}: {found:#}")).to_owned()
}

async fn patch(scim: &Http, path: &str, operation: Value) {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    let body = json!({ "schemas": schemas, "Operations": [operation] });
    scim.call(Method::PATCH, path, Body::Json(&body)).await.unwrap();
}

async fn start(both: &Both) -> (Directory, Center, Job, Http) {
    let (directory, center) = both.clients().await;
    let (job, scim) = connect_empty(&directory, &center).await;
    directory.import(&files(false), false).await.unwrap();
    let mode = json!({ "mode": "aws" });
    center.http.call(Method::PUT, "/api/scim/mode", Body::Json(&mode)).await.unwrap();
    directory.provisioning_secrets(&job.principal, &[("Personality", "Aws")]).await.unwrap();
    (directory, center, job, scim)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_in_the_mode_aws_gets_everything_and_is_compared_on_sqlite() {
    walk([None, None]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_in_the_mode_aws_gets_everything_and_is_compared_on_postgresql() {
    let fresh = || Some(fresh_url(Engine::Postgres).0);
    walk([fresh(), fresh()]).await;
}

async fn walk(stores: [Option<String>; 2]) {
    let both = Both::start(stores).await;
    let (directory, center, job, scim) = start(&both).await;
    let off = settle(&directory, &job, true).await.unwrap_err();
    assert_eq!(off.code, "Paused", "{off:?}");
    directory.job_action(&job.principal, &job.id, "start", &json!({})).await.unwrap();

    // AWS takes nobody without a given and a family name, and the first administrator has neither.
    let refused = settle(&directory, &job, true).await.unwrap_err();
    assert_eq!(refused.code, "ObjectsFailed", "{refused:?}");
    assert!(
        refused.message.contains("1 objects") && refused.message.contains("name.givenName"),
        "{refused:?}"
    );
    let status = directory.job(&job.principal).await.unwrap()["status"].take();
    assert_eq!(status["escrows"][0]["code"], "TargetWouldRefuse", "{status:#}");
    let names = json!({ "givenName": "Ada", "surname": "Min" });
    directory.patch_user("admin@example.com", &names).await.unwrap();
    settle(&directory, &job, true).await.unwrap();
    let initial = state(&center, &scim).await;
    assert_eq!(initial.len(), 12 + 1 + GROUPS.len());
    assert_eq!(initial["p0@generated.example"]["manager"], "p11@generated.example");
    assert_eq!(initial["builders"].as_array().unwrap().len(), 6);

    directory.import(&files(true), false).await.unwrap();
    settle(&directory, &job, true).await.unwrap();
    let changed = state(&center, &scim).await;
    assert_eq!(changed["p3@generated.example"]["title"], "Lead");
    assert_eq!(changed["p5@generated.example"]["active"], json!(false));
    assert!(changed["builders"].as_array().unwrap().contains(&json!("p7@generated.example")));
    let same = compare(&both, &["--dry-run"]);
    assert_eq!((&same["differenceCount"], &same["membersUntold"]), (&json!(0), &json!(0)), "{same:#}");

    let differences = by_hand(&scim).await;
    assert_ne!(state(&center, &scim).await, changed);
    let found = compare(&both, &["--dry-run"]);
    assert_eq!(
        (&found["differenceCount"], &found["foreignUsers"]),
        (&json!(differences), &json!(1)),
        "{found:#}"
    );
    compare(&both, &[]);
    settle(&directory, &job, true).await.unwrap();
    let mut repaired = state(&center, &scim).await;
    assert!(repaired.remove("by-hand@example.com").is_some(), "who was made by hand is still there");
    assert_eq!(repaired, changed);
}

/// One of each kind of change that AWS allows; how many of them are differences.
async fn by_hand(scim: &Http) -> usize {
    let mut people = Vec::new();
    for n in [1, 2, 4, 7] {
        people.push(id_of(scim, "Users", "userName", &format!("p{n}@generated.example")).await);
    }
    let builders = format!("/Groups/{}", id_of(scim, "Groups", "displayName", "builders").await);
    let painters = format!("/Groups/{}", id_of(scim, "Groups", "displayName", "painters").await);
    let title = json!({ "op": "replace", "path": "title", "value": "Boss" });
    patch(scim, &format!("/Users/{}", people[0]), title).await;
    patch(
        scim,
        &format!("/Users/{}", people[1]),
        json!({ "op": "replace", "path": "active", "value": false }),
    )
    .await;
    let leaves = format!("members[value eq \"{}\"]", people[2]);
    patch(scim, &builders, json!({ "op": "remove", "path": leaves })).await;
    let joins = json!({ "op": "add", "path": "members", "value": [{ "value": people[2] }] });
    patch(scim, &painters, joins).await;
    let nobody = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "by-hand@example.com",
        "displayName": "By Hand", "name": { "givenName": "By", "familyName": "Hand" } });
    scim.post("/Users", &nobody).await.unwrap();
    4
}
