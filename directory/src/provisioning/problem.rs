//! What can be wrong with a request to the target: its code, and what to do about it.

use thiserror::Error;

/// Why a request did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason} ({request})")]
pub struct TargetError {
    /// What is wrong.
    pub problem: Problem,
    /// What was sent: method and URL.
    pub request: String,
    /// The status that came back, if one did.
    pub status: Option<u16>,
    /// What came back, or what happened instead.
    pub reason: String,
}

/// What can be wrong with a request to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The address is none that requests go to.
    Address,
    /// No connection.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// 401, or 403 for reading.
    Unauthorized,
    /// 429 again and again.
    Throttled,
    /// 404.
    NotFound,
    /// 409: another object has one of the values.
    Conflict,
    /// Another 4xx, or 403 for a change of one object.
    Refused,
    /// 5xx.
    Failed,
    /// An answer that SCIM does not allow.
    Incompatible,
    /// Several objects there match one here.
    Duplicate,
    /// The object there belongs to another one here.
    Taken,
    /// An expression has no value for the object.
    Unmapped,
    /// The target would refuse the object as it is.
    Unfit,
    /// Not sent, because another process has taken the job over.
    Superseded,
}

impl Problem {
    /// The code in logs; Entra's names where it has one (entra-id.md 3.11).
    pub fn code(self) -> &'static str {
        match self {
            Self::Address => "InvalidAddress",
            Self::Unreachable => "WebExceptionProtocolError",
            Self::Timeout => "Timeout",
            Self::Unauthorized => "Unauthorized",
            Self::Throttled => "TooManyRequests",
            Self::NotFound => "InvalidAnchor",
            Self::Conflict => "Conflict",
            Self::Refused => "BadRequest",
            Self::Failed => "InternalServerError",
            Self::Incompatible => "SystemForCrossDomainIdentityManagementServiceIncompatible",
            Self::Duplicate => "DuplicateTargetEntries",
            Self::Taken => "EntryConflict",
            Self::Unmapped => "AttributeMappingFailed",
            Self::Unfit => "TargetWouldRefuse",
            Self::Superseded => "LeaseLost",
        }
    }

    /// What to do about it.
    pub fn fix(self) -> &'static str {
        match self {
            Self::Address => "Correct the tenant URL: the SCIM base with https://, up to and including /v2.",
            Self::Unreachable => {
                "Check that the tenant URL's host is right, that it answers from this machine, and allow private networks if it is inside yours."
            }
            Self::Timeout => "Nothing: it is tried again. If it stays, the target is overloaded.",
            Self::Unauthorized => "Make a new access token in the target and enter it under Connectivity.",
            Self::Throttled => "Nothing: it is tried again at the pace that the target asks for.",
            Self::NotFound => {
                "Nothing: the object was removed in the target and is matched or created again."
            }
            Self::Conflict => {
                "Another object in the target has the same user name, e-mail address or display name. Remove or rename it there, or give this one another value here."
            }
            Self::Refused => {
                "Read the target's words: usually a required value is missing here (first name, last name and display name for AWS) or a value has characters that the target refuses."
            }
            Self::Failed => "Nothing: it is tried again. If it stays, look into the target's own log.",
            Self::Incompatible => {
                "Check that the tenant URL is the SCIM base and not a web page or another API."
            }
            Self::Duplicate => "Several objects in the target match. Remove all but one there.",
            Self::Taken => {
                "The object in the target belongs to another one here, often a deleted person who had the same name. Delete that person for good, or give this one another name."
            }
            Self::Unmapped => {
                "Correct the value here, or change the expression under Attribute mapping. Nothing of this object is sent until then; others are not held up."
            }
            Self::Unfit => {
                "Correct the value here, or its mapping under Attribute mapping. Check for AWS shows everybody that is concerned. Nothing of this object is sent until then; others are not held up."
            }
            Self::Superseded => "Nothing: the process that took the job over goes on with it.",
        }
    }

    /// Whether every other request would end the same way.
    pub fn concerns_all(self) -> bool {
        matches!(self, Self::Address | Self::Unreachable | Self::Unauthorized | Self::Superseded)
    }

    /// Whether the target is in trouble rather than the request wrong.
    pub fn is_trouble(self) -> bool {
        self.concerns_all() || matches!(self, Self::Timeout | Self::Throttled | Self::Failed)
    }
}
