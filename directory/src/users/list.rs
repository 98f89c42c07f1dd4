//! Lists of users, a page at a time.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{StoreError, Tx, Val};

use super::User;
use super::store::{COLUMNS, key, read};
use crate::refused::Refused;

/// A condition on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The property is this, whatever the letter case.
    Is(&'static str, String),
    /// The property starts with this, whatever the letter case.
    StartsWith(&'static str, String),
    /// The account is enabled or not.
    Enabled(bool),
    /// Names or mail address contain this: for people who search.
    Contains(String),
}

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// All of these hold, or one of them where [`Self::any`].
    pub filters: Vec<Filter>,
    /// Whether one filter is enough.
    pub any: bool,
    /// After what a page before said.
    pub after: Option<String>,
    /// Most on this page.
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to give as [`Query::after`] for the next one; none on the last.
    pub next: Option<String>,
}

/// A page of the living users in the order of their display names.
///
/// # Errors
/// [`Refused::Query`] for an `after` that no page gave; the engine's.
pub fn list(tx: &mut Tx<'_>, tenant: &str, query: &Query) -> Result<Page<User>, Refused> {
    select(tx, tenant, "deleted_at IS NULL", query)
}

/// A page of the deleted users that can still be restored.
///
/// # Errors
/// As [`list`].
pub fn list_deleted(tx: &mut Tx<'_>, tenant: &str, query: &Query) -> Result<Page<User>, Refused> {
    select(tx, tenant, "deleted_at IS NOT NULL", query)
}

fn select(tx: &mut Tx<'_>, tenant: &str, state: &str, query: &Query) -> Result<Page<User>, Refused> {
    let (filters, texts) = conditions(query, |_| true);
    let (after_key, after_id) = query.after.as_deref().map_or(Ok(Default::default()), open)?;
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let (of_key, of_id, of_limit) = (texts.len() + 2, texts.len() + 3, texts.len() + 4);
    let sql = format!(
        "SELECT {COLUMNS}, display_name_key FROM users WHERE tenant_id = ?1 AND {state}{filters} \
         AND (display_name_key, id) > (?{of_key}, ?{of_id}) ORDER BY display_name_key, id LIMIT ?{of_limit}"
    );
    let mut params: Vec<Val<'_>> = vec![tenant.into()];
    params.extend(texts.iter().map(Val::from));
    params.extend([Val::from(&after_key), Val::from(&after_id), Val::from(limit + 1)]);
    let rows = tx.rows(&sql, &params)?;
    page(&rows, query.limit, |row| Ok((read(row)?, row.text(8)?, row.text(0)?)))
}

/// The filters of a query that `takes` takes, as SQL to put after a condition, and their parameters, which
/// begin at `?2`.
pub(crate) fn conditions(query: &Query, takes: impl Fn(&Filter) -> bool) -> (String, Vec<String>) {
    let (mut sql, mut texts) = (String::new(), Vec::new());
    for filter in query.filters.iter().filter(|filter| takes(filter)) {
        if !sql.is_empty() {
            sql.push_str(if query.any { " OR " } else { " AND " });
        }
        condition(filter, &mut sql, &mut texts);
    }
    let filters = if sql.is_empty() { sql } else { format!(" AND ({sql})") };
    (filters, texts)
}

/// One filter as SQL over a column that has an index or, for [`Filter::Contains`], over the page's own
/// order: the scan stops when the page is full.
fn condition(filter: &Filter, sql: &mut String, texts: &mut Vec<String>) {
    let mut parameter = |text: String| {
        texts.push(text);
        texts.len() + 1
    };
    let _ = match filter {
        Filter::Is(column, text) => write!(sql, "{column} = ?{}", parameter(bare(column, text))),
        Filter::StartsWith(column, text) => {
            let from = bare(column, text);
            let to = format!("{from}\u{10FFFF}");
            write!(sql, "({column} >= ?{} AND {column} < ?{})", parameter(from), parameter(to))
        }
        Filter::Enabled(enabled) => write!(sql, "account_enabled = {}", i64::from(*enabled)),
        Filter::Contains(text) => {
            let n = parameter(like(text));
            write!(
                sql,
                "(display_name_key LIKE ?{n} ESCAPE '!' OR user_principal_name_key LIKE ?{n} ESCAPE '!' \
                 OR mail_key LIKE ?{n} ESCAPE '!')"
            )
        }
    };
}

/// A parameter for a column. A NUL, which PostgreSQL does not take and no row has, is left out.
fn bare(column: &str, text: &str) -> String {
    let text = &text.replace('\0', "");
    if column.ends_with("id") { text.clone() } else { key(text) }
}

/// A LIKE pattern for texts that contain `text`; `!` is its escape.
pub(crate) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in key(text).chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A page from one row more than fits on it; `read` gives the item and its place in the order.
pub(crate) fn page<T>(
    rows: &[store::Row],
    limit: usize,
    read: impl Fn(&store::Row) -> Result<(T, String, String), StoreError>,
) -> Result<Page<T>, Refused> {
    let mut items = Vec::with_capacity(rows.len().min(limit));
    let mut last = None;
    for row in rows.iter().take(limit) {
        let (item, key, id) = read(row)?;
        items.push(item);
        last = Some((key, id));
    }
    let next = last.filter(|_| rows.len() > limit).map(|(key, id)| seal(&key, &id));
    Ok(Page { items, next })
}

fn seal(key: &str, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{id}\n{key}"))
}

/// The place that [`seal`] wrote. Somebody who makes one up only chooses where the list goes on.
pub(crate) fn open(after: &str) -> Result<(String, String), Refused> {
    let refused = || Refused::Query("the page token is not one that a page gave".to_owned());
    let bytes = URL_SAFE_NO_PAD.decode(after).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    if text.contains('\0') {
        return Err(refused());
    }
    let (id, key) = text.split_once('\n').ok_or_else(refused)?;
    Ok((key.to_owned(), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_escape_what_like_reads() {
        assert_eq!(like("a%B_!"), "%a!%b!_!!%");
    }

    #[test]
    fn page_tokens_open_only_as_sealed() {
        assert_eq!(open(&seal("ana\nx", "1")).unwrap(), ("ana\nx".to_owned(), "1".to_owned()));
        for bad in ["", "!", "YQ", &URL_SAFE_NO_PAD.encode(b"\xff\n"), &URL_SAFE_NO_PAD.encode("a\n\0")] {
            assert!(open(bad).is_err(), "{bad}");
        }
    }
}
