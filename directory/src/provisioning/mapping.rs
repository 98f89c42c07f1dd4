//! Attribute mappings: which property here goes to which path there.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::Kind;
use super::resource::{ENTERPRISE, Path, Resource};

/// The mappings of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mappings {
    /// Of people.
    pub users: Vec<Mapping>,
    /// Of groups.
    pub groups: Vec<Mapping>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mapping {
    /// Where the value comes from.
    pub source: Source,
    /// The path in the target.
    pub target: String,
    /// Used on create alone, where the source has no value (entra-id.md 3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// When it is applied.
    #[serde(default)]
    pub apply: Apply,
    /// Whether objects are matched by it. One row of each kind is.
    #[serde(default)]
    pub matching: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A property of the object.
    Direct(String),
    /// The first of several properties that has a value.
    FirstOf(Vec<String>),
    /// Always the same.
    Constant(String),
    /// Whether the person is enabled and in scope, Entra's `Switch([IsSoftDeleted], …)`.
    InScope,
    /// The object in the target that a reference here leads to: a manager, members.
    Reference(String),
}

/// When a mapping is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Apply {
    /// On every change.
    #[default]
    Always,
    /// When the object is created.
    OnlyOnCreate,
}

/// Why mappings cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MappingError {
    /// The target path cannot be read.
    #[error(
        "the target attribute {0:?} is not a SCIM path such as name.givenName or emails[type eq \"work\"].value"
    )]
    Target(String),
    /// Two rows write to the same path.
    #[error("two mappings write to {0:?}; remove one")]
    Twice(String),
    /// Not exactly one row matches.
    #[error("{0} mappings need exactly one matching attribute that is a plain property, found {1}")]
    Matching(&'static str, usize),
}

impl Default for Mappings {
    /// The table of the generic SCIM application. It fits AWS IAM Identity Center: one value for each
    /// multi-valued attribute, nothing that it does not know (aws-identity-center.md 1.4).
    fn default() -> Self {
        Self { users: default_users(), groups: default_groups() }
    }
}

fn direct(source: &str, target: &str) -> Mapping {
    row(Source::Direct(source.to_owned()), target)
}

fn row(source: Source, target: &str) -> Mapping {
    Mapping { source, target: target.to_owned(), default_value: None, apply: Apply::Always, matching: false }
}

fn enterprise(attribute: &str) -> String {
    format!("{ENTERPRISE}:{attribute}")
}

fn default_users() -> Vec<Mapping> {
    let phones = vec!["businessPhones".to_owned(), "mobilePhone".to_owned()];
    vec![
        Mapping { matching: true, ..direct("userPrincipalName", "userName") },
        row(Source::InScope, "active"),
        direct("displayName", "displayName"),
        direct("givenName", "name.givenName"),
        direct("surname", "name.familyName"),
        direct("mail", "emails[type eq \"work\"].value"),
        direct("jobTitle", "title"),
        direct("preferredLanguage", "preferredLanguage"),
        row(Source::FirstOf(phones), "phoneNumbers[type eq \"work\"].value"),
        direct("department", &enterprise("department")),
        direct("employeeId", &enterprise("employeeNumber")),
        // Entra's default is mailNickname, which is the same for ana@a.example and ana@b.example and
        // then makes two people one in the target. The object id is unique and never changes.
        direct("id", "externalId"),
        row(Source::Reference("manager".to_owned()), &enterprise("manager")),
    ]
}

fn default_groups() -> Vec<Mapping> {
    vec![
        Mapping { matching: true, ..direct("displayName", "displayName") },
        direct("id", "externalId"),
        row(Source::Reference("members".to_owned()), "members"),
    ]
}

impl Mappings {
    /// The rows of one kind.
    pub fn of(&self, kind: Kind) -> &[Mapping] {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    /// The path that objects of a kind are matched by.
    pub fn matching(&self, kind: Kind) -> &str {
        let fallback = match kind {
            Kind::User => "userName",
            Kind::Group => "displayName",
        };
        self.of(kind).iter().find(|m| m.matching).map_or(fallback, |m| m.target.as_str())
    }

    /// The path that the manager is written to, if it is mapped.
    pub fn manager(&self) -> Option<&str> {
        let wanted = Source::Reference("manager".to_owned());
        self.users.iter().find(|m| m.source == wanted).map(|m| m.target.as_str())
    }

    /// Whether these can be used.
    ///
    /// # Errors
    /// The first row that cannot.
    pub fn check(&self) -> Result<(), MappingError> {
        for kind in [Kind::User, Kind::Group] {
            let rows = self.of(kind);
            let mut seen = std::collections::BTreeSet::new();
            for row in rows {
                Path::parse(&row.target).ok_or_else(|| MappingError::Target(row.target.clone()))?;
                if !seen.insert(row.target.to_lowercase()) {
                    return Err(MappingError::Twice(row.target.clone()));
                }
            }
            let matching =
                rows.iter().filter(|m| m.matching && matches!(m.source, Source::Direct(_))).count();
            if matching != 1 {
                return Err(MappingError::Matching(kind.as_str(), matching));
            }
        }
        Ok(())
    }

    /// What the target should have of `object`, without references. `known` is what it has from us;
    /// `None` for an object that is created: defaults and rows for creation count then.
    pub fn map(
        &self,
        kind: Kind,
        object: &Map<String, Json>,
        entitled: bool,
        known: Option<&Resource>,
    ) -> Resource {
        let mut mapped = Resource::new();
        for row in self.of(kind) {
            let kept = known.and_then(|k| k.get(&row.target)).cloned();
            let value = match (value(row, object, entitled), known) {
                (_, Some(_)) if row.apply == Apply::OnlyOnCreate => kept,
                (None, None) => row.default_value.clone().map(Json::String),
                (None, Some(_)) if row.default_value.is_some() => kept,
                (value, _) => value,
            };
            if let Some(value) = value {
                mapped.insert(row.target.clone(), value);
            }
        }
        mapped
    }
}

fn value(row: &Mapping, object: &Map<String, Json>, entitled: bool) -> Option<Json> {
    match &row.source {
        Source::Direct(name) => property(object, name),
        Source::FirstOf(names) => names.iter().find_map(|name| property(object, name)),
        Source::Constant(text) => Some(Json::String(text.clone())),
        Source::InScope => Some(Json::Bool(entitled)),
        Source::Reference(_) => None,
    }
}

/// A property's value. An empty text counts as none, as in the directory; of a list the first counts,
/// because targets take one value for each attribute.
fn property(object: &Map<String, Json>, name: &str) -> Option<Json> {
    let found = match object.get(name)? {
        Json::Array(all) => all.first()?,
        other => other,
    };
    match found {
        Json::String(text) if !text.is_empty() => Some(Json::String(text.clone())),
        Json::Bool(_) | Json::Number(_) => Some(found.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ana() -> Map<String, Json> {
        let object = json!({
            "id": "1", "userPrincipalName": "ana@x", "displayName": "Ana", "givenName": "Ana", "surname": "Lee",
            "mail": "ana@x", "jobTitle": "", "businessPhones": [], "mobilePhone": "+49 1", "accountEnabled": true,
        });
        object.as_object().unwrap().clone()
    }

    #[test]
    fn the_defaults_map_what_has_a_value() {
        let mapped = Mappings::default().map(Kind::User, &ana(), true, None);
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
        let first = mappings.map(Kind::User, &object, true, None);
        assert_eq!((&first["locale"], &first["nickName"]), (&json!("en"), &json!("A")));
        object.insert("nick".to_owned(), json!("B"));
        assert_eq!(mappings.map(Kind::User, &object, true, Some(&first)), first);
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
        mappings.groups[0].matching = false;
        assert_eq!(mappings.check(), Err(MappingError::Matching("group", 0)));
    }
}
