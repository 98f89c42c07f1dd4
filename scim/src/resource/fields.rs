//! Reading single fields of a canonical resource.

use serde_json::Value;

/// The text at a path in canonical spelling: `userName`, `name.givenName`,
/// `urn:…:enterprise:2.0:User:department`.
#[must_use]
pub fn text<'v>(resource: &'v Value, path: &str) -> Option<&'v str> {
    at(resource, path)?.as_str()
}

/// The boolean at a path.
#[must_use]
pub fn flag(resource: &Value, path: &str) -> Option<bool> {
    at(resource, path)?.as_bool()
}

/// The elements of a multi-valued attribute.
#[must_use]
pub fn values<'v>(resource: &'v Value, path: &str) -> &'v [Value] {
    at(resource, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The `value` of the primary element, or of the only one where none is primary.
#[must_use]
pub fn primary<'v>(resource: &'v Value, path: &str) -> Option<&'v str> {
    let list = values(resource, path);
    let element = match list {
        [single] => Some(single),
        several => several.iter().find(|v| v["primary"] == true),
    };
    element?.get("value")?.as_str()
}

/// The value at a path.
pub(crate) fn at<'v>(resource: &'v Value, path: &str) -> Option<&'v Value> {
    let (container, rest) = match path.rfind(':') {
        Some(colon) => (resource.get(&path[..colon])?, &path[colon + 1..]),
        None => (resource, path),
    };
    match rest.split_once('.') {
        Some((name, sub)) => container.get(name)?.get(sub),
        None => container.get(rest),
    }
}
