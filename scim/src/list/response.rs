//! The message that carries a list.

use serde_json::{Value, json};

/// The schema of the message, RFC 7644 §3.4.2.
pub const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A page by index, RFC 7644 §3.4.2.4. `start_index` is that of the first
/// resource, from 1. `Resources` is there even when empty: Entra's probe for
/// a user that does not exist needs it.
#[must_use]
pub fn index_page(total: usize, start_index: usize, resources: Vec<Value>) -> Value {
    json!({
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "itemsPerPage": resources.len(),
        "startIndex": start_index,
        "Resources": resources,
    })
}

/// A page by cursor, RFC 9865 §2. `next` is none on the last page. A total is
/// optional there, and costs a count, so the caller may leave it out.
#[must_use]
pub fn cursor_page(total: Option<usize>, next: Option<&str>, resources: Vec<Value>) -> Value {
    let mut page = json!({"schemas": [LIST_SCHEMA]});
    if let Some(total) = total {
        page["totalResults"] = json!(total);
    }
    page["itemsPerPage"] = json!(resources.len());
    if let Some(next) = next {
        page["nextCursor"] = json!(next);
    }
    page["Resources"] = Value::Array(resources);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_has_resources() {
        let page = index_page(0, 1, Vec::new());
        assert_eq!((&page["totalResults"], &page["Resources"]), (&json!(0), &json!([])));
    }

    #[test]
    fn the_last_page_has_no_next_cursor() {
        assert!(cursor_page(None, None, Vec::new()).get("nextCursor").is_none());
        assert_eq!(cursor_page(Some(3), Some("abc"), vec![json!({})])["nextCursor"], "abc");
    }
}
