//! Lists by a condition, in the order of the ids: for the SCIM server's filters.

use std::fmt::Write;

use store::{StoreError, Tx, Val};

use super::{groups, users};
use crate::identity_store::{Group, StoredUser};

/// A condition over the columns of `users` or `groups`. Values are parameters, never part of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    sql: String,
    values: Vec<Operand>,
}

/// A value that a column is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// With a text column.
    Text(String),
    /// With an integer column.
    Int(i64),
}

/// Which part of a list is wanted, in the order of the ids or of columns. `after` goes with the order of
/// the ids alone.
#[derive(Debug, Clone, Default)]
pub struct Slice {
    /// Only ids after this one; empty for all.
    pub after: String,
    /// The columns that decide the order before the id; none: the id alone.
    pub order: &'static [&'static str],
    /// Whether the last comes first.
    pub descending: bool,
    /// How many to pass over.
    pub offset: i64,
    /// Most entries.
    pub limit: i64,
}

impl Condition {
    /// `template` with its one `{}` standing for the value's parameter, for example `external_id = {}`.
    pub fn new(template: &'static str, value: Operand) -> Self {
        Self { sql: template.to_owned(), values: vec![value] }
    }

    /// A condition without a value, for an index that has it letter by letter.
    pub fn fixed(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// All of them hold; true for none.
    pub fn all(list: Vec<Self>) -> Self {
        Self::joined(list, " AND ")
    }

    /// One of them holds. The list must not be empty.
    pub fn any(list: Vec<Self>) -> Self {
        Self::joined(list, " OR ")
    }

    fn joined(list: Vec<Self>, word: &str) -> Self {
        let sql = list.iter().map(|c| format!("({})", c.sql)).collect::<Vec<_>>().join(word);
        Self { sql, values: list.into_iter().flat_map(|c| c.values).collect() }
    }

    /// ` AND (…)` with its parameters numbered from `?2` on; `?1` is the instance.
    fn numbered(&self) -> String {
        if self.sql.is_empty() {
            return String::new();
        }
        let mut text = String::with_capacity(self.sql.len() + 16);
        text.push_str(" AND (");
        for (n, part) in self.sql.split("{}").enumerate() {
            if n > 0 {
                let _ = write!(text, "?{}", n + 1);
            }
            text.push_str(part);
        }
        text.push(')');
        text
    }

    fn parameters<'a>(&'a self, instance_id: &'a str) -> Vec<Val<'a>> {
        let values = self.values.iter().map(|value| match value {
            Operand::Text(text) => Val::from(text),
            Operand::Int(number) => Val::from(*number),
        });
        std::iter::once(instance_id.into()).chain(values).collect()
    }
}

impl Slice {
    fn ordered(&self) -> String {
        let (id, separator) = if self.descending { ("id DESC", " DESC, ") } else { ("id", ", ") };
        let mut columns = self.order.join(separator);
        if !columns.is_empty() {
            columns.push_str(separator);
        }
        columns.push_str(id);
        columns
    }
}

/// Users that meet a condition.
///
/// # Errors
/// The engine's.
pub fn users_matching(
    tx: &mut Tx<'_>,
    instance_id: &str,
    condition: &Condition,
    slice: &Slice,
) -> Result<Vec<StoredUser>, StoreError> {
    rows(tx, users::STORED, "users", instance_id, condition, slice)?.into_iter().map(users::stored).collect()
}

/// Groups that meet a condition.
///
/// # Errors
/// The engine's.
pub fn groups_matching(
    tx: &mut Tx<'_>,
    instance_id: &str,
    condition: &Condition,
    slice: &Slice,
) -> Result<Vec<Group>, StoreError> {
    rows(tx, groups::COLUMNS, "groups", instance_id, condition, slice)?.iter().map(groups::read).collect()
}

/// How many users meet a condition.
///
/// # Errors
/// The engine's.
pub fn count_users_matching(
    tx: &mut Tx<'_>,
    instance_id: &str,
    condition: &Condition,
) -> Result<i64, StoreError> {
    match condition.sql.is_empty() {
        true => users::count_users(tx, instance_id),
        false => count(tx, "users", instance_id, condition),
    }
}

/// How many groups meet a condition.
///
/// # Errors
/// The engine's.
pub fn count_groups_matching(
    tx: &mut Tx<'_>,
    instance_id: &str,
    condition: &Condition,
) -> Result<i64, StoreError> {
    match condition.sql.is_empty() {
        true => groups::count_groups(tx, instance_id),
        false => count(tx, "groups", instance_id, condition),
    }
}

fn rows(
    tx: &mut Tx<'_>,
    columns: &str,
    table: &str,
    instance_id: &str,
    condition: &Condition,
    slice: &Slice,
) -> Result<Vec<store::Row>, StoreError> {
    let sql = select(columns, table, condition, slice);
    let mut parameters = condition.parameters(instance_id);
    parameters.extend([slice.limit, slice.offset].map(Val::from));
    if !slice.after.is_empty() {
        parameters.push((&slice.after).into());
    }
    tx.rows(&sql, &parameters)
}

fn select(columns: &str, table: &str, condition: &Condition, slice: &Slice) -> String {
    let next = condition.values.len() + 2;
    // Where nothing comes before, it is not said: SQLite would take the order of the ids for an index, and pass over
    // everybody who does not meet the condition.
    let after = if slice.after.is_empty() { String::new() } else { format!(" AND id > ?{}", next + 2) };
    format!(
        "SELECT {columns} FROM {table} WHERE instance_id = ?1{}{after} ORDER BY {} LIMIT ?{next} OFFSET ?{}",
        condition.numbered(),
        slice.ordered(),
        next + 1,
    )
}

/// How the engine finds one page of what meets a condition, and how it counts all of it.
///
/// # Errors
/// The engine's.
#[cfg(test)]
pub(crate) fn plans(
    tx: &mut Tx<'_>,
    engine: store::Engine,
    table: &str,
    instance_id: &str,
    condition: &Condition,
) -> Result<[String; 2], StoreError> {
    let slice = Slice { limit: 100, ..Slice::default() };
    let mut parameters = condition.parameters(instance_id);
    let counted = format!("SELECT count(*) FROM {table} WHERE instance_id = ?1{}", condition.numbered());
    let count = explained(tx, engine, &counted, &parameters)?;
    parameters.extend([slice.limit, slice.offset].map(Val::from));
    Ok([explained(tx, engine, &select("*", table, condition, &slice), &parameters)?, count])
}

#[cfg(test)]
pub(crate) fn explained(
    tx: &mut Tx<'_>,
    engine: store::Engine,
    sql: &str,
    parameters: &[Val<'_>],
) -> Result<String, StoreError> {
    let (word, column) = match engine {
        store::Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        store::Engine::Postgres => ("EXPLAIN", 0),
    };
    let lines = tx.rows(&format!("{word} {sql}"), parameters)?;
    Ok(lines.iter().map(|row| row.text(column)).collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn count(tx: &mut Tx<'_>, table: &str, instance_id: &str, condition: &Condition) -> Result<i64, StoreError> {
    let sql = format!("SELECT count(*) FROM {table} WHERE instance_id = ?1{}", condition.numbered());
    tx.int(&sql, &condition.parameters(instance_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Operand {
        Operand::Text(value.to_owned())
    }

    #[test]
    fn parameters_are_numbered_in_order() {
        let a = Condition::new("a = {}", text("1"));
        let b = Condition::any(vec![
            Condition::new("b = {}", Operand::Int(2)),
            Condition::new("c = {}", text("3")),
        ]);
        let all = Condition::all(vec![a, b]);
        assert_eq!(all.numbered(), " AND ((a = ?2) AND ((b = ?3) OR (c = ?4)))");
        assert_eq!(all.parameters("i").len(), 4);
    }

    #[test]
    fn no_condition_is_none() {
        assert_eq!(Condition::default().numbered(), "");
        assert_eq!(Condition::all(Vec::new()), Condition::default());
    }
}
