//! A user as single sign-on sees it.

use serde_json::Value as Json;

/// The user.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Its object id.
    pub id: String,
    /// Its sign-in name.
    pub user_principal_name: String,
    /// Its name for people.
    pub display_name: String,
    /// Whether it may sign in.
    pub account_enabled: bool,
    /// Everything else, by Microsoft Graph's property names.
    pub profile: Json,
}

/// Whether an application's assignments reach a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    /// Directly or through a group that counts.
    Yes,
    /// Only through a group inside an assigned group, and those do not count here.
    OnlyNested,
    /// Not at all.
    No,
}

impl Person {
    /// A property as text, by its Graph name in any letter case.
    pub fn property(&self, name: &str) -> Option<String> {
        match name.to_lowercase().as_str() {
            "id" | "objectid" => Some(self.id.clone()),
            "userprincipalname" => Some(self.user_principal_name.clone()),
            "displayname" => Some(self.display_name.clone()),
            lower => {
                let mut all = self.profile.as_object()?.iter();
                all.find(|(n, _)| n.to_lowercase() == lower)?.1.as_str().map(ToOwned::to_owned)
            }
        }
    }
}
