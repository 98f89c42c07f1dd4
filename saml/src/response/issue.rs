//! Issues responses in the shape that Entra's have on the wire.

use time::{Duration, OffsetDateTime};

use super::assertion::Attribute;
use crate::certificate::{SigningKey, SigningKeyError};
use crate::dsig::sign_enveloped;
use crate::encryption::{Encryption, EncryptionError, encrypt};
use crate::instant;
use crate::names::{ASSERTION, BEARER, PROTOCOL, STATUS_SUCCESS};
use crate::xml::{IllegalCharacter, Name, Writer};

/// Validity begins so long before the issue, for clocks that are behind.
const BEFORE: Duration = Duration::minutes(5);
/// Validity ends so long after the issue.
const AFTER: Duration = Duration::minutes(60);

/// Which elements are signed ("Signing option").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignOption {
    /// Sign SAML assertion.
    #[default]
    Assertion,
    /// Sign SAML response.
    Response,
    /// Sign SAML response and assertion.
    ResponseAndAssertion,
}

/// Everything that a response says.
#[derive(Debug, Clone, Copy)]
pub struct IssueResponse<'a> {
    /// The ID of the response: `_` and a GUID, given by the caller.
    pub response_id: &'a str,
    /// The ID of the assertion, and its SessionIndex.
    pub assertion_id: &'a str,
    /// The time of issue.
    pub now: OffsetDateTime,
    /// The identity provider's entity ID.
    pub issuer: &'a str,
    /// The reply URL: Destination and Recipient.
    pub destination: &'a str,
    /// The service provider's entity ID.
    pub audience: &'a str,
    /// The ID of the request; none when the identity provider begins.
    pub in_response_to: Option<&'a str>,
    /// The person.
    pub name_id: &'a str,
    /// The format of the NameID.
    pub name_id_format: &'a str,
    /// Echoed from the request's NameIDPolicy.
    pub sp_name_qualifier: Option<&'a str>,
    /// Claims in their order. One without values is left out.
    pub attributes: &'a [Attribute],
    /// When the person signed in, which may be long ago.
    pub authn_instant: OffsetDateTime,
    /// How the person signed in, as an authentication context class.
    pub authn_context: &'a str,
    /// Which elements to sign.
    pub sign: SignOption,
}

/// Why a response cannot be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// A value has a character that XML cannot carry. Leaving it out would name somebody else.
    #[error("the value {0:?} has a character that XML cannot carry")]
    IllegalCharacter(String),
    /// The key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
    /// The assertion could not be encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
}

impl From<IllegalCharacter> for IssueError {
    fn from(e: IllegalCharacter) -> Self {
        IssueError::IllegalCharacter(e.value)
    }
}

/// Issues a response with one assertion.
///
/// # Errors
/// [`IssueError`].
pub fn issue_response(response: &IssueResponse<'_>, key: &SigningKey) -> Result<String, IssueError> {
    around(response, key, &assertion(response, key)?)
}

/// Issues a response with one encrypted assertion. The assertion is signed first, where the option says so, and then
/// encrypted; the signature of the response covers the encrypted form.
///
/// # Errors
/// [`IssueError`].
pub fn issue_encrypted_response(
    response: &IssueResponse<'_>,
    key: &SigningKey,
    encryption: &Encryption<'_>,
) -> Result<String, IssueError> {
    around(response, key, &encrypt(&assertion(response, key)?, encryption)?)
}

fn assertion(response: &IssueResponse<'_>, key: &SigningKey) -> Result<String, IssueError> {
    let (assertion, position) = write_assertion(response)?;
    if response.sign == SignOption::Response {
        return Ok(assertion);
    }
    Ok(sign_enveloped(&assertion, position, response.assertion_id, key)?)
}

fn around(response: &IssueResponse<'_>, key: &SigningKey, assertion: &str) -> Result<String, IssueError> {
    let sign_response = response.sign != SignOption::Assertion;
    let (xml, position) = write_response(response, assertion)?;
    if sign_response {
        return Ok(sign_enveloped(&xml, position, response.response_id, key)?);
    }
    Ok(xml)
}

fn write_response(
    response: &IssueResponse<'_>,
    assertion: &str,
) -> Result<(String, usize), IllegalCharacter> {
    let mut writer = Writer::new();
    writer.open(
        samlp("Response"),
        &[
            ("ID", Some(response.response_id)),
            ("Version", Some("2.0")),
            ("IssueInstant", Some(&instant::write(response.now))),
            ("Destination", Some(response.destination)),
            ("InResponseTo", response.in_response_to),
        ],
    );
    writer.leaf(saml("Issuer"), &[], response.issuer);
    let position = writer.position();
    writer.open(samlp("Status"), &[]);
    writer.leaf(samlp("StatusCode"), &[("Value", Some(STATUS_SUCCESS))], "");
    writer.close();
    writer.fragment(assertion);
    Ok((writer.finish()?, position))
}

/// The assertion and the place of its signature, directly after Issuer (SAML Core 2.3.3).
fn write_assertion(response: &IssueResponse<'_>) -> Result<(String, usize), IllegalCharacter> {
    let mut writer = Writer::new();
    writer.open(
        saml("Assertion"),
        &[
            ("ID", Some(response.assertion_id)),
            ("IssueInstant", Some(&instant::write(response.now))),
            ("Version", Some("2.0")),
        ],
    );
    writer.leaf(saml("Issuer"), &[], response.issuer);
    let position = writer.position();
    write_subject(&mut writer, response);
    write_conditions(&mut writer, response);
    write_attributes(&mut writer, response.attributes);
    write_authn_statement(&mut writer, response);
    Ok((writer.finish()?, position))
}

fn write_subject(writer: &mut Writer, response: &IssueResponse<'_>) {
    writer.open(saml("Subject"), &[]);
    let format = [("Format", Some(response.name_id_format)), ("SPNameQualifier", response.sp_name_qualifier)];
    writer.leaf(saml("NameID"), &format, response.name_id);
    writer.open(saml("SubjectConfirmation"), &[("Method", Some(BEARER))]);
    writer.leaf(
        saml("SubjectConfirmationData"),
        &[
            ("InResponseTo", response.in_response_to),
            ("NotOnOrAfter", Some(&instant::write(response.now + AFTER))),
            ("Recipient", Some(response.destination)),
        ],
        "",
    );
    writer.close();
    writer.close();
}

fn write_conditions(writer: &mut Writer, response: &IssueResponse<'_>) {
    writer.open(
        saml("Conditions"),
        &[
            ("NotBefore", Some(&instant::write(response.now - BEFORE))),
            ("NotOnOrAfter", Some(&instant::write(response.now + AFTER))),
        ],
    );
    writer.open(saml("AudienceRestriction"), &[]);
    writer.leaf(saml("Audience"), &[], response.audience);
    writer.close();
    writer.close();
}

/// The schema wants at least one attribute in the statement, so an empty statement is left out.
fn write_attributes(writer: &mut Writer, attributes: &[Attribute]) {
    let mut with_values = attributes.iter().filter(|a| !a.values.is_empty()).peekable();
    if with_values.peek().is_none() {
        return;
    }
    writer.open(saml("AttributeStatement"), &[]);
    for attribute in with_values {
        let name_format = attribute.name_format.as_deref();
        writer.open(saml("Attribute"), &[("Name", Some(&attribute.name)), ("NameFormat", name_format)]);
        for value in &attribute.values {
            writer.leaf(saml("AttributeValue"), &[], value);
        }
        writer.close();
    }
    writer.close();
}

fn write_authn_statement(writer: &mut Writer, response: &IssueResponse<'_>) {
    writer.open(
        saml("AuthnStatement"),
        &[
            ("AuthnInstant", Some(&instant::write(response.authn_instant))),
            ("SessionIndex", Some(response.assertion_id)),
        ],
    );
    writer.open(saml("AuthnContext"), &[]);
    writer.leaf(saml("AuthnContextClassRef"), &[], response.authn_context);
    writer.close();
    writer.close();
}

/// Entra writes assertions in the default namespace.
pub(crate) fn saml(local: &'static str) -> Name {
    Name { prefix: "", uri: ASSERTION, local }
}

pub(crate) fn samlp(local: &'static str) -> Name {
    Name { prefix: "samlp", uri: PROTOCOL, local }
}
