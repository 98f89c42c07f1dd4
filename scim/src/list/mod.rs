//! Lists: the query that asks for one (RFC 7644 §3.4.2) and the answer, by index or by cursor (RFC 9865).

mod query;
mod response;
mod sort;

pub use query::{ListQuery, Paging, SortOrder};
pub use response::{LIST_SCHEMA, cursor_page, index_page};
pub use sort::Sort;
