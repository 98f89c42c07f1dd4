//! `POST /.search`, RFC 7644 §3.4.3: users and groups together, the users first.

use scim::ScimError;
use scim::list::{ListQuery, Paging, cursor_page, index_page};
use scim::resource::Sent;

use super::answer::Answer;
use super::call::Call;
use super::list::{MOST, Search, check_cursor_query, mark, read_cursor, write_cursor};
use super::message::Body;
use super::refusal::Refusal;
use crate::identity_store::{Group, StoredUser};

/// `POST /.search`.
pub(super) async fn search(call: Call, Body(body): Body) -> Result<Answer, Refusal> {
    let query = ListQuery::from_search_request(&body)?;
    let call = Call { query, ..call };
    if call.query.sort_by.is_some() {
        let reason = "users and groups together are not sorted; search /Users or /Groups".to_owned();
        return Err(ScimError::InvalidValue { attribute: "sortBy".to_owned(), reason }.into());
    }
    let (users, groups) = searches(&call)?;
    Ok(Answer::document(match call.query.paging(MOST, MOST) {
        Paging::Index { start, count } => by_index(users, groups, start, count).await?,
        Paging::Cursor { cursor, count } => {
            check_cursor_query(&call.query, count)?;
            by_cursor(
                users,
                groups,
                cursor,
                count,
                &mark(&call.client.tenant, "", call.query.filter.as_deref()),
            )
            .await?
        }
    }))
}

/// A type that lacks an attribute of the filter has nothing that fits. Where both lack one, the filter is
/// wrong.
fn searches(call: &Call) -> Result<(Option<Search>, Option<Search>), Refusal> {
    match (Search::new::<StoredUser>(call, &call.query), Search::new::<Group>(call, &call.query)) {
        (Err(error), Err(_)) => Err(error),
        (users, groups) => Ok((users.ok(), groups.ok())),
    }
}

async fn by_index(
    users: Option<Search>,
    groups: Option<Search>,
    start: usize,
    count: usize,
) -> Result<Sent, Refusal> {
    let (mut total, mut page) = (0, Vec::new());
    if let Some(users) = users {
        (total, page) = users.by_index::<StoredUser>(start, count).await?;
    }
    if let Some(groups) = groups {
        let (start, count) = (start.saturating_sub(total).max(1), count - page.len());
        let (more, rest) = groups.by_index::<Group>(start, count).await?;
        total += more;
        page.extend(rest);
    }
    Ok(index_page(total, start, &page))
}

/// The cursor's id starts with `u` where the next page starts among the users, with `g` among the groups.
async fn by_cursor(
    users: Option<Search>,
    groups: Option<Search>,
    cursor: Option<String>,
    count: usize,
    mark: &str,
) -> Result<Sent, Refusal> {
    let place = cursor.map_or(Ok("u".to_owned()), |c| read_cursor(&c, mark))?;
    let mut page = Vec::new();
    let mut after = place.strip_prefix('g').map(str::to_owned);
    if let Some(place) = place.strip_prefix('u') {
        if let Some(users) = users {
            let (found, next) = users.by_cursor::<StoredUser>(place.to_owned(), count).await?;
            page = found;
            if let Some(next) = next {
                return Ok(cursor_page(None, Some(&write_cursor(&format!("u{next}"), mark)), &page));
            }
        }
        after = Some(String::new());
    }
    let Some(after) = after else { return Err(ScimError::InvalidCursor.into()) };
    let Some(groups) = groups else { return Ok(cursor_page(None, None, &page)) };
    if page.len() == count {
        return Ok(cursor_page(None, Some(&write_cursor(&format!("g{after}"), mark)), &page));
    }
    let (found, next) = groups.by_cursor::<Group>(after, count - page.len()).await?;
    page.extend(found);
    Ok(cursor_page(None, next.map(|id| write_cursor(&format!("g{id}"), mark)).as_deref(), &page))
}
