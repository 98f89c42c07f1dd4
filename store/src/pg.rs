//! PostgreSQL: a few threads, each with a connection of its own, run the closures.
//!
//! Writes are SERIALIZABLE and tried again when the server says that another change came in
//! between; so the same domain code is right on both engines without row locks.

use std::collections::HashMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use postgres::types::{IsNull, ToSql, Type};
use postgres::{Client, Config, NoTls, Statement};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::error::StoreError;
use crate::migrate::{Migration, migrate};
use crate::tx::{Appended, Conn, Row, Tx, Val, Value};
use crate::{Engine, Retryable};

const CONNECTIONS: usize = 8;
const QUEUE: usize = 4096;
/// How often a write is tried before its caller hears of the conflict.
const TRIES: u32 = 40;
/// One number for all who migrate the same database at the same time.
const MIGRATION_LOCK: i64 = 0x656e_7465_6e74_6501;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

type Job = Box<dyn FnOnce(&mut Session) + Send>;

#[derive(Clone)]
pub(crate) struct Postgres {
    jobs: Sender<Job>,
    room: Arc<Semaphore>,
    changed: Arc<watch::Sender<u64>>,
}

/// One connection and the statements that it has prepared.
pub(crate) struct Session {
    config: Config,
    client: Client,
    statements: HashMap<String, Statement>,
    /// Spreads the pauses of sessions that stand in each other's way.
    spread: u64,
}

impl Postgres {
    pub(crate) fn open(
        url: &str,
        migrations: &'static [Migration],
        changed: Arc<watch::Sender<u64>>,
    ) -> Result<Self, StoreError> {
        let config: Config = url.parse().map_err(|_| StoreError::Url)?;
        let mut first = Session::connect(&config)?;
        first.migrate(migrations)?;
        let (jobs, queue) = unbounded::<Job>();
        let mut sessions = vec![first];
        while sessions.len() < CONNECTIONS {
            sessions.push(Session::connect(&config)?);
        }
        for mut session in sessions {
            let queue: Receiver<Job> = queue.clone();
            let work = move || {
                while let Ok(job) = queue.recv() {
                    job(&mut session);
                }
            };
            let started = thread::Builder::new().name("store-postgres".to_owned()).spawn(work);
            started.map_err(|e| StoreError::Database(e.to_string()))?;
        }
        Ok(Self { jobs, room: Arc::new(Semaphore::new(QUEUE)), changed })
    }

    pub(crate) async fn run<T, E, F>(&self, access: Access, f: F, answer: oneshot::Sender<Result<T, E>>)
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retryable + Send + 'static,
    {
        let Ok(permit) = self.room.clone().acquire_owned().await else { return };
        let changed = self.changed.clone();
        let job: Job = Box::new(move |session| {
            let outcome = session.transaction(access, &f);
            drop(permit);
            let (outcome, appended) = match outcome {
                Ok((value, appended)) => (Ok(value), appended),
                Err(e) => (Err(e), 0),
            };
            if appended > 0 {
                changed.send_modify(|n| *n += appended);
            }
            let _ = answer.send(outcome);
        });
        let _ = self.jobs.send(job);
    }
}

impl Session {
    fn connect(config: &Config) -> Result<Self, StoreError> {
        Ok(Self {
            config: config.clone(),
            client: config.connect(NoTls)?,
            statements: HashMap::new(),
            spread: next_spread(),
        })
    }

    fn migrate(&mut self, migrations: &'static [Migration]) -> Result<(), StoreError> {
        self.client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK])?;
        let outcome = migrate(Engine::Postgres, migrations, |step| {
            self.client.batch_execute("BEGIN")?;
            match step(&mut Tx { conn: Conn::Postgres(self), appended: Appended::default() }) {
                Ok(()) => Ok(self.client.batch_execute("COMMIT")?),
                Err(e) => {
                    self.client.batch_execute("ROLLBACK")?;
                    Err(e)
                }
            }
        });
        self.client.execute("SELECT pg_advisory_unlock($1)", &[&MIGRATION_LOCK])?;
        outcome
    }

    /// Runs `f` until it commits, its own error stands, or the tries are used up.
    fn transaction<T, E>(
        &mut self,
        access: Access,
        f: &impl Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<(T, u64), E>
    where
        E: From<StoreError> + Retryable,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            let error = match self.once(access, f) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            // A unique index that refuses what the closure's own look had allowed means a race: the
            // next try looks again and gives the caller a better answer.
            let again = match error.store_error() {
                Some(StoreError::Serialization) => tried < TRIES,
                Some(StoreError::Unique) => tried < 2,
                _ => false,
            };
            if !again {
                return Err(error);
            }
            thread::sleep(self.pause(tried));
        }
    }

    /// Longer with each try, and different for each session: who waits equally long meets again.
    fn pause(&mut self, tried: u32) -> Duration {
        self.spread =
            self.spread.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let longest = 2_000_u64 << tried.min(5);
        Duration::from_micros((self.spread >> 33) % longest)
    }

    fn once<T, E>(&mut self, access: Access, f: &impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<(T, u64), E>
    where
        E: From<StoreError>,
    {
        self.reconnect_if_closed()?;
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        };
        self.client.batch_execute(begin).map_err(StoreError::from)?;
        let mut tx = Tx { conn: Conn::Postgres(self), appended: Appended::default() };
        let outcome = catch_unwind(AssertUnwindSafe(|| f(&mut tx)));
        let appended = tx.appended.all;
        match outcome.unwrap_or_else(|_| Err(E::from(StoreError::Panicked))) {
            Ok(value) => {
                self.client.batch_execute("COMMIT").map_err(StoreError::from)?;
                Ok((value, appended))
            }
            Err(error) => {
                // Where the connection is gone there is nothing to roll back.
                let _ = self.client.batch_execute("ROLLBACK");
                Err(error)
            }
        }
    }

    fn reconnect_if_closed(&mut self) -> Result<(), StoreError> {
        if self.client.is_closed() {
            *self = Self::connect(&self.config)?;
        }
        Ok(())
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&sql.replace('?', "$"))?;
        // Filters make statements without end; starting over now and then bounds the memory.
        if self.statements.len() >= 512 {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(crate) fn exec(&mut self, sql: &str, params: &[Val<'_>]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        Ok(self.client.execute(&statement, &by_reference(params))?)
    }

    pub(crate) fn rows(&mut self, sql: &str, params: &[Val<'_>]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql)?;
        let found = self.client.query(&statement, &by_reference(params))?;
        found.iter().map(read_row).collect()
    }
}

fn next_spread() -> u64 {
    static SESSIONS: AtomicU64 = AtomicU64::new(1);
    SESSIONS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn by_reference<'a>(params: &'a [Val<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

fn read_row(row: &postgres::Row) -> Result<Row, StoreError> {
    let columns = row.columns().iter().enumerate();
    let values: Result<Vec<Value>, StoreError> =
        columns.map(|(column, described)| read_value(row, column, described.type_())).collect();
    Ok(Row(values?))
}

fn read_value(row: &postgres::Row, column: usize, kind: &Type) -> Result<Value, StoreError> {
    Ok(match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map_or(Value::Null, Value::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map_or(Value::Null, |i| Value::Int(i.into())),
        Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map_or(Value::Null, |b| Value::Int(b.into())),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column)?.map_or(Value::Null, Value::Bytes),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => {
            row.try_get::<_, Option<String>>(column)?.map_or(Value::Null, Value::Text)
        }
        _ => return Err(StoreError::BadRow { column, why: "a column of this type is not used here" }),
    })
}

impl ToSql for Val<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Val::Null => Ok(IsNull::Yes),
            Val::Int(i) if *kind == Type::INT4 => i32::try_from(*i)?.to_sql(kind, out),
            Val::Int(i) if *kind == Type::BOOL => (*i != 0).to_sql(kind, out),
            Val::Int(i) => i.to_sql(kind, out),
            Val::Text(t) => t.to_sql(kind, out),
            Val::Bytes(b) => b.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}
