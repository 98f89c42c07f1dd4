//! The console and My Apps as a browser sees them.

use directory::applications::{self, USER_ROLE};
use directory::testing::{Browser, DOMAIN, PASSWORD, TestDirectory, engines};
use directory::{groups, users};
use http::StatusCode;
use serde_json::json;
use store::Engine;

const METADATA: &[u8] = include_bytes!("../testdata/sp-metadata/iam-identity-center.xml");

async fn admin(test: &TestDirectory) -> Browser {
    test.browser("admin").await
}

/// The path of a redirect without its notice.
fn target(location: &str) -> String {
    location.split('?').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_page_renders_with_its_title_and_the_token_of_its_forms() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let group = test.group("Sales", &[&ana.id]).await;
        let app = test.write(|tx, change| applications::create(tx, change, "AWS <SSO>")).await.unwrap();
        let mut browser = admin(&test).await;
        for (path, text) in [
            ("/console", "Overview"),
            ("/console/users", "ana@contoso.example"),
            ("/console/users?q=an", "ana@contoso.example"),
            ("/console/users?q=zzz", "No users with “zzz”"),
            ("/console/users/new", "New user"),
            ("/console/users/deleted", "Deleted users"),
            (&format!("/console/users/{}", ana.id), "Sales"),
            ("/console/groups", "Sales"),
            ("/console/groups/new", "New group"),
            (&format!("/console/groups/{}?q=a", group.id), "Ada Admin"),
            ("/console/import", "Memberships (CSV)"),
            ("/console/applications", "AWS &#60;SSO&#62;"),
            ("/console/applications/new", "Non-gallery"),
            (&format!("/console/applications/{}", app.id), "Assign users and groups"),
            (&format!("/console/applications/{}/properties", app.id), "Assignment required"),
            (&format!("/console/applications/{}/users-and-groups?q=ana", app.id), "Nobody is assigned"),
            (&format!("/console/applications/{}/app-roles", app.id), "Create app role"),
            (
                &format!("/console/applications/{}/app-roles/{USER_ROLE}", app.id),
                "Every application has this role",
            ),
            (&format!("/console/applications/{}/single-sign-on", app.id), "Select a single sign-on method"),
            ("/console/events", "application.created"),
            (&format!("/console/events?subject={}", ana.id), "user.created"),
            ("/console/tenant", "Groups in groups"),
            ("/my-apps", "No applications yet"),
            ("/change-password", "Current password"),
        ] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
            assert!(page.text.contains(text), "{path} says {text}: {}", page.text);
            assert!(!page.text.contains("<SSO>"), "{path} escapes names");
            assert!(page.headers.contains_key("content-security-policy"), "{path}");
            let forms = page.text.matches("method=\"post\"").count();
            assert_eq!(page.text.matches("name=\"csrf\"").count(), forms, "{path}: a token in each form");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    for test in engines().await {
        let mut browser = admin(&test).await;
        for path in [
            "/console/users/nobody",
            "/console/users/%00",
            "/console/groups/nothing",
            "/console/groups/%00",
            "/console/applications/nothing",
            "/console/applications/%00/properties",
            "/console/applications/x/users-and-groups",
            "/console/applications/x/app-roles",
            "/console/applications/x/app-roles/y",
            "/console/applications/x/single-sign-on",
            "/console/applications/x/single-sign-on/certificates/y/raw",
        ] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/console/users?after=x", "/console/events?before=x", "/console/events?subject=%00"] {
            assert_eq!(browser.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
        }
        assert_eq!(browser.get("/console/users?q=%00").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_user_is_made_changed_and_deleted_in_the_console() {
    for test in engines().await {
        let mut browser = admin(&test).await;
        let fields = [
            ("user_principal_name", "ana@contoso.example"),
            ("display_name", "Ana Horvat"),
            ("mail", "ana@mail.example"),
            ("password", PASSWORD),
        ];
        let made = browser.submit("/console/users/new", "/console/users/new", &fields).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let path = target(made.location());
        let twice = browser.submit("/console/users/new", "/console/users/new", &fields).await;
        assert_eq!(twice.status, StatusCode::CONFLICT);
        assert!(twice.text.contains("has the name ana@contoso.example already"));
        assert!(twice.text.contains("value=\"Ana Horvat\"") && !twice.text.contains(PASSWORD));
        let fields = [
            ("user_principal_name", "ana@contoso.example"),
            ("display_name", "Ana H."),
            ("job_title", "Engineer"),
            ("manager", "admin@contoso.example"),
            ("account_enabled", "1"),
        ];
        assert_eq!(browser.submit(&path, &path, &fields).await.status, StatusCode::SEE_OTHER);
        let page = browser.get(&path).await.text;
        assert!(page.contains("Ana H.") && page.contains("Ada Admin") && page.contains("Engineer"), "{page}");
        let ana = test
            .directory
            .read(|tx, tenant| users::by_id_or_name(tx, tenant, "ana@contoso.example"))
            .await
            .unwrap();
        assert_eq!(ana.profile.text("mail"), None, "an emptied field removes");
        let bad = [("user_principal_name", "ana"), ("display_name", "x"), ("account_enabled", "1")];
        assert_eq!(browser.submit(&path, &path, &bad).await.status, StatusCode::BAD_REQUEST);

        let role = format!("{path}/administrator");
        browser.submit(&path, &role, &[("give", "1")]).await;
        assert!(browser.get(&path).await.text.contains("Global Administrator</span>"));
        browser.submit(&path, &role, &[("give", "0")]).await;
        let own = format!("/console/users/{}", test.administrator);
        let last = browser.submit(&own, &format!("{own}/administrator"), &[("give", "0")]).await;
        assert_eq!(last.status, StatusCode::CONFLICT, "the last one stays");

        let password = format!("{path}/password");
        let short = browser.submit(&path, &password, &[("password", "short")]).await;
        assert_eq!(short.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            browser.submit(&path, &password, &[("password", "another password")]).await.status,
            StatusCode::SEE_OTHER
        );
        let deleted = browser.submit(&path, &format!("{path}/delete"), &[]).await;
        assert_eq!(target(deleted.location()), "/console/users");
        let restored = browser.submit("/console/users/deleted", &format!("{path}/restore"), &[]).await;
        assert_eq!(target(restored.location()), path);
    }
}

#[tokio::test]
async fn members_are_searched_added_and_removed() {
    for test in engines().await {
        let (ana, ben) = (test.user("ana").await, test.user("ben").await);
        let mut browser = admin(&test).await;
        let made =
            browser.submit("/console/groups/new", "/console/groups/new", &[("display_name", "Sales")]).await;
        let path = target(made.location());
        let found = browser.get(&format!("{path}?q=contoso")).await.text;
        assert!(found.contains(&ana.id) && found.contains(&ben.id));
        let add = format!("{path}/members");
        browser.submit(&path, &add, &[("id", &ana.id), ("id", &ben.id)]).await;
        let again = browser.submit(&path, &add, &[("id", &ana.id)]).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "twice does no harm");
        let unknown = browser.submit(&path, &add, &[("id", "\0")]).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        browser.submit(&path, &format!("{path}/members/remove"), &[("id", &ana.id)]).await;
        let page = browser.get(&path).await.text;
        assert!(page.contains("Members (1)") && page.contains("ben"));
        let id = path.rsplit('/').next().unwrap().to_owned();
        browser.submit(&path, &format!("{path}/delete"), &[]).await;
        let left = test.directory.read(move |tx, tenant| Ok(groups::by_id(tx, tenant, &id)?)).await.unwrap();
        assert_eq!(left, None);
    }
}

#[tokio::test]
async fn an_application_is_set_up_from_a_metadata_file() {
    for test in engines().await {
        let mut browser = admin(&test).await;
        let new = "/console/applications/new";
        let made = browser.submit(new, new, &[("display_name", "AWS SSO")]).await;
        let path = format!("{}/single-sign-on", target(made.location()));
        let chosen = browser.submit(&path, &format!("{path}/choose"), &[]).await;
        assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.text);
        let upload = format!("{path}/metadata");
        let shown = browser.upload(&path, &upload, &[], &[("metadata", "sp.xml", METADATA)]).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        let acs = "https://eu-central-1.signin.aws/platform/saml/acs/1 0\nhttps://eu-central-1.sso.signin.aws/platform/saml/acs/2 1";
        assert!(shown.text.contains("Not saved yet") && shown.text.contains(acs), "{}", shown.text);
        assert!(!browser.get(&path).await.text.contains("signin.aws/platform"), "nothing was saved");
        let entity_id = "https://eu-central-1.signin.aws/platform/saml/d-99672f8b24";
        let fields = [("identifiers", entity_id), ("reply_urls", acs)];
        let saved = browser.submit(&path, &format!("{path}/basic"), &fields).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        let page = browser.get(&format!("{path}?preview=admin%40{DOMAIN}")).await.text;
        for text in [
            entity_id,
            "For Ada Admin",
            "Download Federation Metadata XML",
            "no value",
            "/saml2\"",
            "Active</span>",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        let bad = [("identifiers", entity_id), ("reply_urls", "javascript:alert(1)")];
        let refused = browser.submit(&path, &format!("{path}/basic"), &bad).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text.contains("an absolute https URL"));
        let idp = include_bytes!("../testdata/sp-metadata/idp.xml");
        let refused = browser.upload(&path, &upload, &[], &[("metadata", "idp.xml", idp)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text.contains("download the file from the service provider"), "{}", refused.text);
        let empty = browser.upload(&path, &upload, &[], &[]).await;
        assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn claims_signing_and_certificates_change_on_their_cards() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let app = test.write(|tx, change| applications::create(tx, change, "App")).await.unwrap();
    let mut browser = admin(&test).await;
    let path = format!("/console/applications/{}/single-sign-on", app.id);
    let certificates = format!("{path}/certificates");
    assert_eq!(browser.submit(&path, &certificates, &[]).await.status, StatusCode::CONFLICT, "SAML first");
    browser.submit(&path, &format!("{path}/choose"), &[]).await;
    let format = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    browser.submit(&path, &format!("{path}/claims"), &[("source", "mail"), ("format", format)]).await;
    browser.submit(&path, &format!("{path}/signing"), &[("option", "both")]).await;
    let bad = browser.submit(&path, &format!("{path}/signing"), &[("option", "none")]).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.submit(&path, &certificates, &[]).await.status, StatusCode::SEE_OTHER);
    let (id, tenant) = (app.id.clone(), test.directory.tenant_id.clone());
    let (saved, all) = test
        .directory
        .store
        .read(move |tx| -> Result<_, directory::refused::Refused> {
            Ok((applications::by_any_id(tx, &tenant, &id)?, applications::certificates(tx, &tenant, &id)?))
        })
        .await
        .unwrap();
    assert_eq!((saved.name_id.source.as_str(), saved.signing_option.as_str()), ("mail", "both"));
    assert_eq!(all.len(), 2);
    let (active, other) = (&all[0], &all[1]);
    assert!(active.active && !other.active);
    let raw = browser.get(&format!("{certificates}/{}/raw", active.key_id)).await;
    assert_eq!(raw.bytes, active.der);
    let pem = browser.get(&format!("{certificates}/{}/base64", active.key_id)).await.text;
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    let delete = format!("{certificates}/{}/delete", active.key_id);
    assert_eq!(browser.submit(&path, &delete, &[]).await.status, StatusCode::CONFLICT);
    browser.submit(&path, &format!("{certificates}/{}/activate", other.key_id), &[]).await;
    assert_eq!(browser.submit(&path, &delete, &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_imported_certificate_signs_and_its_end_is_announced_once() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let app = test.write(|tx, change| applications::create(tx, change, "App")).await.unwrap();
    let mut browser = admin(&test).await;
    let path = format!("/console/applications/{}/single-sign-on", app.id);
    browser.submit(&path, &format!("{path}/choose"), &[]).await;
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::default();
    let now = test.directory.clock.now().to_offset();
    (params.not_before, params.not_after) = (now, now + time::Duration::days(50));
    let pem = params.self_signed(&key).unwrap().pem();
    let files = [
        ("private_key", "k.pem", key.serialize_pem().into_bytes()),
        ("certificate", "c.pem", pem.clone().into_bytes()),
    ];
    let import = format!("{path}/certificates/import");
    let files: Vec<(&str, &str, &[u8])> = files.iter().map(|(f, n, b)| (*f, *n, b.as_slice())).collect();
    let swapped = [("private_key", "k.pem", files[1].2), files[1]];
    let refused = browser.upload(&path, &import, &[], &swapped).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("a certificate without a key"), "{}", refused.text);
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem();
    let stranger = [("private_key", "k.pem", other.as_bytes()), files[1]];
    let refused = browser.upload(&path, &import, &[], &stranger).await;
    assert!(refused.text.contains("the certificate belongs to another key"), "{}", refused.text);
    let done = browser.upload(&path, &import, &[], &files).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let id = app.id.clone();
    let all = test.directory.read(move |tx, tenant| Ok(applications::certificates(tx, tenant, &id)?));
    let all = all.await.unwrap();
    let imported = all.iter().find(|c| !c.active).unwrap();
    let activate = format!("{path}/certificates/{}/activate", imported.key_id);
    let preview = browser.get(&activate).await;
    assert!(preview.text.contains(&all[0].thumbprint) && preview.text.contains(&imported.thumbprint));
    browser.submit(&activate, &activate, &[]).await;
    // 50 days to go: announced once, on the dashboard and on the application's pages.
    assert_eq!(applications::announce_expiry(&test.directory).await.unwrap(), 1);
    assert_eq!(applications::announce_expiry(&test.directory).await.unwrap(), 0);
    assert!(browser.get("/console").await.text.contains("expires in 50 days"));
    assert!(browser.get(&path).await.text.contains("The signing certificate expires in 50 days"));
    let listed = test.program().await.get("/api/certificates").await.json();
    assert_eq!(listed["value"][0]["status"], "expires soon", "{listed}");
    for (days, action) in
        [(25, "certificate.expires_soon"), (20, "certificate.expires_soon"), (6, "certificate.expired")]
    {
        test.advance(std::time::Duration::from_secs(days * 24 * 3600));
        assert_eq!(applications::announce_expiry(&test.directory).await.unwrap(), 1, "{days}");
        assert_eq!(test.actions(1).await, [action]);
    }
}

#[tokio::test]
async fn a_pfx_file_that_openssl_wrote_is_imported_with_its_password() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let app = test.write(|tx, change| applications::create(tx, change, "App")).await.unwrap();
    let mut browser = admin(&test).await;
    let path = format!("/console/applications/{}/single-sign-on", app.id);
    browser.submit(&path, &format!("{path}/choose"), &[]).await;
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let pem = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("both.pem"), key.serialize_pem() + &pem).unwrap();
    let import = format!("{path}/certificates/import");
    for (at, legacy) in [&[][..], &["-legacy"][..]].into_iter().enumerate() {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args([
            "pkcs12",
            "-export",
            "-in",
            "both.pem",
            "-out",
            "both.pfx",
            "-passout",
            "pass:s3cret é",
        ]);
        let made = openssl.args(legacy).current_dir(folder.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let pfx = std::fs::read(folder.path().join("both.pfx")).unwrap();
        let files = [("pfx", "both.pfx", pfx.as_slice())];
        let refused = browser.upload(&path, &import, &[("pfx_password", "wrong")], &files).await;
        assert!(refused.text.contains("the one that the file was saved with"), "{}", refused.text);
        assert!(!refused.text.contains("wrong"), "a password was shown");
        let broken = [("pfx", "both.pfx", &pfx[..pfx.len() / 2])];
        let refused = browser.upload(&path, &import, &[("pfx_password", "s3cret é")], &broken).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        let done = browser.upload(&path, &import, &[("pfx_password", "s3cret é")], &files).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let id = app.id.clone();
        let all = test.directory.read(move |tx, tenant| Ok(applications::certificates(tx, tenant, &id)?));
        assert_eq!(all.await.unwrap().len(), at + 2);
    }
}

#[tokio::test]
async fn the_certificates_of_an_application_have_their_pages() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let app = test.write(|tx, change| applications::create(tx, change, "App")).await.unwrap();
    let path = format!("/console/applications/{}/single-sign-on", app.id);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let pem = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
    let mut browser = admin(&test).await;
    for (page, usage) in [("verification", "Verify"), ("token-encryption", "Encrypt")] {
        let page = format!("{path}/{page}");
        let certificate = [("certificate", "c.pem", pem.as_bytes())];
        let done = browser.upload(&page, &format!("{page}/certificates"), &[], &certificate).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let twice = browser.upload(&page, &format!("{page}/certificates"), &[], &certificate).await;
        assert_eq!(twice.status, StatusCode::BAD_REQUEST, "{}", twice.text);
        let id = app.id.clone();
        let known =
            test.directory.read(move |tx, tenant| Ok(applications::key_credentials(tx, tenant, &id)?));
        let known = known.await.unwrap();
        let key = known.iter().find(|k| k.usage.as_str() == usage).unwrap().key_id.clone();
        let fields = [("required", "1"), ("key", key.as_str())];
        browser.submit(&page, &page, &fields).await;
        let shown = browser.get(&page).await;
        assert!(shown.text.contains(if usage == "Encrypt" { "In use" } else { "checked" }), "{}", shown.text);
        let delete = format!("{path}/key-credentials/{key}/delete");
        let deleted = browser.submit(&page, &delete, &[("usage", usage)]).await;
        let expected = if usage == "Encrypt" { StatusCode::CONFLICT } else { StatusCode::SEE_OTHER };
        assert_eq!(deleted.status, expected, "{}", deleted.text);
    }
}

#[tokio::test]
async fn people_see_the_applications_that_they_are_assigned_to() {
    for test in engines().await {
        let (ana, ben) = (test.user("ana").await, test.user("ben").await);
        let inner = test.group("Inner", &[&ben.id]).await;
        let sales = test.group("Sales", &[&ana.id, &inner.id]).await;
        let mut browser = admin(&test).await;
        let app = test.write(|tx, change| applications::create(tx, change, "Payroll")).await.unwrap();
        let path = format!("/console/applications/{}", app.id);
        browser
            .submit(&format!("{path}/single-sign-on"), &format!("{path}/single-sign-on/choose"), &[])
            .await;
        let assign = format!("{path}/users-and-groups");
        assert!(browser.get(&format!("{assign}?q=sales")).await.text.contains(&sales.id));
        let done = browser.submit(&assign, &assign, &[("id", &sales.id)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let page = browser.get(&assign).await.text;
        assert!(
            page.contains("Inner (in Sales)") && page.contains("1 people are in such groups alone"),
            "{page}"
        );
        let mut people = (test.browser("ana").await, test.browser("ben").await);
        let tile = format!("/my-apps/{}", app.app_id);
        assert!(people.0.get("/my-apps").await.text.contains(&tile));
        assert!(!people.1.get("/my-apps").await.text.contains(&tile));
        let tenant = [("display_name", "Contoso"), ("groups", "transitive")];
        browser.submit("/console/tenant", "/console/tenant", &tenant).await;
        assert!(people.1.get("/my-apps").await.text.contains(&tile));
        let hidden = [("display_name", "Payroll"), ("account_enabled", "1"), ("assignment_required", "1")];
        let properties = format!("{path}/properties");
        browser.submit(&properties, &properties, &hidden).await;
        assert!(!people.0.get("/my-apps").await.text.contains(&tile), "not visible");
        let page = browser.get(&assign).await.text;
        let assignment =
            page.split("name=\"assignment\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        browser.submit(&assign, &format!("{assign}/remove"), &[("assignment", assignment)]).await;
        assert!(browser.get(&assign).await.text.contains("Nobody is assigned"));
    }
}

#[tokio::test]
async fn files_are_imported_from_the_console() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let mut browser = admin(&test).await;
    let (page, users) = ("/console/import", b"user_name\nana@contoso.example\n".as_slice());
    let files = [("users", "users.csv", users)];
    let checked = browser.upload(page, page, &[("action", "check")], &files).await;
    assert!(checked.text.contains("This is what an import would do"), "{}", checked.text);
    assert!(browser.get("/console/users?q=ana").await.text.contains("No users"));
    let done = browser.upload(page, page, &[("action", "import")], &files).await;
    assert!(done.text.contains("Imported"), "{}", done.text);
    assert!(browser.get("/console/users?q=ana").await.text.contains("ana@contoso.example"));
    let latin = include_bytes!("../testdata/import/users-not-utf8.csv");
    let bad = browser.upload(page, page, &[], &[("users", "users.csv", latin)]).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert!(bad.text.contains("users, line 2: the text is not UTF-8"), "{}", bad.text);
    let none = browser.upload(page, page, &[], &[]).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn events_can_be_read_back_in_pages() {
    for test in engines().await {
        let program = test.program().await;
        for n in 0..5 {
            test.user(&format!("u{n}")).await;
        }
        let (mut path, mut seen) = ("/api/events?limit=4".to_owned(), Vec::new());
        loop {
            let page = program.get(&path).await.json();
            let events = page["value"].as_array().unwrap();
            seen.extend(events.iter().map(|e| e["cursor"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => path = format!("/api/events?limit=4&before={next}"),
                None => break,
            }
        }
        let all = test.actions(500).await.len();
        assert_eq!(seen.len(), all);
        let one = program.get(&format!("/api/events?subject={}", test.administrator)).await.json();
        assert_eq!(one["value"].as_array().unwrap().last().unwrap()["action"], "user.created");
        for bad in ["limit=0", "limit=x", "before=x", "subject=%00"] {
            let answer = program.get(&format!("/api/events?{bad}")).await;
            assert_eq!(answer.json()["error"]["code"], json!("InvalidValue"), "{bad}");
        }
    }
}
