//! The recycle bin through the admin API and the console, on both engines.

use std::time::Duration;

use center::recycle_bin::{KEPT, remove_due};
use center::testing::{PASSWORD, TestCenter};
use http::{Method, StatusCode};
use serde_json::{Value, json};

async fn get(test: &TestCenter, path: &str) -> Value {
    let answer = test.api(Method::GET, path, Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.json()
}

async fn call(test: &TestCenter, method: Method, path: &str, body: Value) -> Value {
    let answer = test.api(method, path, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.body);
    answer.json()
}

/// Ana and Bo in the group Dev; Ana reads in both accounts, one by herself and one by the group.
async fn prepare(test: &TestCenter) -> (String, String) {
    let csv = "account_id,name,email,ou_path\n000000000001,management,m@x.example,\n000000000002,shop,s@x.example,Work\n";
    call(test, Method::POST, "/api/organization/import", json!({ "accounts": csv })).await;
    for name in ["reader", "writer"] {
        let set = json!({ "name": name, "sessionDuration": "PT8H" });
        call(test, Method::POST, "/api/permission-sets", set).await;
    }
    let dev = call(test, Method::POST, "/api/groups", json!({ "displayName": "Dev" })).await;
    let ana = test.user("ana", Some(PASSWORD)).await;
    test.user("bo", None).await;
    call(test, Method::POST, "/api/groups/Dev/members", json!({ "members": ["ana", "bo"] })).await;
    for (kind, who, set, account) in [
        ("USER", "ana", "reader", "000000000002"),
        ("USER", "ana", "writer", "000000000002"),
        ("GROUP", "Dev", "reader", "000000000001"),
    ] {
        let body =
            json!({ "accountId": account, "permissionSet": set, "principalType": kind, "principal": who });
        call(test, Method::POST, "/api/assignments", body).await;
    }
    (ana, dev["id"].as_str().unwrap().to_owned())
}

async fn actions(test: &TestCenter, subject: &str) -> Vec<String> {
    let events = get(test, &format!("/api/events?limit=100&subject={subject}")).await;
    let mut actions: Vec<String> = events["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap().to_owned())
        .collect();
    actions.reverse();
    actions
}

#[tokio::test]
async fn who_is_deleted_is_nowhere_and_comes_back_whole() {
    for test in TestCenter::on_each().await {
        let (ana, _) = prepare(&test).await;
        let before = get(&test, "/api/users/ana/access").await;
        assert_eq!(before["accounts"].as_array().unwrap().len(), 2);
        let mut portal = test.portal_user("ana", PASSWORD).await;
        call(&test, Method::DELETE, "/api/users/ana", Value::Null).await;
        assert_eq!(portal.get("/start").await.status, StatusCode::SEE_OTHER, "the session has ended");
        let gone = test.api(Method::GET, &format!("/api/users/{ana}"), Value::Null).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        assert_eq!(get(&test, "/api/groups/Dev").await["members"], 1);

        let list = get(&test, "/api/recycle-bin").await;
        assert_eq!((&list["value"][0]["id"], &list["value"][0]["name"]), (&json!(ana), &json!("ana")));
        let one = get(&test, &format!("/api/recycle-bin/{ana}")).await;
        assert_eq!(one["keptAside"], json!({ "memberships": 1, "assignments": 2 }));

        let restored =
            call(&test, Method::POST, &format!("/api/recycle-bin/{ana}/restore"), Value::Null).await;
        assert_eq!(restored["restored"], json!({ "memberships": 1, "assignments": 2 }));
        assert_eq!(restored["leftOut"], json!({ "memberships": 0, "assignments": 0 }));
        assert_eq!(get(&test, "/api/users/ana/access").await, before);
        assert_eq!(get(&test, "/api/users/ana").await["id"], json!(ana));
        assert_eq!(get(&test, "/api/recycle-bin").await["value"], json!([]));
        test.portal_user("ana", PASSWORD).await;
        let again = test.api(Method::POST, &format!("/api/recycle-bin/{ana}/restore"), Value::Null).await;
        assert_eq!((again.status, again.code().as_str()), (StatusCode::NOT_FOUND, "NotInRecycleBin"));
        let actions = actions(&test, &ana).await;
        for expected in ["user.deleted", "user.restored", "assignment.deleted", "assignment.created"] {
            assert!(actions.iter().any(|action| action == expected), "{expected}: {actions:?}");
        }
    }
}

#[tokio::test]
async fn a_membership_comes_back_when_both_ends_are_there() {
    for test in TestCenter::on_each().await {
        let (ana, dev) = prepare(&test).await;
        call(&test, Method::DELETE, "/api/users/ana", Value::Null).await;
        call(&test, Method::DELETE, "/api/groups/Dev", Value::Null).await;
        let user = call(&test, Method::POST, &format!("/api/recycle-bin/{ana}/restore"), Value::Null).await;
        assert_eq!(
            (&user["restored"]["memberships"], &user["leftOut"]["memberships"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(get(&test, "/api/users/ana/access").await["accounts"].as_array().unwrap().len(), 1);
        let group = call(&test, Method::POST, &format!("/api/recycle-bin/{dev}/restore"), Value::Null).await;
        assert_eq!(group["restored"], json!({ "memberships": 2, "assignments": 1 }), "Ana and Bo");
        assert_eq!(get(&test, "/api/users/ana/access").await["accounts"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_name_in_the_bin_is_free_and_an_assignment_without_its_set_stays_away() {
    for test in TestCenter::on_each().await {
        let (ana, _) = prepare(&test).await;
        call(&test, Method::DELETE, "/api/users/ana", Value::Null).await;
        call(&test, Method::DELETE, "/api/permission-sets/writer", Value::Null).await;
        let other = test.user("ana", None).await;
        assert_ne!(other, ana);
        let access = get(&test, "/api/users/ana/access").await;
        assert_eq!(access["accounts"], json!([]), "another person of this name starts clean");
        let path = format!("/api/recycle-bin/{ana}/restore");
        let taken = test.api(Method::POST, &path, Value::Null).await;
        assert_eq!((taken.status, taken.code().as_str()), (StatusCode::CONFLICT, "UserNameTaken"));
        call(&test, Method::DELETE, &format!("/api/users/{other}"), Value::Null).await;
        let restored = call(&test, Method::POST, &path, Value::Null).await;
        assert_eq!(restored["restored"], json!({ "memberships": 1, "assignments": 1 }));
        assert_eq!(restored["leftOut"], json!({ "memberships": 0, "assignments": 1 }));
    }
}

#[tokio::test]
async fn after_thirty_days_it_is_removed_for_good_once() {
    for test in TestCenter::on_each().await {
        let (ana, dev) = prepare(&test).await;
        call(&test, Method::DELETE, "/api/users/ana", Value::Null).await;
        test.center.clock.advance(Duration::from_secs(3600));
        call(&test, Method::DELETE, "/api/groups/Dev", Value::Null).await;
        test.center.clock.advance(KEPT - Duration::from_secs(3601));
        assert_eq!(remove_due(&test.center).await.unwrap(), 0);
        test.center.clock.advance(Duration::from_secs(1));
        assert_eq!(remove_due(&test.center).await.unwrap(), 1, "Ana alone");
        assert_eq!(remove_due(&test.center).await.unwrap(), 0);
        assert_eq!(actions(&test, &ana).await.last().unwrap(), "user.removed");
        let group = call(&test, Method::POST, &format!("/api/recycle-bin/{dev}/restore"), Value::Null).await;
        assert_eq!(group["restored"]["memberships"], 1, "Bo alone");
        let instance = test.center.instance_id.clone();
        let left = move |tx: &mut store::Tx<'_>| {
            let mut left = 0;
            for table in ["recycle_bin", "recycle_bin_members", "recycle_bin_assignments", "passwords"] {
                let sql = format!("SELECT count(*) FROM {table} WHERE instance_id = ?1");
                left += tx.int(&sql, &[(&instance).into()])?;
            }
            Ok::<_, store::StoreError>(left)
        };
        assert_eq!(test.center.store.read(left).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn the_console_lists_restores_and_removes() {
    for test in TestCenter::on_each().await {
        let (ana, dev) = prepare(&test).await;
        call(&test, Method::DELETE, "/api/users/ana", Value::Null).await;
        call(&test, Method::DELETE, "/api/groups/Dev", Value::Null).await;
        let mut browser = test.administrator().await;
        let list = browser.get("/console/recycle-bin").await.body;
        assert!(
            list.contains(">ana</a>") && list.contains(">Dev</a>") && list.contains("the admin API"),
            "{list}"
        );
        let page = format!("/console/recycle-bin/{ana}");
        assert!(browser.get(&page).await.body.contains("1 membership, 2 assignments"));
        let done = browser.post(&page, &[("action", "restore")]).await;
        assert_eq!(done.location(), format!("/console/users/{ana}?done=restored"), "{}", done.body);
        let page = format!("/console/recycle-bin/{dev}");
        browser.get(&page).await;
        let refused = browser.post(&page, &[("action", "remove"), ("confirm", "delete")]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let done = browser.post(&page, &[("action", "remove"), ("confirm", "DELETE")]).await;
        assert_eq!(done.location(), "/console/recycle-bin?done=removed");
        assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND);
        browser.get("/console/recycle-bin").await;
        browser.post("/console/recycle-bin", &[("restore_returning", "off")]).await;
        assert_eq!(get(&test, "/api/recycle-bin/settings").await, json!({ "restoreReturning": false }));
    }
}
