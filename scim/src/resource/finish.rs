//! The last step of reading and of changing: rules that concern the whole resource.

use serde_json::{Map, Value, json};

use crate::Rules;
use crate::error::ScimError;
use crate::schema::{Attribute, EXTERNAL_ID, ID, META, Schema};

/// Puts a resource into canonical form and checks it as a whole.
pub(crate) fn finish(rules: &Rules, mut resource: Map<String, Value>) -> Result<Value, ScimError> {
    prune(rules.kind.schema.attributes, &mut resource);
    let mut schemas = vec![rules.kind.schema.id];
    let mut extensions = Map::new();
    for extension in rules.kind.extensions {
        if let Some(Value::Object(mut part)) = resource.remove(extension.id) {
            prune(extension.attributes, &mut part);
            if !part.is_empty() {
                schemas.push(extension.id);
                extensions.insert(extension.id.to_owned(), Value::Object(ordered(extension, part)));
            }
        }
    }
    let mut finished = Map::new();
    // RFC 7643 §3: `schemas` names what the resource has, so it follows from the rest.
    finished.insert("schemas".into(), json!(schemas));
    let mut take = |name: &str| {
        if let Some(value) = resource.remove(name) {
            finished.insert(name.to_owned(), value);
        }
    };
    take(ID.name);
    take(EXTERNAL_ID.name);
    rules.kind.schema.attributes.iter().for_each(|a| take(a.name));
    take(META.name);
    let meta = finished.remove(META.name);
    finished.extend(extensions);
    finished.extend(meta.map(|m| (META.name.to_owned(), m)));
    let finished = Value::Object(finished);
    check_primaries(rules, &finished)?;
    Ok(finished)
}

/// The required attributes that the resource lacks. Those of the core are all text, and blanks are none.
pub(crate) fn missing(rules: &Rules, resource: &Value) -> Vec<String> {
    let schema = rules.kind.schema;
    let own = schema.attributes.iter().filter(|a| a.required).map(|a| a.name);
    let all = own.chain(rules.profile.required(schema).iter().copied());
    let lacking = all.filter(|path| super::text(resource, path).is_none_or(|t| t.trim().is_empty()));
    lacking.map(str::to_owned).chain(super::extension::missing(rules, resource)).collect()
}

/// Leaves out values that say nothing: empty ones, and elements of which only
/// `type` and `primary` are left after their value was cleared.
fn prune(attributes: &[Attribute], map: &mut Map<String, Value>) {
    for attribute in attributes.iter().filter(|a| a.is_complex()) {
        let Some(value) = map.get_mut(attribute.name) else { continue };
        if let Value::Array(list) = value {
            list.retain(says_something);
        }
        if super::is_blank(value) {
            map.remove(attribute.name);
        }
    }
}

fn says_something(element: &Value) -> bool {
    match element {
        Value::Object(map) => map.keys().any(|k| k != "type" && k != "primary"),
        _ => true,
    }
}

fn ordered(schema: &Schema, mut map: Map<String, Value>) -> Map<String, Value> {
    let mut sorted = Map::new();
    for attribute in schema.attributes {
        if let Some(value) = map.remove(attribute.name) {
            sorted.insert(attribute.name.to_owned(), value);
        }
    }
    sorted
}

/// RFC 7643 §2.4: `primary` is true no more than once.
fn check_primaries(rules: &Rules, resource: &Value) -> Result<(), ScimError> {
    for attribute in rules.kind.schema.attributes {
        let Some(Value::Array(list)) = resource.get(attribute.name) else { continue };
        if list.iter().filter(|v| v["primary"] == true).count() > 1 {
            return Err(ScimError::SeveralPrimaries { attribute: attribute.name.to_owned() });
        }
    }
    Ok(())
}
