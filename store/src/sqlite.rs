//! SQLite: one writer thread that commits what has queued up in one go, readers beside it.
//!
//! Each closure is answered after the COMMIT, and one that fails does not touch its batch: where it had
//! changed something, the batch is undone and runs again, each closure in a savepoint of its own. That is
//! rare, and savepoints cost a copy of every page that a closure changes. Batching waits for nothing: the
//! writer takes what came in while the previous fsync ran.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as SqliteValue, ValueRef};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::Engine;
use crate::error::StoreError;
use crate::migrate::{Migration, migrate};
use crate::tx::{Appended, Conn, Row, Tx, Val, Value};

/// Most closures in one commit; more only makes the first of them wait.
const BATCH: usize = 256;
/// Most closures waiting for the writer; beyond that callers wait before they queue.
const QUEUE: usize = 4096;
const READERS: usize = 2;
/// Most closures that read from one snapshot: another process on the same file is noticed after as many.
const ON_ONE_SNAPSHOT: usize = 64;

/// A closure that waits for a reader. It hears whether there is a snapshot.
type ReadJob = Box<dyn FnOnce(&Connection, Result<(), StoreError>) + Send>;

/// A closure that waits for the writer.
trait WriteJob: Send {
    /// Runs it, perhaps once more than before; whether what it did is to be kept, and how many events it
    /// appended.
    fn run(&mut self, connection: &Connection) -> (bool, Appended);
    /// Answers with what the last run gave, once its fate is known.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Job<T, E, F> {
    closure: F,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> WriteJob for Job<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> (bool, Appended) {
        let mut tx = Tx { conn: Conn::Sqlite(connection), appended: Appended::default() };
        let outcome = guarded(|| (self.closure)(&mut tx));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        (keep, if keep { tx.appended } else { Appended::default() })
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        // A failed COMMIT undoes what the closure did; its own error it keeps.
        let outcome = match (commit, self.outcome) {
            (Err(e), Some(Ok(_)) | None) => Err(E::from(e)),
            (Ok(()), None) => Err(E::from(StoreError::Panicked)),
            (_, Some(outcome)) => outcome,
        };
        let _ = self.answer.send(outcome);
    }
}

#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Sender<Box<dyn WriteJob>>,
    readers: Sender<ReadJob>,
    of_settings: Arc<AtomicU64>,
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
        let (writer, jobs) = unbounded::<Box<dyn WriteJob>>();
        let room = Arc::new(Semaphore::new(QUEUE));
        let commits = Arc::new(AtomicU64::new(0));
        let of_settings = Arc::new(AtomicU64::new(0));
        let told = Told { changed, of_settings: of_settings.clone(), commits: commits.clone() };
        let freed = room.clone();
        spawn("store-writer", move || write_loop(&connection, &jobs, &told, &freed))?;
        let (readers, reads) = unbounded::<ReadJob>();
        for _ in 0..READERS {
            let connection = connect(path)?;
            connection.pragma_update(None, "query_only", "ON")?;
            let (reads, commits) = (reads.clone(), commits.clone());
            spawn("store-reader", move || read_loop(&connection, &reads, &commits))?;
        }
        Ok(Self { writer, readers, of_settings, room })
    }

    pub(crate) fn changes_of_settings(&self) -> u64 {
        self.of_settings.load(Ordering::Acquire)
    }

    pub(crate) async fn write<T, E, F>(&self, f: F, answer: oneshot::Sender<Result<T, E>>)
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Ok(permit) = self.room.acquire().await else { return };
        permit.forget();
        let job = Box::new(Job { closure: f, outcome: None, answer });
        // A send fails only when the writer is gone; the caller then sees a closed store.
        let _ = self.writer.send(job);
    }

    pub(crate) async fn read<T, E, F>(&self, f: F, answer: oneshot::Sender<Result<T, E>>)
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let job: ReadJob = Box::new(move |connection, begun| {
            let outcome = guarded(|| {
                begun?;
                f(&mut Tx { conn: Conn::Sqlite(connection), appended: Appended::default() })
            });
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
    match step(&mut Tx { conn: Conn::Sqlite(connection), appended: Appended::default() }) {
        Ok(()) => Ok(connection.execute_batch("COMMIT")?),
        Err(e) => {
            connection.execute_batch("ROLLBACK")?;
            Err(e)
        }
    }
}

fn write_loop(connection: &Connection, jobs: &Receiver<Box<dyn WriteJob>>, told: &Told, room: &Semaphore) {
    while let Ok(first) = jobs.recv() {
        let mut batch = Batch::begin(connection);
        batch.take(first);
        while batch.jobs.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            batch.take(job);
        }
        room.add_permits(batch.commit(told));
    }
}

/// Who hears of a commit before its closures are answered.
struct Told {
    /// How many events there are.
    changed: Arc<watch::Sender<u64>>,
    /// How many of them are not about users and groups.
    of_settings: Arc<AtomicU64>,
    /// How many commits there were.
    commits: Arc<AtomicU64>,
}

/// Closures that are committed together.
struct Batch<'c> {
    connection: &'c Connection,
    begun: Result<(), StoreError>,
    jobs: Vec<Box<dyn WriteJob>>,
    appended: Appended,
    in_savepoints: bool,
}

impl<'c> Batch<'c> {
    fn begin(connection: &'c Connection) -> Self {
        let begun = begin(connection);
        Self { connection, begun, jobs: Vec::new(), appended: Appended::default(), in_savepoints: false }
    }

    fn take(&mut self, job: Box<dyn WriteJob>) {
        self.jobs.push(job);
        let changes = self.connection.total_changes();
        let kept = self.run(self.jobs.len() - 1);
        if !kept && !self.in_savepoints && self.connection.total_changes() != changes {
            self.again();
        }
    }

    /// A closure failed after it had changed something.
    fn again(&mut self) {
        if self.begun.is_ok() {
            let undone = self.connection.execute_batch("ROLLBACK").map_err(StoreError::from);
            self.begun = undone.and_then(|()| begin(self.connection));
        }
        self.in_savepoints = true;
        self.appended = Appended::default();
        for at in 0..self.jobs.len() {
            self.run(at);
        }
    }

    /// Runs a closure; whether what it did is to be kept. Nothing runs outside the transaction: SQLite ends
    /// it by itself where, say, the disk is full.
    fn run(&mut self, at: usize) -> bool {
        let (true, Some(job)) = (self.begun.is_ok(), self.jobs.get_mut(at)) else { return false };
        let (keep, appended) = match self.in_savepoints {
            true => in_savepoint(self.connection, job.as_mut()),
            false => job.run(self.connection),
        };
        self.appended += appended;
        if self.connection.is_autocommit() {
            self.begun = Err(StoreError::Database("the transaction ended early".to_owned()));
        }
        keep
    }

    /// How many closures it had. Events are counted before anybody is answered.
    fn commit(self, told: &Told) -> usize {
        let commit = || self.connection.execute_batch("COMMIT").map_err(StoreError::from);
        let outcome = self.begun.and_then(|()| commit());
        if outcome.is_err() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        told.commits.fetch_add(1, Ordering::Release);
        if outcome.is_ok() && self.appended.all > 0 {
            told.of_settings.fetch_add(self.appended.of_settings, Ordering::Release);
            told.changed.send_modify(|n| *n += self.appended.all);
        }
        let failure = outcome.as_ref().err().map(ToString::to_string);
        let taken = self.jobs.len();
        for job in self.jobs {
            job.answer(failure.clone().map_or(Ok(()), |e| Err(StoreError::Database(e))));
        }
        taken
    }
}

fn begin(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("BEGIN IMMEDIATE")?)
}

fn in_savepoint(connection: &Connection, job: &mut dyn WriteJob) -> (bool, Appended) {
    let run = |sql: &str| connection.prepare_cached(sql).and_then(|mut s| s.execute([]));
    let _ = run("SAVEPOINT one");
    let (keep, appended) = job.run(connection);
    if !keep {
        let _ = run("ROLLBACK TO one");
    }
    let _ = run("RELEASE one");
    (keep, appended)
}

/// Runs what waits, on one snapshot for as long as nothing was committed since: to take one costs two locks of the
/// file, as much as a look-up. Whoever was told that a write is done finds it, for it was counted before.
fn read_loop(connection: &Connection, jobs: &Receiver<ReadJob>, commits: &AtomicU64) {
    let run = |sql: &str| connection.prepare_cached(sql).and_then(|mut s| s.execute([]).map(|_| ()));
    while let Ok(first) = jobs.recv() {
        let mut seen = commits.load(Ordering::Acquire);
        first(connection, run("BEGIN").map_err(StoreError::from));
        for _ in 1..ON_ONE_SNAPSHOT {
            let Ok(job) = jobs.try_recv() else { break };
            let now = commits.load(Ordering::Acquire);
            let begun = if connection.is_autocommit() || now != seen {
                let _ = run("COMMIT");
                seen = now;
                run("BEGIN")
            } else {
                Ok(())
            };
            job(connection, begun.map_err(StoreError::from));
        }
        let _ = run("COMMIT");
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
