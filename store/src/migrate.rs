//! Numbered migrations with checksums, each in one transaction, applied on start.

use sha2::{Digest, Sha256};

use crate::Engine;
use crate::error::StoreError;
use crate::tx::Tx;

/// One step of the schema. Its text must not change once a release has it.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, rising; numbers below 100 belong to the store itself.
    pub version: i64,
    /// A word for people.
    pub name: &'static str,
    /// Statements, separated by `;`, in the common SQL with the words of the dialect in braces:
    /// `{text}`, `{blob}`, `{serial}`, `{without_rowid}`.
    pub sql: &'static str,
}

/// What both halves need from a database: the event log, sessions, throttles and leases.
const BASE: &[Migration] =
    &[Migration { version: 1, name: "base", sql: include_str!("../migrations/0001_base.sql") }];

/// Applies what is missing, one transaction each, and refuses a database that is ahead.
///
/// `run` runs a closure in a transaction of its own.
pub(crate) fn migrate(
    engine: Engine,
    migrations: &[Migration],
    mut run: impl FnMut(&mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    run(&mut |tx| {
        let sql = "CREATE TABLE IF NOT EXISTS schema_migrations \
                   (version BIGINT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL)";
        tx.exec(sql, &[]).map(|_| ())
    })?;
    let all: Vec<&Migration> = BASE.iter().chain(migrations).collect();
    let known = all.iter().map(|m| m.version).max().unwrap_or(0);
    run(&mut |tx| refuse_newer(tx, known))?;
    for migration in all {
        run(&mut |tx| apply(tx, engine, migration))?;
    }
    Ok(())
}

fn refuse_newer(tx: &mut Tx<'_>, known: i64) -> Result<(), StoreError> {
    let found = tx.int("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", &[])?;
    if found > known { Err(StoreError::SchemaNewer { found, known }) } else { Ok(()) }
}

fn apply(tx: &mut Tx<'_>, engine: Engine, migration: &Migration) -> Result<(), StoreError> {
    let sum = hex::encode(Sha256::digest(migration.sql));
    let found =
        tx.row("SELECT sha256 FROM schema_migrations WHERE version = ?1", &[migration.version.into()])?;
    match found {
        Some(row) if row.text(0)? == sum => Ok(()),
        Some(_) => {
            Err(StoreError::MigrationChanged { version: migration.version, name: migration.name.to_owned() })
        }
        None => {
            for statement in statements(migration.sql) {
                tx.exec(&dialect(engine, &statement), &[])?;
            }
            let sql = "INSERT INTO schema_migrations (version, name, sha256) VALUES (?1, ?2, ?3)";
            tx.exec(sql, &[migration.version.into(), migration.name.into(), (&sum).into()])?;
            Ok(())
        }
    }
}

/// The statements of a migration, without its `--` comments. Texts with `;` or `--` inside are not
/// needed in a schema and not supported.
fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|l| l.split("--").next().unwrap_or("")).collect();
    code.join("\n").split(';').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// The few words that differ between the engines.
fn dialect(engine: Engine, sql: &str) -> String {
    let words = match engine {
        Engine::Sqlite => [
            ("{text}", "TEXT"),
            ("{blob}", "BLOB"),
            ("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            ("{without_rowid}", "WITHOUT ROWID"),
        ],
        Engine::Postgres => [
            // Bytewise order, as SQLite has it, whatever the locale of the database.
            ("{text}", "TEXT COLLATE \"C\""),
            ("{blob}", "BYTEA"),
            ("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ("{without_rowid}", ""),
        ],
    };
    words.iter().fold(sql.to_owned(), |sql, (word, own)| sql.replace(word, own))
}
