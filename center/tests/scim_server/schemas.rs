//! Extension schemas that administrators define.

use center::scim_server::schemas::store as schemas;
use http::{Method, StatusCode};
use scim::schema::custom::Definition;
use serde_json::{Value, json};

use crate::app::{Answer, App, GROUP, USER, apps, refusal, refused, user};

const BADGE: &str = "urn:example:scim:schemas:extension:badge:2.0:User";
const TEAM: &str = "urn:example:scim:schemas:extension:team:2.0:Group";

fn badge() -> Value {
    json!({
        "id": BADGE, "name": "Badge", "resourceType": "User",
        "attributes": [
            { "name": "number", "required": true, "uniqueness": "server" },
            { "name": "code", "caseExact": true },
            { "name": "level", "type": "integer" },
            { "name": "since", "type": "dateTime", "mutability": "immutable" },
            { "name": "note", "returned": "request" },
            { "name": "hidden", "returned": "never" },
            { "name": "doors", "multiValued": true },
            { "name": "desk", "type": "complex", "subAttributes": [
                { "name": "floor", "type": "integer", "required": true }, { "name": "room" },
            ] },
        ],
    })
}

async fn add(app: &App, definition: Value) {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let author = app.center.author_named("administrator:a");
    app.center.store.write(move |tx| schemas::add(tx, &author, &definition)).await.unwrap();
}

fn with_badge(name: &str, part: Value) -> Value {
    let mut body = user(name);
    body["schemas"] = json!([USER, BADGE]);
    body[BADGE] = part;
    body
}

fn detail(answer: &Answer) -> &str {
    answer.body["detail"].as_str().unwrap()
}

fn set(path: &str, value: Value) -> Value {
    json!([{ "op": "replace", "path": format!("{BADGE}:{path}"), "value": value }])
}

#[tokio::test]
async fn the_life_of_an_attribute() {
    for app in apps().await {
        add(&app, badge()).await;
        let types = app.get("/ResourceTypes/User").await.body;
        assert!(types["schemaExtensions"].to_string().contains(BADGE), "{types}");
        assert_eq!(app.get(&format!("/Schemas/{BADGE}")).await.body["attributes"][0]["uniqueness"], "server");
        assert_eq!(app.get("/Schemas").await.body["totalResults"], 4);

        let part = json!({ "number": "A-1", "code": "Xy", "level": 3, "since": "2026-01-02T03:04:05Z", "note": "n",
                           "hidden": "h", "doors": ["a", "b"], "desk": { "floor": 2 }, "unknown": 1 });
        let made = app.post("/Users", &with_badge("ana", part)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let shown = json!({ "number": "A-1", "code": "Xy", "level": 3, "since": "2026-01-02T03:04:05Z",
                            "doors": ["a", "b"], "desk": { "floor": 2 } });
        assert_eq!(made.body[BADGE], shown);
        assert_eq!(made.body["schemas"], json!([USER, BADGE]));
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        app.user("bo").await;

        let asked = app.get(&format!("{path}?attributes={BADGE}:note")).await.body;
        assert_eq!(asked[BADGE], json!({ "note": "n" }));
        let without = app.get(&format!("{path}?excludedAttributes={BADGE}")).await.body;
        assert_eq!(without[BADGE], Value::Null);
        for (filter, found) in [
            ("number eq \"a-1\"", 1),
            ("code eq \"xy\"", 0),
            ("level ge 3", 1),
            ("level gt 3", 0),
            ("doors eq \"b\"", 1),
            ("desk.floor eq 2", 1),
            ("number pr", 1),
        ] {
            assert_eq!(app.names(&format!("{BADGE}:{filter}")).await.len(), found, "{filter}");
        }
        let guess = app.find("Users", &format!("{BADGE}:hidden sw \"h\"")).await;
        assert_eq!(refusal(&guess), refused(400, "invalidFilter"), "{}", guess.text);

        let patched = app.patch(&path, set("level", json!(4))).await;
        assert_eq!(patched.body[BADGE]["level"], 4, "{}", patched.text);
        let door = json!([{ "op": "add", "path": format!("{BADGE}:doors"), "value": ["c"] }]);
        assert_eq!(app.patch(&path, door).await.body[BADGE]["doors"], json!(["a", "b", "c"]));
        let same = app.put(&path, &with_badge("ana", json!({ "number": "A-2" }))).await;
        let kept = json!({ "number": "A-2", "since": "2026-01-02T03:04:05Z" });
        assert_eq!(same.body[BADGE], kept, "what is immutable stays: {}", same.text);
        let all = app.put(&path, &user("ana")).await;
        assert_eq!(refusal(&all), refused(400, "invalidValue"), "{}", all.text);
        assert!(detail(&all).contains(&format!("{BADGE}:number")), "{}", all.text);
    }
}

#[tokio::test]
async fn a_bad_value_is_refused_with_attribute_and_rule() {
    for app in apps().await {
        add(&app, badge()).await;
        for (part, attribute, rule) in [
            (json!({ "number": 1 }), "number", "must be a string"),
            (json!({ "number": "1", "level": 1.5 }), "level", "must be a whole number"),
            (json!({ "number": "1", "since": "today" }), "since", "not a time"),
            (json!({ "number": "1", "desk": "x" }), "desk", "must be an object"),
            (json!({ "number": "1", "desk": { "room": "x" } }), "desk.floor", "is required"),
            (json!({ "level": 1 }), "number", "is required"),
        ] {
            let answer = app.post("/Users", &with_badge("ana", part)).await;
            assert_eq!(refusal(&answer), refused(400, "invalidValue"), "{}", answer.text);
            assert!(detail(&answer).contains(&format!("\"{BADGE}:{attribute}\"")), "{}", answer.text);
            assert!(detail(&answer).contains(rule), "{}", answer.text);
        }
        let bo = format!("/Users/{}", app.user("bo").await);
        let answer = app.patch(&bo, set("level", json!(1))).await;
        assert_eq!(refusal(&answer), refused(400, "invalidValue"), "{}", answer.text);
        let since = json!({ "number": "1", "since": "2026-01-02T03:04:05Z" });
        let ana = app.post("/Users", &with_badge("ana", since)).await;
        let ana = format!("/Users/{}", ana.body["id"].as_str().unwrap());
        let later = json!("2027-01-02T03:04:05Z");
        for answer in [
            app.patch(&ana, set("since", later.clone())).await,
            app.put(&ana, &with_badge("ana", json!({ "number": "1", "since": later }))).await,
            app.patch(&ana, json!([{ "op": "remove", "path": format!("{BADGE}:number") }])).await,
        ] {
            assert_eq!(refusal(&answer), refused(400, "mutability"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_unique_value_is_had_once() {
    for app in apps().await {
        add(&app, badge()).await;
        let ana = app.post("/Users", &with_badge("ana", json!({ "number": "A-1" }))).await;
        let id = ana.body["id"].as_str().unwrap();
        let bo = app.post("/Users", &with_badge("bo", json!({ "number": "a-1" }))).await;
        assert_eq!(refusal(&bo), refused(409, "uniqueness"), "{}", bo.text);
        assert!(detail(&bo).contains(&format!("{BADGE}:number")) && detail(&bo).contains(id), "{}", bo.text);
        let again = app.put(&format!("/Users/{id}"), &with_badge("ana", json!({ "number": "a-1" }))).await;
        assert_eq!(again.status, StatusCode::OK, "its own: {}", again.text);
        assert_eq!(app.delete(&format!("/Users/{id}")).await.status, StatusCode::NO_CONTENT);
        let bo = app.post("/Users", &with_badge("bo", json!({ "number": "A-1" }))).await;
        assert_eq!(bo.status, StatusCode::CREATED, "{}", bo.text);
    }
}

#[tokio::test]
async fn groups_have_extensions_too_and_a_removed_schema_leaves_nothing() {
    for app in apps().await {
        let team = json!({ "id": TEAM, "name": "Team", "resourceType": "Group",
                           "attributes": [{ "name": "budget", "type": "decimal" }] });
        add(&app, team.clone()).await;
        let body = json!({ "schemas": [GROUP, TEAM], "displayName": "Ops", TEAM: { "budget": 1.5 } });
        let made = app.post("/Groups", &body).await;
        assert_eq!(made.body[TEAM]["budget"], 1.5, "{}", made.text);
        let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
        let budget = json!([{ "op": "replace", "path": format!("{TEAM}:budget"), "value": 2 }]);
        assert!(app.patch(&path, budget).await.status.is_success());
        assert_eq!(app.get(&path).await.body[TEAM]["budget"], 2);
        let found = app.find("Groups", &format!("{TEAM}:budget eq 2")).await;
        assert_eq!(found.body["totalResults"], 1, "{}", found.text);

        for (confirmed, removed) in [(None, false), (Some(2), false), (Some(1), true)] {
            let author = app.center.author_named("administrator:a");
            let done = app.center.store.write(move |tx| schemas::remove(tx, &author, TEAM, confirmed)).await;
            assert_eq!(done.is_ok(), removed, "{confirmed:?}: {done:?}");
        }
        let after = app.get(&path).await.body;
        assert_eq!((&after[TEAM], &after["schemas"]), (&Value::Null, &json!([GROUP])));
        let gone = app.find("Groups", &format!("{TEAM}:budget eq 2")).await;
        assert_eq!(refusal(&gone), refused(400, "invalidFilter"));
        add(&app, team).await;
        assert_eq!(app.get(&path).await.body[TEAM], Value::Null, "old values do not come back");
    }
}

#[tokio::test]
async fn administrators_manage_schemas() {
    for test in center::testing::TestCenter::on_each().await {
        let path = "/api/scim/schemas";
        let made = test.api(Method::POST, path, badge()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let list = test.api(Method::GET, path, Value::Null).await.json();
        assert_eq!(
            (&list["schemas"][0]["id"], &list["schemas"][0]["resourcesWithValues"]),
            (&json!(BADGE), &json!(0))
        );
        assert_eq!(test.api(Method::POST, path, badge()).await.code(), "SchemaClash");
        let mut wrong = badge();
        wrong["id"] = json!("urn:example:other:1.0:User");
        wrong["attributes"][1]["name"] = json!("1st");
        let answer = test.api(Method::POST, path, wrong).await;
        assert_eq!(answer.code(), "InvalidSchema", "{}", answer.body);
        let mut browser = test.administrator().await;
        let page = "/console/settings/automatic-provisioning/schemas";
        assert!(browser.get(page).await.body.contains(BADGE));
        let fields = [("urn", BADGE), ("count", "0"), ("confirm", "")];
        let remove = "/console/settings/automatic-provisioning/schemas/remove";
        assert_eq!(browser.post(remove, &fields).await.status, StatusCode::BAD_REQUEST);
        let answer = test.api(Method::DELETE, &format!("{path}/{BADGE}"), Value::Null).await;
        assert_eq!(answer.json(), json!({ "resourcesWithoutValues": 0 }), "{}", answer.body);
        assert_eq!(
            test.api(Method::DELETE, &format!("{path}/{BADGE}"), Value::Null).await.code(),
            "SchemaNotFound"
        );
    }
}
