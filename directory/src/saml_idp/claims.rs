//! What an assertion says about a person: the name and the default claims, in the order in which
//! Entra sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::names::{FORMAT_EMAIL, FORMAT_TRANSIENT, FORMAT_WINDOWS};
use saml::response::Attribute;

use super::refusal::Refusal;
use crate::applications::Application;
use crate::users::User;

const BY_PASSWORD: &str = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password";

/// Where a claim's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The tenant's id.
    Tenant,
    /// Our entity ID.
    Issuer,
    /// How the person signed in.
    Method,
    /// A property of the user.
    User(&'static str),
}

/// The claims of every assertion: five that are fixed, then the four default ones, in the order in which
/// Entra's assertions have them.
pub const DEFAULT_CLAIMS: [(&str, Source); 9] = [
    ("http://schemas.microsoft.com/identity/claims/tenantid", Source::Tenant),
    ("http://schemas.microsoft.com/identity/claims/objectidentifier", Source::User("objectId")),
    ("http://schemas.microsoft.com/identity/claims/displayname", Source::User("displayName")),
    ("http://schemas.microsoft.com/identity/claims/identityprovider", Source::Issuer),
    ("http://schemas.microsoft.com/claims/authnmethodsreferences", Source::Method),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", Source::User("givenName")),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", Source::User("surname")),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", Source::User("mail")),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", Source::User("userPrincipalName")),
];

impl Source {
    /// The value for a person; none where the person has none, or where there is no person to look at.
    pub fn value(self, tenant: &str, idp_entity_id: &str, person: Option<&User>) -> Option<String> {
        match self {
            Self::Tenant => Some(tenant.to_owned()),
            Self::Issuer => Some(idp_entity_id.to_owned()),
            Self::Method => Some(BY_PASSWORD.to_owned()),
            Self::User(property) => person?.property(property).filter(|value| !value.is_empty()),
        }
    }
}

/// The NameID of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// Its format.
    pub format: String,
}

/// The claims about a person. One without a value is left out, as Entra does.
pub fn default_claims(tenant: &str, idp_entity_id: &str, person: &User) -> Vec<Attribute> {
    let with_value = DEFAULT_CLAIMS.iter().filter_map(|(name, source)| {
        let value = source.value(tenant, idp_entity_id, Some(person))?;
        Some(Attribute { name: (*name).to_owned(), values: vec![value] })
    });
    with_value.collect()
}

/// The NameID. The configured source decides the value, the request the format (Entra: "NameIDPolicy
/// overrides the configured format"). A transient name is fresh for each sign-on (SAML Core 8.3.8).
///
/// # Errors
/// [`Refusal::NameIdMissing`] where the source is empty and the format promises an address or a domain
/// name. For an opaque format the name is then one that only this application knows, as Entra's is.
pub fn name_id(
    application: &Application,
    person: &User,
    requested_format: Option<&str>,
    transient_id: &str,
) -> Result<NameId, Refusal> {
    let format = requested_format.unwrap_or(&application.name_id.format).to_owned();
    if format == FORMAT_TRANSIENT {
        return Ok(NameId { value: transient_id.to_owned(), format });
    }
    let source = person.property(&application.name_id.source).filter(|v| !v.trim().is_empty());
    match source {
        Some(value) => Ok(NameId { value, format }),
        None if [FORMAT_EMAIL, FORMAT_WINDOWS].contains(&format.as_str()) => Err(Refusal::NameIdMissing {
            user: person.user_principal_name.clone(),
            application: application.display_name.clone(),
            source_property: application.name_id.source.clone(),
        }),
        None => Ok(NameId { value: pairwise(application, person), format }),
    }
}

/// A name of this person for this application alone: it tells nothing to two applications that compare.
/// Both ids are random, so that the hash cannot be searched.
fn pairwise(application: &Application, person: &User) -> String {
    let text = format!("pairwise {} {}", application.service_principal_id, person.id);
    STANDARD.encode(web::token::hash(&text))
}
