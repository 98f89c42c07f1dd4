//! The decision over one sign-on, from facts alone. The real sign-on and the test page share it.

use saml::authn_request::{AuthnRequest, AuthnRequestRefusal, RequestReason};
use saml::names::{CONTEXT_PASSWORD, CONTEXT_PASSWORD_PROTECTED};
use saml::response::{Attribute, SignOption};
use web::Timestamp;

use super::claims::{self, NameId};
use super::refusal::Refusal;
use super::trace::Trace;
use crate::applications::{Application, Assigned, Certificate, KeyCredential, SigningOption, Usage, Via};
use crate::claims::{Configuration, Memberships};
use crate::users::User;

/// Longest SPNameQualifier that is echoed.
const LONGEST_QUALIFIER: usize = 1024;
const CONTEXT_UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

/// Everything that a decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The tenant's id.
    pub tenant: &'a str,
    /// The tenant's entity ID.
    pub idp_entity_id: &'a str,
    /// The request; none where the sign-on starts here.
    pub request: Option<&'a AuthnRequest>,
    /// Whether the request's signature was verified when it came.
    pub verified: bool,
    /// The application, where one was found.
    pub application: Option<&'a Application>,
    /// Its certificates, the active one first.
    pub certificates: &'a [Certificate],
    /// The application's own certificates.
    pub key_credentials: &'a [KeyCredential],
    /// The user.
    pub person: &'a User,
    /// Why the user may sign in, where that is so.
    pub assigned: Option<&'a Assigned>,
    /// Whether an assigned group has the user in a group inside it.
    pub only_nested: bool,
    /// Now.
    pub now: Timestamp,
    /// The name that a transient NameID gets.
    pub transient_id: &'a str,
    /// The configured claims.
    pub claims: &'a Configuration,
    /// The user's groups, as far as the claims ask for them.
    pub memberships: &'a Memberships,
    /// Where the user's groups can be asked for.
    pub groups_link: &'a str,
}

/// What is to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The reply URL, registered for the application.
    pub reply_url: String,
    /// Our entity ID, as the application knows it.
    pub issuer: String,
    /// For whom the assertion is.
    pub audience: String,
    /// The name.
    pub name_id: NameId,
    /// Echoed from the request.
    pub sp_name_qualifier: Option<String>,
    /// The claims.
    pub attributes: Vec<Attribute>,
    /// How the person signed in.
    pub authn_context: String,
    /// What is signed.
    pub sign: SignOption,
    /// The certificate whose key signs.
    pub certificate: Certificate,
    /// The certificate that the assertion is encrypted for; none: it is not encrypted.
    pub encrypt_for: Option<KeyCredential>,
}

/// What comes before the user is known: the application and the reply URL.
///
/// # Errors
/// The first rule that is broken.
pub fn admit<'a>(
    request: Option<&AuthnRequest>,
    application: Option<&'a Application>,
    trace: &mut Trace,
) -> Result<(&'a Application, String), Refusal> {
    let asked = request.map_or("an application", |r| r.issuer.as_str());
    let found = application.ok_or_else(|| Refusal::application_not_found(asked));
    let application = trace
        .step("Identifier (entity ID)", "a registered application", found, |a| a.display_name.clone())?;
    trace.step("Application enabled", "yes", enabled(application), |()| "yes".to_owned())?;
    trace.step("Single sign-on mode", "SAML", saml_mode(application), |()| "SAML".to_owned())?;
    let reply = reply_url(request, application);
    let reply = trace.step("Reply URL", "registered for the application", reply, Clone::clone)?;
    if let Some(request) = request {
        let requested = authn_context(request, application);
        trace.step("Authentication method", "Password", requested, Clone::clone)?;
        trace.step("SPNameQualifier", "short, or none", qualifier(request), |()| "fits".to_owned())?;
    }
    Ok((application, reply))
}

/// The whole decision with its checks.
///
/// # Errors
/// The first rule that is broken.
pub fn decide(facts: &Facts<'_>, trace: &mut Trace) -> Result<Grant, Refusal> {
    let (application, reply_url) = admit(facts.request, facts.application, trace)?;
    let signature = signed_where_required(facts, application);
    trace.step("Request signature", "verified, or not required", signature, |text| (*text).to_owned())?;
    let person = facts.person;
    let name = |()| person.user_principal_name.clone();
    trace.step("User enabled", "an enabled account", user_enabled(person), |()| name(()))?;
    let assigned = assigned(facts, application);
    trace.step("Assignment", "assigned, or assignment not required", assigned, Clone::clone)?;
    let requested_format = facts.request.and_then(|r| r.name_id_format.as_deref());
    let transformation = facts.claims.name_id_transformation.as_deref();
    let name_id = claims::name_id(
        application,
        transformation,
        person,
        requested_format,
        facts.transient_id,
        &mut Vec::new(),
    );
    let expected = format!("from {}", application.name_id.source);
    let name_id = trace.step("NameID", &expected, name_id, |n| format!("{} ({})", n.value, n.format))?;
    let certificate = own_certificate(facts, application);
    let shown = |c: &&Certificate| shown_certificate(c, facts.now);
    let certificate = trace.step("Signing certificate", "active and valid", certificate, shown)?;
    let encrypt_for = encryption_certificate(facts, application);
    let expected = "its certificate, or no token encryption";
    let encrypt_for =
        trace.step("Token encryption", expected, encrypt_for, |c| shown_encryption(*c, facts.now))?;
    let audience = audience(facts, application);
    let expected = "the application's identifier, or what is configured in its place";
    let audience = trace.step("Audience", expected, audience, Clone::clone)?;
    let attributes = claims::attributes(facts);
    let expected = "a value for each required claim, and not too many groups";
    let attributes = trace.step("Claims", expected, attributes, |all| format!("{} claims", all.len()))?;
    let authn_context = facts
        .request
        .map_or_else(|| Ok(CONTEXT_PASSWORD.to_owned()), |request| authn_context(request, application))?;
    Ok(Grant {
        reply_url,
        issuer: facts.claims.issuer(facts.idp_entity_id, &application.app_id),
        audience,
        name_id,
        sp_name_qualifier: facts.request.and_then(|r| r.sp_name_qualifier.clone()),
        attributes,
        authn_context,
        sign: sign_option(application.signing_option),
        certificate: certificate.clone(),
        encrypt_for: encrypt_for.cloned(),
    })
}

fn enabled(application: &Application) -> Result<(), Refusal> {
    if application.account_enabled {
        return Ok(());
    }
    Err(Refusal::ApplicationDisabled { application: application.display_name.clone() })
}

fn saml_mode(application: &Application) -> Result<(), Refusal> {
    if application.saml {
        return Ok(());
    }
    Err(Refusal::NotSaml { application: application.display_name.clone() })
}

/// The requested URL if it is registered, else the default one; nothing else is ever posted to.
fn reply_url(request: Option<&AuthnRequest>, application: &Application) -> Result<String, Refusal> {
    let registered = &registered(application);
    let url = match request {
        Some(request) => request.reply_url(registered).map_err(Refusal::Request)?.to_owned(),
        None => registered.first().cloned().ok_or_else(|| {
            let reason = RequestReason::NoReplyUrl.into();
            Refusal::Request(AuthnRequestRefusal::new(reason, "a registered reply URL", "none"))
        })?,
    };
    // A browser must be able to post to it; `javascript:` and the like are no addresses.
    let usable = url::Url::parse(&url).is_ok_and(|u| matches!(u.scheme(), "https" | "http") && u.has_host());
    if usable {
        return Ok(url);
    }
    let application = application.display_name.clone();
    Err(Refusal::ReplyUrlUnusable { application, url })
}

/// The default one first: the rule for a request that names none takes the first.
fn registered(application: &Application) -> Vec<String> {
    let default = application.default_reply_url();
    let others = application.reply_urls.iter().map(|r| r.url.as_str()).filter(|url| Some(*url) != default);
    default.into_iter().chain(others).map(ToOwned::to_owned).collect()
}

fn sign_option(option: SigningOption) -> SignOption {
    match option {
        SigningOption::Assertion => SignOption::Assertion,
        SigningOption::Response => SignOption::Response,
        SigningOption::Both => SignOption::ResponseAndAssertion,
    }
}

/// The class that the assertion names: the first of the requested ones that a password fulfils, and
/// Password where none is requested, as Entra says.
fn authn_context(request: &AuthnRequest, application: &Application) -> Result<String, Refusal> {
    let fulfilled = [CONTEXT_PASSWORD, CONTEXT_PASSWORD_PROTECTED, CONTEXT_UNSPECIFIED];
    if request.authn_contexts.is_empty() {
        return Ok(CONTEXT_PASSWORD.to_owned());
    }
    let first = request.authn_contexts.iter().find(|class| fulfilled.contains(&class.as_str()));
    first.cloned().ok_or_else(|| Refusal::AuthnContextMismatch {
        application: application.display_name.clone(),
        requested: request.authn_contexts.clone(),
    })
}

fn qualifier(request: &AuthnRequest) -> Result<(), Refusal> {
    match request.sp_name_qualifier.as_ref().map_or(0, String::len) {
        length if length > LONGEST_QUALIFIER => Err(Refusal::NameQualifierTooLong { length }),
        _ => Ok(()),
    }
}

fn user_enabled(person: &User) -> Result<(), Refusal> {
    if person.account_enabled {
        return Ok(());
    }
    Err(Refusal::UserDisabled { user: person.user_principal_name.clone() })
}

fn assigned(facts: &Facts<'_>, application: &Application) -> Result<String, Refusal> {
    match facts.assigned.map(|assigned| &assigned.via) {
        Some(Via::Direct) => Ok("assigned in person".to_owned()),
        Some(Via::Group { display_name, .. }) => Ok(format!("through the group {display_name}")),
        Some(Via::NotRequired) => Ok("not required".to_owned()),
        None => Err(Refusal::NotAssigned {
            user: facts.person.user_principal_name.clone(),
            application: application.display_name.clone(),
            only_nested: facts.only_nested,
        }),
    }
}

/// Looked at here as well as on arrival: what was required may have changed while the request waited. A
/// sign-on that starts here has no request that could be signed, so Entra has none for such applications.
fn signed_where_required(facts: &Facts<'_>, application: &Application) -> Result<&'static str, Refusal> {
    match (application.request_signature_verification.is_signed_request_required, facts.verified) {
        (_, true) => Ok("verified"),
        (false, false) => Ok("not required"),
        (true, false) => {
            Err(Refusal::SignedRequestRequired { application: application.display_name.clone() })
        }
    }
}

/// What cannot be encrypted as it was asked for is not sent at all.
fn encryption_certificate<'a>(
    facts: &Facts<'a>,
    application: &Application,
) -> Result<Option<&'a KeyCredential>, Refusal> {
    let Some(key_id) = &application.token_encryption_key_id else { return Ok(None) };
    let known = |known: &&KeyCredential| known.key_id == *key_id && known.usage == Usage::Encrypt;
    let missing = || Refusal::NoEncryptionCertificate {
        application: application.display_name.clone(),
        key_id: key_id.clone(),
    };
    facts.key_credentials.iter().find(known).map(Some).ok_or_else(missing)
}

/// An expired certificate still encrypts: its key is what counts, and clear text would be worse.
fn shown_encryption(certificate: Option<&KeyCredential>, now: Timestamp) -> String {
    match certificate {
        None => "off".to_owned(),
        Some(c) if c.not_after <= now => format!("for {}, which has expired", c.thumbprint),
        Some(c) => format!("for {}", c.thumbprint),
    }
}

/// The certificate that signs: the active one; where it has expired and another has not, that one; where
/// all have expired, still the active one (Entra: "Manage federation certificates").
///
/// # Errors
/// [`Refusal::NoSigningKey`] where there is none.
pub fn signing_certificate<'a>(
    application: &Application,
    all: &'a [Certificate],
    now: Timestamp,
) -> Result<&'a Certificate, Refusal> {
    let active = all.iter().find(|c| c.active);
    let valid = |c: &&Certificate| c.not_before <= now && now < c.not_after;
    active
        .filter(valid)
        .or_else(|| all.iter().filter(valid).max_by_key(|c| c.not_after))
        .or(active)
        .ok_or_else(|| Refusal::NoSigningKey {
            application: application.display_name.clone(),
            found: "no certificate".to_owned(),
        })
}

/// Entra signs no changed claims without a certificate of the application's own (AADSTS50146).
fn own_certificate<'a>(facts: &Facts<'a>, application: &Application) -> Result<&'a Certificate, Refusal> {
    if facts.certificates.is_empty() && *facts.claims != Configuration::default() {
        let application = application.display_name.clone();
        return Err(Refusal::CustomSigningKeyMissing { application });
    }
    signing_certificate(application, facts.certificates, facts.now)
}

fn shown_certificate(certificate: &Certificate, now: Timestamp) -> String {
    let state = match (certificate.active, now < certificate.not_after) {
        (true, true) => "active",
        (true, false) => "active, but expired: applications that check it refuse",
        (false, _) => "inactive, because the active one has expired",
    };
    format!("{} until {}, {state}", certificate.thumbprint, certificate.not_after.readable())
}

/// The configured audience. Without one the request's Issuer, which is an identifier of the application; the first
/// identifier where the sign-on starts here. What is no URI gets `spn:` before it (Entra: "Audience").
fn audience(facts: &Facts<'_>, application: &Application) -> Result<String, Refusal> {
    if let Some(audience) = &facts.claims.audience_override {
        return Ok(audience.clone());
    }
    let identifier = match facts.request {
        Some(request) => &request.issuer,
        None => application
            .identifiers
            .first()
            .ok_or_else(|| Refusal::NoIdentifier { application: application.display_name.clone() })?,
    };
    Ok(if is_uri(identifier) { identifier.clone() } else { format!("spn:{identifier}") })
}

fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::is_uri;

    #[test]
    fn what_has_a_scheme_is_a_uri() {
        for uri in ["https://sp.example/saml", "urn:amazon:webservices", "spn:x", "a+b-c.d:"] {
            assert!(is_uri(uri), "{uri}");
        }
        for other in ["sp", "sp.example/saml", "1a:b", ":a", "a b:c", ""] {
            assert!(!is_uri(other), "{other}");
        }
    }
}
