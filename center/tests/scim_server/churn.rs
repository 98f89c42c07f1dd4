//! A list by cursor while thousands of users come and go: whoever is there from beginning to end is in it, once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use serde_json::json;
use store::{Store, StoreError, Tx, Val};

use crate::app::{App, apps, user};

/// Users who stay.
const STAYING: u64 = 500;
/// Users who come and go.
const PASSING: u64 = 10_000;
/// How many of them come, and go, in one transaction.
const AT_ONCE: u64 = 50;
/// How many transactions later they go.
const LATER: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_by_cursor_misses_and_repeats_nobody_while_users_come_and_go() {
    for app in apps().await {
        let staying: BTreeSet<String> = (0..STAYING).map(|n| id(n, "stays")).collect();
        let (instance, all) = (app.center.instance_id.clone(), staying.clone());
        let put_in = move |tx: &mut Tx<'_>| all.iter().try_for_each(|id| insert(tx, &instance, id));
        app.center.store.write(put_in).await.unwrap();

        let done = Arc::new(AtomicBool::new(false));
        let churn =
            tokio::spawn(churn(app.center.store.clone(), app.center.instance_id.clone(), done.clone()));
        let (mut walks, mut passing) = (0, BTreeSet::new());
        // The second filter is evaluated row by row; the first list needs none.
        for filter in ["", "&filter=nickName+co+%22ick%22"].into_iter().cycle() {
            let last = done.load(Ordering::SeqCst);
            let seen = walk(&app, filter).await;
            let missed: Vec<_> = staying.difference(&seen).collect();
            assert!(missed.is_empty(), "{:?} missed {missed:?}", app.engine());
            passing.extend(seen.difference(&staying).cloned());
            walks += 1;
            if last && walks % 2 == 0 {
                break;
            }
        }
        churn.await.unwrap().unwrap();
        // The list was read while they were there, not before or after.
        assert!(
            walks >= 4 && passing.len() > 100,
            "{:?}: {walks} walks, {} passing",
            app.engine(),
            passing.len()
        );
    }
}

/// Every page of the list; nobody is in two.
async fn walk(app: &App, filter: &str) -> BTreeSet<String> {
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let answer = app.get(&format!("/Users?count=40&cursor={cursor}&attributes=userName{filter}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        for user in answer.body["Resources"].as_array().unwrap() {
            let id = user["id"].as_str().unwrap();
            assert!(seen.insert(id.to_owned()), "{:?} repeated {id}", app.engine());
        }
        match answer.body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return seen,
        }
    }
}

async fn churn(store: Store, instance: String, done: Arc<AtomicBool>) -> Result<(), StoreError> {
    for batch in 0..PASSING / AT_ONCE + LATER {
        let instance = instance.clone();
        let turn = move |tx: &mut Tx<'_>| {
            for number in batch * AT_ONCE..(batch + 1) * AT_ONCE {
                if number < PASSING {
                    insert(tx, &instance, &id(number, "passes"))?;
                }
                if let Some(gone) = number.checked_sub(LATER * AT_ONCE) {
                    let gone = id(gone, "passes");
                    let key: [Val<'_>; 2] = [(&instance).into(), (&gone).into()];
                    tx.exec("DELETE FROM users WHERE instance_id = ?1 AND id = ?2", &key)?;
                }
            }
            Ok::<_, StoreError>(())
        };
        store.write(turn).await?;
    }
    done.store(true, Ordering::SeqCst);
    Ok(())
}

/// Ids are everywhere in the order, whoever comes first.
fn id(number: u64, kind: &str) -> String {
    let spread = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(kind.len() as u32);
    format!("{spread:016x}-{kind}-{number}")
}

fn insert(tx: &mut Tx<'_>, instance: &str, id: &str) -> Result<(), StoreError> {
    let mut resource = user(id);
    resource["nickName"] = json!("Nick");
    let sql = "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, \
               external_id, primary_email_key, active, owner, resource, created_at, updated_at) \
               VALUES (?1, ?2, ?2, ?2, ?2, ?2, ?2, ?2, 1, 'api', ?3, 0, 0)";
    tx.exec(sql, &[instance.into(), id.into(), (&resource.to_string()).into()]).map(|_| ())
}
