//! How the engines find an application, its roles and who has them: at each sign-in, and before something is changed.
//! Never by a pass over every assignment or membership of a tenant.

use store::testing::{TestStore, engines};
use store::{Engine, StoreError, Tx, Val};

use super::app_roles_store::{self, ASSIGNED_BY_ROLE};
use super::{app_role_holders, assignments, reach, store as applications};
use crate::claims::store as claims;
use crate::groups::{EVERY_MEMBER, MEMBERSHIPS};
use crate::saml_idp::store as saml_idp;
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
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)";
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
        Engine::Postgres => {
            // Where the tables are as small as here, a pass over them is no worse.
            tx.exec("SET LOCAL enable_seqscan = off", &[])?;
            ("EXPLAIN", 0)
        }
    };
    let lines = tx.rows(&format!("{word} {sql}"), params)?;
    Ok(lines.iter().map(|row| row.text(column)).collect::<Result<Vec<_>, _>>()?.join("\n"))
}

#[tokio::test]
async fn roles_are_found_by_an_index_over_what_is_asked() {
    let role = "app_role_assignments_role";
    plans_use(&[
        (ASSIGNED_BY_ROLE.to_owned(), &["t", "p1"], "app_role_assignments_"),
        (assignments::every(assignments::OF_ROLE), &["t", "p1", "r1"], role),
        (app_role_holders::COUNT.to_owned(), &["t", "p1", "r1"], role),
        (app_role_holders::first(), &["t", "p1", "r1"], role),
        (reach::counting(true, false), &["t", "p1", "r1"], role),
        (reach::counting(true, true), &["t", "p1", "r1"], role),
        (reach::counting(false, true), &["t", "p1"], "app_role_assignments_"),
        (assignments::every(assignments::OF_ANYBODY), &["t", "p1"], "app_role_assignments_"),
        (assignments::page(), &["t", "p1", "", "9"], "app_role_assignments_page"),
    ])
    .await;
}

#[tokio::test]
async fn a_sign_in_follows_the_groups_of_one_person() {
    let of = "app_role_assignments_";
    plans_use(&[
        (app_roles_store::of_user(), &["t", "u7", "p1"], of),
        (applications::with_id(&applications::IDS), &["t", "a7"], "applications_"),
        (assignments::every(assignments::OF_PRINCIPAL), &["t", "p1", "u7"], of),
        (assignments::every(assignments::ANYWHERE), &["t", "u7"], "app_role_assignments_principal"),
        (assignments::through_group(), &["t", "u7", "p1"], of),
        (assignments::of_user(), &["t", "u7"], "app_role_assignments_principal"),
        (saml_idp::nested(), &["t", "u7", "p1"], of),
        (claims::every_group(), &["t", "u7", "9"], "group_members_member"),
        (claims::ASSIGNED.to_owned(), &["t", "u7", "p1", "9"], of),
    ])
    .await;
}

#[tokio::test]
async fn groups_are_followed_from_where_they_are_entered() {
    plans_use(&[
        (MEMBERSHIPS.to_owned(), &["t", "u7"], "group_members_member"),
        (EVERY_MEMBER.to_owned(), &["t", "g7"], ""),
        (reach::NOT_FOLLOWED.to_owned(), &["t", "p1", "9"], "app_role_assignments_"),
    ])
    .await;
}

/// That each statement is carried out with its index, on both engines, and looks at no whole table or tenant.
async fn plans_use(asked: &[(String, &[&'static str], &str)]) {
    for test in filled().await {
        let engine = test.store.engine();
        for (sql, params, index) in asked {
            let (sql, params) = (sql.clone(), params.to_vec());
            let read = move |tx: &mut Tx<'_>| {
                let of = |param: &&'static str| param.parse::<i64>().map_or(Val::from(*param), Val::from);
                let params: Vec<Val<'_>> = params.iter().map(of).collect();
                explained(tx, engine, &sql, &params)
            };
            let plan = test.store.read(read).await.unwrap();
            assert!(plan.contains(index), "{index}: {plan}");
            let passes = plan.lines().filter(|line| match engine {
                Engine::Sqlite => {
                    line.ends_with("(tenant_id=?)") || line.starts_with("SCAN") && !WITHIN.contains(line)
                }
                Engine::Postgres => ["app_role_assignments", "users", "group_members"]
                    .iter()
                    .any(|of| line.contains(&format!("Seq Scan on {of}"))),
            });
            assert_eq!(passes.collect::<Vec<_>>(), [""; 0], "{plan}");
        }
    }
}

/// What a statement itself has gathered, for one person or role.
const WITHIN: [&str; 7] =
    ["SCAN a", "SCAN b", "SCAN above", "SCAN below", "SCAN people", "SCAN principals", "SCAN CONSTANT ROW"];
