//! The number of users and groups that lists say is always that of the rows.

use std::time::Duration;

use center::identity_store::store::miscounts;
use center::setup;
use futures::future::join_all;
use http::StatusCode;
use serde_json::json;
use store::{StoreError, Tx};
use web::{Clock, Random};

use crate::app::{App, GROUP, START, apps, user};

/// xorshift: the same at each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

async fn assert_exact(app: &App, what: &str) {
    let instance = app.center.instance_id.clone();
    let count = move |tx: &mut Tx<'_>| {
        let of = |table: &str| format!("SELECT count(*) FROM {table} WHERE instance_id = ?1");
        Ok::<_, StoreError>([
            tx.int(&of("users"), &[(&instance).into()])?,
            tx.int(&of("groups"), &[(&instance).into()])?,
        ])
    };
    let rows = app.center.store.read(count).await.unwrap();
    let mut said = Vec::new();
    for kind in ["Users", "Groups"] {
        said.push(app.get(&format!("/{kind}?count=0")).await.body["totalResults"].as_i64().unwrap());
    }
    assert_eq!(said, rows, "after {what} on {:?}", app.engine());
}

async fn ids(app: &App, kind: &str) -> Vec<String> {
    let page = app.get(&format!("/{kind}?count=100&attributes=id")).await.body;
    page["Resources"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whatever_is_made_and_deleted_the_numbers_are_those_of_the_rows() {
    for app in apps().await {
        let mut numbers = Numbers(0x5eed_c0de);
        for step in 0..150 {
            app.center.clock.advance(Duration::from_secs(1));
            let name = format!("n{}", numbers.below(20));
            let group = json!({ "schemas": [GROUP], "displayName": format!("G{name}"), "externalId": name });
            let what = ["user", "group", "user gone", "group gone", "bulk", "wrong"][numbers.below(6)];
            match what {
                // Some names are taken, and some of those who were deleted come back with this.
                "user" => drop(app.post("/Users", &user(&name)).await),
                "group" => drop(app.post("/Groups", &group).await),
                "bulk" => {
                    let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
                    let posts: Vec<_> = (0..5)
                        .map(|n| {
                            json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{n}"),
                            "data": user(&format!("n{}", numbers.below(25))) })
                        })
                        .collect();
                    drop(app.post("/Bulk", &json!({ "schemas": schemas, "Operations": posts })).await);
                }
                "wrong" => drop(
                    app.post(
                        "/Groups",
                        &json!({ "schemas": [GROUP], "displayName": format!("G{name}"),
                    "members": [{ "value": "nobody" }] }),
                    )
                    .await,
                ),
                gone => {
                    let kind = if gone == "user gone" { "Users" } else { "Groups" };
                    let all = ids(&app, kind).await;
                    if let Some(id) = all.get(numbers.below(all.len().max(1))) {
                        app.delete(&format!("/{kind}/{id}")).await;
                    }
                }
            }
            assert_exact(&app, &format!("step {step}, {what} {name}")).await;
        }
        let said = app.get("/Users?count=0").await.body["totalResults"].as_i64().unwrap();
        assert!(said > 3, "the steps must leave somebody, found {said}");
        assert!(!are_wrong(&app).await);
    }
}

#[tokio::test]
async fn who_is_made_at_the_same_time_is_counted_once() {
    for app in apps().await {
        let made = join_all((0..60).map(|n| {
            let body = user(&format!("same{}", n / 2));
            let app = &app;
            async move { app.post("/Users", &body).await.status }
        }))
        .await;
        let created = made.iter().filter(|status| **status == StatusCode::CREATED).count();
        assert_eq!(created, 30, "{made:?}");
        assert_exact(&app, "creations").await;
        let all = ids(&app, "Users").await;
        let paths: Vec<String> = all.iter().take(20).map(|id| format!("/Users/{id}")).collect();
        join_all(paths.iter().flat_map(|path| [app.delete(path), app.delete(path)])).await;
        assert_exact(&app, "deletions").await;
        assert_eq!(app.get("/Users?count=0").await.body["totalResults"], 10);
    }
}

#[tokio::test]
async fn a_start_counts_rows_that_were_written_past_the_server() {
    for app in apps().await {
        app.user("ana").await;
        app.user("bo").await;
        let forget = |tx: &mut Tx<'_>| tx.exec("DELETE FROM users WHERE user_name = 'bo'", &[]);
        app.center.store.write(forget).await.unwrap();
        assert!(are_wrong(&app).await);
        let (clock, random) = (Clock::manual(START), Random::system());
        setup::first_start(&app.center.store, &clock, &random, "eu-central-1").await.unwrap();
        assert_exact(&app, "a start").await;
        assert!(!are_wrong(&app).await);
    }
}

async fn are_wrong(app: &App) -> bool {
    let instance = app.center.instance_id.clone();
    app.center.store.read(move |tx| miscounts(tx, &instance)).await.unwrap()
}
