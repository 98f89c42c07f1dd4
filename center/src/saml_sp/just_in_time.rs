//! Users made by signing in. It is off unless an administrator turns it on: AWS has no such users.
//!
//! Only somebody who is unknown here becomes a user. A user who is there is never changed and never taken over:
//! a name that differs in letter case, or an address that belongs to somebody else, refuses the sign-in.

use saml::response::{Accepted, Attribute};
use serde_json::Value as Json;

use crate::identity_store::resource_of;

/// The owner of users that are made so.
pub(super) const OWNER: &str = "jit";
/// The claims, by the names that Entra ID and AD FS give them, and by the short names that others use.
const GIVEN_NAME: [&str; 3] =
    ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "givenName", "firstName"];
const SURNAME: [&str; 4] =
    ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "surname", "sn", "lastName"];
const DISPLAY_NAME: [&str; 2] = ["http://schemas.microsoft.com/identity/claims/displayname", "displayName"];
const EMAIL: [&str; 3] =
    ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "email", "mail"];

/// The SCIM resource of the user that this assertion describes. The user name is the NameID; so is the address,
/// where no claim names another.
pub(super) fn resource(accepted: &Accepted) -> Json {
    let claim = |names: &[&str]| first(&accepted.attributes, names);
    let (given, family) = (claim(&GIVEN_NAME), claim(&SURNAME));
    let mut display = claim(&DISPLAY_NAME);
    if display.is_empty() && given.is_empty() && family.is_empty() {
        display = &accepted.name_id;
    }
    let email = match claim(&EMAIL) {
        "" => accepted.name_id.as_str(),
        email => email,
    };
    resource_of(&accepted.name_id, given, family, display, email)
}

fn first<'a>(attributes: &'a [Attribute], names: &[&str]) -> &'a str {
    let fitting = |name: &&str| attributes.iter().find(|attribute| attribute.name == **name);
    let found = names.iter().find_map(fitting);
    found.and_then(|attribute| attribute.values.first()).map_or("", |value| value.trim())
}
