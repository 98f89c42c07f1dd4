//! Passwords of users and secrets of API clients. Hashing happens before a transaction, never in it.

mod client;
mod store;

pub use client::{TOKEN_LIFETIME, authenticate, create_client, issue_token};
pub use store::{Stored, find, has_password, set};

use secrecy::SecretString;
use web::password;

use crate::Directory;
use crate::refused::Refused;

/// The hash of a password that somebody chose, ready to be stored.
///
/// # Errors
/// [`Refused::Password`] for a length that is not allowed.
pub async fn hash(directory: &Directory, password: &str) -> Result<String, Refused> {
    Ok(password::hash(SecretString::from(password), directory.random.bytes()).await?)
}
