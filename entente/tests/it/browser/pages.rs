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
        command
            .args(["--json", "up", "--domain", "lindqvist.example"])
            .args(listen)
            .arg("--data")
            .arg(folder.path());
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
    people(&road).await;
    let app = application(&road, &sp_metadata).await;
    assign_application(&road, &app).await;
    app_roles(&road, &app).await;
    road.browser.go(&format!("{app}/single-sign-on")).await;
    let idp_metadata = road.download("a[download$='.xml']", "idp.xml").await;
    finish_source(&road, &idp_metadata).await;
    accounts(&road).await;
    provisioning(&road, &app).await;
    assign(&road).await;
    single_sign_on(&road, &app).await;
    service_provider(&road).await;
    person(&road).await;
    signs_out(&road).await;
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
    b.sees("Workloads").await;
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

async fn people(road: &Road) {
    let b = &road.browser;
    road.go("directory", "/console/import").await;
    for name in ["users", "groups", "members"] {
        b.choose(&format!("input[name={name}]"), &Road::organization(&format!("{name}.csv"))).await;
    }
    b.click("select[name=action] option[value=import]").await;
    b.press("Go").await;
    b.sees("12").await;
    b.picture("directory-import").await;
    road.go("directory", "/console/users?q=ana").await;
    b.press("Ana Lind").await;
    b.fill("input[name=password]", PASSWORD).await;
    b.click("input[name=must_change]").await;
    b.picture("directory-user").await;
    b.press("Set password").await;
    b.sees("The password was set").await;
}

/// The address of the application's pages.
async fn application(road: &Road, sp_metadata: &std::path::Path) -> String {
    let b = &road.browser;
    road.go("directory", "/console/applications/new").await;
    b.fill("input[name=display_name]", "AWS SSO").await;
    b.picture("application-new").await;
    b.press("Create").await;
    b.sees("AWS SSO").await;
    let url = b.client.current_url().await.unwrap();
    let id = url.path().split('/').nth(3).unwrap().to_owned();
    let app = road.url("directory", &format!("/console/applications/{id}"));
    b.go(&format!("{app}/single-sign-on")).await;
    if b.text().await.contains("Select a single sign-on method") {
        b.press("SAML").await;
    }
    b.choose("input[name=metadata]", sp_metadata).await;
    b.press("Read the file").await;
    b.sees("/platform/saml/acs/").await;
    b.picture("single-sign-on-read").await;
    b.press("Save").await;
    b.sees("Federation Metadata").await;
    b.picture("single-sign-on").await;
    app
}

async fn assign_application(road: &Road, app: &str) {
    let b = &road.browser;
    b.go(&format!("{app}/users-and-groups?q=platform")).await;
    b.click("input[name=id]").await;
    b.press("Assign the chosen").await;
    b.sees("platform").await;
    b.picture("users-and-groups").await;
}

/// A role of the application's own, for somebody who is assigned already.
async fn app_roles(road: &Road, app: &str) {
    let b = &road.browser;
    b.go(&format!("{app}/app-roles")).await;
    b.fill("input[name=display_name]", "Auditor").await;
    b.fill("input[name=value]", "audit.read").await;
    b.fill("input[name=description]", "Reads every account").await;
    b.press("Create").await;
    b.sees("audit.read").await;
    b.picture("app-roles").await;
    let role = b.find("td a[href*='/app-roles/']").await.attr("href").await.unwrap().unwrap();
    b.go(&format!("{app}/users-and-groups?q=platform")).await;
    b.sees("assigned as User").await;
    b.click("input[name=id]").await;
    b.click("#role option:last-child").await;
    b.tall_picture("users-and-groups-roles").await;
    b.press("Assign the chosen").await;
    b.sees("Auditor").await;
    b.picture("users-and-groups-both").await;
    road.go("directory", &role).await;
    b.sees("Who has it").await;
    b.tall_picture("app-role").await;
    b.press("Disable").await;
    b.sees("The role is disabled").await;
    b.tall_picture("app-role-disabled").await;
    b.press("Delete").await;
    b.sees("Deleted").await;
}

async fn provisioning(road: &Road, app: &str) {
    let b = &road.browser;
    road.go("center", "/console/settings/automatic-provisioning").await;
    b.press("Enable").await;
    b.sees("shown").await;
    b.picture("automatic-provisioning").await;
    let shown = b.client.find_all(fantoccini::Locator::Css("main dd code")).await.unwrap();
    let mut values = Vec::new();
    for value in shown {
        values.push(value.text().await.unwrap());
    }
    let endpoint = values.iter().find(|v| v.contains("/scim/v2")).unwrap();
    let token = values.iter().find(|v| v.starts_with("entente_scim_")).unwrap();
    b.go(&format!("{app}/provisioning/connectivity")).await;
    b.fill("input[name=tenant_url]", endpoint).await;
    b.fill("input[name=secret_token]", token).await;
    b.click("input[name=allow_private]").await;
    b.press("Test connection").await;
    b.picture("provisioning-test").await;
    b.fill("input[name=tenant_url]", endpoint).await;
    b.fill("input[name=secret_token]", token).await;
    b.press("Save").await;
    b.go(&format!("{app}/provisioning")).await;
    b.press("Start provisioning").await;
    // Nobody loads the page again: its script does what is needed.
    b.sees("3 memberships").await;
    b.sees("Following changes").await;
    b.picture("provisioning").await;
    b.go(&format!("{app}/provisioning/logs")).await;
    b.sees("ana@lindqvist.example").await;
    b.picture("provisioning-logs").await;
    provisioning_pages(road, app).await;
    b.go(&format!("{app}/properties")).await;
    b.sees("Members of nested groups").await;
    b.picture("application-properties").await;
    for path in [
        "/console/recycle-bin",
        "/console/settings/event-targets",
        "/console/settings/automatic-provisioning/ownership",
    ] {
        road.go("center", path).await;
        b.sees("Permission sets").await;
        b.picture(&format!("center-{}", path.rsplit('/').next().unwrap_or(path))).await;
    }
    road.go("center", "/console/users").await;
    b.sees(PERSON).await;
    b.picture("center-users").await;
}

/// The other pages, none of them wider than the window.
async fn provisioning_pages(road: &Road, app: &str) {
    let b = &road.browser;
    for page in [
        "mappings",
        "mappings/scope?kind=user",
        "expression",
        "settings",
        "lint",
        "plans",
        "comparisons",
        "provenance?user=ana@lindqvist.example",
    ] {
        b.go(&format!("{app}/provisioning/{page}")).await;
        b.sees("Dry runs").await;
        b.picture(&format!("provisioning-{}", page.split('?').next().unwrap_or(page).replace('/', "-")))
            .await;
        let wide = "const e = document.documentElement; return e.scrollWidth - e.clientWidth";
        let wide = b.client.execute(wide, Vec::new()).await.unwrap();
        assert_eq!(wide, serde_json::json!(0), "{page} is wider than the window");
    }
}

/// What an administrator may set beside the usual: claims, another certificate, signed requests, encryption,
/// the mode of the SCIM server.
async fn single_sign_on(road: &Road, app: &str) {
    let b = &road.browser;
    b.go(&format!("{app}/claims")).await;
    b.press("Add AWS session tags").await;
    b.sees("The claims for AWS session tags are there").await;
    b.picture("claims").await;
    b.go(&format!("{app}/claims/edit")).await;
    b.fill("input[name=name]", "mailNickname").await;
    b.fill("input[name=source_0]", "ToUppercase(ExtractMailPrefix(user.mail))").await;
    b.picture("claim-edit").await;
    b.press("Save").await;
    b.sees("mailNickname").await;
    b.go(&format!("{app}/claims/preview?user={PERSON}")).await;
    b.sees("ANA").await;
    b.picture("claims-preview").await;
    b.go(&format!("{app}/single-sign-on")).await;
    b.press("New certificate").await;
    b.sees("It is inactive until you make it active").await;
    b.picture("certificates").await;
    b.press("Make active").await;
    b.sees("What happens").await;
    b.picture("certificate-activate").await;
    b.go(&format!("{app}/single-sign-on/verification")).await;
    b.picture("verification-certificates").await;
    b.go(&format!("{app}/single-sign-on/token-encryption")).await;
    b.picture("token-encryption").await;
    road.go("center", "/console/settings/automatic-provisioning").await;
    b.sees("Entente").await;
    b.picture("scim-modes").await;
}

/// What an administrator of the center may set for the identity provider.
async fn service_provider(road: &Road) {
    let b = &road.browser;
    road.go("center", "/console/settings/identity-source/certificates").await;
    b.sees("identity-source").await;
    b.picture("idp-certificates").await;
    road.go("center", "/console/settings/identity-source/metadata-url").await;
    b.sees("Hours between readings").await;
    b.picture("idp-metadata-url").await;
    road.go("center", "/console/settings/access-control-attributes").await;
    b.click("input[name=enabled]").await;
    b.fill("input[name=key]", "UserName").await;
    b.press("Save").await;
    b.sees("aws:PrincipalTag").await;
    b.picture("access-control-attributes").await;
    road.go("center", "/console/settings/saml").await;
    b.click("input[name=acceptEncrypted]").await;
    b.press("Save").await;
    b.sees("encryption").await;
    b.tall_picture("saml-settings").await;
}

async fn signs_out(road: &Road) {
    let b = &road.browser;
    road.go("directory", "/my-apps").await;
    b.picture("my-apps").await;
    b.click("header form button").await;
    b.sees("You are signed out here, but not everywhere").await;
    b.picture("signed-out").await;
    road.go("directory", "/sign-in?return_to=/console/sign-ins").await;
    b.fill("input[name=user_name]", "admin@lindqvist.example").await;
    b.fill("input[name=password]", PASSWORD).await;
    b.press("Sign in").await;
    road.go("directory", "/console/sign-ins").await;
    b.sees(PERSON).await;
    b.click("main table a").await;
    b.sees("Signing certificate").await;
    b.picture("sign-in-one").await;
}

async fn person(road: &Road) {
    let b = &road.browser;
    b.client.delete_all_cookies().await.unwrap();
    road.go("center", "/start").await;
    b.fill("input[name=user_name]", PERSON).await;
    b.fill("input[name=password]", PASSWORD).await;
    b.press("Sign in").await;
    b.sees("shop-production").await;
    b.sees("shop-test").await;
    b.sees("Attributes of this session").await;
    b.picture("portal-after-the-road").await;
    assert_eq!(b.client.current_url().await.unwrap().as_str(), road.url("center", "/start"));
}
