//! Names beyond ASCII: what is one name to the unique index, to filters, to sorting and to the recycle bin.

use std::time::Duration;

use center::setup;
use http::StatusCode;
use serde_json::json;
use store::Tx;
use web::{Clock, Random};

use crate::app::{App, GROUP, apps, refusal, refused, user};

/// A name, and other ways to write it.
const ALIKE: [(&str, &[&str]); 8] = [
    ("Straße", &["STRAẞE", "straße"]),
    ("İstanbul", &["i\u{307}stanbul", "I\u{307}STANBUL"]),
    ("\u{212a}elvin", &["kelvin", "KELVIN"]),
    ("ΟΔΥΣΣΕΥΣ", &["οδυσσευς", "οδυσσευσ"]),
    ("ｆｕｌｌ＠ｘ.example", &["full@x.example", "FULL＠X.example"]),
    ("Andre\u{301}", &["andré", "ANDRÉ"]),
    ("Ångström", &["\u{212b}ngstro\u{308}m", "a\u{30a}ngström"]),
    ("zo\u{308}e\u{323}", &["ZÖẸ"]),
];
/// Names that are not one with any of those, nor with each other.
const OTHERS: [&str; 8] = ["Strasse", "istanbul", "ıstanbul", "Andre", "ﬁn", "fin", "Οδυσσεύς", "Angstrom"];

#[tokio::test]
async fn a_name_is_one_however_it_is_written() {
    for app in apps().await {
        for (name, alike) in ALIKE {
            let id = app.user(name).await;
            assert_eq!(
                app.get(&format!("/Users/{id}")).await.body["userName"],
                name,
                "the value stays as it was"
            );
            for other in alike {
                let mut body = user(other);
                body["emails"] = json!([]);
                let taken = app.post("/Users", &body).await;
                assert_eq!(refusal(&taken), refused(409, "uniqueness"), "{other}: {}", taken.text);
                assert!(taken.body["detail"].as_str().unwrap().contains(&id));
                found(&app, name, other).await;
            }
        }
        for name in OTHERS {
            app.user(name).await;
            assert_eq!(app.names(&format!("userName eq \"{name}\"")).await, [name]);
        }
        let all = app.get("/Users?sortBy=userName&count=100").await;
        assert_eq!(all.body["totalResults"], ALIKE.len() + OTHERS.len());
    }
}

/// Filters find by one way to write a name what has another, by the database and by looking at each.
async fn found(app: &App, name: &str, other: &str) {
    let first: String = other.chars().take(other.chars().count() - 1).collect();
    let engine = app.engine();
    for filter in [
        format!("userName eq \"{other}\""),
        format!("userName eq \"{other}\" and title eq null"),
        format!("not (userName ne \"{other}\")"),
        format!("userName co \"{other}\""),
        format!("userName sw \"{other}\""),
        format!("userName ew \"{other}\""),
        format!("userName ge \"{other}\" and userName le \"{other}\""),
        format!("displayName eq \"Display {other}\""),
        format!("emails.value eq \"{other}@mail.example\""),
        format!("emails[value eq \"{other}@mail.example\" and type eq \"work\"]"),
    ] {
        assert_eq!(app.names(&filter).await, [name], "{filter} on {engine:?}");
    }
    assert!(
        app.names(&format!("userName sw \"{first}\"")).await.contains(&name.to_owned()),
        "{first} on {engine:?}"
    );
}

#[tokio::test]
async fn groups_addresses_and_deleted_users_have_one_name_too() {
    for app in apps().await {
        let id = app.group("Équipe", &[]).await;
        let again = json!({ "schemas": [GROUP], "displayName": "e\u{301}QUIPE" });
        assert_eq!(refusal(&app.post("/Groups", &again).await), refused(409, "uniqueness"));
        let found = app.find("Groups", "displayName eq \"E\u{301}quipe\"").await;
        assert_eq!((&found.body["totalResults"], &found.body["Resources"][0]["id"]), (&json!(1), &json!(id)));

        app.user("zoë").await;
        let mut other = user("other");
        other["emails"] = json!([{ "value": "ZOE\u{308}@mail.example", "primary": true }]);
        let taken = app.post("/Users", &other).await;
        assert_eq!(refusal(&taken), refused(409, "uniqueness"), "{}", taken.text);

        let mut nameless = user("Ána");
        nameless.as_object_mut().unwrap().remove("externalId");
        let id = app.post("/Users", &nameless).await.body["id"].clone();
        let path = format!("/Users/{}", id.as_str().unwrap());
        assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
        nameless["userName"] = json!("a\u{301}na");
        app.center.clock.advance(Duration::from_secs(1));
        let back = app.post("/Users", &nameless).await;
        assert_eq!((back.status, &back.body["id"]), (StatusCode::CREATED, &id), "who was deleted comes back");
    }
}

#[tokio::test]
async fn keys_of_an_earlier_version_are_brought_up_to_date_and_nobody_is_lost() {
    for app in apps().await {
        let (eve, twin, ann) = (app.user("eve").await, app.user("twin").await, app.user("Ａnn").await);
        let group = app.group("E\u{301}quipe", &[&eve]).await;
        let (first, second) = (twin.clone(), app.center.instance_id.clone());
        app.center.store.write(move |tx| as_before(tx, &second, &first)).await.unwrap();
        assert!(app.names("userName eq \"ann\"").await.is_empty(), "the test must make the state of before");
        let events = app.events().await.len();

        let (clock, random) = (Clock::manual(crate::app::START), Random::system());
        for _ in 0..2 {
            setup::first_start(&app.center.store, &clock, &random, "eu-central-1").await.unwrap();
        }
        assert_eq!(app.names("userName eq \"ann\"").await, ["Ａnn"]);
        assert_eq!(app.names("emails.value eq \"ann@mail.example\"").await, ["Ａnn"]);
        assert_eq!(app.find("Groups", "displayName eq \"équipe\"").await.body["Resources"][0]["id"], group);
        // Two have one name now: the one that had the key keeps it, and the other is there as before.
        assert_eq!(app.names("userName eq \"EVE\"").await, ["eve"]);
        let left = app.get(&format!("/Users/{twin}")).await;
        assert_eq!((left.status, &left.body["id"]), (StatusCode::OK, &json!(twin)));
        let mut renamed = user("bob");
        renamed["emails"] = json!([]);
        assert_eq!(app.put(&format!("/Users/{twin}"), &renamed).await.status, StatusCode::OK);
        assert_eq!(app.names("userName eq \"bob\"").await, ["bob"]);
        assert_eq!(app.get(&format!("/Users/{ann}")).await.body["userName"], "Ａnn");
        assert_eq!(app.events().await.len(), events + 1, "only the rename is a change");
    }
}

/// The rows as the keys in lower case had them, with two users whose names were two then.
fn as_before(tx: &mut Tx<'_>, instance: &str, twin: &str) -> Result<(), store::StoreError> {
    for sql in [
        "UPDATE users SET user_name_key = 'ａnn', primary_email_key = 'ａnn@mail.example' \
         WHERE instance_id = ?1 AND user_name = 'Ａnn'",
        "UPDATE user_emails SET email_key = 'ａnn@mail.example' WHERE instance_id = ?1 AND email_key = 'ann@mail.example'",
        "UPDATE groups SET display_name_key = 'e\u{301}quipe' WHERE instance_id = ?1",
        "UPDATE instances SET name_keys = 0 WHERE id = ?1",
    ] {
        tx.exec(sql, &[instance.into()])?;
    }
    let sql =
        "UPDATE users SET user_name = 'ｅve', user_name_key = 'ｅve' WHERE instance_id = ?1 AND id = ?2";
    tx.exec(sql, &[instance.into(), twin.into()]).map(|_| ())
}
