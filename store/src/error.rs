use thiserror::Error;

/// What can go wrong between a closure and its rows.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The address of the database is neither `sqlite:` nor `postgres:`.
    #[error("the store's URL must start with sqlite: or postgres://")]
    Url,
    /// A unique index refused the row. Domain code looks before it writes and so has a better
    /// answer; this one is left for the race that the look cannot see.
    #[error("another row already has this value")]
    Unique,
    /// Another transaction changed what this one read; the store tries again by itself.
    #[error("another change came in between; try again")]
    Serialization,
    /// A row holds what its type does not allow.
    #[error("the row holds an unexpected value in column {column}: {why}")]
    BadRow {
        /// The column's place, from 0.
        column: usize,
        /// What was expected.
        why: &'static str,
    },
    /// A row that has to be there is not.
    #[error("the row is not there")]
    NoRow,
    /// A migration that was applied has another text now.
    #[error(
        "migration {version} ({name}) was applied with another text; \
         this database belongs to another build of entente"
    )]
    MigrationChanged {
        /// Its number.
        version: i64,
        /// Its name.
        name: String,
    },
    /// The database has migrations that this program does not know.
    #[error("the database is at schema {found}, this program knows up to {known}; start the newer program")]
    SchemaNewer {
        /// The newest in the database.
        found: i64,
        /// The newest that the program has.
        known: i64,
    },
    /// The engine's own words.
    #[error("database: {0}")]
    Database(String),
    /// A closure panicked; its changes were rolled back.
    #[error("a change failed inside and was rolled back")]
    Panicked,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match error.sqlite_error() {
            Some(e)
                if [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY].contains(&e.extended_code) =>
            {
                Self::Unique
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        use postgres::error::SqlState;
        match error.code() {
            Some(c) if *c == SqlState::UNIQUE_VIOLATION => Self::Unique,
            Some(c) if *c == SqlState::T_R_SERIALIZATION_FAILURE || *c == SqlState::T_R_DEADLOCK_DETECTED => {
                Self::Serialization
            }
            _ => match error.as_db_error() {
                Some(db) => Self::Database(db.message().to_owned()),
                None => Self::Database(error.to_string()),
            },
        }
    }
}
