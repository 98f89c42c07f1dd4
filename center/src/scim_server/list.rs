//! Lists: filter, page by index (RFC 7644 §3.4.2.4) and by cursor (RFC 9865).
//!
//! `sortBy` is passed over, as RFC 7644 §3.4.2.3 allows a server that does not sort: the order is that
//! of the ids, which is that of creation to the millisecond. A page by cursor starts after an id, so it
//! misses nobody who was there from the start, whatever comes and goes in between.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scim::filter::{BoundFilter, Filter};
use scim::list::{ListQuery, Paging, cursor_page, index_page};
use scim::schema::ResourceType;
use scim::{Rules, ScimError};
use serde_json::Value;
use store::{StoreError, Tx};
use web::token;

use super::condition::Narrowed;
use super::refusal::Refusal;
use super::view::View;
use crate::Center;
use crate::identity_store::store::{Condition, Slice};

/// Most resources in one list, and how many there are when the client does not say (as AWS).
pub(super) const MOST: usize = 100;
/// How many rows are read in one transaction while a filter is evaluated.
const CHUNK: usize = 500;
/// How many rows one request may look at for a page by index, which needs the total.
const MOST_LOOKED_AT: usize = 50_000;
/// How many rows one request may look at for a page by cursor; the next request goes on there.
const MOST_PER_CURSOR: usize = 5_000;

/// What differs between lists of users and of groups.
pub(super) trait Listed: Sized + Send + Sync + 'static {
    /// What filters are judged by.
    const RULES: Rules;

    /// The resource's id.
    fn id(&self) -> &str;
    /// What the database does of a filter.
    fn narrow(filter: &BoundFilter) -> Narrowed;
    /// Rows that meet a condition.
    fn matching(
        tx: &mut Tx<'_>,
        instance_id: &str,
        condition: &Condition,
        slice: &Slice,
    ) -> Result<Vec<Self>, StoreError>;
    /// How many rows meet a condition.
    fn count(tx: &mut Tx<'_>, instance_id: &str, condition: &Condition) -> Result<i64, StoreError>;
    /// The resource in full.
    fn shown(&self, tx: &mut Tx<'_>, view: &View) -> Result<Value, StoreError>;
}

/// The list that the query asks for.
///
/// # Errors
/// What is wrong with the filter, count or cursor; [`ScimError::TooMany`] where the filter must be
/// evaluated for more resources than one request may cost.
pub(super) async fn list<T: Listed>(
    center: &Center,
    tenant: &str,
    query: ListQuery,
) -> Result<Value, Refusal> {
    let paging = query.paging(MOST, MOST);
    let text = query.filter.as_deref();
    let filter = text.map(|f| Filter::parse(f, T::RULES.quirks)?.bind(&T::RULES)).transpose()?;
    let narrowed = filter.as_ref().map(T::narrow);
    let exact = narrowed.as_ref().is_none_or(|n| n.exact);
    let mark = mark(T::RULES.kind, text);
    let view = View::new(center, tenant, T::RULES.kind, query.projection);
    let search = Search {
        center: center.clone(),
        condition: narrowed.map(|n| n.condition).unwrap_or_default(),
        filter: filter.filter(|_| !exact),
        view,
    };
    match paging {
        Paging::Index { start, count } if exact => search.by_index::<T>(start, count).await,
        Paging::Index { start, count } => search.by_index_evaluated::<T>(start, count).await,
        Paging::Cursor { cursor, count } => search.by_cursor::<T>(cursor.as_deref(), count, &mark).await,
    }
}

struct Search {
    center: Center,
    condition: Condition,
    /// What must be looked at beyond the condition; none where the condition says all.
    filter: Option<BoundFilter>,
    view: View,
}

/// Rows that were looked at, in order: the id of each, and the row itself where it fits.
type Chunk<T> = Vec<(String, Option<T>)>;

impl Search {
    async fn by_index<T: Listed>(self, start: usize, count: usize) -> Result<Value, Refusal> {
        let (condition, view, instance) =
            (self.condition.clone(), self.view.clone(), self.center.instance_id.clone());
        let slice = Slice { after: String::new(), offset: to_i64(start - 1), limit: to_i64(count) };
        let page = self.center.store.read(move |tx| {
            let total = T::count(tx, &instance, &condition)?;
            let rows = if count == 0 { Vec::new() } else { T::matching(tx, &instance, &condition, &slice)? };
            Ok::<_, StoreError>((total, shown(tx, &view, &rows)?))
        });
        let (total, resources) = page.await?;
        Ok(index_page(usize::try_from(total).unwrap_or(0), start, resources))
    }

    /// The total of a filter that no index answers is only known when every resource was looked at.
    async fn by_index_evaluated<T: Listed>(self, start: usize, count: usize) -> Result<Value, Refusal> {
        let (mut total, mut looked_at, mut after) = (0, 0, String::new());
        let mut page = Vec::new();
        loop {
            let chunk = self.chunk::<T>(after, CHUNK).await?;
            let full = chunk.len() == CHUNK;
            looked_at += chunk.len();
            after = chunk.last().map(|(id, _)| id.clone()).unwrap_or_default();
            for row in chunk.into_iter().filter_map(|(_, row)| row) {
                total += 1;
                if total >= start && page.len() < count {
                    page.push(row);
                }
            }
            if !full {
                return Ok(index_page(total, start, self.show(page).await?));
            }
            // RFC 7644 table 9, tooMany. Page by cursor, and it goes on for as long as it takes.
            if looked_at >= MOST_LOOKED_AT {
                return Err(ScimError::TooMany { limit: MOST_LOOKED_AT }.into());
            }
        }
    }

    async fn by_cursor<T: Listed>(
        self,
        cursor: Option<&str>,
        count: usize,
        mark: &str,
    ) -> Result<Value, Refusal> {
        if count == 0 {
            let reason = "with a cursor it must be at least 1".to_owned();
            return Err(ScimError::InvalidCount { reason }.into());
        }
        let mut after = cursor.map_or(Ok(String::new()), |c| read_cursor(c, mark))?;
        let mut page: Vec<T> = Vec::new();
        let mut looked_at = 0;
        // Where every row fits, one more than the page tells whether there is another page.
        let size = if self.filter.is_some() { CHUNK } else { count + 1 };
        let more = 'pages: loop {
            let chunk = self.chunk(after.clone(), size).await?;
            let full = chunk.len() == size;
            for (id, row) in chunk {
                if page.len() == count {
                    break 'pages true;
                }
                after = id;
                looked_at += 1;
                page.extend(row);
            }
            if !full {
                break false;
            }
            if looked_at >= MOST_PER_CURSOR {
                break true;
            }
        };
        let next = more.then(|| write_cursor(&after, mark));
        Ok(cursor_page(None, next.as_deref(), self.show(page).await?))
    }

    async fn chunk<T: Listed>(&self, after: String, size: usize) -> Result<Chunk<T>, StoreError> {
        let (condition, filter) = (self.condition.clone(), self.filter.clone());
        // Memberships cost a query each: they are read where the filter looks at them, and for the page.
        let view = self.view.for_filter(filter.as_ref());
        let instance = self.center.instance_id.clone();
        let slice = Slice { after, offset: 0, limit: to_i64(size) };
        let read = self.center.store.read(move |tx| {
            let mut rows = Vec::new();
            for row in T::matching(tx, &instance, &condition, &slice)? {
                let fits = match &filter {
                    Some(filter) => filter.matches(&row.shown(tx, &view)?),
                    None => true,
                };
                rows.push((row.id().to_owned(), fits.then_some(row)));
            }
            Ok::<_, StoreError>(rows)
        });
        read.await
    }

    async fn show<T: Listed>(self, page: Vec<T>) -> Result<Vec<Value>, StoreError> {
        let view = self.view;
        self.center.store.read(move |tx| shown(tx, &view, &page)).await
    }
}

fn shown<T: Listed>(tx: &mut Tx<'_>, view: &View, rows: &[T]) -> Result<Vec<Value>, StoreError> {
    rows.iter().map(|row| Ok(view.project(T::RULES.kind, &row.shown(tx, view)?))).collect()
}

/// What ties a cursor to its list: a cursor of another filter would leave resources out.
fn mark(kind: &ResourceType, filter: Option<&str>) -> String {
    URL_SAFE_NO_PAD.encode(&token::hash(&format!("{} {}", kind.name, filter.unwrap_or_default()))[..6])
}

/// The cursor after the resource `id`. It is readable and not signed: whoever changes it only starts at
/// another place of a list that he may read from its beginning.
fn write_cursor(id: &str, mark: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{mark}.{id}"))
}

fn read_cursor(cursor: &str, mark: &str) -> Result<String, ScimError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| ScimError::InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| ScimError::InvalidCursor)?;
    match text.split_once('.') {
        // PostgreSQL takes no U+0000 in a text.
        Some((found, id)) if found == mark && !id.contains('\0') => Ok(id.to_owned()),
        _ => Err(ScimError::InvalidCursor),
    }
}

fn to_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use scim::schema::{GROUP, USER};

    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let here = mark(&USER, Some("active eq true"));
        let cursor = write_cursor("id-1", &here);
        assert_eq!(read_cursor(&cursor, &here), Ok("id-1".to_owned()));
        for other in [mark(&USER, None), mark(&GROUP, Some("active eq true"))] {
            assert_eq!(read_cursor(&cursor, &other), Err(ScimError::InvalidCursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let here = mark(&USER, None);
        let nul = write_cursor("\0", &here);
        for text in ["x", "!", "aGFsbG8", "'; DROP TABLE users", &nul] {
            assert_eq!(read_cursor(text, &here), Err(ScimError::InvalidCursor), "{text}");
        }
    }
}
