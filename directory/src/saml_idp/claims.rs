//! What an assertion says about a person: the name and the default claims, in the order in which
//! Entra sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::names::{FORMAT_EMAIL, FORMAT_TRANSIENT, FORMAT_WINDOWS};
use saml::response::Attribute;

use super::refusal::Refusal;
use crate::applications::Application;
use crate::users::User;

const MICROSOFT: &str = "http://schemas.microsoft.com/identity/claims/";
const XMLSOAP: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const METHODS: &str = "http://schemas.microsoft.com/claims/authnmethodsreferences";
const BY_PASSWORD: &str = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password";

/// The NameID of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// Its format.
    pub format: String,
}

/// The fixed claims, then the four default ones. One without a value is left out, as Entra does.
pub fn default_claims(tenant: &str, idp_entity_id: &str, person: &User) -> Vec<Attribute> {
    let of = |property: &str| person.property(property);
    let all = [
        (format!("{MICROSOFT}tenantid"), Some(tenant.to_owned())),
        (format!("{MICROSOFT}objectidentifier"), of("objectId")),
        (format!("{MICROSOFT}displayname"), of("displayName")),
        (format!("{MICROSOFT}identityprovider"), Some(idp_entity_id.to_owned())),
        (METHODS.to_owned(), Some(BY_PASSWORD.to_owned())),
        (format!("{XMLSOAP}givenname"), of("givenName")),
        (format!("{XMLSOAP}surname"), of("surname")),
        (format!("{XMLSOAP}emailaddress"), of("mail")),
        (format!("{XMLSOAP}name"), of("userPrincipalName")),
    ];
    let with_value = all.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|v| !v.is_empty())?;
        Some(Attribute { name, values: vec![value] })
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
