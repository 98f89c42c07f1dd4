//! A user: the SCIM resource, and the columns that are looked up or decided on.

use scim::caseless;
use serde_json::{Map, Value as Json, json};
use store::StoreError;
use web::Timestamp;

use super::{IdentityError, Owner};

/// Longest user name (API reference of CreateUser).
const MAX_USER_NAME: usize = 128;
const MAX_DISPLAY_NAME: usize = 1024;
const MAX_EXTERNAL_ID: usize = 256;
/// RFC 5321 §4.5.3.1.3 leaves 254 for an address.
const MAX_EMAIL: usize = 254;
const MAX_RESOURCE: usize = 64 << 10;
/// User names that AWS keeps for itself.
const RESERVED: [&str; 2] = ["administrator", "awsadministrators"];

/// A user as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// UUID.
    pub id: String,
    /// As written; compared without case.
    pub user_name: String,
    /// For people.
    pub display_name: String,
    /// The identity provider's id.
    pub external_id: Option<String>,
    /// Whether the user may sign in.
    pub active: bool,
    /// Who made the user: see [`Owner`].
    pub owner: String,
    /// The SCIM resource without `id` and `meta`.
    pub resource: Json,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When the user was last changed.
    pub updated_at: Timestamp,
    /// How often it was written; an ETag is made of it.
    pub version: i64,
}

impl User {
    /// The primary e-mail address; else the first; else nothing.
    pub fn email(&self) -> Option<&str> {
        primary_email(&self.resource).or_else(|| self.resource["emails"][0]["value"].as_str())
    }

    /// A text of the resource by its path, for example `/name/givenName`; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.resource.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
    }

    /// Who owns it.
    pub fn made_by(&self) -> Owner {
        Owner::of(&self.owner)
    }

    /// What events show of the user: the resource with its id and owner.
    pub fn for_event(&self) -> Json {
        for_event(&self.id, &self.owner, &self.resource)
    }
}

/// What events show of a user with this resource.
pub(super) fn for_event(id: &str, owner: &str, resource: &Json) -> Json {
    let mut shown = Map::from_iter([("id".to_owned(), json!(id)), ("owner".to_owned(), json!(owner))]);
    let members = resource.as_object().into_iter().flatten().filter(|(name, _)| *name != "schemas");
    shown.extend(members.map(|(name, value)| (name.clone(), value.clone())));
    Json::Object(shown)
}

/// A user as answers show one: the row without what it is only looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// UUID.
    pub id: String,
    /// Who made the user: see [`Owner`].
    pub owner: String,
    /// The SCIM resource without `id` and `meta`, as JSON text.
    pub resource: String,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When the user was last changed.
    pub updated_at: Timestamp,
    /// How often it was written; an ETag is made of it.
    pub version: i64,
    /// Whether the user is in a group: most look-ups of memberships are spared by it.
    pub in_groups: bool,
}

impl StoredUser {
    /// The same of a user who was just written and may be in groups.
    ///
    /// # Errors
    /// The store's.
    pub fn of(user: User) -> Result<Self, StoreError> {
        let resource = store::json_text(&user.resource)?;
        let User { id, owner, created_at, updated_at, version, .. } = user;
        Ok(Self { id, owner, resource, created_at, updated_at, version, in_groups: true })
    }

    /// The resource.
    ///
    /// # Errors
    /// The store's, where the text is no JSON.
    pub fn json(&self) -> Result<Json, StoreError> {
        serde_json::from_str(&self.resource)
            .map_err(|error| StoreError::Database(format!("the resource of user {}: {error}", self.id)))
    }
}

/// A user to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewUser {
    /// A fresh id.
    pub id: String,
    /// Who makes it, as [`Owner`] is stored.
    pub owner: String,
    /// The SCIM resource without `id` and `meta`. `active` must be in it: absent counts as false.
    pub resource: Json,
}

/// What is looked up or decided on, read from a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// `userName`.
    pub user_name: String,
    /// The same as it is compared.
    pub user_name_key: String,
    /// `displayName`.
    pub display_name: String,
    /// The same as it is compared.
    pub display_name_key: String,
    /// `externalId`.
    pub external_id: Option<String>,
    /// The primary e-mail address as it is compared.
    pub primary_email_key: Option<String>,
    /// `active`; false where it is absent, so that nobody gets in by a value that was left out.
    pub active: bool,
}

/// The text of a resource, as a row holds it.
///
/// # Errors
/// [`IdentityError::Invalid`] for one that is too large; the store's.
pub(super) fn text_of(resource: &Json) -> Result<String, IdentityError> {
    let text = store::json_text(resource)?;
    let size = text.len();
    if size > MAX_RESOURCE {
        let why = format!("{size} bytes are more than the {MAX_RESOURCE} allowed");
        return Err(invalid("user", &why, ""));
    }
    Ok(text)
}

impl Columns {
    /// Reads and checks the columns of a resource.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] with the attribute.
    pub fn of(resource: &Json) -> Result<Self, IdentityError> {
        let user_name = user_name(resource["userName"].as_str().unwrap_or_default())?;
        let display_name =
            required("displayName", Some(&display_name(resource, &user_name)), MAX_DISPLAY_NAME)?;
        let external_id = match resource["externalId"].as_str() {
            None | Some("") => None,
            given => Some(required("externalId", given, MAX_EXTERNAL_ID)?),
        };
        let email = match primary_email(resource) {
            None => None,
            given => Some(caseless::key(&required("emails", given, MAX_EMAIL)?)),
        };
        Ok(Self {
            user_name_key: caseless::key(&user_name),
            display_name_key: caseless::key(&display_name),
            user_name,
            display_name,
            external_id,
            primary_email_key: email,
            active: resource["active"].as_bool().unwrap_or(false),
        })
    }
}

/// The resource of a user that a person describes in a form or through the admin API. Empty texts are
/// left out; the display name is made of the names where it is empty.
pub fn resource_of(user_name: &str, given: &str, family: &str, display: &str, email: &str) -> Json {
    let full = format!("{given} {family}");
    let display = if display.is_empty() { full.trim() } else { display };
    let mut resource = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user_name,
        "name": { "givenName": given, "familyName": family },
        "displayName": display,
        "active": true,
    });
    if !email.is_empty() {
        resource["emails"] = json!([{ "value": email, "type": "work", "primary": true }]);
    }
    resource
}

/// `displayName`, or what people see where a user has none: SCIM does not demand it (RFC 7643 §4.1.1). One
/// that is there and empty, as a form sends it, is refused by the caller.
fn display_name(resource: &Json, user_name: &str) -> String {
    if let Some(given) = resource["displayName"].as_str() {
        return given.to_owned();
    }
    let text = |pointer: &str| resource.pointer(pointer).and_then(Json::as_str).unwrap_or_default().trim();
    let full = format!("{} {}", text("/name/givenName"), text("/name/familyName"));
    let choices = [text("/name/formatted"), full.trim(), user_name];
    choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default().to_owned()
}

fn primary_email(resource: &Json) -> Option<&str> {
    let emails = resource["emails"].as_array()?;
    let primary = emails.iter().find(|e| e["primary"] == true)?;
    primary["value"].as_str().filter(|value| !value.is_empty())
}

/// Letters, marks, symbols, numbers, punctuation, no blanks; not what AWS refuses from Entra (the AWS
/// provisioning tutorial of entra-docs names `< > ; : %`).
fn user_name(name: &str) -> Result<String, IdentityError> {
    let name = required("userName", Some(name), MAX_USER_NAME)?;
    if name.chars().any(|c| c.is_whitespace() || "<>;:%".contains(c)) {
        let why = "a user name has no blanks and none of < > ; : %";
        return Err(invalid("userName", why, &name));
    }
    if RESERVED.contains(&caseless::key(&name).as_str()) {
        return Err(invalid("userName", "this name is reserved; choose another", &name));
    }
    Ok(name)
}

fn required(attribute: &'static str, value: Option<&str>, max: usize) -> Result<String, IdentityError> {
    let value = value.unwrap_or_default();
    if value.trim().is_empty() {
        return Err(invalid(attribute, "a value is required", value));
    }
    if value.chars().count() > max {
        return Err(invalid(attribute, &format!("at most {max} characters are allowed"), ""));
    }
    if value.chars().any(char::is_control) {
        return Err(invalid(attribute, "control characters are not allowed", ""));
    }
    Ok(value.to_owned())
}

fn invalid(attribute: &'static str, why: &str, found: &str) -> IdentityError {
    IdentityError::Invalid { attribute, why: why.to_owned(), found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(user_name: &str) -> Result<Columns, IdentityError> {
        Columns::of(&resource_of(user_name, "Ana", "Ng", "", "Ana@X.example"))
    }

    #[test]
    fn columns_come_from_the_resource() {
        let c = columns("Ana@X.example").unwrap();
        assert_eq!((c.user_name_key.as_str(), c.display_name.as_str()), ("ana@x.example", "Ana Ng"));
        assert_eq!(c.primary_email_key.as_deref(), Some("ana@x.example"));
        assert!(c.active);
    }

    #[test]
    fn names_that_aws_refuses_are_refused() {
        let long = "x".repeat(129);
        for bad in ["", " ", "a b", "a\tb", "a<b", "a:b", "a%b", "Administrator", "AWSADMINISTRATORS", &long]
        {
            let error = columns(bad).unwrap_err();
            assert!(matches!(error, IdentityError::Invalid { attribute: "userName", .. }), "{bad}: {error}");
        }
    }

    #[test]
    fn without_active_nobody_gets_in() {
        let mut resource = resource_of("ana", "Ana", "Ng", "", "");
        resource.as_object_mut().unwrap().remove("active");
        assert!(!Columns::of(&resource).unwrap().active);
        resource["active"] = json!("True");
        assert!(!Columns::of(&resource).unwrap().active);
    }

    #[test]
    fn whoever_has_no_display_name_is_shown_by_another() {
        let shown = |resource: Json| Columns::of(&resource).map(|c| c.display_name);
        assert_eq!(shown(json!({ "userName": "ana" })).unwrap(), "ana");
        assert_eq!(shown(json!({ "userName": "ana", "name": { "familyName": "Ng" } })).unwrap(), "Ng");
        let formatted = json!({ "userName": "ana", "name": { "formatted": "Dr. Ng", "familyName": "Ng" } });
        assert_eq!(shown(formatted).unwrap(), "Dr. Ng");
        assert!(shown(json!({ "userName": "ana", "displayName": "" })).is_err());
    }

    #[test]
    fn an_email_that_is_not_primary_is_not_unique() {
        let mut resource = resource_of("ana", "Ana", "Ng", "", "a@x.example");
        resource["emails"][0]["primary"] = json!(false);
        assert_eq!(Columns::of(&resource).unwrap().primary_email_key, None);
    }

    #[test]
    fn a_resource_that_is_too_large_is_refused() {
        let resource = |size: usize| json!({ "userName": "ana", "title": "x".repeat(size) });
        assert!(text_of(&resource(MAX_RESOURCE - 100)).is_ok());
        let refused = text_of(&resource(MAX_RESOURCE)).unwrap_err();
        assert!(matches!(refused, IdentityError::Invalid { .. }), "{refused}");
    }
}
