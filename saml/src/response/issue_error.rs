//! A response that says why nobody was signed in (SAML Core 3.2.2).

use time::OffsetDateTime;

use super::issue::{IssueError, saml, samlp};
use crate::instant;
use crate::xml::Writer;

/// What a failed sign-in says to the service provider.
#[derive(Debug, Clone, Copy)]
pub struct IssueErrorResponse<'a> {
    /// The ID of the response, given by the caller.
    pub response_id: &'a str,
    /// The time of issue.
    pub now: OffsetDateTime,
    /// The identity provider's entity ID.
    pub issuer: &'a str,
    /// The reply URL.
    pub destination: &'a str,
    /// The ID of the request.
    pub in_response_to: Option<&'a str>,
    /// Whose fault it is, such as [`crate::names::STATUS_REQUESTER`].
    pub status: &'a str,
    /// What it is, such as [`crate::names::STATUS_NO_PASSIVE`].
    pub nested_status: Option<&'a str>,
    /// A text for people.
    pub message: &'a str,
}

/// Writes the response. It is not signed, as Entra's is not: it gives nobody access.
///
/// # Errors
/// `IllegalCharacter` when a value has a control character.
pub fn issue_error_response(response: &IssueErrorResponse<'_>) -> Result<String, IssueError> {
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
    writer.open(samlp("Status"), &[]);
    writer.open(samlp("StatusCode"), &[("Value", Some(response.status))]);
    if let Some(nested) = response.nested_status {
        writer.leaf(samlp("StatusCode"), &[("Value", Some(nested))], "");
    }
    writer.close();
    writer.leaf(samlp("StatusMessage"), &[], response.message);
    Ok(writer.finish()?)
}
