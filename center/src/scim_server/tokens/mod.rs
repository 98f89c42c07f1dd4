//! The switch of automatic provisioning and its tokens.

mod rotation;
pub mod store;

pub use rotation::{announce_expiry, finish};

use super::mode::Mode;
use super::seen::Seen;
use ::store::{Retryable, StoreError};
use serde_json::{Value as Json, json};
use std::time::Duration;
use thiserror::Error;
use web::{Random, Timestamp, token};

/// How many tokens there may be at once: two, so that one can be changed for another without a gap (as
/// AWS).
pub const MOST_TOKENS: usize = 2;
/// How long a token is good for: a year (as AWS).
pub const LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);
/// When the page starts to say that a token ends: 90 days before (as AWS).
pub const REMIND: Duration = Duration::from_secs(90 * 24 * 3600);

/// What secret scanners find a token by.
const PREFIX: &str = "entente_scim_";

/// A token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// UUID; events name it as `scim:{id}`.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
    /// When a request last came with it, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// How its requests are judged; none: as the instance says.
    pub mode: Option<Mode>,
    /// What its client was seen to be.
    pub seen: Option<Seen>,
}

/// A token that was just made; the only time that its secret is there.
#[derive(Clone)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// What the client sends.
    pub secret: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("token", &self.token).finish_non_exhaustive()
    }
}

impl NewToken {
    /// Draws a token that lives from `now` on for [`LIFETIME`].
    pub fn draw(random: &Random, now: Timestamp) -> Self {
        let token = Token {
            id: random.id(now),
            created_at: now,
            expires_at: now.plus(LIFETIME),
            last_used_at: None,
            mode: None,
            seen: None,
        };
        Self { token, secret: random.token(PREFIX) }
    }

    /// What is stored of the secret.
    pub(super) fn hash(&self) -> [u8; 32] {
        token::hash(&self.secret)
    }
}

impl Token {
    /// What events show of it.
    fn for_event(&self) -> Json {
        json!({ "id": self.id, "createdAt": self.created_at.rfc3339(), "expiresAt": self.expires_at.rfc3339() })
    }

    /// Whether it opens nothing any more.
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// Whether it is time to make another.
    pub fn ends_soon(&self, now: Timestamp) -> bool {
        !self.expired(now) && self.expires_at <= now.plus(REMIND)
    }
}

/// Automatic provisioning as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioning {
    /// Whether it is on.
    pub enabled: bool,
    /// How requests are judged where the token does not say.
    pub mode: Mode,
    /// Whether the identity source is external: no other can have it.
    pub external: bool,
    /// How many requests a second a token may send.
    pub requests_per_second: i64,
    /// The tenant in the endpoint's path.
    pub scim_tenant_id: String,
    /// Its tokens, the oldest first.
    pub tokens: Vec<Token>,
}

/// Why the switch or a token was not changed.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Users of another identity source are not provisioned.
    #[error("automatic provisioning needs an external identity provider as identity source")]
    SourceNotExternal,
    /// It is on already.
    #[error("automatic provisioning is on already")]
    AlreadyEnabled,
    /// It is off.
    #[error("automatic provisioning is off")]
    NotEnabled,
    /// There are two tokens.
    #[error("there are {MOST_TOKENS} tokens already")]
    TokenLimit,
    /// No such token.
    #[error("there is no token {0}")]
    TokenNotFound(String),
    /// There is no second token to change to.
    #[error("a rotation ends with two tokens, and there are {0}")]
    NoRotation(usize),
    /// No request came with the newer token so far.
    #[error("no request came with the newer token {0} so far")]
    NewTokenUnused(String),
    /// A limit that is not allowed.
    #[error("a limit of {0} requests a second is not allowed")]
    RateLimit(i64),
    /// Tokens are left.
    #[error("tokens are left, {0} of them")]
    TokensLeft(usize),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for TokenError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Whether it can be switched on.
///
/// # Errors
/// [`TokenError::SourceNotExternal`], [`TokenError::AlreadyEnabled`].
fn may_enable(now: &Provisioning) -> Result<(), TokenError> {
    match now {
        Provisioning { external: false, .. } => Err(TokenError::SourceNotExternal),
        Provisioning { enabled: true, .. } => Err(TokenError::AlreadyEnabled),
        _ => Ok(()),
    }
}

/// Whether another token can be made. An expired one counts: whoever rotates deletes it.
///
/// # Errors
/// [`TokenError::SourceNotExternal`], [`TokenError::NotEnabled`], [`TokenError::TokenLimit`].
fn may_create(now: &Provisioning) -> Result<(), TokenError> {
    match now {
        Provisioning { external: false, .. } => Err(TokenError::SourceNotExternal),
        Provisioning { enabled: false, .. } => Err(TokenError::NotEnabled),
        Provisioning { tokens, .. } if tokens.len() >= MOST_TOKENS => Err(TokenError::TokenLimit),
        _ => Ok(()),
    }
}

/// Whether it can be switched off; also after the identity source was changed.
///
/// # Errors
/// [`TokenError::NotEnabled`], [`TokenError::TokensLeft`].
fn may_disable(now: &Provisioning) -> Result<(), TokenError> {
    match now {
        Provisioning { enabled: false, .. } => Err(TokenError::NotEnabled),
        Provisioning { tokens, .. } if !tokens.is_empty() => Err(TokenError::TokensLeft(tokens.len())),
        _ => Ok(()),
    }
}

#[cfg(test)]
fn state_of_tests(tokens: Vec<Token>) -> Provisioning {
    Provisioning {
        mode: Mode::Tolerant,
        enabled: true,
        external: true,
        requests_per_second: 1000,
        scim_tenant_id: "t".into(),
        tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(enabled: bool, external: bool, tokens: usize) -> Provisioning {
        let token = NewToken::draw(&Random::seeded(1), Timestamp(0)).token;
        Provisioning { enabled, external, ..state_of_tests(vec![token; tokens]) }
    }

    #[test]
    fn a_source_that_is_not_external_has_none() {
        assert!(matches!(may_enable(&state(false, false, 0)), Err(TokenError::SourceNotExternal)));
        assert!(matches!(may_create(&state(true, false, 0)), Err(TokenError::SourceNotExternal)));
        assert!(may_enable(&state(false, true, 0)).is_ok());
    }

    #[test]
    fn there_are_two_tokens_at_most() {
        assert!(may_create(&state(true, true, 1)).is_ok());
        assert!(matches!(may_create(&state(true, true, 2)), Err(TokenError::TokenLimit)));
        assert!(matches!(may_create(&state(false, true, 0)), Err(TokenError::NotEnabled)));
    }

    #[test]
    fn tokens_go_before_the_switch() {
        assert!(matches!(may_disable(&state(true, true, 1)), Err(TokenError::TokensLeft(1))));
        assert!(may_disable(&state(true, false, 0)).is_ok());
        assert!(matches!(may_disable(&state(false, true, 0)), Err(TokenError::NotEnabled)));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let new = NewToken::draw(&Random::seeded(1), Timestamp(0));
        assert!(new.secret.starts_with("entente_scim_") && new.secret.len() > 50);
        assert!(!format!("{new:?}").contains(&new.secret));
    }

    #[test]
    fn a_token_ends_after_a_year() {
        let token = NewToken::draw(&Random::seeded(1), Timestamp(0)).token;
        let day = Duration::from_secs(24 * 3600);
        assert!(!token.expired(Timestamp(0).plus(day * 364)) && token.expired(Timestamp(0).plus(day * 365)));
        assert!(
            !token.ends_soon(Timestamp(0).plus(day * 274)) && token.ends_soon(Timestamp(0).plus(day * 275))
        );
    }
}
