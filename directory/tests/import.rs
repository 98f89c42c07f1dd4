//! Imports: what they make, that they can be repeated, and that a bad file changes nothing.

use directory::groups;
use directory::testing::{TestDirectory, engines};
use directory::users;
use http::StatusCode;
use serde_json::{Value, json};
use store::Engine;

const USERS: &str = "user_name,given_name,family_name,display_name,email,title,department,manager,active\n\
ana@contoso.example,Ana,Horvat,Ana Horvat,ana@contoso.example,Engineer,R&D,ben@contoso.example,true\n\
ben@contoso.example,Ben,Okoye,\"Okoye, Ben \"\"B\"\"\",,,,,false\n";
const GROUPS: &str = "name,description\nEngineers,All of them\nEveryone,\n";
const MEMBERS: &str = "group,kind,member\nEngineers,user,ANA@contoso.example\neveryone,group,engineers\n";

fn all() -> Value {
    json!({ "users": USERS, "groups": GROUPS, "members": MEMBERS })
}

#[tokio::test]
async fn users_groups_and_members_are_made_once() {
    for test in engines().await {
        let program = test.program().await;
        let first = program.post("/api/import", &all()).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text);
        let expected = json!({
            "users": { "created": 2, "updated": 0, "unchanged": 0 },
            "groups": { "created": 2, "updated": 0, "unchanged": 0 },
            "members": { "added": 2, "unchanged": 0 },
            "dryRun": false,
        });
        assert_eq!(first.json(), expected);
        let events = test.actions(500).await.len();
        let again = program.post("/api/import", &all()).await.json();
        assert_eq!(again["users"], json!({ "created": 0, "updated": 0, "unchanged": 2 }));
        assert_eq!(again["groups"], json!({ "created": 0, "updated": 0, "unchanged": 2 }));
        assert_eq!(again["members"], json!({ "added": 0, "unchanged": 2 }));
        assert_eq!(test.actions(500).await.len(), events, "no change, no event");
        let (ana, ben, members) = test
            .directory
            .read(|tx, tenant| {
                let everyone = groups::by_name(tx, tenant, "Everyone")?;
                Ok((
                    users::by_id_or_name(tx, tenant, "ana@contoso.example")?,
                    users::by_id_or_name(tx, tenant, "ben@contoso.example")?,
                    groups::transitive_members(tx, tenant, &everyone.id)?.len(),
                ))
            })
            .await
            .unwrap();
        assert_eq!(ana.manager_id.as_deref(), Some(ben.id.as_str()), "the manager stands below");
        assert_eq!(ana.profile.text("jobTitle"), Some("Engineer"));
        assert_eq!(ana.profile.text("mailNickname"), Some("ana"));
        assert_eq!(ben.display_name, "Okoye, Ben \"B\"");
        assert!(!ben.account_enabled && ben.profile.text("mail").is_none());
        assert_eq!(members, 2);
    }
}

#[tokio::test]
async fn a_later_file_changes_what_it_names_and_nothing_else() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let program = test.program().await;
    program.post("/api/import", &all()).await;
    let users = "user_name,title,manager\nana@contoso.example,Director,\n";
    let answer = program.post("/api/import", &json!({ "users": users })).await.json();
    assert_eq!(answer["users"], json!({ "created": 0, "updated": 1, "unchanged": 0 }));
    let ana = test
        .directory
        .read(|tx, tenant| users::by_id_or_name(tx, tenant, "ana@contoso.example"))
        .await
        .unwrap();
    assert_eq!(ana.profile.text("jobTitle"), Some("Director"));
    assert_eq!(ana.profile.text("department"), Some("R&D"), "the file has no such column");
    assert_eq!(ana.manager_id, None, "the file says that there is none");
    assert!(ana.account_enabled);
}

#[tokio::test]
async fn a_dry_run_counts_and_changes_nothing() {
    for test in engines().await {
        let program = test.program().await;
        let events = test.actions(500).await;
        let dry = program.post("/api/import?dryRun=true", &all()).await.json();
        assert_eq!((&dry["users"]["created"], &dry["dryRun"]), (&json!(2), &json!(true)));
        assert_eq!(test.actions(500).await, events);
    }
}

/// A bad file of `testdata/import` and what is said about it.
struct Bad {
    file: &'static str,
    target: &'static str,
    message: &'static str,
}

const BAD: &[Bad] = &[
    Bad { file: "users-no-header.csv", target: "users, line 1", message: "must name the columns" },
    Bad {
        file: "users-unknown-column.csv",
        target: "users, line 1, column salary",
        message: "no column of this name",
    },
    Bad { file: "users-column-twice.csv", target: "users, line 1, column email", message: "there twice" },
    Bad { file: "users-no-name-column.csv", target: "users, line 1", message: "user_name is missing" },
    Bad { file: "users-short-row.csv", target: "users, line 3", message: "3 fields expected, 2 found" },
    Bad { file: "users-quote-inside.csv", target: "users, line 2, column 25", message: "quotation mark" },
    Bad { file: "users-quote-open.csv", target: "users, line 2, column 21", message: "has no end" },
    Bad { file: "users-bad-name.csv", target: "users, line 3, column user_name", message: "name@domain" },
    Bad { file: "users-bad-active.csv", target: "users, line 2, column active", message: "true or false" },
    Bad {
        file: "users-twice.csv",
        target: "users, line 4, column user_name",
        message: "is in line 2 already",
    },
    Bad {
        file: "users-unknown-manager.csv",
        target: "users, line 2, column manager",
        message: "no user boss@contoso.example",
    },
    Bad {
        file: "users-own-manager.csv",
        target: "users, line 2, column manager",
        message: "refer to itself",
    },
    Bad { file: "groups-empty-name.csv", target: "groups, line 3, column name", message: "256 characters" },
    Bad { file: "groups-twice.csv", target: "groups, line 3, column name", message: "is in line 2 already" },
    Bad {
        file: "members-unknown-user.csv",
        target: "members, line 2, column member",
        message: "no user ghost",
    },
    Bad {
        file: "members-unknown-group.csv",
        target: "members, line 2, column group",
        message: "no group Ghosts",
    },
    Bad { file: "members-bad-kind.csv", target: "members, line 2, column kind", message: "user or group" },
    Bad {
        file: "members-in-itself.csv",
        target: "members, line 2, column member",
        message: "refer to itself",
    },
    Bad {
        file: "members-twice.csv",
        target: "members, line 3, column member",
        message: "is in line 2 already",
    },
];

#[tokio::test]
async fn a_bad_file_is_refused_with_its_place_and_nothing_is_imported() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let program = test.program().await;
    let events = test.actions(500).await.len();
    for bad in BAD {
        let path = format!("{}/testdata/import/{}", env!("CARGO_MANIFEST_DIR"), bad.file);
        let text = std::fs::read_to_string(&path).unwrap();
        let kind = bad.file.split('-').next().unwrap();
        let mut body = json!({ "users": USERS, "groups": GROUPS, "members": "group,kind,member\n" });
        body[kind] = json!(text);
        let answer = program.post("/api/import", &body).await;
        let error = &answer.json()["error"];
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}: {}", bad.file, answer.text);
        assert_eq!(error["code"], "CsvInvalid", "{}", bad.file);
        assert_eq!(error["target"], bad.target, "{}", bad.file);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(bad.message), "{}: {message}", bad.file);
    }
    assert_eq!(test.actions(500).await.len(), events, "nothing was imported");
    let users = test.directory.read(|tx, tenant| {
        Ok(users::list(tx, tenant, &users::Query { limit: 10, ..users::Query::default() })?.items.len())
    });
    assert_eq!(users.await.unwrap(), 1, "the administrator alone");
}

#[tokio::test]
async fn huge_fields_and_foreign_bodies_are_refused() {
    let test = TestDirectory::new(Engine::Sqlite).await;
    let program = test.program().await;
    let users = format!("user_name,title\na@b,{}\n", "x".repeat(1 << 20));
    let answer = program.post("/api/import", &json!({ "users": users })).await;
    assert_eq!(answer.json()["error"]["target"], "users, line 2, column 4103");
    for (path, body) in [
        ("/api/import", json!({ "people": USERS })),
        ("/api/import", json!({ "users": 1 })),
        ("/api/import", json!([])),
        ("/api/import?dryRun=maybe", all()),
    ] {
        let answer = program.post(path, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json()["error"]["code"], "InvalidValue", "{body}");
    }
}

#[tokio::test]
async fn an_import_cannot_disable_the_last_administrator() {
    for test in engines().await {
        let program = test.program().await;
        let users = "user_name,active\nadmin@contoso.example,false\n";
        let answer = program.post("/api/import", &json!({ "users": users })).await;
        assert_eq!(answer.json()["error"]["code"], "LastAdministrator");
    }
}

#[tokio::test]
async fn a_company_is_imported_in_one_go() {
    for test in engines().await {
        let program = test.program().await;
        let mut users = String::from("user_name,display_name,manager\n");
        let (mut groups, mut members) = ("name\n".to_owned(), "group,kind,member\n".to_owned());
        for n in 0..1500 {
            users.push_str(&format!("u{n}@contoso.example,User {n},u{}@contoso.example\n", (n + 1) % 1500));
            if n % 2 == 0 {
                groups.push_str(&format!("g{n}\n"));
            }
            members.push_str(&format!("g{},user,u{n}@contoso.example\n", n - n % 2));
        }
        let body = json!({ "users": users, "groups": groups, "members": members });
        let answer = program.post("/api/import", &body).await.json();
        assert_eq!(answer["users"]["created"], 1500);
        assert_eq!(answer["members"]["added"], 1500);
    }
}
