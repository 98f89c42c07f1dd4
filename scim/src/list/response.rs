//! The message that carries a list.

use serde_json::Value;

use crate::resource::Sent;

/// The schema of the message, RFC 7644 §3.4.2.
pub const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A page by index, RFC 7644 §3.4.2.4. `start_index` is that of the first
/// resource, from 1. `Resources` is there even when empty: Entra's probe for
/// a user that does not exist needs it.
#[must_use]
pub fn index_page(total: usize, start_index: usize, resources: &[Sent]) -> Sent {
    page(&format!("\"totalResults\":{total}"), &format!("\"startIndex\":{start_index}"), resources)
}

/// A page by cursor, RFC 9865 §2. `next` is none on the last page. A total is
/// optional there, and costs a count, so the caller may leave it out.
#[must_use]
pub fn cursor_page(total: Option<usize>, next: Option<&str>, resources: &[Sent]) -> Sent {
    let total = total.map(|total| format!("\"totalResults\":{total}")).unwrap_or_default();
    let next = next.map(|next| format!("\"nextCursor\":{}", Value::from(next))).unwrap_or_default();
    page(&total, &next, resources)
}

/// The message, with one member before and one behind the number of resources; either may be empty.
fn page(before: &str, behind: &str, resources: &[Sent]) -> Sent {
    let size: usize = resources.iter().map(|one| one.bytes().len() + 1).sum();
    let mut page = Sent::with_capacity(size + 256);
    let mut put = |part: &str| page.raw(part.as_bytes());
    put(&format!("{{\"schemas\":[\"{LIST_SCHEMA}\"]"));
    for part in [before, &format!("\"itemsPerPage\":{}", resources.len()), behind] {
        if !part.is_empty() {
            put(",");
            put(part);
        }
    }
    put(",\"Resources\":[");
    for (n, one) in resources.iter().enumerate() {
        if n > 0 {
            page.raw(b",");
        }
        page.raw(one.bytes());
    }
    page.raw(b"]}");
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(page: &Sent) -> Value {
        serde_json::from_slice(page.bytes()).expect("a page is JSON")
    }

    #[test]
    fn an_empty_page_has_resources() {
        assert_eq!(
            read(&index_page(0, 1, &[])),
            json!({
                "schemas": [LIST_SCHEMA], "totalResults": 0, "itemsPerPage": 0, "startIndex": 1, "Resources": [],
            })
        );
    }

    #[test]
    fn the_last_page_has_no_next_cursor() {
        let two = [Sent::from(json!({"id": "1"})), Sent::from(json!({}))];
        assert_eq!(
            read(&cursor_page(None, None, &two)),
            json!({"schemas": [LIST_SCHEMA], "itemsPerPage": 2, "Resources": [{"id": "1"}, {}]})
        );
        let page = read(&cursor_page(Some(3), Some("a\"c"), &two[1..]));
        assert_eq!((&page["nextCursor"], &page["totalResults"]), (&json!("a\"c"), &json!(3)));
    }
}
