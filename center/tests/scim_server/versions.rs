//! ETags (RFC 7644 §3.14), sorting (§3.4.2.3), the search across types (§3.4.3), `/Me` (§3.11).

use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Answer, App, PATCH, apps, refusal, refused, user};

async fn with(app: &App, method: Method, path: &str, header: (&str, &str), body: &Value) -> Answer {
    let request = app.request(method, path).header(header.0, header.1);
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn etag(answer: &Answer) -> String {
    answer
        .headers
        .get("etag")
        .unwrap_or_else(|| panic!("no ETag: {}", answer.text))
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_change_of_another_version_is_refused() {
    for app in apps().await {
        let id = app.user("ana").await;
        let path = format!("/Users/{id}");
        let first = app.get(&path).await;
        let old = etag(&first);
        assert_eq!(first.body["meta"]["version"], old);
        let replace = |title: &str| json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "title", "value": title }] });
        let changed = with(&app, Method::PATCH, &path, ("if-match", &old), &replace("one")).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        let new = etag(&changed);
        assert_ne!(new, old);
        for (method, body) in
            [(Method::PATCH, replace("two")), (Method::PUT, user("ana")), (Method::DELETE, json!({}))]
        {
            let answer = with(&app, method, &path, ("if-match", &old), &body).await;
            assert_eq!(refusal(&answer), refused(412, ""));
            assert!(
                answer.text.contains("If-Match") && answer.text.contains(&new.replace('"', "\\\"")),
                "{}",
                answer.text
            );
        }
        assert_eq!(app.get(&path).await.body["title"], "one");
        let none = with(&app, Method::GET, &path, ("if-none-match", &new), &json!({})).await;
        assert_eq!(
            (none.status, none.text.as_str(), etag(&none)),
            (StatusCode::NOT_MODIFIED, "", new.clone())
        );
        assert_eq!(
            with(&app, Method::GET, &path, ("if-none-match", &old), &json!({})).await.status,
            StatusCode::OK
        );
        let only = app.get(&format!("{path}?attributes=userName")).await;
        assert_eq!((etag(&only), only.body.get("meta")), (new.clone(), None));
        assert_eq!(
            with(&app, Method::DELETE, &path, ("if-match", "*"), &json!({})).await.status,
            StatusCode::NO_CONTENT
        );
    }
}

#[tokio::test]
async fn a_user_with_other_groups_is_not_what_the_client_has() {
    for app in apps().await {
        let ana = app.user("ana").await;
        let path = format!("/Users/{ana}");
        let alone = etag(&app.get(&path).await);
        app.group("Staff", &[&ana]).await;
        let shown = app.get(&path).await;
        let member = etag(&shown);
        assert_eq!(shown.body["meta"]["version"], member);
        assert_ne!(member, alone);
        let ask =
            async |tag: &str| with(&app, Method::GET, &path, ("if-none-match", tag), &json!({})).await.status;
        assert_eq!(ask(&alone).await, StatusCode::OK);
        assert_eq!(ask(&member).await, StatusCode::NOT_MODIFIED);
        // The user is the same: a group that came in between is no reason to refuse a change.
        let title =
            json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "title", "value": "x" }] });
        let changed = with(&app, Method::PATCH, &path, ("if-match", &alone), &title).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        let again = with(&app, Method::PATCH, &path, ("if-match", &member), &title).await;
        assert_eq!(again.status, StatusCode::PRECONDITION_FAILED, "{}", again.text);
        let now = with(&app, Method::PATCH, &path, ("if-match", &etag(&changed)), &title).await;
        assert_eq!(now.status, StatusCode::OK, "{}", now.text);
    }
}

#[tokio::test]
async fn members_change_the_version_of_a_group() {
    for app in apps().await {
        let (ana, bo) = (app.user("ana").await, app.user("bo").await);
        let group = app.group("Staff", &[&ana]).await;
        let path = format!("/Groups/{group}");
        let first = etag(&app.get(&path).await);
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": bo }] }]);
        let added = app.patch(&path, add.clone()).await;
        assert_eq!(added.status, StatusCode::NO_CONTENT);
        let second = etag(&added);
        assert_ne!(second, first);
        assert_eq!(etag(&app.patch(&path, add).await), second, "nothing changed");
        assert_eq!(app.delete(&format!("/Users/{bo}")).await.status, StatusCode::NO_CONTENT);
        let third = etag(&app.get(&path).await);
        assert_ne!(third, second, "who is deleted is no member any more");
    }
}

#[tokio::test]
async fn lists_are_sorted() {
    for app in apps().await {
        for (name, family) in [("b", "Zoe"), ("C", "abe"), ("a", "Moe")] {
            let mut body = user(name);
            body["name"]["familyName"] = json!(family);
            app.center.clock.advance(std::time::Duration::from_millis(1));
            assert_eq!(app.post("/Users", &body).await.status, StatusCode::CREATED);
        }
        for (query, expected) in [
            ("sortBy=userName", ["a", "b", "C"]),
            ("sortBy=userName&sortOrder=descending", ["C", "b", "a"]),
            ("sortBy=meta.created&sortOrder=descending", ["a", "C", "b"]),
            ("sortBy=externalId", ["C", "a", "b"]),
            ("sortBy=name.familyName", ["C", "a", "b"]),
            ("sortBy=emails&sortOrder=descending", ["C", "b", "a"]),
            ("sortBy=userName&filter=name.familyName+pr", ["a", "b", "C"]),
        ] {
            let list = app.get(&format!("/Users?{query}")).await;
            let names: Vec<&Value> =
                list.body["Resources"].as_array().unwrap().iter().map(|r| &r["userName"]).collect();
            assert_eq!(names, expected, "{query} on {:?}", app.engine());
            let page = app.get(&format!("/Users?{query}&startIndex=2&count=1")).await.body;
            assert_eq!(
                (&page["totalResults"], &page["Resources"][0]["userName"]),
                (&json!(3), &json!(expected[1])),
                "{query}"
            );
        }
        for wrong in ["sortBy=nope", "sortBy=name", "sortBy=userName&cursor="] {
            assert_eq!(
                refusal(&app.get(&format!("/Users?{wrong}")).await),
                refused(400, "invalidValue"),
                "{wrong}"
            );
        }
    }
}

#[tokio::test]
async fn users_and_groups_are_searched_together() {
    for app in apps().await {
        for name in ["a", "b", "c"] {
            app.user(name).await;
        }
        for name in ["Display a", "Other"] {
            app.group(name, &[]).await;
        }
        let search = |more: Value| {
            let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let kinds = |answer: &Answer| -> Vec<String> {
            let list = answer.body["Resources"].as_array().unwrap().iter();
            list.map(|r| r["meta"]["resourceType"].as_str().unwrap().to_owned()).collect()
        };
        let all = app.post("/.search", &search(json!({ "startIndex": 3, "count": 2 }))).await;
        assert_eq!(
            (&all.body["totalResults"], kinds(&all)),
            (&json!(5), vec!["User".to_owned(), "Group".to_owned()])
        );
        let named = app.post("/.search", &search(json!({ "filter": "displayName eq \"display a\"" }))).await;
        assert_eq!(kinds(&named), ["User", "Group"]);
        let users = app.post("/.search", &search(json!({ "filter": "userName pr" }))).await;
        assert_eq!(users.body["totalResults"], 3);
        let wrong = app.post("/.search", &search(json!({ "filter": "nope pr" }))).await;
        assert_eq!(refusal(&wrong), refused(400, "invalidFilter"));
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let page = app.post("/.search", &search(json!({ "cursor": cursor, "count": 2 }))).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            seen.extend(page.body["Resources"].as_array().unwrap().iter().map(|r| r["id"].to_string()));
            match page.body["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
    }
}

#[tokio::test]
async fn a_token_is_no_user() {
    for app in apps().await {
        assert_eq!(refusal(&app.get("/Me").await), refused(501, ""));
        assert_eq!(refusal(&app.post("/Me", &json!({})).await), refused(501, ""));
        assert_eq!(refusal(&app.get("/Bulk").await), refused(405, ""));
    }
}
