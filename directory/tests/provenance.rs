//! Why somebody is in scope, and circles of groups: by the API and on the pages.
#![expect(clippy::unwrap_used, reason = "tests")]

use directory::applications::{self, USER_ROLE};
use directory::groups::{self, Group};
use directory::testing::{Program, TestDirectory, engines};
use directory::users;
use http::StatusCode;
use serde_json::{Value as Json, json};

struct Asker {
    test: TestDirectory,
    program: Program,
    app: String,
}

impl Asker {
    async fn new(test: TestDirectory) -> Self {
        let app = test.write(|tx, change| applications::create(tx, change, "AWS")).await.unwrap().id;
        Self { program: test.program().await, test, app }
    }

    async fn assign(&self, principal: &str) {
        let (app, principal) = (self.app.clone(), principal.to_owned());
        let assigned = self.test.write(move |tx, change| {
            let app = applications::by_any_id(tx, &change.tenant, &app)?;
            applications::assign(tx, change, &app, &principal, USER_ROLE)
        });
        assigned.await.unwrap();
    }

    async fn nest(&self, member: &Group, group: &Group) {
        let (member, group) = (member.id.clone(), group.id.clone());
        let added = self.test.write(move |tx, change| groups::add_member(tx, change, &group, &member));
        added.await.unwrap();
    }

    async fn transitive(&self, on: bool) -> Json {
        let path = format!("/api/applications/{}/nested-groups", self.app);
        let answer = self.program.call(http::Method::PUT, &path, &json!({ "transitive": on })).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    async fn ask(&self, query: &str) -> Json {
        let answer = self.program.get(&format!("/api/applications/{}/provenance?{query}", self.app)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }
}

/// The reasons as their words, and whether they count.
fn told(found: &Json) -> Vec<(String, bool)> {
    let reasons = found["reasons"].as_array().unwrap().iter();
    reasons.map(|r| (r["text"].as_str().unwrap().to_owned(), r["counts"] == true)).collect()
}

fn words(found: &Json) -> Vec<String> {
    told(found).into_iter().map(|(text, _)| text).collect()
}

#[tokio::test]
async fn every_way_into_scope_is_told_the_shortest_first() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let a = test.group("A", &[&ana.id]).await;
        let b = test.group("B", &[&a.id]).await;
        let outer = test.group("Outer", &[&b.id, &ana.id]).await;
        let other = test.group("Other", &[&b.id]).await;
        let lonely = test.group("Lonely", &[]).await;
        let asker = Asker::new(test).await;
        let found = asker.ask("user=ana@contoso.example").await;
        assert_eq!((&found["standing"], &found["reasons"]), (&json!("outOfScope"), &json!([])));
        for principal in [&outer.id, &other.id, &lonely.id, &ana.id] {
            asker.assign(principal).await;
        }
        let found = asker.ask("user=ANA@contoso.example").await;
        assert_eq!((&found["standing"], &found["inTarget"]), (&json!("entitled"), &json!("no")));
        let all = told(&found);
        let direct = ["assigned to the application in person", "member of the assigned group Outer"];
        assert_eq!(all[..2], direct.map(|text| (text.to_owned(), true)));
        assert_eq!(all.len(), 4);
        assert!(all[2..].iter().all(|(text, counts)| !counts && text.contains("does not count")), "{all:?}");
        let of_group = asker.ask(&format!("user={}&group=other", ana.id)).await;
        assert_eq!(of_group["group"]["member"], false, "the way to it is nested");
        assert!(!told(&of_group)[0].1);

        asker.transitive(true).await;
        let found = asker.ask("user=ana@contoso.example").await;
        let nested = [
            "member of A, inside B, inside the assigned group Other",
            "member of A, inside B, inside the assigned group Outer",
        ];
        let mut last = words(&found)[2..].to_vec();
        last.sort();
        assert_eq!(last, nested);
        assert_eq!(found["reasons"][2]["groups"][0], json!({ "id": a.id, "displayName": "A" }));
        let of_group = asker.ask(&format!("user={}&group={}", ana.id, outer.id)).await;
        assert_eq!(words(&of_group), ["member of Outer", "member of A, inside B, inside Outer"]);
        assert_eq!(
            (&of_group["group"]["standing"], &of_group["group"]["member"], &of_group["group"]["sent"]),
            (&json!("entitled"), &json!(true), &json!(false))
        );
        let nested = asker.ask(&format!("user={}&group={}", ana.id, b.id)).await;
        assert_eq!(
            (&nested["group"]["standing"], &nested["group"]["member"]),
            (&json!("outOfScope"), &json!(false))
        );
        let none = asker.ask(&format!("user={}&group=lonely", ana.id)).await;
        assert_eq!((&none["group"]["member"], &none["reasons"]), (&json!(false), &json!([])));

        let page = format!("/console/applications/{}/provisioning/provenance?user={}", asker.app, ana.id);
        let page = asker.test.browser("admin").await.get(&page).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains("Member of <a href=\"/console/groups/"), "{}", page.text);
        assert!(page.text.contains("the assigned group <a"), "{}", page.text);
        assert!(page.text.contains("assigned to the application in person"));
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_by_name() {
    for test in engines().await {
        let ana = test.user("ana").await;
        test.group("Twice", &[]).await;
        test.group("twice", &[]).await;
        let asker = Asker::new(test).await;
        let base = format!("/api/applications/{}/provenance", asker.app);
        for (path, status, code) in [
            (base.clone(), 400, "InvalidValue"),
            (format!("{base}?user=nobody@contoso.example"), 404, "NotFound"),
            (format!("{base}?user=a%00b"), 404, "NotFound"),
            (format!("{base}?user={}&group=nowhere", ana.id), 404, "NotFound"),
            (format!("{base}?user={}&group=twice", ana.id), 409, "Ambiguous"),
            (format!("/api/applications/none/provenance?user={}", ana.id), 404, "NotFound"),
        ] {
            let answer = asker.program.get(&path).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
            assert_eq!(answer.json()["error"]["code"], code, "{path}");
        }
        let page = format!("/console/applications/{}/provisioning/provenance?user=nobody", asker.app);
        let page = asker.test.browser("admin").await.get(&page).await;
        assert!(page.text.contains("there is no user nobody"), "{}", page.text);
        // Who was deleted is found by the id: the target may have them still.
        let id = ana.id.clone();
        asker.test.write(move |tx, change| users::delete(tx, change, &id)).await.unwrap();
        assert_eq!(asker.ask(&format!("user={}", ana.id)).await["standing"], "deleted");
    }
}

#[tokio::test]
async fn circles_of_groups_are_named_and_many_ways_are_cut() {
    for test in engines().await {
        let ana = test.user("ana").await;
        let (a, b, c) =
            (test.group("A", &[&ana.id]).await, test.group("B", &[]).await, test.group("C", &[]).await);
        let out = test.group("Out", &[]).await;
        let asker = Asker::new(test).await;
        asker.assign(&c.id).await;
        for (member, group) in [(&a, &b), (&b, &c), (&out, &c)] {
            asker.nest(member, group).await;
        }
        assert_eq!(asker.transitive(true).await["cycles"], json!([]));
        asker.nest(&c, &a).await;
        let shown = asker.transitive(true).await;
        let named = |group: &Group| json!({ "id": group.id, "displayName": group.display_name });
        let groups = shown["cycles"][0]["groups"].as_array().unwrap().clone();
        assert_eq!((groups.len(), &shown["cycles"][0]["entangled"]), (3, &json!(3)), "{shown}");
        let first = groups.iter().position(|g| *g == named(&a)).unwrap();
        assert_eq!([&groups[(first + 1) % 3], &groups[(first + 2) % 3]], [&named(&b), &named(&c)]);
        assert_eq!(
            words(&asker.ask(&format!("user={}", ana.id)).await),
            ["member of A, inside B, inside the assigned group C"]
        );
        let mut browser = asker.test.browser("admin").await;
        let page = browser.get(&format!("/console/applications/{}/users-and-groups", asker.app)).await;
        assert!(page.text.contains("Groups in a circle"), "{}", page.text);
        assert!(
            browser
                .get(&format!("/console/groups/{}", b.id))
                .await
                .text
                .contains("This group is in a circle")
        );
        assert!(!browser.get(&format!("/console/groups/{}", out.id)).await.text.contains("circle"));

        // Five diamonds in a row: 2^5 ways.
        let mut below = asker.test.group("D0", &[&ana.id]).await;
        for n in 0..5 {
            let sides = [
                asker.test.group(&format!("L{n}"), &[&below.id]).await,
                asker.test.group(&format!("R{n}"), &[&below.id]).await,
            ];
            below = asker.test.group(&format!("D{}", n + 1), &[&sides[0].id, &sides[1].id]).await;
        }
        asker.assign(&below.id).await;
        let found = asker.ask(&format!("user={}&group={}", ana.id, below.id)).await;
        assert_eq!((found["reasons"].as_array().unwrap().len(), &found["truncated"]), (20, &json!(true)));
        assert_eq!(found["group"]["member"], true);
    }
}
