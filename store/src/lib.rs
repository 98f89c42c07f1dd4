//! SQLite and PostgreSQL behind one transaction type.
//!
//! Domain code is written once, as synchronous closures over [`Tx`]:
//!
//! ```text
//! let id = store.write(move |tx| -> Result<_, MyError> {
//!     tx.exec("INSERT INTO users (id, name) VALUES (?1, ?2)", &[(&id).into(), (&name).into()])?;
//!     tx.append_event(&event)?;
//!     Ok(id.clone())
//! }).await?;
//! ```
//!
//! A closure does no I/O, no hashing and no signing: on SQLite it runs on the one writer thread, on
//! PostgreSQL it may run again after a serialization failure (so it is `Fn`, and must not have
//! effects outside the transaction). An `Err` rolls back everything that the closure did.
//!
//! SQL is one text for both engines: parameters are `?1`, `?2` …; integers are `BIGINT`, texts are
//! `{text}` (bytewise order on both engines), bytes are `{blob}`, times are microseconds UTC as
//! `BIGINT`, booleans are `BIGINT` 0 or 1. The words in braces are replaced in migrations alone.

mod error;
mod event;
mod migrate;
mod pg;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;

use std::sync::Arc;

pub use error::StoreError;
pub use event::{Event, EventCursor, NewEvent};
pub use migrate::Migration;
pub use tx::{Row, Tx, Val, json_text};

use tokio::sync::{oneshot, watch};

/// Which database answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One file beside the process, the default.
    Sqlite,
    /// A server that several replicas share.
    Postgres,
}

/// A handle on one half's database. Clones share it.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    changed: Arc<watch::Sender<u64>>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(pg::Postgres),
}

impl Store {
    /// Opens the database, creates it where there is none (SQLite), and brings it to the schema
    /// that `migrations` describe, after the migrations every half needs.
    ///
    /// `url` is `sqlite:PATH` or `postgres://user:password@host:port/name`.
    ///
    /// # Errors
    /// [`StoreError::Url`] for another scheme, [`StoreError::SchemaNewer`] or
    /// [`StoreError::MigrationChanged`] where the database was written by another version,
    /// [`StoreError::Database`] for what the engine says.
    pub async fn open(url: &str, migrations: &'static [Migration]) -> Result<Self, StoreError> {
        let (changed, _) = watch::channel(0);
        let changed = Arc::new(changed);
        let url = url.to_owned();
        let notify = changed.clone();
        let open = move || -> Result<Backend, StoreError> {
            if let Some(path) = url.strip_prefix("sqlite:") {
                Ok(Backend::Sqlite(sqlite::Sqlite::open(path.as_ref(), migrations, notify)?))
            } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
                Ok(Backend::Postgres(pg::Postgres::open(&url, migrations, notify)?))
            } else {
                Err(StoreError::Url)
            }
        };
        let backend = tokio::task::spawn_blocking(open).await.map_err(|_| StoreError::Panicked)??;
        Ok(Self { backend, changed })
    }

    /// Which database answers.
    pub fn engine(&self) -> Engine {
        match self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs `f` in one transaction and answers after it is durable.
    ///
    /// # Errors
    /// What `f` returns, or a [`StoreError`] turned into `E`; in both cases nothing was changed.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(f, answer).await,
            Backend::Postgres(pg) => pg.run(pg::Access::Write, f, answer).await,
        }
        wait.await.map_err(|_| E::from(StoreError::Closed))?
    }

    /// Runs `f` over one consistent snapshot, without the right to write.
    ///
    /// # Errors
    /// What `f` returns, or a [`StoreError`] turned into `E`.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(f, answer).await,
            Backend::Postgres(pg) => pg.run(pg::Access::Read, f, answer).await,
        }
        wait.await.map_err(|_| E::from(StoreError::Closed))?
    }

    /// How many events were appended so far that are about neither a user nor a group, where every change passes
    /// through this store: on SQLite. Whoever hears that a write is done finds it counted. None on PostgreSQL, which
    /// others write to as well.
    pub fn changes_of_settings(&self) -> Option<u64> {
        match &self.backend {
            Backend::Sqlite(sqlite) => Some(sqlite.changes_of_settings()),
            Backend::Postgres(_) => None,
        }
    }

    /// Changes its value after each commit of this process that appended events. Replicas that
    /// share a database do not hear of each other this way: they also look from time to time.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// Tells the store whether an error of a closure hides a serialization failure, which PostgreSQL
/// asks to be tried again. Implement it for each domain error that wraps [`StoreError`].
pub trait Retryable {
    /// The store's error inside, if that is what this is.
    fn store_error(&self) -> Option<&StoreError>;
}

impl Retryable for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}
