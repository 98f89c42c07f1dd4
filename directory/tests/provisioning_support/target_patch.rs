//! How the service in memory carries out a PATCH.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value as Json, json};

use super::model::ENTERPRISE;
use super::target::{Rows, error, rows, taken};

pub(super) fn patch(all: &mut Rows, users: bool, id: &str, body: &Json) -> Response {
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]));
    let before = all.clone();
    let Some(mut object) = rows(all, users).get(id).cloned() else {
        return error(StatusCode::NOT_FOUND, "not found");
    };
    let mut changes = 0;
    for operation in body["Operations"].as_array().unwrap() {
        let done = if operation["path"].as_str().unwrap().starts_with("members") {
            patch_members(all, id, operation, &mut changes)
        } else {
            patch_attribute(&mut object, operation)
        };
        if let Err(why) = done {
            *all = before;
            return error(StatusCode::BAD_REQUEST, &why);
        }
    }
    if changes > 100 || taken(all, users, id, &object) {
        *all = before;
        let status = if changes > 100 { StatusCode::BAD_REQUEST } else { StatusCode::CONFLICT };
        return error(status, "too many members, or the name is taken");
    }
    rows(all, users).insert(id.to_owned(), object.clone());
    if users { axum::Json(object).into_response() } else { StatusCode::NO_CONTENT.into_response() }
}

fn patch_members(all: &mut Rows, group: &str, operation: &Json, changes: &mut usize) -> Result<(), String> {
    let path = operation["path"].as_str().unwrap();
    let members = all.members.entry(group.to_owned()).or_default();
    match operation["op"].as_str().unwrap() {
        "add" if path == "members" => {
            for member in operation["value"].as_array().unwrap() {
                let id = member["value"].as_str().unwrap();
                if !all.users.contains_key(id) {
                    return Err(format!("no user {id}"));
                }
                members.insert(id.to_owned());
                *changes += 1;
            }
            Ok(())
        }
        "remove" => {
            let id = path.strip_prefix("members[value eq \"").and_then(|p| p.strip_suffix("\"]"));
            members.remove(id.ok_or("removing all members is not supported")?);
            *changes += 1;
            Ok(())
        }
        _ => Err("Replacing group memberships is not supported.".to_owned()),
    }
}

/// Strict as RFC 7644 §3.5.2: a filter that picks nothing is noTarget.
fn patch_attribute(object: &mut Map<String, Json>, operation: &Json) -> Result<(), String> {
    let path = operation["path"].as_str().unwrap();
    let value = operation.get("value").cloned();
    let op = operation["op"].as_str().unwrap();
    assert!(["add", "replace", "remove"].contains(&op), "{op}");
    assert_eq!(op == "remove", value.is_none());
    if let Some(attribute) = path.strip_prefix(&format!("{ENTERPRISE}:")) {
        let extension = object.entry(ENTERPRISE).or_insert_with(|| json!({})).as_object_mut().unwrap();
        set(extension, attribute, value);
        if extension.is_empty() {
            object.remove(ENTERPRISE);
        }
        return Ok(());
    }
    if let Some((attribute, rest)) = path.split_once('[') {
        let (filter, sub) = rest.split_once(']').unwrap();
        let (name, kind) = filter.strip_suffix('"').unwrap().split_once(" eq \"").unwrap();
        let elements = object.get_mut(attribute).and_then(Json::as_array_mut).ok_or("noTarget")?;
        let place = elements
            .iter()
            .position(|e| e[name] == kind || (e[name] == true && kind == "True"))
            .ok_or("noTarget")?;
        match (sub.strip_prefix('.'), value) {
            (None, None) => drop(elements.remove(place)),
            (Some(sub), value) => set(elements[place].as_object_mut().unwrap(), sub, value),
            _ => return Err("unexpected".to_owned()),
        }
        if elements.is_empty() {
            object.remove(attribute);
        }
        return Ok(());
    }
    if op == "add" && value.as_ref().is_some_and(Json::is_array) {
        let all = object.entry(path).or_insert_with(|| json!([])).as_array_mut().unwrap();
        all.extend(value.unwrap().as_array().unwrap().clone());
        return if all.len() > 1 && path != "roles" {
            Err("Currently list attributes only allow single item".to_owned())
        } else {
            Ok(())
        };
    }
    match path.split_once('.') {
        Some((attribute, sub)) => {
            let inner = object.entry(attribute).or_insert_with(|| json!({})).as_object_mut().unwrap();
            set(inner, sub, value);
            if inner.is_empty() {
                object.remove(attribute);
            }
        }
        None => set(object, path, value),
    }
    Ok(())
}

fn set(object: &mut Map<String, Json>, name: &str, value: Option<Json>) {
    match value {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => drop(object.remove(name)),
    }
}
