//! What both engines must do alike.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::testing::{TestStore, engines};
use store::{EventCursor, Migration, NewEvent, Store, StoreError, Tx};

const SCHEMA: &[Migration] = &[Migration {
    version: 100,
    name: "things",
    sql: "CREATE TABLE things (id {text} NOT NULL PRIMARY KEY, name {text} NOT NULL UNIQUE, \
          n BIGINT, raw {blob}) {without_rowid}",
}];

fn insert(tx: &mut Tx<'_>, id: &str, name: &str) -> Result<(), StoreError> {
    tx.exec("INSERT INTO things (id, name, n) VALUES (?1, ?2, ?3)", &[id.into(), name.into(), 7.into()])?;
    event(tx, id)
}

fn event(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.append_event(&NewEvent {
        realm: "r",
        at: 1,
        actor: "system",
        action: "thing.created",
        subject_type: "thing",
        subject_id: id,
        before: None,
        after: Some(&serde_json::json!({ "id": id })),
    })
}

async fn count(store: &Store) -> i64 {
    store.read(|tx| tx.int("SELECT count(*) FROM things", &[])).await.unwrap()
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let row = store
            .write(|tx| {
                let sql = "INSERT INTO things (id, name, n, raw) VALUES (?1, ?2, ?3, ?4)";
                tx.exec(sql, &["a".into(), "Ünï".into(), i64::MAX.into(), (&[0u8, 255][..]).into()])?;
                tx.row("SELECT id, name, n, raw, NULL FROM things WHERE id = ?1", &["a".into()])
            })
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.text(1).unwrap(), "Ünï");
        assert_eq!(row.int(2).unwrap(), i64::MAX);
        assert_eq!(row.bytes(3).unwrap(), [0, 255]);
        assert_eq!(row.opt_text(4).unwrap(), None);
        assert!(matches!(row.text(4), Err(StoreError::BadRow { column: 4, .. })));
    }
}

#[tokio::test]
async fn a_closure_that_fails_leaves_nothing_and_hurts_nobody() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let failing = store.write(|tx| {
            insert(tx, "a", "a")?;
            Err::<(), _>(StoreError::NoRow)
        });
        let good = store.write(|tx| insert(tx, "b", "b"));
        let (failed, fine) = tokio::join!(failing, good);
        assert!(matches!(failed, Err(StoreError::NoRow)));
        fine.unwrap();
        assert_eq!(count(store).await, 1);
        let events = store.read(|tx| tx.events_newest("r", None, None, 10)).await.unwrap();
        assert_eq!(events.len(), 1, "the event of the failed change is gone with it");
    }
}

#[tokio::test]
async fn a_panic_is_an_error_and_is_rolled_back() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let outcome: Result<(), StoreError> = store
            .write(|tx| {
                insert(tx, "a", "a")?;
                panic!("on purpose")
            })
            .await;
        assert!(matches!(outcome, Err(StoreError::Panicked)));
        assert_eq!(count(store).await, 0);
        store.write(|tx| insert(tx, "b", "b")).await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        assert!(store.read(|tx| insert(tx, "a", "a")).await.is_err());
        assert_eq!(count(store).await, 0);
    }
}

#[tokio::test]
async fn of_many_who_take_one_name_one_gets_it() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let tries = (0..32).map(|i| {
            store.write(move |tx| {
                if tx.exists("SELECT id FROM things WHERE name = ?1", &["same".into()])? {
                    return Err(StoreError::Unique);
                }
                insert(tx, &format!("id{i}"), "same")
            })
        });
        let outcomes = futures::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
        assert!(outcomes.iter().all(|o| matches!(o, Ok(()) | Err(StoreError::Unique))), "{outcomes:?}");
        assert_eq!(count(store).await, 1);
    }
}

#[tokio::test]
async fn counting_up_loses_nothing_under_concurrency() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        store.write(|tx| insert(tx, "a", "a")).await.unwrap();
        let steps = (0..40).map(|_| {
            store.write(|tx| -> Result<(), StoreError> {
                let n = tx.int("SELECT n FROM things WHERE id = ?1", &["a".into()])?;
                tx.exec("UPDATE things SET n = ?1 WHERE id = ?2", &[(n + 1).into(), "a".into()])?;
                Ok(())
            })
        });
        let outcomes = futures::future::join_all(steps).await;
        let done = outcomes.iter().filter(|o| o.is_ok()).count();
        let n = store.read(|tx| tx.int("SELECT n FROM things", &[])).await.unwrap();
        assert_eq!(n, 7 + i64::try_from(done).unwrap(), "what was answered with success counts");
        assert!(done >= 20, "retries carry most through, got {done}");
    }
}

/// Many writers that stay open for different times, and one reader who follows: it must see every
/// entry exactly once, in an order that never goes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_log_never_misses_an_entry() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let done = Arc::new(AtomicBool::new(false));
        let reader = tokio::spawn(follow(store.clone(), done.clone()));
        let writers = (0..200).map(|i: u64| {
            store.write(move |tx| {
                event(tx, &format!("e{i}"))?;
                // Keeps the number drawn above while others draw later ones and commit.
                std::thread::sleep(std::time::Duration::from_micros(i * 7919 % 3000));
                Ok::<_, StoreError>(())
            })
        });
        for outcome in futures::future::join_all(writers).await {
            outcome.unwrap();
        }
        done.store(true, Ordering::SeqCst);
        let mut seen = reader.await.unwrap();
        assert_eq!(seen.len(), 200);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 200);
    }
}

async fn follow(store: Store, done: Arc<AtomicBool>) -> Vec<String> {
    let (mut cursor, mut seen) = (EventCursor::default(), Vec::new());
    loop {
        let last = done.load(Ordering::SeqCst);
        let events = store.read(move |tx| tx.events_after("r", cursor, 7)).await.unwrap();
        for event in &events {
            assert!(event.cursor > cursor);
            cursor = event.cursor;
            seen.push(event.subject_id.clone());
        }
        if events.is_empty() && last {
            return seen;
        }
    }
}

#[tokio::test]
async fn another_build_of_the_schema_is_refused() {
    const CHANGED: &[Migration] = &[Migration { version: 100, name: "things", sql: "SELECT 1" }];
    for test in &engines(SCHEMA).await {
        assert!(Store::open(&test.url, SCHEMA).await.is_ok(), "the same build opens it again");
        let changed = Store::open(&test.url, CHANGED).await.err();
        assert!(matches!(changed, Some(StoreError::MigrationChanged { version: 100, .. })), "{changed:?}");
        let older = Store::open(&test.url, &[]).await.err();
        assert!(matches!(older, Some(StoreError::SchemaNewer { found: 100, known: 1 })), "{older:?}");
    }
}

#[tokio::test]
async fn changed_wakes_a_follower() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let mut changed = store.changed();
        store.write(|tx| insert(tx, "a", "a")).await.unwrap();
        tokio::time::timeout(std::time::Duration::from_secs(5), changed.changed()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn one_that_fails_late_undoes_itself_alone_among_many() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        // All are queued before the first is answered, so on SQLite they share commits.
        let writes: Vec<_> = (0..40)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    let (id, name) = (format!("id{n}"), format!("name{n}"));
                    let write = store.write(move |tx| {
                        insert(tx, &id, &name)?;
                        if n % 7 == 3 { Err(StoreError::NoRow) } else { Ok(n) }
                    });
                    (n, write.await)
                })
            })
            .collect();
        for write in writes {
            let (n, outcome) = write.await.unwrap();
            assert_eq!(outcome.is_ok(), n % 7 != 3, "{n}: {outcome:?}");
        }
        assert_eq!(count(store).await, 34);
        let events = store.read(|tx| tx.int("SELECT count(*) FROM events", &[])).await.unwrap();
        assert_eq!(events, 34);
    }
}

/// Readers are kept busy, so that none of them gets to begin anew by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_was_told_of_a_write_reads_it() {
    for TestStore { store, .. } in &engines(SCHEMA).await {
        let over = Arc::new(AtomicBool::new(false));
        let busy: Vec<_> = (0..16)
            .map(|_| {
                let (store, over) = (store.clone(), over.clone());
                tokio::spawn(async move {
                    while !over.load(Ordering::SeqCst) {
                        count(&store).await;
                    }
                })
            })
            .collect();
        let told: Vec<_> = (0..8)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    for n in 0..40 {
                        let id = format!("{writer}-{n}");
                        let written = id.clone();
                        store.write(move |tx| insert(tx, &written, &written)).await.unwrap();
                        let sql = "SELECT id FROM things WHERE id = ?1";
                        let wanted = id.clone();
                        let found = store.read(move |tx| tx.exists(sql, &[(&wanted).into()])).await.unwrap();
                        assert!(found, "{id} was written");
                    }
                })
            })
            .collect();
        for one in told {
            one.await.unwrap();
        }
        over.store(true, Ordering::SeqCst);
        for one in busy {
            one.await.unwrap();
        }
    }
}
