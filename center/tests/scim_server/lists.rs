use center::identity_store::store::recount;
use http::StatusCode;
use serde_json::json;

use crate::app::{App, apps, refusal, refused};

#[tokio::test]
async fn look_ups_find_what_they_name() {
    for app in apps().await {
        let (ana, bo) = (app.user("Ana").await, app.user("bo").await);
        let group = app.group("Staff", &[&bo]).await;
        let path = format!("/Users/{bo}");
        let more = json!([{ "op": "add", "path": "emails", "value": [{ "value": "Bo@home.example", "type": "home" }] }]);
        assert_eq!(app.patch(&path, more).await.status, StatusCode::OK);
        for (filter, expected) in [
            ("userName eq \"ANA\"".to_owned(), vec!["Ana"]),
            ("USERNAME EQ \"ana\"".to_owned(), vec!["Ana"]),
            ("externalId eq \"ext-bo\"".to_owned(), vec!["bo"]),
            ("externalId eq \"EXT-bo\"".to_owned(), vec![]),
            (format!("id eq \"{ana}\""), vec!["Ana"]),
            ("displayName eq \"display BO\"".to_owned(), vec!["bo"]),
            ("emails.value eq \"bo@HOME.example\"".to_owned(), vec!["bo"]),
            ("emails[type eq \"work\"].value eq \"bo@home.example\"".to_owned(), vec![]),
            ("emails[type eq \"home\" and value eq \"bo@home.example\"]".to_owned(), vec!["bo"]),
            (format!("groups.value eq \"{group}\""), vec!["bo"]),
            (format!("id eq \"{bo}\" and manager eq \"{ana}\""), vec![]),
            ("active eq true".to_owned(), vec!["Ana", "bo"]),
            ("active eq \"False\"".to_owned(), vec![]),
            ("userName sw \"a\" or userName ew \"o\"".to_owned(), vec!["Ana", "bo"]),
            ("not (groups pr)".to_owned(), vec!["Ana"]),
            ("groups.display co \"taf\"".to_owned(), vec!["bo"]),
            ("meta.lastModified gt \"2100-01-01T00:00:00Z\"".to_owned(), vec![]),
            ("meta.lastModified ge \"2000-01-01T00:00:00Z\" and userName eq \"bo\"".to_owned(), vec!["bo"]),
            ("userName eq \"8a1b3c5d-0000-4000-8000-123456789abc\"".to_owned(), vec![]),
        ] {
            assert_eq!(app.names(&filter).await, expected, "{filter} on {:?}", app.engine());
        }
    }
}

#[tokio::test]
async fn an_unknown_attribute_is_refused_and_never_an_empty_success() {
    for app in apps().await {
        for filter in [
            "nickname.first eq \"x\"",
            "favouriteColour eq \"x\"",
            "userName eq",
            "userName",
            "(",
            "active eq 7",
        ] {
            assert_eq!(refusal(&app.find("Users", filter).await), refused(400, "invalidFilter"), "{filter}");
        }
        assert_eq!(refusal(&app.find("Groups", "userName eq \"x\"").await), refused(400, "invalidFilter"));
    }
}

#[tokio::test]
async fn injections_are_only_values() {
    for app in apps().await {
        app.user("ana").await;
        app.group("Staff", &[]).await;
        for text in [
            "' OR '1'='1",
            "x'); DROP TABLE users; --",
            "?1",
            "{}",
            "%",
            "_",
            "\\\\",
            "$1",
            "ana' --",
            "\\u0000",
            "a\\\" or userName pr or \\\"",
        ] {
            for attribute in ["userName", "externalId", "id", "displayName", "emails.value", "groups.value"] {
                let found = app.names(&format!("{attribute} eq \"{text}\"")).await;
                assert!(found.is_empty(), "{attribute} {text}");
            }
            let found = app
                .find("Groups", &format!("displayName eq \"{text}\" or members.value eq \"{text}\""))
                .await;
            assert_eq!(found.body["totalResults"], 0, "{text}: {}", found.text);
        }
        assert_eq!(app.names("userName pr").await, ["ana"]);
    }
}

async fn crowd(app: &App, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for n in 0..count {
        let name = format!("user{n:02}");
        app.user(&name).await;
        names.push(name);
    }
    names
}

#[tokio::test]
async fn pages_by_index_have_the_real_total() {
    for app in apps().await {
        let all = crowd(&app, 11).await;
        // With and without a filter that the database answers alone.
        for filter in ["", "&filter=active+eq+true", "&filter=userName+sw+%22user%22"] {
            let mut seen = Vec::new();
            for start in [1, 6, 11] {
                let page = app.get(&format!("/Users?startIndex={start}&count=5{filter}")).await.body;
                assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(11), &json!(start)));
                let resources = page["Resources"].as_array().unwrap();
                assert_eq!(page["itemsPerPage"], resources.len());
                seen.extend(resources.iter().map(|u| u["userName"].as_str().unwrap().to_owned()));
            }
            assert_eq!(seen, all, "{filter}");
            let none = app.get(&format!("/Users?count=0{filter}")).await.body;
            assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(11), &json!([])));
            let beyond = app.get(&format!("/Users?startIndex=12{filter}")).await.body;
            assert_eq!((&beyond["totalResults"], &beyond["Resources"]), (&json!(11), &json!([])));
        }
    }
}

#[tokio::test]
async fn pages_by_cursor_miss_nobody_while_others_come_and_go() {
    for app in apps().await {
        let all = crowd(&app, 11).await;
        for filter in ["", "&filter=active+eq+true", "&filter=userName+sw+%22user%22"] {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let page = app.get(&format!("/Users?cursor={cursor}&count=4{filter}")).await.body;
                assert!(page.get("startIndex").is_none());
                let resources = page["Resources"].as_array().unwrap();
                seen.extend(resources.iter().map(|u| u["userName"].as_str().unwrap().to_owned()));
                pages += 1;
                // Somebody who comes and goes in between moves nobody off a page.
                let passing = app.user("passing").await;
                app.delete(&format!("/Users/{passing}")).await;
                match page["nextCursor"].as_str() {
                    Some(next) => cursor = next.to_owned(),
                    None => break,
                }
            }
            assert_eq!((seen, pages), (all.clone(), 3), "{filter}");
        }
    }
}

#[tokio::test]
async fn wrong_paging_is_refused() {
    for app in apps().await {
        crowd(&app, 3).await;
        assert_eq!(refusal(&app.get("/Users?cursor=nonsense").await), refused(400, "invalidCursor"));
        assert_eq!(refusal(&app.get("/Users?cursor=&count=0").await), refused(400, "invalidCount"));
        assert_eq!(refusal(&app.get("/Users?count=many").await), refused(400, "invalidCount"));
        let first = app.get("/Users?cursor=&count=1").await.body;
        let other = format!("/Groups?cursor={}", first["nextCursor"].as_str().unwrap());
        assert_eq!(refusal(&app.get(&other).await), refused(400, "invalidCursor"));
        // RFC 7644 §3.4.2.4: less than one is one.
        assert_eq!(app.get("/Users?startIndex=-5").await.body["startIndex"], 1);
    }
}

#[tokio::test]
async fn no_page_is_longer_than_a_hundred() {
    for app in apps().await {
        let (instance, ids) = (app.center.instance_id.clone(), 0..120);
        let insert = move |tx: &mut store::Tx<'_>| {
            for n in ids.clone() {
                let name = format!("g{n:03}");
                tx.exec(
                    "INSERT INTO groups (instance_id, id, display_name, display_name_key, owner, description, \
                     created_at, updated_at) VALUES (?1, ?2, ?2, ?2, 'api', '', 0, 0)",
                    &[(&instance).into(), (&name).into()],
                )?;
            }
            recount(tx, &instance)
        };
        app.center.store.write(insert).await.unwrap();
        for query in ["", "?count=5000", "?count=100"] {
            let page = app.get(&format!("/Groups{query}")).await.body;
            assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(120), &json!(100)), "{query}");
        }
    }
}

#[tokio::test]
async fn a_search_has_its_query_in_the_body() {
    for app in apps().await {
        app.user("ana").await;
        app.group("Staff", &[]).await;
        let schema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
        let body = json!({ "schemas": [schema], "filter": "userName eq \"ana\"", "attributes": ["userName"], "count": 5 });
        let found = app.post("/Users/.search", &body).await;
        assert_eq!(
            (found.status, &found.body["totalResults"]),
            (StatusCode::OK, &json!(1)),
            "{}",
            found.text
        );
        assert!(found.body["Resources"][0].get("emails").is_none());
        let groups = app.post("/Groups/.search", &json!({ "schemas": [schema] })).await;
        assert_eq!(groups.body["Resources"][0]["displayName"], "Staff");
        assert_eq!(
            refusal(&app.post("/Users/.search", &json!({ "filter": "x" })).await),
            refused(400, "invalidSyntax")
        );
        assert_eq!(app.post("/.search", &body).await.body["totalResults"], 1);
    }
}

#[tokio::test]
async fn a_filter_without_index_looks_at_everybody() {
    for app in apps().await {
        many(&app, 1200).await;
        let mut seen = Vec::new();
        for start in [1, 101, 201, 301] {
            let page = app.get(&format!("/Users?filter=title+eq+%22third%22&startIndex={start}")).await.body;
            assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(400), &json!(100)));
            seen.extend(page["Resources"].as_array().unwrap().iter().map(|u| u["id"].clone()));
        }
        let (mut by_cursor, mut cursor) = (Vec::new(), Some(String::new()));
        while let Some(at) = cursor {
            let page =
                app.get(&format!("/Users?filter=title+eq+%22third%22&count=70&cursor={at}")).await.body;
            by_cursor.extend(page["Resources"].as_array().unwrap().iter().map(|u| u["id"].clone()));
            cursor = page["nextCursor"].as_str().map(str::to_owned);
        }
        assert_eq!(by_cursor, seen);
        seen.dedup();
        assert_eq!(seen.len(), 400);
    }
}

/// Users without the way through the server; every third has a title.
async fn many(app: &App, count: usize) {
    let instance = app.center.instance_id.clone();
    let insert = move |tx: &mut store::Tx<'_>| {
        for n in 0..count {
            let name = format!("u{n:05}");
            let mut resource = json!({ "userName": name, "active": true });
            if n % 3 == 0 {
                resource["title"] = json!("Third");
            }
            tx.exec(
                "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, \
                 active, owner, resource, created_at, updated_at) \
                 VALUES (?1, ?2, ?2, ?2, ?2, ?2, 1, 'api', ?3, 0, 0)",
                &[(&instance).into(), (&name).into(), (&resource.to_string()).into()],
            )?;
        }
        recount(tx, &instance)
    };
    app.center.store.write(insert).await.unwrap();
}
