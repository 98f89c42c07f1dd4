//! Attribute mappings: which property here goes to which path there.

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use super::Kind;
use super::expression::{Expression, ParseError};
use super::resource::{ENTERPRISE, Path};
use super::scoping_filter::{FilterError, ScopingFilter};

mod roles;
mod value;

#[cfg(test)]
mod tests;

pub use roles::ROLES;
pub use value::{Mapped, Surroundings, Unmapped, attributes};

/// More rows than any target has attributes.
pub const MOST: usize = 200;

/// The mappings of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mappings {
    /// Of people.
    pub users: Vec<Mapping>,
    /// Of groups.
    pub groups: Vec<Mapping>,
    /// Which of the assigned people are provisioned.
    #[serde(default, skip_serializing_if = "ScopingFilter::is_empty")]
    pub user_scope: ScopingFilter,
    /// Which of the assigned groups are.
    #[serde(default, skip_serializing_if = "ScopingFilter::is_empty")]
    pub group_scope: ScopingFilter,
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
    /// The place in the order in which objects are matched by it, from 1; 0 where they are not.
    #[serde(default, deserialize_with = "priority")]
    pub matching: u32,
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
    /// What an expression gives (entra-id.md 3.7).
    Expression(String),
    /// Whether the person is enabled and in scope, Entra's `Switch([IsSoftDeleted], …)`.
    InScope,
    /// The object in the target that a reference here leads to: a manager, members.
    Reference(String),
}

/// Rows that were saved before there was an order say true or false.
fn priority<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Truth(bool),
        Place(u32),
    }
    Ok(match Written::deserialize(from)? {
        Written::Truth(matches) => u32::from(matches),
        Written::Place(place) => place,
    })
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
    /// No row matches.
    #[error("{0} mappings need a matching attribute that comes from a property or an expression")]
    Matching(&'static str),
    /// More rows than allowed.
    #[error("{0} mappings: at most {MOST} rows")]
    TooMany(&'static str),
    /// An expression that cannot be read.
    #[error("the expression of {0:?} cannot be read: {1}")]
    Expression(String, ParseError),
    /// An expression that gives another value each time.
    #[error(
        "the expression of {0:?} gives another value each time, or asks the target which one is free; apply it only during creation, and do not match by it"
    )]
    OnlyOnCreate(String),
    /// A scoping filter that cannot be used.
    #[error("{0} mappings: {1}")]
    Scope(&'static str, FilterError),
    /// An attribute that is not read for provisioning.
    #[error("the expression of {0:?} reads [{1}], which provisioning does not know; use another attribute")]
    Unknown(String, &'static str),
    /// Roles outside the functions made for them.
    #[error(
        "the mapping of {0:?} reads [appRoleAssignments] as it is; put it into SingleAppRoleAssignment, AppRoleAssignments, AppRoleAssignmentsComplex or AssertiveAppRoleAssignmentsComplex"
    )]
    Roles(String),
    /// Roles where people need no assignment.
    #[error(
        "the mapping of {0:?} reads roles, which follow from assignments, and the scope is all users and groups; choose the scope of assigned users and groups, or remove the mapping"
    )]
    RolesOfEverybody(String),
}

impl Default for Mappings {
    /// The table of the generic SCIM application. It fits AWS IAM Identity Center: one value for each
    /// multi-valued attribute, nothing that it does not know (aws-identity-center.md 1.4).
    fn default() -> Self {
        let (user_scope, group_scope) = Default::default();
        Self { users: default_users(), groups: default_groups(), user_scope, group_scope }
    }
}

fn direct(source: &str, target: &str) -> Mapping {
    row(Source::Direct(source.to_owned()), target)
}

fn row(source: Source, target: &str) -> Mapping {
    Mapping { source, target: target.to_owned(), default_value: None, apply: Apply::Always, matching: 0 }
}

fn enterprise(attribute: &str) -> String {
    format!("{ENTERPRISE}:{attribute}")
}

fn default_users() -> Vec<Mapping> {
    let phones = vec!["businessPhones".to_owned(), "mobilePhone".to_owned()];
    vec![
        Mapping { matching: 1, ..direct("userPrincipalName", "userName") },
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
        Mapping { matching: 1, ..direct("displayName", "displayName") },
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

    /// The scoping filter of one kind.
    pub fn scope(&self, kind: Kind) -> &ScopingFilter {
        match kind {
            Kind::User => &self.user_scope,
            Kind::Group => &self.group_scope,
        }
    }

    /// The same, to change it.
    pub fn scope_mut(&mut self, kind: Kind) -> &mut ScopingFilter {
        match kind {
            Kind::User => &mut self.user_scope,
            Kind::Group => &mut self.group_scope,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Vec<Mapping> {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    /// Puts a row in the place of the one that writes to `before`, or at the end.
    pub fn put(&mut self, kind: Kind, before: &str, row: Mapping) {
        let rows = self.of_mut(kind);
        match rows.iter_mut().find(|m| m.target == before) {
            Some(place) => *place = row,
            None => rows.push(row),
        }
    }

    /// Takes away the row that writes to `target`.
    pub fn remove(&mut self, kind: Kind, target: &str) {
        self.of_mut(kind).retain(|m| m.target != target);
    }

    /// The path that objects of a kind are matched by first.
    pub fn matching(&self, kind: Kind) -> &str {
        let fallback = match kind {
            Kind::User => "userName",
            Kind::Group => "displayName",
        };
        self.matching_order(kind).first().copied().unwrap_or(fallback)
    }

    /// The paths that objects of a kind are matched by, in the order in which they are tried.
    pub fn matching_order(&self, kind: Kind) -> Vec<&str> {
        let mut rows: Vec<&Mapping> = self.of(kind).iter().filter(|m| m.matching > 0).collect();
        rows.sort_by_key(|m| m.matching);
        rows.into_iter().map(|m| m.target.as_str()).collect()
    }

    /// The path that the manager is written to, if it is mapped.
    pub fn manager(&self) -> Option<&str> {
        let wanted = Source::Reference("manager".to_owned());
        self.users.iter().find(|m| m.source == wanted).map(|m| m.target.as_str())
    }

    /// The path that switches an account off, if one is mapped.
    pub fn active(&self) -> Option<&str> {
        let switches = |m: &&Mapping| match &m.source {
            Source::InScope => true,
            Source::Expression(text) if m.target == "active" && m.apply == Apply::Always => {
                Expression::parse(text).is_ok_and(|e| e.attributes().contains("IsSoftDeleted"))
            }
            _ => false,
        };
        self.users.iter().find(switches).map(|m| m.target.as_str())
    }

    /// Whether these can be used.
    ///
    /// # Errors
    /// The first row that cannot.
    pub fn check(&self) -> Result<(), MappingError> {
        for kind in [Kind::User, Kind::Group] {
            let rows = self.of(kind);
            if rows.len() > MOST {
                return Err(MappingError::TooMany(kind.as_str()));
            }
            self.scope(kind).check().map_err(|e| MappingError::Scope(kind.as_str(), e))?;
            let mut seen = std::collections::BTreeSet::new();
            for row in rows {
                row.check(kind)?;
                if !seen.insert(row.target.to_lowercase()) {
                    return Err(MappingError::Twice(row.target.clone()));
                }
            }
            if !rows.iter().any(|m| m.matching > 0 && m.source.has_a_value_of_its_own()) {
                return Err(MappingError::Matching(kind.as_str()));
            }
        }
        Ok(())
    }
}

impl Mapping {
    fn check(&self, kind: Kind) -> Result<(), MappingError> {
        let target = || self.target.clone();
        Path::parse(&self.target).ok_or_else(|| MappingError::Target(target()))?;
        let text = match &self.source {
            Source::Expression(text) => text,
            Source::Direct(name) if name == ROLES => return Err(MappingError::Roles(target())),
            Source::FirstOf(names) if names.iter().any(|name| name == ROLES) => {
                return Err(MappingError::Roles(target()));
            }
            _ => return Ok(()),
        };
        let expression = Expression::parse(text).map_err(|e| MappingError::Expression(target(), e))?;
        let once = expression.changes_by_itself() || expression.selects_unique_value();
        if once && (self.apply != Apply::OnlyOnCreate || self.matching > 0) {
            return Err(MappingError::OnlyOnCreate(target()));
        }
        let mut unknown = ["manager", "members"].into_iter().chain((kind == Kind::Group).then_some(ROLES));
        match unknown.find(|name| expression.attributes().contains(name)) {
            Some(name) => Err(MappingError::Unknown(target(), name)),
            None => roles::check(&self.target, &expression),
        }
    }

    /// The expression of it, if it is one that can be read.
    pub fn expression(&self) -> Option<Expression> {
        match &self.source {
            Source::Expression(text) => Expression::parse(text).ok(),
            _ => None,
        }
    }
}

impl Source {
    fn has_a_value_of_its_own(&self) -> bool {
        matches!(self, Self::Direct(_) | Self::FirstOf(_) | Self::Expression(_))
    }
}
