//! Passwords: of administrators, and of users while the Identity Center directory is the identity
//! source.

mod sign_in;
mod store;

use ::store::{Retryable, StoreError};
use secrecy::SecretString;
use thiserror::Error;
use web::password::{self, PasswordError};
use web::session;

pub use sign_in::{Door, Outcome, sign_in};
pub use store::{directory_is_source, has_password};

use crate::Center;
use crate::identity_store::IdentityError;
use crate::identity_store::store::find_user;
use crate::instance::{Author, Subject};

/// Why a password was not set.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// People sign in elsewhere.
    #[error("people sign in at the external identity provider; their passwords are set there")]
    ExternalSource,
    /// Its length is not allowed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No such user.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for CredentialError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Identity(error) => error.store_error(),
            Self::ExternalSource | Self::Password(_) => None,
        }
    }
}

/// Sets a user's password and ends the user's sessions; the user's id. `user` is an id or user name.
///
/// # Errors
/// [`CredentialError`].
pub async fn set_password(
    center: &Center,
    author: Author,
    user: String,
    password: SecretString,
) -> Result<String, CredentialError> {
    let hash = password::hash(password, center.random.bytes()).await?;
    center
        .store
        .write(move |tx| {
            if !directory_is_source(tx, &author.instance_id)? {
                return Err(CredentialError::ExternalSource);
            }
            let user = find_user(tx, &author.instance_id, &user)?;
            store::save(tx, &author, &user.id, &hash)?;
            session::end_all(tx, &author.instance_id, &user.id)?;
            let subject = Subject { kind: "user", id: &user.id };
            author.record(tx, "password.changed", subject, None, None)?;
            Ok(user.id)
        })
        .await
}
