//! Users: what one is, and which values it may have.

mod lifecycle;
mod list;
mod profile;
mod store;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use lifecycle::{KEPT_DAYS, delete, purge, purge_expired, restore};
pub use list::{Filter, Page, Query, list, list_deleted};
pub(crate) use list::{conditions, like, open, page};
pub use profile::{Kind, PROPERTIES, Profile};
pub use store::{
    after_disabled, any_by_id, by_id, by_id_or_name, by_ids, by_name, create, ensure_administrator,
    give_administrator, is_administrator, key, save, set_manager, take_administrator, update,
};

use crate::refused::Refused;

/// A user. Its JSON is Microsoft Graph's, with `managerId` beside it; events carry the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its object id.
    pub id: String,
    /// Its sign-in name.
    pub user_principal_name: String,
    /// Its name for people.
    pub display_name: String,
    /// Whether it may sign in.
    pub account_enabled: bool,
    /// Its manager's object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<String>,
    /// When it was created, RFC 3339.
    pub created_date_time: String,
    /// When it was deleted, RFC 3339; absent for a living user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_date_time: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub profile: Profile,
}

/// What a user is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewUser {
    /// Its sign-in name.
    pub user_principal_name: String,
    /// Its name for people.
    pub display_name: String,
    /// Whether it may sign in.
    pub account_enabled: bool,
    /// Its manager's object id.
    pub manager_id: Option<String>,
    /// Everything else.
    pub profile: Profile,
}

/// What to change about a user; absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserChange {
    /// A new sign-in name.
    pub user_principal_name: Option<String>,
    /// A new name for people.
    pub display_name: Option<String>,
    /// Whether it may sign in.
    pub account_enabled: Option<bool>,
    /// Properties to set; `null` removes one.
    pub profile: Vec<(String, Json)>,
}

impl User {
    /// The user as Graph JSON.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or(Json::Null)
    }

    /// A property as text, by its Graph name in any letter case, with or without `user.` before it; the
    /// names that claims use are known too (`objectid`).
    pub fn property(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        match name.strip_prefix("user.").unwrap_or(&name) {
            "id" | "objectid" => Some(self.id.clone()),
            "userprincipalname" => Some(self.user_principal_name.clone()),
            "displayname" => Some(self.display_name.clone()),
            "accountenabled" => Some(self.account_enabled.to_string()),
            other => self.profile.find(other),
        }
    }

    /// The user after `change`.
    ///
    /// # Errors
    /// [`Refused::Invalid`] for a value that the property cannot have.
    pub fn with(&self, change: &UserChange) -> Result<Self, Refused> {
        let mut user = self.clone();
        if let Some(name) = &change.user_principal_name {
            user.user_principal_name = checked_name(name)?;
        }
        if let Some(name) = &change.display_name {
            user.display_name = checked_display_name(name)?;
        }
        if let Some(enabled) = change.account_enabled {
            user.account_enabled = enabled;
        }
        for (name, value) in &change.profile {
            user.profile.set(name, value)?;
        }
        Ok(user)
    }
}

/// A user principal name that may be given: `name@domain`, at most 113 characters, 64 before the `@`,
/// with the characters that Entra ID allows and `+`. That the domain is ours is not checked: domains are
/// not registered here.
///
/// # Errors
/// [`Refused::Invalid`].
pub fn checked_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    let local_ok = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~+".contains(c);
    let domain_ok = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let ok = name.split_once('@').is_some_and(|(local, domain)| {
        (1..=64).contains(&local.len())
            && local.chars().all(local_ok)
            && !local.ends_with('.')
            && !domain.is_empty()
            && domain.chars().all(domain_ok)
            && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
    });
    if ok && name.len() <= 113 {
        return Ok(name.to_owned());
    }
    let expected = "name@domain with at most 113 characters of letters, digits and ' . - _ ! # ^ ~ +";
    Err(Refused::invalid("userPrincipalName", expected, name))
}

/// A display name that may be given: 1 to 256 characters, none of them control characters.
///
/// # Errors
/// [`Refused::Invalid`].
pub fn checked_display_name(name: &str) -> Result<String, Refused> {
    let name = name.trim();
    if !name.is_empty() && name.chars().count() <= 256 && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refused::invalid("displayName", "1 to 256 characters without control characters", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_at_and_plain_characters() {
        for good in ["ana@contoso.example", "o'neil.x-1_+a@a.b", " ana@b "] {
            assert_eq!(checked_name(good).unwrap(), good.trim());
        }
        for bad in [
            "",
            "ana",
            "@b",
            "ana@",
            "a b@c",
            "a@b@c",
            "a.@b",
            "a@b..c",
            "a\u{0}@b",
            "ä@b",
            "a\n@b",
            &format!("{}@b", "x".repeat(65)),
            &format!("a@{}", "x.".repeat(60)),
        ] {
            assert!(matches!(checked_name(bad), Err(Refused::Invalid { .. })), "{bad:?}");
        }
    }

    #[test]
    fn display_names_are_readable() {
        assert!(checked_display_name("Ana Łukasz").is_ok());
        assert!(checked_display_name("  ").is_err());
        assert!(checked_display_name("a\u{7}b").is_err());
        assert!(checked_display_name(&"x".repeat(257)).is_err());
    }
}
