//! Elements of multi-valued attributes: adding, removing, making one from a filter, the primary one.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::Rules;
use crate::error::ScimError;
use crate::filter::{BoundFilter, Operand, Operator};
use crate::quirks::Quirk;
use crate::resource::one;
use crate::schema::{Attribute, Mutability, Target};

/// Adds elements, RFC 7644 §3.5.2.1. One with the `value` (and `type`, where
/// both have one) of an element that is there is the same and changes it, so
/// that a member is not added twice.
pub(super) fn add(target: &Target, list: &mut Vec<Value>, new: Vec<Value>) -> Result<(), ScimError> {
    let attribute = target.attribute;
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, element) in list.iter().enumerate() {
        places.entry(key(attribute, element)).or_default().push(i);
    }
    let mut touched = Vec::with_capacity(new.len());
    for element in new {
        let key = key(attribute, &element);
        let same = places.get(&key).into_iter().flatten().copied();
        match same.into_iter().find(|i| list.get(*i).is_some_and(|old| same_type(old, &element))) {
            Some(i) => {
                merge(target, list, i, element);
                touched.push(i);
            }
            None => {
                places.entry(key).or_default().push(list.len());
                touched.push(list.len());
                list.push(element);
            }
        }
    }
    // One element may be named twice, with another in between.
    touched.sort_unstable();
    touched.dedup();
    settle_primary(target, list, &touched)
}

/// An immutable part keeps the value that it has: who adds a member that is one already, with another
/// `$ref`, has what was wanted.
fn merge(target: &Target, list: &mut [Value], at: usize, new: Value) {
    let (Some(Value::Object(old)), Value::Object(new)) = (list.get_mut(at), new) else { return };
    for (name, value) in new {
        let immutable = target.attribute.sub(&name).is_some_and(|s| s.mutability == Mutability::Immutable);
        if !(immutable && old.contains_key(&name)) {
            old.insert(name, value);
        }
    }
}

/// What makes an element the same as another: its `value`, or all of it where it has none.
fn key(attribute: &Attribute, element: &Value) -> String {
    match (element.get("value").and_then(Value::as_str), attribute.sub("value")) {
        (Some(value), Some(sub)) if !sub.case_exact => crate::caseless::key(value),
        (Some(value), _) => value.to_owned(),
        (None, _) => element.to_string(),
    }
}

fn same_type(old: &Value, new: &Value) -> bool {
    match (old.get("type").and_then(Value::as_str), new.get("type").and_then(Value::as_str)) {
        (Some(old), Some(new)) => old.eq_ignore_ascii_case(new),
        _ => true,
    }
}

/// Removes the elements that the value lists and no others: Entra's remove of members.
/// RFC 7644 gives a remove no value. Where that is not tolerated it is refused, since to pass it over
/// would remove everybody.
pub(super) fn remove_listed(
    rules: &Rules,
    target: &Target,
    list: &mut Vec<Value>,
    value: &Value,
) -> Result<(), ScimError> {
    let listed = listed(rules, target, value)?;
    let attribute = target.attribute;
    let mut wanted: HashMap<String, Vec<&Value>> = HashMap::new();
    for element in &listed {
        wanted.entry(key(attribute, element)).or_default().push(element);
    }
    list.retain(|old| {
        let by_value = wanted.get(&key(attribute, old)).is_some_and(|w| w.iter().any(|w| same_type(old, w)));
        let by_parts = || listed.iter().any(|w| w.get("value").is_none() && has_parts(old, w));
        !(by_value || by_parts())
    });
    Ok(())
}

/// The elements that the value of a remove lists.
pub(super) fn listed(rules: &Rules, target: &Target, value: &Value) -> Result<Vec<Value>, ScimError> {
    let attribute = target.attribute;
    if !rules.tolerates(Quirk::EntraRemoveInValue) {
        let path = format!("{}[value eq \"…\"]", attribute.name);
        return Err(ScimError::InvalidSyntax {
            reason: format!(
                "a remove operation has no \"value\"; name what to remove in \"path\", as in {path}"
            ),
        });
    }
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    if items.len() > attribute.max_values() {
        return Err(ScimError::TooManyValues { what: target.path(), limit: attribute.max_values() });
    }
    let read = |item| one(rules, attribute, &target.path(), item);
    items.iter().filter_map(|item| read(item).transpose()).collect()
}

fn has_parts(element: &Value, parts: &Value) -> bool {
    match (element, parts) {
        (Value::Object(element), Value::Object(parts)) => {
            parts.iter().all(|(k, v)| element.get(k) == Some(v))
        }
        _ => element == parts,
    }
}

/// RFC 7644 §3.5.2: where a change makes a value primary, the others are no longer.
pub(super) fn settle_primary(
    target: &Target,
    list: &mut [Value],
    touched: &[usize],
) -> Result<(), ScimError> {
    if target.attribute.sub("primary").is_none() {
        return Ok(());
    }
    let is_primary = |i: &&usize| list.get(**i).is_some_and(|v| v["primary"] == true);
    let new: Vec<usize> = touched.iter().filter(is_primary).copied().collect();
    match new.as_slice() {
        [] => {}
        [one] => {
            for (i, element) in list.iter_mut().enumerate() {
                if i != *one && element["primary"] == true {
                    element["primary"] = Value::Bool(false);
                }
            }
        }
        _ => return Err(ScimError::SeveralPrimaries { attribute: target.attribute.name.to_owned() }),
    }
    Ok(())
}

/// RFC 7643 §2.2: a part that is immutable keeps its value as long as the element is there.
pub(super) fn check_immutable(
    target: &Target,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Result<(), ScimError> {
    for sub in target.attribute.sub_attributes.iter().filter(|s| s.mutability == Mutability::Immutable) {
        let before = old.get(sub.name);
        if before.is_some() && before != new.get(sub.name) {
            return Err(ScimError::Immutable {
                attribute: format!("{}.{}", target.attribute.name, sub.name),
            });
        }
    }
    Ok(())
}

/// The parts that an element must have to be chosen by the filter, where the filter is `eq` joined by `and` alone.
pub(super) fn equalities(filter: &BoundFilter) -> Option<Vec<(&'static Attribute, Value)>> {
    match filter {
        BoundFilter::And(list) => {
            let parts: Option<Vec<_>> = list.iter().map(equalities).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        BoundFilter::Compare(target, Operator::Eq, operand) => {
            let value = match operand {
                Operand::String(text) => Value::String(text.clone()),
                Operand::Boolean(value) => Value::Bool(*value),
                Operand::Number(number) => Value::Number(number.clone()),
                Operand::Null => return None,
            };
            Some(vec![(target.sub?, value)])
        }
        _ => None,
    }
}

/// An element with these parts. What only the server may write is left out.
pub(super) fn from_equalities(parts: &[(&'static Attribute, Value)]) -> Map<String, Value> {
    let writable = parts.iter().filter(|(sub, _)| sub.mutability != Mutability::ReadOnly);
    writable.map(|(sub, value)| (sub.name.to_owned(), value.clone())).collect()
}
