//! From the portal to the sign-in page of the directory and back, as a person does it.

use serde_json::Value;

use super::driver::Browser;
use crate::process::{Process, entente};

/// Both halves after the tour, and what it printed.
fn toured() -> (Process, Value, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let mut command = entente();
    command.args(["--json", "tour", "--data"]).arg(data.path());
    let mut tour = Process::start(&mut command);
    let said = tour.json();
    (tour, said, data)
}

async fn sign_in(scripts: bool) {
    let (_tour, said, _data) = toured();
    let browser = Browser::start(scripts).await;
    browser.go(said["portal"].as_str().unwrap()).await;
    browser.fill("input[name=user_name]", said["person"].as_str().unwrap()).await;
    browser.fill("input[name=password]", said["password"].as_str().unwrap()).await;
    browser.picture("directory-sign-in").await;
    browser.click("main form button[type=submit]").await;
    if !scripts {
        browser.press("Continue").await;
    }
    browser.sees("shop-production").await;
    browser.picture("portal").await;
    assert_eq!(browser.client.current_url().await.unwrap().as_str(), said["portal"].as_str().unwrap());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_from_the_portal() {
    sign_in(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_without_scripts_by_the_button() {
    sign_in(false).await;
}
