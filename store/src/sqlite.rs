//! SQLite: one writer thread that commits what has queued up in one go, readers beside it.
//!
//! Each closure runs in its own savepoint, so that one that fails does not touch its batch, and is
//! answered after the COMMIT. Batching waits for nothing: the writer takes what came in while the
//! previous fsync ran.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as SqliteValue, ValueRef};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::Engine;
use crate::error::StoreError;
use crate::migrate::{Migration, migrate};
use crate::tx::{Conn, Row, Tx, Val, Value};

/// Most closures in one commit; more only makes the first of them wait.
const BATCH: usize = 256;
/// Most closures waiting for the writer; beyond that callers wait before they queue.
const QUEUE: usize = 4096;
const READERS: usize = 2;

/// What a closure leaves to be done once its fate is known: called with the commit's outcome.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type WriteJob = Box<dyn FnOnce(&Connection) -> Done + Send>;
type ReadJob = Box<dyn FnOnce(&Connection) + Send>;

struct Done {
    keep: bool,
    appended: u64,
    answer: Answer,
}

#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Sender<WriteJob>,
    readers: Sender<ReadJob>,
    room: Arc<Semaphore>,
}

impl Sqlite {
    pub(crate) fn open(
        path: &Path,
        migrations: &'static [Migration],
        changed: Arc<watch::Sender<u64>>,
    ) -> Result<Self, StoreError> {
        let connection = connect(path)?;
        migrate(Engine::Sqlite, migrations, |step| in_transaction(&connection, step))?;
        let (writer, jobs) = unbounded::<WriteJob>();
        let room = Arc::new(Semaphore::new(QUEUE));
        let freed = room.clone();
        spawn("store-writer", move || write_loop(&connection, &jobs, &changed, &freed))?;
        let (readers, reads) = unbounded::<ReadJob>();
        for _ in 0..READERS {
            let connection = connect(path)?;
            connection.pragma_update(None, "query_only", "ON")?;
            let reads = reads.clone();
            spawn("store-reader", move || read_loop(&connection, &reads))?;
        }
        Ok(Self { writer, readers, room })
    }

    pub(crate) async fn write<T, E, F>(&self, f: F, answer: oneshot::Sender<Result<T, E>>)
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Ok(permit) = self.room.acquire().await else { return };
        permit.forget();
        let job: WriteJob = Box::new(move |connection| {
            let mut tx = Tx { conn: Conn::Sqlite(connection), appended: 0 };
            let outcome = guarded(|| f(&mut tx));
            let (keep, appended) = (outcome.is_ok(), tx.appended);
            let answer: Answer = Box::new(move |commit| {
                // A failed COMMIT undoes what the closure did; its own error it keeps.
                let outcome = match commit {
                    Err(e) if keep => Err(E::from(e)),
                    _ => outcome,
                };
                let _ = answer.send(outcome);
            });
            Done { keep, appended, answer }
        });
        // A send fails only when the writer is gone; the caller then sees a closed store.
        let _ = self.writer.send(job);
    }

    pub(crate) async fn read<T, E, F>(&self, f: F, answer: oneshot::Sender<Result<T, E>>)
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let job: ReadJob = Box::new(move |connection| {
            let outcome = guarded(|| {
                connection
                    .prepare_cached("BEGIN")
                    .and_then(|mut s| s.execute([]))
                    .map_err(StoreError::from)?;
                f(&mut Tx { conn: Conn::Sqlite(connection), appended: 0 })
            });
            let _ = connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([]));
            let _ = answer.send(outcome);
        });
        let _ = self.readers.send(job);
    }
}

fn guarded<T, E: From<StoreError>>(f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(run);
    started.map(|_| ()).map_err(|e| StoreError::Database(e.to_string()))
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: an answer that was given survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    // 16 MiB of log before it is copied back: pages that change often are copied once for many commits.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    // Plans come from the text of a statement alone; otherwise SQLite prepares a cached one again for each
    // new value of, say, a LIMIT.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

fn in_transaction(
    connection: &Connection,
    step: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    match step(&mut Tx { conn: Conn::Sqlite(connection), appended: 0 }) {
        Ok(()) => Ok(connection.execute_batch("COMMIT")?),
        Err(e) => {
            connection.execute_batch("ROLLBACK")?;
            Err(e)
        }
    }
}

fn write_loop(
    connection: &Connection,
    jobs: &Receiver<WriteJob>,
    changed: &watch::Sender<u64>,
    room: &Semaphore,
) {
    while let Ok(first) = jobs.recv() {
        let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from);
        let mut answers = Vec::new();
        let (mut appended, mut taken) = (0, 0);
        let mut next = Some(first);
        while let Some(job) = next {
            let done = in_savepoint(connection, job);
            appended += done.appended;
            answers.push(done.answer);
            taken += 1;
            next = if taken < BATCH { jobs.try_recv().ok() } else { None };
        }
        let outcome = begun.and_then(|()| connection.execute_batch("COMMIT").map_err(StoreError::from));
        if outcome.is_err() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        room.add_permits(taken);
        let failure = outcome.as_ref().err().map(ToString::to_string);
        for answer in answers {
            answer(failure.clone().map_or(Ok(()), |e| Err(StoreError::Database(e))));
        }
        if outcome.is_ok() && appended > 0 {
            changed.send_modify(|n| *n += appended);
        }
    }
}

fn in_savepoint(connection: &Connection, job: WriteJob) -> Done {
    let run = |sql: &str| connection.prepare_cached(sql).and_then(|mut s| s.execute([]));
    let _ = run("SAVEPOINT one");
    let mut done = job(connection);
    if !done.keep {
        let _ = run("ROLLBACK TO one");
        done.appended = 0;
    }
    let _ = run("RELEASE one");
    done
}

fn read_loop(connection: &Connection, jobs: &Receiver<ReadJob>) {
    while let Ok(job) = jobs.recv() {
        job(connection);
    }
}

impl rusqlite::ToSql for Val<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Val::Null => ToSqlOutput::Owned(SqliteValue::Null),
            Val::Int(i) => ToSqlOutput::Owned(SqliteValue::Integer(*i)),
            Val::Text(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
            Val::Bytes(b) => ToSqlOutput::Borrowed(ValueRef::Blob(b)),
        })
    }
}

pub(crate) fn exec(connection: &Connection, sql: &str, params: &[Val<'_>]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
}

pub(crate) fn rows(connection: &Connection, sql: &str, params: &[Val<'_>]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let width = statement.column_count();
    let mut found = statement.query(rusqlite::params_from_iter(params))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values: Result<Vec<Value>, StoreError> =
            (0..width).map(|column| value(row.get_ref(column)?, column)).collect();
        rows.push(Row(values?));
    }
    Ok(rows)
}

fn value(found: ValueRef<'_>, column: usize) -> Result<Value, StoreError> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(i) => Value::Int(i),
        ValueRef::Text(t) => {
            let text =
                std::str::from_utf8(t).map_err(|_| StoreError::BadRow { column, why: "UTF-8 expected" })?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(b) => Value::Bytes(b.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::BadRow { column, why: "no column holds fractions" }),
    })
}
