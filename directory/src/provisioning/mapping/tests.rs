use super::*;
use serde_json::{Map, Value as Json, json};
use web::{Random, Timestamp};

use crate::provisioning::resource::Resource;

fn ana() -> Map<String, Json> {
    let object = json!({
        "id": "1", "userPrincipalName": "ana@x", "displayName": "Ana", "givenName": "Ana", "surname": "Lee",
        "mail": "ana@x", "jobTitle": "", "businessPhones": [], "mobilePhone": "+49 1", "accountEnabled": true,
    });
    object.as_object().unwrap().clone()
}

fn surroundings() -> Surroundings {
    Surroundings { now: Timestamp(0), default_domain: "x".to_owned(), random: Random::seeded(1) }
}

fn try_map(
    mappings: &Mappings,
    object: &Map<String, Json>,
    known: Option<&Resource>,
) -> Result<Mapped, Unmapped> {
    mappings.map(Kind::User, object, true, known, &surroundings())
}

fn map(mappings: &Mappings, object: &Map<String, Json>, known: Option<&Resource>) -> Resource {
    try_map(mappings, object, known).unwrap().resource
}

fn expression(text: &str, target: &str) -> Mapping {
    row(Source::Expression(text.to_owned()), target)
}

#[test]
fn expressions_give_values_of_the_targets_type() {
    let mut mappings = Mappings::default();
    mappings.users.retain(|m| m.target != "active");
    mappings.users.push(expression(r#"Not([IsSoftDeleted])"#, "active"));
    mappings.users.push(expression(r#"Join(" ", [givenName], [surname])"#, "name.formatted"));
    mappings.users.push(expression("IgnoreFlowIfNullOrEmpty([jobTitle])", "title"));
    mappings.users.retain({
        let mut seen = std::collections::BTreeSet::new();
        move |m| {
            seen.insert(format!("{}{:?}", m.target, m.source))
                && (m.target != "title" || m.expression().is_some())
        }
    });
    mappings.check().unwrap();
    assert_eq!(mappings.active(), Some("active"));
    let mapped = map(&mappings, &ana(), None);
    assert_eq!((&mapped["active"], &mapped["name.formatted"]), (&json!(true), &json!("Ana Lee")));
    assert!(!mapped.contains_key("title"));
    let known = Resource::from([("title".to_owned(), json!("Captain"))]);
    assert_eq!(map(&mappings, &ana(), Some(&known))["title"], "Captain", "an empty value sends nothing");
    let off = mappings.map(Kind::User, &ana(), false, None, &surroundings()).unwrap();
    assert_eq!(off.resource["active"], false);
}

#[test]
fn an_expression_that_fails_names_what_it_read_unless_that_is_a_secret() {
    let mut mappings = Mappings::default();
    mappings.users.push(expression("Mid([givenName], [surname], 1)", "nickName"));
    let failed = try_map(&mappings, &ana(), None).unwrap_err();
    assert_eq!(failed.target, "nickName");
    assert!(failed.inputs.contains("[surname] = \"Lee\""), "{failed}");
    mappings.users.pop();
    mappings.users.push(expression("Mid([givenName], Redact([surname]), 1)", "nickName"));
    let failed = try_map(&mappings, &ana(), None).unwrap_err().to_string();
    assert!(failed.contains("[Redact]") && !failed.contains("Lee"), "{failed}");
    assert_eq!(mappings.redacted(Kind::User).into_iter().collect::<Vec<_>>(), ["nickName"]);
}

#[test]
fn what_changes_by_itself_is_for_creation_alone() {
    let mut mappings = Mappings::default();
    mappings.users.push(expression("Guid()", "nickName"));
    assert_eq!(mappings.check(), Err(MappingError::OnlyOnCreate("nickName".to_owned())));
    mappings.users.pop();
    let unique = r#"SelectUniqueValue([givenName], Append([givenName], "2"))"#;
    mappings.users.push(Mapping { apply: Apply::OnlyOnCreate, ..expression(unique, "nickName") });
    mappings.check().unwrap();
    let mapped = try_map(&mappings, &ana(), None).unwrap();
    assert_eq!(mapped.candidates["nickName"], ["Ana", "Ana2"]);
    let there = Resource::from([("nickName".to_owned(), json!("Anni"))]);
    assert_eq!(mappings.adopted(Kind::User, &mapped.resource, &there)["nickName"], "Anni");
    mappings.users.push(expression("[appRoleAssignments]", "roles"));
    assert_eq!(mappings.check(), Err(MappingError::Roles("roles".to_owned())));
    mappings.users.pop();
    mappings.users.push(expression("Join(", "roles"));
    assert!(matches!(mappings.check(), Err(MappingError::Expression(..))));
}

#[test]
fn matching_has_an_order_and_old_rows_are_read() {
    let old = r#"{"source":{"direct":"id"},"target":"externalId","matching":true}"#;
    let mut row: Mapping = serde_json::from_str(old).unwrap();
    assert_eq!(row.matching, 1);
    row.target = "nickName".to_owned();
    let mut mappings = Mappings::default();
    mappings.users[0].matching = 2;
    mappings.users.push(row);
    assert_eq!(mappings.matching_order(Kind::User), ["nickName", "userName"]);
}

#[test]
fn the_defaults_map_what_has_a_value() {
    let mapped = map(&Mappings::default(), &ana(), None);
    assert_eq!(mapped["userName"], "ana@x");
    assert_eq!(mapped["active"], true);
    assert_eq!(mapped["phoneNumbers[type eq \"work\"].value"], "+49 1");
    assert_eq!(mapped["externalId"], "1");
    assert!(!mapped.contains_key("title"));
    Mappings::default().check().unwrap();
}

#[test]
fn defaults_and_creation_rows_do_not_change_what_is_there() {
    let mut mappings = Mappings::default();
    mappings.users.push(Mapping { default_value: Some("en".to_owned()), ..direct("locale", "locale") });
    mappings.users.push(Mapping { apply: Apply::OnlyOnCreate, ..direct("nick", "nickName") });
    let mut object = ana();
    object.insert("nick".to_owned(), json!("A"));
    let first = map(&mappings, &object, None);
    assert_eq!((&first["locale"], &first["nickName"]), (&json!("en"), &json!("A")));
    object.insert("nick".to_owned(), json!("B"));
    assert_eq!(map(&mappings, &object, Some(&first)), first);
}

#[test]
fn wrong_mappings_are_named() {
    let mut mappings = Mappings::default();
    mappings.users.push(direct("x", "emails[type = 3]"));
    assert!(matches!(mappings.check(), Err(MappingError::Target(_))));
    mappings.users.pop();
    mappings.users.push(direct("x", "USERNAME"));
    assert!(matches!(mappings.check(), Err(MappingError::Twice(_))));
    mappings.users.pop();
    mappings.groups[0].matching = 0;
    assert_eq!(mappings.check(), Err(MappingError::Matching("group")));
}
