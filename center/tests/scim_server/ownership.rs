//! Who made it owns it: a client changes and deletes its own alone.

use center::identity_store::store as identities;
use center::identity_store::{GroupFields, IdentityKind, NewUser, Owner, resource_of};
use center::scim_server::tokens::{NewToken, store as tokens};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, GROUP, apps, refusal, refused, user};

/// A user and a group that an administrator made.
async fn made_by_hand(app: &App) -> (String, String) {
    let author = app.center.author_named("administrator:a");
    let made = app.center.store.write(move |tx| {
        let resource = resource_of("hand", "Hand", "Made", "", "hand@mail.example");
        let new = NewUser { id: "user-by-hand".into(), owner: "console".into(), resource };
        identities::create_user(tx, &author, &new)?;
        let fields = GroupFields { display_name: "By hand".into(), ..GroupFields::default() };
        identities::create_group(tx, &author, "group-by-hand", "console", &fields)
    });
    made.await.unwrap();
    ("/Users/user-by-hand".to_owned(), "/Groups/group-by-hand".to_owned())
}

async fn set_owner(app: &App, what: IdentityKind, id: &'static str, to: Owner) {
    let author = app.center.author_named("administrator:a");
    let set = app.center.store.write(move |tx| identities::set_owner(tx, &author, what, id, to));
    assert!(set.await.unwrap());
}

fn replaced(name: &str) -> Value {
    json!([{ "op": "replace", "path": "displayName", "value": name }])
}

#[tokio::test]
async fn what_another_made_is_found_and_neither_changed_nor_deleted() {
    for app in apps().await {
        let (hand, group) = made_by_hand(&app).await;
        let own = app.user("own").await;
        assert_eq!(app.names("userName eq \"hand\"").await, ["hand"], "an identity provider matches it");
        let members = json!([{ "op": "add", "path": "members", "value": [{ "value": own }] }]);
        let group_body = json!({ "schemas": [GROUP], "displayName": "New" });
        let bulk = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{ "method": "DELETE", "path": hand }],
        });
        for answer in [
            app.put(&hand, &user("hand")).await,
            app.patch(&hand, replaced("New")).await,
            app.delete(&hand).await,
            app.put(&group, &group_body).await,
            app.patch(&group, replaced("New")).await,
            app.patch(&group, members.clone()).await,
            app.delete(&group).await,
        ] {
            assert_eq!(refusal(&answer), refused(403, ""), "{}", answer.text);
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains("owned by the console") && detail.contains("hand-over --"), "{detail}");
        }
        let answer = app.post("/Bulk", &bulk).await;
        assert_eq!(answer.body["Operations"][0]["status"], "403", "{}", answer.text);
        let actions = ["user.created", "group.created", "user.created"];
        assert_eq!(app.actions().await, actions, "nothing else happened");
    }
}

#[tokio::test]
async fn a_group_of_its_own_takes_whomever() {
    for app in apps().await {
        made_by_hand(&app).await;
        let team = app.group("Team", &["user-by-hand"]).await;
        assert_eq!(app.members(&team).await, ["user-by-hand"]);
        assert_eq!(app.delete(&format!("/Groups/{team}")).await.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn what_is_handed_over_is_changed_until_it_is_taken_back() {
    for app in apps().await {
        let (hand, group) = made_by_hand(&app).await;
        set_owner(&app, IdentityKind::User, "user-by-hand", Owner::Provisioning).await;
        set_owner(&app, IdentityKind::Group, "group-by-hand", Owner::Provisioning).await;
        assert_eq!(app.patch(&hand, replaced("New")).await.status, StatusCode::OK);
        assert_eq!(app.delete(&group).await.status, StatusCode::NO_CONTENT);
        set_owner(&app, IdentityKind::User, "user-by-hand", Owner::Console).await;
        assert_eq!(app.patch(&hand, replaced("Newer")).await.status, StatusCode::FORBIDDEN);
        let changes = app.actions().await.into_iter().filter(|a| a.ends_with("owner_changed")).count();
        assert_eq!(changes, 3);
    }
}

#[tokio::test]
async fn a_rotation_of_tokens_orphans_nothing() {
    for mut app in apps().await {
        let path = format!("/Users/{}", app.user("ana").await);
        let second = NewToken::draw(&app.center.random, app.center.clock.now());
        let (author, made, old) =
            (app.center.author_named("system"), second.clone(), app.token.token.id.clone());
        let rotate = app.center.store.write(move |tx| {
            tokens::create(tx, &author, &made)?;
            tokens::delete(tx, &author, &old)
        });
        rotate.await.unwrap();
        app.token = second;
        assert_eq!(app.patch(&path, replaced("New")).await.status, StatusCode::OK);
        assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn everything_is_handed_over_only_with_the_numbers_that_there_are() {
    for test in center::testing::TestCenter::on_each().await {
        for name in ["ana", "bo"] {
            test.user(name, None).await;
        }
        let list = test.api(Method::GET, "/api/scim/ownership", Value::Null).await.json();
        assert_eq!(list["count"], json!({ "users": 2, "groups": 0 }));
        assert!(list["users"][0]["owner"].as_str().unwrap().starts_with("api:"), "{list}");
        let path = "/api/scim/ownership/hand-over";
        let wrong = json!({ "everything": { "users": 1, "groups": 0 } });
        let answer = test.api(Method::POST, path, wrong).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "OwnershipOutdated"));
        let answer = test.api(Method::POST, path, json!({ "everything": list["count"] })).await;
        assert_eq!(answer.json(), json!({ "users": 2, "groups": 0 }), "{}", answer.body);
        let back = json!({ "users": ["BO"] });
        let answer = test.api(Method::POST, "/api/scim/ownership/take-back", back).await;
        assert_eq!(answer.json()["users"], 1, "{}", answer.body);
        let list = test.api(Method::GET, "/api/scim/ownership", Value::Null).await.json();
        assert_eq!(
            (&list["users"][0]["userName"], list["users"].as_array().unwrap().len()),
            (&json!("bo"), 1)
        );

        let mut browser = test.administrator().await;
        let page = browser.get("/console/settings/automatic-provisioning/ownership").await;
        assert!(page.body.contains("Users of others") && page.body.contains(">bo</a>"), "{}", page.body);
        let confirm = |word| [("confirm", word), ("users", "1"), ("groups", "0")];
        let page = "/console/settings/automatic-provisioning/ownership";
        assert_eq!(browser.post(page, &confirm("yes")).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(browser.post(page, &confirm("HANDOVER")).await.status, StatusCode::SEE_OTHER);
        assert!(browser.get(page).await.body.contains("owns every user and group"));
    }
}
