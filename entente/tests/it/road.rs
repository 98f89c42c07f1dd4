//! The road on organisations of real size, on both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use entente::client;
use entente::commands::directory::provisioning::{job, settle};
use entente::credentials::Credentials;
use entente::signin;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::organization::{Files, Numbers, Size, write};
use crate::process::{Process, entente};

const LARGE: Size = Size { people: 1509, groups: 750, accounts: 305, assignments: 1045 };
/// People drawn at random whose portal is compared with the files.
const DRAWN: usize = 200;

/// `ENTENTE_TEST_ORG` names another organisation to walk with.
fn large(folder: &Path) -> PathBuf {
    if let Some(named) = std::env::var_os("ENTENTE_TEST_ORG") {
        return named.into();
    }
    write(folder, LARGE);
    folder.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_in_the_portal_what_the_files_say() {
    let (files, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let org = large(files.path());
    let mut command = entente();
    command.args(["--json", "tour", "--org"]).arg(&org).arg("--data").arg(data.path());
    let mut tour = Process::start(&mut command);
    let said = tour.json();
    println!("figures: {}", said["figures"]);
    assert!(said["checks"].as_array().unwrap().iter().all(|check| check["passed"] == true));

    let credentials = Credentials::load(Some(&data.path().join("credentials.json"))).unwrap();
    let directory = client::Directory::connect(credentials.directory.as_ref().unwrap()).await.unwrap();
    let center = credentials.center.as_ref().unwrap().url.clone();
    let files = Files::read(&org);
    let password = SecretString::from("drawn at random");
    let mut numbers = Numbers(0x00c0_ffee);
    let leaver = files.people.last().unwrap();
    let mut with_access = 0;
    for person in files.some(DRAWN, &mut numbers).iter().filter(|person| *person != leaver) {
        directory.set_password(person, &password, false).await.unwrap();
        let signed_in =
            signin::sign_in(&center, person, &password).await.unwrap_or_else(|r| panic!("{person}: {r:?}"));
        let expected = files.access_of(person);
        with_access += usize::from(!expected.is_empty());
        assert_eq!(signin::pairs(&signed_in.access), expected, "{person}");
    }
    assert!(with_access > DRAWN / 10, "the draw holds people with access, found {with_access}");

    // With nested groups, each group in the center has what walking down the files gives; the leaver is switched off.
    let center = client::Center::connect(credentials.center.as_ref().unwrap()).unwrap();
    let mut expected = files.transitive_members();
    expected.values_mut().for_each(|members| drop(members.remove(leaver)));
    let direct = members(&center, &files).await;
    assert_ne!(direct, expected, "the files have groups inside groups");
    set_nested_groups(&directory, true).await;
    assert_eq!(members(&center, &files).await, expected);
    // And back: what a group had by others alone leaves it again.
    set_nested_groups(&directory, false).await;
    assert_eq!(members(&center, &files).await, direct);
}

async fn set_nested_groups(directory: &client::Directory, transitive: bool) {
    let job = job(directory, "AWS SSO").await.unwrap();
    let path = format!("/api/applications/{}/nested-groups", job.principal);
    let body = json!({ "transitive": transitive });
    directory.http.call(http::Method::PUT, &path, client::Body::Json(&body)).await.unwrap();
    settle(directory, &job, true).await.unwrap();
}

/// The members of every group in the center.
async fn members(center: &client::Center, files: &Files) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for group in files.transitive_members().into_keys() {
        let path = format!("/api/groups/{}/members?limit=1000", client::encode(&group));
        let members = center.http.get(&path).await.unwrap()["value"].clone();
        let names = members.as_array().unwrap().iter().map(|m| m["userName"].as_str().unwrap().to_owned());
        let names: BTreeSet<String> = names.collect();
        assert!(names.len() < 1000, "{group} does not fit on a page");
        all.insert(group, names);
    }
    all
}

#[test]
fn the_first_command_of_the_readme_ends_with_a_portal() {
    let output = entente().args(["tour", "--exit"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("ana@lindqvist.example can open 5 accounts:"), "{said}");
    assert!(said.contains("333344445555  shop-production"), "{said}");
}

#[test]
fn a_tour_over_files_with_a_fault_names_it_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), Size { people: 20, groups: 5, accounts: 4, assignments: 6 });
    let members = folder.path().join("members.csv");
    let text = std::fs::read_to_string(&members).unwrap();
    std::fs::write(&members, text.replacen("person.", "nobody.", 1)).unwrap();
    let output = entente().args(["--json", "tour", "--exit", "--org"]).arg(folder.path()).output().unwrap();
    assert!(!output.status.success());
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("line 2") || message.contains("nobody."), "{message}");
}
