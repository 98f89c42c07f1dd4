//! Both engines for a test. `ENTENTE_TEST_POSTGRES` names the server; `cargo xtask test` starts one.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Engine, Migration, Store};

/// A fresh database that is removed with its last handle.
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its URL, to open it again.
    pub url: String,
    _directory: Option<tempfile::TempDir>,
}

/// A fresh store on each engine.
///
/// # Panics
/// Where no PostgreSQL is named: a test that leaves an engine out must not be green.
pub async fn engines(migrations: &'static [Migration]) -> Vec<TestStore> {
    vec![fresh(Engine::Sqlite, migrations).await, fresh(Engine::Postgres, migrations).await]
}

/// A fresh store on one engine.
///
/// # Panics
/// As [`engines`].
pub async fn fresh(engine: Engine, migrations: &'static [Migration]) -> TestStore {
    let (url, directory) = fresh_url(engine);
    let store = Store::open(&url, migrations).await.expect("open the test store");
    TestStore { store, url, _directory: directory }
}

/// The URL of an empty database, and the folder that holds it on SQLite.
///
/// # Panics
/// As [`engines`].
pub fn fresh_url(engine: Engine) -> (String, Option<tempfile::TempDir>) {
    match engine {
        Engine::Sqlite => {
            let directory = tempfile::tempdir().expect("a temporary folder");
            (format!("sqlite:{}", directory.path().join("test.db").display()), Some(directory))
        }
        Engine::Postgres => (fresh_schema(), None),
    }
}

fn fresh_schema() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var("ENTENTE_TEST_POSTGRES")
        .expect("ENTENTE_TEST_POSTGRES names no server: run the tests with `cargo xtask test`");
    let name = format!("t_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let for_sql = (server.clone(), name.clone());
    std::thread::spawn(move || {
        let (server, name) = for_sql;
        let mut client =
            postgres::Client::connect(&server, postgres::NoTls).expect("the test PostgreSQL answers");
        client
            .batch_execute(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"))
            .expect("a schema for the test");
    })
    .join()
    .expect("a schema for the test");
    let join = if server.contains('?') { '&' } else { '?' };
    format!("{server}{join}options=-csearch_path%3D{name}")
}
