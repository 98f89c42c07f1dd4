//! The admin API through the router.

use center::testing::TestCenter;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::StoreError;

async fn get(test: &TestCenter, path: &str) -> Value {
    let answer = test.api(Method::GET, path, Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.json()
}

async fn post(test: &TestCenter, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = test.api(Method::POST, path, body).await;
    (answer.status, answer.json())
}

async fn prepare(test: &TestCenter) -> String {
    let csv = "account_id,name,email,ou_path\n000000000001,management,m@x.example,\n000000000002,shop,s@x.example,Work\n";
    post(test, "/api/organization/import", json!({ "accounts": csv })).await;
    post(test, "/api/permission-sets", json!({ "predefined": "AdministratorAccess" })).await;
    post(test, "/api/permission-sets", json!({ "name": "reader", "sessionDuration": "PT8H" })).await;
    post(test, "/api/groups", json!({ "displayName": "Dev" })).await;
    let id = test.user("ana@x.example", None).await;
    post(test, "/api/groups/Dev/members", json!({ "members": ["ANA@x.example"] })).await;
    id
}

fn assignment(kind: &str, principal: &str, set: &str, account: &str) -> Value {
    json!({ "accountId": account, "permissionSet": set, "principalType": kind, "principal": principal })
}

#[tokio::test]
async fn access_says_which_accounts_and_why() {
    for test in TestCenter::on_each().await {
        let ana = prepare(&test).await;
        let direct = assignment("USER", "ana@x.example", "AdministratorAccess", "000000000002");
        assert_eq!(
            post(&test, "/api/assignments", direct.clone()).await,
            (StatusCode::CREATED, json!({ "created": true }))
        );
        assert_eq!(
            post(&test, "/api/assignments", direct).await,
            (StatusCode::OK, json!({ "created": false }))
        );
        post(&test, "/api/assignments", assignment("GROUP", "Dev", "AdministratorAccess", "000000000002"))
            .await;
        post(&test, "/api/assignments", assignment("GROUP", "dev", "reader", "000000000001")).await;
        let access = get(&test, "/api/users/ana@x.example/access").await;
        assert_eq!(access["userName"], "ana@x.example");
        let accounts = access["accounts"].as_array().unwrap();
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[1]["accountName"], "shop");
        let set = &accounts[1]["permissionSets"][0];
        assert_eq!(set["name"], "AdministratorAccess");
        assert!(set["arn"].as_str().unwrap().starts_with("arn:aws:sso:::permissionSet/ssoins-"));
        assert_eq!(set["because"].as_array().unwrap().len(), 2);
        assert_eq!(
            set["because"][0],
            json!({ "principalType": "USER", "principalId": ana, "displayName": "Ana ana@x.example" })
        );
        assert_eq!(set["because"][1]["displayName"], "Dev");
    }
}

#[tokio::test]
async fn whoever_is_disabled_and_whatever_is_suspended_gives_nothing() {
    for test in TestCenter::on_each().await {
        prepare(&test).await;
        for account in ["000000000001", "000000000002"] {
            post(&test, "/api/assignments", assignment("GROUP", "Dev", "reader", account)).await;
        }
        let count = async || {
            get(&test, "/api/users/ana@x.example/access").await["accounts"].as_array().unwrap().len()
        };
        assert_eq!(count().await, 2);
        let suspend = test
            .api(Method::PUT, "/api/accounts/000000000002/status", json!({ "status": "SUSPENDED" }))
            .await;
        assert_eq!((suspend.status, count().await), (StatusCode::OK, 1));
        let owner = test
            .api(Method::PUT, "/api/accounts/000000000001/status", json!({ "status": "SUSPENDED" }))
            .await;
        assert_eq!((owner.status, owner.code().as_str()), (StatusCode::CONFLICT, "ManagementAccount"));
        test.api(Method::PUT, "/api/users/ana@x.example/active", json!({ "active": false })).await;
        assert_eq!(count().await, 0);
        test.api(Method::PUT, "/api/users/ana@x.example/active", json!({ "active": true })).await;
        assert_eq!(count().await, 1);
    }
}

#[tokio::test]
async fn deleting_a_group_takes_its_assignments_and_says_so() {
    for test in TestCenter::on_each().await {
        prepare(&test).await;
        post(&test, "/api/assignments", assignment("GROUP", "Dev", "reader", "000000000001")).await;
        let group = get(&test, "/api/groups/Dev").await["id"].as_str().unwrap().to_owned();
        assert_eq!(
            test.api(Method::DELETE, "/api/groups/Dev", Value::Null).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(get(&test, "/api/assignments").await["value"], json!([]));
        let events = get(&test, &format!("/api/events?subject={group}")).await;
        let actions: Vec<&str> =
            events["value"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
        let expected = [
            "group.deleted",
            "assignment.deleted",
            "group.member_removed",
            "assignment.created",
            "group.member_added",
            "group.created",
        ];
        assert_eq!(actions, expected);
    }
}

/// Path, body, and the status, code and target of the refusal.
fn refused() -> Vec<(&'static str, Value, u16, &'static str, &'static str)> {
    let user = |name: &str, email: &str| json!({ "userName": name, "givenName": "A", "familyName": "B", "email": email });
    vec![
        ("/api/users", user("ANA@x.example", ""), 409, "UserNameTaken", "userName"),
        ("/api/users", user("bob", "ANA@x.example@mail.example"), 409, "EmailTaken", "email"),
        ("/api/users", user("a b", ""), 400, "InvalidValue", "userName"),
        ("/api/users", json!({ "userName": "bob" }), 400, "InvalidValue", "displayName"),
        ("/api/users", json!({ "username": "bob" }), 400, "BodyInvalid", ""),
        ("/api/groups", json!({ "displayName": "DEV" }), 409, "GroupNameTaken", "displayName"),
        ("/api/groups/none/members", json!({ "members": [] }), 404, "GroupNotFound", "group"),
        ("/api/groups/Dev/members", json!({ "members": ["none"] }), 404, "UserNotFound", "user"),
        ("/api/permission-sets", json!({ "name": "reader" }), 409, "PermissionSetNameTaken", "name"),
        ("/api/permission-sets", json!({ "predefined": "Root" }), 400, "InvalidValue", "predefined"),
        (
            "/api/permission-sets",
            json!({ "name": "x", "sessionDuration": "PT13H" }),
            400,
            "InvalidValue",
            "sessionDuration",
        ),
        (
            "/api/assignments",
            assignment("USER", "none", "reader", "000000000001"),
            404,
            "UserNotFound",
            "principal",
        ),
        (
            "/api/assignments",
            assignment("GROUP", "none", "reader", "000000000001"),
            404,
            "GroupNotFound",
            "principal",
        ),
        (
            "/api/assignments",
            assignment("GROUP", "Dev", "none", "000000000001"),
            404,
            "PermissionSetNotFound",
            "permissionSet",
        ),
        ("/api/assignments", assignment("GROUP", "Dev", "reader", "9"), 404, "AccountNotFound", "accountId"),
        (
            "/api/assignments",
            assignment("ROLE", "Dev", "reader", "000000000001"),
            400,
            "InvalidValue",
            "principalType",
        ),
    ]
}

#[tokio::test]
async fn refusals_have_stable_codes_and_name_their_target() {
    for test in TestCenter::on_each().await {
        prepare(&test).await;
        for (path, body, status, code, target) in refused() {
            let (found, answer) = post(&test, path, body.clone()).await;
            let error = &answer["error"];
            assert_eq!(
                (found.as_u16(), error["code"].as_str()),
                (status, Some(code)),
                "{path} {body}: {answer}"
            );
            assert_eq!(error["target"].as_str().unwrap_or_default(), target, "{path} {body}: {answer}");
        }
    }
}

#[tokio::test]
async fn lists_page_to_the_end() {
    for test in TestCenter::on_each().await {
        for n in 0..7 {
            test.user(&format!("u{n}"), None).await;
        }
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = get(&test, &format!("/api/users?limit=3&next={next}")).await;
            seen.extend(
                page["value"].as_array().unwrap().iter().map(|u| u["userName"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(after) => next = after.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, ["u0", "u1", "u2", "u3", "u4", "u5", "u6"]);
        for limit in ["0", "x", "1001", "-1"] {
            let answer = test.api(Method::GET, &format!("/api/users?limit={limit}"), Value::Null).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "InvalidValue"));
        }
    }
}

#[tokio::test]
async fn assignments_page_by_their_key() {
    for test in TestCenter::on_each().await {
        prepare(&test).await;
        for account in ["000000000001", "000000000002"] {
            for set in ["reader", "AdministratorAccess"] {
                post(&test, "/api/assignments", assignment("GROUP", "Dev", set, account)).await;
            }
        }
        let first = get(&test, "/api/assignments?limit=3").await;
        let rest =
            get(&test, &format!("/api/assignments?limit=3&next={}", first["next"].as_str().unwrap())).await;
        assert_eq!(
            (first["value"].as_array().unwrap().len(), rest["value"].as_array().unwrap().len()),
            (3, 1)
        );
        assert_eq!(rest["value"][0]["principal"], "Dev");
        let one = get(&test, "/api/assignments?accountId=000000000002").await;
        assert_eq!(one["value"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn permission_sets_are_replaced_and_deleted_when_unused() {
    for test in TestCenter::on_each().await {
        prepare(&test).await;
        let body =
            json!({ "description": "reads", "managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"] });
        let answer = test.api(Method::PUT, "/api/permission-sets/reader", body).await;
        assert_eq!(
            (answer.json()["description"].as_str(), answer.json()["sessionDuration"].as_str()),
            (Some("reads"), Some("PT1H"))
        );
        post(&test, "/api/assignments", assignment("GROUP", "Dev", "reader", "000000000001")).await;
        let answer = test.api(Method::DELETE, "/api/permission-sets/reader", Value::Null).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "PermissionSetInUse"));
        let gone = test
            .api(Method::DELETE, "/api/assignments", assignment("GROUP", "Dev", "reader", "000000000001"))
            .await;
        assert_eq!(gone.json(), json!({ "removed": true }));
        let arn = get(&test, "/api/permission-sets/reader").await["arn"].as_str().unwrap().to_owned();
        let by_arn = arn.replace('/', "%2F");
        let answer = test.api(Method::DELETE, &format!("/api/permission-sets/{by_arn}"), Value::Null).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    }
}

#[tokio::test]
async fn under_provisioning_people_do_not_edit_users_and_groups() {
    for test in TestCenter::on_each().await {
        prepare(&test).await;
        let instance = test.center.instance_id.clone();
        let switch = move |tx: &mut store::Tx<'_>| -> Result<(), StoreError> {
            tx.exec("UPDATE instances SET scim_enabled = 1 WHERE id = ?1", &[(&instance).into()])?;
            tx.exec(
                "UPDATE identity_sources SET kind = 'external' WHERE instance_id = ?1",
                &[(&instance).into()],
            )?;
            Ok(())
        };
        test.center.store.write(switch).await.unwrap();
        // What an administrator made is changed here until it is handed over.
        let active = json!({ "active": true });
        let own = test.api(Method::PUT, "/api/users/ana@x.example/active", active).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.body);
        let whom = json!({ "users": ["ana@x.example"], "groups": ["Dev"] });
        let handed = test.api(Method::POST, "/api/scim/ownership/hand-over", whom).await;
        assert_eq!(handed.json(), json!({ "users": 1, "groups": 1 }), "{}", handed.body);
        let user = json!({ "userName": "bob", "givenName": "A", "familyName": "B" });
        for (method, path, body) in [
            (Method::POST, "/api/users", user),
            (Method::DELETE, "/api/users/ana@x.example", Value::Null),
            (Method::PUT, "/api/users/ana@x.example/active", json!({ "active": false })),
            (Method::POST, "/api/groups", json!({ "displayName": "x" })),
            (Method::DELETE, "/api/groups/Dev", Value::Null),
            (Method::POST, "/api/groups/Dev/members", json!({ "members": [] })),
            (Method::DELETE, "/api/groups/Dev/members", json!({ "members": [] })),
        ] {
            let answer = test.api(method, path, body).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::CONFLICT, "ManagedByProvisioning"),
                "{path}"
            );
        }
        let password = test
            .api(Method::PUT, "/api/users/ana@x.example/password", json!({ "password": "long enough" }))
            .await;
        assert_eq!(
            (password.status, password.code().as_str()),
            (StatusCode::CONFLICT, "ExternalIdentitySource")
        );
        let (status, _) =
            post(&test, "/api/assignments", assignment("USER", "ana@x.example", "reader", "000000000001"))
                .await;
        assert_eq!(status, StatusCode::CREATED, "assignments are made here, whoever made the user");
    }
}

#[tokio::test]
async fn no_secret_is_in_events_or_refusals() {
    for test in TestCenter::on_each().await {
        test.user("ana", Some("a very secret one")).await;
        let events = get(&test, "/api/events?limit=1000").await.to_string();
        assert!(events.contains("password.changed") && events.contains("api_key.created"));
        for secret in ["a very secret one", "argon2", &test.api_key, center::testing::PASSWORD] {
            assert!(!events.contains(secret), "{secret} is in the events");
        }
        let body = json!({ "password": "x-secret", "pass": 1 });
        let answer = test.api(Method::PUT, "/api/users/ana/password", body).await;
        assert!(
            answer.status == StatusCode::BAD_REQUEST && !answer.body.contains("x-secret"),
            "{}",
            answer.body
        );
    }
}
