//! Signed-in browsers and other bearers of a session, as rows of the half's own store.

use serde_json::Value as Json;
use store::{StoreError, Tx};

use crate::clock::Timestamp;
use crate::token;

/// A session as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The tenant or instance.
    pub realm: String,
    /// What it is good for, for example `console` or `portal`. A session of one audience opens nothing
    /// of another.
    pub audience: String,
    /// Who.
    pub subject_id: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
    /// What else is to be kept, for example how the person signed in.
    pub data: Json,
}

/// One new session in this many clears away those that have ended. Were it each, every two sign-ins at the
/// same time would read what the other writes, and PostgreSQL would have one of them tried again.
const CLEAR_ONE_IN: u8 = 32;

/// Saves `session` under the hash of `token`; now and then clears away sessions that have ended.
///
/// # Errors
/// The engine's.
pub fn create(tx: &mut Tx<'_>, token: &str, session: &Session) -> Result<(), StoreError> {
    let hash = token::hash(token);
    // Drawn from the hash: it is as good as random, and the same when the transaction is run again.
    if hash[0].is_multiple_of(CLEAR_ONE_IN) {
        tx.exec("DELETE FROM sessions WHERE expires_at < ?1", &[session.created_at.micros().into()])?;
    }
    tx.exec(
        "INSERT INTO sessions (token_sha256, realm, audience, subject_id, created_at, seen_at, expires_at, data) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
        &[
            hash[..].into(),
            (&session.realm).into(),
            (&session.audience).into(),
            (&session.subject_id).into(),
            session.created_at.micros().into(),
            session.expires_at.micros().into(),
            (&session.data.to_string()).into(),
        ],
    )?;
    Ok(())
}

/// The live session behind `token` for this realm and audience.
///
/// # Errors
/// The engine's.
pub fn find(
    tx: &mut Tx<'_>,
    token: &str,
    realm: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let row = tx.row(
        "SELECT realm, audience, subject_id, created_at, expires_at, data FROM sessions \
         WHERE token_sha256 = ?1 AND realm = ?2 AND audience = ?3 AND expires_at > ?4",
        &[token::hash(token)[..].into(), realm.into(), audience.into(), now.micros().into()],
    )?;
    row.map(|row| {
        Ok(Session {
            realm: row.text(0)?,
            audience: row.text(1)?,
            subject_id: row.text(2)?,
            created_at: Timestamp(row.int(3)?),
            expires_at: Timestamp(row.int(4)?),
            data: row.json(5)?,
        })
    })
    .transpose()
}

/// Ends the session behind `token`, if there is one.
///
/// # Errors
/// The engine's.
pub fn end(tx: &mut Tx<'_>, token: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM sessions WHERE token_sha256 = ?1", &[token::hash(token)[..].into()]).map(|_| ())
}

/// Ends all sessions of a subject; how many there were.
///
/// # Errors
/// The engine's.
pub fn end_all(tx: &mut Tx<'_>, realm: &str, subject_id: &str) -> Result<u64, StoreError> {
    tx.exec("DELETE FROM sessions WHERE realm = ?1 AND subject_id = ?2", &[realm.into(), subject_id.into()])
}
