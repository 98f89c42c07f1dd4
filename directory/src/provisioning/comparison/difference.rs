//! In which attributes a linked object is not as it was sent.

use scim::caseless;
use serde_json::{Value as Json, json};

use super::{Difference, What, short};
use crate::provisioning::Kind;
use crate::provisioning::mapping::Mappings;
use crate::provisioning::plan::{Known, Object, Situation};
use crate::provisioning::resource::{Resource, read};
use crate::provisioning::scope::Standing;

/// What others changed of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drift {
    pub differences: Vec<Difference>,
    /// Whether somebody was switched on whom this job had switched off, or wants off.
    pub switched_on: bool,
}

/// What differs both from what was sent and from what is wanted now: what only waits to be sent is no drift,
/// and what others have set to what is wanted needs nothing.
pub(super) fn drift(object: &Object, found: &Json, situation: &Situation, mappings: &Mappings) -> Drift {
    let mut drift = Drift { differences: Vec::new(), switched_on: false };
    let key = (object.kind, object.id.clone());
    let Some(known) = &object.known else { return drift };
    let active = situation.active_path.as_deref().filter(|_| object.kind == Kind::User);
    let changes = match object.standing {
        standing if standing.stays(situation.out_of_scope) => return drift,
        // It waits to be deleted there.
        Standing::Gone => return drift,
        Standing::Entitled | Standing::Disabled if situation.unmapped.contains_key(&key) => return drift,
        Standing::Entitled | Standing::Disabled => {
            let mut changes = attributes(object, known, found, mappings);
            changes.extend(manager(object, known, found, situation));
            changes
        }
        // Of who is not in scope any more, the switch alone is ours.
        _ => active.map_or_else(Vec::new, |path| switch(known, found, path)),
    };
    let hidden = mappings.redacted(object.kind);
    for Change { path, there, here } in changes {
        drift.switched_on |= active == Some(path.as_str()) && here == Some(json!(false));
        let shown = |value: Option<Json>| match hidden.contains(path.as_str()) {
            true => value.map(|_| json!("[Redact]")),
            false => value.map(short),
        };
        drift.differences.push(Difference {
            kind: object.kind.as_str().to_owned(),
            id: object.id.clone(),
            name: object.name.clone(),
            target_id: known.target.clone(),
            what: What::Attribute,
            there: shown(there),
            here: shown(here),
            path: Some(path),
            member: None,
            left: None,
        });
    }
    drift
}

struct Change {
    path: String,
    there: Option<Json>,
    here: Option<Json>,
}

fn attributes(object: &Object, known: &Known, found: &Json, mappings: &Mappings) -> Vec<Change> {
    let wanted = &object.wanted;
    let paths = mappings.compared(object.kind, wanted);
    let there: Resource = read(found, paths);
    let changed = |path: &&String| {
        let (there, wanted) = (there.get(*path), wanted.get(*path));
        let as_sent = !known.sent.is_empty() && same(path, there, known.sent.get(*path));
        !as_sent && !same(path, there, wanted)
    };
    let change = |path: &String| Change {
        path: path.clone(),
        there: there.get(path).cloned(),
        here: wanted.get(path).cloned(),
    };
    mappings.compared(object.kind, wanted).filter(changed).map(change).collect()
}

fn manager(object: &Object, known: &Known, found: &Json, situation: &Situation) -> Option<Change> {
    let path = situation.manager_path.as_ref().filter(|_| object.kind == Kind::User)?;
    let there = read(found, std::iter::once(path)).remove(path);
    let wanted = object.manager.as_ref().and_then(|m| situation.targets.get(&(Kind::User, m.clone())));
    let wanted = wanted.map(|target| json!(target));
    let as_sent = !known.sent.is_empty() && same(path, there.as_ref(), known.sent.get(path));
    let differs = !as_sent && !same(path, there.as_ref(), wanted.as_ref());
    differs.then(|| Change { path: path.clone(), there, here: wanted })
}

/// Somebody who was switched off, and is on again.
fn switch(known: &Known, found: &Json, path: &str) -> Vec<Change> {
    let there = read(found, std::iter::once(&path.to_owned())).remove(path);
    let on = !known.active && there.as_ref().is_some_and(|there| truth(there) == Some(true));
    let change = Change { path: path.to_owned(), there, here: Some(json!(false)) };
    if on { vec![change] } else { Vec::new() }
}

/// Whether two values are one to SCIM: nothing and an empty value are (RFC 7643 §2.5), so are truths as texts
/// (entra-id.md 4.3), and user names that differ in case alone (RFC 7643 §4.1.1). What the target adds to an
/// element is its own.
fn same(path: &str, there: Option<&Json>, here: Option<&Json>) -> bool {
    let (there, here) = (there.filter(|v| !is_empty(v)), here.filter(|v| !is_empty(v)));
    match (there, here) {
        (None, None) => true,
        // A target that does not show the switch says nothing about it.
        (None, Some(Json::Bool(_))) if path == "active" => true,
        (Some(Json::String(there)), Some(Json::String(here))) if path == "userName" => {
            caseless::key(there) == caseless::key(here)
        }
        (Some(there), Some(here)) => covers(there, here),
        _ => false,
    }
}

fn covers(there: &Json, here: &Json) -> bool {
    match (there, here) {
        (Json::Object(there), Json::Object(here)) => {
            here.iter().all(|(name, value)| there.get(name).is_some_and(|there| covers(there, value)))
        }
        (Json::Array(there), Json::Array(here)) => {
            let found = |value: &Json| there.iter().any(|there| covers(there, value));
            there.len() == here.len() && here.iter().all(found)
        }
        (there, Json::Bool(here)) => truth(there) == Some(*here),
        (there, here) => there == here,
    }
}

fn truth(value: &Json) -> Option<bool> {
    let text = |text: &str| text.to_lowercase().parse().ok();
    value.as_bool().or_else(|| value.as_str().and_then(text))
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(all) => all.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scim_calls_the_same_is_no_drift() {
        let pairs = [
            ("active", json!("True"), json!(true), true),
            ("active", json!("false"), json!(true), false),
            ("userName", json!("Ana@x"), json!("ana@x"), true),
            ("displayName", json!("Ana"), json!("ana"), false),
            ("title", json!(""), json!(null), true),
            ("phoneNumbers", json!([{ "value": "1", "display": "1" }]), json!([{ "value": "1" }]), true),
            ("phoneNumbers", json!([{ "value": "1" }, { "value": "2" }]), json!([{ "value": "1" }]), false),
        ];
        for (path, there, here, is) in pairs {
            assert_eq!(same(path, Some(&there), Some(&here)), is, "{path} {there} {here}");
        }
        assert!(same("active", None, Some(&json!(true))) && !same("title", None, Some(&json!("Mate"))));
    }
}
