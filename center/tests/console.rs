//! The console as a browser sees it.

use center::testing::{Answer, Browser, PASSWORD, TestCenter};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::Engine;

async fn organization(test: &TestCenter) {
    let csv = "account_id,name,email,ou_path\n000000000001,management,m@x.example,\n000000000002,shop-dev,s@x.example,Work/Shop\n000000000003,shop-live,l@x.example,Work/Shop\n";
    test.api(Method::POST, "/api/organization/import", json!({ "accounts": csv })).await;
    test.api(Method::POST, "/api/permission-sets", json!({ "predefined": "ReadOnlyAccess" })).await;
    test.api(Method::POST, "/api/groups", json!({ "displayName": "Dev", "description": "<i>all</i>" })).await;
}

async fn id(test: &TestCenter, path: &str) -> String {
    test.api(Method::GET, path, Value::Null).await.json()["id"].as_str().expect("it is there").to_owned()
}

async fn ok(browser: &mut Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.body
}

fn done(answer: &Answer, location: &str) {
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, location), "{}", answer.body);
}

#[tokio::test]
async fn every_page_renders_empty_and_full() {
    for test in TestCenter::on_each().await {
        let mut browser = test.administrator().await;
        let lists = [
            "/console",
            "/console/settings",
            "/console/users",
            "/console/groups",
            "/console/accounts",
            "/console/permission-sets",
            "/console/events",
        ];
        for path in lists {
            let page = ok(&mut browser, path).await;
            assert!(page.contains("aria-current=\"page\"") && page.contains("owner"), "{path}");
        }
        test.user("ana", Some(PASSWORD)).await;
        organization(&test).await;
        for path in lists {
            ok(&mut browser, path).await;
        }
        let (user, group, set) = (
            id(&test, "/api/users/ana").await,
            id(&test, "/api/groups/Dev").await,
            id(&test, "/api/permission-sets/ReadOnlyAccess").await,
        );
        for path in [
            "/console/users/new".to_owned(),
            format!("/console/users/{user}"),
            "/console/users?q=ana".to_owned(),
            "/console/users?q=nobody".to_owned(),
            "/console/groups/new".to_owned(),
            format!("/console/groups/{group}?find=ana"),
            "/console/accounts?q=shop".to_owned(),
            "/console/accounts/000000000002".to_owned(),
            "/console/accounts/assign?account=000000000002".to_owned(),
            "/console/permission-sets/new".to_owned(),
            format!("/console/permission-sets/{set}"),
            format!("/console/events?subject={user}"),
        ] {
            ok(&mut browser, &path).await;
        }
        let page = ok(&mut browser, &format!("/console/groups/{group}")).await;
        assert!(page.contains("&#60;i&#62;all") && !page.contains("<i>all"), "texts are escaped");
        for path in [
            "/console/users/none",
            "/console/groups/none",
            "/console/accounts/none",
            "/console/permission-sets/none",
        ] {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}

#[tokio::test]
async fn a_user_is_made_disabled_enabled_and_deleted() {
    for test in TestCenter::on_each().await {
        let mut browser = test.administrator().await;
        ok(&mut browser, "/console/users/new").await;
        let refused = browser
            .post("/console/users/new", &[("user_name", "a b"), ("given_name", "A<"), ("family_name", "B")])
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(
            refused.body.contains("no blanks") && refused.body.contains("value=\"a b\""),
            "{}",
            refused.body
        );
        let fields = [
            ("user_name", "ana@x.example"),
            ("given_name", "Ana"),
            ("family_name", "Ng"),
            ("email", "ana@x.example"),
        ];
        let made = browser.post("/console/users/new", &fields).await;
        let user = id(&test, "/api/users/ana@x.example").await;
        let path = format!("/console/users/{user}");
        done(&made, &format!("{path}?done=user-created"));
        assert!(ok(&mut browser, &format!("{path}?done=user-created")).await.contains("The user is made"));
        assert!(!ok(&mut browser, &format!("{path}?done=%3Cscript%3E")).await.contains("<script>"));
        done(
            &browser.post(&path, &[("action", "password"), ("password", PASSWORD)]).await,
            &format!("{path}?done=password"),
        );
        let short = browser.post(&path, &[("action", "password"), ("password", "short")]).await;
        assert!(short.status == StatusCode::BAD_REQUEST && short.body.contains("at least 8 characters"));
        test.portal_user("ana@x.example", PASSWORD).await;
        done(&browser.post(&path, &[("action", "disable")]).await, &format!("{path}?done=user-disabled"));
        assert!(ok(&mut browser, &path).await.contains("Disabled"));
        done(&browser.post(&path, &[("action", "enable")]).await, &format!("{path}?done=user-enabled"));
        assert_eq!(browser.post(&path, &[("action", "other")]).await.status, StatusCode::BAD_REQUEST);
        done(&browser.post(&path, &[("action", "delete")]).await, "/console/users?done=user-deleted");
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn members_come_and_go_in_a_group() {
    for test in TestCenter::on_each().await {
        organization(&test).await;
        let user = test.user("ana", None).await;
        let mut browser = test.administrator().await;
        let path = format!("/console/groups/{}", id(&test, "/api/groups/Dev").await);
        assert!(ok(&mut browser, &format!("{path}?find=AN")).await.contains(&user));
        done(
            &browser.post(&path, &[("action", "add"), ("user", &user)]).await,
            &format!("{path}?done=members-added"),
        );
        assert!(ok(&mut browser, &path).await.contains("1 member<"));
        assert!(ok(&mut browser, &format!("{path}?find=ana")).await.contains("No user outside this group"));
        let renamed = [("action", "save"), ("display_name", "Developers"), ("description", "x")];
        done(&browser.post(&path, &renamed).await, &format!("{path}?done=group-saved"));
        done(
            &browser.post(&path, &[("action", "remove"), ("user", &user)]).await,
            &format!("{path}?done=members-removed"),
        );
        let gone = browser.post(&path, &[("action", "add"), ("user", "nobody")]).await;
        assert!(
            gone.status == StatusCode::NOT_FOUND && gone.body.contains("There is no user nobody"),
            "{}",
            gone.body
        );
        done(&browser.post(&path, &[("action", "delete")]).await, "/console/groups?done=group-deleted");
    }
}

#[tokio::test]
async fn the_wizard_assigns_a_whole_unit() {
    for test in TestCenter::on_each().await {
        organization(&test).await;
        test.user("ana", Some(PASSWORD)).await;
        let (user, group) = (id(&test, "/api/users/ana").await, id(&test, "/api/groups/Dev").await);
        let set = id(&test, "/api/permission-sets/ReadOnlyAccess").await;
        let organization = test.api(Method::GET, "/api/organization", Value::Null).await.json();
        let unit = organization["root"]["units"][0]["id"].as_str().unwrap().to_owned();
        let mut browser = test.administrator().await;
        ok(&mut browser, "/console/accounts").await;
        let path = "/console/accounts/assign";
        assert_eq!(browser.post(path, &[("step", "principals")]).await.status, StatusCode::BAD_REQUEST);
        let principals = browser.post(path, &[("step", "principals"), ("unit", &unit)]).await.body;
        assert!(
            principals.contains("2 accounts chosen")
                && principals.contains(&user)
                && principals.contains(&group)
        );
        let accounts = [("account", "000000000002"), ("account", "000000000003")];
        let none = browser.post(path, &[&accounts[..], &[("step", "sets")]].concat()).await.body;
        assert!(none.contains("Choose at least one user or group"));
        let who = [&accounts[..], &[("user", user.as_str()), ("group", &group)]].concat();
        let sets = browser.post(path, &[&who[..], &[("step", "sets")]].concat()).await.body;
        assert!(sets.contains("ReadOnlyAccess") && sets.contains("Provides read-only"));
        let none = browser.post(path, &[&who[..], &[("step", "submit")]].concat()).await.body;
        assert!(none.contains("Choose at least one permission set"));
        let all = [&who[..], &[("set", set.as_str())]].concat();
        let review = browser.post(path, &[&all[..], &[("step", "review")]].concat()).await.body;
        assert!(review.contains("4; those that are there already"), "{review}");
        let none = test.api(Method::GET, "/api/assignments", Value::Null).await.json();
        assert_eq!(none["value"], json!([]), "nothing is saved before the last step");
        let result = browser.post(path, &[&all[..], &[("step", "submit")]].concat()).await.body;
        assert!(result.contains("4 new assignments were made") && result.contains("shop-live"), "{result}");
        let again = browser.post(path, &[&all[..], &[("step", "submit")]].concat()).await.body;
        assert!(again.contains("0 new assignments were made"));
        let page = ok(&mut browser, &format!("/console/users/{user}")).await;
        assert!(page.contains("2 accounts") && page.contains("assigned to the user"));
    }
}

#[tokio::test]
async fn assignments_are_removed_and_accounts_suspended_on_the_account_page() {
    for test in TestCenter::on_each().await {
        organization(&test).await;
        let user = test.user("ana", None).await;
        let body = json!({ "accountId": "000000000002", "permissionSet": "ReadOnlyAccess", "principalType": "USER", "principal": "ana" });
        test.api(Method::POST, "/api/assignments", body).await;
        let set = id(&test, "/api/permission-sets/ReadOnlyAccess").await;
        let mut browser = test.administrator().await;
        let path = "/console/accounts/000000000002";
        let key = format!("{set}/USER/{user}");
        assert!(ok(&mut browser, path).await.contains(&key));
        done(&browser.post(path, &[("action", "suspend")]).await, &format!("{path}?done=account-suspended"));
        done(&browser.post(path, &[("action", "activate")]).await, &format!("{path}?done=account-active"));
        assert_eq!(
            browser.post(path, &[("action", "remove"), ("assignment", "x")]).await.status,
            StatusCode::BAD_REQUEST
        );
        assert_eq!(browser.post(path, &[("action", "remove")]).await.status, StatusCode::BAD_REQUEST);
        let gone = [("action", "remove"), ("assignment", key.as_str())];
        done(&browser.post(path, &gone).await, &format!("{path}?done=assignments-removed"));
        assert!(ok(&mut browser, path).await.contains("Nobody is assigned"));
    }
}

#[tokio::test]
async fn permission_sets_are_made_from_a_kind_or_by_hand() {
    for test in TestCenter::on_each().await {
        let mut browser = test.administrator().await;
        ok(&mut browser, "/console/permission-sets/new").await;
        let path = "/console/permission-sets/new";
        let made = browser.post(path, &[("kind", "Billing"), ("session_duration", "PT2H")]).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
        let policies = "arn:aws:iam::aws:policy/ReadOnlyAccess\r\narn:aws:iam::aws:policy/SecurityAudit";
        let own = [
            ("kind", "custom"),
            ("name", "own"),
            ("session_duration", "PT1H"),
            ("managed_policies", policies),
        ];
        assert_eq!(browser.post(path, &own).await.status, StatusCode::SEE_OTHER);
        let set = test.api(Method::GET, "/api/permission-sets/own", Value::Null).await.json();
        assert_eq!(set["managedPolicies"].as_array().unwrap().len(), 2);
        let twice = browser.post(path, &own).await;
        assert!(twice.status == StatusCode::CONFLICT && twice.body.contains("already"), "{}", twice.body);
        let page = format!("/console/permission-sets/{}", set["id"].as_str().unwrap());
        let saved = browser.post(&page, &[("action", "save"), ("session_duration", "PT12H")]).await;
        done(&saved, &format!("{page}?done=set-saved"));
        done(
            &browser.post(&page, &[("action", "delete")]).await,
            "/console/permission-sets?done=set-deleted",
        );
    }
}

#[tokio::test]
async fn files_are_imported_together_or_not_at_all() {
    for test in TestCenter::on_each().await {
        let mut browser = test.administrator().await;
        let page = ok(&mut browser, "/console/accounts").await;
        let token =
            page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let part = |name: &str, file: &str, text: &str| {
            let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
            format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n")
        };
        let accounts = "account_id,name,email,ou_path\n000000000001,m,m@x.example,\n";
        let send = async |sets: &str| {
            let body = [
                part("csrf", "", &token),
                part("accounts", "a.csv", accounts),
                part("permission_sets", "p.csv", sets),
                "--X--\r\n".to_owned(),
            ];
            let cookie = browser.cookie_header();
            let headers = [("cookie", cookie.as_str()), ("content-type", "multipart/form-data; boundary=X")];
            test.send(Method::POST, "/console/accounts/import", &headers, body.concat()).await
        };
        let refused = send("name,session_duration\nx,PT99H\n").await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.body.contains("line 2, column session_duration"), "{}", refused.body);
        assert_eq!(test.api(Method::GET, "/api/accounts", Value::Null).await.json()["value"], json!([]));
        done(&send("name,session_duration\nx,PT9H\n").await, "/console/accounts?done=imported");
        assert_eq!(
            test.api(Method::GET, "/api/accounts", Value::Null).await.json()["value"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let test = TestCenter::on(Engine::Sqlite).await;
    let mut browser = test.administrator().await;
    let stolen = browser.cookie_header();
    ok(&mut browser, "/console").await;
    done(&browser.post("/console/sign-out", &[]).await, "/console/sign-in");
    let answer = test.send(Method::GET, "/console", &[("cookie", &stolen)], String::new()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
