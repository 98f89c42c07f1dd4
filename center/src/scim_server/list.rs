//! Lists: filter, page by index (RFC 7644 §3.4.2.4) and by cursor (RFC 9865).
//!
//! Without `sortBy` (§3.4.2.3) the order is that of the ids, which is that of creation to the
//! millisecond. A page by cursor starts after an id, so it misses nobody who was there from the start,
//! whatever comes and goes in between. By columns the database sorts; by anything else a bounded number
//! of resources is sorted here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scim::filter::{BoundFilter, Filter};
use scim::list::{ListQuery, Paging, Sort, cursor_page, index_page};
use scim::resource::Sent;
use scim::schema::ResourceType;
use scim::{Rules, ScimError};
use serde_json::Value;
use store::{StoreError, Tx};
use web::token;

use super::answer::Shown;
use super::aws;
use super::call::Call;
use super::condition::Narrowed;
use super::refusal::Refusal;
use super::view::View;
use crate::Center;
use crate::identity_store::Owner;
use crate::identity_store::store::{Condition, Slice};
use crate::instance::Author;

/// Most resources in one list, and how many there are when the client does not say (as AWS).
pub(super) const MOST: usize = 100;
/// How many rows are read in one transaction while a filter is evaluated.
const CHUNK: usize = 500;
/// How many rows one request may look at for a page by index, which needs the total.
const MOST_LOOKED_AT: usize = 50_000;
/// How many rows one request may look at for a page by cursor; the next request goes on there.
const MOST_PER_CURSOR: usize = 5_000;

/// How many resources are sorted here.
const MOST_SORTED: usize = 5_000;

/// What differs between lists of users and of groups.
pub(super) trait Listed: Clone + Send + Sync + 'static {
    /// The type of the resources.
    const KIND: &'static ResourceType;

    /// The resource's id.
    fn id(&self) -> &str;
    /// Who owns it.
    fn made_by(&self) -> Owner;
    /// How often it was changed.
    fn version(&self) -> i64;
    /// The resource with this id; that there is none is a refusal.
    fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Self, Refusal>;
    /// Removes it; that there is none is a refusal.
    fn delete(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), Refusal>;
    /// What the database does of a filter.
    fn narrow(filter: &BoundFilter) -> Narrowed;
    /// The columns that sort so; none where no column does.
    fn order(sort: &Sort) -> Option<&'static [&'static str]>;
    /// Rows that meet a condition.
    fn matching(
        tx: &mut Tx<'_>,
        instance_id: &str,
        condition: &Condition,
        slice: &Slice,
    ) -> Result<Vec<Self>, StoreError>;
    /// How many rows meet a condition.
    fn count(tx: &mut Tx<'_>, instance_id: &str, condition: &Condition) -> Result<i64, StoreError>;
    /// The resource with everything that a filter or an order may look at.
    fn full(&self, tx: &mut Tx<'_>, view: &View) -> Result<Value, StoreError>;
    /// What the client asked for of it.
    fn shown(&self, tx: &mut Tx<'_>, view: &View) -> Result<Shown, StoreError>;
}

/// The columns of both tables that sort so, each with an index: no order may cost a pass over everybody.
pub(super) fn common_order(sort: &Sort) -> Option<&'static [&'static str]> {
    match sort.target.path().as_str() {
        "id" => Some(&[]),
        "meta.created" => Some(&["created_at"]),
        "meta.lastModified" => Some(&["updated_at"]),
        _ => None,
    }
}

/// The list that the query asks for.
///
/// # Errors
/// What is wrong with the filter, count, cursor or order; [`ScimError::TooMany`] where the filter must be
/// evaluated, or the order be made, for more resources than one request may cost.
pub(super) async fn list<T: Listed>(call: &Call) -> Result<Sent, Refusal> {
    let query = &call.query;
    let search = Search::new::<T>(call, query)?;
    match query.paging(MOST, MOST) {
        Paging::Index { start, count } => {
            let (total, page) = search.by_index::<T>(start, count).await?;
            Ok(index_page(total, start, &page))
        }
        Paging::Cursor { cursor, count } => {
            check_cursor_query(query, count)?;
            let mark = mark(&call.client.tenant, T::KIND.name, query.filter.as_deref());
            let after = cursor.map_or(Ok(String::new()), |c| read_cursor(&c, &mark))?;
            let (page, next) = search.by_cursor::<T>(after, count).await?;
            Ok(cursor_page(None, next.map(|id| write_cursor(&id, &mark)).as_deref(), &page))
        }
    }
}

/// RFC 9865 leaves open what a cursor means in a sorted list. An order that changes while it is read
/// would let a page by cursor miss resources, which is what cursors are there to prevent.
pub(super) fn check_cursor_query(query: &ListQuery, count: usize) -> Result<(), ScimError> {
    if count == 0 {
        return Err(ScimError::InvalidCount { reason: "with a cursor it must be at least 1".to_owned() });
    }
    if query.sort_by.is_some() {
        let reason = "a list by cursor is in the order of the ids; page by startIndex to sort".to_owned();
        return Err(ScimError::InvalidValue { attribute: "sortBy".to_owned(), reason });
    }
    Ok(())
}

/// What is looked for.
pub(super) struct Search {
    center: Center,
    condition: Condition,
    /// What must be looked at beyond the condition; none where the condition says all.
    filter: Option<BoundFilter>,
    view: View,
    sort: Option<Sort>,
}

/// Rows that were looked at, in order: the id of each, and the row itself where it fits.
type Chunk<T> = Vec<(String, Option<T>)>;

impl Search {
    /// What the query asks for of one type.
    ///
    /// # Errors
    /// What is wrong with the filter or the order.
    pub(super) fn new<T: Listed>(call: &Call, query: &ListQuery) -> Result<Self, Refusal> {
        let rules: Rules = call.rules(T::KIND);
        let text = query.filter.as_deref();
        let filter = text.map(|f| Filter::parse(f, &rules.quirks)?.bind(&rules)).transpose()?;
        if let (true, Some(filter)) = (call.aws(), &filter) {
            aws::check_filter(T::KIND, filter)?;
        }
        let narrowed = filter.as_ref().map(T::narrow);
        let exact = narrowed.as_ref().is_none_or(|n| n.exact);
        Ok(Self {
            center: call.center.clone(),
            condition: narrowed.map(|n| n.condition).unwrap_or_default(),
            filter: filter.filter(|_| !exact),
            view: View::new(call, T::KIND),
            sort: Sort::bind(query, call.kind(T::KIND))?,
        })
    }

    /// The total and one page.
    pub(super) async fn by_index<T: Listed>(
        self,
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Sent>), Refusal> {
        let order = self.sort.as_ref().map(T::order);
        match (order, self.sort) {
            (Some(None), Some(sort)) => self.by_index_sorted::<T>(sort, start, count).await,
            (Some(Some(_)), Some(sort)) if self.filter.is_some() => {
                self.by_index_sorted::<T>(sort, start, count).await
            }
            (order, _) if self.filter.is_none() => {
                self.by_index_exact::<T>(order.flatten().unwrap_or_default(), start, count).await
            }
            _ => self.by_index_evaluated::<T>(start, count).await,
        }
    }

    async fn by_index_exact<T: Listed>(
        self,
        order: &'static [&'static str],
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Sent>), Refusal> {
        let (condition, view, instance) =
            (self.condition.clone(), self.view.clone(), self.center.instance_id.clone());
        let descending = self.sort.is_some_and(|sort| sort.descending);
        let slice = Slice {
            after: String::new(),
            order,
            descending,
            offset: to_i64(start - 1),
            limit: to_i64(count),
        };
        let page = move |tx: &mut Tx<'_>| {
            let rows = if count == 0 { Vec::new() } else { T::matching(tx, &instance, &condition, &slice)? };
            // A page that is not full is the last one.
            let last = !rows.is_empty() && rows.len() < count;
            let total = match last {
                true => slice.offset + to_i64(rows.len()),
                false => T::count(tx, &instance, &condition)?,
            };
            Ok::<_, StoreError>((total, shown(tx, &view, &rows)?))
        };
        let (total, resources) = self.center.store.read(page).await?;
        Ok((usize::try_from(total).unwrap_or(0), resources))
    }

    /// The total of a filter that no index answers is only known when every resource was looked at.
    async fn by_index_evaluated<T: Listed>(
        self,
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Sent>), Refusal> {
        let (mut total, mut page) = (0, Vec::new());
        let each = |row: T| {
            total += 1;
            if total >= start && page.len() < count {
                page.push(row);
            }
            Ok(())
        };
        self.each(each).await?;
        Ok((total, self.show(page).await?))
    }

    async fn by_index_sorted<T: Listed>(
        self,
        sort: Sort,
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Sent>), Refusal> {
        let mut rows: Vec<T> = Vec::new();
        let each = |row: T| {
            rows.push(row);
            // RFC 7644 table 9, tooMany.
            if rows.len() > MOST_SORTED { Err(ScimError::TooMany { limit: MOST_SORTED }) } else { Ok(()) }
        };
        self.each(each).await?;
        let (view, sorting) = (self.view.clone(), self.view.for_sort(&sort));
        let page = self.center.store.read(move |tx| {
            let mut full = rows
                .iter()
                .map(|row| Ok((row.full(tx, &sorting)?, row)))
                .collect::<Result<Vec<_>, StoreError>>()?;
            full.sort_by(|(one, _), (other, _)| sort.compare(one, other));
            let page = full.into_iter().skip(start - 1).take(count);
            Ok::<_, StoreError>((rows.len(), shown(tx, &view, page.map(|(_, row)| row))?))
        });
        Ok(page.await?)
    }

    /// Every row that fits, in the order of the ids.
    async fn each<T: Listed>(&self, mut each: impl FnMut(T) -> Result<(), ScimError>) -> Result<(), Refusal> {
        let (mut looked_at, mut after) = (0, String::new());
        loop {
            let chunk = self.chunk::<T>(after, CHUNK).await?;
            let full = chunk.len() == CHUNK;
            looked_at += chunk.len();
            after = chunk.last().map(|(id, _)| id.clone()).unwrap_or_default();
            chunk.into_iter().filter_map(|(_, row)| row).try_for_each(&mut each)?;
            if !full {
                return Ok(());
            }
            // RFC 7644 table 9, tooMany. Page by cursor, and it goes on for as long as it takes.
            if looked_at >= MOST_LOOKED_AT {
                return Err(ScimError::TooMany { limit: MOST_LOOKED_AT }.into());
            }
        }
    }

    /// A page after an id, and the id after which the next one starts.
    pub(super) async fn by_cursor<T: Listed>(
        self,
        mut after: String,
        count: usize,
    ) -> Result<(Vec<Sent>, Option<String>), Refusal> {
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
        Ok((self.show(page).await?, more.then_some(after)))
    }

    async fn chunk<T: Listed>(&self, after: String, size: usize) -> Result<Chunk<T>, StoreError> {
        let (condition, filter) = (self.condition.clone(), self.filter.clone());
        // Memberships cost a query each: they are read where the filter looks at them, and for the page.
        let view = self.view.for_filter(filter.as_ref());
        let instance = self.center.instance_id.clone();
        let slice = Slice { after, limit: to_i64(size), ..Slice::default() };
        let read = self.center.store.read(move |tx| {
            let mut rows = Vec::new();
            for row in T::matching(tx, &instance, &condition, &slice)? {
                let fits = match &filter {
                    Some(filter) => filter.matches(&row.full(tx, &view)?),
                    None => true,
                };
                rows.push((row.id().to_owned(), fits.then_some(row)));
            }
            Ok::<_, StoreError>(rows)
        });
        read.await
    }

    async fn show<T: Listed>(self, page: Vec<T>) -> Result<Vec<Sent>, StoreError> {
        let view = self.view;
        self.center.store.read(move |tx| shown(tx, &view, &page)).await
    }
}

fn shown<'a, T: Listed>(
    tx: &mut Tx<'_>,
    view: &View,
    rows: impl IntoIterator<Item = &'a T>,
) -> Result<Vec<Sent>, StoreError> {
    rows.into_iter().map(|row| Ok(row.shown(tx, view)?.document)).collect()
}

/// What ties a cursor to its list: a cursor of another filter would leave resources out, and one of another
/// tenant starts nowhere in this one's.
pub(super) fn mark(tenant: &str, kind: &str, filter: Option<&str>) -> String {
    URL_SAFE_NO_PAD.encode(&token::hash(&format!("{tenant} {kind} {}", filter.unwrap_or_default()))[..6])
}

/// The cursor after the resource `id`. It is readable and not signed: whoever changes it only starts at
/// another place of a list that he may read from its beginning.
pub(super) fn write_cursor(id: &str, mark: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{mark}.{id}"))
}

pub(super) fn read_cursor(cursor: &str, mark: &str) -> Result<String, ScimError> {
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
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let here = mark("t", "User", Some("active eq true"));
        let cursor = write_cursor("id-1", &here);
        assert_eq!(read_cursor(&cursor, &here), Ok("id-1".to_owned()));
        for other in [
            mark("t", "User", None),
            mark("t", "Group", Some("active eq true")),
            mark("u", "User", Some("active eq true")),
        ] {
            assert_eq!(read_cursor(&cursor, &other), Err(ScimError::InvalidCursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let here = mark("t", "User", None);
        let nul = write_cursor("\0", &here);
        for text in ["x", "!", "aGFsbG8", "'; DROP TABLE users", &nul] {
            assert_eq!(read_cursor(text, &here), Err(ScimError::InvalidCursor), "{text}");
        }
    }
}
