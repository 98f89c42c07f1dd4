//! Writes the request as IAM Identity Center sends it: without ForceAuthn, IsPassive, AllowCreate,
//! RequestedAuthnContext and Scoping.

use time::OffsetDateTime;

use crate::certificate::{SigningKey, SigningKeyError};
use crate::dsig::sign_enveloped;
use crate::instant;
use crate::names::{ASSERTION, HTTP_POST, PROTOCOL};
use crate::xml::{IllegalCharacter, Name, Writer};

/// What a request says.
#[derive(Debug, Clone, Copy)]
pub struct WriteAuthnRequest<'a> {
    /// The ID, given by the caller and remembered until the response comes. It must not begin with a digit.
    pub id: &'a str,
    /// The time of the request.
    pub issue_instant: OffsetDateTime,
    /// The identity provider's sign-in URL.
    pub destination: &'a str,
    /// Where the response has to go.
    pub assertion_consumer_service_url: &'a str,
    /// The service provider's entity ID.
    pub issuer: &'a str,
    /// The NameID format that is wanted.
    pub name_id_format: &'a str,
}

/// A value cannot be written as XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value {value:?} has a character that XML cannot carry")]
pub struct WriteError {
    /// The value.
    pub value: String,
}

/// Why a signed message cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteSignedError {
    /// A value has a character that XML cannot carry.
    #[error(transparent)]
    Value(#[from] WriteError),
    /// The key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
}

impl From<IllegalCharacter> for WriteError {
    fn from(e: IllegalCharacter) -> Self {
        WriteError { value: e.value }
    }
}

/// Writes the request. For HTTP-Redirect it is signed in the query
/// ([`crate::bindings::encode_signed_redirect`]), never inside.
///
/// # Errors
/// [`WriteError`] when a value has a control character.
pub fn write(request: &WriteAuthnRequest<'_>) -> Result<String, WriteError> {
    Ok(write_unsigned(request)?.0)
}

/// Writes the request with a signature inside, for HTTP-POST.
///
/// # Errors
/// [`WriteSignedError`].
pub fn write_signed(request: &WriteAuthnRequest<'_>, key: &SigningKey) -> Result<String, WriteSignedError> {
    let (xml, position) = write_unsigned(request)?;
    Ok(sign_enveloped(&xml, position, request.id, key)?)
}

/// The request and the place of its signature, directly after Issuer (SAML Core 3.2.1).
fn write_unsigned(request: &WriteAuthnRequest<'_>) -> Result<(String, usize), WriteError> {
    let mut writer = Writer::new();
    writer.open(
        Name { prefix: "samlp", uri: PROTOCOL, local: "AuthnRequest" },
        &[
            ("ID", Some(request.id)),
            ("Version", Some("2.0")),
            ("IssueInstant", Some(&instant::write(request.issue_instant))),
            ("Destination", Some(request.destination)),
            ("AssertionConsumerServiceURL", Some(request.assertion_consumer_service_url)),
            ("ProtocolBinding", Some(HTTP_POST)),
        ],
    );
    writer.leaf(Name { prefix: "saml", uri: ASSERTION, local: "Issuer" }, &[], request.issuer);
    let position = writer.position();
    let policy = Name { prefix: "samlp", uri: PROTOCOL, local: "NameIDPolicy" };
    writer.leaf(policy, &[("Format", Some(request.name_id_format))], "");
    Ok((writer.finish()?, position))
}
