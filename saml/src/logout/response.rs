//! Reads a LogoutResponse (SAML Core 3.7.2).

use super::message::{LogoutExpect, Message, Outcome, refuse};
use super::reason::LogoutRule as Rule;
use crate::bindings::Received;
use crate::names::{PROTOCOL, STATUS_PARTIAL_LOGOUT, STATUS_SUCCESS};
use crate::xml::Element;

/// An answer to our LogoutRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its ID.
    pub id: String,
    /// Who answers.
    pub issuer: String,
    /// The request that it answers.
    pub in_response_to: String,
    /// What became of the request.
    pub outcome: LogoutOutcome,
}

/// What became of a LogoutRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// All sessions ended.
    Success,
    /// Some sessions could not be ended (SAML Core 3.7.3.2).
    Partial,
    /// The other side says that it failed.
    Failed {
        /// The status, a URI.
        status: String,
        /// The nested status, a URI.
        nested: Option<String>,
        /// A text for people.
        message: Option<String>,
    },
}

/// Reads the response to the request `in_response_to`.
///
/// # Errors
/// One [`super::LogoutReason`] per way to be wrong. A status other than success is no error: it is the outcome.
pub fn read_response(
    message: Received<'_>,
    in_response_to: &str,
    expect: &LogoutExpect<'_>,
) -> Outcome<LogoutResponse> {
    let message = Message::read(message, "LogoutResponse", Rule::NotALogoutResponse, expect)?;
    let root = message.root();
    match root.attribute("InResponseTo") {
        None => return Err(refuse(Rule::InResponseToMissing, in_response_to, "none")),
        Some(found) if found != in_response_to => {
            return Err(refuse(Rule::InResponseToMismatch, in_response_to, found));
        }
        Some(_) => {}
    }
    let outcome = outcome(root)?;
    let Message { id, issuer, .. } = message;
    Ok(LogoutResponse { id, issuer, in_response_to: in_response_to.to_owned(), outcome })
}

fn outcome(root: Element<'_>) -> Outcome<LogoutOutcome> {
    let statuses: Vec<_> = root.children_named(PROTOCOL, "Status").collect();
    let missing = |found: &str| refuse(Rule::StatusMissing, "one Status with a StatusCode", found);
    let [status] = statuses[..] else {
        return Err(missing(&format!("{} Status elements", statuses.len())));
    };
    let code = status_code(status);
    let value = code.and_then(|code| code.attribute("Value")).ok_or_else(|| missing("no StatusCode"))?;
    let nested = code.and_then(status_code).and_then(|code| code.attribute("Value"));
    let message = status.children_named(PROTOCOL, "StatusMessage").next().and_then(|m| m.text().ok());
    // Partial logout is nested in Responder by the standard and in Success by some.
    Ok(match (value, nested) {
        (_, Some(STATUS_PARTIAL_LOGOUT)) | (STATUS_PARTIAL_LOGOUT, _) => LogoutOutcome::Partial,
        (STATUS_SUCCESS, _) => LogoutOutcome::Success,
        _ => LogoutOutcome::Failed {
            status: value.to_owned(),
            nested: nested.map(str::to_owned),
            message: message.map(str::to_owned),
        },
    })
}

fn status_code(parent: Element<'_>) -> Option<Element<'_>> {
    parent.children_named(PROTOCOL, "StatusCode").next()
}
