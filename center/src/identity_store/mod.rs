//! The identity store: users, groups and who is in which group, whoever writes them. The console, the
//! admin API and the SCIM server all go through [`store`].

mod group;
pub(crate) mod keys;
mod owner;
pub mod store;
mod user;

use ::store::{Retryable, StoreError};
use thiserror::Error;

pub use group::{Group, GroupFields};
pub use owner::{Foreign, IdentityKind, Owner, OwnershipError};
pub use user::{Columns, NewUser, StoredUser, User, resource_of};

/// Most memberships that one call may add or remove (AWS: 100 per PATCH; the console and the admin API
/// take more at once).
pub const MAX_MEMBERS_PER_CALL: usize = 1000;

/// Why the identity store did not do what was asked.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// Another user has this user name, in whatever case.
    #[error("the user name {user_name} belongs to the user {id} already")]
    UserNameTaken {
        /// The name.
        user_name: String,
        /// Who has it.
        id: String,
    },
    /// Another user has this primary e-mail address.
    #[error("the e-mail address {email} belongs to the user {id} already")]
    EmailTaken {
        /// The address.
        email: String,
        /// Who has it.
        id: String,
    },
    /// Another group has this name, in whatever case.
    #[error("the group name {display_name} belongs to the group {id} already")]
    GroupNameTaken {
        /// The name.
        display_name: String,
        /// Which has it.
        id: String,
    },
    /// Another user or group has this value of an extension schema.
    #[error("{attribute} must be unique, and the {} {id} has the value {value} already", what.kind())]
    ValueTaken {
        /// The attribute with the URN of its schema.
        attribute: String,
        /// The value, as it is compared.
        value: String,
        /// Whether a user or a group has it.
        what: IdentityKind,
        /// Which.
        id: String,
    },
    /// No such user.
    #[error("there is no user {0}")]
    UserNotFound(String),
    /// No such group.
    #[error("there is no group {0}")]
    GroupNotFound(String),
    /// A value that is not allowed.
    #[error("{attribute}: {why}")]
    Invalid {
        /// Its SCIM attribute.
        attribute: &'static str,
        /// What is wrong with it and what is allowed.
        why: String,
        /// The value, where it helps to see it.
        found: String,
    },
    /// More members than one call may change.
    #[error("{0} members are more than the {MAX_MEMBERS_PER_CALL} that one call may change")]
    TooManyMembers(usize),
    /// Users and groups come from the identity provider.
    #[error("users and groups come from automatic provisioning and are changed at the identity provider")]
    ManagedByProvisioning,
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for IdentityError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
