//! Mappings that read the roles of a person (entra-id.md 3.6).

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{Mapping, MappingError, Mappings, Source};
use crate::provisioning::Kind;
use crate::provisioning::expression::{Expression, Merge};
use crate::provisioning::resource::{Path, Resource, patch};

/// The property that has the roles.
pub const ROLES: &str = "appRoleAssignments";

impl Mappings {
    /// The path of the first mapping that reads the roles of a person.
    pub fn reads_roles(&self) -> Option<&str> {
        let reads = |m: &&Mapping| matches!(&m.source, Source::Expression(text) if text.contains(ROLES));
        self.users.iter().find(reads).map(|m| m.target.as_str())
    }

    /// Whether they fit the scope: roles follow from assignments, and with "Sync all" people have none.
    ///
    /// # Errors
    /// [`MappingError::RolesOfEverybody`].
    pub fn check_scope(&self, sync_all: bool) -> Result<(), MappingError> {
        match self.reads_roles().filter(|_| sync_all) {
            Some(target) => Err(MappingError::RolesOfEverybody(target.to_owned())),
            None => Ok(()),
        }
    }

    /// The operations that turn what was sent into what is wanted. Values that are only ever added to those in
    /// the target are sent as `add`, and others' values there stay.
    pub fn patch(&self, kind: Kind, sent: &Resource, wanted: &Resource) -> Vec<Json> {
        let mut operations = patch(sent, wanted);
        let added: BTreeSet<&str> =
            self.of(kind).iter().filter(|m| m.only_adds()).map(|m| m.target.as_str()).collect();
        for operation in &mut operations {
            let path = operation["path"].as_str().unwrap_or_default();
            let Some(Json::Array(wanted)) = wanted.get(path).filter(|_| added.contains(path)) else {
                continue;
            };
            let had = sent.get(path).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let new: Vec<&Json> = wanted.iter().filter(|role| !has(had, role)).collect();
            *operation = json!({ "op": "add", "path": path, "value": new });
        }
        operations
    }
}

impl Mapping {
    /// Whether its values are added to those that the target has (`AppRoleAssignmentsComplex`).
    pub(super) fn only_adds(&self) -> bool {
        self.expression().is_some_and(|e| e.merge() == Merge::AddOnly) && is_whole(&self.target)
    }
}

/// That roles are read through the functions made for them.
pub(super) fn check(target: &str, expression: &Expression) -> Result<(), MappingError> {
    if expression.reads_only_in(ROLES, &FUNCTIONS) {
        Ok(())
    } else {
        Err(MappingError::Roles(target.to_owned()))
    }
}

const FUNCTIONS: [&str; 4] = [
    "SingleAppRoleAssignment",
    "AppRoleAssignments",
    "AppRoleAssignmentsComplex",
    "AssertiveAppRoleAssignmentsComplex",
];

fn is_whole(path: &str) -> bool {
    Path::parse(path).is_some_and(|p| p.element.is_none() && p.sub.is_none())
}

/// Whether the path is the attribute `roles` of users as a whole.
pub(super) fn is_roles(path: &str) -> bool {
    is_whole(path) && path == "roles"
}

/// The elements of `roles` (RFC 7643 §4.1.2): each text is one's value. Creation and change have the same form;
/// Entra's differ.
pub(super) fn elements(texts: &[String]) -> Json {
    let one = |text: &String| json!({ "type": "WindowsAzureActiveDirectoryRole", "value": text });
    Json::Array(texts.iter().map(one).collect())
}

fn has(elements: &[Json], one: &Json) -> bool {
    elements.iter().any(|e| e == one || e.get("value").is_some_and(|v| Some(v) == one.get("value")))
}

/// What is there, and after it what is new.
pub(super) fn union(there: Option<&Json>, new: Option<Json>) -> Option<Json> {
    let Some(Json::Array(there)) = there else { return new };
    let new = match new {
        Some(Json::Array(new)) => new,
        other => other.into_iter().collect(),
    };
    let mut all = there.clone();
    for one in new {
        if !has(&all, &one) {
            all.push(one);
        }
    }
    Some(Json::Array(all))
}
