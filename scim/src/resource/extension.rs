//! Rules of extensions, which a resource has or has not as a whole.

use serde_json::{Map, Value};

use super::finish;
use crate::Rules;
use crate::error::ScimError;
use crate::schema::{Attribute, Mutability, ResourceType, Schema};

/// The required attributes that the extensions of the resource lack. An extension of which the resource
/// has nothing demands nothing: `schemaExtensions.required` is false, RFC 7643 §6.
pub(super) fn missing(rules: &Rules, resource: &Value) -> Vec<String> {
    let mut missing = Vec::new();
    for extension in rules.kind.extensions {
        let Some(part) = resource.get(extension.id) else { continue };
        for attribute in extension.attributes {
            let label = label(extension, attribute);
            match part.get(attribute.name).filter(|value| !is_blank(value)) {
                None if attribute.required => missing.push(label),
                None => {}
                Some(value) => {
                    let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                    let required = attribute.sub_attributes.iter().filter(|sub| sub.required);
                    let lacking = required.filter(|sub| elements.iter().any(|e| e.get(sub.name).is_none()));
                    missing.extend(lacking.map(|sub| format!("{label}.{}", sub.name)));
                }
            }
        }
    }
    missing
}

/// RFC 7643 §2.2: what is immutable and was set stays as it is.
///
/// # Errors
/// [`ScimError::Immutable`] with the first attribute of an extension that differs.
pub(crate) fn check_immutable(rules: &Rules, before: &Value, after: &Value) -> Result<(), ScimError> {
    for (extension, attribute, old) in immutables(rules, before) {
        if after.get(extension.id).and_then(|part| part.get(attribute.name)) != Some(old) {
            return Err(ScimError::Immutable { attribute: label(extension, attribute) });
        }
    }
    Ok(())
}

/// A replacement (RFC 7644 §3.5.1) of a resource: immutable attributes of extensions that were not sent
/// stay; sent, they must be the same.
///
/// # Errors
/// [`ScimError::Immutable`]; [`ScimError::Required`] where an extension that stays needs more.
pub fn replaced(rules: &Rules, before: &Value, wanted: &Value) -> Result<Value, ScimError> {
    let Value::Object(mut map) = wanted.clone() else { return Ok(wanted.clone()) };
    for (extension, attribute, old) in immutables(rules, before) {
        let part = map.entry(extension.id).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(part) = part {
            part.entry(attribute.name).or_insert_with(|| old.clone());
        }
    }
    let kept = finish(rules, map)?;
    check_immutable(rules, before, &kept)?;
    match missing(rules, &kept).into_iter().next() {
        Some(attribute) => Err(ScimError::Required { attribute }),
        None => Ok(kept),
    }
}

/// The resource with the extensions of `full` that `rules` do not know, as they were before: a client
/// that is judged without them cannot have meant to remove them.
///
/// # Errors
/// Those of a change of the whole resource.
pub fn with_unseen(
    rules: &Rules,
    full: &'static ResourceType,
    before: &Value,
    wanted: Value,
) -> Result<Value, ScimError> {
    let unseen = full.extensions.iter().filter(|e| rules.kind.extension(e.id).is_none());
    let kept: Vec<_> = unseen.filter_map(|e| Some((e.id.to_owned(), before.get(e.id)?.clone()))).collect();
    match wanted {
        Value::Object(mut map) if !kept.is_empty() => {
            map.extend(kept);
            finish(&Rules { kind: full, ..rules.clone() }, map)
        }
        other => Ok(other),
    }
}

fn immutables<'v>(rules: &Rules, before: &'v Value) -> Vec<(&'static Schema, &'static Attribute, &'v Value)> {
    let mut found = Vec::new();
    for extension in rules.kind.extensions {
        let Some(part) = before.get(extension.id) else { continue };
        for attribute in extension.attributes.iter().filter(|a| a.mutability == Mutability::Immutable) {
            found.extend(part.get(attribute.name).map(|old| (*extension, attribute, old)));
        }
    }
    found
}

fn is_blank(value: &Value) -> bool {
    super::is_blank(value) || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn label(extension: &Schema, attribute: &Attribute) -> String {
    format!("{}:{}", extension.id, attribute.name)
}
