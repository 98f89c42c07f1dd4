//! A group.

use serde_json::{Value as Json, json};
use web::Timestamp;

use super::{IdentityError, Owner};

const MAX_DISPLAY_NAME: usize = 1024;
const MAX_EXTERNAL_ID: usize = 256;
const MAX_DESCRIPTION: usize = 1024;

/// A group as stored. Its members are rows of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// UUID.
    pub id: String,
    /// Its name, identity provider's id and description.
    pub fields: GroupFields,
    /// What it has of extension schemas, by URN; null where it has nothing.
    pub extensions: Json,
    /// Who made it: see [`Owner`].
    pub owner: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it, or its membership, was last changed.
    pub updated_at: Timestamp,
    /// How often it, or its membership, was written; an ETag is made of it.
    pub version: i64,
}

/// What can be set on a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFields {
    /// Its name; unique without case.
    pub display_name: String,
    /// The identity provider's id.
    pub external_id: Option<String>,
    /// For people; SCIM does not have it.
    pub description: String,
}

impl GroupFields {
    /// Checks lengths and characters.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`].
    pub fn check(&self) -> Result<(), IdentityError> {
        if self.display_name.trim().is_empty() {
            return Err(invalid("displayName", "a value is required".to_owned()));
        }
        limit("displayName", &self.display_name, MAX_DISPLAY_NAME)?;
        limit("externalId", self.external_id.as_deref().unwrap_or_default(), MAX_EXTERNAL_ID)?;
        limit("description", &self.description, MAX_DESCRIPTION)
    }
}

impl Group {
    /// Who owns it.
    pub fn made_by(&self) -> Owner {
        Owner::of(&self.owner)
    }

    /// What events show of the group.
    pub fn for_event(&self) -> Json {
        let mut shown = json!({
            "id": self.id,
            "displayName": self.fields.display_name,
            "externalId": self.fields.external_id,
            "description": self.fields.description,
            "owner": self.owner,
        });
        if let (Some(shown), Some(extensions)) = (shown.as_object_mut(), self.extensions.as_object()) {
            shown.extend(extensions.clone());
        }
        shown
    }
}

fn limit(attribute: &'static str, value: &str, max: usize) -> Result<(), IdentityError> {
    if value.chars().count() > max {
        return Err(invalid(attribute, format!("at most {max} characters are allowed")));
    }
    if value.chars().any(char::is_control) {
        return Err(invalid(attribute, "control characters are not allowed".to_owned()));
    }
    Ok(())
}

fn invalid(attribute: &'static str, why: String) -> IdentityError {
    IdentityError::Invalid { attribute, why, found: String::new() }
}
