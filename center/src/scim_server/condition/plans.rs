//! How the engines find what the filters of clients ask for: by an index over what is compared, never by a pass over
//! everybody.

use scim::filter::Filter;
use scim::{Profile, Quirks, Rules};
use store::testing::{TestStore, engines};
use store::{Engine, Tx};

use super::{on_groups, on_users};
use crate::MIGRATIONS;
use crate::identity_store::store::{explained, foreign, plans};

/// Of whom there are so many that a pass over them would be the worse choice.
const MANY: [&str; 4] = [
    "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, external_id, \
     active, owner, resource, created_at, updated_at, version) \
     SELECT 'i', 'u' || n, 'N' || n, 'n' || n, 'D' || n, 'd' || n, 'x' || n, 1, 'scim:1', '{}', n, n, 1 FROM numbers",
    "INSERT INTO user_emails (instance_id, email_key, user_id) SELECT 'i', 'e' || n, 'u' || n FROM numbers",
    "INSERT INTO groups (instance_id, id, display_name, display_name_key, external_id, description, owner, \
     created_at, updated_at, version) \
     SELECT 'i', 'g' || n, 'G' || n, 'g' || n, 'x' || n, '', 'scim:1', n, n, 1 FROM numbers",
    "INSERT INTO group_members (instance_id, group_id, user_id) SELECT 'i', 'g' || (n % 1000), 'u' || n FROM numbers",
];

async fn filled() -> Vec<TestStore> {
    let stores = engines(MIGRATIONS).await;
    for test in &stores {
        let engine = test.store.engine();
        let fill = move |tx: &mut Tx<'_>| {
            for sql in MANY {
                let numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000)";
                let (insert, select) = sql.split_once("SELECT").unwrap();
                tx.exec(&format!("{insert} {numbers} SELECT {select}"), &[])?;
            }
            // PostgreSQL does it by itself after a while; SQLite has no figures in production either.
            if engine == Engine::Postgres {
                for table in ["users", "user_emails", "groups", "group_members"] {
                    tx.exec(&format!("ANALYZE {table}"), &[])?;
                }
            }
            Ok::<_, store::StoreError>(())
        };
        test.store.write(fill).await.unwrap();
    }
    stores
}

#[tokio::test]
async fn no_filter_of_a_client_is_answered_by_a_pass_over_everybody() {
    let manager = "id eq \"u7\" and manager eq \"u8\"";
    for test in filled().await {
        let engine = test.store.engine();
        for (table, filter, index) in [
            ("users", "userName eq \"n7\"", "users_name"),
            ("users", "externalId eq \"x7\"", "users_external_id"),
            ("users", "id eq \"u7\"", "users_pkey"),
            ("users", manager, "users_pkey"),
            ("users", "displayName eq \"d7\"", "users_display_name"),
            ("users", "emails.value eq \"e7\"", "user_emails_pkey"),
            ("users", "emails[type eq \"work\" and value eq \"e7\"]", "user_emails_pkey"),
            ("users", "groups.value eq \"g7\"", "group_members_pkey"),
            ("users", "active eq false", "users_inactive"),
            ("users", "userName eq \"n7\" and active eq true", "users_name"),
            ("users", "meta.lastModified gt \"1970-01-01T00:00:00.002990Z\"", "users_updated"),
            ("groups", "displayName eq \"g7\"", "groups_name"),
            ("groups", "externalId eq \"x7\"", "groups_external_id"),
            ("groups", "id eq \"g7\"", "groups_pkey"),
            ("groups", "members.value eq \"u7\"", "group_members_user"),
            ("groups", "id eq \"g7\" and members.value eq \"u7\"", "groups_pkey"),
            ("groups", "meta.lastModified gt \"1970-01-01T00:00:00.002990Z\"", "groups_updated"),
        ] {
            let rules =
                if table == "users" { Rules::users(Profile::Rfc) } else { Rules::groups(Profile::Rfc) };
            let bound = Filter::parse(filter, &Quirks::tolerant()).unwrap().bind(&rules).unwrap();
            let narrowed = if table == "users" { on_users(&bound) } else { on_groups(&bound) };
            let read = move |tx: &mut Tx<'_>| plans(tx, engine, table, "i", &narrowed.condition);
            let plans = test.store.read(read).await.unwrap();
            for plan in plans {
                assert!(
                    !plan.contains("Seq Scan") && !plan.contains("SCAN "),
                    "{engine:?} {filter}:\n{plan}"
                );
                assert!(uses(engine, &plan, index), "{engine:?} {filter}: {index} expected in\n{plan}");
            }
        }
    }
}

/// SQLite names the index of a primary key after its table, or not at all where the table is that index.
fn uses(engine: Engine, plan: &str, index: &str) -> bool {
    match (engine, index.strip_suffix("_pkey")) {
        (Engine::Sqlite, Some(table)) => {
            plan.contains(&format!("sqlite_autoindex_{table}_1"))
                || plan.contains(&format!("SEARCH {table} USING PRIMARY KEY"))
        }
        _ => plan.contains(index),
    }
}

#[tokio::test]
async fn what_provisioning_does_not_own_is_found_among_many() {
    for test in filled().await {
        let engine = test.store.engine();
        for (table, order) in [("users", "user_name_key"), ("groups", "display_name_key")] {
            let index = format!("{table}_foreign");
            let read = move |tx: &mut Tx<'_>| {
                let counted = format!("SELECT count(*) FROM {}", foreign(table, order));
                let listed = format!("SELECT * FROM {} ORDER BY {order} LIMIT ?2", foreign(table, order));
                let count = explained(tx, engine, &counted, &["i".into()])?;
                Ok::<_, store::StoreError>([
                    count,
                    explained(tx, engine, &listed, &["i".into(), 500_i64.into()])?,
                ])
            };
            for plan in test.store.read(read).await.unwrap() {
                assert!(plan.contains(&index), "{plan}");
            }
        }
    }
}

#[tokio::test]
async fn a_list_of_everybody_is_not_sorted() {
    for test in filled().await {
        let engine = test.store.engine();
        for filter in [None, Some("active eq true"), Some("title pr")] {
            let rules = Rules::users(Profile::Rfc);
            let bound = filter.map(|f| Filter::parse(f, &Quirks::tolerant()).unwrap().bind(&rules).unwrap());
            let condition = bound.map(|bound| on_users(&bound).condition).unwrap_or_default();
            let read = move |tx: &mut Tx<'_>| plans(tx, engine, "users", "i", &condition);
            let [page, _] = test.store.read(read).await.unwrap();
            assert!(
                !page.contains("TEMP B-TREE") && !page.contains("Sort"),
                "{engine:?} {filter:?}:\n{page}"
            );
        }
    }
}
