//! Assignments: which user or group has which permission set in which account, and what follows for a
//! person.

mod access;
mod batch;
mod import;
pub mod store;

use ::store::{Retryable, StoreError};
use thiserror::Error;

pub use access::{AccountAccess, Because, RoleAccess, access_of};
pub use batch::{AccountResult, Wanted, assign_all};
pub use import::{AssignmentRow, Imported, import, parse};

use crate::csv_file::CsvError;

/// What an assignment is made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalType {
    /// A user.
    User,
    /// A group: every user who is in it.
    Group,
}

impl PrincipalType {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Group => "GROUP",
        }
    }

    /// Reads `USER` or `GROUP`, in whatever case.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "USER" => Some(Self::User),
            "GROUP" => Some(Self::Group),
            _ => None,
        }
    }
}

/// An assignment by the ids of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// The account.
    pub account_id: String,
    /// The permission set.
    pub permission_set_id: String,
    /// Whether the principal is a user or a group.
    pub principal_type: PrincipalType,
    /// The user's or group's id.
    pub principal_id: String,
}

/// Why an assignment was refused.
#[derive(Debug, Error)]
pub enum AssignmentError {
    /// No such account.
    #[error("there is no account {0} in the organization")]
    AccountNotFound(String),
    /// No such permission set.
    #[error("there is no permission set {0}")]
    PermissionSetNotFound(String),
    /// No such user.
    #[error("there is no user {0}")]
    UserNotFound(String),
    /// No such group.
    #[error("there is no group {0}")]
    GroupNotFound(String),
    /// More at once than one transaction may hold others up for.
    #[error("{0} assignments at once are more than the {MAX_AT_ONCE} allowed; do it in parts")]
    TooMany(usize),
    /// The file has a bad line.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Most assignments that one call may make.
pub const MAX_AT_ONCE: usize = 100_000;

impl Retryable for AssignmentError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
