//! The mappings as Graph's synchronizationSchema, written and read (entra-id.md 3.6 and 5.4).

use serde_json::{Value as Json, json};

use super::Kind;
use super::expression::Expression;
use super::job::{Job, ProvisioningError};
use super::mapping::{Apply, MOST, Mapping, Mappings, Source};
use super::scoping_filter::ScopingFilter;

/// Entra's own expression for the switch of an account.
const SWITCH: &str = r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#;

/// The schema of a job.
pub fn write(job: &Job) -> Json {
    let mapping = |kind: Kind| {
        let rows: Vec<Json> = job.mappings.of(kind).iter().map(write_row).collect();
        let (name, target) = match kind {
            Kind::User => ("Provision Users", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
            Kind::Group => ("Provision Groups", "urn:ietf:params:scim:schemas:core:2.0:Group"),
        };
        json!({
            "name": name, "enabled": true, "flowTypes": "Add, Update, Delete",
            "sourceObjectName": kind.type_name(), "targetObjectName": target, "attributeMappings": rows,
            "scope": job.mappings.scope(kind),
        })
    };
    json!({
        "id": job.id,
        "version": "v1",
        "synchronizationRules": [{
            "id": "USER_GROUP_OUTBOUND", "name": "Users and groups to the SCIM service", "priority": 1, "editable": true,
            "sourceDirectoryName": "Azure Active Directory", "targetDirectoryName": "customappsso",
            "objectMappings": [mapping(Kind::User), mapping(Kind::Group)],
        }],
        "directories": [],
    })
}

fn write_row(row: &Mapping) -> Json {
    let source = match &row.source {
        Source::Direct(name) | Source::Reference(name) => {
            json!({ "type": "Attribute", "name": name, "expression": format!("[{name}]"), "parameters": [] })
        }
        Source::Constant(text) => {
            json!({ "type": "Constant", "name": text, "expression": text, "parameters": [] })
        }
        Source::InScope => {
            json!({ "type": "Function", "name": "Switch", "expression": SWITCH, "parameters": [] })
        }
        source @ Source::FirstOf(_) => {
            let expression = expression_of(source);
            json!({ "type": "Function", "name": "Coalesce", "expression": expression, "parameters": [] })
        }
        Source::Expression(text) => match Expression::parse(text) {
            Ok(expression) => expression.to_graph(),
            Err(_) => json!({ "type": "Function", "name": "", "expression": text, "parameters": [] }),
        },
    };
    json!({
        "targetAttributeName": row.target,
        "source": source,
        "defaultValue": row.default_value,
        "flowBehavior": "FlowWhenChanged",
        "flowType": match row.apply { Apply::Always => "Always", Apply::OnlyOnCreate => "ObjectAddOnly" },
        "matchingPriority": row.matching,
        "exportMissingReferences": false,
    })
}

/// A source as the expression that Entra would write for it.
pub(super) fn expression_of(source: &Source) -> String {
    match source {
        Source::Direct(name) | Source::Reference(name) => format!("[{name}]"),
        Source::Constant(text) => Expression::Constant(text.clone()).to_string(),
        Source::Expression(text) => text.clone(),
        Source::InScope => SWITCH.to_owned(),
        Source::FirstOf(names) => {
            let all: Vec<String> = names.iter().map(|n| format!("[{n}]")).collect();
            format!("Coalesce({})", all.join(", "))
        }
    }
}

/// The mappings in a schema.
///
/// # Errors
/// [`ProvisioningError::Invalid`] that names the row.
pub fn read(schema: &Json) -> Result<Mappings, ProvisioningError> {
    let invalid = |why: String| ProvisioningError::Invalid { field: "schema", why };
    let empty = Vec::new();
    let objects = schema["synchronizationRules"][0]["objectMappings"].as_array().unwrap_or(&empty);
    let rows = |kind: Kind| -> Result<Vec<Mapping>, ProvisioningError> {
        let object =
            objects.iter().find(|o| o["sourceObjectName"].as_str().and_then(Kind::parse) == Some(kind));
        object.map_or(Ok(()), |o| read_actions(kind, o)).map_err(&invalid)?;
        let rows = object.and_then(|o| o["attributeMappings"].as_array());
        let rows = rows
            .ok_or_else(|| invalid(format!("the attributeMappings of {} are missing", kind.type_name())))?;
        if rows.len() > MOST {
            return Err(invalid(format!("more than {MOST} attributeMappings")));
        }
        rows.iter()
            .map(|row| read_row(row).map_err(|why| invalid(format!("{}: {why}", row["targetAttributeName"]))))
            .collect()
    };
    let scope = |kind: Kind| -> Result<ScopingFilter, ProvisioningError> {
        let object =
            objects.iter().find(|o| o["sourceObjectName"].as_str().and_then(Kind::parse) == Some(kind));
        let scope = object.and_then(|o| o.get("scope")).filter(|s| !s.is_null()).cloned();
        let read = scope.map(serde_json::from_value).transpose();
        Ok(read.map_err(|e| invalid(format!("scope of {}: {e}", kind.type_name())))?.unwrap_or_default())
    };
    let mappings = Mappings {
        users: rows(Kind::User)?,
        groups: rows(Kind::Group)?,
        user_scope: scope(Kind::User)?,
        group_scope: scope(Kind::Group)?,
    };
    mappings.check()?;
    Ok(mappings)
}

/// What Entra can switch off for one kind of objects is refused where it is: objects would else be made, changed or
/// removed that were to be left alone (entra-id.md 3.6 and 5.4).
fn read_actions(kind: Kind, object: &Json) -> Result<(), String> {
    let name = kind.type_name();
    match &object["enabled"] {
        Json::Null | Json::Bool(true) => {}
        found => {
            return Err(format!(
                "enabled of {name} is {found}, and must be true: to leave all of them out, use a scoping filter"
            ));
        }
    }
    let all = ["Add", "Update", "Delete"];
    let Some(found) = object.get("flowTypes").filter(|f| !f.is_null()) else { return Ok(()) };
    let text = found.as_str().ok_or_else(|| format!("flowTypes of {name} must be a text"))?;
    let given: Vec<&str> = text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    if let Some(other) = given.iter().find(|one| !all.contains(one)) {
        return Err(format!("flowTypes of {name} has {other:?}; known are {}", all.join(", ")));
    }
    let missing: Vec<&str> = all.into_iter().filter(|one| !given.contains(one)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "flowTypes of {name} is {text:?} without {}, and must be \"Add, Update, Delete\": provisioning always does all \
         three. To keep whoever leaves the scope, set OutOfScopeAction to skip; to leave objects out, use a scoping \
         filter; to write an attribute once, give its mapping the flowType ObjectAddOnly",
        missing.join(" and ")
    ))
}

fn read_row(row: &Json) -> Result<Mapping, String> {
    let source = &row["source"];
    let name = source["name"].as_str().unwrap_or_default();
    let source = match source["type"].as_str() {
        Some("Attribute") if ["manager", "members"].contains(&name) => Source::Reference(name.to_owned()),
        Some("Attribute") if !name.is_empty() => Source::Direct(name.to_owned()),
        Some("Constant") => Source::Constant(name.to_owned()),
        Some("Function") => read_function(source["expression"].as_str().unwrap_or_default())?,
        _ => return Err("source.type must be Attribute with a name, Constant or Function".to_owned()),
    };
    Ok(Mapping {
        source,
        target: row["targetAttributeName"].as_str().ok_or("targetAttributeName is missing")?.to_owned(),
        default_value: row["defaultValue"].as_str().map(ToOwned::to_owned),
        apply: match row["flowType"].as_str() {
            None | Some("Always") => Apply::Always,
            Some("ObjectAddOnly") => Apply::OnlyOnCreate,
            Some(other) => return Err(format!("flowType {other} is not known; use Always or ObjectAddOnly")),
        },
        matching: match row["matchingPriority"].as_i64().unwrap_or(0) {
            ..=0 => 0,
            place => u32::try_from(place).map_err(|_| format!("matchingPriority {place} is too large"))?,
        },
    })
}

/// The source that an expression stands for.
pub(super) fn read_function(expression: &str) -> Result<Source, String> {
    let blankless = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    if blankless(expression) == blankless(SWITCH) {
        return Ok(Source::InScope);
    }
    let names = expression.trim().strip_prefix("Coalesce(").and_then(|e| e.strip_suffix(')'));
    let names = names.map(|n| n.split(',').map(|p| p.trim().strip_prefix('[')?.strip_suffix(']')));
    let names: Option<Vec<&str>> = names.and_then(Iterator::collect);
    if let Some(names) = names {
        return Ok(Source::FirstOf(names.into_iter().map(ToOwned::to_owned).collect()));
    }
    match Expression::parse(expression) {
        Ok(_) => Ok(Source::Expression(expression.trim().to_owned())),
        Err(error) => Err(format!("the expression {expression:?} cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(mappings: &Mappings) -> Result<Mappings, ProvisioningError> {
        let rows = |all: &[Mapping]| all.iter().map(write_row).collect::<Vec<_>>();
        read(&json!({ "synchronizationRules": [{ "objectMappings": [
            { "sourceObjectName": "User", "attributeMappings": rows(&mappings.users) },
            { "sourceObjectName": "Group", "attributeMappings": rows(&mappings.groups) },
        ] }] }))
    }

    #[test]
    fn a_schema_that_was_written_is_read_as_the_same_mappings() {
        let mut mappings = Mappings::default();
        assert_eq!(round_trip(&mappings).unwrap(), mappings);
        let expression = r#"Replace([mail], "@", , , "+", , )"#.to_owned();
        mappings.users[2].source = Source::Expression(expression);
        mappings.users[2].matching = 2;
        assert_eq!(round_trip(&mappings).unwrap().users[2].matching, 2);
        assert_eq!(round_trip(&mappings).unwrap(), round_trip(&round_trip(&mappings).unwrap()).unwrap());
    }

    /// Objects that were to be left alone must not be changed because nobody looked.
    #[test]
    fn actions_that_are_switched_off_are_refused_by_name() {
        let user = |object: Json| read_actions(Kind::User, &object);
        for good in [json!({}), json!({ "flowTypes": "Add, Update, Delete", "enabled": true })] {
            assert_eq!(user(good), Ok(()));
        }
        assert_eq!(user(json!({ "flowTypes": "Delete,Update,Add" })), Ok(()));
        for (bad, named) in [
            (json!({ "flowTypes": "Add, Update" }), "without Delete"),
            (json!({ "flowTypes": "" }), "without Add and Update and Delete"),
            (json!({ "flowTypes": "Add, Update, Delete, Move" }), "Move"),
            (json!({ "flowTypes": 7 }), "must be a text"),
            (json!({ "enabled": false }), "enabled of User is false"),
        ] {
            let refused = user(bad.clone()).unwrap_err();
            assert!(refused.contains(named), "{bad}: {refused}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        assert!(read(&json!({})).is_err());
        let mut row = write_row(&Mappings::default().users[0]);
        row["source"] = json!({ "type": "Function", "expression": "Replaced([mail])" });
        assert!(read_row(&row).unwrap_err().contains("Replaced"));
    }
}
