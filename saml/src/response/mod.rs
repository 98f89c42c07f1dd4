//! Responses: the identity provider issues them, the service provider accepts or refuses them.

mod accept;
mod assertion;
mod encrypted;
mod expect;
mod issue;
mod issue_error;
mod message;
mod reason;
mod rules;
mod trace;

pub use accept::{Accepted, accept_response, accept_response_with, trace_response, trace_response_with};
pub use assertion::Attribute;
pub use expect::{AcceptOptions, Expect, ExpectInResponseTo};
pub use issue::{IssueError, IssueResponse, SignOption, issue_encrypted_response, issue_response};
pub(crate) use issue::{saml, samlp};
pub use issue_error::{IssueErrorResponse, issue_error_response};
pub(crate) use message::duplicate_id;
pub use reason::{Reject, RejectReason, ResponseReason, SignedPart};
pub use rules::is_address;
pub use trace::{Check, Trace};

/// The longest assertion in characters, the quota of IAM Identity Center.
pub const LONGEST_ASSERTION: usize = 50_000;
