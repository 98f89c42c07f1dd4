//! The group claim (Microsoft Entra, "Configure group claims for applications"): which of a user's groups
//! an assertion names, how, and what happens where they are too many.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::configuration::full_name;
use super::function::fill;
use super::names::{GROUPS, GROUPS_LINK, ROLE};
use crate::provisioning::expression::Pattern;

/// Entra's limit for SAML.
pub const DEFAULT_LIMIT: u16 = 150;
/// The highest limit: a longer assertion fits through few service providers.
pub const HIGHEST_LIMIT: u16 = 1000;

/// Which groups are named and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupClaim {
    /// Which groups.
    pub which: Which,
    /// What of a group is its value.
    #[serde(default)]
    pub value: GroupValue,
    /// Which of them alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<GroupFilter>,
    /// What is made of the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<RegexReplace>,
    /// Another name than the usual one; empty for that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What stands before that name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Whether the groups are sent as roles.
    #[serde(default)]
    pub as_roles: bool,
    /// Most groups in an assertion.
    #[serde(default = "default_limit")]
    pub limit: u16,
    /// What happens beyond the limit.
    #[serde(default)]
    pub overflow: Overflow,
}

fn default_limit() -> u16 {
    DEFAULT_LIMIT
}

/// Which groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Which {
    /// Every security group that the user is in, directly or through other groups.
    All,
    /// Groups that are assigned to the application and have the user as a direct member.
    Assigned,
}

/// What of a group is its value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupValue {
    /// Its object id.
    #[default]
    Id,
    /// Its display name.
    DisplayName,
    /// Its mail nickname.
    MailNickname,
}

/// Which groups alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupFilter {
    /// What of the group is looked at.
    pub match_on: MatchOn,
    /// How.
    #[serde(rename = "type")]
    pub kind: FilterKind,
    /// With what.
    pub value: String,
}

/// What of a group a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MatchOn {
    /// Its display name.
    DisplayName,
    /// Its mail nickname.
    MailNickname,
}

/// How a filter compares; letter case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterKind {
    /// It starts with the text.
    Prefix,
    /// It ends with it.
    Suffix,
    /// It has it anywhere.
    Contains,
}

/// What is made of a value that a pattern matches; others stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegexReplace {
    /// The pattern.
    pub pattern: String,
    /// The new value, with the pattern's groups as `{name}`.
    pub replacement: String,
}

/// What happens where the groups are more than the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Overflow {
    /// The groups that are assigned to the application are sent; if these are too many, nobody signs in.
    #[default]
    Assigned,
    /// The sign-on is refused.
    Refuse,
    /// As Entra: no groups, and a link to ask for them.
    Link,
}

/// A group that a user is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberGroup {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub display_name: String,
    /// Its mail nickname.
    pub mail_nickname: String,
}

/// Groups that were read, up to a number that no assertion can carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The groups, by name.
    pub groups: Vec<MemberGroup>,
    /// Whether there are more.
    pub more: bool,
}

/// How the group claim came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupOutcome {
    /// The attribute's name.
    pub name: String,
    /// What is sent.
    pub values: Vec<String>,
    /// How many groups there are after the filter.
    pub found: usize,
    /// The limit.
    pub limit: u16,
    /// What was done about an overflow; empty without one.
    pub overflow: String,
}

/// Too many groups, and nothing else to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overage {
    /// How many there are after the filter.
    pub found: usize,
    /// How many of them are assigned to the application.
    pub assigned: usize,
    /// The limit.
    pub limit: u16,
}

impl GroupClaim {
    /// The attribute's name in the assertion.
    pub fn attribute_name(&self) -> String {
        match (self.as_roles, self.name.as_str()) {
            (true, _) => ROLE.to_owned(),
            (false, "") => GROUPS.to_owned(),
            (false, name) => full_name(&self.namespace, name),
        }
    }

    fn takes(&self, group: &MemberGroup) -> bool {
        let Some(filter) = &self.filter else { return true };
        let text = match filter.match_on {
            MatchOn::DisplayName => &group.display_name,
            MatchOn::MailNickname => &group.mail_nickname,
        };
        match filter.kind {
            FilterKind::Prefix => text.starts_with(&filter.value),
            FilterKind::Suffix => text.ends_with(&filter.value),
            FilterKind::Contains => text.contains(&filter.value),
        }
    }

    fn value_of(&self, group: &MemberGroup, replace: Option<&(Pattern, &str)>) -> String {
        let value = match self.value {
            GroupValue::Id => &group.id,
            GroupValue::DisplayName => &group.display_name,
            GroupValue::MailNickname => &group.mail_nickname,
        };
        let replaced = replace.and_then(|(pattern, replacement)| {
            let captures = pattern.matches(value).next()?;
            Some(fill(replacement, |name| {
                let group = pattern.group(name).and_then(|at| captures.get(at));
                group.map_or_else(String::new, |m| m.as_str().to_owned())
            }))
        });
        replaced.filter(|text| !text.is_empty()).unwrap_or_else(|| value.clone())
    }

    /// The values of those groups that the filter takes, each once, where they are not too many; and how
    /// many groups there were.
    fn values(&self, found: &Found) -> (usize, Option<Vec<String>>) {
        let taken: Vec<&MemberGroup> = found.groups.iter().filter(|g| self.takes(g)).collect();
        if found.more || taken.len() > usize::from(self.limit) {
            return (taken.len(), None);
        }
        let mut values: Vec<String> = Vec::with_capacity(taken.len());
        let mut seen = HashSet::new();
        // It was checked when it was saved.
        let replace = self.replace.as_ref();
        let replace = replace.and_then(|r| Some((Pattern::new(&r.pattern).ok()?, r.replacement.as_str())));
        for value in taken.iter().map(|group| self.value_of(group, replace.as_ref())) {
            if seen.insert(value.clone()) {
                values.push(value);
            }
        }
        (taken.len(), Some(values))
    }

    /// The group claim of a user. `all` and `assigned` are its groups of both kinds; `link` is where they
    /// can be asked for.
    ///
    /// # Errors
    /// [`Overage`] where they are too many and the configuration leaves nothing else to send.
    pub fn evaluate(&self, all: &Found, assigned: &Found, link: &str) -> Result<GroupOutcome, Overage> {
        let (found, values) = self.values(if self.which == Which::All { all } else { assigned });
        let outcome = |name: String, values: Vec<String>, overflow: &str| GroupOutcome {
            name,
            values,
            found,
            limit: self.limit,
            overflow: overflow.to_owned(),
        };
        if let Some(values) = values {
            return Ok(outcome(self.attribute_name(), values, ""));
        }
        if self.overflow == Overflow::Link {
            let name = GROUPS_LINK.to_owned();
            return Ok(outcome(name, vec![link.to_owned()], "more than the limit: the link is sent instead"));
        }
        let (direct, fallback) = self.values(assigned);
        match fallback {
            Some(values) if self.overflow == Overflow::Assigned && self.which == Which::All => {
                let why = "more than the limit: only groups assigned to the application are sent";
                Ok(outcome(self.attribute_name(), values, why))
            }
            _ => Err(Overage { found, assigned: direct, limit: self.limit }),
        }
    }
}
