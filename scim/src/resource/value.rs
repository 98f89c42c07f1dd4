//! One attribute's value: its type checked, its form made canonical.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::check_names;
use crate::Rules;
use crate::error::ScimError;
use crate::filter::date_time;
use crate::quirks::Quirk;
use crate::schema::{Attribute, Kind, Mutability};

/// Reads the value of an attribute. None: the value is unassigned, which RFC
/// 7643 §2.5 says of null and the empty list. `label` is the path for errors.
pub(crate) fn read_value(
    rules: &Rules,
    attribute: &Attribute,
    label: &str,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    if !attribute.multi_valued {
        return read_single(rules, attribute, label, value);
    }
    let list = match value {
        Value::Null => return Ok(None),
        Value::Array(list) => list.as_slice(),
        // RFC 7644 §3.5.2.1 adds a single value to a list without an array around it.
        single => std::slice::from_ref(single),
    };
    if list.len() > attribute.max_values() {
        return Err(ScimError::TooManyValues { what: label.to_owned(), limit: attribute.max_values() });
    }
    let mut seen = HashSet::new();
    let mut values = Vec::with_capacity(list.len());
    for item in list {
        // RFC 7644 §3.5.2.1: a value that is there already is not added again.
        if let Some(value) = one(rules, attribute, label, item)?
            && seen.insert(value.to_string())
        {
            values.push(value);
        }
    }
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// Reads one value of a single-valued attribute.
fn read_single(
    rules: &Rules,
    attribute: &Attribute,
    label: &str,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    match value {
        Value::Array(list) if list.is_empty() => Ok(None),
        // Entra's older documents send `"manager": [{"value": "x"}]`.
        Value::Array(list) if list.len() == 1 && rules.tolerates(Quirk::EntraArrayForSingle) => {
            one(rules, attribute, label, &list[0])
        }
        other => one(rules, attribute, label, other),
    }
}

/// Reads one value, of a list or alone.
pub(crate) fn one(
    rules: &Rules,
    attribute: &Attribute,
    label: &str,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    let empty = value.as_str() == Some("") && rules.tolerates(Quirk::EntraEmptyClears);
    if value.is_null() || empty {
        return Ok(None);
    }
    let wrong = |expected| {
        Err(ScimError::WrongType { attribute: label.to_owned(), expected, found: type_name(value) })
    };
    let as_string = || rules.tolerates(Quirk::EntraScalarAsString);
    match (attribute.kind, value) {
        (Kind::Complex, _) => complex(rules, attribute, label, value),
        (Kind::Boolean, Value::Bool(_)) | (Kind::Decimal, Value::Number(_)) => Ok(Some(value.clone())),
        (Kind::Boolean, Value::String(text)) if boolean_text(text).is_some() && as_string() => {
            Ok(boolean_text(text).map(Value::Bool))
        }
        (Kind::Boolean, _) => wrong("true or false"),
        (Kind::Integer, Value::Number(n)) if n.is_i64() => Ok(Some(value.clone())),
        (Kind::Integer, Value::String(text)) if text.parse::<i64>().is_ok() && as_string() => {
            Ok(text.parse::<i64>().ok().map(|n| json!(n)))
        }
        (Kind::Integer, _) => wrong("a whole number"),
        (Kind::Decimal, _) => wrong("a number"),
        (_, Value::String(text)) => checked_text(attribute, label, text).map(Some),
        _ => wrong("a string"),
    }
}

fn checked_text(attribute: &Attribute, label: &str, text: &str) -> Result<Value, ScimError> {
    if text.len() > attribute.max_length && text.chars().count() > attribute.max_length {
        return Err(ScimError::TooLong { attribute: label.to_owned(), limit: attribute.max_length });
    }
    let wrong = |reason: &str| {
        Err(ScimError::InvalidValue { attribute: label.to_owned(), reason: reason.to_owned() })
    };
    // PostgreSQL cannot hold U+0000 in text, and no one has a name with it.
    if text.contains('\0') {
        return wrong("it contains the character U+0000");
    }
    match attribute.kind {
        Kind::DateTime if date_time(text).is_none() => {
            wrong("it is not a time such as \"2011-05-13T04:42:34Z\"")
        }
        // References are not checked to be URIs: RFC 7643 §2.3.7 allows relative ones, and almost any text is one.
        Kind::Binary if !is_base64(text) => wrong("it is not base64"),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// RFC 7643 §2.3.6 with RFC 4648 §4 and §5: either alphabet, padding optional.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len() - body.len() <= 2
        && body.len() % 4 != 1
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
}

fn complex(
    rules: &Rules,
    attribute: &Attribute,
    label: &str,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    let map = match value {
        Value::Object(map) => read_parts(rules, attribute, label, map)?,
        // Entra: `"manager": "<id>"`, `"roles": ["Admin"]`.
        Value::String(_) if attribute.sub("value").is_some() && rules.tolerates(Quirk::EntraBareValue) => {
            let map = Map::from_iter([("value".to_owned(), value.clone())]);
            read_parts(rules, attribute, label, &map)?
        }
        other => {
            return Err(ScimError::WrongType {
                attribute: label.to_owned(),
                expected: "an object",
                found: type_name(other),
            });
        }
    };
    Ok((!map.is_empty()).then_some(Value::Object(map)))
}

/// The parts of a complex value in the schema's order. Unknown and read-only ones are passed over.
fn read_parts(
    rules: &Rules,
    attribute: &Attribute,
    label: &str,
    parts: &Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    check_names(parts)?;
    let unwrapped = roles_json_text(rules, attribute, parts);
    let parts = unwrapped.as_ref().unwrap_or(parts);
    let mut map = Map::new();
    for sub in attribute.sub_attributes {
        if sub.mutability == Mutability::ReadOnly {
            continue;
        }
        let label = format!("{label}.{}", sub.name);
        let sent = parts.iter().find(|(name, _)| name.eq_ignore_ascii_case(sub.name));
        let value = match sent {
            Some((_, value)) => read_value(rules, sub, &label, value)?,
            None => None,
        };
        match value {
            Some(value) => drop(map.insert(sub.name.to_owned(), value)),
            None if sub.required => return Err(ScimError::Required { attribute: label }),
            None => {}
        }
    }
    Ok(map)
}

/// Entra's app roles: `{"value": "{\"id\":\"…\",\"value\":\"…\",\"displayName\":\"…\"}"}`.
fn roles_json_text(
    rules: &Rules,
    attribute: &Attribute,
    parts: &Map<String, Value>,
) -> Option<Map<String, Value>> {
    if attribute.name != "roles" {
        return None;
    }
    let text = parts.get("value")?.as_str()?.trim();
    if !text.starts_with('{') || !rules.tolerates(Quirk::EntraRolesJsonText) {
        return None;
    }
    let inner: Map<String, Value> = serde_json::from_str(text).ok()?;
    let mut map = parts.clone();
    map.insert("value".into(), inner.get("value")?.clone());
    if let Some(display) = inner.get("displayName") {
        map.insert("display".into(), display.clone());
    }
    Some(map)
}

/// `True`, `false`, … as a boolean.
pub(crate) fn boolean_text(text: &str) -> Option<bool> {
    match text {
        t if t.eq_ignore_ascii_case("true") => Some(true),
        t if t.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// RFC 7643 §2.5: null and the empty list are no value.
pub(crate) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// What a JSON value is, in an error.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
