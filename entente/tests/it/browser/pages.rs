//! The whole road on its pages, from two empty halves to a person in the portal: what an administrator
//! and a person do, in the order in which they do it.

use std::path::PathBuf;

use serde_json::Value;

use super::driver::Browser;
use crate::process::{Process, entente};

const PASSWORD: &str = "a password for browsers";
const PERSON: &str = "ana@lindqvist.example";

struct Road {
    browser: Browser,
    said: Value,
    folder: tempfile::TempDir,
    _halves: Process,
}

impl Road {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = entente();
        let listen = ["--directory-listen", "127.0.0.1:0", "--center-listen", "127.0.0.1:0"];
        command.args(["--json", "up", "--domain", "lindqvist.example"]).args(listen).arg("--data").arg(folder.path());
        let mut halves = Process::start(&mut command);
        let said = halves.json();
        Self { browser: Browser::start(true).await, said, folder, _halves: halves }
    }

    fn url(&self, half: &str, path: &str) -> String {
        format!("{}{path}", self.said[half]["url"].as_str().unwrap().trim_end_matches('/'))
    }

    async fn go(&self, half: &str, path: &str) {
        self.browser.go(&self.url(half, path)).await;
    }

    /// What a download link of the page gives, as a file to upload elsewhere.
    async fn download(&self, css: &str, name: &str) -> PathBuf {
        let link = self.browser.find(css).await.prop("href").await.unwrap().unwrap();
        let origin = url::Url::parse(&link).unwrap().origin().ascii_serialization();
        let http = entente::client::Http::new(&origin).unwrap();
        let path = self.folder.path().join(name);
        std::fs::write(&path, http.text(&link).await.unwrap()).unwrap();
        path
    }

    fn organization(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("org").join(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_road_from_empty_halves_to_a_person_in_the_portal() {
    let road = Road::begin().await;
    set_up(&road).await;
    let sp_metadata = choose_source(&road).await;
    let app = application(&road, &sp_metadata).await;
    let idp_metadata = road.folder.path().join("idp.xml");
    assert!(idp_metadata.exists());
    finish_source(&road, &idp_metadata).await;
    accounts(&road).await;
    provisioning(&road, &app).await;
    assign(&road).await;
    person(&road).await;
}

async fn set_up(road: &Road) {
    let b = &road.browser;
    road.go("center", "/setup").await;
    b.fill("input[name=secret]", road.said["center"]["setupSecret"].as_str().unwrap()).await;
    b.fill("input[name=user_name]", "owner").await;
    b.fill("input[name=password]", PASSWORD).await;
    b.fill("input[name=password_again]", PASSWORD).await;
    b.picture("center-setup").await;
    b.press("Set up").await;
    b.sees("API key").await;
    b.picture("center-setup-done").await;
    road.go("directory", "/setup").await;
    b.fill("input[name=secret]", road.said["directory"]["setupSecret"].as_str().unwrap()).await;
    b.fill("input[name=user_principal_name]", "admin@lindqvist.example").await;
    b.fill("input[name=password]", PASSWORD).await;
    b.press("Set up").await;
    b.sees("Client").await;
    b.picture("directory-setup-done").await;
    road.go("center", "/console").await;
    b.fill("input[name=user_name]", "owner").await;
    b.fill("input[name=password]", PASSWORD).await;
    b.press("Sign in").await;
    b.sees("portal").await;
    b.picture("center-dashboard-empty").await;
    road.go("directory", "/console").await;
    b.fill("input[name=user_name]", "admin@lindqvist.example").await;
    b.fill("input[name=password]", PASSWORD).await;
    b.press("Sign in").await;
    b.sees("applications").await;
    b.picture("directory-console").await;
}

async fn choose_source(road: &Road) -> PathBuf {
    let b = &road.browser;
    road.go("center", "/console/settings/identity-source/change").await;
    b.picture("identity-source-choose").await;
    b.click("input[value=external]").await;
    b.press("Next").await;
    b.sees("Service provider metadata").await;
    b.picture("identity-source-external").await;
    road.download("a[download]", "sp.xml").await
}

async fn finish_source(road: &Road, idp_metadata: &std::path::Path) {
    let b = &road.browser;
    road.go("center", "/console/settings/identity-source/change").await;
    b.click("input[value=external]").await;
    b.press("Next").await;
    b.choose("input[name=metadata]", idp_metadata).await;
    b.press("Next").await;
    b.sees("What happens").await;
    b.picture("identity-source-review").await;
    b.fill("input[name=confirm]", "ACCEPT").await;
    b.press("Change identity source").await;
    b.sees("External identity provider").await;
    b.picture("identity-source-done").await;
}

async fn accounts(road: &Road) {
    let b = &road.browser;
    road.go("center", "/console/accounts").await;
    b.choose("input[name=accounts]", &Road::organization("accounts.csv")).await;
    b.choose("input[name=permission_sets]", &Road::organization("permission_sets.csv")).await;
    b.press("Import").await;
    b.sees("shop-production").await;
    b.picture("accounts").await;
}

async fn assign(road: &Road) {
    let b = &road.browser;
    road.go("center", "/console/accounts?q=shop").await;
    for account in ["333344445555", "444455556666"] {
        b.click(&format!("input[name=account][value=\"{account}\"]")).await;
    }
    b.press("Assign users or groups").await;
    b.fill("input[name=find]", "platform").await;
    b.press("Search").await;
    b.click("input[name=group]").await;
    b.picture("assign-principals").await;
    b.press("Next").await;
    b.click("input[name=set]").await;
    b.picture("assign-sets").await;
    b.press("Next").await;
    b.picture("assign-review").await;
    b.press("Submit").await;
    b.sees("shop-production").await;
    b.picture("assign-done").await;
}
