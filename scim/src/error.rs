//! Refusals: one variant per way in which a client can be wrong, and one match to the wire.

use serde_json::{Value, json};
use thiserror::Error;

/// The schema of an error body, RFC 7644 §3.12.
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A SCIM refusal. Its text is the `detail` that the client hears: it names
/// the attribute, the rule and the fix, and never a value that was sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ScimError {
    /// The filter does not follow the grammar of RFC 7644 §3.4.2.2.
    #[error("The filter is wrong at character {position}: {reason}.")]
    InvalidFilter {
        /// Where, counted in characters from 1.
        position: usize,
        /// What was expected or found there.
        reason: String,
    },
    /// The filter is well formed, but asks for something that does not exist or cannot be compared so.
    #[error("The filter cannot be used: attribute \"{attribute}\" {reason}.")]
    UnsupportedFilter {
        /// The attribute as the client wrote it.
        attribute: String,
        /// Why, and what would be right.
        reason: String,
    },
    /// The `path` of a PATCH operation is wrong.
    #[error("The path \"{path}\" is wrong: {reason}.")]
    InvalidPath {
        /// The path as the client wrote it, shortened.
        path: String,
        /// Why, and what would be right.
        reason: String,
    },
    /// The path is right, but nothing is there to change, or `path` is missing where one is needed.
    #[error("The operation has no target: {reason}.")]
    NoTarget {
        /// Why, and what would be right.
        reason: String,
    },
    /// The body is not the message that the request needs.
    #[error("The request body is wrong: {reason}.")]
    InvalidSyntax {
        /// Why, and what would be right.
        reason: String,
    },
    /// A value has another type than the schema says.
    #[error("Attribute \"{attribute}\" must be {expected}, and {found} was sent.")]
    WrongType {
        /// The attribute's path.
        attribute: String,
        /// The type that the schema asks for.
        expected: &'static str,
        /// The type that came.
        found: &'static str,
    },
    /// A value breaks a rule other than its type.
    #[error("Attribute \"{attribute}\" has a wrong value: {reason}.")]
    InvalidValue {
        /// The attribute's path.
        attribute: String,
        /// Why, and what would be right.
        reason: String,
    },
    /// A required attribute is missing.
    #[error("Attribute \"{attribute}\" is required. Send a value for it.")]
    Required {
        /// The attribute's path.
        attribute: String,
    },
    /// A change would leave a required attribute without a value, RFC 7644 §3.5.2.2.
    #[error("Attribute \"{attribute}\" is required and cannot be removed. Replace its value instead.")]
    RequiredRemoved {
        /// The attribute's path.
        attribute: String,
    },
    /// A value is too long.
    #[error("Attribute \"{attribute}\" is longer than {limit} characters. Shorten it.")]
    TooLong {
        /// The attribute's path.
        attribute: String,
        /// The most that is allowed.
        limit: usize,
    },
    /// Too many values or operations were sent.
    #[error("\"{what}\" has more than {limit} entries. Send them in several requests.")]
    TooManyValues {
        /// What has too many.
        what: String,
        /// The most that is allowed.
        limit: usize,
    },
    /// More than one value is primary, RFC 7643 §2.4.
    #[error("Attribute \"{attribute}\" has more than one primary value. Mark one of them as primary.")]
    SeveralPrimaries {
        /// The attribute's name.
        attribute: String,
    },
    /// The attribute belongs to the server, RFC 7643 §2.2.
    #[error("Attribute \"{attribute}\" is read-only. Leave it out of the request.")]
    ReadOnly {
        /// The attribute's path.
        attribute: String,
    },
    /// The attribute cannot change once it has a value, RFC 7643 §2.2.
    #[error("Attribute \"{attribute}\" is immutable. Remove the value and add another.")]
    Immutable {
        /// The attribute's path.
        attribute: String,
    },
    /// Another resource has the value already.
    #[error("Attribute \"{attribute}\" must be unique, and another {resource} has this value already.")]
    Uniqueness {
        /// The attribute's path.
        attribute: String,
        /// `User` or `Group`.
        resource: &'static str,
    },
    /// No resource has this id.
    #[error("{resource} {id} does not exist.")]
    NotFound {
        /// `User`, `Group`, `Schema`, …
        resource: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// The filter would find too many resources.
    #[error("The filter finds more than {limit} resources. Narrow it, or read page by page.")]
    TooMany {
        /// The most that is allowed.
        limit: usize,
    },
    /// The cursor is none that the server gave out, RFC 9865 §2.
    #[error("The cursor is not one that this server gave out. Start again without a cursor.")]
    InvalidCursor,
    /// The cursor is too old, RFC 9865 §2.
    #[error("The cursor has expired. Start again without a cursor.")]
    ExpiredCursor,
    /// `count` cannot be used, RFC 9865 §2.
    #[error("The count is wrong: {reason}.")]
    InvalidCount {
        /// Why, and what would be right.
        reason: String,
    },
    /// `If-Match` or `If-None-Match` does not fit the version, RFC 7644 §3.14.
    #[error(
        "The resource is at version {current}, and {header} asks for {asked}. It has changed since it was read: \
         read it again, and repeat the change with its ETag."
    )]
    VersionMismatch {
        /// The header that names the version.
        header: &'static str,
        /// What it names, shortened.
        asked: String,
        /// The resource's version, as an ETag.
        current: String,
    },
    /// The bearer token is missing or wrong.
    #[error("The bearer token is missing, wrong or expired.")]
    Unauthorized,
    /// The caller may not do this.
    #[error("This token does not allow the request.")]
    Forbidden,
    /// The body is too large.
    #[error("The request body is larger than {limit} bytes.")]
    TooLarge {
        /// The most that is allowed.
        limit: usize,
    },
    /// A bulk request has too many operations, RFC 7644 §3.7.4.
    #[error("The bulk request has more than {limit} operations. Send them in several requests.")]
    TooManyOperations {
        /// The most that is allowed.
        limit: usize,
    },
    /// The client sends too fast.
    #[error("Too many requests. Wait before the next one.")]
    Throttled,
    /// The request asks for something that this server does not do.
    #[error("{feature} is not supported.")]
    NotImplemented {
        /// What was asked for.
        feature: &'static str,
    },
    /// Something failed that is not the client's fault. The cause is for the log alone.
    #[error("The server could not carry out the request. Try again later.")]
    Internal,
}

/// What a refusal is on the wire: HTTP status, `scimType` (RFC 7644 table 9), stable code.
type Wire = (u16, Option<&'static str>, &'static str);

impl ScimError {
    /// The HTTP status, RFC 7644 §3.12.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.wire().0
    }

    /// The `scimType`, RFC 7644 table 9 and RFC 9865 §2, where one is defined.
    #[must_use]
    pub fn scim_type(&self) -> Option<&'static str> {
        self.wire().1
    }

    /// A stable name of the refusal, for logs and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.wire().2
    }

    /// The error body, RFC 7644 §3.12. The caller may add members of its own.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({
            "schemas": [ERROR_SCHEMA],
            // RFC 7644 §3.12: the status is a JSON string.
            "status": self.status().to_string(),
            "detail": self.to_string(),
        });
        if let Some(kind) = self.scim_type() {
            body["scimType"] = json!(kind);
        }
        body
    }

    fn wire(&self) -> Wire {
        match self {
            Self::InvalidFilter { .. } => (400, Some("invalidFilter"), "filter-syntax"),
            Self::UnsupportedFilter { .. } => (400, Some("invalidFilter"), "filter-unsupported"),
            Self::InvalidPath { .. } => (400, Some("invalidPath"), "path"),
            Self::NoTarget { .. } => (400, Some("noTarget"), "no-target"),
            Self::InvalidSyntax { .. } => (400, Some("invalidSyntax"), "syntax"),
            Self::WrongType { .. } => (400, Some("invalidValue"), "wrong-type"),
            Self::InvalidValue { .. } => (400, Some("invalidValue"), "value"),
            Self::Required { .. } => (400, Some("invalidValue"), "required"),
            Self::RequiredRemoved { .. } => (400, Some("mutability"), "required-removed"),
            Self::TooLong { .. } => (400, Some("invalidValue"), "too-long"),
            Self::TooManyValues { .. } => (400, Some("invalidValue"), "too-many-values"),
            Self::SeveralPrimaries { .. } => (400, Some("invalidValue"), "several-primaries"),
            Self::ReadOnly { .. } => (400, Some("mutability"), "read-only"),
            Self::Immutable { .. } => (400, Some("mutability"), "immutable"),
            Self::Uniqueness { .. } => (409, Some("uniqueness"), "uniqueness"),
            Self::NotFound { .. } => (404, None, "not-found"),
            Self::TooMany { .. } => (400, Some("tooMany"), "too-many"),
            Self::InvalidCursor => (400, Some("invalidCursor"), "cursor"),
            Self::ExpiredCursor => (400, Some("expiredCursor"), "cursor-expired"),
            Self::InvalidCount { .. } => (400, Some("invalidCount"), "count"),
            Self::VersionMismatch { .. } => (412, None, "version"),
            Self::Unauthorized => (401, None, "unauthorized"),
            Self::Forbidden => (403, None, "forbidden"),
            Self::TooLarge { .. } => (413, None, "too-large"),
            Self::TooManyOperations { .. } => (413, None, "too-many-operations"),
            Self::Throttled => (429, None, "throttled"),
            Self::NotImplemented { .. } => (501, None, "not-implemented"),
            Self::Internal => (500, None, "internal"),
        }
    }
}

/// Text from the client, short enough to be repeated to it in an error.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 100;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7644 §3.12, figure "error response".
    #[test]
    fn body_has_the_members_of_the_rfc() {
        let error = ScimError::ReadOnly { attribute: "id".into() };
        assert_eq!(
            error.body(),
            json!({
                "schemas": [ERROR_SCHEMA], "status": "400", "scimType": "mutability",
                "detail": "Attribute \"id\" is read-only. Leave it out of the request.",
            })
        );
    }

    #[test]
    fn not_found_has_no_scim_type() {
        let error = ScimError::NotFound { resource: "User", id: "7".into() };
        assert_eq!((error.status(), error.body().get("scimType")), (404, None));
    }

    #[test]
    fn long_text_is_shortened_at_a_character() {
        assert_eq!(shorten(&"ä".repeat(200)).chars().count(), 101);
    }
}
