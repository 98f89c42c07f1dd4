//! How the engines find roles and who has them: at each sign-in, and before one is changed. Never by a pass over
//! every assignment.

use store::testing::{TestStore, engines};
use store::{Engine, StoreError, Tx, Val};

use super::app_roles_store::{ASSIGNED_BY_ROLE, HAS_OWN, of_user};
use super::{app_role_holders, assignments, reach};
use crate::schema::MIGRATIONS;

/// Fifty applications with five roles each; everybody has a role in one of them, and is in a group.
const MANY: [&str; 7] = [
    "INSERT INTO tenants (id, display_name, default_domain, transitive_groups, created_at) \
     SELECT 't', 't', 't', 0, 0 FROM numbers WHERE n = 1",
    "INSERT INTO applications (tenant_id, id, app_id, service_principal_id, display_name, display_name_key, \
     account_enabled, assignment_required, visible, name_id_source, name_id_format, signing_option, created_at, \
     updated_at) SELECT 't', 'p' || n, 'a' || n, 's' || n, 'P', 'p', 1, 1, 1, '', '', '', 0, 0 FROM numbers WHERE n < 50",
    "INSERT INTO app_roles (tenant_id, application_id, id, display_name, value, is_enabled, created_at) \
     SELECT 't', 'p' || (n % 50), 'r' || (n / 50), 'R', 'v' || n, 1, n FROM numbers WHERE n < 250",
    "INSERT INTO users (tenant_id, id, user_principal_name, user_principal_name_key, display_name, \
     display_name_key, account_enabled, profile, created_at, updated_at) \
     SELECT 't', 'u' || n, 'u' || n, 'u' || n, 'U', 'u', 1, '{}', 0, 0 FROM numbers",
    "INSERT INTO groups (tenant_id, id, display_name, display_name_key, description, mail_nickname, \
     created_at, updated_at) SELECT 't', 'g' || n, 'G' || n, 'g' || n, '', '', 0, 0 FROM numbers WHERE n < 300",
    "INSERT INTO group_members (tenant_id, group_id, member_id, member_type) \
     SELECT 't', 'g' || (n % 300), 'u' || n, 'user' FROM numbers",
    "INSERT INTO app_role_assignments (tenant_id, id, application_id, principal_id, principal_type, app_role_id, \
     created_at) SELECT 't', 'a' || n, 'p' || (n % 50), 'u' || n, 'user', 'r' || (n % 5), 0 FROM numbers",
];

async fn filled() -> Vec<TestStore> {
    let stores = engines(MIGRATIONS).await;
    for test in &stores {
        let engine = test.store.engine();
        let fill = move |tx: &mut Tx<'_>| {
            let numbers =
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 6000)";
            for sql in MANY {
                let (insert, select) = sql.split_once("SELECT").unwrap();
                tx.exec(&format!("{insert} {numbers} SELECT {select}"), &[])?;
            }
            // PostgreSQL does it by itself after a while; SQLite has no figures in production either.
            if engine == Engine::Postgres {
                tx.exec(
                    "ANALYZE app_roles, app_role_assignments, applications, users, groups, group_members",
                    &[],
                )?;
            }
            Ok::<_, StoreError>(())
        };
        test.store.write(fill).await.unwrap();
    }
    stores
}

fn explained(tx: &mut Tx<'_>, engine: Engine, sql: &str, params: &[Val<'_>]) -> Result<String, StoreError> {
    let (word, column) = match engine {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Engine::Postgres => ("EXPLAIN", 0),
    };
    let lines = tx.rows(&format!("{word} {sql}"), params)?;
    Ok(lines.iter().map(|row| row.text(column)).collect::<Result<Vec<_>, _>>()?.join("\n"))
}

#[tokio::test]
async fn roles_are_found_by_an_index_over_what_is_asked() {
    let asked: [(String, &[&str], &str); 8] = [
        (HAS_OWN.to_owned(), &["t", "p1"], "app_roles"),
        (of_user(), &["t", "u7", "p1"], "app_role_assignments_of"),
        (ASSIGNED_BY_ROLE.to_owned(), &["t", "p1"], "app_role_assignments_role"),
        (assignments::with_role(), &["t", "p1", "r1"], "app_role_assignments_role"),
        (app_role_holders::COUNT.to_owned(), &["t", "p1", "r1"], "app_role_assignments_role"),
        (app_role_holders::first(), &["t", "p1", "r1"], "app_role_assignments_role"),
        (reach::counting(true, false), &["t", "p1", "r1"], "app_role_assignments_role"),
        (reach::counting(true, true), &["t", "p1", "r1"], "app_role_assignments_role"),
    ];
    for test in filled().await {
        let engine = test.store.engine();
        for (sql, params, index) in &asked {
            let (sql, params) = (sql.clone(), params.to_vec());
            let read = move |tx: &mut Tx<'_>| {
                let params: Vec<Val<'_>> = params.iter().map(|param| Val::from(*param)).collect();
                explained(tx, engine, &sql, &params)
            };
            let plan = test.store.read(read).await.unwrap();
            println!("{engine:?} {index}\n{plan}\n");
            let passes = ["Seq Scan on app_role", "Seq Scan on group_members", "SCAN r\n", "SCAN app_role"];
            assert!(!passes.iter().any(|pass| plan.contains(pass)), "{plan}");
            assert!(plan.contains(index), "{index}: {plan}");
        }
    }
}
