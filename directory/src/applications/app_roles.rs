//! The roles of an application (Graph v1.0, "appRole resource type"): what may be one.

use serde::{Deserialize, Serialize};

use super::{MSIAM_ROLE, USER_ROLE};
use crate::refused::Refused;

/// Most roles of one application: Entra's manifest has at most 1200 entries.
pub(super) const MOST: usize = 1200;
const LONGEST_VALUE: usize = 120;
const LONGEST_DESCRIPTION: usize = 1024;
/// What values may have besides letters and digits (Graph v1.0, "appRole resource type", `value`).
const MARKS: &str = "!#$%&'()*+,-./:;=?@[]^_`{|}~";

/// A role of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    /// Its id.
    pub id: String,
    /// Who can have it: users, and groups on behalf of their members.
    pub allowed_member_types: [&'static str; 1],
    /// Its name for administrators.
    pub display_name: String,
    /// What it allows.
    pub description: Option<String>,
    /// Its name for the application; without one, the application does not hear of it.
    pub value: Option<String>,
    /// Whether it can be assigned and is given to the application.
    pub is_enabled: bool,
    /// Where it is defined.
    pub origin: &'static str,
}

/// A role as clients send it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WantedRole {
    /// Its id; a fresh one where there is none.
    pub id: Option<String>,
    /// Only `User` is supported; absent means that.
    #[serde(default)]
    pub allowed_member_types: Option<Vec<String>>,
    /// Its name.
    pub display_name: String,
    /// What it allows.
    #[serde(default)]
    pub description: Option<String>,
    /// Its name for the application.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether it can be used; absent means that.
    #[serde(default)]
    pub is_enabled: Option<bool>,
    /// Given back by Graph; without meaning when sent.
    #[serde(default)]
    pub origin: Option<String>,
}

impl AppRole {
    /// The two roles that every application has, which nobody can change.
    pub fn fixed() -> [Self; 2] {
        [(USER_ROLE, "User"), (MSIAM_ROLE, "msiam_access")].map(|(id, name)| {
            let description = Some(name.to_owned());
            Self::new(id.to_owned(), name.to_owned(), description, None, true)
        })
    }

    pub(super) fn new(
        id: String,
        display_name: String,
        description: Option<String>,
        value: Option<String>,
        is_enabled: bool,
    ) -> Self {
        let (allowed_member_types, origin) = (["User"], "Application");
        Self { id, allowed_member_types, display_name, description, value, is_enabled, origin }
    }

    /// Whether it is one of [`Self::fixed`].
    pub fn is_fixed(&self) -> bool {
        [USER_ROLE, MSIAM_ROLE].contains(&self.id.as_str())
    }
}

impl WantedRole {
    /// The role, where it may be one. `id` is its id where it has none.
    ///
    /// # Errors
    /// [`Refused::Invalid`].
    pub fn checked(&self, id: impl FnOnce() -> String) -> Result<AppRole, Refused> {
        let types = self.allowed_member_types.as_deref().unwrap_or_default();
        if let Some(other) = types.iter().find(|t| *t != "User") {
            return Err(Refused::invalid("appRoles.allowedMemberTypes", "User", other));
        }
        let id = self.id.as_deref().map_or_else(|| Ok(id()), checked_id)?;
        let name = self.display_name.trim();
        if name.is_empty() || name.chars().count() > 256 || name.chars().any(char::is_control) {
            let expected = "1 to 256 characters without control characters";
            return Err(Refused::invalid("appRoles.displayName", expected, name));
        }
        let description = given(self.description.as_deref()).map(checked_description).transpose()?;
        let value = given(self.value.as_deref()).map(checked_value).transpose()?;
        Ok(AppRole::new(id, name.to_owned(), description, value, self.is_enabled.unwrap_or(true)))
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn checked_id(id: &str) -> Result<String, Refused> {
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    let digits = id.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if parts == [8, 4, 4, 4, 12] && digits && id != super::DEFAULT_ACCESS {
        return Ok(id.to_ascii_lowercase());
    }
    Err(Refused::invalid("appRoles.id", "a GUID other than zero", id))
}

fn checked_description(text: &str) -> Result<String, Refused> {
    let plain = !text.chars().any(|c| c.is_control() && c != '\n');
    if plain && text.chars().count() <= LONGEST_DESCRIPTION {
        return Ok(text.to_owned());
    }
    let expected = "at most 1024 characters without control characters";
    Err(Refused::invalid("appRoles.description", expected, text))
}

fn checked_value(text: &str) -> Result<String, Refused> {
    let allowed = text.chars().all(|c| c.is_ascii_alphanumeric() || MARKS.contains(c));
    if allowed && text.len() <= LONGEST_VALUE && !text.starts_with('.') {
        return Ok(text.to_owned());
    }
    let expected =
        format!("at most 120 letters, digits and {MARKS} without blanks, not beginning with a dot");
    Err(Refused::invalid("appRoles.value", expected, text))
}

/// That the roles fit together: not too many, no id and no value twice.
///
/// # Errors
/// [`Refused::TooMany`], [`Refused::Invalid`].
pub(super) fn consistent(roles: &[AppRole]) -> Result<(), Refused> {
    if roles.len() > MOST {
        return Err(Refused::TooMany { target: "appRoles", limit: MOST, found: roles.len() });
    }
    let mut ids = std::collections::HashSet::new();
    let mut values = std::collections::HashSet::new();
    for role in roles {
        if !ids.insert(&role.id) {
            return Err(Refused::invalid("appRoles.id", "different for each role", &role.id));
        }
        if let Some(value) = &role.value
            && !values.insert(value)
        {
            return Err(Refused::invalid("appRoles.value", "a value that no other role has", value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(value: &str) -> WantedRole {
        WantedRole {
            id: None,
            allowed_member_types: None,
            display_name: " Auditor ".to_owned(),
            description: None,
            value: Some(value.to_owned()),
            is_enabled: None,
            origin: None,
        }
    }

    #[test]
    fn values_have_the_characters_that_graph_allows() {
        let id = || "0f1b".to_owned();
        for good in [
            "Audit.Read",
            "arn:aws:iam::1:role/A,arn:aws:iam::1:saml-provider/E",
            "!#$%&'()*+,-./:;=?@[]^_`{|}~",
        ] {
            let role = wanted(good).checked(id).unwrap();
            assert_eq!((role.value.as_deref(), role.display_name.as_str()), (Some(good), "Auditor"));
        }
        assert_eq!(wanted("").checked(id).unwrap().value, None);
        for bad in ["a b", ".a", "a\"b", "a<b", "a\\b", "ä", "a\0", &"x".repeat(121)] {
            assert!(wanted(bad).checked(id).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_are_guids_and_members_are_users() {
        let of = |id: &str| WantedRole { id: Some(id.to_owned()), ..wanted("x") }.checked(String::new);
        assert_eq!(
            of("0F1B0000-0000-4000-8000-00000000000A").unwrap().id,
            "0f1b0000-0000-4000-8000-00000000000a"
        );
        for bad in ["", "x", "00000000-0000-0000-0000-000000000000", "0f1b0000-0000-4000-8000-00000000000g"] {
            assert!(of(bad).is_err(), "{bad}");
        }
        let types = Some(vec!["User".to_owned(), "Application".to_owned()]);
        assert!(WantedRole { allowed_member_types: types, ..wanted("x") }.checked(String::new).is_err());
    }
}
