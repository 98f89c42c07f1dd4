//! Who is deleted and created again.

use center::recycle_bin::store as bin;
use http::StatusCode;
use serde_json::json;

use crate::app::{App, GROUP, apps, refusal, refused, user};

async fn assignments(app: &App, principal: &str) -> i64 {
    let (instance, principal) = (app.center.instance_id.clone(), principal.to_owned());
    let sql = "SELECT count(*) FROM account_assignments WHERE instance_id = ?1 AND principal_id = ?2";
    let count = move |tx: &mut store::Tx<'_>| tx.int(sql, &[(&instance).into(), (&principal).into()]);
    app.center.store.read(count).await.unwrap()
}

async fn assign(app: &App, kind: &'static str, principal: &str) {
    let (instance, principal) = (app.center.instance_id.clone(), principal.to_owned());
    let insert = move |tx: &mut store::Tx<'_>| {
        let key = [(&instance).into()];
        if !tx.exists("SELECT 1 FROM accounts WHERE instance_id = ?1", &key)? {
            tx.exec(
                "INSERT INTO accounts (instance_id, id, name, email, parent_id, status, joined_at) \
                 VALUES (?1, '111122223333', 'shop', 's@x.example', 'r', 'ACTIVE', 0)",
                &key,
            )?;
            tx.exec(
                "INSERT INTO permission_sets (instance_id, id, name, description, session_duration, \
                 managed_policies, inline_policy, created_at) \
                 VALUES (?1, 'ps-1', 'reader', '', 'PT1H', '[]', '', 0)",
                &key,
            )?;
        }
        tx.exec(
            "INSERT INTO account_assignments (instance_id, account_id, permission_set_id, principal_type, \
             principal_id, created_at) VALUES (?1, '111122223333', 'ps-1', ?3, ?2, 0)",
            &[(&instance).into(), (&principal).into(), kind.into()],
        )
    };
    app.center.store.write(insert).await.unwrap();
}

async fn deleted(app: &App, path: &str) {
    assert_eq!(app.delete(path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(refusal(&app.get(path).await), refused(404, ""));
    assert_eq!(refusal(&app.delete(path).await), refused(404, ""));
}

#[tokio::test]
async fn who_comes_back_has_the_old_id_and_assignments_and_the_memberships_that_are_sent() {
    for app in apps().await {
        let ana = app.user("ana").await;
        let team = app.group("Team", &[&ana]).await;
        assign(&app, "USER", &ana).await;
        let path = format!("/Users/{ana}");
        let version = app.get(&path).await.headers["etag"].clone();
        deleted(&app, &path).await;
        assert_eq!(assignments(&app, &ana).await, 0, "access has ended at once");

        let mut renamed = user("ana.ng");
        renamed["externalId"] = json!("ext-ana");
        let back = app.post("/Users", &renamed).await;
        assert_eq!((back.status, &back.body["id"]), (StatusCode::CREATED, &json!(ana)), "{}", back.text);
        assert_eq!(back.body["userName"], "ana.ng", "as she is now");
        assert_ne!(back.headers["etag"], version);
        assert_eq!(assignments(&app, &ana).await, 1);
        assert!(app.members(&team).await.is_empty(), "the client says who is a member");
        let actions = app.actions().await;
        assert_eq!(actions[actions.len() - 2..], ["user.restored", "assignment.created"]);
    }
}

#[tokio::test]
async fn another_person_of_the_same_name_is_new() {
    for app in apps().await {
        let ana = app.user("ana").await;
        assign(&app, "USER", &ana).await;
        deleted(&app, &format!("/Users/{ana}")).await;
        let mut other = user("ana");
        other["externalId"] = json!("ext-another");
        let new = app.post("/Users", &other).await;
        assert_eq!(new.status, StatusCode::CREATED, "{}", new.text);
        let id = new.body["id"].as_str().unwrap();
        assert_ne!(id, ana);
        assert_eq!(assignments(&app, id).await, 0);
    }
}

#[tokio::test]
async fn a_group_comes_back_with_its_assignments_and_the_members_that_are_sent() {
    for app in apps().await {
        let (ana, bo) = (app.user("ana").await, app.user("bo").await);
        let team = app.group("Team", &[&ana]).await;
        assign(&app, "GROUP", &team).await;
        deleted(&app, &format!("/Groups/{team}")).await;
        let body = json!({ "schemas": [GROUP], "displayName": "TEAM", "members": [{ "value": bo }] });
        let back = app.post("/Groups", &body).await;
        assert_eq!((back.status, &back.body["id"]), (StatusCode::CREATED, &json!(team)), "{}", back.text);
        assert_eq!(app.members(&team).await, [bo]);
        assert_eq!(assignments(&app, &team).await, 1);
    }
}

#[tokio::test]
async fn where_it_is_switched_off_or_judged_as_aws_does_whoever_comes_back_is_new() {
    for app in apps().await {
        let ana = app.user("ana").await;
        deleted(&app, &format!("/Users/{ana}")).await;
        let author = app.center.author_named("administrator:a");
        let off = app.center.store.write(move |tx| bin::set_restores_returning(tx, &author, false));
        off.await.unwrap();
        let new = app.user("ana").await;
        assert_ne!(new, ana);

        let author = app.center.author_named("administrator:a");
        let aws = app.center.store.write(move |tx| {
            bin::set_restores_returning(tx, &author, true)?;
            let mode = Some(center::scim_server::mode::Mode::Aws);
            center::scim_server::tokens::store::set_mode(tx, &author, None, mode)
        });
        aws.await.unwrap();
        deleted(&app, &format!("/Users/{new}")).await;
        assert_ne!(app.user("ana").await, new);
    }
}
