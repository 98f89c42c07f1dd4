//! The one error of the JSON API, and the one place that turns refusals into it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value};
use store::StoreError;
use web::password::PasswordError;

use crate::assignments::AssignmentError;
use crate::credentials::CredentialError;
use crate::csv_file::{CsvError, CsvProblem};
use crate::identity_store::IdentityError;
use crate::organization::OrganizationError;
use crate::permission_sets::PermissionSetError;

/// A refusal with a stable code, for programs and for the pages that show it to administrators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable, in CamelCase.
    pub code: &'static str,
    /// What happened, with the value.
    pub message: String,
    /// The field or element it is about.
    pub target: Option<Box<str>>,
    /// What would have been right.
    pub expected: Option<Box<str>>,
    /// What was found.
    pub found: Option<Box<str>>,
    /// What to do.
    pub fix: Option<Box<str>>,
}

impl ApiError {
    /// An error with only code and message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, target: None, expected: None, found: None, fix: None }
    }

    /// A value that is not allowed.
    pub fn invalid(target: &str, message: impl Into<String>, found: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidValue", message).target(target).found(found)
    }

    /// Something that is not there.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// Names the field or element.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into().into());
        self
    }

    /// Says what would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into().into());
        self
    }

    /// Says what was found; nothing for an empty text.
    #[must_use]
    pub fn found(mut self, found: &str) -> Self {
        self.found = if found.is_empty() { None } else { Some(found.into()) };
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into().into());
        self
    }

    /// Message, finding and fix as sentences for a page.
    pub fn for_people(&self) -> String {
        let mut text = sentence(&self.message);
        for (label, part) in [("Expected", &self.expected), ("Found", &self.found)] {
            if let Some(part) = part {
                text.push_str(&format!(" {label}: {part}."));
            }
        }
        if let Some(fix) = &self.fix {
            text.push(' ');
            text.push_str(&sentence(fix));
        }
        text
    }

    /// As the contract has it: absent parts are left out.
    pub fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code.into());
        error.insert("message".to_owned(), self.message.as_str().into());
        let parts = [
            ("target", &self.target),
            ("expected", &self.expected),
            ("found", &self.found),
            ("fix", &self.fix),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                error.insert(name.to_owned(), part.as_ref().into());
            }
        }
        serde_json::json!({ "error": error })
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if text.ends_with(['.', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.to_json())).into_response()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Serialization | StoreError::Unique => Self::new(
                StatusCode::CONFLICT,
                "TryAgain",
                "another change came in between; nothing was changed",
            )
            .fix("send the request again"),
            other => {
                tracing::error!(error = %other, "the store did not answer");
                let message = "the store did not answer; nothing was changed";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal", message)
                    .fix("the server's log has the cause")
            }
        }
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        let message = error.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, message.clone());
        match error {
            IdentityError::UserNameTaken { user_name, .. } => {
                conflict("UserNameTaken").target("userName").found(&user_name)
            }
            IdentityError::EmailTaken { email, .. } => conflict("EmailTaken").target("email").found(&email),
            IdentityError::GroupNameTaken { display_name, .. } => {
                conflict("GroupNameTaken").target("displayName").found(&display_name)
            }
            IdentityError::ValueTaken { attribute, value, .. } => {
                conflict("ValueTaken").target(attribute).found(&value)
            }
            IdentityError::UserNotFound(_) => Self::not_found("UserNotFound", message).target("user"),
            IdentityError::GroupNotFound(_) => Self::not_found("GroupNotFound", message).target("group"),
            IdentityError::Invalid { attribute, why, found } => {
                Self::invalid(attribute, format!("{attribute}: {why}"), &found)
            }
            IdentityError::TooManyMembers(_) => {
                Self::new(StatusCode::BAD_REQUEST, "TooManyMembers", message).target("members")
            }
            IdentityError::ManagedByProvisioning => conflict("ManagedByProvisioning")
                .fix("change it at the identity provider, or turn automatic provisioning off"),
            IdentityError::Store(error) => error.into(),
        }
    }
}

impl From<PermissionSetError> for ApiError {
    fn from(error: PermissionSetError) -> Self {
        let message = error.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, message.clone());
        match error {
            PermissionSetError::Invalid { field, found, .. } => Self::invalid(field, message, &found),
            PermissionSetError::NameTaken(name) => {
                conflict("PermissionSetNameTaken").target("name").found(&name)
            }
            PermissionSetError::TooMany => conflict("PermissionSetLimit"),
            PermissionSetError::NotFound(_) => {
                Self::not_found("PermissionSetNotFound", message).target("permissionSet")
            }
            PermissionSetError::InUse { .. } => {
                conflict("PermissionSetInUse").fix("remove its assignments first")
            }
            PermissionSetError::Csv(error) => error.into(),
            PermissionSetError::Store(error) => error.into(),
        }
    }
}

impl From<OrganizationError> for ApiError {
    fn from(error: OrganizationError) -> Self {
        let message = error.to_string();
        match error {
            OrganizationError::AccountNotFound(_) => {
                Self::not_found("AccountNotFound", message).target("accountId")
            }
            OrganizationError::ManagementAccount(_) => {
                Self::new(StatusCode::CONFLICT, "ManagementAccount", message).target("status")
            }
            OrganizationError::Csv(error) => error.into(),
            OrganizationError::Store(error) => error.into(),
        }
    }
}

impl From<AssignmentError> for ApiError {
    fn from(error: AssignmentError) -> Self {
        let message = error.to_string();
        let missing = |code, target| Self::not_found(code, message.clone()).target(target);
        match error {
            AssignmentError::AccountNotFound(_) => missing("AccountNotFound", "accountId"),
            AssignmentError::PermissionSetNotFound(_) => missing("PermissionSetNotFound", "permissionSet"),
            AssignmentError::UserNotFound(_) => missing("UserNotFound", "principal"),
            AssignmentError::GroupNotFound(_) => missing("GroupNotFound", "principal"),
            AssignmentError::TooMany(_) => Self::new(StatusCode::BAD_REQUEST, "TooManyAssignments", message),
            AssignmentError::Csv(error) => error.into(),
            AssignmentError::Store(error) => error.into(),
        }
    }
}

impl From<CredentialError> for ApiError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::ExternalSource => {
                Self::new(StatusCode::CONFLICT, "ExternalIdentitySource", error.to_string())
            }
            CredentialError::Password(error) => error.into(),
            CredentialError::Identity(error) => error.into(),
            CredentialError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        let message = error.to_string();
        match error {
            PasswordError::TooShort | PasswordError::TooLong => {
                Self::new(StatusCode::BAD_REQUEST, "PasswordLength", message).target("password")
            }
            PasswordError::Failed => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal", message),
        }
    }
}

impl From<CsvError> for ApiError {
    fn from(error: CsvError) -> Self {
        let mut target = error.file.to_owned();
        if let Some(line) = error.line {
            target.push_str(&format!(", line {line}"));
        }
        if let Some(column) = error.column {
            target.push_str(&format!(", column {column}"));
        }
        let plain = Self::new(StatusCode::BAD_REQUEST, "CsvInvalid", error.to_string())
            .target(target)
            .fix("correct the file and send it again; nothing was imported");
        match error.problem {
            CsvProblem::Value { why, found } => plain.expected(why).found(&found),
            _ => plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_parts_are_left_out() {
        let error = ApiError::new(StatusCode::CONFLICT, "X", "it is so");
        assert_eq!(error.to_json().to_string(), r#"{"error":{"code":"X","message":"it is so"}}"#);
        assert_eq!(error.found("y").fix("do that").for_people(), "It is so. Found: y. Do that.");
    }
}
