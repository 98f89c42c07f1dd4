//! CSV (RFC 4180), strictly: what a spreadsheet would silently repair is an error with its place.

use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord};
use thiserror::Error;

/// Longest field in bytes.
const MAX_FIELD: usize = 4096;
/// Most rows of one file.
const MAX_ROWS: usize = 1_000_000;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}, line {line}{}: {reason}", .column.as_ref().map(|c| format!(", column {c}")).unwrap_or_default())]
pub struct CsvError {
    /// Which file: `users`, `groups` or `members`.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u64,
    /// The column's name, or the place in the line.
    pub column: Option<String>,
    /// What.
    pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// Bytes that are no UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The file has no first line with the names of columns.
    #[error("the first line must name the columns")]
    NoHeader,
    /// A column that has to be there is not.
    #[error("the column {0} is missing")]
    MissingColumn(&'static str),
    /// A column that nobody knows.
    #[error("there is no column of this name; there are {0}")]
    UnknownColumn(String),
    /// A column twice.
    #[error("the column is there twice")]
    ColumnTwice,
    /// A quotation mark inside an unquoted field, or text after a closing one.
    #[error("a quotation mark stands where none can be; a field with one is quoted, and it is doubled")]
    Quote,
    /// A quoted field that never ends.
    #[error("the quoted field that begins here has no end")]
    OpenQuote,
    /// A row with more or fewer fields than the first line.
    #[error("{expected} fields expected, {found} found")]
    Fields {
        /// As many as the first line has.
        expected: usize,
        /// As many as the row has.
        found: usize,
    },
    /// A field that is too long.
    #[error("a field has at most {MAX_FIELD} bytes")]
    LongField,
    /// Too many rows.
    #[error("a file has at most {MAX_ROWS} rows")]
    ManyRows,
    /// A value that the column cannot have.
    #[error("{expected} expected, found {found}")]
    Value {
        /// What would be right.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The same thing twice.
    #[error("{value} is in line {first} already")]
    Twice {
        /// What.
        value: String,
        /// Where first.
        first: u64,
    },
    /// Somebody or something that is neither in the files nor in the directory.
    #[error("there is no {kind} {value}, neither in these files nor in the directory")]
    Unknown {
        /// `user` or `group`.
        kind: &'static str,
        /// The name.
        value: String,
    },
    /// A name that several groups of the directory have.
    #[error("the directory has more than one group {0}; rename one of them first")]
    Ambiguous(String),
    /// A group in itself, or a person who manages themselves.
    #[error("{0} cannot refer to itself")]
    Itself(String),
}

impl CsvError {
    /// File, line and column in words.
    pub fn place(&self) -> String {
        match &self.column {
            Some(column) => format!("{}, line {}, column {column}", self.file, self.line),
            None => format!("{}, line {}", self.file, self.line),
        }
    }

    /// What would be right, where there is such a thing.
    pub fn expected(&self) -> Option<String> {
        match &self.reason {
            Reason::Value { expected, .. } => Some(expected.clone()),
            Reason::UnknownColumn(known) => Some(known.clone()),
            Reason::Fields { expected, .. } => Some(expected.to_string()),
            _ => None,
        }
    }

    /// What was found, where that says something.
    pub fn found(&self) -> Option<String> {
        match &self.reason {
            Reason::Value { found, .. } => Some(found.clone()),
            Reason::Twice { value, .. } | Reason::Unknown { value, .. } => Some(value.clone()),
            Reason::Fields { found, .. } => Some(found.to_string()),
            _ => None,
        }
    }
}

/// One file, its rows in order.
pub(super) struct Table {
    pub(super) file: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<(u64, StringRecord)>,
}

/// One row of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'t> {
    table: &'t Table,
    pub(super) line: u64,
    record: &'t StringRecord,
}

impl Table {
    /// Its rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }
}

impl Row<'_> {
    /// The trimmed value of a column; `None` where the file has no such column.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        let at = self.table.columns.iter().position(|c| *c == column)?;
        self.record.get(at).map(str::trim)
    }

    /// What is wrong with one of its columns.
    pub(super) fn error(&self, column: &str, reason: Reason) -> CsvError {
        CsvError { file: self.table.file, line: self.line, column: Some(column.to_owned()), reason }
    }
}

/// The text of a file as uploaded, without the byte order mark that spreadsheets write.
///
/// # Errors
/// [`Reason::NotUtf8`] with its line.
pub fn text_of(file: &'static str, bytes: &[u8]) -> Result<String, CsvError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}').to_owned()),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let newlines = before.split(|b| *b == b'\n').count();
            Err(CsvError { file, line: newlines as u64, column: None, reason: Reason::NotUtf8 })
        }
    }
}

/// A file as a table. `known` are the columns that it can have, `required` those that it must have.
pub(super) fn table(
    file: &'static str,
    text: &str,
    known: &[&'static str],
    required: &[&'static str],
) -> Result<Table, CsvError> {
    let text = text.trim_start_matches('\u{feff}');
    check_quotes(file, text)?;
    let failed = |line: u64, column: Option<String>, reason| CsvError { file, line, column, reason };
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // Reading from a text cannot fail; whatever it would say stands for a malformed first line.
    let mut next =
        |record: &mut StringRecord| reader.read_record(record).map_err(|_| failed(1, None, Reason::NoHeader));
    if !next(&mut record)? || record.iter().all(|name| name.trim().is_empty()) {
        return Err(failed(1, None, Reason::NoHeader));
    }
    let columns = columns(&record, known).map_err(|(name, reason)| failed(1, Some(name), reason))?;
    if let Some(missing) = required.iter().find(|name| !columns.contains(name)) {
        return Err(failed(1, None, Reason::MissingColumn(missing)));
    }
    let mut rows = Vec::new();
    while next(&mut record)? {
        let line = record.position().map_or(1, csv::Position::line);
        if record.len() != columns.len() {
            let reason = Reason::Fields { expected: columns.len(), found: record.len() };
            return Err(failed(line, None, reason));
        }
        if rows.len() >= MAX_ROWS {
            return Err(failed(line, None, Reason::ManyRows));
        }
        rows.push((line, record.clone()));
    }
    Ok(Table { file, columns, rows })
}

fn columns(header: &StringRecord, known: &[&'static str]) -> Result<Vec<&'static str>, (String, Reason)> {
    let mut seen = HashSet::new();
    let mut columns = Vec::new();
    for name in header {
        let said: String = name.trim().chars().take(60).collect();
        let Some(column) = known.iter().find(|k| **k == name.trim()) else {
            return Err((said, Reason::UnknownColumn(known.join(", "))));
        };
        if !seen.insert(*column) {
            return Err((said, Reason::ColumnTwice));
        }
        columns.push(*column);
    }
    Ok(columns)
}

/// Where the reader is, between two bytes.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Plain,
    Quoted,
    Closed,
}

/// RFC 4180 §2 rules 5 to 7: quotation marks only around whole fields, doubled inside. The reader behind
/// this would take anything.
fn check_quotes(file: &'static str, text: &str) -> Result<(), CsvError> {
    let (mut at, mut line, mut place, mut length) = (At::Start, 1, 0, 0);
    let mut opened = (1, 1);
    for byte in text.bytes() {
        place += 1;
        length += 1;
        let failed = |reason| Err(CsvError { file, line, column: Some(place.to_string()), reason });
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            (At::Start, b'"') => {
                opened = (line, place);
                At::Quoted
            }
            (At::Closed, b'"') => At::Quoted,
            (_, b',' | b'\n' | b'\r') => At::Start,
            (At::Plain, b'"') | (At::Closed, _) => return failed(Reason::Quote),
            (At::Start | At::Plain, _) => At::Plain,
        };
        if length > MAX_FIELD + 2 {
            return failed(Reason::LongField);
        }
        if at == At::Start {
            length = 0;
        }
        if byte == b'\n' {
            line += 1;
            place = 0;
        }
    }
    if at == At::Quoted {
        let column = Some(opened.1.to_string());
        return Err(CsvError { file, line: opened.0, column, reason: Reason::OpenQuote });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<usize, (u64, Reason)> {
        table("users", text, &["a", "b"], &["a"]).map(|t| t.rows.len()).map_err(|e| (e.line, e.reason))
    }

    #[test]
    fn good_files_are_read() {
        assert_eq!(check("a,b\r\n1,2\r\n\"x, \"\"y\"\"\n\",\r\n"), Ok(2));
        assert_eq!(check("\u{feff}b , a\n1,2"), Ok(1));
        assert_eq!(check("a\n"), Ok(0));
    }

    #[test]
    fn a_misplaced_quotation_mark_is_found_where_it_is() {
        for (text, line, reason) in [
            ("a,b\n1\",2\n", 2, Reason::Quote),
            ("a,b\n\"1\" ,2\n", 2, Reason::Quote),
            ("a,b\n\"1,2\n3,4\n", 2, Reason::OpenQuote),
            ("a,b\n1,\"", 2, Reason::OpenQuote),
        ] {
            assert_eq!(check(text), Err((line, reason)), "{text}");
        }
    }

    #[test]
    fn columns_and_sizes_are_checked() {
        let long = format!("a\n{}\n", "x".repeat(MAX_FIELD + 10));
        for (text, line, reason) in [
            ("", 1, Reason::NoHeader),
            (" , \n", 1, Reason::NoHeader),
            ("b\n1\n", 1, Reason::MissingColumn("a")),
            ("a,c\n", 1, Reason::UnknownColumn("a, b".to_owned())),
            ("a,a\n", 1, Reason::ColumnTwice),
            ("a,b\n1,2\n1\n", 3, Reason::Fields { expected: 2, found: 1 }),
            ("a,b\n1,2,3\n", 2, Reason::Fields { expected: 2, found: 3 }),
            (&long, 2, Reason::LongField),
        ] {
            assert_eq!(check(text), Err((line, reason)), "{}", text.chars().take(40).collect::<String>());
        }
    }

    #[test]
    fn other_encodings_are_named_with_their_line() {
        let error = text_of("users", b"a\n1\n\xe4\n").unwrap_err();
        assert_eq!((error.line, error.reason), (3, Reason::NotUtf8));
    }
}
