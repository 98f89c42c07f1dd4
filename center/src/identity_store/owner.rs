//! Who owns a user or group: whoever made it. Only the owner changes or deletes it, so that neither an identity
//! provider overwrites what an administrator made by hand, nor the other way round.

use ::store::{Retryable, StoreError};
use thiserror::Error;

use super::IdentityError;

/// Most users, and most groups, that are shown or handed over in one go.
pub const MAX_HANDED_OVER: i64 = 10_000;

/// Who owns a user or group. Stored as text: `scim` or `scim:{token id}`, `console`, `api` or `api:{key id}`, `jit`. The
/// tokens of automatic provisioning are one owner: a rotation orphans nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The identity provider, by automatic provisioning.
    Provisioning,
    /// An administrator in the console.
    Console,
    /// A program with an API key.
    Api,
    /// A first sign-in, just in time.
    SignIn,
    /// Somebody else.
    Other,
}

impl Owner {
    /// The owner that the stored text names.
    pub fn of(stored: &str) -> Self {
        match stored.split(':').next().unwrap_or_default() {
            "scim" => Self::Provisioning,
            "console" => Self::Console,
            "api" => Self::Api,
            "jit" => Self::SignIn,
            _ => Self::Other,
        }
    }

    /// For people, within a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Provisioning => "automatic provisioning",
            Self::Console => "the console",
            Self::Api => "the admin API",
            Self::SignIn => "a first sign-in",
            Self::Other => "another source",
        }
    }

    /// Whether a SCIM client changes and deletes it.
    pub fn is_provisioning(self) -> bool {
        self == Self::Provisioning
    }
}

/// A user or a group: what has an owner, and what the recycle bin keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityKind {
    /// A user.
    User,
    /// A group.
    Group,
}

impl IdentityKind {
    /// The kind that events name so.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.kind() == text)
    }

    /// As events name it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// How many users and groups automatic provisioning does not own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// Users.
    pub users: i64,
    /// Groups.
    pub groups: i64,
}

/// Why nothing was handed over.
#[derive(Debug, Error)]
pub enum OwnershipError {
    /// The numbers are no longer those that the person saw.
    #[error(
        "{} users and {} groups were confirmed, and there are {} and {} now",
        confirmed.users, confirmed.groups, found.users, found.groups
    )]
    Outdated {
        /// What was confirmed.
        confirmed: Foreign,
        /// What there is.
        found: Foreign,
    },
    /// More than [`MAX_HANDED_OVER`].
    #[error("{0} are more than the {MAX_HANDED_OVER} users, or groups, that are handed over in one go")]
    TooMany(i64),
    /// The identity store's.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl From<StoreError> for OwnershipError {
    fn from(error: StoreError) -> Self {
        Self::Identity(error.into())
    }
}

impl Retryable for OwnershipError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Identity(error) => error.store_error(),
            Self::Outdated { .. } | Self::TooMany(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_of_provisioning_is_the_same_owner() {
        for stored in ["scim", "scim:0193-a", "scim:0193-b"] {
            assert_eq!(Owner::of(stored), Owner::Provisioning, "{stored}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_provisioning() {
        for (stored, owner) in [
            ("console", Owner::Console),
            ("api", Owner::Api),
            ("api:k-1", Owner::Api),
            ("jit", Owner::SignIn),
            ("scimitar", Owner::Other),
            ("", Owner::Other),
        ] {
            assert_eq!(Owner::of(stored), owner, "{stored}");
        }
    }
}
