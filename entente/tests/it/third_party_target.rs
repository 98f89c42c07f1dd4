//! The provisioning service against a SCIM server that is not ours: what arrives is read back without the
//! product and compared with the files.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use entente::client::{self, encode};
use entente::commands::directory::provisioning::{Job, job, settle};
use serde_json::{Value, json};

use crate::organization::{Files, Size, write};
use crate::peer_servers::{named, wait_for};
use crate::process::{Both, Process, free_port};

const SIZE: Size = Size { people: 120, groups: 40, accounts: 1, assignments: 1 };
const TOKEN: &str = "a-token-for-the-target";

/// scim2-server, which keeps everything in memory.
struct Target {
    url: String,
    http: reqwest::Client,
    _process: Process,
}

impl Target {
    fn start() -> Self {
        let port = free_port();
        let mut command = Command::new(named("ENTENTE_TEST_PYTHON"));
        command.args(["-W", "ignore", "-c", "from scim2_server.testserver.cli import main; main()"]);
        command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]);
        let process = Process::start(command.stderr(std::process::Stdio::null()));
        wait_for(port, std::path::Path::new("scim2-server writes no log"));
        Self { url: format!("http://127.0.0.1:{port}/v2"), http: reqwest::Client::new(), _process: process }
    }

    /// Every resource of a kind, page by page.
    async fn all(&self, kind: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let url = format!("{}/{kind}?startIndex={}&count=50", self.url, all.len() + 1);
            let answer = self.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
            let page: Value = answer.json().await.unwrap();
            let resources = page["Resources"].as_array().cloned().unwrap_or_default();
            if resources.is_empty() {
                assert_eq!(page["totalResults"], json!(all.len()), "{page}");
                return all;
            }
            all.extend(resources);
        }
    }

    /// The members of each group, by name.
    async fn members(&self) -> BTreeMap<String, BTreeSet<String>> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let users = self.all("Users").await;
        let names: BTreeMap<String, String> =
            users.iter().map(|user| (text(&user["id"]), text(&user["userName"]))).collect();
        let groups = self.all("Groups").await;
        let members = |group: &Value| {
            let members = group["members"].as_array().cloned().unwrap_or_default();
            members.iter().map(|member| names[&text(&member["value"])].clone()).collect()
        };
        groups.iter().map(|group| (text(&group["displayName"]), members(group))).collect()
    }

    async fn user(&self, name: &str) -> Option<Value> {
        self.all("Users").await.into_iter().find(|user| user["userName"] == name)
    }
}

async fn connected(directory: &client::Directory, target: &Target, app: &str) -> Job {
    let principal = directory.application(app).await.unwrap()["id"].as_str().unwrap().to_owned();
    let job = job(directory, &principal).await.unwrap();
    let secrets = [
        ("BaseAddress", target.url.as_str()),
        ("SecretToken", TOKEN),
        ("SyncAll", "False"),
        ("AllowPrivateNetwork", "True"),
    ];
    directory.provisioning_secrets(&principal, &secrets).await.unwrap();
    directory.test_connection(&principal, &job.id).await.unwrap();
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn scim2_server_gets_everybody_and_every_group_and_follows_changes() {
    let (both, target) = (Both::start([None, None]).await, Target::start());
    let (directory, _) = both.clients().await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), SIZE);
    let text = |name: &str| std::fs::read_to_string(folder.path().join(format!("{name}.csv"))).unwrap();
    let files = json!({ "users": text("users"), "groups": text("groups"), "members": text("members") });
    directory.import(&files, false).await.unwrap();
    let made = directory.create_application("third party").await.unwrap();
    let app = made["servicePrincipal"]["appId"].as_str().unwrap();
    let org = Files::read(folder.path());
    let people = org.people.iter().map(|name| json!({ "userPrincipalName": name }));
    let groups = (0..SIZE.groups).map(|n| json!({ "groupDisplayName": format!("group-{n}") }));
    directory.assign(app, &people.chain(groups).collect::<Vec<_>>(), false).await.unwrap();
    let job = connected(&directory, &target, app).await;
    directory.job_action(&job.principal, &job.id, "start", &json!({})).await.unwrap();
    settle(&directory, &job, true).await.unwrap();

    let arrived: BTreeSet<String> =
        target.all("Users").await.iter().map(|u| u["userName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(arrived, org.people.iter().cloned().collect());
    let mut expected = org.direct_members(SIZE.groups);
    assert_eq!(target.members().await, expected);

    let (renamed, disabled) = (&org.people[3], &org.people[4]);
    directory.patch_user(renamed, &json!({ "givenName": "Renamed" })).await.unwrap();
    directory.patch_user(disabled, &json!({ "accountEnabled": false })).await.unwrap();
    let (group, members) = expected.iter_mut().find(|(_, members)| members.len() > 2).unwrap();
    let leaves = members.pop_first().unwrap();
    let [group, user] =
        [
            directory.http.get(&format!("/v1.0/groups?$filter=displayName%20eq%20'{group}'")).await.unwrap()
                ["value"][0]["id"]
                .clone(),
            directory.http.get(&format!("/v1.0/users/{}", encode(&leaves))).await.unwrap()["id"].clone(),
        ]
        .map(|id| id.as_str().unwrap().to_owned());
    let path = format!("/v1.0/groups/{group}/members/{user}/$ref");
    directory.http.call(http::Method::DELETE, &path, client::Body::Empty).await.unwrap();
    settle(&directory, &job, true).await.unwrap();
    assert_eq!(target.user(renamed).await.unwrap()["name"]["givenName"], "Renamed");
    assert_eq!(target.user(disabled).await.unwrap()["active"], false);
    assert_eq!(target.members().await, expected);
}
