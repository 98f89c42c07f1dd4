//! Reading CSV files that people made: every refusal names file, line and column.

use std::collections::HashMap;

use thiserror::Error;

/// Largest file in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// Most rows of one file.
const MAX_ROWS: usize = 200_000;
/// Longest field in characters; the rules of each column are stricter.
const MAX_FIELD: usize = 40_000;

/// Why a file was not taken. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}{}{}: {problem}", line.map(|l| format!(", line {l}")).unwrap_or_default(),
    column.map(|c| format!(", column {c}")).unwrap_or_default())]
pub struct CsvError {
    /// Which file, for example `accounts`.
    pub file: &'static str,
    /// The line, from 1; none where the file as a whole is refused.
    pub line: Option<u64>,
    /// The column's name.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub problem: CsvProblem,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CsvProblem {
    /// No header line.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// More than [`MAX_BYTES`] or too many rows.
    #[error("{found} {what} are more than the {max} allowed")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// A column that is needed is not in the header.
    #[error("the header has no such column; it has: {found}")]
    MissingColumn {
        /// The header.
        found: String,
    },
    /// The header has a column that nobody reads, which may be a misspelt one.
    #[error("the header names the unknown column {0:?}")]
    UnknownColumn(String),
    /// The header has a column twice.
    #[error("the header names this column twice")]
    DuplicateColumn,
    /// Another number of fields than the header.
    #[error("{found} fields, the header has {expected}")]
    FieldCount {
        /// In the header.
        expected: usize,
        /// In the line.
        found: usize,
    },
    /// A NUL, a line break or another control character inside a field, or a field that is far too long.
    #[error("the field has control characters or is too long")]
    Text,
    /// The value is not allowed.
    #[error("{why}; found {found:?}")]
    Value {
        /// What is allowed.
        why: String,
        /// The value.
        found: String,
    },
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    file: &'static str,
    /// Its number, from 1, the header being 1.
    pub line: u64,
    fields: HashMap<&'static str, String>,
}

impl Record {
    /// The field of a column, trimmed; empty where the file does not have the column.
    pub fn get(&self, column: &str) -> &str {
        self.fields.get(column).map_or("", |value| value.trim())
    }

    /// An error at a field of this line.
    pub fn error(&self, column: &'static str, why: impl Into<String>) -> CsvError {
        let found: String = self.get(column).chars().take(120).collect();
        let problem = CsvProblem::Value { why: why.into(), found };
        CsvError { file: self.file, line: Some(self.line), column: Some(column), problem }
    }
}

/// Reads `text`, which must have the columns `required`, may have `optional`, and no others, in any
/// order.
///
/// # Errors
/// [`CsvError`], the first that is found.
pub fn read(
    file: &'static str,
    text: &str,
    required: &[&'static str],
    optional: &[&'static str],
) -> Result<Vec<Record>, CsvError> {
    let whole = |problem| CsvError { file, line: None, column: None, problem };
    if text.len() > MAX_BYTES {
        let problem = CsvProblem::TooLarge { what: "bytes", found: text.len(), max: MAX_BYTES };
        return Err(whole(problem));
    }
    // Spreadsheets begin UTF-8 files with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text.as_bytes());
    let mut place = Place { text: text.as_bytes(), byte: 0, line: 1 };
    let mut lines = reader.records();
    let Some(Ok(header)) = lines.next() else { return Err(whole(CsvProblem::Empty)) };
    let columns = header_columns(file, &header, required, optional)?;
    let mut records = Vec::new();
    for line in lines {
        let line = line.map_err(|_| whole(CsvProblem::Text))?;
        if records.len() >= MAX_ROWS {
            return Err(whole(CsvProblem::TooLarge { what: "rows", found: MAX_ROWS + 1, max: MAX_ROWS }));
        }
        let number = place.line_of(&line);
        records.push(record(file, &columns, &line, number)?);
    }
    Ok(records)
}

/// Counts lines. The reader's own count is off after empty lines, which it skips.
struct Place<'a> {
    text: &'a [u8],
    byte: usize,
    line: u64,
}

impl Place<'_> {
    fn line_of(&mut self, record: &csv::StringRecord) -> u64 {
        let start = record.position().and_then(|p| usize::try_from(p.byte()).ok()).unwrap_or(self.byte);
        while self.byte < self.text.len() && (self.byte < start || self.text[self.byte] == b'\n') {
            self.line += u64::from(self.text[self.byte] == b'\n');
            self.byte += 1;
        }
        self.line
    }
}

fn header_columns(
    file: &'static str,
    header: &csv::StringRecord,
    required: &[&'static str],
    optional: &[&'static str],
) -> Result<Vec<&'static str>, CsvError> {
    let error = |column: Option<&'static str>, problem| CsvError { file, line: Some(1), column, problem };
    let mut columns = Vec::new();
    for name in header {
        let name = name.trim();
        let known = required.iter().chain(optional).copied().find(|known| *known == name);
        let Some(known) = known else {
            let name = name.chars().take(60).collect();
            return Err(error(None, CsvProblem::UnknownColumn(name)));
        };
        if columns.contains(&known) {
            return Err(error(Some(known), CsvProblem::DuplicateColumn));
        }
        columns.push(known);
    }
    match required.iter().find(|column| !columns.contains(*column)) {
        None => Ok(columns),
        Some(missing) => Err(error(Some(*missing), CsvProblem::MissingColumn { found: columns.join(", ") })),
    }
}

fn record(
    file: &'static str,
    columns: &[&'static str],
    line: &csv::StringRecord,
    number: u64,
) -> Result<Record, CsvError> {
    let error = |column, problem| CsvError { file, line: Some(number), column, problem };
    if line.len() != columns.len() {
        let problem = CsvProblem::FieldCount { expected: columns.len(), found: line.len() };
        return Err(error(None, problem));
    }
    let mut fields = HashMap::new();
    for (column, value) in columns.iter().zip(line) {
        let plain = |c: char| !c.is_control() || c == '\t';
        if value.chars().count() > MAX_FIELD || !value.chars().all(plain) {
            return Err(error(Some(*column), CsvProblem::Text));
        }
        fields.insert(*column, value.to_owned());
    }
    Ok(Record { file, line: number, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Vec<Record>, String> {
        read("accounts", text, &["a", "b"], &["c"]).map_err(|e| e.to_string())
    }

    #[test]
    fn columns_come_in_any_order_and_quotes_work() {
        let records = check("\u{feff}b,a\r\n\"x, y\",1\n").unwrap();
        assert_eq!((records[0].get("a"), records[0].get("b"), records[0].get("c")), ("1", "x, y", ""));
        assert_eq!(records[0].line, 2);
    }

    #[test]
    fn refusals_name_line_and_column() {
        for (text, expected) in [
            ("", "accounts: the file is empty; its first line must name the columns"),
            ("a\n1", "accounts, line 1, column b: the header has no such column; it has: a"),
            ("a,b,d\n", "accounts, line 1: the header names the unknown column \"d\""),
            ("a,b,a\n", "accounts, line 1, column a: the header names this column twice"),
            ("a,b\n1,2\n3\n", "accounts, line 3: 1 fields, the header has 2"),
            ("a,b\r\n1,2\r\n3\r\n", "accounts, line 3: 1 fields, the header has 2"),
            ("a,b\n\n\n1,2\n\n3\n", "accounts, line 6: 1 fields, the header has 2"),
            ("a,b\n1,2\r3,4\n", "accounts, line 2: 3 fields, the header has 2"),
            (
                "a,b\n1,2\n\"3\n4\",5\n",
                "accounts, line 3, column a: the field has control characters or is too long",
            ),
            (
                "a,b\n1,\"2\0\"\n",
                "accounts, line 2, column b: the field has control characters or is too long",
            ),
        ] {
            assert_eq!(check(text).unwrap_err(), expected, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_limited() {
        let large = "x".repeat(MAX_BYTES + 1);
        assert!(check(&large).unwrap_err().contains("bytes are more than"));
        let long = format!("a,b\n{},2", "x".repeat(MAX_FIELD + 1));
        assert!(check(&long).unwrap_err().contains("line 2, column a"));
    }
}
