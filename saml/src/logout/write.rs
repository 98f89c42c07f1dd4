//! Writes both messages. Issuer stands in the default namespace, as Entra writes it.

use time::OffsetDateTime;

use super::response::LogoutOutcome;
use crate::authn_request::{WriteError, WriteSignedError};
use crate::certificate::SigningKey;
use crate::dsig::sign_enveloped;
use crate::instant;
use crate::names::{STATUS_PARTIAL_LOGOUT, STATUS_RESPONDER, STATUS_SUCCESS};
use crate::response::{saml, samlp};
use crate::xml::Writer;

/// What a LogoutRequest says.
#[derive(Debug, Clone, Copy)]
pub struct WriteLogoutRequest<'a> {
    /// The ID, given by the caller and remembered until the response comes. It must not begin with a digit.
    pub id: &'a str,
    /// The time of the request.
    pub issue_instant: OffsetDateTime,
    /// Until when it counts.
    pub not_on_or_after: Option<OffsetDateTime>,
    /// The other side's logout URL.
    pub destination: &'a str,
    /// Our entity ID.
    pub issuer: &'a str,
    /// Whose sessions are to end.
    pub name_id: &'a str,
    /// The format of the name, as in the assertion.
    pub name_id_format: Option<&'a str>,
    /// SPNameQualifier, as in the assertion.
    pub sp_name_qualifier: Option<&'a str>,
    /// Which sessions; empty for all.
    pub session_indexes: &'a [&'a str],
}

/// What a LogoutResponse says.
#[derive(Debug, Clone, Copy)]
pub struct WriteLogoutResponse<'a> {
    /// The ID, given by the caller.
    pub id: &'a str,
    /// The time of the response.
    pub issue_instant: OffsetDateTime,
    /// The other side's logout URL.
    pub destination: &'a str,
    /// Our entity ID.
    pub issuer: &'a str,
    /// The ID of the request.
    pub in_response_to: &'a str,
    /// What became of the request.
    pub outcome: &'a LogoutOutcome,
}

/// Writes the request, for HTTP-Redirect.
///
/// # Errors
/// [`WriteError`] when a value has a control character.
pub fn write_request(request: &WriteLogoutRequest<'_>) -> Result<String, WriteError> {
    Ok(request_xml(request)?.0)
}

/// Writes the request with a signature inside, for HTTP-POST.
///
/// # Errors
/// [`WriteSignedError`].
pub fn write_signed_request(
    request: &WriteLogoutRequest<'_>,
    key: &SigningKey,
) -> Result<String, WriteSignedError> {
    let (xml, position) = request_xml(request)?;
    Ok(sign_enveloped(&xml, position, request.id, key)?)
}

/// Writes the response, for HTTP-Redirect.
///
/// # Errors
/// [`WriteError`] when a value has a control character.
pub fn write_response(response: &WriteLogoutResponse<'_>) -> Result<String, WriteError> {
    Ok(response_xml(response)?.0)
}

/// Writes the response with a signature inside, for HTTP-POST.
///
/// # Errors
/// [`WriteSignedError`].
pub fn write_signed_response(
    response: &WriteLogoutResponse<'_>,
    key: &SigningKey,
) -> Result<String, WriteSignedError> {
    let (xml, position) = response_xml(response)?;
    Ok(sign_enveloped(&xml, position, response.id, key)?)
}

/// The request and the place of its signature, directly after Issuer.
fn request_xml(request: &WriteLogoutRequest<'_>) -> Result<(String, usize), WriteError> {
    let mut writer = Writer::new();
    writer.open(
        samlp("LogoutRequest"),
        &[
            ("ID", Some(request.id)),
            ("Version", Some("2.0")),
            ("IssueInstant", Some(&instant::write(request.issue_instant))),
            ("NotOnOrAfter", request.not_on_or_after.map(instant::write).as_deref()),
            ("Destination", Some(request.destination)),
        ],
    );
    writer.leaf(saml("Issuer"), &[], request.issuer);
    let position = writer.position();
    let name = [("Format", request.name_id_format), ("SPNameQualifier", request.sp_name_qualifier)];
    writer.leaf(saml("NameID"), &name, request.name_id);
    for index in request.session_indexes {
        writer.leaf(samlp("SessionIndex"), &[], index);
    }
    Ok((writer.finish()?, position))
}

fn response_xml(response: &WriteLogoutResponse<'_>) -> Result<(String, usize), WriteError> {
    let mut writer = Writer::new();
    writer.open(
        samlp("LogoutResponse"),
        &[
            ("ID", Some(response.id)),
            ("Version", Some("2.0")),
            ("IssueInstant", Some(&instant::write(response.issue_instant))),
            ("Destination", Some(response.destination)),
            ("InResponseTo", Some(response.in_response_to)),
        ],
    );
    writer.leaf(saml("Issuer"), &[], response.issuer);
    let position = writer.position();
    let (status, nested, message) = match response.outcome {
        LogoutOutcome::Success => (STATUS_SUCCESS, None, None),
        LogoutOutcome::Partial => (STATUS_RESPONDER, Some(STATUS_PARTIAL_LOGOUT), None),
        LogoutOutcome::Failed { status, nested, message } => {
            (status.as_str(), nested.as_deref(), message.as_deref())
        }
    };
    writer.open(samlp("Status"), &[]);
    writer.open(samlp("StatusCode"), &[("Value", Some(status))]);
    if let Some(nested) = nested {
        writer.leaf(samlp("StatusCode"), &[("Value", Some(nested))], "");
    }
    writer.close();
    if let Some(message) = message {
        writer.leaf(samlp("StatusMessage"), &[], message);
    }
    Ok((writer.finish()?, position))
}
