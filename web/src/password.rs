//! Passwords: Argon2id (RFC 9106), on a bounded number of threads so that a wave of sign-ins cannot
//! eat the memory.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Longest password in bytes; a longer one is refused before it is hashed.
pub const MAX_LENGTH: usize = 256;
/// Shortest password that may be set, in characters (NIST SP 800-63B §3.1.1.2 asks for 8 or more).
pub const MIN_LENGTH: usize = 8;
const AT_ONCE: usize = 4;
static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);

/// Why a password cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PasswordError {
    /// Fewer than [`MIN_LENGTH`] characters.
    #[error("a password has at least {MIN_LENGTH} characters")]
    TooShort,
    /// More than [`MAX_LENGTH`] bytes.
    #[error("a password has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Failed,
}

/// The hash to store, as a PHC string; `salt` is 16 fresh random bytes.
///
/// # Errors
/// [`PasswordError`] for a length that is not allowed.
pub async fn hash(password: SecretString, salt: [u8; 16]) -> Result<String, PasswordError> {
    let text = password.expose_secret();
    if text.chars().count() < MIN_LENGTH {
        return Err(PasswordError::TooShort);
    }
    if text.len() > MAX_LENGTH {
        return Err(PasswordError::TooLong);
    }
    let work = move || {
        let hashed = argon().hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
        hashed.map(|h| h.to_string()).map_err(|_| PasswordError::Failed)
    };
    on_a_thread(work).await.unwrap_or(Err(PasswordError::Failed))
}

/// Whether `password` is the one behind `stored`. Without a stored hash the same work is done, so that
/// the time does not tell whether an account exists.
pub async fn verify(password: SecretString, stored: Option<String>) -> bool {
    if password.expose_secret().len() > MAX_LENGTH {
        return false;
    }
    let work = move || {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
        let parsed = PasswordHash::new(&stored);
        let right =
            parsed.is_ok_and(|h| argon().verify_password(password.expose_secret().as_bytes(), &h).is_ok());
        right && known
    };
    on_a_thread(work).await.unwrap_or(false)
}

/// A hash with the parameters of [`argon`], of nothing in particular.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon() -> Argon2<'static> {
    // OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
    let params = Params::new(19_456, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _room = ROOM.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_verifies() {
        let stored = hash("correct horse".into(), [7; 16]).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse".into(), Some(stored.clone())).await);
        assert!(!verify("correct horsE".into(), Some(stored.clone())).await);
        assert!(!verify("correct horse".into(), None).await);
        assert!(!verify("correct horse".into(), Some("nonsense".to_owned())).await);
    }

    #[test]
    fn the_hash_of_nobody_parses_so_that_it_costs_as_much() {
        PasswordHash::new(NOBODY).unwrap();
    }

    #[tokio::test]
    async fn lengths_are_limited() {
        assert_eq!(hash("1234567".into(), [0; 16]).await, Err(PasswordError::TooShort));
        assert_eq!(hash("x".repeat(257).into(), [0; 16]).await, Err(PasswordError::TooLong));
    }
}
