use crate::error::StoreError;
use crate::pg;

/// A JSON value as the text that a column holds. By its `Display` it would take twice as long.
///
/// # Errors
/// [`StoreError::Database`] for what cannot be written as JSON.
pub fn json_text(json: &serde_json::Value) -> Result<String, StoreError> {
    serde_json::to_string(json).map_err(|e| StoreError::Database(e.to_string()))
}

/// A parameter of a statement, borrowed for the call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Val<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT; booleans are 0 and 1, times are microseconds UTC.
    Int(i64),
    /// TEXT.
    Text(&'a str),
    /// BLOB or BYTEA.
    Bytes(&'a [u8]),
}

impl From<i64> for Val<'_> {
    fn from(v: i64) -> Self {
        Val::Int(v)
    }
}
impl From<bool> for Val<'_> {
    fn from(v: bool) -> Self {
        Val::Int(v.into())
    }
}
impl<'a> From<&'a str> for Val<'a> {
    fn from(v: &'a str) -> Self {
        Val::Text(v)
    }
}
impl<'a> From<&'a String> for Val<'a> {
    fn from(v: &'a String) -> Self {
        Val::Text(v)
    }
}
impl<'a> From<&'a [u8]> for Val<'a> {
    fn from(v: &'a [u8]) -> Self {
        Val::Bytes(v)
    }
}
impl<'a> From<&'a Vec<u8>> for Val<'a> {
    fn from(v: &'a Vec<u8>) -> Self {
        Val::Bytes(v)
    }
}
impl<'a, T> From<Option<T>> for Val<'a>
where
    T: Into<Val<'a>>,
{
    fn from(v: Option<T>) -> Self {
        v.map_or(Val::Null, Into::into)
    }
}
impl<'a> From<&'a Option<String>> for Val<'a> {
    fn from(v: &'a Option<String>) -> Self {
        v.as_deref().into()
    }
}

/// A value that came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row, its columns in the order of the SELECT.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    fn at(&self, column: usize) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or(StoreError::BadRow { column, why: "no such column" })
    }

    /// The text in `column` (from 0).
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for NULL or another type.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or(StoreError::BadRow { column, why: "text expected, found NULL" })
    }

    /// The text in `column`, `None` for NULL.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for another type.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            Value::Text(t) => Ok(Some(t.clone())),
            _ => Err(StoreError::BadRow { column, why: "text expected" }),
        }
    }

    /// The text in `column`, taken out of the row: a large one is not copied.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for NULL or another type.
    pub fn take_text(&mut self, column: usize) -> Result<String, StoreError> {
        match self.0.get_mut(column).map(|value| std::mem::replace(value, Value::Null)) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(StoreError::BadRow { column, why: "text expected" }),
        }
    }

    /// The integer in `column`.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for NULL or another type.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or(StoreError::BadRow { column, why: "integer expected, found NULL" })
    }

    /// The integer in `column`, `None` for NULL.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for another type.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            Value::Int(i) => Ok(Some(*i)),
            _ => Err(StoreError::BadRow { column, why: "integer expected" }),
        }
    }

    /// The 0 or 1 in `column`.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for anything else: a row that fits no state is an error.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoreError::BadRow { column, why: "0 or 1 expected" }),
        }
    }

    /// The bytes in `column`.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for NULL or another type.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.at(column)? {
            Value::Bytes(b) => Ok(b.clone()),
            _ => Err(StoreError::BadRow { column, why: "bytes expected" }),
        }
    }

    /// The JSON document in the text of `column`.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] where it is not JSON.
    pub fn json(&self, column: usize) -> Result<serde_json::Value, StoreError> {
        let Value::Text(text) = self.at(column)? else {
            return Err(StoreError::BadRow { column, why: "text expected" });
        };
        serde_json::from_str(text).map_err(|_| StoreError::BadRow { column, why: "JSON expected" })
    }
}

/// A running transaction.
pub struct Tx<'a> {
    pub(crate) conn: Conn<'a>,
    pub(crate) appended: Appended,
}

/// How many events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Appended {
    /// All of them.
    pub(crate) all: u64,
    /// Those about something else than a user or a group.
    pub(crate) of_settings: u64,
}

impl std::ops::AddAssign for Appended {
    fn add_assign(&mut self, more: Self) {
        self.all += more.all;
        self.of_settings += more.of_settings;
    }
}

pub(crate) enum Conn<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut pg::Session),
}

impl Tx<'_> {
    /// Runs a statement; the number of rows that it changed.
    ///
    /// # Errors
    /// [`StoreError::Unique`] and the engine's others. Return it: on PostgreSQL the transaction is
    /// lost after it.
    pub fn exec(&mut self, sql: &str, params: &[Val<'_>]) -> Result<u64, StoreError> {
        match &mut self.conn {
            Conn::Sqlite(c) => crate::sqlite::exec(c, sql, params),
            Conn::Postgres(s) => s.exec(sql, params),
        }
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// The engine's. Return it.
    pub fn rows(&mut self, sql: &str, params: &[Val<'_>]) -> Result<Vec<Row>, StoreError> {
        match &mut self.conn {
            Conn::Sqlite(c) => crate::sqlite::rows(c, sql, params),
            Conn::Postgres(s) => s.rows(sql, params),
        }
    }

    /// The first row of a query, if it has one.
    ///
    /// # Errors
    /// The engine's. Return it.
    pub fn row(&mut self, sql: &str, params: &[Val<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }

    /// The one integer that a query such as `SELECT count(*) …` gives.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where it gives none; the engine's.
    pub fn int(&mut self, sql: &str, params: &[Val<'_>]) -> Result<i64, StoreError> {
        self.row(sql, params)?.ok_or(StoreError::NoRow)?.int(0)
    }

    /// Whether a query gives a row.
    ///
    /// # Errors
    /// The engine's. Return it.
    pub fn exists(&mut self, sql: &str, params: &[Val<'_>]) -> Result<bool, StoreError> {
        Ok(self.row(sql, params)?.is_some())
    }
}
