use http::StatusCode;
use serde_json::{Value, json};

use crate::app::{App, GROUP, apps, refusal, refused};

fn listed(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

async fn people(app: &App, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(app.user(&format!("user{n:03}")).await);
    }
    ids.sort();
    ids
}

#[tokio::test]
async fn a_group_is_created_read_changed_and_deleted() {
    for app in apps().await {
        let ana = app.user("ana").await;
        let body = json!({ "schemas": [GROUP], "displayName": "Staff", "externalId": "e1",
            "members": [{ "value": ana, "$ref": null, "type": "User" }] });
        let created = app.post("/Groups", &body).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
        assert_eq!(created.body["members"][0]["value"], json!(ana));
        assert_eq!(created.body["members"][0]["display"], "Display ana");
        let path = format!("/Groups/{}", created.body["id"].as_str().unwrap());
        assert_eq!(app.get(&path).await.body, created.body);
        assert_eq!(
            created.body["meta"]["location"].as_str().unwrap().split("/scim/v2").last(),
            Some(path.as_str())
        );

        let without = app.get(&format!("{path}?excludedAttributes=members")).await.body;
        assert!(without.get("members").is_none() && without["displayName"] == "Staff");

        let renamed =
            app.patch(&path, json!([{ "op": "Replace", "path": "displayName", "value": "Crew" }])).await;
        assert_eq!((renamed.status, renamed.text.as_str()), (StatusCode::NO_CONTENT, ""));
        // RFC 7644 §3.5.2: who names attributes gets them.
        let asked = format!("{path}?attributes=displayName");
        let shown = app.patch(&asked, json!([{ "op": "add", "path": "externalId", "value": "e2" }])).await;
        assert_eq!((shown.status, &shown.body["displayName"]), (StatusCode::OK, &json!("Crew")));

        let put = app.put(&path, &json!({ "schemas": [GROUP], "displayName": "Team" })).await;
        assert_eq!((put.status, &put.body["displayName"]), (StatusCode::OK, &json!("Team")));
        assert!(put.body.get("externalId").is_none());
        assert_eq!(put.body["members"][0]["value"], json!(ana), "members stay where they are not sent");
        let emptied =
            app.put(&path, &json!({ "schemas": [GROUP], "displayName": "Team", "members": [] })).await;
        assert!(emptied.body.get("members").is_none());

        assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(refusal(&app.get(&path).await), refused(404, ""));
    }
}

#[tokio::test]
async fn members_come_and_go_in_batches_of_a_hundred() {
    for app in apps().await {
        let ids = people(&app, 100).await;
        let path = format!("/Groups/{}", app.group("Staff", &[]).await);
        let group = path.rsplit('/').next().unwrap();
        for _ in 0..2 {
            // Who is a member already stays one.
            let add = json!([{ "op": "Add", "path": "members", "value": listed(&ids) }]);
            assert_eq!(app.patch(&path, add).await.status, StatusCode::NO_CONTENT);
            assert_eq!(app.members(group).await, ids);
        }
        let added = app.actions().await.iter().filter(|a| *a == "group.member_added").count();
        assert_eq!(added, 100);
        for _ in 0..2 {
            // Who is no member stays none.
            let remove = json!([{ "op": "Remove", "path": "members", "value": listed(&ids[1..]) }]);
            assert_eq!(app.patch(&path, remove).await.status, StatusCode::NO_CONTENT);
            assert_eq!(app.members(group).await, ids[..1]);
        }
        let one = json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", ids[0]) }]);
        assert_eq!(app.patch(&path, one).await.status, StatusCode::NO_CONTENT);
        assert!(app.members(group).await.is_empty());
    }
}

#[tokio::test]
async fn all_members_can_be_replaced_and_removed() {
    for app in apps().await {
        let ids = people(&app, 3).await;
        let group = app.group("Staff", &[&ids[0], &ids[1]]).await;
        let path = format!("/Groups/{group}");
        app.patch(&path, json!([{ "op": "replace", "path": "members", "value": listed(&ids[1..]) }])).await;
        assert_eq!(app.members(&group).await, ids[1..]);
        app.patch(&path, json!([{ "op": "remove", "path": "members" }])).await;
        assert!(app.members(&group).await.is_empty());
    }
}

#[tokio::test]
async fn a_member_that_is_no_user_is_named_and_nothing_changes() {
    for app in apps().await {
        let ana = app.user("ana").await;
        let inner = app.group("Inner", &[]).await;
        let group = app.group("Outer", &[]).await;
        let path = format!("/Groups/{group}");
        for (id, word) in [("nobody-7", "does not exist"), (inner.as_str(), "is a group")] {
            let add =
                json!([{ "op": "Add", "path": "members", "value": [{ "value": ana }, { "value": id }] }]);
            let answer = app.patch(&path, add).await;
            assert_eq!(refusal(&answer), refused(400, "invalidValue"));
            assert!(answer.text.contains(word) && answer.text.contains(id), "{}", answer.text);
            assert!(app.members(&group).await.is_empty());
        }
        let body = json!({ "schemas": [GROUP], "displayName": "New", "members": [{ "value": "nobody" }] });
        assert_eq!(refusal(&app.post("/Groups", &body).await), refused(400, "invalidValue"));
        assert_eq!(app.find("Groups", "displayName eq \"New\"").await.body["totalResults"], 0);
    }
}

#[tokio::test]
async fn group_names_are_unique_without_case() {
    for app in apps().await {
        let staff = app.group("Staff", &[]).await;
        let again = app.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "STAFF" })).await;
        assert_eq!(refusal(&again), refused(409, "uniqueness"));
        assert!(again.text.contains(&staff), "{}", again.text);
    }
}

#[tokio::test]
async fn a_large_group_is_shown_without_members_and_can_be_asked_for_one() {
    for app in apps().await {
        let ana = app.user("ana").await;
        let group = app.group("Everybody", &[&ana]).await;
        crowd(&app, &group, 1000).await;
        let shown = app.get(&format!("/Groups/{group}")).await;
        assert!(shown.body.get("members").is_none() && shown.body["displayName"] == "Everybody");
        let filter = format!("id eq \"{group}\" and members.value eq \"{ana}\"");
        assert_eq!(app.find("Groups", &filter).await.body["totalResults"], 1);
        let filter = format!("member eq \"{ana}\" and id eq \"{group}\"");
        assert_eq!(app.find("Groups", &filter).await.body["totalResults"], 1);
        let filter = format!("id eq \"{group}\" and members eq \"nobody\"");
        assert_eq!(app.find("Groups", &filter).await.body["totalResults"], 0);
        // A put of what was read does not empty it.
        app.put(&format!("/Groups/{group}"), &shown.body).await;
        let filter = format!("members.value eq \"{ana}\"");
        assert_eq!(app.find("Groups", &filter).await.body["totalResults"], 1);
        app.patch(
            &format!("/Groups/{group}"),
            json!([{ "op": "remove", "path": format!("members[value eq \"{ana}\"]") }]),
        )
        .await;
        assert_eq!(app.find("Groups", &filter).await.body["totalResults"], 0);
        assert_eq!(
            app.get(&format!("/Groups/{group}")).await.body["members"].as_array().unwrap().len(),
            1000
        );
    }
}

/// Members without the way through the server, which is tested elsewhere.
async fn crowd(app: &App, group: &str, count: usize) {
    let (instance, group) = (app.center.instance_id.clone(), group.to_owned());
    let insert = move |tx: &mut store::Tx<'_>| {
        for n in 0..count {
            let name = format!("crowd{n}");
            tx.exec(
                "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, \
                 active, owner, resource, created_at, updated_at) \
                 VALUES (?1, ?2, ?2, ?2, ?2, ?2, 1, 'api', '{}', 0, 0)",
                &[(&instance).into(), (&name).into()],
            )?;
            let sql = "INSERT INTO group_members (instance_id, group_id, user_id) VALUES (?1, ?2, ?3)";
            tx.exec(sql, &[(&instance).into(), (&group).into(), (&name).into()])?;
        }
        Ok::<_, store::StoreError>(())
    };
    app.center.store.write(insert).await.unwrap();
}
